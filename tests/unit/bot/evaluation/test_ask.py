"""Golden questions are asked as customers' are."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from bot.answering.interpretation import MAX_CHARACTERS
from bot.chat.conversation import Decision
from bot.evaluation.ask import ask_questions
from bot.evaluation.judge import Entries
from bot.evaluation.questions import GoldenQuestion
from retrieval.documents import Document, RetrievalResult
from retrieval.index.build import build_index
from retrieval.search.retriever import FixedIndex, LiveRetriever
from tests.fakes import FakeIntents
from tests.support.embedding import default_embedder, intent_reader

INDEX = build_index([Document("https://shop.test/r", "How do I return goods?", "By post.")], default_embedder())


class Listening(LiveRetriever):
    """Searches, and keeps what it was asked."""

    asked: str = ""

    async def retrieve(self, query: str, *, context: Sequence[str] = (), limit: int = 10, **_: Any) -> RetrievalResult:
        self.asked = query
        return await super().retrieve(query, context=context, limit=limit)


def test_a_long_question_is_cut_where_a_customer_s_is() -> None:
    retriever = Listening(FixedIndex(INDEX), default_embedder())
    long = "return goods " * 400
    asyncio.run(ask_questions([GoldenQuestion(long)], retriever, Entries(INDEX), FakeIntents()))
    assert retriever.asked == long[:MAX_CHARACTERS].strip()


def test_a_person_is_asked_for_in_the_part_that_is_read() -> None:
    retriever = Listening(FixedIndex(INDEX), default_embedder())
    for question, human in (
        ("Can I talk to a person?", True),
        ("a " * MAX_CHARACTERS + "Can I talk to a person?", False),
    ):
        [judged] = asyncio.run(ask_questions([GoldenQuestion(question)], retriever, Entries(INDEX), intent_reader()))
        assert (judged.decision is Decision.HUMAN) == human
