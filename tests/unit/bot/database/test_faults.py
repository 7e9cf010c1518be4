"""What goes wrong with a real database, and the one line an operator reads."""

from __future__ import annotations

import asyncio
import os
import socket
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event, text

from bot.answering.store import SqlConversationStore
from bot.database.database import Database
from bot.errors import StorageError
from tests.support.turns import make_turn


def url_of(path: Path, query: str = "") -> str:
    return f"sqlite:///{path}{query}"


async def refusal(url: str) -> str:
    """What opening `url` and storing a turn is refused with; always one line."""
    with pytest.raises(StorageError) as refused:
        database = await Database.open(url)
        try:
            await SqlConversationStore(database).add_turn(make_turn(question="a customer's words"))
        finally:
            await database.close()
    message = str(refused.value)
    assert "\n" not in message
    assert "customer's words" not in message
    return message


async def migrated(path: Path) -> Path:
    await (await Database.open(url_of(path))).close()
    return path


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Dear diary, " * 500)
    assert "is not a SQLite database: move that file away" in await refusal(url_of(path))
    assert path.read_text().startswith("Dear diary")


async def test_a_damaged_database(tmp_path: Path) -> None:
    path = await migrated(tmp_path / "frontdesk.db")
    content = bytearray(path.read_bytes())
    content[4096:] = os.urandom(len(content) - 4096)
    path.write_bytes(content)
    assert "is damaged: restore a backup" in await refusal(url_of(path))


async def test_a_database_locked_by_another(tmp_path: Path) -> None:
    path = await migrated(tmp_path / "frontdesk.db")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        assert "is locked by another process" in await refusal(url_of(path, "?timeout=0.1"))
    finally:
        other.close()


async def test_a_full_disk_loses_only_what_it_cannot_hold(tmp_path: Path) -> None:
    database = await Database.open(url_of(await migrated(tmp_path / "frontdesk.db")))

    @event.listens_for(database.engine.sync_engine, "begin")
    def nearly_full(connection: object) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count = 60")  # type: ignore[attr-defined]

    store = SqlConversationStore(database)
    await store.add_turn(make_turn())
    with pytest.raises(StorageError, match="the disk is full: free some space"):
        await store.add_turn(make_turn(answer="x" * 1_000_000))
    await store.add_turn(make_turn())
    assert len(await store.list_turns()) == 2
    await database.close()


@pytest.fixture
def public_folder() -> Iterator[Path]:
    """A folder that any user may enter; pytest's own belong to their user alone."""
    with tempfile.TemporaryDirectory(prefix="frontdesk-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """The folder and its files for reading only, and no root's right to write everywhere."""
    for path in (*folder.iterdir(), folder):
        path.chmod(0o555)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(user)
        folder.chmod(0o755)


async def test_a_read_only_file(public_folder: Path) -> None:
    path = await migrated(public_folder / "frontdesk.db")
    with read_only(public_folder):
        assert "is read-only: give this user the right to write" in await refusal(url_of(path))


async def test_a_folder_one_may_not_write(public_folder: Path) -> None:
    with read_only(public_folder):
        assert "cannot be opened: check that its folder" in await refusal(url_of(public_folder / "frontdesk.db"))


async def test_a_server_that_does_not_listen() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"postgresql://shop:secret@127.0.0.1:{taken.getsockname()[1]}/desk"
        message = await refusal(url)
    assert "does not answer: start the server" in message
    assert "127.0.0.1" in message
    assert "secret" not in message


@pytest.mark.parametrize("host", ["no-such-host.invalid", "localhost"])
async def test_a_host_that_is_none_or_refuses(host: str) -> None:
    assert "does not answer" in await refusal(f"postgresql://shop:secret@{host}:1/desk")


async def test_a_server_that_speaks_something_else() -> None:
    async def hello(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(hello, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    message = await refusal(f"postgresql://shop:secret@127.0.0.1:{port}/desk")
    server.close()
    assert "127.0.0.1" in message
    assert "secret" not in message


@pytest.mark.parametrize("query", ["sslmode=whatever", "port=soon", "ssl_min_protocol_version=TLSv9"])
async def test_a_parameter_that_cannot_be_read(query: str) -> None:
    message = await refusal(f"postgresql://shop:secret@/desk?host=127.0.0.1&{query}")
    assert "correct FRONTDESK_DATABASE_URL" in message
    assert "secret" not in message


async def test_check_names_engine_place_and_schema(tmp_path: Path) -> None:
    database = await Database.open(url_of(tmp_path / "frontdesk.db"))
    assert f"{tmp_path}/frontdesk.db, schema 0014, writable" in await database.check_health()
    await database.close()


async def test_a_fault_of_the_code_is_not_taken_for_one_of_the_database(tmp_path: Path) -> None:
    database = await Database.open(url_of(tmp_path / "frontdesk.db"))

    async def broken(_: object) -> None:
        raise KeyError("a bug")

    with pytest.raises(KeyError):
        await database.write(broken)
    with pytest.raises(StorageError):
        await database.read(lambda connection: connection.execute(text("SELECT nonsense")))
    await database.close()
