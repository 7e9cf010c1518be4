"""Who was forgotten when, so that an answer which was under way is not kept after that.

Noted under a pseudonym: who was forgotten is not to be named. A note is of use for as long as an answer may take.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, and_, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.chat.people import make_pseudonym
from bot.database.database import upsert
from bot.database.tables import markers

_NAME = "forgotten:"
_KEPT = timedelta(days=1)
_NOTED = select(markers.c.value).where(markers.c.name == bindparam("note"))


async def note_forgotten(connection: AsyncConnection, platform: str, user: str) -> None:
    """A user is forgotten now."""
    insert = upsert(connection, markers).values(
        name=_build_note_name(platform, user), value=datetime.now(UTC).isoformat()
    )
    changed = {"value": insert.excluded.value}
    await connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_=changed))


async def was_forgotten(connection: AsyncConnection, platform: str, user: str, since: datetime) -> bool:
    """Whether a user was forgotten at that moment or later."""
    noted = await connection.scalar(_NOTED, {"note": _build_note_name(platform, user)})
    return noted is not None and datetime.fromisoformat(noted) >= since


def are_old_notes() -> ColumnElement[bool]:
    """Markers: what was noted of those who were forgotten long ago."""
    old = (datetime.now(UTC) - _KEPT).isoformat()
    notes = func.substr(markers.c.name, 1, len(_NAME)) == _NAME
    return and_(notes, markers.c.value < old)


def _build_note_name(platform: str, user: str) -> str:
    return f"{_NAME}{make_pseudonym(platform, user)}"
