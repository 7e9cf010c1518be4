"""Answers that people gave, in the database."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, and_, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.database.database import Database, upsert
from bot.database.prefixes import full_id
from bot.database.tables import markers, row_of, taught
from bot.errors import UnknownTaught
from bot.taught.models import Taught, TaughtState

_CHANGED = "taught:changed"  # the marker that every change of what is searched sets to something new
_TICK = timedelta(microseconds=1)


class SqlTaughtStore:
    """Implements `bot.taught.ports.TaughtStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, taught_answer: Taught) -> None:
        """Keep a new one."""

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(insert(taught).values(_row(row_of(taught_answer))))
            await changed(connection, taught_answer.state)

        await self._database.write(work)

    async def get(self, taught_id: str) -> Taught:
        """Raises UnknownTaught."""

        async def work(connection: AsyncConnection) -> Taught:
            known = await full_id(
                connection, taught, taught_id, UnknownTaught, noun="taught answer", shown_by="frontdesk taught list"
            )
            return _taught((await connection.execute(select(taught).where(taught.c.id == known))).mappings().one())

        return await self._database.read(work)

    async def change(self, taught_id: str, *states: TaughtState, **values: object) -> Taught | None:
        """`updated_at` is later than it was, also by a clock that stands still."""
        this = taught.c.id == taught_id
        if states:
            this = and_(this, _in(states))
        known = select(taught.c.state, taught.c.updated_at).where(this).with_for_update()

        async def work(connection: AsyncConnection) -> Taught | None:
            before = (await connection.execute(known)).one_or_none()
            if before is None:
                return None
            later = max(datetime.now(UTC), before.updated_at + _TICK)
            new = update(taught).where(taught.c.id == taught_id).values(_row(values) | {"updated_at": later})
            row = (await connection.execute(new.returning(taught))).mappings().one()
            await changed(connection, before.state, row["state"])
            return _taught(row)

        return await self._database.write(work)

    async def remove(self, taught_id: str) -> None:
        """Delete one, if it is there."""
        gone = delete(taught).where(taught.c.id == taught_id).returning(taught.c.state)

        async def work(connection: AsyncConnection) -> None:
            await changed(connection, *(await connection.execute(gone)).scalars())

        await self._database.write(work)

    async def list(self, *states: TaughtState) -> Sequence[Taught]:
        """Without `states` all."""
        query = select(taught).order_by(taught.c.created_at.desc(), taught.c.id.desc())
        return await self._select(query.where(_in(states)) if states else query)

    async def searched(self, now: datetime) -> Sequence[Taught]:
        return await self._select(select(taught).where(_searched(now)).order_by(taught.c.created_at, taught.c.id))

    async def revision(self, now: datetime) -> str:
        """What changes set, and how many have not expired, which time alone can make fewer."""
        token = select(markers.c.value).where(markers.c.name == _CHANGED).scalar_subquery()
        query = select(token, func.count()).select_from(taught).where(_searched(now))

        async def work(connection: AsyncConnection) -> str:
            last, count = (await connection.execute(query)).one()
            return f"{last or ''}:{count}"

        return await self._database.read(work)

    async def _select(self, query: Select[Any]) -> Sequence[Taught]:
        async def work(connection: AsyncConnection) -> Sequence[Taught]:
            return [_taught(row) for row in (await connection.execute(query)).mappings()]

        return await self._database.read(work)


async def changed(connection: AsyncConnection, *states: str) -> None:
    """Note that answers in these states, before or after, were changed: in the transaction that changes them."""
    if TaughtState.APPROVED.value in states:
        value = uuid.uuid4().hex
        insertion = upsert(connection, markers).values(name=_CHANGED, value=value)
        await connection.execute(insertion.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


def _in(states: Sequence[TaughtState]) -> ColumnElement[bool]:
    return taught.c.state.in_([state.value for state in states])


def _searched(now: datetime) -> ColumnElement[bool]:
    lasting = or_(taught.c.expires_at.is_(None), taught.c.expires_at > now)
    return and_(taught.c.state == TaughtState.APPROVED.value, lasting)


def _row(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _to_column(value) for name, value in values.items()}


def _to_column(value: Any) -> Any:
    if isinstance(value, TaughtState):
        return value.value
    return (sorted(value) or None) if isinstance(value, frozenset) else value


def _taught(row: RowMapping) -> Taught:
    return Taught(**dict(row) | {"state": TaughtState(row["state"]), "audience": frozenset(row["audience"] or ())})
