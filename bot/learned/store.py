"""What people showed of which entry some words mean, in the database."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, and_, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.database.database import Database, upsert
from bot.database.tables import learned, markers, row_of, unlearned
from bot.learned.models import Evidence, Gesture

FADES = timedelta(days=365)  # pages and the words for what they say change
OF_ONE_PERSON = 50  # rows: whoever presses every button says no more than that
_MOST = 20_000  # rows that are read
_CHANGED = "learned:changed"  # the marker that every change sets to something new
_KEY = ("wording_id", "platform", "user_id")
_SPEAKS_FOR = learned.c.gesture.in_([each.value for each in Gesture if each.speaks_for])


class SqlLearnedStore:
    """Implements `bot.learned.ports.LearnedStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, evidence: Sequence[Evidence]) -> None:
        """What is too old, and what is too much of one person, goes on the way."""

        async def work(connection: AsyncConnection) -> None:
            for each in evidence:
                removed = select(unlearned.c.wording_id).where(unlearned.c.wording_id == each.wording_id)
                if (await connection.execute(removed)).first() is None:
                    row = row_of(each) | {"gesture": each.gesture.value}
                    insertion = upsert(connection, learned).values(row)
                    await connection.execute(insertion.on_conflict_do_update(index_elements=_KEY, set_=row))
                    await _keep_newest(connection, each)
            await changed(connection)

        await self._database.write(work)

    async def list(self, least: int = 0) -> Sequence[Evidence]:
        recent = learned.c.created_at > datetime.now(UTC) - FADES
        people = func.count((learned.c.platform + ":" + learned.c.user_id).distinct())
        enough = select(learned.c.words).where(recent, _SPEAKS_FOR).group_by(learned.c.words).having(people >= least)
        query = select(learned).where(recent).order_by(learned.c.created_at.desc(), learned.c.wording_id).limit(_MOST)
        return await self._select(query.where(learned.c.words.in_(enough)) if least else query)

    async def shown_by(self, turn_id: str) -> Sequence[Evidence]:
        return await self._select(select(learned).where(learned.c.turn_id == turn_id).order_by(learned.c.created_at))

    async def remove(self, wording_id: str) -> None:
        block = {"wording_id": wording_id, "created_at": datetime.now(UTC)}

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(upsert(connection, unlearned).values(block).on_conflict_do_nothing())
            await connection.execute(delete(learned).where(learned.c.wording_id == wording_id))
            await changed(connection)

        await self._database.write(work)

    async def revision(self) -> str:
        """What every change sets, and the day, on which time alone lets some fade."""
        query = select(markers.c.value).where(markers.c.name == _CHANGED)

        async def work(connection: AsyncConnection) -> str:
            return (await connection.execute(query)).scalar_one_or_none() or ""

        token = await self._database.read(work)
        return f"{token}:{datetime.now(UTC):%Y-%m-%d}" if token else ""

    async def _select(self, query: Select[Any]) -> Sequence[Evidence]:
        async def work(connection: AsyncConnection) -> Sequence[Evidence]:
            rows = (await connection.execute(query)).mappings()
            return [Evidence(**dict(row) | {"gesture": Gesture(row["gesture"])}) for row in rows]

        return await self._database.read(work)


async def changed(connection: AsyncConnection) -> None:
    """Note that something was changed: in the transaction that changes it."""
    value = uuid.uuid4().hex
    insertion = upsert(connection, markers).values(name=_CHANGED, value=value)
    await connection.execute(insertion.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


async def _keep_newest(connection: AsyncConnection, of: Evidence) -> None:
    """Delete what the person of `of` showed before their newest gestures, and whatever has faded."""
    theirs = and_(learned.c.platform == of.platform, learned.c.user_id == of.user_id)
    newest = select(learned.c.wording_id).where(theirs).order_by(learned.c.created_at.desc(), learned.c.wording_id)
    kept = newest.limit(OF_ONE_PERSON).scalar_subquery()
    await connection.execute(delete(learned).where(theirs, learned.c.wording_id.not_in(kept)))
    await connection.execute(delete(learned).where(learned.c.created_at < datetime.now(UTC) - FADES))
