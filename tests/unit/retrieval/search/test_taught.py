"""Taught answers beside crawled ones that ask the same question."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from retrieval.documents import Document, RetrievalResult
from retrieval.index.build import build_index
from retrieval.models.embedder import load_embedder
from retrieval.search.retriever import FixedIndex, LiveRetriever
from retrieval.search.same_question import find_same_question_group, find_same_question_pairs, same_question_thresholds
from tests.support.embedding import default_embedder
from tests.support.tiny_model import write_tiny_model

EN = [
    ("How do I return an item?", "Send it back within thirty days, in its box."),
    ("How long does delivery take?", "Three to five working days."),
    ("How do I close my account?", "Under settings, choose to close it."),
    ("Do you deliver to islands?", "Yes, at no charge."),
    ("How do I change my delivery address?", "Write to us before the parcel leaves."),
    ("Which cards do you take?", "Every card but Diners Club."),
]
ZH = [
    ("如何退货？", "收到商品后七天内可以申请退货。"),
    ("配送需要多久？", "三到五个工作日。"),
    ("怎么注销账号？", "在设置中选择注销。"),
    ("可以送到海岛吗？", "可以，不另收费。"),
    ("怎么修改收货地址？", "请在发货之前联系我们。"),
    ("支持哪些银行卡？", "除大来卡以外都支持。"),
]


def pages(pairs: Sequence[tuple[str, str]], language: str) -> list[Document]:
    return [Document(f"https://shop.test/{language}/{n}", q, a, language=language) for n, (q, a) in enumerate(pairs)]


CRAWLED = [*pages(EN, "en"), *pages(ZH, "zh")]
BASE = build_index(CRAWLED, default_embedder())


def taught(question: str, answer: str = "Ask in the shop.", language: str = "en", **more: tuple[str, ...]) -> Document:
    return Document("", question, answer, language=language, author="Mei Lin", crawled_at="2026-11-26", **more)


async def found(query: str, *documents: Document, context: Sequence[str] = ()) -> RetrievalResult:
    index = BASE
    if documents:
        added = build_index(documents, default_embedder())
        index = BASE.with_additions(added, find_same_question_pairs(BASE, added))
    return await LiveRetriever(FixedIndex(index), default_embedder()).retrieve(query, context=context)


def order(result: RetrievalResult) -> list[Document]:
    return [scored.passage.document for scored in result.passages]


@pytest.mark.parametrize(
    ("query", "question", "language"),
    [
        ("How do I return an item?", "how do i return an item", "en"),
        ("I want to send something back", "How do I return an item?", "en"),
        ("how many days until it arrives", "How long will delivery take?", "en"),
        ("如何退货？", "如何退货", "zh"),
        ("我想退掉买的东西", "如何退貨？", "zh"),
    ],
)
async def test_a_taught_answer_stands_above_the_crawled_one(query: str, question: str, language: str) -> None:
    answer = taught(question, language=language)
    before = await found(query)
    after = await found(query, answer)
    twin = before.passages[0].passage.document
    assert order(after)[:2] == [answer, twin]
    assert after.passages[0].score > after.passages[1].score
    assert after.confidence >= before.confidence - 0.05


@pytest.mark.parametrize("pair", [*EN[1:], *ZH[1:]])
async def test_it_does_not_stand_above_answers_to_other_questions(pair: tuple[str, str]) -> None:
    answers = [taught("How do I return an item?"), taught("如何退货？", language="zh")]
    after = await found(pair[0], *answers)
    assert order(after)[0].question == pair[0]


@pytest.mark.parametrize("query", ["how can I send it back", "close account", "怎么退货", "what does shipping cost"])
async def test_crawled_documents_keep_their_order_and_scores_beside_a_twin(query: str) -> None:
    before = await found(query)
    after = await found(query, taught("How do I return an item?"), taught("如何退货？", language="zh"))
    kept = [(s.passage.document, s.score) for s in after.passages if not s.passage.document.author]
    expected = [(s.passage.document, s.score) for s in before.passages][: len(kept)]
    assert [document for document, _ in kept] == [document for document, _ in expected]
    assert [score for _, score in kept] == pytest.approx([score for _, score in expected], abs=1e-3)


POINTS = "How many points do I earn per pound?"


@pytest.mark.parametrize("place", ["https://shop.test/points", "https://shop.test/#/points", "https://shop.test/club"])
@pytest.mark.parametrize("headings", [(), ("Points",), ("Lumo club",)])
async def test_it_answers_alone_what_its_page_answers_otherwise(place: str, headings: tuple[str, ...]) -> None:
    """Whatever the page's title and address have in common with the question."""
    page = Document(place, POINTS, "You earn 4 points for each pound.", heading_path=headings, language="en")
    base = build_index([*CRAWLED, page], default_embedder())
    added = build_index([taught(POINTS, "You earn 9 points for each pound.")], default_embedder())
    index = base.with_additions(added, find_same_question_pairs(base, added))
    result = await LiveRetriever(FixedIndex(index), default_embedder()).retrieve(POINTS)
    assert [document.author for document in order(result)[:2]] == ["Mei Lin", ""]
    assert not result.family and result.confidence > result.answer_from


async def test_of_two_pages_that_disagree_neither_stands_beside_the_taught_answer() -> None:
    told = {"delivery": "Two days.", "shipping": "Nine days."}
    question = "How long does standard delivery take?"
    crawled = [
        Document(f"https://shop.test/{name}", question, answer, heading_path=(name.title(),), language="en")
        for name, answer in told.items()
    ]
    base = build_index([*CRAWLED, *crawled], default_embedder())
    added = build_index([taught(question, "Five days.")], default_embedder())
    index = base.with_additions(added, find_same_question_pairs(base, added))
    result = await LiveRetriever(FixedIndex(index), default_embedder()).retrieve(question)
    assert order(result)[0].answer == "Five days." and not result.family


async def test_a_taught_answer_of_another_wording_brings_its_twin_along() -> None:
    answer = taught("Can I get rid of my goods?", alternatives=("How do I return an item?",))
    after = await found("get rid of goods", answer)
    assert order(after)[0] == answer
    assert CRAWLED[0] in order(after)


async def test_two_taught_answers_to_one_question_do_not_make_each_other_doubtful() -> None:
    answers = [taught("How do I return an item?"), taught("How do I return an item", "Send it.")]
    before = await found("How do I return an item?")
    after = await found("How do I return an item?", *answers)
    assert set(order(after)[:2]) == set(answers)
    assert after.confidence >= before.confidence - 0.05


async def test_a_conversation_does_not_put_the_crawled_one_back_on_top() -> None:
    answer = taught("How long does delivery take?")
    after = await found("and how long does delivery take?", answer, context=("Do you deliver to islands?", "Yes."))
    assert order(after)[0] == answer


def test_questions_that_differ_in_a_word_that_matters_are_no_twins() -> None:
    shop = [Document("https://shop.test/s", "Do you ship on Sunday?", "No.", language="en"), *CRAWLED]
    base = build_index(shop, default_embedder())
    others = [
        taught("Do you ship on Saturday?"),
        taught("How do I open my account?"),
        taught("怎么修改密码？", language="zh"),
    ]
    assert find_same_question_pairs(base, build_index(others, default_embedder())).tolist() == []


def test_twins_are_found_by_words_and_by_vector() -> None:
    questions = ["how do I RETURN an item", "How long will delivery take?", "支持哪些銀行卡"]
    added = build_index([taught(question) for question in questions], default_embedder())
    assert find_same_question_pairs(BASE, added).tolist() == [[0, 0], [1, 1], [2, 11]]


def test_a_group_holds_every_document_of_the_question() -> None:
    added = build_index(
        [taught("How do I return an item?"), taught("How do I return an item", "Send it.")], default_embedder()
    )
    index = BASE.with_additions(added, find_same_question_pairs(BASE, added))
    places = {len(CRAWLED), len(CRAWLED) + 1, 0}
    for place in places:
        assert find_same_question_group(index, place)[0] == place
        assert set(find_same_question_group(index, place).tolist()) == places
    assert find_same_question_group(index, 3).tolist() == [3]


def test_an_empty_index_has_no_twins() -> None:
    added = build_index([taught("Who?")], default_embedder())
    assert find_same_question_pairs(build_index([], default_embedder()), added).tolist() == []
    assert np.array_equal(BASE.same_question_pairs, np.zeros((0, 2)))


def test_each_model_says_from_which_cosine_on_questions_are_one() -> None:
    first, second = same_question_thresholds(BASE, list(BASE.fields))
    assert 0.9 < first < 1 and 0.95 < second < 1 and first != second


def test_of_a_model_that_nobody_fitted_it_lies_far_above_what_the_pages_questions_have(tmp_path: Path) -> None:
    tiny = load_embedder(str(write_tiny_model(tmp_path / "tiny")), tmp_path / "models")
    base = build_index(CRAWLED, tiny)
    (least,) = same_question_thresholds(base, list(base.fields))
    questions = base.fields[0].rows[base.question_rows]
    assert float((questions @ questions.T).mean()) < least <= 1
    assert same_question_thresholds(build_index(CRAWLED[:1], tiny), list(base.fields)) == [1.0]
