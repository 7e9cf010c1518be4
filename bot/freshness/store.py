"""Since when entries read as they do, and which contradict each other, in the database."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping, Select, Update, and_, delete, exists, func, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.chat.conversation import Decision, Vote
from bot.database.database import Database, upsert
from bot.database.prefixes import full_id
from bot.database.tables import contradictions, entries, feedback, markers, row_of, turn_passages, turns
from bot.errors import UnknownContradiction
from bot.freshness.models import ContradictionRow, Judgement, PassageVote, State, Touched, Usage, Verdict

_CHANGED = "freshness:changed"  # the marker that every change of what is set aside sets to something new
_MEASURE = "freshness:measure"
_BATCH = 500  # rows of one statement
_MOST_TOUCHED = 400  # entries of one refresh that are asked about
_ASKER = turns.c.platform + ":" + turns.c.user_id


class SqlFreshnessStore:
    """Implements `bot.freshness.ports.FreshnessStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def known_entries(self) -> Mapping[str, datetime]:
        async def work(connection: AsyncConnection) -> Mapping[str, datetime]:
            rows = await connection.execute(select(entries.c.entry_id, entries.c.since))
            return {row.entry_id: row.since for row in rows}

        return await self._database.read(work)

    async def compared_by(self) -> str:
        return await self._read_marker(_MEASURE)

    async def record_scan(
        self, measure: str, new: Mapping[str, datetime], gone: Collection[str], found: Sequence[ContradictionRow]
    ) -> frozenset[str]:
        lost = list(gone)

        async def work(connection: AsyncConnection) -> frozenset[str]:
            for start in range(0, len(lost), _BATCH):
                some = lost[start : start + _BATCH]
                await connection.execute(delete(entries).where(entries.c.entry_id.in_(some)))
                either = or_(contradictions.c.one.in_(some), contradictions.c.other.in_(some))
                decided = contradictions.c.state == State.SETTLED.value  # and is so still when they come back
                await connection.execute(delete(contradictions).where(either, ~decided))
            rows = [{"entry_id": entry, "since": since} for entry, since in new.items()]
            for start in range(0, len(rows), _BATCH):
                added = upsert(connection, entries).values(rows[start : start + _BATCH])
                await connection.execute(added.on_conflict_do_nothing())
            if await _get_marker(connection, _MEASURE) != measure:  # what the one before took for a contradiction
                again = contradictions.c.id.in_([each.id for each in found])
                undecided = contradictions.c.state == State.OPEN.value
                await connection.execute(delete(contradictions).where(undecided, ~again))
            unknown: set[str] = set()
            for each in found:
                added = upsert(connection, contradictions).values(_row(each)).on_conflict_do_nothing()
                unknown.update((await connection.execute(added.returning(contradictions.c.id))).scalars())
            await _set_marker(connection, _MEASURE, measure)
            if lost:
                await _set_marker(connection, _CHANGED, uuid.uuid4().hex)
            return frozenset(unknown)

        return await self._database.write(work)

    async def contradictions(self) -> Sequence[ContradictionRow]:
        query = select(contradictions).order_by(contradictions.c.probability.desc(), contradictions.c.id)

        async def work(connection: AsyncConnection) -> Sequence[ContradictionRow]:
            return [_contradiction(row) for row in (await connection.execute(query)).mappings()]

        return await self._database.read(work)

    async def get(self, contradiction_id: str) -> ContradictionRow:
        async def work(connection: AsyncConnection) -> ContradictionRow:
            known = await full_id(
                connection,
                contradictions,
                contradiction_id,
                UnknownContradiction,
                noun="contradiction",
                shown_by="frontdesk contradictions list",
            )
            query = select(contradictions).where(contradictions.c.id == known)
            return _contradiction((await connection.execute(query)).mappings().one())

        return await self._database.read(work)

    async def settle(self, contradiction_id: str, state: State, set_aside: str, by: str) -> bool:
        this = and_(contradictions.c.id == contradiction_id, contradictions.c.state == State.OPEN.value)
        others = contradictions.alias()
        hidden = exists().where(others.c.set_aside.in_([contradictions.c.one, contradictions.c.other]))
        decision = {"state": state.value, "set_aside": set_aside, "settled_at": datetime.now(UTC), "settled_by": by}
        return await self._change(update(contradictions).where(this, ~hidden).values(decision))

    async def reopen(self, contradiction_id: str) -> None:
        undone = {"state": State.OPEN.value, "set_aside": "", "settled_at": None, "settled_by": ""}
        await self._change(update(contradictions).where(contradictions.c.id == contradiction_id).values(undone))

    async def record_judgement(self, contradiction_id: str, judgement: Judgement) -> None:
        said = {
            "verdict": judgement.verdict.value,
            "verdict_by": judgement.model,
            "phrase_one": judgement.phrase_one,
            "phrase_other": judgement.phrase_other,
        }
        change = update(contradictions).where(contradictions.c.id == contradiction_id).values(said)
        await self._database.write(lambda connection: connection.execute(change))

    async def _change(self, change: Update) -> bool:
        async def work(connection: AsyncConnection) -> bool:
            # First: its row is locked until the end, so that decisions are noted one by one; each sees those before.
            await _set_marker(connection, _CHANGED, uuid.uuid4().hex)
            return bool((await connection.execute(change)).rowcount)

        return await self._database.write(work)

    async def set_aside(self) -> frozenset[str]:
        query = select(contradictions.c.set_aside).where(contradictions.c.set_aside != "").distinct()

        async def work(connection: AsyncConnection) -> frozenset[str]:
            return frozenset((await connection.execute(query)).scalars())

        return await self._database.read(work)

    async def revision(self) -> str:
        return await self._read_marker(_CHANGED)

    async def usage(self, asked_since: datetime, voted_since: datetime) -> Sequence[Usage]:
        """By the passage that stood first in an answer or a suggestion."""
        entry = (turn_passages.c.url, turn_passages.c.title)
        answered = _answered().where(turns.c.created_at >= asked_since)
        asked = answered.add_columns(*entry, func.count(_ASKER.distinct()).label("askers")).group_by(*entry)
        voted = (
            _answered()
            .join(feedback, feedback.c.turn_id == turns.c.id)
            .where(feedback.c.created_at >= voted_since)
            .add_columns(*entry, feedback.c.created_at, feedback.c.vote, turn_passages.c.passage_id)
            .order_by(feedback.c.created_at.desc())
        )

        async def work(connection: AsyncConnection) -> Sequence[Usage]:
            votes: defaultdict[tuple[str, str], list[PassageVote]] = defaultdict(list)
            for row in await connection.execute(voted):
                votes[row.url, row.title].append(PassageVote(row.created_at, row.vote == Vote.UP.value, row.passage_id))
            askers = {(row.url, row.title): row.askers for row in await connection.execute(asked)}
            return [Usage(*key, askers.get(key, 0), tuple(votes[key])) for key in sorted({*askers, *votes})]

        return await self._database.read(work)

    async def touched(self, entries: Sequence[tuple[str, str]]) -> Sequence[Touched]:
        entry = (turn_passages.c.url, turn_passages.c.title)
        customers, since = func.count(_ASKER.distinct()).label("customers"), func.min(turns.c.created_at).label("since")
        query = _answered().add_columns(*entry, customers, since).group_by(*entry).order_by(customers.desc(), *entry)
        asked = query.where(tuple_(*entry).in_(list(dict.fromkeys(entries))[:_MOST_TOUCHED]))

        async def work(connection: AsyncConnection) -> Sequence[Touched]:
            rows = (await connection.execute(asked)).all()
            return [Touched(row.url, row.title, row.customers, row.since) for row in rows]

        return await self._database.read(work) if entries else ()

    async def _read_marker(self, name: str) -> str:
        return await self._database.read(lambda connection: _get_marker(connection, name))


def _answered() -> Select[Any]:
    """The turns that were answered from an entry, with the passage that stood first."""
    first = and_(turn_passages.c.turn_id == turns.c.id, turn_passages.c.rank == 1)
    joined = turns.join(turn_passages, first)
    told = turns.c.decision.in_([Decision.ANSWER.value, Decision.SUGGEST.value])
    return select().select_from(joined).where(told)


async def _get_marker(connection: AsyncConnection, name: str) -> str:
    query = select(markers.c.value).where(markers.c.name == name)
    return (await connection.execute(query)).scalar_one_or_none() or ""


async def _set_marker(connection: AsyncConnection, name: str, value: str) -> None:
    insertion = upsert(connection, markers).values(name=name, value=value)
    await connection.execute(insertion.on_conflict_do_update(index_elements=["name"], set_={"value": value}))


def _row(row: ContradictionRow) -> dict[str, Any]:
    return row_of(row) | {"state": row.state.value, "verdict": row.verdict.value}


def _contradiction(row: RowMapping) -> ContradictionRow:
    return ContradictionRow(**dict(row) | {"state": State(row["state"]), "verdict": Verdict(row["verdict"])})
