"""The sources an admin named, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping, Select, Update, delete, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.database.database import Database, upsert
from bot.database.glossary_changes import forget_source
from bot.database.tables import sources
from bot.errors import DuplicateSource, UnknownSource
from bot.sources.audience_store import begin_audience
from retrieval.audiences import Audience
from retrieval.documents import Selectors, Source, SourceKind


class SqlSourceStore:
    """Implements `bot.sources.ports.SourceStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, source: Source, audience: Audience | None = None) -> None:
        """Raises DuplicateSource when the name or the location is taken."""
        values = {"created_at": datetime.now(UTC), **_to_row(source)}
        taken = select(sources).where(or_(sources.c.name == source.name, sources.c.location == source.location))

        async def insert(connection: AsyncConnection) -> Source | None:
            added = await connection.execute(upsert(connection, sources).values(values).on_conflict_do_nothing())
            if not added.rowcount:
                return _from_row((await connection.execute(taken)).mappings().one())
            await begin_audience(connection, source.name, audience)
            return None

        if other := await self._database.write(insert):
            raise _duplicate(source, other)

    async def list(self) -> Sequence[Source]:
        """Oldest first."""
        return await self._select(select(sources).order_by(sources.c.created_at, sources.c.name))

    async def get(self, name: str) -> Source:
        """Raises UnknownSource."""
        found = await self._select(select(sources).where(sources.c.name == name))
        if not found:
            raise unknown_source(name)
        return found[0]

    async def remove(self, name: str) -> None:
        """With its glossary. Raises UnknownSource."""
        query = delete(sources).where(sources.c.name == name)

        async def work(connection: AsyncConnection) -> bool:
            removed = bool((await connection.execute(query)).rowcount)
            if removed:
                await forget_source(connection, name)
            return removed

        if not await self._database.write(work):
            raise unknown_source(name)

    async def set_render(self, name: str, render: bool) -> None:
        """Raises UnknownSource."""
        query = update(sources).where(sources.c.name == name).values(render=render)
        if not await self._database.write(lambda connection: _count_rows(connection, query)):
            raise unknown_source(name)

    async def _select(self, query: Select[Any]) -> Sequence[Source]:
        async def work(connection: AsyncConnection) -> Sequence[Source]:
            return [_from_row(row) for row in (await connection.execute(query)).mappings()]

        return await self._database.read(work)


async def _count_rows(connection: AsyncConnection, query: Update) -> int:
    return int((await connection.execute(query)).rowcount)


def _to_row(source: Source) -> dict[str, Any]:
    return asdict(source) | {"kind": source.kind.value}


def _from_row(row: RowMapping) -> Source:
    return Source(
        name=row["name"],
        kind=SourceKind(row["kind"]),
        location=row["location"],
        path_prefix=row["path_prefix"],
        selectors=Selectors(**row["selectors"]) if row["selectors"] else None,
        max_pages=row["max_pages"],
        max_depth=row["max_depth"],
        read_noindex=row["read_noindex"],
        render=row["render"],
    )


def _duplicate(source: Source, other: Source) -> DuplicateSource:
    if other.name == source.name:
        return DuplicateSource(
            f"A source named {source.name!r} is known already ({other.location}): choose another name with --name, "
            f"or take it out first with 'frontdesk sources remove {other.name}'."
        )
    return DuplicateSource(
        f"{source.location} is known already, as source {other.name!r}: "
        f"take it out first with 'frontdesk sources remove {other.name}'."
    )


def unknown_source(name: str) -> UnknownSource:
    """The fault of naming a source that nobody added."""
    return UnknownSource(f"No source is named {name!r}: 'frontdesk sources list' shows those that are.")
