"""Who is signed in to the console, in the database."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import RowMapping, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.chat.people import Actor, Role
from bot.console.models import Ticket, TicketKind
from bot.database.database import Database
from bot.database.tables import console_tickets

_COLUMNS = console_tickets.c


class SqlTicketStore:
    """Implements `bot.console.ports.TicketStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, ticket: Ticket) -> None:
        actor = ticket.actor
        values = {
            "digest": ticket.digest,
            "kind": ticket.kind.value,
            "platform": actor.platform,
            "workspace": actor.workspace,
            "user_id": actor.user,
            "name": actor.name,
            "role": int(actor.role),
            "language": actor.language,
            "created_at": ticket.created_at,
            "expires_at": ticket.expires_at,
        }
        await self._database.write(partial(_execute, statement=insert(console_tickets).values(values)))

    async def find(self, digest: str, kind: TicketKind, now: datetime) -> Ticket | None:
        query = select(console_tickets).where(*_is_valid(digest, kind, now))

        async def select_ticket(connection: AsyncConnection) -> Ticket | None:
            row = (await connection.execute(query)).mappings().first()
            return _build_ticket(row) if row else None

        return await self._database.read(select_ticket)

    async def take(self, digest: str, kind: TicketKind, now: datetime) -> Ticket | None:
        gone = delete(console_tickets).where(*_is_valid(digest, kind, now)).returning(console_tickets)

        async def delete_ticket(connection: AsyncConnection) -> Ticket | None:
            row = (await connection.execute(gone)).mappings().first()
            return _build_ticket(row) if row else None

        return await self._database.write(delete_ticket)

    async def remove_expired(self, now: datetime) -> None:
        gone = delete(console_tickets).where(_COLUMNS.expires_at <= now)
        await self._database.write(partial(_execute, statement=gone))


async def _execute(connection: AsyncConnection, statement: Any) -> None:
    await connection.execute(statement)


def _is_valid(digest: str, kind: TicketKind, now: datetime) -> tuple[Any, ...]:
    return _COLUMNS.digest == digest, _COLUMNS.kind == kind.value, _COLUMNS.expires_at > now


def _build_ticket(row: RowMapping) -> Ticket:
    actor = Actor(row["platform"], row["workspace"], row["user_id"], row["name"], Role(row["role"]), row["language"])
    return Ticket(row["digest"], TicketKind(row["kind"]), actor, row["created_at"], row["expires_at"])
