"""A real PostgreSQL server for the tests: the one of FRONTDESK_TEST_POSTGRES_URL, else a throw-away cluster."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import socket
import subprocess
import tempfile
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

# Names of the fixtures that a storage contract runs on, one suite for each.
DATABASES = ["sqlite_database", pytest.param("postgres_database", marks=pytest.mark.postgres)]

_PASSWORD = "frontdesk-test"


@contextmanager
def postgres_server() -> Iterator[str]:
    """The URL of a server on which the user may create databases. Skips the tests without one; fails in CI."""
    if url := os.environ.get("FRONTDESK_TEST_POSTGRES_URL"):
        yield url
        return
    with own_server() as cluster:
        yield cluster.url


@contextmanager
def own_server() -> Iterator[Cluster]:
    """A throw-away server that may be stopped and started. Skips the tests without its programs; fails in CI."""
    if not (binaries := _binaries()):
        reason = "no PostgreSQL server: set FRONTDESK_TEST_POSTGRES_URL, or install one ('apt-get install postgresql')"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    folder = Path(tempfile.mkdtemp(prefix="frontdesk-pg-"))
    try:
        with Cluster(binaries, folder) as cluster:
            yield cluster
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def fresh_database(server: str) -> Iterator[str]:
    """The URL of an empty database on `server`, dropped afterwards."""
    name = f"frontdesk_test_{uuid.uuid4().hex}"
    asyncio.run(_execute(server, f'CREATE DATABASE "{name}"'))
    try:
        yield urlunsplit(urlsplit(server)._replace(path=f"/{name}"))
    finally:
        asyncio.run(_execute(server, f'DROP DATABASE "{name}" WITH (FORCE)'))


class Rows:
    """Runs statements on a database from a test that is in a loop of its own: over one connection, in a thread."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._loop = asyncio.new_event_loop()
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    def __call__(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows of a statement, whose values stand for its question marks."""
        numbers = count(1)
        statement = re.sub(r"\?", lambda _: f"${next(numbers)}", statement)
        return asyncio.run_coroutine_threadsafe(self._fetch(statement, values), self._loop).result(10)

    def close(self) -> None:
        """Leave the database, so that it can be dropped."""
        if self._connection:
            asyncio.run_coroutine_threadsafe(self._connection.close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _fetch(self, statement: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
        if self._connection is None:
            self._connection = await asyncpg.connect(self._url)
        return [tuple(row) for row in await self._connection.fetch(statement, *values)]


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


class Cluster:
    """A server of one's own, on files in `folder`, that a test may stop and start: `with Cluster(…) as cluster:`."""

    def __init__(self, binaries: Path, folder: Path) -> None:
        self._binaries, self._folder = binaries, folder
        self._user = "postgres" if os.geteuid() == 0 else None  # the server refuses to run as root
        self._port = _free_port()
        self.url = f"postgresql://frontdesk:{_PASSWORD}@127.0.0.1:{self._port}/postgres"

    def __enter__(self) -> Cluster:
        if self._user:
            shutil.chown(self._folder, self._user)
        password_file = self._folder / "password"
        password_file.write_text(_PASSWORD)
        password_file.chmod(0o644)
        choices = ["-U", "frontdesk", "-A", "scram-sha-256", "-E", "UTF8", "--no-locale", "-N"]
        self._run("initdb", "-D", self._data, f"--pwfile={password_file}", *choices)
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(AssertionError):  # it may be stopped already
            self.stop()

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        options = f"-p {self._port} -k {self._folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        self._run("pg_ctl", "-D", self._data, "-l", self._folder / "log", "-w", "-o", options, "start")

    def stop(self) -> None:
        """End it as a crash does: every connection is cut, and the next start recovers from the log."""
        self._run("pg_ctl", "-D", self._data, "-m", "immediate", "-w", "stop")

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _run(self, program: str, *arguments: str | Path) -> None:
        done = subprocess.run(
            [str(self._binaries / program), *map(str, arguments)],
            user=self._user,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"


def _binaries() -> Path | None:
    """The newest PostgreSQL's folder of programs; Debian keeps it off the PATH."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    found = shutil.which("initdb")
    initdb = debian[-1] if debian else Path(found) if found else None
    return initdb.resolve().parent if initdb else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
