"""Which schema a database has, and how it gets the newest. Alembic is imported only when there is something to do."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import SchemaError

HEAD = "0022"
"""The newest migration: a database that has it is opened without loading Alembic. A test compares."""

MIGRATIONS = Path(__file__).parent / "migrations"

_ADVISORY_LOCK = 0x66726F6E74  # "front": an arbitrary number that every Frontdesk takes on PostgreSQL


async def load_version(connection: AsyncConnection) -> str | None:
    """The database's schema version; None when it has none yet."""
    return await connection.run_sync(_read_version)


def upgrade_schema(connection: Connection) -> None:
    """Bring the database to `HEAD` inside the caller's transaction; other processes wait, then find it done.

    On SQLite the transaction must have begun IMMEDIATE, which is the lock. Raises SchemaError.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    current = _read_version(connection)
    if current == HEAD:
        return
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise SchemaError(
            f"The database was made by a newer Frontdesk (schema {current}, this one knows {HEAD}): "
            "upgrade Frontdesk, or set FRONTDESK_DATABASE_URL to another database."
        )
    command.upgrade(config, "head")


def _read_version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
