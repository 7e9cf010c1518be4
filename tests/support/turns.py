"""Turns to store, English and Chinese."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from bot.chat.conversation import Citation, Decision, Turn, UsedPassage

NOON = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)

PASSAGE = UsedPassage(
    passage_id="0123456789abcdef0123",
    title="如何退货？",
    url="https://shop.example/zh/faq#returns",
    text="请在 30 天内寄回商品。\n\n- 运费由我们承担 🎁",
    rank=1,
    score=0.875,
    signals={"dense": 0.75, "bm25": 12.5},
    crawled_at="2026-02-28T08:00:00+00:00",
)

TURN = Turn(
    id="",
    conversation_id="thread-1",
    created_at=NOON,
    question="如何退货？",
    standalone_question="如何退货？",
    language="zh",
    decision=Decision.ANSWER,
    answer="请在 **30 天**内寄回商品。[1]",
    confidence=0.93,
    threshold=0.41,
    citations=(Citation(1, "如何退货？", "https://shop.example/zh/faq#returns", "0123456789abcdef0123"),),
    passages=(PASSAGE, replace(PASSAGE, rank=2, passage_id="f" * 20, title="Returns", text="Send it back.", score=0.5)),
    features={"top": 0.875, "margin": 0.375},
    index_version="20260301-1",
    model="extractive",
    timings_ms={"retrieve": 3.25, "write": 0.5, "decide": 0.125},
    platform="terminal",
    user="u1",
)


def make_turn(minutes: float = 0, **changes: Any) -> Turn:
    """A turn with a new id (unless one is given), asked so many minutes after noon."""
    return replace(TURN, **{"id": uuid.uuid4().hex, "created_at": NOON + timedelta(minutes=minutes)} | changes)
