"""Short notes that outlive the process."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.database.database import Database, upsert
from bot.database.tables import markers


class SqlMarkers:
    """Implements `bot.chat.ports.Markers`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def get(self, name: str) -> str:

        async def select_value(connection: AsyncConnection) -> str:
            found = await connection.execute(select(markers.c.value).where(markers.c.name == name))
            return str(found.scalar_one_or_none() or "")

        return await self._database.read(select_value)

    async def set(self, name: str, value: str, *, urgent: bool = True) -> None:

        async def upsert_value(connection: AsyncConnection) -> None:
            insert = upsert(connection, markers).values(name=name, value=value)
            await connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_={"value": value}))

        await self._database.write(upsert_value, urgent=urgent)

    async def claim(self, name: str, value: str) -> bool:

        async def claim_value(connection: AsyncConnection) -> bool:
            insert = upsert(connection, markers).values(name=name, value=value)
            changed = insert.on_conflict_do_update(
                index_elements=["name"], set_={"value": value}, where=markers.c.value != value
            )
            return (await connection.execute(changed.returning(markers.c.name))).first() is not None

        return await self._database.write(claim_value)
