"""The numbers, counted by the database: nothing but sums leaves it."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    Float,
    FromClause,
    Integer,
    RowMapping,
    Select,
    Subquery,
    and_,
    case,
    cast,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy import extract as extract_part
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.chat.conversation import Decision, Vote
from bot.chat.intent import Intent
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
        """By one pass over the questions of the time."""
        query = _count_alike(window, grouping)

        async def fetch(connection: AsyncConnection) -> Mapping[str, Tally]:
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
    """Each question of the time, and when its conversation was gone on with (None: it was not, so far)."""
    later = func.lead(turns.c.created_at).over(
        partition_by=turns.c.conversation_id, order_by=(turns.c.created_at, turns.c.id)
    )
    columns = (turns.c.id, turns.c.conversation_id, turns.c.created_at, turns.c.decision)
    told = (turns.c.language, turns.c.platform, later.label("asked_on_at"))
    around = select(*columns, *told).where(_is_around(turns.c.created_at, window), turns.c.decision.in_(_COUNTED))
    every = around.cte("every_question")
    return select(every).where(every.c.created_at < window.until).cte("asked")


def _is_around(moment: ColumnElement[Any], window: Window) -> ColumnElement[bool]:
    """In the time, or so soon after it that it may say how something of it ended."""
    return and_(moment >= window.since, moment < window.until + window.quiet)


def _count_alike(window: Window, grouping: Grouping | None) -> Select[Any]:
    """How many questions of each group fared in each way, and their votes. What happened to few questions is looked up
    from that end, and joined: asked for each question, it would take minutes."""
    asked = _list_questions(window)
    voted, confirmed = _sum_votes(window), _list_confirmed(window)
    handed, followed, thanked = _list_handed_over(window), _list_followed(window), _list_thanked(window)
    soon = _is_last(asked, window) & _is_soon(followed.c.at, asked, window)
    handed_over = handed.c.turn_id.is_not(None) | soon
    praised = (voted.c.up > 0) | confirmed.c.turn_id.is_not(None) | _is_soon(thanked.c.at, asked, window)
    running = asked.c.created_at > window.now - window.quiet
    ending = case(
        (_is_last(asked, window).is_(False), literal(None)),
        ((voted.c.down > 0) | handed_over, Ending.UNRESOLVED.value),
        (praised, Ending.CONFIRMED.value),
        (running, Ending.RUNNING.value),
        (asked.c.decision.in_(_REPLIED), Ending.QUIET.value),
        else_=Ending.UNRESOLVED.value,
    )
    name = _GROUPS[grouping](asked) if grouping else literal("")
    alike = (
        name.label("name"),
        asked.c.decision.label("decision"),
        ending.label("ending"),
        case((handed_over, 1), else_=0).label("handed_over"),
    )
    joined: FromClause = asked
    for few in (voted, confirmed, handed, followed, thanked):
        joined = joined.outerjoin(few, few.c.turn_id == asked.c.id)
    each = select(*alike, voted.c.up, voted.c.down).select_from(joined).subquery()
    keys = (each.c.name, each.c.decision, each.c.ending, each.c.handed_over)
    sums = (func.count().label("count"), func.sum(each.c.up).label("up"), func.sum(each.c.down).label("down"))
    return select(*keys, *sums).group_by(*keys)


def _is_last(asked: CTE, window: Window) -> ColumnElement[bool]:
    """Whether its conversation was not gone on with in time."""
    quiet = int(window.quiet.total_seconds())
    passed = _seconds(asked.c.asked_on_at) - _seconds(asked.c.created_at)
    return func.coalesce(passed, quiet) >= quiet


def _is_soon(moment: ColumnElement[Any], asked: CTE, window: Window) -> ColumnElement[bool]:
    passed = _seconds(moment) - _seconds(asked.c.created_at)
    return and_(moment.is_not(None), passed < int(window.quiet.total_seconds()))


def _sum_votes(window: Window) -> Subquery:
    def count(vote: Vote) -> ColumnElement[int]:
        return func.sum(case((feedback.c.vote == vote.value, 1), else_=0))

    sums = (count(Vote.UP).label("up"), count(Vote.DOWN).label("down"))
    query = select(feedback.c.turn_id, *sums).where(feedback.c.created_at >= window.since)
    return query.group_by(feedback.c.turn_id).subquery("voted")


def _list_confirmed(window: Window) -> Subquery:
    given = and_(learned.c.gesture == Gesture.CONFIRMED.value, learned.c.created_at >= window.since)
    return select(learned.c.turn_id).where(given).distinct().subquery("confirmed")


def _list_handed_over(window: Window) -> Subquery:
    """The questions that were handed over themselves."""
    query = select(handoffs.c.turn_id).where(handoffs.c.created_at >= window.since, handoffs.c.turn_id != "")
    return query.distinct().subquery("handed")


def _list_followed(window: Window) -> Subquery:
    """The last question before each handoff in its conversation, and when the first of these handoffs was."""
    before = _find_last_question(handoffs.c.conversation_id, handoffs.c.created_at)
    each = select(before.label("turn_id"), handoffs.c.created_at.label("at"))
    return _take_first(each.where(_is_around(handoffs.c.created_at, window)), "followed")


def _list_thanked(window: Window) -> Subquery:
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


def _take_first(each: Select[Any], name: str) -> Subquery:
    found = each.subquery()
    query = select(found.c.turn_id, func.min(found.c.at).label("at")).group_by(found.c.turn_id)
    return query.subquery(name)


def _add_up(rows: Iterable[RowMapping]) -> dict[str, Tally]:
    """The tally of each group."""
    kept: dict[str, _Sums] = defaultdict(_Sums)
    for row in rows:
        kept[str(row["name"] if row["name"] is not None else "")].add(row)
    return {name: sums.to_tally() for name, sums in kept.items()}


class _Sums:
    def __init__(self) -> None:
        self._decisions, self._endings, self._votes = Counter[str](), Counter[Ending](), Counter[str]()
        self._handed_over = 0

    def add(self, row: RowMapping) -> None:
        count = int(row["count"])
        self._decisions[row["decision"]] += count
        if row["ending"] is not None:
            self._endings[Ending(row["ending"])] += count
        self._handed_over += count if row["handed_over"] else 0
        for vote in Vote:
            self._votes[vote.value] += int(row[vote.value] or 0)

    def to_tally(self) -> Tally:
        """Without what there was nothing of."""
        return Tally(dict(self._decisions), dict(self._endings), self._handed_over, dict(+self._votes))


def _start_of(length: int, offset: int = 0) -> Any:
    def group(asked: CTE) -> ColumnElement[Any]:
        seconds = _seconds(asked.c.created_at)
        return seconds - (seconds - offset) % length

    return group


def _channel_of(asked: CTE) -> ColumnElement[Any]:
    return select(inbox.c.channel).where(inbox.c.turn_id == asked.c.id).limit(1).scalar_subquery()


def _first_passage_of(name: str) -> Any:
    """What the first passage of an answer or a suggestion tells."""

    def group(asked: CTE) -> ColumnElement[Any]:
        first = and_(turn_passages.c.turn_id == asked.c.id, turn_passages.c.rank == 1)
        shown = asked.c.decision.in_(_REPLIED)
        return select(turn_passages.c[name]).where(first, shown).scalar_subquery()

    return group


_GROUPS = {
    Grouping.DAY: _start_of(_DAY),
    Grouping.WEEK: _start_of(7 * _DAY, _MONDAY),
    Grouping.LANGUAGE: lambda asked: asked.c.language,
    Grouping.PLATFORM: lambda asked: asked.c.platform,
    Grouping.CHANNEL: _channel_of,
    Grouping.SOURCE: _first_passage_of("source"),
    Grouping.PAGE: _first_passage_of("url"),
}
