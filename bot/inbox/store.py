"""What arrived and is owed, in the database. One row a message: its unique key is the claim."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, and_, bindparam, delete, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.chat.conversation import Turn
from bot.chat.message import (
    Audience,
    Channel,
    ChannelKind,
    ChatMessage,
    Disposition,
    Job,
    JobState,
    MessageRef,
    Move,
    Rule,
    Thread,
    ThreadRef,
)
from bot.database.database import Database, upsert
from bot.database.tables import help_channels, inbox
from bot.errors import StorageError
from bot.inbox.message_json import decode_message, decode_move, encode_message, encode_move
from bot.inbox.place_rows import PLACE, load_context, load_marked_channels, load_threads, save_threads
from retrieval.text.cleaning import make_storable

_BATCH = 100  # claims in one transaction
_FAILS = 2  # claims in a row that the database refuses: then it is not for what they say
_KEY = ("platform", "workspace", "channel", "message_id")
_name_message = attrgetter(*_KEY)  # every claim does this several times: `astuple` copies deeply
_GESTURE = ("platform", "workspace", "channel", "user_id", "gesture")
_OPEN = sorted(state.value for state in JobState if state.is_open)
_DELETED = frozenset({JobState.RETRACTING, JobState.WITHDRAWN})
_OF_AN_EDIT = ("text", "names_others", "edited_at", "links", "files")  # what an edit changes of a message

# Built once: every answer runs them, and to build one costs more than to run it.
_IS_AS_KNOWN = and_(  # open, as we know it
    inbox.c.id == bindparam("known_id"),
    inbox.c.state.in_(_OPEN),
    inbox.c.revision == bindparam("known_revision"),
    inbox.c.state == bindparam("known_state"),
)
_BEGIN = (
    update(inbox)
    .where(_IS_AS_KNOWN, inbox.c.owner == bindparam("known_owner"))
    .values(attempts=inbox.c.attempts + 1)
    .returning(inbox)
)
_RECORD_REPLY = update(inbox).where(inbox.c.id == bindparam("known_id")).values(replies=bindparam("now_replies"))
_RECORD_TURN = update(inbox).where(_IS_AS_KNOWN).values(turn_id=bindparam("now_turn"))
_FINISH = update(inbox).where(_IS_AS_KNOWN).values(state=bindparam("now_state"))

UpdateThread = Callable[[ChatMessage, Disposition, Thread], Thread]


@dataclass(slots=True)
class _Claim:
    message: ChatMessage
    rule: Rule
    made: asyncio.Future[Job | None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class SqlInboxStore:
    """Implements `bot.inbox.ports.InboxStore`. `update_thread` tells how a judgement changes a thread.

    Claims that come at the same time are committed together: a burst costs a few transactions, not thousands.
    `owner` names this process; what it owes is its own for `lease` seconds after the last `extend_lease`.
    """

    def __init__(self, database: Database, update_thread: UpdateThread, owner: str = "", lease: float = 15) -> None:
        self._database = database
        self._update_thread = update_thread
        self._owner = owner or uuid.uuid4().hex
        self._lease = timedelta(seconds=lease)
        self._pending: list[_Claim] = []
        self._flushing: asyncio.Task[None] | None = None

    async def claim_message(self, message: ChatMessage, rule: Rule) -> Job | None:
        claim = _Claim(message, rule)
        self._pending.append(claim)
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._commit_claims())
        return await asyncio.shield(claim.made)

    async def find_thread(self, message: ChatMessage) -> tuple[Thread, bool] | None:
        names = {_name_message(message.key), *_gesture_names(message)}

        async def select_thread(connection: AsyncConnection) -> tuple[Thread, bool] | None:
            if names & await self._load_known_names(connection, [message]):
                return None
            context = await load_context(connection, {message.place}, lock=False)
            return context.find_thread(message)[0], context.find_kind(message) is ChannelKind.HELP

        return await self._database.read(select_thread)

    async def find_job(self, key: MessageRef) -> Job | None:
        """The job of a message, whatever its state."""
        return await self._database.read(lambda connection: self._load_job(connection, key))

    async def find_job_of_turn(self, turn: Turn) -> Job | None:
        """By its user first: there is an index for that."""
        same = and_(inbox.c.platform == turn.platform, inbox.c.user_id == turn.user, inbox.c.turn_id == turn.id)

        async def select_job(connection: AsyncConnection) -> Job | None:
            row = (await connection.execute(select(inbox).where(same))).mappings().first()
            return self._build_job(row) if row else None

        return await self._database.read(select_job)

    async def start_job(self, job: Job) -> Job | None:
        known = _as_known(job) | {"known_owner": self._owner}

        async def count_start(connection: AsyncConnection) -> Job | None:
            row = (await connection.execute(_BEGIN, known)).mappings().one_or_none()
            return self._build_job(row) if row else None

        return await self._database.write(count_start)

    async def record_reply(self, job: Job, replies: Sequence[Mapping[str, str]]) -> None:
        """What stands on the platform for the job now, also when it is not owed any more."""
        values = {"known_id": job.id, "now_replies": [dict(reply) for reply in replies]}
        await self._database.write(lambda connection: connection.execute(_RECORD_REPLY, values))

    async def move_job(self, job: Job, move: Move) -> None:
        await self._save_move(job.id, move, replies=[])

    async def clear_left(self, job: Job) -> None:
        if job.moved:
            await self._save_move(job.id, replace(job.moved, left=()))

    async def record_turn(self, job: Job, turn_id: str) -> None:
        """The turn that was made for the job."""
        if job.message.asked_by:
            values = {"turn_id": turn_id, "message": encode_message(job.message)}
            await self._execute_write(update(inbox).where(_IS_AS_KNOWN).values(values), _as_known(job))
        else:
            await self._execute_write(_RECORD_TURN, _as_known(job) | {"now_turn": turn_id})

    async def finish_job(self, job: Job, state: JobState) -> bool:
        return await self._execute_write(_FINISH, _as_known(job) | {"now_state": state.value}) > 0

    async def revise_job(self, message: ChatMessage, rule: Rule, *, anew: bool = False) -> Job | None:

        async def update_revision(connection: AsyncConnection) -> Job | None:
            job, elsewhere = await self._load_with_ownership(connection, message.key)
            while job and job.state not in _DELETED and message.edited_at >= job.message.edited_at:
                if not _reads_anew(job, message, anew):
                    await self._record_edit(connection, job, message)
                    return None
                thread = (await load_threads(connection, {message.place})).get(message.place, Thread())
                quiet = rule(message, thread, False) is Disposition.QUIET
                judgement = Disposition.QUIET if quiet else Disposition.ANSWER
                if job.judgement is Disposition.RELAY:
                    judgement = Disposition.RELAY
                changed = {name: getattr(message, name) for name in _OF_AN_EDIT}
                values = {
                    "message": encode_message(replace(job.message, **changed)),
                    "judgement": judgement.value,
                    "revision": job.revision + 1,
                    "state": JobState.PENDING.value,
                    "turn_id": "",
                    "received_at": datetime.now(UTC),
                } | ({} if elsewhere else {"owner": self._owner, "lease_until": datetime.now(UTC) + self._lease})
                same = and_(inbox.c.id == job.id, inbox.c.revision == job.revision, inbox.c.state == job.state.value)
                if (await connection.execute(update(inbox).where(same).values(values))).rowcount:
                    if judgement is not job.judgement:
                        await save_threads(connection, {message.place: self._update_thread(message, judgement, thread)})
                    return None if elsewhere else await self._load_job(connection, message.key)
                job, elsewhere = await self._load_with_ownership(connection, message.key)  # changed just now
            return None

        return await self._database.write(update_revision)

    async def withdraw_job(self, key: MessageRef) -> Job | None:
        place = ThreadRef(key.platform, key.workspace, key.channel, key.message_id)
        unheard = ChatMessage(place, key.message_id, "", "", Audience.CHANNEL)
        grave = Job(uuid.uuid4().hex, unheard, Disposition.SILENT, "", datetime.now(UTC), JobState.WITHDRAWN)

        async def update_state(connection: AsyncConnection) -> Job | None:
            insert = upsert(connection, inbox).on_conflict_do_nothing(index_elements=list(_KEY))
            if (await connection.execute(insert.values(self._build_row(grave, grave.received_at)))).rowcount:
                return None
            job, elsewhere = await self._load_with_ownership(connection, key)
            while job and job.state not in _DELETED:
                ours = {"owner": self._owner, "lease_until": datetime.now(UTC) + self._lease}
                now = {
                    "state": JobState.RETRACTING.value,
                    "revision": job.revision + 1,
                    "received_at": datetime.now(UTC),
                }
                values = now | ({} if elsewhere else ours)
                same = and_(inbox.c.id == job.id, inbox.c.revision == job.revision, inbox.c.state == job.state.value)
                if (await connection.execute(update(inbox).where(same).values(values))).rowcount:
                    return None if elsewhere else await self._load_job(connection, key)
                job, elsewhere = await self._load_with_ownership(connection, key)  # changed just now
            return None

        return await self._database.write(update_state)

    async def reclaim_expired(self, platforms: Collection[str], limit: int = 200) -> Sequence[Job]:

        async def update_owner(connection: AsyncConnection) -> Sequence[Job]:
            now = datetime.now(UTC)
            ours = inbox.c.platform.in_(sorted(platforms))
            owed = and_(inbox.c.state.in_(_OPEN), inbox.c.lease_until < now, ours)
            oldest = select(inbox.c.id).where(owed).order_by(inbox.c.received_at, inbox.c.message_id).limit(limit)
            # Not what another is taking. PostgreSQL may run a subquery once a row, and so take more than `limit`.
            free = oldest.with_for_update(skip_locked=True).cte("free")
            taken = (
                update(inbox)
                .where(inbox.c.id.in_(select(free.c.id)), owed)
                .values(owner=self._owner, lease_until=now + self._lease)
                .returning(inbox)
            )
            rows = (await connection.execute(taken)).mappings().all()
            return sorted((self._build_job(row) for row in rows), key=lambda job: (job.received_at, job.message.id))

        return await self._database.write(update_owner, urgent=False)

    async def extend_lease(self) -> None:
        """This process lives."""
        await self._set_lease(datetime.now(UTC) + self._lease, urgent=False)

    async def own_revisions(self) -> Mapping[MessageRef, int]:
        mine = and_(inbox.c.owner == self._owner, inbox.c.state.in_(_OPEN))
        query = select(*(inbox.c[name] for name in _KEY), inbox.c.revision).where(mine)

        async def select_revisions(connection: AsyncConnection) -> Mapping[MessageRef, int]:
            rows = await connection.execute(query)
            return {MessageRef(*key): revision for *key, revision in rows}

        return await self._database.read(select_revisions)

    async def release_lease(self) -> None:
        """This process stops."""
        await self._set_lease(datetime.fromtimestamp(0, UTC))

    async def list_open(self, place: ThreadRef) -> Sequence[Job]:
        here = [inbox.c[name] == getattr(place, name) for name in PLACE[:3]]
        query = select(inbox).where(*here, inbox.c.state.in_(_OPEN)).order_by(inbox.c.received_at)

        async def select_open(connection: AsyncConnection) -> Sequence[Job]:
            jobs = map(self._build_job, (await connection.execute(query)).mappings())
            return [job for job in jobs if job.message.place == place]

        return await self._database.read(select_open)

    async def set_muted(self, place: ThreadRef, muted: bool) -> None:
        """A thread is to be left alone, or no more."""
        await self._set_thread(place, muted=muted)

    async def hand_over(self, place: ThreadRef, *, human: bool = True) -> None:
        """A human takes the thread over, or gives it back."""
        await self._set_thread(place, human=human)

    async def mark_channel(self, channel: Channel, kind: ChannelKind | None) -> None:
        """Make a channel one of that kind, or an ordinary one again."""

        async def update_channel(connection: AsyncConnection) -> None:
            if kind:
                values = {**asdict(channel), "created_at": datetime.now(UTC), "kind": kind.value}
                insert = upsert(connection, help_channels).values(values)
                key = list(asdict(channel))
                await connection.execute(insert.on_conflict_do_update(index_elements=key, set_={"kind": kind.value}))
            else:
                here = [help_channels.c[name] == value for name, value in asdict(channel).items()]
                await connection.execute(delete(help_channels).where(*here))

        await self._database.write(update_channel)

    async def list_marked_channels(self) -> Mapping[Channel, ChannelKind]:
        """The channels that are no ordinary ones, oldest first."""
        return await self._database.read(load_marked_channels)

    async def answered_since(self, channel: Channel, since: datetime) -> Sequence[Job]:
        at = [inbox.c[name] == value for name, value in asdict(channel).items()]
        here = and_(*at, inbox.c.received_at >= since)
        query = select(inbox).where(here, inbox.c.state.not_in([state.value for state in _DELETED]))

        async def select_jobs(connection: AsyncConnection) -> Sequence[Job]:
            return [self._build_job(row) for row in (await connection.execute(query)).mappings()]

        return await self._database.read(select_jobs)

    async def list_channels(self, platform: str, workspace: str) -> Sequence[str]:
        here = and_(inbox.c.platform == platform, inbox.c.workspace == workspace)
        query = select(inbox.c.channel).where(here).distinct().order_by(inbox.c.channel)
        return await self._database.read(lambda connection: _fetch_scalars(connection, query))

    # -- claims ---------------------------------------------------------------------------------------------------

    async def _commit_claims(self) -> None:
        while self._pending:
            batch, self._pending = self._pending[:_BATCH], self._pending[_BATCH:]
            if await self._commit_batch(batch) and len(batch) > 1:
                await self._commit_apart(batch)

    async def _commit_batch(self, batch: Sequence[_Claim]) -> Exception | None:
        """-> the fault, if there was one: who waits for a single claim hears of it, several are to be tried apart."""
        try:
            made = await self._database.write(lambda connection: self._claim_batch(connection, batch))
        except Exception as error:  # whatever it is, those who wait must hear of it
            if len(batch) == 1:
                batch[0].made.set_exception(error)
            return error
        for claim in batch:
            claim.made.set_result(made.pop(claim.message.key, None))  # the first of equal ones has it
        return None

    async def _commit_apart(self, batch: Sequence[_Claim]) -> None:
        """Each by itself: what fails one claim is to fail no other. Where the database fails two in a row, it fails."""
        fault: Exception | None = None
        in_a_row = 0
        for claim in batch:
            if fault and in_a_row == _FAILS:
                claim.made.set_exception(fault)
                continue
            fault = await self._commit_batch([claim])
            in_a_row = in_a_row + 1 if isinstance(fault, StorageError) else 0

    async def _claim_batch(self, connection: AsyncConnection, batch: Sequence[_Claim]) -> dict[MessageRef, Job]:
        """The jobs that are new. What a message does to its thread counts for the next of the batch already."""
        known = await self._load_known_names(connection, [claim.message for claim in batch])
        context = await load_context(connection, {claim.message.place for claim in batch}, lock=True)
        jobs: dict[MessageRef, Job] = {}
        changed: dict[ThreadRef, Thread] = {}
        now = datetime.now(UTC)
        for claim in batch:
            message = claim.message
            names = {_name_message(message.key), *_gesture_names(message)}
            if names & known:
                continue
            thread, handoff = context.find_thread(message)
            in_help = context.find_kind(message) is ChannelKind.HELP
            judgement = claim.rule(message, thread, in_help)
            after = self._update_thread(message, judgement, thread)
            if after != thread and message.audience is not Audience.COMMAND:
                context.threads[message.place] = changed[message.place] = after
            if judgement in {Disposition.ANSWER, Disposition.QUIET, Disposition.RELAY}:
                if in_help:
                    message = replace(message, in_help_channel=True)
                if handoff.id:
                    message = replace(message, handoff_id=handoff.id, side=handoff.side)
                jobs[message.key] = Job(uuid.uuid4().hex, message, judgement, after.conversation_id, now)
                known |= names
        if jobs:
            # In one order in every process: PostgreSQL would end one of two that wait for each other's rows. Of one
            # message the gesture is one as well, of one gesture the keys are several.
            ordered = sorted(jobs.values(), key=_order_of_claims)
            rows = [self._build_row(job, now) for job in ordered]
            statement = upsert(connection, inbox).on_conflict_do_nothing()  # by whichever name it is known
            inserted = await connection.execute(statement.returning(inbox.c.id), rows)
            new = set(inserted.scalars())
            jobs = {key: job for key, job in jobs.items() if job.id in new}
        await save_threads(connection, changed)
        return jobs

    async def _load_known_names(
        self, connection: AsyncConnection, messages: Sequence[ChatMessage]
    ) -> set[tuple[str, ...]]:
        """Those names of messages under which one was claimed before."""
        keys = [_name_message(message.key) for message in messages]
        gestures = [gesture for message in messages for gesture in _gesture_names(message)]
        known: set[tuple[str, ...]] = set()
        for names, wanted in ((_KEY, keys), (_GESTURE, gestures)):
            if wanted:
                columns = [inbox.c[name] for name in names]
                rows = await connection.execute(select(*columns).where(tuple_(*columns).in_(wanted)))
                known |= {tuple(row) for row in rows}
        return known

    def _build_row(self, job: Job, now: datetime) -> dict[str, Any]:
        return {
            **dict(zip(_KEY, _name_message(job.message.key), strict=True)),
            "id": job.id,
            "message": encode_message(job.message),
            "judgement": job.judgement.value,
            "conversation_id": job.conversation_id,
            "state": job.state.value,
            "revision": 0,
            "replies": [],
            "turn_id": "",
            "attempts": 0,
            "received_at": job.received_at,
            "owner": self._owner,
            "lease_until": now + self._lease,
            "user_id": job.message.user,
            "gesture": job.message.gesture or None,
        }

    # -- single rows ----------------------------------------------------------------------------------------------

    async def _load_with_ownership(self, connection: AsyncConnection, key: MessageRef) -> tuple[Job | None, bool]:
        """A message's job, and whether another process that lives is to answer it."""
        row = (await connection.execute(select(inbox).where(_has_key(key)))).mappings().one_or_none()
        if row is None:
            return None, False
        job = self._build_job(row)
        theirs = not job.mine and row["lease_until"] > datetime.now(UTC)
        return job, theirs and job.state is JobState.PENDING

    async def _record_edit(self, connection: AsyncConnection, job: Job, message: ChatMessage) -> None:
        """Note of which edit a job's text is, though it reads the same: an earlier one may be told of later."""
        if message.edited_at > job.message.edited_at:
            kept = encode_message(replace(job.message, edited_at=message.edited_at))
            same = and_(inbox.c.id == job.id, inbox.c.revision == job.revision)
            await connection.execute(update(inbox).where(same).values(message=kept))

    async def _load_job(self, connection: AsyncConnection, key: MessageRef) -> Job | None:
        row = (await connection.execute(select(inbox).where(_has_key(key)))).mappings().one_or_none()
        return self._build_job(row) if row else None

    def _build_job(self, row: RowMapping) -> Job:
        message = decode_message(row["message"])
        return Job(
            id=row["id"],
            message=message,
            judgement=Disposition(row["judgement"]),
            conversation_id=row["conversation_id"],
            received_at=row["received_at"],
            state=JobState(row["state"]),
            revision=row["revision"],
            replies=tuple(row["replies"]),
            turn_id=row["turn_id"],
            attempts=row["attempts"],
            mine=row["owner"] == self._owner,
            moved=decode_move(row["moved"], message.reply_target) if row["moved"] else None,
        )

    async def _save_move(self, item_id: str, move: Move, **values: Any) -> None:
        """Keep where a job is answered, as far as that differs from what its message says."""
        this = inbox.c.id == item_id

        async def update_move(connection: AsyncConnection) -> None:
            kept = (await connection.execute(select(inbox.c.message).where(this).with_for_update())).scalar()
            if kept is not None:
                moved = encode_move(move, decode_message(kept).reply_target)
                await connection.execute(update(inbox).where(this).values(moved=moved, **values))

        await self._database.write(update_move)

    async def _set_lease(self, until: datetime, *, urgent: bool = True) -> None:
        mine = and_(inbox.c.owner == self._owner, inbox.c.state.in_(_OPEN))
        statement = update(inbox).where(mine).values(lease_until=until)
        await self._database.write(lambda connection: connection.execute(statement), urgent=urgent)

    async def _set_thread(self, place: ThreadRef, **values: Any) -> None:
        async def update_columns(connection: AsyncConnection) -> None:
            known = await load_threads(connection, {place})
            state = known.get(place, Thread())
            changed = {"muted": state.muted, "human": state.human, **values}
            await save_threads(connection, {place: replace(state, **changed)})

        await self._database.write(update_columns)

    async def _execute_write(self, statement: Any, values: Mapping[str, Any] | None = None) -> int:
        result = await self._database.write(lambda connection: connection.execute(statement, values))
        return int(result.rowcount)


async def _fetch_scalars(connection: AsyncConnection, query: Any) -> Sequence[str]:
    return (await connection.execute(query)).scalars().all()


def _order_of_claims(job: Job) -> tuple[list[tuple[str, ...]], tuple[str, ...]]:
    return _gesture_names(job.message), _name_message(job.message.key)


def _gesture_names(message: ChatMessage) -> list[tuple[str, ...]]:
    """The name of its writing, if it has one."""
    place = message.place
    if not message.gesture:
        return []
    return [(place.platform, place.workspace, place.channel, message.user, message.gesture)]


def _reads_anew(job: Job, message: ChatMessage, anew: bool) -> bool:
    relayed = anew and job.judgement is Disposition.RELAY
    return relayed or job.message.text != make_storable(message.text)


def _as_known(job: Job) -> dict[str, Any]:
    """What `_IS_AS_KNOWN` compares."""
    return {"known_id": job.id, "known_revision": job.revision, "known_state": job.state.value}


def _has_key(key: MessageRef) -> ColumnElement[bool]:
    return and_(*(inbox.c[name] == value for name, value in asdict(key).items()))
