"""Database URLs as people write them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.database.urls import parse_address
from bot.errors import StorageError


@pytest.mark.parametrize("scheme", ["sqlite", "sqlite+aiosqlite", "sqlite+pysqlite"])
def test_any_spelling_of_sqlite_names_the_file(scheme: str, tmp_path: Path) -> None:
    address = parse_address(f"{scheme}:///{tmp_path}/frontdesk.db")
    assert address.is_sqlite
    assert address.shown == str(tmp_path / "frontdesk.db")
    assert address.url.drivername == "sqlite"


def test_a_relative_path_counts_from_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert parse_address("sqlite:///frontdesk.db").shown == str(tmp_path / "frontdesk.db")


def test_a_tilde_is_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert parse_address("sqlite:///~/frontdesk.db").shown == str(tmp_path / "frontdesk.db")


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+asyncpg", "postgresql+psycopg2"])
def test_any_spelling_of_postgresql_goes_to_asyncpg(scheme: str) -> None:
    address = parse_address(f"{scheme}://shop:p%40ss@db.example:6432/desk?sslmode=require&channel_binding=require")
    assert not address.is_sqlite
    assert address.shown == "desk at db.example:6432"
    assert address.dsn == "postgresql://shop:p%40ss@db.example:6432/desk?sslmode=require"


def test_a_socket_folder_is_named(tmp_path: Path) -> None:
    assert parse_address("postgresql:///desk?host=/var/run/postgresql").shown == "desk at /var/run/postgresql"


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("nonsense", "cannot be read"),
        ("", "cannot be read"),
        ("postgresql://shop:secret@db:port/desk", "cannot be read"),
        ("mysql://shop:secret@db/desk", "'mysql'"),
        ("sqlite://", "names no file"),
        ("sqlite:///:memory:", "names no file"),
        ("sqlite:///file:desk?mode=memory&uri=true", "names no file"),
        ("sqlite://var/frontdesk.db", "two slashes"),
        ("sqlite:////no/such/folder/frontdesk.db", "create /no/such/folder"),
        (f"sqlite:///{os.sep}", "is a folder"),
        ("sqlite:////tmp/frontdesk.db?timeout=soon", "no number"),
    ],
)
def test_a_url_that_cannot_serve_is_refused_in_one_line_with_the_mend(url: str, says: str) -> None:
    with pytest.raises(StorageError) as refused:
        parse_address(url)
    message = str(refused.value)
    assert says in message
    assert "secret" not in message
    assert "\n" not in message


def test_no_form_of_an_address_shows_its_password() -> None:
    address = parse_address("postgresql://shop:secret@db.example/desk?sslpassword=hidden")
    for text in (repr(address), str(address), address.shown, address.without_secrets("a secret, hidden")):
        assert "secret" not in text
        assert "hidden" not in text
