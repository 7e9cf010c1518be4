"""The databases that every storage contract runs on: SQLite, and a real PostgreSQL."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.database.database import Database
from bot.database.tables import metadata
from tests.support.postgres import DATABASES, fresh_database, postgres_server


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """The URL of a PostgreSQL server."""
    with postgres_server() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database that holds nothing, no table either."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'frontdesk.db'}"
        return
    with fresh_database(request.getfixturevalue("server")) as url:
        yield url


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the newest schema."""
    path = tmp_path_factory.mktemp("migrated") / "frontdesk.db"
    asyncio.run(_migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def migrated_postgres(server: str) -> Iterator[str]:
    """A PostgreSQL database with the newest schema."""
    with fresh_database(server) as url:
        asyncio.run(_migrate(url))
        yield url


@pytest.fixture
async def sqlite_database(migrated_file: Path, tmp_path: Path) -> AsyncIterator[Database]:
    """An open SQLite file with no rows."""
    database = await Database.open(f"sqlite:///{shutil.copy(migrated_file, tmp_path / 'frontdesk.db')}")
    yield database
    await database.close()


@pytest.fixture
async def postgres_database(migrated_postgres: str) -> AsyncIterator[Database]:
    """An open PostgreSQL database with no rows."""
    database = await Database.open(migrated_postgres)
    truncate = text(f"TRUNCATE {', '.join(metadata.tables)}")
    await database.write(lambda connection: connection.execute(truncate))
    yield database
    await database.close()


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> Database:
    """An open database with no rows, of each kind."""
    return request.getfixturevalue(request.param)


async def _migrate(url: str) -> None:
    database = await Database.open(url)
    await database.close()
