"""What every Markers does: the database's, on both engines."""

from __future__ import annotations

from bot.database.database import Database
from bot.database.markers import SqlMarkers


async def test_what_was_set_last_is_read_and_nothing_is_empty(database: Database) -> None:
    markers = SqlMarkers(database)
    assert await markers.get("cursor") == ""
    await markers.set("cursor", "1")
    await markers.set("other", "…")
    await markers.set("cursor", "2")
    assert (await SqlMarkers(database).get("cursor"), await markers.get("other")) == ("2", "…")
