"""A taught answer and its states."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TaughtState(StrEnum):
    """Where a taught answer stands. Only an approved one is searched."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REVIEW = "review"  # was approved, and a customer found it not helpful
    DISMISSED = "dismissed"


@dataclass(frozen=True, slots=True)
class Taught:
    """An answer that a person gave, in Markdown. `url` is where it was given ("" if nowhere to link to); `author` is
    shown in citations, `author_id` is `Actor.id`; `customer` is whose words the question is in (`Actor.id`, "" once a
    teammate has worded it anew); `note` says why it is to be looked at again; from `expires_at` on it is searched no
    more; `wordings` are other ways to ask it, one a line; `audience` are the groups that it is for alone, if any."""

    id: str
    state: TaughtState
    question: str
    answer: str
    language: str
    author: str
    author_id: str
    created_at: datetime
    updated_at: datetime
    url: str = ""
    handoff_id: str = ""
    customer: str = ""
    note: str = ""
    expires_at: datetime | None = None
    wordings: str = ""
    audience: frozenset[str] = frozenset()
