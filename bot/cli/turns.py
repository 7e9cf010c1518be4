"""Logged turns as data and as rows of an export."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TextIO

from bot.platforms.terminal.printing import escaped_controls
from retrieval.text.cleaning import escape_formula, without_controls

if TYPE_CHECKING:
    from bot.chat.conversation import Feedback, Turn

Votes = Sequence["Feedback"]

_CSV_COLUMNS = (
    "turn_id",
    "conversation_id",
    "created_at",
    "platform",
    "user",
    "question",
    "standalone_question",
    "language",
    "decision",
    "answer",
    "confidence",
    "threshold",
    "index_version",
    "model",
)


class Format(StrEnum):
    """What `log export` writes."""

    JSONL = "jsonl"
    CSV = "csv"


def turn_as_dict(turn: Turn) -> dict[str, Any]:
    """A turn with everything that is logged of it, JSON-ready."""
    return {
        "turn_id": turn.id,
        "conversation_id": turn.conversation_id,
        "created_at": turn.created_at.isoformat(),
        "platform": turn.platform,
        "user": turn.user,
        "question": turn.question,
        "standalone_question": turn.standalone_question,
        "rewritten": list(turn.rewritten),
        "language": turn.language,
        "decision": turn.decision.value,
        "answer": turn.answer,
        "confidence": turn.confidence,
        "threshold": turn.threshold,
        "features": dict(turn.features),
        "citations": [
            {"number": c.number, "title": c.title, "url": c.url, "passage_id": c.passage_id}
            | ({"author": c.author, "date": c.date} if c.author else {})
            for c in turn.citations
        ],
        "passages": [
            {
                "passage_id": p.passage_id,
                "rank": p.rank,
                "title": p.title,
                "url": p.url,
                "text": p.text,
                "score": p.score,
                "signals": dict(p.signals),
                "crawled_at": p.crawled_at,
            }
            | ({"author": p.author} if p.author else {})
            for p in turn.passages
        ],
        "index_version": turn.index_version,
        "model": turn.model,
        "timings_ms": dict(turn.timings_ms),
    }


def with_votes(turn: Turn, votes: Votes) -> dict[str, Any]:
    """`turn_as_dict`, and what users said of the answer."""
    feedback = [{"user": vote.user, "vote": vote.vote.value, "reason": vote.reason} for vote in votes]
    return turn_as_dict(turn) | {"feedback": feedback}


def row_writer(stream: TextIO, format_: Format) -> Callable[[Turn, Votes], None]:
    """Writes one turn after the other to `stream`."""
    if format_ is Format.CSV:
        return _csv_writer(stream)

    def write_json(turn: Turn, votes: Votes) -> None:
        stream.write(escaped_controls(json.dumps(with_votes(turn, votes), ensure_ascii=False)) + "\n")

    return write_json


def _csv_writer(stream: TextIO) -> Callable[[Turn, Votes], None]:
    writer = csv.DictWriter(stream, [*_CSV_COLUMNS, "votes", "cited_urls"], extrasaction="ignore")
    writer.writeheader()

    def write_csv(turn: Turn, votes: Votes) -> None:
        said = "; ".join(f"{vote.vote} ({vote.reason})" if vote.reason else vote.vote for vote in votes)
        row = turn_as_dict(turn) | {"votes": said, "cited_urls": " ".join(c.url for c in turn.citations)}
        writer.writerow({name: _to_csv_cell(value) for name, value in row.items()})

    return write_csv


def _to_csv_cell(value: object) -> object:
    return escape_formula(without_controls(value)) if isinstance(value, str) else value
