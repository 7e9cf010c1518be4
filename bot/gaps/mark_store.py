"""What admins said of gaps, in the database: by which questions each mark finds its gap, and nobody's words."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import RowMapping, Select, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.database.database import Database, upsert
from bot.database.prefixes import full_id
from bot.database.tables import gap_mark_questions, gap_marks, turns
from bot.errors import UnknownGap
from bot.gaps.models import GapMark, Missed

MOST_QUESTIONS = 20  # of a mark: enough to know its gap by, whoever of its askers is forgotten
_SHOWN_BY = "frontdesk gaps list"
_MARK = (gap_marks.c.id, gap_marks.c.dismissed, gap_marks.c.assignee, gap_marks.c.marked_by, gap_marks.c.updated_at)
_ASKED = (turns.c.id.label("turn_id"), turns.c.standalone_question, turns.c.language, turns.c.created_at)
_ASKER = (turns.c.platform, turns.c.user_id)


class SqlGapMarkStore:
    """Implements `bot.gaps.ports.GapMarkStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def list_marks(self, limit: int = 1000) -> Sequence[GapMark]:
        query = _select_marks().limit(limit)
        return await self._database.read(lambda connection: _fetch_marks(connection, query))

    async def record_mark(
        self, ids: Sequence[str], by: str, *, dismissed: bool | None = None, assignee: str | None = None
    ) -> GapMark:
        said = {"dismissed": dismissed, "assignee": assignee}
        values = {name: value for name, value in said.items() if value is not None}

        async def work(connection: AsyncConnection) -> GapMark:
            mark, asked = await _resolve_ids(connection, ids)
            now = {"marked_by": by, "updated_at": datetime.now(UTC)}
            mark = mark or await _find_mark(connection, asked)
            if mark is None:
                mark = uuid.uuid4().hex
                new = {"id": mark, "dismissed": False, "assignee": ""} | values | now
                await connection.execute(insert(gap_marks).values(new))
            else:
                await connection.execute(update(gap_marks).where(gap_marks.c.id == mark).values(values | now))
            await _add_questions(connection, mark, asked)
            found = await _fetch_marks(connection, _select_marks().where(gap_marks.c.id == mark))
            if not found:
                raise UnknownGap(f"All that was asked of that gap is forgotten: '{_SHOWN_BY}' shows what there is.")
            return found[0]

        return await self._database.write(work)


def _select_marks() -> Select[Any]:
    return (
        select(*_MARK, *_ASKED, *_ASKER)
        .join(gap_mark_questions, gap_mark_questions.c.mark_id == gap_marks.c.id)
        .join(turns, turns.c.id == gap_mark_questions.c.turn_id)
        .order_by(gap_marks.c.updated_at.desc(), gap_marks.c.id, turns.c.created_at.desc(), turns.c.id)
    )


async def _fetch_marks(connection: AsyncConnection, query: Select[Any]) -> Sequence[GapMark]:
    rows = (await connection.execute(query)).mappings().all()
    return [_build_mark(list(group)) for _, group in groupby(rows, lambda row: row["id"])]


def _build_mark(rows: Sequence[RowMapping]) -> GapMark:
    first = rows[0]
    questions = tuple(
        Missed(
            turn_id=row["turn_id"],
            question=row["standalone_question"],
            language=row["language"],
            asker=f"{row['platform']}:{row['user_id']}",
            at=row["created_at"],
            reasons=frozenset(),
            first=True,  # it was a gap's: it says what it is about
        )
        for row in rows
    )
    return GapMark(
        first["id"], first["dismissed"], first["assignee"], first["marked_by"], first["updated_at"], questions
    )


async def _resolve_ids(connection: AsyncConnection, ids: Sequence[str]) -> tuple[str | None, Sequence[str]]:
    """A mark that is among them, and the turns. Raises UnknownGap."""
    mark, asked = None, []
    for each in ids[:MOST_QUESTIONS]:
        try:
            found = await full_id(connection, gap_marks, each, UnknownGap, noun="gap", shown_by=_SHOWN_BY)
            mark = mark or found
        except UnknownGap:
            asked.append(await full_id(connection, turns, each, UnknownGap, noun="gap", shown_by=_SHOWN_BY))
    return mark, asked


async def _find_mark(connection: AsyncConnection, asked: Sequence[str]) -> str | None:
    """The last that was said of one of these questions."""
    query = (
        select(gap_marks.c.id)
        .join(gap_mark_questions, gap_mark_questions.c.mark_id == gap_marks.c.id)
        .where(gap_mark_questions.c.turn_id.in_(asked))
        .order_by(gap_marks.c.updated_at.desc(), gap_marks.c.id)
        .limit(1)
    )
    found = await connection.scalar(query)
    return str(found) if found else None


async def _add_questions(connection: AsyncConnection, mark: str, asked: Sequence[str]) -> None:
    """The newest are kept; marks that have lost their last question go on the way."""
    for turn_id in asked:
        row = upsert(connection, gap_mark_questions).values(mark_id=mark, turn_id=turn_id)
        await connection.execute(row.on_conflict_do_nothing())
    theirs = gap_mark_questions.c.mark_id == mark
    kept = (
        select(gap_mark_questions.c.turn_id)
        .join(turns, turns.c.id == gap_mark_questions.c.turn_id)
        .where(theirs)
        .order_by(turns.c.created_at.desc(), turns.c.id)
        .limit(MOST_QUESTIONS)
    )
    newest = (await connection.execute(kept)).scalars().all()
    await connection.execute(delete(gap_mark_questions).where(theirs, gap_mark_questions.c.turn_id.not_in(newest)))
    lost = gap_marks.c.id.not_in(select(gap_mark_questions.c.mark_id))
    await connection.execute(delete(gap_marks).where(lost))
