"""Deletes rows in batches, each small enough for a transaction that keeps nobody waiting; -> how many, by table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import ColumnElement, Table, delete, exists, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.chat.ports import name_share
from bot.database.tables import (
    conversations,
    feedback,
    gap_drafts,
    handoff_messages,
    handoffs,
    learned,
    markers,
    taught,
    turn_passages,
    turns,
)
from bot.learned import store as learned_wordings
from bot.taught.store import changed

BATCH = 50  # of turns, of which each has passages, and stands in as many pages of the file


async def delete_rows(connection: AsyncConnection, condition: ColumnElement[bool], table: Table) -> Counter[str]:
    """Delete up to a batch of a table's rows. Nothing may depend on them."""
    key = list(table.primary_key)
    some = select(*key).where(condition).limit(BATCH)
    return await _delete_where(connection, table, tuple_(*key).in_(some) if len(key) > 1 else key[0].in_(some))


async def delete_turns(connection: AsyncConnection, condition: ColumnElement[bool]) -> Counter[str]:
    """Delete up to a batch of turns, what belongs to them, and their conversations where no turn is left."""
    some = select(turns.c.id, turns.c.conversation_id).where(condition).limit(BATCH)
    found = (await connection.execute(some)).all()
    ids, held = [row.id for row in found], sorted({row.conversation_id for row in found})
    these = conversations.c.id.in_(held)
    # Locked, or a turn that is added just now would be taken along by its conversation.
    await connection.execute(select(conversations.c.id).where(these).order_by(conversations.c.id).with_for_update())
    gone = await _delete_where(connection, turn_passages, turn_passages.c.turn_id.in_(ids))
    gone += await _delete_where(connection, feedback, feedback.c.turn_id.in_(ids))
    gone += await _delete_where(connection, gap_drafts, gap_drafts.c.turn_id.in_(ids))
    gone += await _delete_learned(connection, or_(learned.c.asked_id.in_(ids), learned.c.turn_id.in_(ids)))
    gone += await _delete_where(connection, turns, turns.c.id.in_(ids))
    await connection.execute(delete(markers).where(markers.c.name.in_([name_share(turn_id) for turn_id in ids])))
    left = exists(select(turns.c.id).where(turns.c.conversation_id == conversations.c.id))
    return gone + await _delete_where(connection, conversations, these & ~left)


async def delete_learned(connection: AsyncConnection, condition: ColumnElement[bool]) -> Counter[str]:
    """Delete up to a batch of what people showed of their words."""
    key = tuple_(learned.c.wording_id, learned.c.platform, learned.c.user_id)
    some = select(learned.c.wording_id, learned.c.platform, learned.c.user_id).where(condition).limit(BATCH)
    return await _delete_learned(connection, key.in_(some))


async def _delete_learned(connection: AsyncConnection, condition: ColumnElement[bool]) -> Counter[str]:
    gone = await _delete_where(connection, learned, condition)
    if gone:
        await learned_wordings.changed(connection)
    return gone


async def delete_handoffs(connection: AsyncConnection, condition: ColumnElement[bool]) -> Counter[str]:
    """Delete up to a batch of handoffs with what was said in them; taught answers forget where they came from."""
    ids = await _select_ids(connection, handoffs, condition)
    await _update_taught(connection, taught.c.handoff_id.in_(ids), handoff_id="")
    gone = await _delete_where(connection, handoff_messages, handoff_messages.c.handoff_id.in_(ids))
    return gone + await _delete_where(connection, handoffs, handoffs.c.id.in_(ids))


async def delete_taught(connection: AsyncConnection, condition: ColumnElement[bool]) -> Counter[str]:
    """Delete up to a batch of taught answers."""
    ids = await _select_ids(connection, taught, condition)
    gone = delete(taught).where(taught.c.id.in_(ids)).returning(taught.c.state)
    states = (await connection.execute(gone)).scalars().all()
    await changed(connection, *states)
    return Counter({"taught": len(states)}) if states else Counter()


async def strip_taught(connection: AsyncConnection, condition: ColumnElement[bool]) -> Counter[str]:
    """Let up to a batch of taught answers forget whom and where they came from; -> nothing to count but for itself."""
    ids = await _select_ids(connection, taught, condition)
    count = await _update_taught(connection, taught.c.id.in_(ids), customer="", handoff_id="")
    return Counter({"taught": count}) if count else Counter()


async def _update_taught(connection: AsyncConnection, condition: ColumnElement[bool], **values: str) -> int:
    statement = update(taught).where(condition).values(values).returning(taught.c.state)
    states = (await connection.execute(statement)).scalars().all()
    await changed(connection, *states)
    return len(states)


async def _select_ids(connection: AsyncConnection, table: Table, condition: ColumnElement[bool]) -> Sequence[str]:
    return (await connection.execute(select(table.c.id).where(condition).limit(BATCH))).scalars().all()


async def _delete_where(connection: AsyncConnection, table: Table, condition: ColumnElement[bool]) -> Counter[str]:
    count = (await connection.execute(delete(table).where(condition))).rowcount
    return Counter({table.name: count}) if count else Counter()
