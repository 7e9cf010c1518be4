"""Terms that mean the same, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.database.database import Database, upsert
from bot.database.glossary_changes import _CHANGED, changed
from bot.database.tables import glossary, markers
from retrieval.search.synonyms import Entry

_USED = glossary.c.dismissed.is_(False)


class SqlGlossaryStore:
    """Implements `bot.glossary.ports.GlossaryStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list(self) -> Sequence[Entry]:
        query = select(glossary).where(_USED).order_by(glossary.c.source, glossary.c.created_at, glossary.c.id)

        async def work(connection: AsyncConnection) -> Sequence[Entry]:
            rows = (await connection.execute(query)).mappings()
            return [Entry(row["id"], tuple(row["terms"]), row["source"], row["suggested"]) for row in rows]

        return await self._database.read(work)

    async def put(self, entries: Sequence[Entry], replacing: Sequence[str] = (), *, since: str) -> bool:
        now = datetime.now(UTC)
        ids = [entry.id for entry in entries]

        async def work(connection: AsyncConnection) -> bool:
            if not await changed(connection, since):  # first, since it locks the marker: others wait, then see it
                return False
            await connection.execute(delete(glossary).where(glossary.c.id.in_([*replacing, *ids])))
            if entries:
                await connection.execute(
                    upsert(connection, glossary).on_conflict_do_nothing(),
                    [_row(entry, now, dismissed=False) for entry in entries],
                )
            return True

        return await self._database.write(work)

    async def remove(self, entry_id: str) -> bool:
        gone = delete(glossary).where(and_(glossary.c.id == entry_id, _USED))

        async def work(connection: AsyncConnection) -> bool:
            removed = bool((await connection.execute(gone)).rowcount)
            if removed:
                await changed(connection)
            return removed

        return await self._database.write(work)

    async def dismiss(self, entry: Entry) -> None:
        row = _row(entry, datetime.now(UTC), dismissed=True)
        await self._database.write(
            lambda connection: connection.execute(upsert(connection, glossary).values(row).on_conflict_do_nothing())
        )

    async def dismissed(self) -> frozenset[str]:
        query = select(glossary.c.id).where(glossary.c.dismissed.is_(True))

        async def work(connection: AsyncConnection) -> frozenset[str]:
            return frozenset((await connection.execute(query)).scalars())

        return await self._database.read(work)

    async def revision(self) -> str:
        """What every change sets."""
        query = select(markers.c.value).where(markers.c.name == _CHANGED)

        async def work(connection: AsyncConnection) -> str:
            return (await connection.execute(query)).scalar_one_or_none() or ""

        return await self._database.read(work)


def _row(entry: Entry, now: datetime, *, dismissed: bool) -> dict[str, Any]:
    return {
        "id": entry.id,
        "source": entry.source,
        "terms": list(entry.terms),
        "suggested": entry.suggested,
        "dismissed": dismissed,
        "created_at": now,
    }
