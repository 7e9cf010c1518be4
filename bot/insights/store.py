"""The numbers, counted by the database: nothing but sums leaves it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    CompoundSelect,
    Float,
    FromClause,
    Integer,
    RowMapping,
    Select,
    Subquery,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    or_,
    select,
    union,
    union_all,
)
from sqlalchemy import extract as extract_part
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.chat.conversation import Decision, Vote
from bot.chat.intent import Intent
from bot.chat.message import Party
from bot.database.database import Database, plan_for_sums
from bot.database.tables import feedback, handoff_messages, handoffs, learned, turns
from bot.insights.models import Ending, Grouping, Share, Tally, Times, Window
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
        """By one pass over the questions of the time, and a look at those to which something happened."""
        query = _count_alike(window, grouping)

        async def fetch(connection: AsyncConnection) -> Mapping[str, Tally]:
            await plan_for_sums(connection)
            return _add_up((await connection.execute(query)).mappings())

        return await self._database.read(fetch) or {"": Tally()}

    async def measure_first_replies(self, window: Window) -> Times:
        """By what each turn tells of itself."""
        query = select((turns.c.waited_ms / 1000).label("waited"))
        query = query.where(_is_within(window), turns.c.decision.in_(_COUNTED), turns.c.waited_ms.is_not(None))
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

    async def count_helped(self, window: Window) -> Share:
        """By what each said last."""
        asked = and_(handoffs.c.helped_asked_at >= window.since, handoffs.c.helped_asked_at < window.until)
        yes = func.sum(case((handoffs.c.helped.is_(True), 1), else_=0))
        query = select(yes.label("yes"), func.count(handoffs.c.helped).label("said")).where(asked)

        async def fetch(connection: AsyncConnection) -> Share:
            row = (await connection.execute(query)).one()
            return Share(int(row.yes or 0), int(row.said))

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
            await plan_for_sums(connection)
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


def _count_alike(window: Window, grouping: Grouping | None) -> CompoundSelect[Any]:
    """How many questions of each group were decided and ended alike, if nothing is looked at but what was asked; and of
    the few to which something happened besides, how many ended otherwise, were handed over, and got which votes."""
    name, usual = _GROUPS[grouping] if grouping else literal(""), _tell_usual_ending(window)
    asked = and_(_is_within(window), turns.c.decision.in_(_COUNTED))
    every = (name.label("name"), turns.c.decision.label("decision"), usual.label("usual"))
    nothing = (literal(None).label("ending"), literal(0).label("handed_over"))
    plain = select(*every, *nothing).where(asked).subquery()
    few = _list_touched(window)
    voted, handed, followed = few["voted"], few["handed"], few["followed"]
    handed_over = handed.c.turn_id.is_not(None) | (_is_last(window) & _is_soon(followed.c.at, window))
    praised = or_(voted.c.up > 0, few["confirmed"].c.turn_id.is_not(None), _is_soon(few["thanked"].c.at, window))
    ending = case(
        (usual.is_(None), literal(None)),
        ((voted.c.down > 0) | handed_over, Ending.UNRESOLVED.value),
        (praised, Ending.CONFIRMED.value),
        else_=usual,
    )
    found = (ending.label("ending"), case((handed_over, 1), else_=0).label("handed_over"))
    ids = union(*(select(each.c.turn_id) for each in few.values())).subquery("touched")
    joined: FromClause = ids.join(turns, turns.c.id == ids.c.turn_id)
    for each in few.values():
        joined = joined.outerjoin(each, each.c.turn_id == ids.c.turn_id)
    touched = select(*every, *found, voted.c.up, voted.c.down).select_from(joined).where(asked).subquery()
    votes = (func.sum(touched.c.up), func.sum(touched.c.down))
    return union_all(_sum_alike(plain, "every", (literal(0), literal(0))), _sum_alike(touched, "touched", votes))


def _sum_alike(each: Subquery, which: str, votes: tuple[ColumnElement[Any], ColumnElement[Any]]) -> Select[Any]:
    keys = (each.c.name, each.c.decision, each.c.usual, each.c.ending, each.c.handed_over)
    counts = (func.count().label("count"), votes[0].label("up"), votes[1].label("down"))
    return select(literal(which).label("which"), *keys, *counts).group_by(*keys)


def _tell_usual_ending(window: Window) -> ColumnElement[Any]:
    """How the conversation ended whose last question it is, if nothing else happened; None of another question."""
    return case(
        (_is_last(window).is_(False), literal(None)),
        (turns.c.created_at > window.now - window.quiet, Ending.RUNNING.value),
        (turns.c.decision.in_(_REPLIED), Ending.QUIET.value),
        else_=Ending.UNRESOLVED.value,
    )


def _is_around(moment: ColumnElement[Any], window: Window) -> ColumnElement[bool]:
    """In the time, or so soon after it that it may say how something of it ended."""
    return and_(moment >= window.since, moment < window.until + window.quiet)


def _is_last(window: Window) -> ColumnElement[bool]:
    """Whether its conversation was not gone on with in time."""
    quiet = int(window.quiet.total_seconds())
    passed = _seconds(turns.c.asked_on_at) - _seconds(turns.c.created_at)
    return func.coalesce(passed, quiet) >= quiet


def _is_soon(moment: ColumnElement[Any], window: Window) -> ColumnElement[bool]:
    passed = _seconds(moment) - _seconds(turns.c.created_at)
    return func.coalesce(passed < int(window.quiet.total_seconds()), false())


def _list_touched(window: Window) -> dict[str, CTE]:
    """What happened to few questions, found from that end: asked for of every question, it would take minutes."""
    return {
        "voted": _sum_votes(window),
        "confirmed": _list_confirmed(window),
        "handed": _list_handed_over(window),
        "followed": _list_followed(window),
        "thanked": _list_thanked(window),
    }


def _sum_votes(window: Window) -> CTE:
    def count(vote: Vote) -> ColumnElement[int]:
        return func.sum(case((feedback.c.vote == vote.value, 1), else_=0))

    sums = (count(Vote.UP).label("up"), count(Vote.DOWN).label("down"))
    query = select(feedback.c.turn_id, *sums).where(feedback.c.created_at >= window.since)
    return query.group_by(feedback.c.turn_id).cte("voted")


def _list_confirmed(window: Window) -> CTE:
    given = and_(learned.c.gesture == Gesture.CONFIRMED.value, learned.c.created_at >= window.since)
    return select(learned.c.turn_id).where(given).distinct().cte("confirmed")


def _list_handed_over(window: Window) -> CTE:
    """The questions that were handed over themselves."""
    query = select(handoffs.c.turn_id).where(handoffs.c.created_at >= window.since, handoffs.c.turn_id != "")
    return query.distinct().cte("handed")


def _list_followed(window: Window) -> CTE:
    """The last question before each handoff in its conversation, and when the first of these handoffs was."""
    before = _find_last_question(handoffs.c.conversation_id, handoffs.c.created_at)
    each = select(before.label("turn_id"), handoffs.c.created_at.label("at"))
    return _take_first(each.where(_is_around(handoffs.c.created_at, window)), "followed")


def _list_thanked(window: Window) -> CTE:
    """The last question of who says thanks before they do, and when."""
    thanks = turns.alias("thanks")
    before = _find_last_question(thanks.c.conversation_id, thanks.c.created_at, thanks.c.user_id)
    said = and_(thanks.c.small_talk == Intent.THANKS.value, _is_around(thanks.c.created_at, window))
    return _take_first(select(before.label("turn_id"), thanks.c.created_at.label("at")).where(said), "thanked")


def _find_last_question(
    conversation: ColumnElement[Any], moment: ColumnElement[Any], user: ColumnElement[Any] | None = None
) -> ColumnElement[Any]:
    earlier = turns.alias("earlier")
    query = select(earlier.c.id).where(
        earlier.c.conversation_id == conversation, earlier.c.created_at <= moment, earlier.c.decision.in_(_COUNTED)
    )
    if user is not None:
        query = query.where(earlier.c.user_id == user)
    return query.order_by(earlier.c.created_at.desc(), earlier.c.id.desc()).limit(1).scalar_subquery()


def _take_first(each: Select[Any], name: str) -> CTE:
    found = each.subquery()
    query = select(found.c.turn_id, func.min(found.c.at).label("at")).group_by(found.c.turn_id)
    return query.cte(name)


def _add_up(rows: Iterable[RowMapping]) -> dict[str, Tally]:
    """The tally of each group."""
    kept: dict[str, _Sums] = defaultdict(_Sums)
    for row in rows:
        sums = kept[str(row["name"] if row["name"] is not None else "")]
        (sums.add if row["which"] == "every" else sums.correct)(row)
    return {name: sums.to_tally() for name, sums in kept.items()}


class _Sums:
    def __init__(self) -> None:
        self._decisions, self._endings, self._votes = Counter[str](), Counter[Ending](), Counter[str]()
        self._handed_over = 0

    def add(self, row: RowMapping) -> None:
        self._decisions[row["decision"]] += int(row["count"])
        if row["usual"] is not None:
            self._endings[Ending(row["usual"])] += int(row["count"])

    def correct(self, row: RowMapping) -> None:
        """For those to which something happened."""
        count = int(row["count"])
        if row["usual"] is not None:
            self._endings[Ending(row["usual"])] -= count
            self._endings[Ending(row["ending"])] += count
        self._handed_over += count if row["handed_over"] else 0
        for vote in Vote:
            self._votes[vote.value] += int(row[vote.value] or 0)

    def to_tally(self) -> Tally:
        """Without what there was nothing of."""
        return Tally(dict(self._decisions), dict(+self._endings), self._handed_over, dict(+self._votes))


def _start_of(length: int, offset: int = 0) -> ColumnElement[Any]:
    seconds = _seconds(turns.c.created_at)
    return seconds - (seconds - offset) % length


_GROUPS: Mapping[Grouping, ColumnElement[Any]] = {
    Grouping.DAY: _start_of(_DAY),
    Grouping.WEEK: _start_of(7 * _DAY, _MONDAY),
    Grouping.LANGUAGE: turns.c.language,
    Grouping.PLATFORM: turns.c.platform,
    Grouping.CHANNEL: turns.c.channel,
    Grouping.SOURCE: turns.c.source,
    Grouping.PAGE: turns.c.page,
}
