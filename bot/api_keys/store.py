"""The keys of the HTTP API, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import RowMapping, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.api_keys.models import ApiKey, Scope
from bot.database.database import Database, upsert
from bot.database.tables import api_keys, row_of


class SqlKeyStore:
    """Implements `bot.api_keys.ports.KeyStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, key: ApiKey) -> bool:
        values = row_of(key) | {"scopes": sorted(key.scopes)}

        async def insert_key(connection: AsyncConnection) -> bool:
            insertion = upsert(connection, api_keys).values(values).on_conflict_do_nothing(index_elements=["name"])
            return (await connection.execute(insertion)).rowcount > 0

        return await self._database.write(insert_key)

    async def find(self, key_id: str) -> ApiKey | None:
        found = await self._select_keys(select(api_keys).where(api_keys.c.id == key_id))
        return found[0] if found else None

    async def list(self) -> Sequence[ApiKey]:
        return await self._select_keys(select(api_keys).order_by(api_keys.c.created_at, api_keys.c.name))

    async def remove(self, name: str) -> bool:
        gone = delete(api_keys).where(api_keys.c.name == name)
        return (await self._database.write(lambda connection: connection.execute(gone))).rowcount > 0

    async def note_use(self, key_id: str, at: datetime) -> None:
        used = update(api_keys).where(api_keys.c.id == key_id).values(last_used_at=at)
        await self._database.write(lambda connection: connection.execute(used), urgent=False)

    async def _select_keys(self, query: Any) -> Sequence[ApiKey]:
        async def read_rows(connection: AsyncConnection) -> Sequence[ApiKey]:
            return [_build_key(row) for row in (await connection.execute(query)).mappings()]

        return await self._database.read(read_rows)


def _build_key(row: RowMapping) -> ApiKey:
    """A scope that only a later version knows is passed over."""
    known = frozenset(Scope(each) for each in row["scopes"] if each in set(Scope))
    return ApiKey(**{**row, "scopes": known})
