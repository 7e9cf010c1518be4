"""What Discord tells of only once: seen to while the database fails, and read from the channels where it was missed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
import structlog

from bot.chat.message import Audience, Channel, MessageRef
from bot.chat.ports import Markers
from bot.errors import DeliveryError, Refusal, StorageError
from bot.inbox.ports import InboxStore
from bot.platforms.discord.api_errors import is_unknown_message, translate_delivery_errors
from bot.platforms.discord.events import NAME, PRIVATE
from bot.platforms.discord.reply_target import target_of
from bot.runtime.retries import FailedTry, retry_with_backoff

log = structlog.get_logger(__name__)

OVERLAP = timedelta(seconds=150)  # what is read again: a connection may be dead for so long before it is noticed
FARTHEST = timedelta(days=1)  # what is older than this is not answered any more
_CURSOR = "discord:heard"
_CURSOR_SECONDS = 5.0
_PER_CHANNEL = 1_000  # messages read again
_SKEW = timedelta(minutes=1)  # between Discord's clock, of which an id tells, and ours
_DIRECT = 500  # private conversations read again, the latest first
_TRIES, _MOST_TRIES = 2, 60  # readings of a channel (of five calls each), where others can be read and where none can
_LONGEST_PAUSE = 30.0  # seconds between two
_FIRST_PAUSE, _LONGEST_ASKING = 1.0, 300.0  # seconds before a message is asked of again
_AT_ONCE = 32  # channels being read: Discord takes 50 calls a second, and one that fails is kept up for half a minute


class PendingEvents:
    """Events that are being seen to, each until it is done."""

    def __init__(self) -> None:
        self._pending: dict[object, datetime] = {}  # since when
        self.stopping = False

    @property
    def since(self) -> datetime:
        """Until when everything has been seen to."""
        return min([datetime.now(UTC), *self._pending.values()])

    async def see_to(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do what an event calls for, again and again while the database fails."""
        if not self.stopping:  # else the next start reads it from the channel
            await self._retry_until_done(work)

    async def fetch_value(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """What `work` gives, however long the database fails."""
        found: list[Any] = []

        async def fetch_once() -> None:
            found[:] = [await work()]

        await self._retry_until_done(fetch_once)
        return found[0]

    async def _retry_until_done(self, work: Callable[[], Awaitable[None]]) -> None:
        mark = object()
        self._pending[mark] = datetime.now(UTC)
        async for attempt in retry_with_backoff(on=StorageError, pause=0.25, longest=10.0, on_failure=_log_kept_event):
            with attempt:
                await work()
        del self._pending[mark]  # not when cancelled: then it is read again at the next start


class CatchUp:
    """Reads what was said while nobody listened. `hear`, `edited` and `deleted` take a message as if the gateway told
    of it; `given_up` counts channels that could not be read."""

    def __init__(
        self,
        inbox: InboxStore,
        markers: Markers,
        owed: PendingEvents,
        hear: Callable[[discord.Message], Awaitable[None]],
        edited: Callable[[discord.Message], Awaitable[None]],
        deleted: Callable[[MessageRef], Awaitable[None]],
        given_up: Callable[[], None],
    ) -> None:
        self._store = inbox
        self._markers = markers
        self._owed = owed
        self._hear = hear
        self._edited = edited
        self._deleted = deleted
        self._given_up = given_up
        self._readable = False  # whether any channel could be read since the client is there
        self._deaf: set[int] = set()  # shards whose events may be missing
        self._behind: set[object] = set()  # readings of what was missed that are under way
        self._asking: set[asyncio.Task[None]] = set()  # of messages, after those readings

    @property
    def deaf(self) -> bool:
        """Whether something may be missed at this moment."""
        return bool(self._deaf)

    def reset(self) -> None:
        """A new client: nothing is known of its shards, and the old one can be asked no more."""
        for task in self._asking:
            task.cancel()
        self._deaf, self._behind, self._readable = set(), set(), False

    async def new_session(self, client: discord.Client, shard_id: int) -> None:
        """The gateway knows nothing of what came before: read it."""
        guilds = [guild for guild in client.guilds if guild.shard_id == shard_id]
        self._behind.add(reading := object())
        self._deaf.discard(shard_id)
        await self.read(client, guilds, direct=shard_id == 0)
        self._behind.discard(reading)
        log.info("discord connected", shard=shard_id, guilds=len(guilds), bot=client.user and client.user.id)

    def resumed(self, shard_id: int) -> None:
        """All that was missed has been told."""
        self._deaf.discard(shard_id)

    def disconnected(self, shard_id: int) -> None:
        """Something may be missed."""
        self._deaf.add(shard_id)

    async def read(self, client: discord.Client, guilds: Iterable[discord.Guild], *, direct: bool = False) -> None:
        """Hear the messages since the last ones that are known to have been heard."""
        since = await self._load_cursor()
        if since is None:
            return
        after = discord.Object(discord.utils.time_snowflake(since))
        seen: list[Any] = [
            channel for guild in guilds for channel in (*guild.text_channels, *guild.voice_channels, *guild.threads)
        ]
        channels = [channel for channel in seen if (channel.last_message_id or 0) > after.id]
        if direct:
            known = await self._owed.fetch_value(lambda: self._store.list_channels(NAME, PRIVATE))
            private = discord.ChannelType.private
            channels += [client.get_partial_messageable(int(each), type=private) for each in known[:_DIRECT]]
        at_once = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(*(self._read_channel(client, channel, after, at_once) for channel in channels))

    async def _read_channel(
        self, client: discord.Client, channel: Any, after: discord.Object, at_once: asyncio.Semaphore
    ) -> None:
        """Hear what was said in a channel. One that Discord cannot read is given up after some tries where others can
        be read: it is not Discord that is away, and the others' cursor must move on."""
        known = await self._known_since(channel, after)
        try:
            missed = await self._fetch_missed(client, channel, after, at_once)
        except DeliveryError as error:
            if self._passes(error, client):
                log.error(
                    "channel given up: what was written there while nobody listened is not answered",
                    channel=channel.id,
                )
                self._given_up()
            return
        self._readable = True
        for message in missed:
            await self._hear(message)
            if message.edited_at:
                await self._edited(message)
        if len(missed) < _PER_CHANNEL:
            absent = known.keys() - {message.id for message in missed}
            await self._look_for_deleted(client, channel, [known[message_id] for message_id in sorted(absent)])

    async def _look_for_deleted(self, client: discord.Client, channel: Any, absent: Sequence[MessageRef]) -> None:
        """Hear of those that were deleted: one after the other, and later of those that Discord could not tell of."""
        for key in absent:
            try:
                await self._hear_of_deletion(channel, key)
            except DeliveryError as error:
                if self._passes(error, client):
                    task = asyncio.create_task(self._ask_until_told(client, channel, key))
                    self._asking.add(task)
                    task.add_done_callback(self._asking.discard)

    async def _hear_of_deletion(self, channel: Any, key: MessageRef) -> None:
        if await _is_deleted(channel, int(key.message_id)):
            await self._deleted(key)

    async def _ask_until_told(self, client: discord.Client, channel: Any, key: MessageRef) -> None:
        """Ask of a message again, for as long as an answer to it may have to go and this client is there."""

        def may_ask_again(error: BaseException) -> bool:
            written = discord.utils.snowflake_time(int(key.message_id))
            return self._passes(error, client) and datetime.now(UTC) - written < FARTHEST

        def log_failure(failed: FailedTry) -> None:
            told = {"channel": channel.id, "message": key.message_id, "cause": str(failed.error)}
            log.warning("not known whether a message was deleted", **told, again_in=failed.again_in)

        await asyncio.sleep(_FIRST_PAUSE)
        with suppress(DeliveryError):
            async for attempt in retry_with_backoff(
                on=may_ask_again, pause=_FIRST_PAUSE, longest=_LONGEST_ASKING, on_failure=log_failure
            ):
                with attempt:
                    await self._hear_of_deletion(channel, key)

    async def _fetch_missed(
        self, client: discord.Client, channel: Any, after: discord.Object, at_once: asyncio.Semaphore
    ) -> Sequence[discord.Message]:
        """What was said in a channel, oldest first. Raises DeliveryError where it cannot be read after some tries."""

        def log_failure(failed: FailedTry) -> None:
            if isinstance(failed.error, DeliveryError) and failed.error.kind is Refusal.BOT:
                self._readable = False  # none can be read, until one was read again
            log.warning("channel not read yet", channel=channel.id, cause=str(failed.error))

        found: list[discord.Message] = []
        async for attempt in retry_with_backoff(
            on=lambda error: self._passes(error, client),
            pause=1.0,
            growth=1.5,
            longest=_LONGEST_PAUSE,
            tries=lambda: _TRIES if self._readable else _MOST_TRIES,
            on_failure=log_failure,
        ):
            with attempt:
                async with at_once:
                    with translate_delivery_errors():
                        history = channel.history(after=after, limit=_PER_CHANNEL, oldest_first=True)
                        found = [message async for message in history]
        return found

    def _passes(self, error: BaseException, client: discord.Client) -> bool:
        """Whether a channel that could not be read may be read later, and somebody is left to do so."""
        return isinstance(error, DeliveryError) and not (error.permanent or self._owed.stopping or client.is_closed())

    async def _known_since(self, channel: Any, after: discord.Object) -> Mapping[int, MessageRef]:
        """Messages of a channel that were claimed, by id: those that are not found there any more were deleted."""
        thread = channel if isinstance(channel, discord.Thread) else None
        guild = getattr(channel, "guild", None)
        parent = Channel(NAME, str(guild.id) if guild else PRIVATE, str(thread.parent_id if thread else channel.id))
        since = discord.utils.snowflake_time(after.id) - _SKEW
        items = await self._owed.fetch_value(lambda: self._store.answered_since(parent, since))
        claimed = [each.message for each in items]
        written = [each for each in claimed if each.audience is not Audience.COMMAND and each.chosen is None]
        if thread:  # a channel's message with which a thread begins stands in the channel, a post's in its thread
            of_thread = [each for each in written if each.place.thread == str(thread.id)]
            here = [each for each in of_thread if each.id != each.place.thread or target_of(each).forum]
        else:
            here = [each for each in written if each.id == each.place.thread]
        return {int(message.id): message.key for message in here if int(message.id) > after.id}

    async def _load_cursor(self) -> datetime | None:
        """Since when messages may have been missed; None at the very first start."""
        kept = await self._owed.fetch_value(lambda: self._markers.get(_CURSOR))
        if not kept:
            return None
        return max(datetime.fromisoformat(kept) - OVERLAP, datetime.now(UTC) - FARTHEST)

    async def remember(self, connected: Callable[[], bool]) -> None:
        """Keep until when everything has been heard, until cancelled."""
        while True:
            await asyncio.sleep(_CURSOR_SECONDS)
            if not connected() or self._behind:
                continue
            try:
                await self._markers.set(_CURSOR, self._owed.since.isoformat(), urgent=False)
            except StorageError as error:
                log.warning("cursor not kept", cause=str(error))


def _log_kept_event(failed: FailedTry) -> None:
    log.error("event kept for later", platform=NAME, cause=str(failed.error))


async def _is_deleted(channel: Any, message_id: int) -> bool:
    """Whether Discord says that a message is no more: a history that may not be read, or only in part, lacks it too.
    Raises DeliveryError while Discord cannot tell."""
    try:
        with translate_delivery_errors():
            await channel.fetch_message(message_id)
    except DeliveryError as error:
        if not error.permanent:
            raise
        return is_unknown_message(error)
    return False
