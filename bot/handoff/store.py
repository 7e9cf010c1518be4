"""Handoffs and what was said in them, in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import astuple, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Result, RowMapping, Select, and_, delete, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.chat.message import Party, ThreadRef
from bot.database.database import Database, upsert
from bot.database.tables import handoff_messages, handoffs, row_of
from bot.handoff.models import Handoff, HandoffMessage, HandoffReason, HandoffState

_PLACE = tuple(item.name for item in fields(ThreadRef))
_LIVE = (HandoffState.OPEN.value, HandoffState.CLAIMED.value)
_LOCK = 0x68616E64  # "hand": on PostgreSQL, with the place's hash, for whoever opens one there


class SqlHandoffStore:
    """Implements `bot.handoff.ports.HandoffStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def open_handoff(self, handoff: Handoff) -> Handoff:
        """Places are compared whole: the caller gives a private conversation one `thread`."""
        theirs = or_(*(_is_place(side, handoff.customer) for side in ("customer", "asked_in")))
        here = and_(theirs, handoffs.c.state.in_(_LIVE))

        async def insert_handoff(connection: AsyncConnection) -> Handoff:
            await _lock_place(connection, handoff.customer)
            live = await connection.execute(_newest_first().where(here).limit(1))
            if row := live.mappings().one_or_none():
                return _parse_handoff(row)
            await connection.execute(insert(handoffs).values(_build_row(row_of(handoff))))
            return handoff

        return await self._database.write(insert_handoff)

    async def find_handoff(self, handoff_id: str) -> Handoff | None:
        """None for an unknown id."""
        return _first_or_none(await self._select_handoffs(select(handoffs).where(handoffs.c.id == handoff_id)))

    async def find_in_conversation(self, conversation_id: str) -> Sequence[Handoff]:
        same = handoffs.c.conversation_id == conversation_id
        return list(reversed(await self._select_handoffs(_newest_first().where(same).limit(100))))

    async def find_in_thread(self, support: ThreadRef) -> Handoff | None:
        if not support.thread:  # the channel itself: those whose packet is not posted yet
            return None
        return _first_or_none(
            await self._select_handoffs(_newest_first().where(_is_place("support", support)).limit(1))
        )

    async def change_handoff(self, handoff_id: str, *states: HandoffState, **values: object) -> Handoff | None:
        """Without `states`, whatever its state."""
        these = handoffs.c.id == handoff_id
        if states:
            these = and_(these, handoffs.c.state.in_([state.value for state in states]))
        changed = update(handoffs).where(these).values(_build_row(values) | {"updated_at": datetime.now(UTC)})
        return _first_or_none(await self._update_handoffs(changed))

    async def was_asked_whether_helped(self, conversation_id: str) -> bool:
        these = and_(handoffs.c.conversation_id == conversation_id, handoffs.c.helped_asked_at.is_not(None))
        return bool(await self._select_handoffs(select(handoffs).where(these).limit(1)))

    async def lease_due_reminders(self, now: datetime, until: datetime) -> Sequence[Handoff]:
        """`until` is after `now`. Oldest first."""
        ready = and_(handoffs.c.state == HandoffState.OPEN.value, handoffs.c.remind_at <= now)
        reminded = update(handoffs).where(ready).values(remind_at=until, reminders=handoffs.c.reminders + 1)
        return sorted(await self._update_handoffs(reminded), key=lambda handoff: (handoff.created_at, handoff.id))

    async def record_message(self, message: HandoffMessage) -> bool:
        values = row_of(message) | {"side": message.side.value}
        this = _is_message(message.handoff_id, message.side, message.message_id)

        async def insert_or_update(connection: AsyncConnection) -> bool:
            kept = upsert(connection, handoff_messages).values(values).on_conflict_do_nothing()
            if (await connection.execute(kept)).rowcount > 0:
                return True
            worded = {"text": message.text, "author": message.author}
            await connection.execute(update(handoff_messages).where(this).values(worded))
            return False

        return await self._database.write(insert_or_update)

    async def forget_message(self, handoff_id: str, side: Party, message_id: str) -> None:
        removed = delete(handoff_messages).where(_is_message(handoff_id, side, message_id))
        await self._database.write(lambda connection: connection.execute(removed))

    async def load_messages(self, handoff_id: str) -> Sequence[HandoffMessage]:
        query = select(handoff_messages).where(handoff_messages.c.handoff_id == handoff_id)
        query = query.order_by(handoff_messages.c.at, handoff_messages.c.message_id)

        async def select_messages(connection: AsyncConnection) -> Sequence[HandoffMessage]:
            rows = (await connection.execute(query)).mappings()
            return [HandoffMessage(**dict(row) | {"side": Party(row["side"])}) for row in rows]

        return await self._database.read(select_messages)

    async def list_handoffs(self, *states: HandoffState, limit: int = 50) -> Sequence[Handoff]:
        query = _newest_first().limit(limit)
        if states:
            query = query.where(handoffs.c.state.in_([state.value for state in states]))
        return await self._select_handoffs(query)

    async def _select_handoffs(self, query: Select[Any]) -> Sequence[Handoff]:
        async def select_rows(connection: AsyncConnection) -> Sequence[Handoff]:
            return _parse_handoffs(await connection.execute(query))

        return await self._database.read(select_rows)

    async def _update_handoffs(self, statement: Any) -> Sequence[Handoff]:
        async def update_rows(connection: AsyncConnection) -> Sequence[Handoff]:
            return _parse_handoffs(await connection.execute(statement.returning(handoffs)))

        return await self._database.write(update_rows)


async def _lock_place(connection: AsyncConnection, place: ThreadRef) -> None:
    """Be the only one that opens a handoff there until the transaction ends. SQLite's writers are one by one anyway."""
    if connection.dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(:lock, hashtext(:place))")
        await connection.execute(lock, {"lock": _LOCK, "place": "\n".join(astuple(place))})


def _is_place(side: str, place: ThreadRef) -> ColumnElement[bool]:
    return and_(*(handoffs.c[f"{side}_{name}"] == getattr(place, name) for name in _PLACE))


def _is_message(handoff_id: str, side: Party, message_id: str) -> ColumnElement[bool]:
    kept = handoff_messages.c
    return and_(kept.handoff_id == handoff_id, kept.side == side.value, kept.message_id == message_id)


def _newest_first() -> Select[Any]:
    return select(handoffs).order_by(handoffs.c.created_at.desc(), handoffs.c.id.desc())


def _build_row(values: Mapping[str, Any]) -> dict[str, Any]:
    """A handoff's fields as columns."""
    row: dict[str, Any] = {}
    for name, value in values.items():
        if isinstance(value, ThreadRef):
            row |= {f"{name}_{part}": getattr(value, part) for part in _PLACE}
        else:
            row[name] = value.value if isinstance(value, HandoffState | HandoffReason) else value
    return row


def _parse_handoffs(rows: Result[Any]) -> list[Handoff]:
    return [_parse_handoff(row) for row in rows.mappings()]


def _parse_handoff(row: RowMapping) -> Handoff:
    values = dict(row)
    for side in ("customer", "support", "asked_in"):
        values[side] = ThreadRef(*(values.pop(f"{side}_{name}") for name in _PLACE))
    return Handoff(**values | {"state": HandoffState(row["state"]), "reason": HandoffReason(row["reason"])})


def _first_or_none(found: Sequence[Handoff]) -> Handoff | None:
    return found[0] if found else None
