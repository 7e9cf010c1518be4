"""The application is put together on an open database, with parts in place of its own where a test has some."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.app import open_application
from bot.settings import load_settings


class NotingMarkers:
    """Knows nothing, and notes what it is asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def get(self, name: str) -> str:
        self.asked.append(name)
        return ""


async def test_a_part_is_used_in_place_of_what_would_be_made(tmp_path: Path) -> None:
    markers = NotingMarkers()
    async with open_application(load_settings(data_dir=tmp_path), markers=markers) as application:
        assert await application.refusals.list_refusals() == ()  # which is built on it
    platforms = ("api", "discord", "mcp", "slack", "terminal", "widget")
    assert set(markers.asked) == {f"refused:{name}{of}" for name in platforms for of in ("", " support channel")}


async def test_a_part_that_there_is_none_of_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="no part desk"):
        async with open_application(load_settings(data_dir=tmp_path), desk=None):
            pass
