"""Whatever SQLAlchemy, a driver or the system raises -> one StorageError with one line: the cause, then the mend."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import SQLAlchemyError, StatementError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from bot.database.urls import Address
from bot.errors import StorageError

# By SQLite's primary result codes: https://www.sqlite.org/rescode.html
_SQLITE = {
    "SQLITE_CANTOPEN": "cannot be opened: check that its folder exists and that this user may write there",
    "SQLITE_PERM": "cannot be opened: give this user the right to read and write it",
    "SQLITE_READONLY": "is read-only: give this user the right to write the file and its folder",
    "SQLITE_FULL": "is out of room, the disk is full: free some space",
    "SQLITE_BUSY": "is locked by another process: end it (a database browser, a backup?), then try again",
    "SQLITE_LOCKED": "is locked by another process: end it (a database browser, a backup?), then try again",
    "SQLITE_NOTADB": "is not a SQLite database: move that file away, or set FRONTDESK_DATABASE_URL to another",
    "SQLITE_CORRUPT": "is damaged: restore a backup, or save what is left with 'sqlite3 FILE .recover'",
    "SQLITE_IOERR": "cannot be read or written, the disk reports an error: check the disk and its free space",
    "SQLITE_CONSTRAINT": "refuses a row that contradicts another",
}

# By SQLSTATE, its first five, then its first two digits: https://www.postgresql.org/docs/current/errcodes-appendix.html
_POSTGRESQL = {
    "28": "refuses the user or the password: correct them in FRONTDESK_DATABASE_URL",
    "3D": "does not exist: create it with 'createdb', or correct its name in FRONTDESK_DATABASE_URL",
    "42501": "does not let this user do that: make the user the database's owner",
    "25006": "is read-only: name the primary server in FRONTDESK_DATABASE_URL",
    "53100": "is out of room, the server's disk is full: free some space there",
    "53300": "has no connection free: raise max_connections, or end other clients",
    "57P": "is starting up or shutting down: try again in a moment",
    "08": "closed the connection: check the server, then try again",
    "22": "refuses a value that is malformed or out of range",  # the driver's own words would quote it
    "23": "refuses a row that contradicts another",
    "54": "refuses an identifier or a location that is too long: shorten it to below 2,700 bytes",
}

_UNREACHABLE = "does not answer: start the server, or correct host and port in FRONTDESK_DATABASE_URL"


@contextmanager
def translate_faults(address: Address) -> Iterator[None]:
    """Turn every fault of the database inside the block into a StorageError that names `address`."""
    try:
        yield
    except (SQLAlchemyError, sqlite3.Error, OSError) as error:
        raise StorageError(explain_fault(error, address)) from error
    except Exception as error:
        if type(error).__module__.startswith("asyncpg"):  # raised while connecting, not wrapped
            raise StorageError(explain_fault(error, address)) from error
        raise


def rolled_back(error: StorageError) -> bool:
    """Whether PostgreSQL ended the transaction only because it and another waited for each other: a deadlock or a
    serialization failure (https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html)."""
    return getattr(getattr(error.__cause__, "orig", None), "sqlstate", "") in {"40P01", "40001"}


def explain_fault(error: Exception, address: Address) -> str:
    """One line for an operator, without the password and without any text of a message."""
    cause = _driver_error(error)
    return (
        f"The {'' if address.is_sqlite else 'PostgreSQL '}database {address.shown} {_describe_cause(cause, address)}."
    )


def _driver_error(error: BaseException) -> BaseException:
    """The innermost error: SQLAlchemy wraps the driver's in `orig`, its asyncpg layer once more as a cause."""
    while True:
        inner = error.orig if isinstance(error, StatementError) else None
        if inner is None and hasattr(error, "sqlstate") and error.__cause__ is not None:
            inner = error.__cause__
        if inner is None:
            return error
        error = inner


def _describe_cause(cause: BaseException, address: Address) -> str:
    if isinstance(cause, PoolTimeoutError):
        return "is too busy, no connection came free in time: try again, or run fewer questions at once"
    name = getattr(cause, "sqlite_errorname", None) or ""
    state = getattr(cause, "sqlstate", None) or ""
    known = _SQLITE.get("_".join(name.split("_")[:2])) or next(
        (_POSTGRESQL[state[:digits]] for digits in (5, 3, 2) if state[:digits] in _POSTGRESQL), None
    )
    if known:
        return known
    if type(cause).__name__ == "InternalClientError":  # asyncpg's, when the line is cut between two of its steps
        return _POSTGRESQL["08"]
    if not address.is_sqlite and isinstance(cause, OSError):
        return _UNREACHABLE
    message = str(cause.args[0] if cause.args else cause).strip().partition("\n")[0]
    return f"failed ({type(cause).__name__}: {address.without_secrets(message)}): run 'frontdesk doctor'"
