"""Documents that say the same once more."""

from __future__ import annotations

from dataclasses import replace

import pytest

from retrieval.documents import Document
from retrieval.search.near_duplicates import are_near_duplicates
from retrieval.search.retriever import retriever_over
from tests.support.embedding import default_embedder

RETURN = Document(
    "https://shop.example/a", "How do I return goods?", "Open the portal, print the label and post it within 30 days."
)
COPY = replace(RETURN, url="https://shop.example/b", answer=f"Please, {RETURN.answer.lower()}")
OTHERS = [
    Document("https://shop.example/1", "How long is delivery?", "Three to five days."),
    Document("https://shop.example/2", "Can I pay by card?", "Yes, by all cards."),
]
OPENED = Document("https://shop.example/c", "Can I return opened tea?", "No, opened tea stays with you.")
UNOPENED = Document("https://shop.example/d", "Can I return unopened tea?", "Yes, within 30 days.")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (RETURN, COPY, True),
        (RETURN, replace(COPY, question="How can I return the goods?"), True),
        (RETURN, replace(COPY, question="How do I return gifts?"), False),
        (RETURN, replace(COPY, answer="Bring them to a shop."), False),
        (RETURN, replace(COPY, answer=RETURN.answer.replace("30 days", "60 days")), False),
        (RETURN, replace(COPY, answer=""), False),
        (OPENED, replace(UNOPENED, answer=OPENED.answer), False),
    ],
)
def test_the_same_question_with_an_answer_of_mostly_the_same_words_is_a_repetition(
    one: Document, other: Document, same: bool
) -> None:
    assert are_near_duplicates(one, other) is same


@pytest.mark.parametrize("copies", [1, 3])
async def test_copies_of_a_page_make_its_answer_no_less_sure(copies: int) -> None:
    repeated = [
        replace(COPY, url=f"https://shop.example/b{n}", answer=COPY.answer + " Thanks!" * n) for n in range(copies)
    ]
    question = "how to send goods back"
    alone = await retriever_over([*OTHERS, RETURN], default_embedder()).retrieve(question)
    among = await retriever_over([*OTHERS, RETURN, *repeated], default_embedder()).retrieve(question)
    assert among.confidence > among.answer_from and among.confidence == pytest.approx(alone.confidence, abs=0.05)


async def test_a_rival_that_says_something_else_is_told_beside_it() -> None:
    among = await retriever_over([*OTHERS, OPENED, UNOPENED], default_embedder()).retrieve("Can I return tea?")
    assert {each.passage.document for each in among.family} == {OPENED, UNOPENED}
