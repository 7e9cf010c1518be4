"""What a query names that decides what may answer it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bot.answering.decide import make_decision
from bot.chat.conversation import Decision
from retrieval.documents import Document
from retrieval.index.build import build_index
from retrieval.search.calibration import INTERCEPT
from retrieval.search.fitted import load_fitted
from retrieval.search.query_vectors import QuestionVectors
from retrieval.search.retriever import retriever_over
from retrieval.search.search import Search
from retrieval.search.site_names import find_names
from tests.support.embedding import default_embedder
from tests.support.word_embedder import WordEmbedder


def page(name: str, question: str, answer: str) -> Document:
    return Document(f"https://shop.test/{name}", question, answer, heading_path=(f"{name} lamp",), language="en")


AURORA = [
    page("Aurora", "Is it waterproof?", "Yes, the Aurora may stand in the rain."),
    page("Aurora", "How do I charge it?", "With the cable in the box."),
]
BOREAL = [
    page("Boreal", "Which memory card does it need?", "An SD card of any size."),
    page("Boreal", "How heavy is it?", "390 grams."),
]
HELP = [
    Document("https://shop.test/help", "Which cards do you take?", "All, for the refund too.", language="en"),
    Document("https://shop.test/help", "How do I get a refund?", "Send it back.", language="en"),
    Document("https://shop.test/help", "What does E1043 mean?", "The lid is open.", language="en"),
]
SHOP = [*AURORA, *BOREAL, *HELP]
INDEX = build_index(SHOP, WordEmbedder())


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("Does the Aurora need a memory card?", [AURORA]),
        ("aurora or boreal?", [AURORA, BOREAL]),
        ("e-1043 again", [HELP[2:]]),
        ("can I have a refund", []),  # a word that stands below no heading
        ("is it waterproof", []),
    ],
)
def test_names_of_pages_and_codes_are_known_with_the_passages_that_have_them(
    query: str, named: list[list[Document]]
) -> None:
    found = find_names(INDEX, query)
    holders = [np.sort(each) for _, each in sorted((found.own | found.known_codes).items())]
    assert [[INDEX.passages[place].document for place in each] for each in holders] == named


@pytest.mark.parametrize(
    ("query", "rest", "nothing"),
    [
        ("Does the Aurora need a card?", "Does the need a card?", False),
        ("the Aurora?", "", True),
        ("need a card?", "", False),
        ("in der Straße: Aurora card?", "in der strasse: card?", False),  # two letters for one, when folded
    ],
)
def test_a_name_says_of_what_something_is_asked_and_not_what(query: str, rest: str, nothing: bool) -> None:
    found = find_names(INDEX, query)
    assert found.rest == rest
    assert found.are_all_of_it is nothing


@pytest.mark.parametrize(
    ("query", "document"),
    [("How heavy is the Boreal?", BOREAL[1]), ("Is the Aurora waterproof?", AURORA[0]), ("error E-1043", HELP[2])],
)
async def test_what_is_named_is_found_first(query: str, document: Document) -> None:
    found = await retriever_over(SHOP, default_embedder()).retrieve(query)
    assert found.passages[0].passage.document == document


@pytest.mark.parametrize("query", ["Does the Aurora need a memory card?", "How heavy is the Aurora?", "Aurora"])
async def test_what_only_another_page_tells_is_not_answered(query: str) -> None:
    found = await retriever_over(SHOP, default_embedder()).retrieve(query)
    assert make_decision(found).decision is not Decision.ANSWER


@pytest.mark.parametrize(
    ("context", "answered"), [((), False), (("How heavy is the Aurora?", "78 grams."), True)], ids=["alone", "after"]
)
def test_a_name_alone_is_answered_only_where_it_goes_on_with_what_was_asked(
    context: tuple[str, ...], answered: bool
) -> None:
    models = default_embedder()
    profile = next(each for each in load_fitted(models).profiles if each.name == "english")
    sure = replace(profile, confidence=profile.confidence | {INTERCEPT: 30.0})
    index = build_index([*SHOP, page("Aurora", "How heavy is it?", "78 grams.")], models)
    found = Search(index, "and the Boreal?", "en", (), context, QuestionVectors(models)).search_by(sure)
    assert (found.confidence >= profile.answer) is answered
    assert not answered or found.score_passages(index, 1)[0].passage.document == BOREAL[1]


async def test_a_translation_takes_nothing_from_the_certainty() -> None:
    english = Document("https://shop.test/en", "How do I return goods?", "By post.", language="en")
    chinese = Document("https://shop.test/zh", "如何退货？", "请邮寄。", language="zh")
    other = Document("https://shop.test/en2", "Do you have gift cards?", "Yes.", language="en")
    alone = await retriever_over([english, other], default_embedder()).retrieve("Wie schicke ich etwas zurück?")
    both = await retriever_over([english, other, chinese], default_embedder()).retrieve("Wie schicke ich etwas zurück?")
    assert both.passages[0].passage.document == english
    assert both.features["lead"] == pytest.approx(alone.features["lead"], abs=0.05)
