"""Questions that were not answered well, in the database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, FromClause, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.chat.conversation import Decision, Vote
from bot.database.database import Database, plan_for_sums
from bot.database.tables import feedback, handoffs, turns
from bot.gaps.models import Missed, Reason

_PAGE = 500  # turns whose votes are asked for at once


class SqlMissedStore:
    """Implements `bot.gaps.ports.MissedStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def missed(self, since: datetime, limit: int = 5000) -> Sequence[Missed]:
        """Newest first."""
        voted_down = turns.c.id.in_(select(feedback.c.turn_id).where(feedback.c.vote == Vote.DOWN.value))
        handed_off = turns.c.id.in_(select(handoffs.c.turn_id))
        why = {
            Reason.ABSTAINED: _abstained(),
            Reason.ABANDONED: _abandoned(),
            Reason.VOTED_DOWN: voted_down,
            Reason.HANDED_OFF: handed_off,
        }
        asked = (turns.c.id, turns.c.standalone_question, turns.c.language, turns.c.platform, turns.c.user_id)
        told = (turns.c.created_at, turns.c.citations, turns.c.granted, _is_first().label("first"))
        query = (
            select(*asked, *told, *(condition.label(reason.value) for reason, condition in why.items()))
            .where(turns.c.created_at >= since, or_(*why.values()))
            .order_by(turns.c.created_at.desc(), turns.c.id.desc())
            .limit(limit)
        )

        async def work(connection: AsyncConnection) -> Sequence[Missed]:
            await plan_for_sums(connection)
            rows = (await connection.execute(query)).mappings().all()
            comments = await _comments(connection, [row["id"] for row in rows if row[Reason.VOTED_DOWN.value]])
            return [
                Missed(
                    turn_id=row["id"],
                    question=row["standalone_question"],
                    language=row["language"],
                    asker=f"{row['platform']}:{row['user_id']}",
                    at=row["created_at"],
                    reasons=frozenset(reason for reason in why if row[reason.value]),
                    comment=comments.get(row["id"], ""),
                    first=bool(row["first"]),
                    refused=_refused(row["citations"]) if row[Reason.VOTED_DOWN.value] else "",
                    granted=frozenset(row["granted"] or ()),
                )
                for row in rows
            ]

        return await self._database.read(work)


_OFFERED = [decision.value for decision in Decision if decision.offers]


def _abstained() -> ColumnElement[bool]:
    """What nothing was found for. That an offer was refused counts there."""
    earlier = turns.alias("earlier")
    refused = _same_question(earlier) & earlier.c.decision.in_(_OFFERED)
    return (turns.c.decision == Decision.ABSTAIN.value) & ~exists().where(refused)


def _abandoned() -> ColumnElement[bool]:
    """What was offered in vain: it was refused; or nobody confirmed it, and no answer followed in its conversation."""
    confirmed = turns.c.id.in_(select(feedback.c.turn_id).where(feedback.c.vote == Vote.UP.value))
    refusal, later = turns.alias("refusal"), turns.alias("later")
    refused = exists().where(_same_question(refusal), refusal.c.decision == Decision.ABSTAIN.value)
    answered = exists().where(
        later.c.conversation_id == turns.c.conversation_id,
        later.c.created_at > turns.c.created_at,
        later.c.decision == Decision.ANSWER.value,
    )
    return turns.c.decision.in_(_OFFERED) & (refused | (~confirmed & ~answered))


def _same_question(other: FromClause) -> ColumnElement[bool]:
    """Whether another turn is about the same question in the same conversation."""
    return (other.c.conversation_id == turns.c.conversation_id) & (
        other.c.standalone_question == turns.c.standalone_question
    )


def _is_first() -> ColumnElement[bool]:
    """Whether nothing was said of the pages before a turn, which it may lean on."""
    before = turns.alias("before")
    searched = before.c.decision.in_([decision.value for decision in Decision if decision.searched])
    same = before.c.conversation_id == turns.c.conversation_id
    return ~exists().where(same, before.c.created_at < turns.c.created_at, searched)


def _refused(citations: Sequence[Mapping[str, Any]]) -> str:
    """The passage that an answer was taken from."""
    return str(citations[0]["passage_id"]) if citations else ""


async def _comments(connection: AsyncConnection, turn_ids: Sequence[str]) -> dict[str, str]:
    """The last reason that was given for a down vote, by turn."""
    found: dict[str, str] = {}
    for start in range(0, len(turn_ids), _PAGE):
        given = select(feedback.c.turn_id, feedback.c.reason).where(
            feedback.c.turn_id.in_(turn_ids[start : start + _PAGE]),
            feedback.c.vote == Vote.DOWN.value,
            feedback.c.reason != "",
        )
        rows = await connection.execute(given.order_by(feedback.c.created_at, feedback.c.user_id))
        found |= {row.turn_id: row.reason for row in rows}
    return found
