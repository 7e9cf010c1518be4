"""Database URLs as people write them -> an engine to use. Nothing here ever shows a password."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from bot.errors import StorageError

_EXPECTED = (
    "set FRONTDESK_DATABASE_URL to sqlite:////path/to/frontdesk.db or postgresql://user:password@host:5432/database"
)
_LOCK_SECONDS = 15.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where a database is. `shown` names it for people; `url` opens it, and holds the password; `lock_seconds` is how
    long a SQLite writer waits for another process's write."""

    shown: str
    url: URL = field(repr=False)
    lock_seconds: float = _LOCK_SECONDS

    @property
    def is_sqlite(self) -> bool:
        """SQLite, or else PostgreSQL."""
        return self.url.get_backend_name() == "sqlite"

    @property
    def dsn(self) -> str:
        """The PostgreSQL URL for asyncpg, which understands libpq's parameters (sslmode, host=/socket …)."""
        return self.url.set(drivername="postgresql").render_as_string(hide_password=False)

    def without_secrets(self, text: str) -> str:
        """`text` with the password blotted out."""
        secrets = (self.url.password, self.url.query.get("password"), self.url.query.get("sslpassword"))
        for secret in secrets:
            if isinstance(secret, str) and secret:
                text = text.replace(secret, "***")
        return text


def parse_address(text: str) -> Address:
    """The database that a URL names: `sqlite:///…`, `postgresql://…` or `postgres://…`, with or without a driver.

    Raises StorageError, also when the folder of a SQLite file does not exist.
    """
    try:
        url = make_url(text.strip())
        backend = url.drivername.partition("+")[0]
    except (ArgumentError, ValueError):  # its message repeats the URL, password and all
        raise StorageError(f"The database URL cannot be read: {_EXPECTED}.") from None
    if backend == "sqlite":
        return _parse_sqlite(url)
    if backend in ("postgresql", "postgres"):
        return _parse_postgresql(url)
    raise StorageError(f"Frontdesk keeps its log in SQLite or PostgreSQL, not in {backend!r}: {_EXPECTED}.")


def _parse_sqlite(url: URL) -> Address:
    if url.host:
        raise StorageError(
            f"The SQLite URL has two slashes before {url.host!r}: three start a relative path, four an absolute one."
        )
    if not url.database or url.database.startswith((":memory:", "file:")):
        raise StorageError(
            "The SQLite URL names no file, so nothing would be kept: write sqlite:////path/frontdesk.db."
        )
    path = Path(url.database).expanduser().absolute()
    if not path.parent.is_dir():
        raise StorageError(f"The database {path} cannot be made: its folder does not exist; create {path.parent}.")
    if path.is_dir():
        raise StorageError(f"The database {path} is a folder: name a file in it, like {path / 'frontdesk.db'}.")
    try:
        lock_seconds = float(str(url.query.get("timeout", _LOCK_SECONDS)))
    except ValueError:
        raise StorageError("The SQLite URL's timeout is no number of seconds: write ?timeout=15.") from None
    return Address(str(path), url.set(drivername="sqlite", database=str(path), query={}), lock_seconds)


def _parse_postgresql(url: URL) -> Address:
    # channel_binding is libpq's own; asyncpg would hand it to the server as a setting, which refuses it.
    url = url.set(drivername="postgresql+asyncpg").difference_update_query(["channel_binding"])
    socket = url.query.get("host", "")
    host = url.host or (socket if isinstance(socket, str) else ",".join(socket)) or "localhost"
    port = f":{url.port}" if url.port else ""
    return Address(f"{url.database or url.username or 'database'} at {host}{port}", url)
