"""The retriever on a FAQ in two languages, and on a very small one."""

from __future__ import annotations

import pytest

from retrieval.documents import Document
from retrieval.searching.calibration import DEFAULT_THRESHOLD
from retrieval.searching.retriever import retriever_over
from tests.support.embedding import default_embedder

BOTH = [
    Document("https://shop.example/en#return", "How do I return goods?", "Send them back within thirty days."),
    Document("https://shop.example/zh#return", "如何退货？", "请在三十天内寄回。", language="zh"),
    Document("https://shop.example/en#cost", "What does shipping cost?", "Four euros."),
    Document("https://shop.example/zh#cost", "运费是多少？", "四欧元。", language="zh"),
]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("How can I send goods back?", "en#return"),
        ("怎么退货", "zh#return"),
        ("怎麼退貨", "zh#return"),
        ("how much is shipping", "en#cost"),
        ("邮费多少钱", "zh#cost"),
    ],
)
async def test_a_question_finds_the_answer_in_its_own_language(question: str, first: str) -> None:
    found = await retriever_over(BOTH, default_embedder()).retrieve(question)
    assert found.passages[0].passage.document.url == f"https://shop.example/{first}"


async def test_a_chinese_question_finds_an_english_answer_where_there_is_no_other() -> None:
    english = [document for document in BOTH if not document.language]
    found = await retriever_over(english, default_embedder()).retrieve("怎么退货")
    assert found.passages[0].passage.document.url == "https://shop.example/en#return"


async def test_and_among_chinese_pages_too() -> None:
    dogs = Document("https://shop.example/en#dogs", "Are dogs welcome in the shop?", "Yes, on a lead.")
    found = await retriever_over([*BOTH, dogs], default_embedder()).retrieve("能带狗去店里吗")
    assert found.passages[0].passage.document is dogs


async def test_an_english_question_finds_no_chinese_page_among_english_ones() -> None:
    found = await retriever_over(BOTH, default_embedder()).retrieve("How can I send goods back?", limit=2)
    assert [each.passage.document.language for each in found.passages] == ["", ""]


@pytest.mark.parametrize("question", ["Do you sell live penguins?", "你们卖企鹅吗？", "Is there a cinema nearby?"])
@pytest.mark.parametrize("count", [1, 2])
async def test_a_tiny_faq_is_not_sure_of_whatever_is_asked(question: str, count: int) -> None:
    """The only entry leads by as much as can be."""
    found = await retriever_over(BOTH[:count], default_embedder()).retrieve(question)
    assert found.confidence < DEFAULT_THRESHOLD / 2


async def test_and_is_sure_of_what_it_holds() -> None:
    found = await retriever_over(BOTH[:1], default_embedder()).retrieve("How can I return my goods?")
    assert found.confidence >= DEFAULT_THRESHOLD


async def test_a_question_without_an_answer_is_never_sure() -> None:
    asked = "退货运费由谁承担？"
    others = [Document(f"https://shop.test/{n}", f"第{n}种茶多少钱？", "见价目表。", language="zh") for n in range(6)]
    for answer, sure in (("", False), ("由我们承担。", True)):
        one = Document("https://shop.test/return", asked, answer, language="zh")
        found = await retriever_over([one, *others], default_embedder()).retrieve(asked)
        assert found.passages[0].passage.document is one
        assert (found.confidence >= DEFAULT_THRESHOLD) is sure
