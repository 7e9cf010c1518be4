"""The numbers, counted by the database: nothing but sums leaves it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy import CTE, ColumnElement, Float, Integer, Select, and_, case, cast, exists, func, literal, or_, select
from sqlalchemy import extract as extract_part
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.chat.conversation import Decision, Vote
from bot.chat.message import Party
from bot.database.database import Database
from bot.database.tables import feedback, handoff_messages, handoffs, inbox, learned, turn_passages, turns
from bot.insights.models import Ending, Grouping, Tally, Times, Window
from bot.learned.models import Gesture

_COUNTED = [decision.value for decision in Decision if decision is not Decision.CHITCHAT]
_REPLIED = [Decision.ANSWER.value, Decision.SUGGEST.value]
_DAY = 86_400
_MONDAY = 4 * _DAY  # 1970 began on a Thursday


class SqlInsightStore:
    """Implements `bot.insights.ports.InsightStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, window: Window, grouping: Grouping | None = None) -> Mapping[str, Tally]:
        """Four sums over the questions of the time, each by one pass."""
        asked = _list_questions(window)
        group = _GROUPS[grouping](asked) if grouping else None
        decided = _sum_by(asked, group, asked.c.decision)
        ended = _sum_by(asked, group, _tell_ending(asked, window)).where(_is_last(asked, window))
        handed = _sum_by(asked, group, asked.c.decision).where(_was_handed_over(asked, window))
        voted = _sum_by(asked, group, feedback.c.vote).join(feedback, feedback.c.turn_id == asked.c.id)
        tallies = await self._database.read(partial(_fetch_sums, queries=(decided, ended, handed, voted)))
        return {name: _build_tally(*parts) for name, parts in tallies.items()} or {"": Tally()}

    async def measure_first_replies(self, window: Window) -> Times:
        """By what each turn tells of itself."""
        waited = cast(turns.c.timings_ms["total"].as_float(), Float) / 1000
        query = select(waited.label("waited")).where(_is_within(window), turns.c.decision.in_(_COUNTED))
        return await self._measure(query)

    async def measure_people(self, window: Window) -> Times:
        """By the first of a person's messages in each handoff."""
        first = (
            select(handoff_messages.c.handoff_id, func.min(handoff_messages.c.at).label("at"))
            .where(handoff_messages.c.side == Party.SUPPORT.value)
            .group_by(handoff_messages.c.handoff_id)
            .subquery()
        )
        waited = _seconds(first.c.at) - _seconds(handoffs.c.created_at)
        opened = (handoffs.c.created_at >= window.since) & (handoffs.c.created_at < window.until)
        query = select(cast(waited, Float).label("waited")).join(first, first.c.handoff_id == handoffs.c.id)
        return await self._measure(query.where(opened))

    async def count_reasons(self, window: Window, limit: int = 20) -> Mapping[str, int]:
        """Word for word, as people gave them."""
        said = (feedback.c.vote == Vote.DOWN.value) & (feedback.c.reason != "")
        query = (
            select(feedback.c.reason, func.count().label("given"))
            .join(turns, turns.c.id == feedback.c.turn_id)
            .where(said, _is_within(window))
            .group_by(feedback.c.reason)
            .order_by(func.count().desc(), feedback.c.reason)
            .limit(limit)
        )

        async def fetch(connection: AsyncConnection) -> Mapping[str, int]:
            return {row.reason: int(row.given) for row in await connection.execute(query)}

        return await self._database.read(fetch)

    async def _measure(self, query: Select[Any]) -> Times:
        """The median and 95th percentile of `waited`, by rank: SQLite has no percentiles."""
        ranked = query.add_columns(
            func.row_number().over(order_by=query.selected_columns.waited).label("rank"),
            func.count().over().label("total"),
        ).subquery()
        near = select(ranked.c.waited, ranked.c.rank, ranked.c.total).where(
            or_(*(ranked.c.rank == _find_rank(ranked.c.total, percent) for percent in (50, 95)))
        )

        async def fetch(connection: AsyncConnection) -> Times:
            rows = (await connection.execute(near.order_by(ranked.c.rank))).all()
            return Times(float(rows[0].waited), float(rows[-1].waited), int(rows[0].total)) if rows else Times()

        return await self._database.read(fetch)


def _find_rank(total: ColumnElement[int], percent: int) -> ColumnElement[Any]:
    """The rank, from 1, of the value that so many percent do not exceed."""
    scaled = total * percent
    return (scaled + 99 - (scaled + 99) % 100) / 100


def _is_within(window: Window) -> ColumnElement[bool]:
    return and_(turns.c.created_at >= window.since, turns.c.created_at < window.until)


def _seconds(moment: ColumnElement[Any]) -> ColumnElement[int]:
    """Whole seconds since 1970."""
    return cast(extract_part("epoch", moment), Integer)


def _list_questions(window: Window) -> CTE:
    """Each question of the time, and when its conversation was gone on with ("": it was not, so far)."""
    later = func.lead(turns.c.created_at).over(
        partition_by=turns.c.conversation_id, order_by=(turns.c.created_at, turns.c.id)
    )
    columns = (turns.c.id, turns.c.conversation_id, turns.c.created_at, turns.c.decision)
    told = (turns.c.language, turns.c.platform, later.label("asked_on_at"))
    every = select(*columns, *told).where(
        turns.c.created_at >= window.since,
        turns.c.created_at < window.until + window.quiet,
        turns.c.decision.in_(_COUNTED),
    )
    around = every.cte("every_question")
    return select(around).where(around.c.created_at < window.until).cte("asked")


def _is_last(asked: CTE, window: Window) -> ColumnElement[bool]:
    """Whether its conversation was not gone on with in time."""
    quiet = int(window.quiet.total_seconds())
    return asked.c.asked_on_at.is_(None) | (_seconds(asked.c.asked_on_at) - _seconds(asked.c.created_at) >= quiet)


def _was_handed_over(asked: CTE, window: Window) -> ColumnElement[bool]:
    """Whether people got it: it was handed over itself, or its conversation soon after."""
    passed = _seconds(handoffs.c.created_at) - _seconds(asked.c.created_at)
    soon = (passed >= 0) & (passed < int(window.quiet.total_seconds())) & _is_last(asked, window)
    same = handoffs.c.conversation_id == asked.c.conversation_id
    return exists().where(or_(handoffs.c.turn_id == asked.c.id, same & soon))


def _tell_ending(asked: CTE, window: Window) -> ColumnElement[str]:
    """How the conversation ended whose last question it is."""
    praised = exists().where(feedback.c.turn_id == asked.c.id, feedback.c.vote == Vote.UP.value)
    blamed = exists().where(feedback.c.turn_id == asked.c.id, feedback.c.vote == Vote.DOWN.value)
    confirmed = exists().where(learned.c.turn_id == asked.c.id, learned.c.gesture == Gesture.CONFIRMED.value)
    running = asked.c.created_at > window.now - window.quiet
    return case(
        (blamed | _was_handed_over(asked, window), Ending.UNRESOLVED.value),
        (praised | confirmed, Ending.CONFIRMED.value),
        (running, Ending.RUNNING.value),
        (asked.c.decision.in_(_REPLIED), Ending.QUIET.value),
        else_=Ending.UNRESOLVED.value,
    )


def _sum_by(asked: CTE, group: ColumnElement[Any] | None, what: ColumnElement[Any]) -> Select[Any]:
    """How many there are of each, in each group."""
    kind, name = what.label("kind"), (group if group is not None else literal("")).label("name")
    return select(name, kind, func.count().label("count")).select_from(asked).group_by(name, kind)


async def _fetch_sums(connection: AsyncConnection, queries: tuple[Select[Any], ...]) -> dict[str, list[dict[str, int]]]:
    """For each group, the counts of each query by their kinds."""
    found: dict[str, list[dict[str, int]]] = defaultdict(lambda: [{} for _ in queries])
    for place, query in enumerate(queries):
        for row in (await connection.execute(query)).mappings():
            found[str(row["name"] if row["name"] is not None else "")][place][row["kind"]] = int(row["count"])
    return found


def _build_tally(
    decisions: dict[str, int], endings: dict[str, int], handed: dict[str, int], votes: dict[str, int]
) -> Tally:
    return Tally(decisions, {Ending(name): count for name, count in endings.items()}, sum(handed.values()), votes)


def _start_of(length: int, offset: int = 0) -> Any:
    def group(asked: CTE) -> ColumnElement[Any]:
        seconds = _seconds(asked.c.created_at)
        return seconds - (seconds - offset) % length

    return group


def _channel_of(asked: CTE) -> ColumnElement[Any]:
    return select(inbox.c.channel).where(inbox.c.turn_id == asked.c.id).limit(1).scalar_subquery()


def _page_of(asked: CTE) -> ColumnElement[Any]:
    first = and_(turn_passages.c.turn_id == asked.c.id, turn_passages.c.rank == 1)
    shown = asked.c.decision.in_(_REPLIED)
    return select(turn_passages.c.url).where(first, shown).scalar_subquery()


_GROUPS = {
    Grouping.DAY: _start_of(_DAY),
    Grouping.WEEK: _start_of(7 * _DAY, _MONDAY),
    Grouping.LANGUAGE: lambda asked: asked.c.language,
    Grouping.PLATFORM: lambda asked: asked.c.platform,
    Grouping.CHANNEL: _channel_of,
    Grouping.PAGE: _page_of,
}
