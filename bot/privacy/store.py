"""Deletes what people said from the database, and from its files."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Table,
    Text,
    and_,
    cast,
    exists,
    func,
    or_,
    select,
    tuple_,
    type_coerce,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.chat.message import JobState, Party
from bot.chat.people import FORGOTTEN
from bot.database.database import Database, upsert
from bot.database.forgotten import are_old_notes, note_forgotten
from bot.database.tables import (
    ASKED_BY,
    admins,
    audit,
    console_tickets,
    contradictions,
    feedback,
    gap_marks,
    handoff_messages,
    handoffs,
    inbox,
    learned,
    markers,
    posted_messages,
    refresh_runs,
    taught,
    threads,
    turns,
)
from bot.database.vacuum import compact_files, estimate_compaction, request_compaction
from bot.handoff.models import HandoffState
from bot.privacy.deletion import (
    BATCH,
    delete_handoffs,
    delete_learned,
    delete_rows,
    delete_taught,
    delete_turns,
    strip_taught,
)
from bot.taught.models import TaughtState
from retrieval.text.cleaning import make_storable

_WISH = "forget:"  # begins the name of the marker that holds whom to forget until it is done

_FOUND = 1_000  # rows looked for at once

_Act = Callable[[AsyncConnection, ColumnElement[bool]], Awaitable[Counter[str]]]


@dataclass(frozen=True, eq=False, slots=True)
class _Step:
    """What is to be done to the rows of a table for which a condition holds, up to a batch of them at a time.

    They are looked for beside whoever writes, which may take long where there is no index for that. Then they are
    acted upon by their keys; where they may `change` meanwhile, the condition has to hold still.
    """

    table: Table
    condition: ColumnElement[bool]
    act: _Act
    change: bool = False

    async def find_keys(self, connection: AsyncConnection) -> Sequence[tuple[Any, ...]]:
        some = select(*self.table.primary_key).where(self.condition).limit(_FOUND)
        return [tuple(row) for row in await connection.execute(some)]

    async def act_on_keys(self, connection: AsyncConnection, keys: Sequence[tuple[Any, ...]]) -> Counter[str]:
        columns = list(self.table.primary_key)
        these = columns[0].in_([key for (key,) in keys]) if len(columns) == 1 else tuple_(*columns).in_(keys)
        done = await self.act(connection, and_(these, self.condition) if self.change else these)
        if done:
            await request_compaction(connection)
        return done


class SqlPrivacyStore:
    """A `PrivacyStore`. Each step is done in batches, a transaction each: cut off in between,
    it is brought to its end by doing it again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._touched: set[str] = set()  # tables since the last compaction

    async def forget(self, platform: str, user: str, *, note: bool = True) -> Mapping[str, int]:
        """What a teammate said to customers and taught is the company's, and stays.

        Counted are the rows that were deleted, and those of other things that do not name the user any more.
        """
        if not user:
            return {}
        platform, user = make_storable(platform), make_storable(user)
        wish = f"{_WISH}{platform}:{user}"
        if note:
            await self._database.write(partial(_noted, wish=wish))
            await self._database.write(partial(note_forgotten, platform=platform, user=user))
        done = [_rows(markers, markers.c.name == wish), _rows(markers, are_old_notes())]
        return await self._do(_Person(platform, user).steps(), done)

    async def compact(self, *, give_way: bool = False) -> bool:
        touched, self._touched = self._touched, set()
        if await compact_files(self._database, touched, give_way=give_way):
            return True
        self._touched |= touched
        return False

    async def estimate_compaction(self) -> float:
        return await estimate_compaction(self._database)

    async def unfinished(self) -> Sequence[tuple[str, str]]:
        wishes = select(markers.c.name).where(func.substr(markers.c.name, 1, len(_WISH)) == _WISH)
        names = await self._database.read(lambda connection: connection.scalars(wishes.order_by(markers.c.name)))
        found = [name.removeprefix(_WISH).partition(":") for name in names]
        return [(platform, user) for platform, _, user in found]

    async def expire(self, before: datetime) -> Mapping[str, int]:
        """Approved taught answers stay, but not whom and where they came from; refreshes and the audit
        log hold nothing that a customer said."""
        settled = [state.value for state in (HandoffState.RESOLVED, HandoffState.FAILED)]
        unsettled = [state.value for state in JobState if state.is_open]
        unused = [state.value for state in (TaughtState.PROPOSED, TaughtState.DISMISSED)]
        old_taught, of_somebody = taught.c.updated_at < before, (taught.c.customer != "") | (taught.c.handoff_id != "")
        return await self._do(
            [
                _Step(turns, turns.c.created_at < before, delete_turns),
                _rows(inbox, and_(inbox.c.state.not_in(unsettled), inbox.c.received_at < before), change=True),
                _Step(
                    handoffs, and_(handoffs.c.state.in_(settled), handoffs.c.updated_at < before), delete_handoffs, True
                ),
                _rows(threads, threads.c.updated_at < before, change=True),
                _rows(posted_messages, posted_messages.c.created_at < before),
                _Step(taught, and_(taught.c.state.in_(unused), old_taught), delete_taught, True),
            ],
            [
                _Step(taught, and_(taught.c.state.not_in(unused), old_taught, of_somebody), strip_taught, True),
                _rows(markers, are_old_notes()),
            ],
        )

    async def _do(self, steps: Sequence[_Step], uncounted: Sequence[_Step] = ()) -> Mapping[str, int]:
        gone: Counter[str] = Counter()
        for step in (*steps, *uncounted):
            while done := await self._do_step(step):
                gone += done if step in steps else Counter()
        return gone

    async def _do_step(self, step: _Step) -> Counter[str]:
        """As much as was found at once; others write between one batch and the next."""
        keys, gone = await self._database.read(step.find_keys), Counter[str]()
        for start in range(0, len(keys), BATCH):
            batch = keys[start : start + BATCH]
            gone += await self._database.write(partial(step.act_on_keys, keys=batch), urgent=False)
        self._touched |= gone.keys()
        return gone


class _Person:
    """Somebody, and where they stand in each table."""

    def __init__(self, platform: str, user: str) -> None:
        self._platform = platform
        self._user = user
        self._quoted = json.dumps(user, ensure_ascii=False)  # as it stands in JSON

    def steps(self) -> list[_Step]:
        """All that is to be done to forget them, in order."""
        voted = exists().where(turns.c.id == feedback.c.turn_id, turns.c.platform == self._platform)
        taken = and_(inbox.c.platform == self._platform, self._in(inbox.c.message, ASKED_BY))  # others had it answered
        answers = turns.c.id.in_(select(inbox.c.turn_id).where(taken, inbox.c.turn_id != ""))
        ours = turns.c.platform == self._platform  # said twice below: there is an index for either half
        theirs = and_(inbox.c.platform == self._platform, or_(self._is(inbox.c.user_id), self._in(inbox.c.message)))
        return [
            _Step(turns, or_(and_(ours, self._is(turns.c.user_id)), and_(ours, answers)), delete_turns),
            _rows(feedback, and_(self._is(feedback.c.user_id), voted)),
            _Step(learned, and_(learned.c.platform == self._platform, self._is(learned.c.user_id)), delete_learned),
            _rows(handoff_messages, self._said()),
            _Step(
                handoffs,
                and_(handoffs.c.customer_platform == self._platform, self._is(handoffs.c.customer_user)),
                delete_handoffs,
            ),
            _rows(inbox, theirs),
            _Step(threads, and_(threads.c.platform == self._platform, self._in(threads.c.askers)), self._leave_threads),
            _Step(taught, self._is_actor(taught.c.customer), delete_taught),
            _rows(
                posted_messages,
                and_(posted_messages.c.platform == self._platform, self._is(posted_messages.c.user_id)),
            ),
            _rows(admins, and_(admins.c.platform == self._platform, self._is(admins.c.user_id))),
            _rows(
                console_tickets,
                and_(console_tickets.c.platform == self._platform, self._is(console_tickets.c.user_id)),
            ),
            *(
                _Step(column.table, condition, partial(_replace_person, column=column))
                for column, condition in (
                    (audit.c.user_id, and_(audit.c.platform == self._platform, self._is(audit.c.user_id))),
                    (audit.c.target, self._named(audit.c.target)),
                    (admins.c.added_by, self._named(admins.c.added_by)),
                    (refresh_runs.c.asked_by, self._named(refresh_runs.c.asked_by)),
                    (contradictions.c.settled_by, self._named(contradictions.c.settled_by)),
                    (gap_marks.c.marked_by, self._named(gap_marks.c.marked_by)),
                    (gap_marks.c.assignee, self._named(gap_marks.c.assignee)),
                )
            ),
        ]

    def _is(self, column: ColumnElement[str]) -> ColumnElement[bool]:
        return column == self._user

    def _is_actor(self, column: ColumnElement[str]) -> ColumnElement[bool]:
        """Whether it is their `Actor.id`, in any workspace. Compared by hand: SQLite's LIKE does not tell A from a."""
        head, tail = f"{self._platform}:", f":{self._user}"
        begins = func.substr(column, 1, len(head)) == head
        return and_(begins, func.substr(column, func.length(column) - len(tail) + 1) == tail)

    def _named(self, column: Column[str]) -> ColumnElement[bool]:
        """Whether it names them: by `Actor.id`, or by their bare id, unless the row is of another platform."""
        platform = column.table.c.get("platform")
        bare = self._is(column) if platform is None else and_(platform == self._platform, self._is(column))
        return or_(self._is_actor(column), bare)

    def _in(self, column: ColumnElement[Any], name: str = "") -> ColumnElement[bool]:
        """Whether a JSON column has their id as a string in it, under this name if one is given."""
        written = cast(column, Text)
        if not name:
            return func.replace(written, self._quoted, "") != written
        pairs = (f"{json.dumps(name)}{colon}{self._quoted}" for colon in (":", ": "))  # engines write it either way
        return or_(*(func.replace(written, pair, "") != written for pair in pairs))

    def _said(self) -> ColumnElement[bool]:
        """What they said as a customer in whosever handoff: known by their messages, for it keeps names, not ids."""
        place = [
            getattr(inbox.c, name) == handoffs.c[f"customer_{name}"] for name in ("platform", "workspace", "channel")
        ]
        noted = type_coerce(inbox.c.message, JSON)["context"]["handoff"].as_string()  # it may have moved since
        messages = select(handoffs.c.id, inbox.c.message_id).join(inbox, or_(and_(*place), noted == handoffs.c.id))
        messages = messages.where(inbox.c.platform == self._platform, self._is(inbox.c.user_id))
        here = tuple_(handoff_messages.c.handoff_id, handoff_messages.c.message_id).in_(messages)
        return and_(handoff_messages.c.side == Party.CUSTOMER.value, here)

    async def _leave_threads(self, connection: AsyncConnection, condition: ColumnElement[bool]) -> Counter[str]:
        key = list(threads.primary_key)
        some = select(threads).where(condition).order_by(*key).with_for_update()
        rows = (await connection.execute(some)).mappings().all()
        for row in rows:
            this = and_(*(column == row[column.name] for column in key))
            askers = [asker for asker in row["askers"] if asker != self._user]
            await connection.execute(update(threads).where(this).values(askers=askers))
        return Counter({"threads": len(rows)}) if rows else Counter()


async def _noted(connection: AsyncConnection, wish: str) -> None:
    await connection.execute(upsert(connection, markers).values(name=wish, value="").on_conflict_do_nothing())


def _rows(table: Table, condition: ColumnElement[bool], *, change: bool = False) -> _Step:
    return _Step(table, condition, partial(delete_rows, table=table), change)


async def _replace_person(
    connection: AsyncConnection, condition: ColumnElement[bool], column: Column[str]
) -> Counter[str]:
    """Put `FORGOTTEN` in place of a person."""
    changed = await connection.execute(update(column.table).where(condition).values({column.name: FORGOTTEN}))
    return Counter({column.table.name: changed.rowcount}) if changed.rowcount else Counter()
