"""What admins steer, over one SQLite file."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.database.database import Database
from tests.support.steering import Office


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    database = await Database.open(f"sqlite:///{tmp_path / 'steered.db'}")
    office = Office(database, tmp_path / "index")
    yield office
    await office.refresh_service.close()
    await database.close()
