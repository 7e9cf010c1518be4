"""Conversations, turns and feedback in the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

from sqlalchemy import Insert, RowMapping, Select, Update, bindparam, insert, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.chat.conversation import Citation, Conversation, Decision, Feedback, Turn, UsedPassage, Vote
from bot.database.database import Database, upsert
from bot.database.forgotten import was_forgotten
from bot.database.prefixes import full_id
from bot.database.tables import conversations, row_of, turn_passages, turns
from bot.database.tables import feedback as votes
from bot.errors import UnknownTurn

_PAGE = 200  # turns held in memory by an export; also turns whose passages are asked for at once
_COUNTED_ALONE = {"waited_ms", "asked_on_at", "source", "page"}  # columns that a turn's other parts tell of
_SHOWING = {Decision.ANSWER, Decision.SUGGEST}
_NEWEST_FIRST = select(turns).order_by(turns.c.created_at.desc(), turns.c.id.desc())


class SqlConversationStore:
    """Implements `bot.chat.ports.ConversationStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def load_conversation(
        self, conversation_id: str, limit: int = 20, *, with_passages: bool = True
    ) -> Conversation:
        """The last `limit` turns, oldest first; an unknown id is an empty conversation."""
        query = _NEWEST_FIRST.where(turns.c.conversation_id == conversation_id).limit(limit)
        fetch = _fetch_turns if with_passages else _fetch_turns_alone
        newest_first = await self._database.read(partial(fetch, query=query))
        return Conversation(conversation_id, tuple(reversed(newest_first)))

    async def add_turn(self, turn: Turn) -> None:
        """Store a turn with its passages, creating its conversation if needed, in one transaction. Not one of a user
        who was forgotten since it was begun."""
        conversation = {
            "id": turn.conversation_id,
            "platform": turn.platform,
            "created_at": turn.created_at,
            "updated_at": turn.created_at,
        }

        async def insert_turn(connection: AsyncConnection) -> None:
            if await was_forgotten(connection, turn.platform, turn.user, turn.created_at):
                return
            await connection.execute(_touch_conversation(connection.dialect.name), conversation)
            if turn.decision is not Decision.CHITCHAT:
                await connection.execute(_GO_ON, {"conversation": turn.conversation_id, "at": turn.created_at})
            await connection.execute(insert(turns), _build_turn_row(turn))
            if turn.passages:
                await connection.execute(insert(turn_passages), [_build_passage_row(turn.id, p) for p in turn.passages])

        await self._database.write(insert_turn)

    async def find_turn(self, turn_id: str) -> Turn:
        """A turn by its id or an unambiguous prefix of at least 4 digits. Raises UnknownTurn."""

        async def select_turn(connection: AsyncConnection) -> Turn:
            full_id = await _resolve_id(connection, turn_id)
            return (await _fetch_turns(connection, select(turns).where(turns.c.id == full_id)))[0]

        return await self._database.read(select_turn)

    async def load_around(self, turn_id: str, count: int = 20) -> Sequence[Turn]:
        """Each whole."""

        async def select_turns(connection: AsyncConnection) -> Sequence[Turn]:
            full_id = await _resolve_id(connection, turn_id)
            [turn] = await _fetch_turns(connection, select(turns).where(turns.c.id == full_id))
            same, position = turns.c.conversation_id == turn.conversation_id, tuple_(turns.c.created_at, turns.c.id)
            here = (turn.created_at, turn.id)
            earlier = await _fetch_turns(connection, _NEWEST_FIRST.where(same, position < here).limit(count))
            oldest_first = select(turns).order_by(turns.c.created_at, turns.c.id)
            later = await _fetch_turns(connection, oldest_first.where(same, position > here).limit(count))
            return [*reversed(earlier), turn, *later]

        return await self._database.read(select_turns)

    async def list_turns(
        self,
        *,
        since: datetime | None = None,
        decision: str | None = None,
        conversation_id: str | None = None,
        limit: int | None = 50,
    ) -> Sequence[Turn]:
        """Newest first, each whole."""
        query = _NEWEST_FIRST.limit(limit)
        if since is not None:
            query = query.where(turns.c.created_at >= since)
        if decision is not None:
            query = query.where(turns.c.decision == decision)
        if conversation_id is not None:
            query = query.where(turns.c.conversation_id == conversation_id)
        return await self._database.read(partial(_fetch_turns, query=query))

    async def export_turns(self, *, since: datetime | None = None) -> AsyncIterator[tuple[Turn, Sequence[Feedback]]]:
        """Every turn with its votes, oldest first, in pages: no long transaction, and memory that does not grow."""
        position = tuple_(turns.c.created_at, turns.c.id)
        query = select(turns).order_by(turns.c.created_at, turns.c.id).limit(_PAGE)
        if since is not None:
            query = query.where(turns.c.created_at >= since)
        page_query = query
        while True:
            page, said = await self._database.read(partial(_fetch_turns_with_votes, query=page_query))
            for turn in page:
                yield turn, said[turn.id]
            if len(page) < _PAGE:
                return
            page_query = query.where(position > (page[-1].created_at, page[-1].id))

    async def record_vote(self, feedback: Feedback) -> None:
        """Keep a user's last vote on a turn (one row a user and turn). Raises UnknownTurn."""
        verdict = {
            "vote": feedback.vote.value,
            "reason": feedback.reason,
            "created_at": feedback.created_at or datetime.now(UTC),
        }

        async def upsert_vote(connection: AsyncConnection) -> None:
            turn_id = await _resolve_id(connection, feedback.turn_id)
            await connection.execute(
                upsert(connection, votes)
                .values(turn_id=turn_id, user_id=feedback.user, **verdict)
                .on_conflict_do_update(index_elements=["turn_id", "user_id"], set_=verdict)
            )

        await self._database.write(upsert_vote)

    async def list_feedback(self, turn_id: str) -> Sequence[Feedback]:
        """The votes on a turn (its id, or a prefix), oldest first. Raises UnknownTurn."""

        async def select_feedback(connection: AsyncConnection) -> Sequence[Feedback]:
            full_id = await _resolve_id(connection, turn_id)
            return (await _fetch_votes(connection, [full_id]))[full_id]

        return await self._database.read(select_feedback)


def _note_next_question() -> Update:
    """Tell the question before, in the `conversation`, that it was asked on `at` that time."""
    before, at = turns.alias("before"), bindparam("at", type_=turns.c.created_at.type)
    last = (
        select(before.c.id)
        .where(
            before.c.conversation_id == bindparam("conversation"),
            before.c.created_at <= at,
            before.c.decision != Decision.CHITCHAT.value,
        )
        .order_by(before.c.created_at.desc(), before.c.id.desc())
        .limit(1)
    )
    return update(turns).where(turns.c.id == last.scalar_subquery()).values(asked_on_at=at)


_GO_ON = _note_next_question()


@cache
def _touch_conversation(dialect: str) -> Insert:
    """Make a conversation, or note when it went on. Built once, for every answer runs it."""
    insertion = postgresql.insert(conversations) if dialect == "postgresql" else sqlite.insert(conversations)
    changed = {"updated_at": insertion.excluded.updated_at}
    return insertion.on_conflict_do_update(index_elements=["id"], set_=changed)


async def _resolve_id(connection: AsyncConnection, turn_id: str) -> str:
    """The full id that `turn_id` begins. Raises UnknownTurn when there is none or more than one."""
    return await full_id(connection, turns, turn_id, UnknownTurn, noun="turn", shown_by="frontdesk log list")


async def _fetch_turns(connection: AsyncConnection, query: Select[Any]) -> list[Turn]:
    """The turns of a query on `turns`, in its order, with their passages."""
    rows = (await connection.execute(query)).mappings().all()
    passages = await _fetch_passages(connection, [row["id"] for row in rows])
    return [_build_turn(row, passages[row["id"]]) for row in rows]


async def _fetch_turns_alone(connection: AsyncConnection, query: Select[Any]) -> list[Turn]:
    """The same without their passages."""
    return [_build_turn(row, ()) for row in (await connection.execute(query)).mappings()]


async def _fetch_turns_with_votes(
    connection: AsyncConnection, query: Select[Any]
) -> tuple[list[Turn], Mapping[str, list[Feedback]]]:
    found = await _fetch_turns(connection, query)
    return found, await _fetch_votes(connection, [turn.id for turn in found])


async def _fetch_votes(connection: AsyncConnection, turn_ids: Sequence[str]) -> Mapping[str, list[Feedback]]:
    """The votes on turns, oldest first."""
    found: dict[str, list[Feedback]] = defaultdict(list)
    query = select(votes).where(votes.c.turn_id.in_(turn_ids)).order_by(votes.c.created_at, votes.c.user_id)
    for row in await connection.execute(query):
        vote = Feedback(row.turn_id, row.user_id, Vote(row.vote), row.reason, row.created_at)
        found[row.turn_id].append(vote)
    return found


async def _fetch_passages(connection: AsyncConnection, turn_ids: Sequence[str]) -> Mapping[str, list[UsedPassage]]:
    found: dict[str, list[UsedPassage]] = defaultdict(list)
    for start in range(0, len(turn_ids), _PAGE):
        query = select(turn_passages).where(turn_passages.c.turn_id.in_(turn_ids[start : start + _PAGE]))
        for row in (await connection.execute(query.order_by(turn_passages.c.rank))).mappings():
            values = dict(row) | {"signals": _to_floats(row["signals"]), "audience": frozenset(row["audience"] or ())}
            found[values.pop("turn_id")].append(UsedPassage(**values))
    return found


def _build_turn_row(turn: Turn) -> dict[str, Any]:
    shown = turn.passages[0] if turn.passages and turn.decision in _SHOWING else None
    return {
        "id": turn.id,
        "conversation_id": turn.conversation_id,
        "created_at": turn.created_at,
        "platform": turn.platform,
        "user_id": turn.user,
        "question": turn.question,
        "standalone_question": turn.standalone_question,
        "language": turn.language,
        "decision": turn.decision.value,
        "answer": turn.answer,
        "confidence": turn.confidence,
        "threshold": turn.threshold,
        "features": _to_floats(turn.features),
        "citations": [asdict(citation) for citation in turn.citations],
        "index_version": turn.index_version,
        "model": turn.model,
        "timings_ms": _to_floats(turn.timings_ms),
        "rewritten": list(turn.rewritten) or None,
        "granted": sorted(turn.granted) or None,
        "small_talk": turn.small_talk,
        "channel": turn.channel,
        "waited_ms": turn.timings_ms.get("total"),
        "asked_on_at": None,
        "source": shown.source if shown else "",
        "page": shown.url if shown else "",
    }


def _build_passage_row(turn_id: str, passage: UsedPassage) -> dict[str, Any]:
    audience = sorted(passage.audience) or None
    return row_of(passage) | {"turn_id": turn_id, "signals": _to_floats(passage.signals), "audience": audience}


def _build_turn(row: RowMapping, passages: Sequence[UsedPassage]) -> Turn:
    values = {name: value for name, value in row.items() if name not in _COUNTED_ALONE}
    values["user"] = values.pop("user_id")
    values["decision"] = Decision(row["decision"])
    values["features"] = _to_floats(row["features"])
    values["citations"] = tuple(Citation(**citation) for citation in row["citations"])
    values["timings_ms"] = _to_floats(row["timings_ms"])
    values["rewritten"] = tuple(row["rewritten"] or ())
    values["granted"] = frozenset(row["granted"] or ())
    return Turn(**values, passages=tuple(passages))


def _to_floats(values: Mapping[str, Any]) -> dict[str, float]:
    """Plain floats: of NumPy's on the way in, of "nan" and "inf" on the way out."""
    return {key: float(value) for key, value in values.items()}
