"""A key of the HTTP API."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Scope(StrEnum):
    """What a key may be used for."""

    ASK = "ask"
    SEARCH = "search"
    FEEDBACK = "feedback"
    SOURCES = "sources"
    REFRESH = "refresh"
    INSIGHTS = "insights"
    FORGET = "forget"


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key as it is kept. `id` is its public part, 10 hex digits, by which a log or a list names it; `digest` is the
    SHA-256 of its secret one. `name` says who calls: the conversations of a name, and what it may see, belong to
    whichever key has that."""

    id: str
    name: str
    digest: str = field(repr=False)
    scopes: frozenset[Scope]
    created_at: datetime
    expires_at: datetime | None = None
    last_used_at: datetime | None = None

    def is_expired(self, now: datetime) -> bool:
        """Whether it is good for nothing any more."""
        return self.expires_at is not None and now >= self.expires_at
