"""Whom sources are for, in the database: by name, so that what is still searched of a source that was taken out, or
comes back by a rollback, stays limited; also when another source has its name by then."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.database.database import Database, upsert
from bot.database.tables import source_audiences
from retrieval.audiences import Audience, Audiences, EarlierAudience


class SqlAudienceStore:
    """Implements `bot.sources.ports.AudienceStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_limited(self) -> Mapping[str, Audience]:
        return (await self.read_audiences()).by_source

    async def read_audiences(self) -> Audiences:
        async def work(connection: AsyncConnection) -> Audiences:
            rows = (await connection.execute(select(source_audiences))).all()
            return Audiences(
                {row.source: frozenset(row.audience) for row in rows if row.audience},
                earlier={row.source: _from_json(row.earlier) for row in rows if row.earlier},
            )

        return await self._database.read(work)

    async def set_audience(self, source: str, audience: Audience) -> None:
        await self._database.write(lambda connection: write_audience(connection, source, audience))

    async def record_read(self, sources: Collection[str], version: str) -> None:
        async def work(connection: AsyncConnection) -> None:
            query = select(source_audiences).where(source_audiences.c.source.in_(sources))
            for row in (await connection.execute(query)).all():
                earlier = [[groups, until or version] for groups, until in row.earlier]
                await connection.execute(
                    update(source_audiences).where(source_audiences.c.source == row.source).values(earlier=earlier)
                )

        await self._database.write(work)


async def write_audience(connection: AsyncConnection, source: str, audience: Audience) -> None:
    """Keep whom a source is for from now on, in the caller's transaction."""
    row = await _find_row(connection, source)
    if audience or (row and row.earlier):
        await _write_row(connection, source, audience, _from_json(row.earlier) if row else ())
    else:
        await connection.execute(delete(source_audiences).where(source_audiences.c.source == source))


async def begin_audience(connection: AsyncConnection, source: str, audience: Audience | None) -> None:
    """Keep whom a new source is for, None for whom an earlier one of its name was, in the caller's transaction. What is
    indexed of the earlier one stays for whom that was."""
    row = await _find_row(connection, source)
    before = frozenset[str](row.audience) if row else frozenset[str]()
    earlier = list(_from_json(row.earlier)) if row else []
    if before and not (earlier and not earlier[-1].until):
        if earlier and earlier[-1].audience == before:
            earlier.pop()
        earlier.append(EarlierAudience(before))
    audience = before if audience is None else audience
    if audience or earlier:
        await _write_row(connection, source, audience, earlier)


async def _find_row(connection: AsyncConnection, source: str) -> Row[Any] | None:
    return (await connection.execute(select(source_audiences).where(source_audiences.c.source == source))).one_or_none()


async def _write_row(
    connection: AsyncConnection, source: str, audience: Audience, earlier: Sequence[EarlierAudience]
) -> None:
    values = {"audience": sorted(audience), "earlier": [[sorted(each.audience), each.until] for each in earlier]}
    insertion = upsert(connection, source_audiences).values(source=source, **values)
    await connection.execute(insertion.on_conflict_do_update(index_elements=["source"], set_=values))


def _from_json(rows: Sequence[Sequence[Any]]) -> Sequence[EarlierAudience]:
    return tuple(EarlierAudience(frozenset(groups), until) for groups, until in rows)
