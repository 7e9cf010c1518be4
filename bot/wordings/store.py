"""Wordings that a model wrote, in the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.database.database import Database, upsert
from bot.database.prefixes import full_id
from bot.database.tables import row_of, worded_entries, wordings
from bot.errors import UnknownWording
from bot.wordings.models import WrittenWording

_BATCH = 500  # rows of one statement


class SqlWordingStore:
    """Implements `bot.wordings.ports.WordingStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def worded_entries(self) -> frozenset[str]:
        async def work(connection: AsyncConnection) -> frozenset[str]:
            return frozenset((await connection.execute(select(worded_entries.c.entry_id))).scalars())

        return await self._database.read(work)

    async def record_entry(self, entry_id: str, written: Sequence[WrittenWording]) -> int:
        done = {"entry_id": entry_id, "at": datetime.now(UTC)}

        async def work(connection: AsyncConnection) -> int:
            kept = 0
            for each in written:
                row = row_of(each)
                insertion = upsert(connection, wordings).values(row)
                # An entry whose answer changed takes its wordings along.
                moved = insertion.on_conflict_do_update(
                    index_elements=["id"], set_=row, where=wordings.c.removed_at.is_(None)
                )
                kept += len((await connection.execute(moved.returning(wordings.c.id))).all())
            await connection.execute(upsert(connection, worded_entries).values(done).on_conflict_do_nothing())
            return kept

        return await self._database.write(work)

    async def forget_entries(self, gone: Collection[str]) -> None:
        lost = list(gone)

        async def work(connection: AsyncConnection) -> None:
            for start in range(0, len(lost), _BATCH):
                some = lost[start : start + _BATCH]
                await connection.execute(delete(worded_entries).where(worded_entries.c.entry_id.in_(some)))
                theirs = wordings.c.entry_id.in_(some)
                await connection.execute(delete(wordings).where(theirs, wordings.c.removed_at.is_(None)))

        if lost:
            await self._database.write(work)

    async def used(self) -> Mapping[str, tuple[str, ...]]:
        query = (
            select(wordings.c.entry_id, wordings.c.text)
            .where(wordings.c.removed_at.is_(None))
            .order_by(wordings.c.created_at, wordings.c.id)
        )

        async def work(connection: AsyncConnection) -> Mapping[str, tuple[str, ...]]:
            texts: defaultdict[str, list[str]] = defaultdict(list)
            for row in await connection.execute(query):
                texts[row.entry_id].append(row.text)
            return {entry_id: tuple(each) for entry_id, each in texts.items()}

        return await self._database.read(work)

    async def list(self) -> Sequence[WrittenWording]:
        query = (
            select(wordings)
            .where(wordings.c.removed_at.is_(None))
            .order_by(wordings.c.created_at.desc(), wordings.c.id)
        )

        async def work(connection: AsyncConnection) -> Sequence[WrittenWording]:
            return [WrittenWording(**row) for row in (await connection.execute(query)).mappings()]

        return await self._database.read(work)

    async def remove(self, wording_id: str) -> WrittenWording:
        async def work(connection: AsyncConnection) -> WrittenWording:
            known = await full_id(
                connection,
                wordings,
                wording_id,
                UnknownWording,
                noun="wording",
                shown_by="frontdesk wordings list",
            )
            this = wordings.c.id == known
            removed = update(wordings).where(this, wordings.c.removed_at.is_(None)).values(removed_at=datetime.now(UTC))
            await connection.execute(removed)
            return WrittenWording(**(await connection.execute(select(wordings).where(this))).mappings().one())

        return await self._database.write(work)
