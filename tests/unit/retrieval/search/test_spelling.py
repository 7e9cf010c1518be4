"""Typing errors in a question."""

from __future__ import annotations

import pytest

from retrieval.documents import Document
from retrieval.index.build import build_index
from retrieval.search.retriever import FixedIndex, LiveRetriever, retriever_over
from retrieval.search.spelling import Spelling, Spellings
from retrieval.search.synonyms import Entry, Glossary
from tests.support.embedding import default_embedder

PAGES = [
    Document("https://shop.example/1", "How do I cancel my subscription?", "In your account, at any time."),
    Document("https://shop.example/2", "When are you open?", "Our opening hours are nine to five, every delivery too."),
    Document("https://shop.example/3", "Where is my order?", "Follow the link in the e-mail that we sent."),
    Document("https://shop.example/4", "Can I send back tea that I have opened?", "No."),
    Document("https://shop.example/5", "How do I use the Boilmaster?", "Fill it and press the button."),
]


@pytest.fixture(scope="module")
def spelling() -> Spelling:
    embedder = default_embedder()
    return Spellings(embedder.count_tokens).find_spelling(build_index(PAGES, embedder))


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("i want to cancle my subscripton", "i want to cancel my subscription"),
        ("Opening huors?", "Opening hours?"),
        ("delivrey", "delivery"),
        ("wher is my order", "where is my order"),
        ("my bolimaster drips", "my boilmaster drips"),
        ("我的subscripton怎么取消", "我的subscription怎么取消"),
    ],
)
def test_a_typing_error_is_mended_by_the_pages_words(spelling: Spelling, written: str, meant: str) -> None:
    assert spelling.correct_query(written) == meant


@pytest.mark.parametrize(
    "text",
    [
        "How do I cancel my subscription?",
        "Can I return unopened tea?",  # no "opened"
        "Do you sell cards or carts?",  # words, though not of these pages
        "ordr@shop.example, https://shop.example/oredr, ORD-subscripton",
        "xqzvw kjhgf",
        "退货",
        "",
    ],
)
def test_anything_else_stays_as_it_is(spelling: Spelling, text: str) -> None:
    assert spelling.correct_query(text) == ""


def test_of_a_long_text_the_beginning_is_read(spelling: Spelling) -> None:
    assert spelling.correct_query("refund the opening huors " + "please " * 60 + "delivrey").endswith("delivrey")


async def test_a_misspelt_question_is_answered_and_tells_as_what() -> None:
    found = await retriever_over(PAGES, default_embedder()).retrieve("i want to cancle my subscripton")
    assert found.rewritten == ("i want to cancel my subscription",)
    assert found.passages[0].passage.document == PAGES[0] and found.confidence > found.answer_from


async def test_a_term_of_the_glossary_is_no_typing_error() -> None:
    embedder = default_embedder()
    glossary = Glossary([Entry("1", ("boilmastre", "order"))])
    retriever = LiveRetriever(FixedIndex(build_index(PAGES, embedder)), embedder, glossary=lambda: glossary)
    assert (await retriever.retrieve("where is my boilmastre")).rewritten == ("where is my order",)
