"""Knowledge for the tests of the running service, made once, and databases for them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.serve import serving
from tests.support.bots import Knowledge, crawled
from tests.support.lore import open_lore
from tests.support.pairs import open_pairs
from tests.support.postgres import fresh_database, postgres_server
from tests.support.site import Site


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    """The example shop."""
    with serving() as site:
        return crawled(tmp_path_factory.mktemp("shop") / "data", f"{site.url}/")


@pytest.fixture(scope="session")
def lore(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    """Pages that are long, hostile, or full of tables and code."""
    with open_lore() as site:
        return crawled(tmp_path_factory.mktemp("lore") / "data", site.url("/"))


@pytest.fixture(scope="session")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    """Two products whose pages answer the same questions."""
    with open_pairs() as site:
        return crawled(tmp_path_factory.mktemp("pairs") / "data", site.url("/"))


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A PostgreSQL server."""
    with postgres_server() as url:
        yield url


@pytest.fixture
def site() -> Iterator[Site]:
    """An empty site on loopback."""
    with Site() as site:
        yield site


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    """An empty PostgreSQL database."""
    with fresh_database(postgres) as url:
        yield url


@pytest.fixture
def own_temporary_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where temporary files of this test and its processes go, and nobody else's."""
    with tempfile.TemporaryDirectory(prefix="own-") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)
