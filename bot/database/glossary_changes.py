"""Notes that the glossary was changed, in the transaction that changes it."""

from __future__ import annotations

import uuid

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.database.database import upsert
from bot.database.tables import glossary, markers

_CHANGED = "glossary:changed"  # the marker that every change of what is in use sets to something new


async def changed(connection: AsyncConnection, since: str | None = None) -> bool:
    """Note that what is in use was changed: in the transaction that changes it. False, and nothing noted, where
    another was after the revision `since`."""
    value = uuid.uuid4().hex
    insertion = upsert(connection, markers).values(name=_CHANGED, value=value)
    noted = insertion.on_conflict_do_update(
        index_elements=["name"], set_={"value": value}, where=None if since is None else markers.c.value == since
    )
    return (await connection.execute(noted.returning(markers.c.name))).first() is not None


async def forget_source(connection: AsyncConnection, source: str) -> None:
    """Delete what belongs to a source, in the transaction that deletes it."""
    await changed(connection)  # first, as `put` does: two that lock in different orders wait for each other
    await connection.execute(delete(glossary).where(glossary.c.source == source))
