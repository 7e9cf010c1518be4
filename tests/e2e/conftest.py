"""Knowledge for the tests of the running service, made once, and databases for them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.serve import serving
from tests.support.bots import FRONTDESK, Knowledge
from tests.support.embedding import give_model
from tests.support.lore import open_lore
from tests.support.pairs import open_pairs
from tests.support.postgres import fresh_database, postgres_server


def crawled(data: Path, url: str) -> Knowledge:
    """A data folder that knows a site."""
    give_model(data)
    clean = {key: value for key, value in os.environ.items() if not key.startswith("FRONTDESK_")}
    settings = {
        "FRONTDESK_DATA_DIR": str(data),
        "FRONTDESK_CRAWL_ALLOW": "127.0.0.0/8",
        "FRONTDESK_CRAWL_DELAY": "0",
        "NO_PROXY": "127.0.0.1",
    }
    data.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [*FRONTDESK, "crawl", url], env=clean | settings, cwd=data.parent, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return Knowledge(data, url.rstrip("/"))


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
def postgres_url(postgres: str) -> Iterator[str]:
    """An empty PostgreSQL database."""
    with fresh_database(postgres) as url:
        yield url
