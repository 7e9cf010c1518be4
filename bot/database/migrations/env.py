"""Alembic's entry: migrates the connection it was handed, or, from the command line, the database of the settings."""

from __future__ import annotations

import asyncio
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import Connection, TypeDecorator

from bot.database.tables import metadata


def render_plain_type(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Name the plain type in a drafted migration: it must stand when our own types have moved on."""
    return f"sa.{item.impl!r}" if kind == "type" and isinstance(item, TypeDecorator) else False


def run(connection: Connection) -> None:
    """Run what `alembic` was asked for in the connection's transaction."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=True,  # SQLite alters a table by rebuilding it
        render_item=render_plain_type,
        transactional_ddl=True,  # also on SQLite, where our engine begins transactions itself
    )
    with context.begin_transaction():
        context.run_migrations()


async def run_from_command_line() -> None:
    """Migrate the database of the settings."""
    from bot.database.engines import create_engine
    from bot.database.urls import parse_address
    from bot.settings import load_settings

    engine = create_engine(parse_address(load_settings().resolved_database_url), migrating=True)
    await engine.run_transaction(lambda connection: connection.run_sync(run), writing=True)
    await engine.dispose()


handed_over: Connection | None = context.config.attributes.get("connection")
if handed_over is None:
    asyncio.run(run_from_command_line())
else:
    run(handed_over)
