"""An inbox at work."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.database.database import Database
from tests.support.inbox import (
    Office,
    Opens,
    open_office,
)


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[Any]]:
    """What is logged, instead of being printed with every local variable."""
    with capture_logs() as entries:
        yield entries


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(f"sqlite:///{tmp_path / 'inbox.db'}")
    yield database
    await database.close()


@pytest.fixture
async def opens(database: Database) -> AsyncIterator[Opens]:
    """Opens inboxes on one database, each a process of its own, and closes them."""
    async with AsyncExitStack() as stack:

        async def open_one(**options: Any) -> Office:
            return await stack.enter_async_context(open_office(database, **options))

        yield open_one


@pytest.fixture
async def office(opens: Opens) -> Office:
    return await opens()
