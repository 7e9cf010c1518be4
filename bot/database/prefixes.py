"""Ids of 32 hex digits by their first few, as people type them."""

from __future__ import annotations

import re

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import BotError


async def full_id(
    connection: AsyncConnection, table: Table, text: str, unknown: type[BotError], *, noun: str, shown_by: str
) -> str:
    """The id in `table` that `text` begins. Raises `unknown` where there is none or more than one.

    `noun` says what has such an id, `shown_by` which command shows them.
    """
    prefix = text.strip().lower().replace("-", "")
    if not re.fullmatch("[0-9a-f]{4,32}", prefix):
        raise unknown(
            f"{text!r} is no {noun}'s id: give its first digits (0-9, a-f; at least 4) as '{shown_by}' shows."
        )
    ids = table.c.id
    query = select(ids).where(ids.between(prefix.ljust(32, "0"), prefix.ljust(32, "f"))).order_by(ids).limit(2)
    found = (await connection.execute(query)).scalars().all()
    if not found:
        raise unknown(f"No {noun}'s id begins with {text!r}: '{shown_by}' shows those that are kept.")
    if len(found) > 1:
        raise unknown(f"Several {noun}s' ids begin with {text!r} ({', '.join(found)} …): give more digits.")
    return str(found[0])
