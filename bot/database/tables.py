"""The tables, as the newest migration leaves them. Texts, times and JSON read back the same on both engines.

A later feature adds tables that refer to these (`turns.id`, `conversations.id`, `sources.name`) with ON DELETE CASCADE,
so that deleting a user's turns takes everything said in them along.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
)

from retrieval.text.cleaning import make_storable

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


def row_of(record: DataclassInstance) -> dict[str, Any]:
    """A dataclass's fields by name, not copied (`asdict` would, and fails on a read-only mapping)."""
    return {item.name: getattr(record, item.name) for item in fields(record)}


def clean_json(value: Any) -> Any:
    """`value` as both engines take it: its strings cleaned, NaN and infinities as the strings `float` reads."""
    if isinstance(value, str):
        return make_storable(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {make_storable(str(key)): clean_json(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [clean_json(item) for item in value]
    return value


class CleanText(TypeDecorator[str]):
    """Text of any length that PostgreSQL would refuse is cleaned, on its way in and in comparisons."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """See `make_storable`."""
        return None if value is None else make_storable(value)


class CleanJson(TypeDecorator[Any]):
    """JSON that keeps the order of its keys (JSONB would not), cleaned like text."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """See `clean_json`."""
        return clean_json(value)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, read back in UTC. SQLite, which knows no time zones, holds the UTC time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Raises ValueError for a naive time, whose instant nobody knows."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"the time {value} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """In UTC, aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


# Names for every constraint: without one, a later migration cannot drop it.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", CleanText, primary_key=True),
    Column("platform", CleanText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

COUNTED_COLUMNS = ("decision", "asked_on_at", "language", "platform", "small_talk", "waited_ms")

turns = Table(
    "turns",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("conversation_id", ForeignKey("conversations.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("platform", CleanText, nullable=False),
    Column("user_id", CleanText, nullable=False),
    Column("question", CleanText, nullable=False),
    Column("standalone_question", CleanText, nullable=False),
    Column("language", CleanText, nullable=False),
    Column("decision", CleanText, nullable=False),
    Column("answer", CleanText, nullable=False),
    Column("confidence", Double, nullable=False),
    Column("threshold", Double, nullable=False),
    Column("features", CleanJson, nullable=False),
    Column("citations", CleanJson, nullable=False),
    Column("index_version", CleanText, nullable=False),
    Column("model", CleanText, nullable=False),
    Column("timings_ms", CleanJson, nullable=False),
    Column("rewritten", CleanJson),
    Column("granted", CleanJson),
    Column("small_talk", CleanText, nullable=False, server_default=""),
    Column("channel", CleanText, nullable=False, server_default=""),
    # What the others and `turn_passages` tell, kept where it is counted fast: the wait, when the next question in
    # the conversation came, and what the first passage of an answer or a suggestion is from.
    Column("waited_ms", Double),
    Column("asked_on_at", UtcDateTime),
    Column("source", CleanText, nullable=False, server_default=""),
    Column("page", CleanText, nullable=False, server_default=""),
    Index(None, "conversation_id", "created_at"),
    # All that is counted of a turn: a row is twenty times as long.
    Index("ix_turns_counted", "created_at", "id", *COUNTED_COLUMNS),
    Index(None, "platform", "user_id"),
    Index(None, "user_id", "created_at"),
)

turn_passages = Table(
    "turn_passages",
    metadata,
    Column("turn_id", ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True),
    Column("rank", Integer, primary_key=True),
    Column("passage_id", CleanText, nullable=False),
    Column("title", CleanText, nullable=False),
    Column("url", CleanText, nullable=False),
    Column("text", CleanText, nullable=False),
    Column("score", Double, nullable=False),
    Column("signals", CleanJson, nullable=False),
    Column("crawled_at", CleanText, nullable=False),
    Column("author", CleanText, nullable=False, server_default=""),
    Column("audience", CleanJson),
    Column("source", CleanText, nullable=False, server_default=""),
)

feedback = Table(
    "feedback",
    metadata,
    Column("turn_id", ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True),
    Column("user_id", CleanText, primary_key=True),
    Column("vote", CleanText, nullable=False),
    Column("reason", CleanText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

sources = Table(
    "sources",
    metadata,
    Column("name", CleanText, primary_key=True),
    Column("kind", CleanText, nullable=False),
    Column("location", CleanText, nullable=False, unique=True),
    Column("path_prefix", CleanText, nullable=False),
    Column("selectors", CleanJson),
    Column("max_pages", Integer),
    Column("max_depth", Integer),
    Column("read_noindex", Boolean, nullable=False, server_default=false()),
    Column("render", Boolean, nullable=False, server_default=false()),
    Column("created_at", UtcDateTime, nullable=False),
    Column("paused", Boolean, nullable=False, server_default=false()),
    Column("every_hours", Double),
    Column("next_at", UtcDateTime),
    Column("failures", Integer, nullable=False, server_default="0"),
)

source_audiences = Table(  # by name: pages that outlive their source stay limited
    "source_audiences",
    metadata,
    Column("source", CleanText, primary_key=True),
    Column("audience", CleanJson, nullable=False),
    Column("earlier", CleanJson, nullable=False, server_default="[]"),  # of sources that had the name before
)

refresh_runs = Table(
    "refresh_runs",
    metadata,
    Column("id", CleanText, primary_key=True),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("outcome", CleanText, nullable=False),
    Column("version", CleanText, nullable=False),
    Column("report", CleanJson, nullable=False),
    Column("error", CleanText, nullable=False),
    Column("asked_by", CleanText, nullable=False, server_default=""),
    Column("progress", CleanJson),
    Column("beat_at", UtcDateTime),
    Column("cancelled", Boolean, nullable=False, server_default=false()),
    Column("watchers", CleanJson),
    Index(None, "started_at"),
)

ASKED_BY = "asked_by"
"""In the `context` of an inbox's message that called the bot to somebody else's question: their id, by which whoever
forgets them finds it."""

inbox = Table(
    "inbox",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("platform", CleanText, nullable=False),
    Column("workspace", CleanText, nullable=False),
    Column("channel", CleanText, nullable=False),
    Column("message_id", CleanText, nullable=False),
    Column("message", CleanJson, nullable=False),
    Column("judgement", CleanText, nullable=False),
    Column("conversation_id", CleanText, nullable=False),
    Column("state", CleanText, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("replies", CleanJson, nullable=False),
    Column("turn_id", CleanText, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("owner", CleanText, nullable=False),
    Column("lease_until", UtcDateTime, nullable=False),
    Column("user_id", CleanText, nullable=False, server_default=""),
    Column("moved", CleanJson),
    Column("gesture", CleanText),
    UniqueConstraint("platform", "workspace", "channel", "message_id"),
    Index(None, "platform", "workspace", "channel", "user_id", "gesture", unique=True),
    Index(None, "state", "lease_until"),
    Index(None, "platform", "user_id"),
    Index(None, "turn_id"),
)

markers = Table(
    "markers",
    metadata,
    Column("name", CleanText, primary_key=True),
    Column("value", CleanText, nullable=False),
)

threads = Table(
    "threads",
    metadata,
    Column("platform", CleanText, primary_key=True),
    Column("workspace", CleanText, primary_key=True),
    Column("channel", CleanText, primary_key=True),
    Column("thread", CleanText, primary_key=True),
    Column("conversation_id", CleanText, nullable=False),
    Column("answering", Boolean, nullable=False),
    Column("muted", Boolean, nullable=False),
    Column("human", Boolean, nullable=False),
    Column("askers", CleanJson, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

help_channels = Table(
    "help_channels",
    metadata,
    Column("platform", CleanText, primary_key=True),
    Column("workspace", CleanText, primary_key=True),
    Column("channel", CleanText, primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("kind", CleanText, nullable=False, server_default="help"),
)

admins = Table(
    "admins",
    metadata,
    Column("platform", CleanText, primary_key=True),
    Column("workspace", CleanText, primary_key=True),
    Column("user_id", CleanText, primary_key=True),
    Column("added_by", CleanText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

audit = Table(
    "audit",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("platform", CleanText, nullable=False),
    Column("workspace", CleanText, nullable=False),
    Column("user_id", CleanText, nullable=False),
    Column("action", CleanText, nullable=False),
    Column("target", CleanText, nullable=False),
    Column("outcome", CleanText, nullable=False),
    Index(None, "at"),
)

_PLACE = ("platform", "workspace", "channel", "thread")

handoffs = Table(
    "handoffs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("state", CleanText, nullable=False),
    Column("reason", CleanText, nullable=False),
    Column("conversation_id", CleanText, nullable=False),
    Column("turn_id", CleanText, nullable=False),
    Column("question", CleanText, nullable=False),
    Column("language", CleanText, nullable=False),
    *(Column(f"customer_{name}", CleanText, nullable=False) for name in _PLACE),
    Column("customer_user", CleanText, nullable=False),
    Column("customer_name", CleanText, nullable=False),
    *(Column(f"support_{name}", CleanText, nullable=False) for name in _PLACE),
    *(Column(f"asked_in_{name}", CleanText, nullable=False, server_default="") for name in _PLACE),
    Column("claimed_by", CleanText, nullable=False),
    Column("claimed_name", CleanText, nullable=False),
    Column("reminders", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("remind_at", UtcDateTime),
    Column("helped_asked_at", UtcDateTime),
    Column("helped", Boolean),
    Index(None, *(f"customer_{name}" for name in _PLACE)),
    Index(None, *(f"support_{name}" for name in _PLACE)),
    Index(None, "state", "remind_at"),
    Index(None, "turn_id"),
    Index(None, "created_at"),
    Index(None, "conversation_id"),
)

handoff_messages = Table(
    "handoff_messages",
    metadata,
    Column("handoff_id", ForeignKey("handoffs.id", ondelete="CASCADE"), primary_key=True),
    Column("side", CleanText, primary_key=True),
    Column("message_id", CleanText, primary_key=True),
    Column("author", CleanText, nullable=False),
    Column("text", CleanText, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

taught = Table(
    "taught",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("state", CleanText, nullable=False),
    Column("question", CleanText, nullable=False),
    Column("answer", CleanText, nullable=False),
    Column("language", CleanText, nullable=False),
    Column("author", CleanText, nullable=False),
    Column("author_id", CleanText, nullable=False),
    Column("url", CleanText, nullable=False),
    Column("handoff_id", CleanText, nullable=False),
    Column("customer", CleanText, nullable=False),
    Column("note", CleanText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("wordings", CleanText, nullable=False, server_default=""),
    Column("audience", CleanJson),
    Index(None, "state"),
)

glossary = Table(
    "glossary",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("source", CleanText, nullable=False),
    Column("terms", CleanJson, nullable=False),
    Column("suggested", Boolean, nullable=False),
    Column("dismissed", Boolean, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index(None, "source"),
)

learned = Table(
    "learned",
    metadata,
    Column("wording_id", String(20), primary_key=True),
    Column("platform", CleanText, primary_key=True),
    Column("user_id", CleanText, primary_key=True),
    Column("words", String(20), nullable=False),
    Column("question", CleanText, nullable=False),
    Column("language", CleanText, nullable=False),
    Column("url", CleanText, nullable=False),
    Column("title", CleanText, nullable=False),
    Column("passage_id", CleanText, nullable=False),
    Column("gesture", CleanText, nullable=False),
    Column("asked_id", ForeignKey("turns.id", ondelete="CASCADE"), nullable=False),
    Column("turn_id", ForeignKey("turns.id", ondelete="CASCADE"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index(None, "words"),
    Index(None, "platform", "user_id", "created_at"),
    Index(None, "asked_id"),
    Index(None, "turn_id"),
    Index(None, "created_at"),
)

unlearned = Table(
    "unlearned",
    metadata,
    Column("wording_id", String(20), primary_key=True),
    Column("created_at", UtcDateTime, nullable=False),
)

entries = Table(
    "entries",
    metadata,
    Column("entry_id", String(20), primary_key=True),
    Column("since", UtcDateTime, nullable=False),
)

contradictions = Table(
    "contradictions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("one", String(20), nullable=False),
    Column("other", String(20), nullable=False),
    Column("kind", CleanText, nullable=False),
    Column("probability", Double, nullable=False),
    Column("state", CleanText, nullable=False),
    Column("set_aside", String(20), nullable=False),
    Column("found_at", UtcDateTime, nullable=False),
    Column("settled_at", UtcDateTime),
    Column("settled_by", CleanText, nullable=False, server_default=""),
    Column("verdict", CleanText, nullable=False, server_default=""),
    Column("verdict_by", CleanText, nullable=False, server_default=""),
    Column("phrase_one", CleanText, nullable=False, server_default=""),
    Column("phrase_other", CleanText, nullable=False, server_default=""),
    Index(None, "set_aside"),
)

wordings = Table(
    "wordings",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("entry_id", String(20), nullable=False),
    Column("url", CleanText, nullable=False),
    Column("title", CleanText, nullable=False),
    Column("text", CleanText, nullable=False),
    Column("model", CleanText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("removed_at", UtcDateTime),
    Index(None, "entry_id"),
)

worded_entries = Table(
    "worded_entries",
    metadata,
    Column("entry_id", String(20), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
)

gap_drafts = Table(
    "gap_drafts",
    metadata,
    Column("turn_id", ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True),
    Column("question", CleanText, nullable=False),
    Column("answer", CleanText, nullable=False),
    Column("missing", CleanText, nullable=False),
    Column("model", CleanText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

gap_marks = Table(
    "gap_marks",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("dismissed", Boolean, nullable=False),
    Column("assignee", CleanText, nullable=False),
    Column("marked_by", CleanText, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
)

gap_mark_questions = Table(  # by which a mark finds its gap: their words stand nowhere but in the turns
    "gap_mark_questions",
    metadata,
    Column("mark_id", ForeignKey("gap_marks.id", ondelete="CASCADE"), primary_key=True),
    Column("turn_id", ForeignKey("turns.id", ondelete="CASCADE"), primary_key=True),
    Index(None, "turn_id"),
)

console_tickets = Table(
    "console_tickets",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("platform", CleanText, nullable=False),
    Column("workspace", CleanText, nullable=False),
    Column("user_id", CleanText, nullable=False),
    Column("name", CleanText, nullable=False),
    Column("role", Integer, nullable=False),
    Column("language", CleanText, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
)

evaluation_runs = Table(
    "evaluation_runs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("version", CleanText, nullable=False),
    Column("figures", CleanJson, nullable=False),
    Column("curve", CleanJson, nullable=False),
    Column("amiss", CleanJson, nullable=False),
    Index(None, "at"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String(10), primary_key=True),
    Column("name", CleanText, nullable=False, unique=True),
    Column("digest", String(64), nullable=False),
    Column("scopes", CleanJson, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
)

posted_messages = Table(
    "posted_messages",
    metadata,
    Column("platform", CleanText, primary_key=True),
    Column("channel", CleanText, primary_key=True),
    Column("name", CleanText, primary_key=True),
    Column("user_id", CleanText, nullable=False),
    Column("position", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("body", CleanJson, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Index(None, "platform", "user_id"),
    Index(None, "created_at"),
)
