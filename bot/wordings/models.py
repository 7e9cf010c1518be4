"""A wording that a model wrote."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class WrittenWording:
    """Another way to ask for an entry (`Document.entry_id`), written by a model. Its `id` is made of the words, and of
    the entry's address and question, which outlive a change of its answer: what an admin removed stays removed."""

    id: str
    entry_id: str
    url: str
    title: str
    text: str
    model: str
    created_at: datetime
    removed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """What a model wrote for one entry."""

    model: str
    questions: Sequence[str]


@dataclass(frozen=True, slots=True)
class WritingResult:
    """Of how many `entries` wordings were written, how many of these were kept, and how many entries are still to
    come."""

    entries: int = 0
    kept: int = 0
    left: int = 0


def name_wording(words: str, url: str, title: str) -> str:
    """The id of a wording; `words` name it whatever its case and punctuation."""
    return hashlib.sha256("\0".join((words, url, title)).encode("utf-8", "surrogatepass")).hexdigest()[:32]
