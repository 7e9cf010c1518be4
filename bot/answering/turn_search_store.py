"""Searching the log of conversations in the database: newest first, a page and a stretch of the log at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, exists, func, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.answering.turn_search import FoundTurn, Position, TurnPage, TurnQuery, find_channel
from bot.chat.conversation import Decision, Vote
from bot.database.database import Database
from bot.database.tables import feedback, handoffs, turn_passages, turns

LOOKED_AT = 50_000  # turns of a page: reading them takes some tenths of a second
_SHOWN = ("id", "conversation_id", "created_at", "platform", "user_id", "question", "answer", "decision")
_COLUMNS = tuple(turns.c[name] for name in _SHOWN)


class SqlTurnSearch:
    """Implements `bot.answering.ports.TurnSearch`. `looked_at`: so many turns are read for a page at most."""

    def __init__(self, database: Database, looked_at: int = LOOKED_AT) -> None:
        self._database = database
        self._looked_at = looked_at

    async def find_turns(self, query: TurnQuery, before: Position | None = None, limit: int = 50) -> TurnPage:
        async def work(connection: AsyncConnection) -> TurnPage:
            floor = await self._find_floor(connection, query, before) if query.reads_turns else None
            conditions = [*_list_ranges(query, before, floor), *_list_conditions(query, connection.dialect.name)]
            newest = (turns.c.created_at.desc(), turns.c.id.desc())
            statement = select(*_COLUMNS).where(*conditions).order_by(*newest).limit(limit + 1)
            rows = (await connection.execute(statement)).mappings().all()
            found = await _build_turns(connection, rows[:limit], sees_limited=query.sees_limited)
            if len(rows) > limit:
                return TurnPage(found, Position(found[-1].created_at, found[-1].id))
            # Turns of that very moment have been looked at, and every id comes behind "".
            return TurnPage(found, Position(floor, "") if floor else None, floor)

        return await self._database.read(work)

    async def _find_floor(
        self, connection: AsyncConnection, query: TurnQuery, before: Position | None
    ) -> datetime | None:
        """How far back is looked for this page; None: to the beginning."""
        statement = (
            select(turns.c.created_at)
            .where(*_list_ranges(query, before, None, by_time=True))
            .order_by(turns.c.created_at.desc())
            .offset(self._looked_at)
            .limit(1)
        )
        found: datetime | None = await connection.scalar(statement)
        return found


def _list_ranges(
    query: TurnQuery, before: Position | None, floor: datetime | None, *, by_time: bool = False
) -> Iterator[ColumnElement[bool]]:
    """What there are indexes for. `by_time`: where it goes on is told by the time alone, for which one index is
    enough."""
    if query.since is not None:
        yield turns.c.created_at >= query.since
    if query.until is not None:
        yield turns.c.created_at < query.until
    if before is not None:
        yield turns.c.created_at <= before.at if before.turn_id else turns.c.created_at < before.at
    if before is not None and not by_time:
        yield tuple_(turns.c.created_at, turns.c.id) < (before.at, before.turn_id)
    if floor is not None:
        yield turns.c.created_at >= floor
    if query.person:
        platform, _, user = query.person.partition(":")
        named = and_(turns.c.user_id == user, turns.c.platform == platform)
        yield or_(turns.c.user_id == query.person, named) if user else turns.c.user_id == query.person


def _list_conditions(query: TurnQuery, dialect: str) -> Iterator[ColumnElement[bool]]:
    """What turns are read for."""
    if query.decision is not None:
        yield turns.c.decision == query.decision.value
    if query.vote is not None:
        yield exists().where(feedback.c.turn_id == turns.c.id, feedback.c.vote == query.vote.value)
    if query.channel:
        channel = _escape_pattern(query.channel)
        here = (f"%:%:{channel}", f"%:%:{channel}:%")
        yield or_(*(turns.c.conversation_id.like(pattern, escape="\\") for pattern in here))
    asked = [_holds_word(turns.c.question, word, dialect) for word in query.words]
    answered = [_holds_word(turns.c.answer, word, dialect) for word in query.words]
    yield from (or_(*either) for either in zip(asked, answered, strict=True))
    if query.words and not query.sees_limited:
        yield or_(and_(*asked), ~_is_limited())


def _is_limited() -> ColumnElement[bool]:
    """Whether something was found that is for some alone."""
    return exists().where(turn_passages.c.turn_id == turns.c.id, turn_passages.c.audience.is_not(None))


def _holds_word(column: ColumnElement[str], word: str, dialect: str) -> ColumnElement[bool]:
    """In whatever case: engines know that of ASCII letters, and of others in the ways they are mostly written."""
    like = column.ilike if dialect == "postgresql" else column.like
    others = set() if word.isascii() else {word.lower(), word.upper(), word.capitalize()} - {word}
    written = (column.like(_make_pattern(each), escape="\\") for each in sorted(others))
    return or_(like(_make_pattern(word), escape="\\"), *written)


def _make_pattern(word: str) -> str:
    return f"%{_escape_pattern(word)}%"


def _escape_pattern(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def _build_turns(
    connection: AsyncConnection, rows: Sequence[RowMapping], *, sees_limited: bool
) -> tuple[FoundTurn, ...]:
    ids = [row["id"] for row in rows]
    if not ids:
        return ()
    votes = await _count_votes(connection, ids)
    handed_over = select(handoffs.c.turn_id).where(handoffs.c.turn_id.in_(ids))
    handed = frozenset((await connection.execute(handed_over)).scalars())
    limited: Collection[str] = ()
    if not sees_limited:
        of_some = select(turn_passages.c.turn_id).where(
            turn_passages.c.turn_id.in_(ids), turn_passages.c.audience.is_not(None)
        )
        limited = frozenset((await connection.execute(of_some)).scalars())
    return tuple(_build_turn(row, votes[row["id"]], handed, limited) for row in rows)


def _build_turn(
    row: RowMapping, votes: Mapping[Vote, int], handed: Collection[str], limited: Collection[str]
) -> FoundTurn:
    values: dict[str, Any] = dict(row)
    is_limited = row["id"] in limited
    values |= {"user": values.pop("user_id"), "decision": Decision(row["decision"])}
    values |= {"answer": ""} if is_limited else {}
    return FoundTurn(
        **values,
        channel=find_channel(row["platform"], row["conversation_id"]),
        votes=votes,
        is_handed_over=row["id"] in handed,
        is_limited=is_limited,
    )


async def _count_votes(connection: AsyncConnection, ids: Sequence[str]) -> Mapping[str, Mapping[Vote, int]]:
    counted = (
        select(feedback.c.turn_id, feedback.c.vote, func.count().label("given"))
        .where(feedback.c.turn_id.in_(ids))
        .group_by(feedback.c.turn_id, feedback.c.vote)
    )
    votes: dict[str, dict[Vote, int]] = defaultdict(dict)
    for row in await connection.execute(counted):
        votes[row.turn_id][Vote(row.vote)] = int(row.given)
    return votes
