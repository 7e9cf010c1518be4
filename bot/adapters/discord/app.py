"""Discord: events and commands -> the desk, through discord.py."""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
import uuid
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import discord
import structlog
import yarl
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route

from bot.adapters.discord.client import MUTE, FrontdeskClient, intents
from bot.adapters.discord.failures import connecting, delivering
from bot.adapters.discord.incoming import (
    PLATFORM,
    PRIVATE,
    key_of,
    place_of,
    read_interaction,
    read_message,
)
from bot.adapters.discord.layouts import Why
from bot.adapters.discord.markdown import literal, to_discord
from bot.adapters.discord.messenger import DiscordMessenger
from bot.conversation import Feedback, Turn, Vote
from bot.desk.desk import Desk
from bot.errors import BotError, DeliveryError, PlatformError, StorageError, UnknownTurn
from bot.interfaces import ConversationStore, Inbox, Markers
from bot.knowledge.catalogue import Catalogue
from bot.messages import Channel, ChatMessage, Place
from bot.words import Words, words_for

log = structlog.get_logger(__name__)

OVERLAP = timedelta(seconds=150)  # what is read again: a connection may be dead for so long before it is noticed
FARTHEST = timedelta(days=1)  # what is older than this is not answered any more
_CURSOR_SECONDS = 5.0
GATEWAY = "wss://gateway.discord.gg/"
_HEARD = 10_000  # ids of messages that this process has heard
_PER_CHANNEL = 1_000  # messages read again
_DIRECT = 500  # private conversations read again, the latest first
_AT_ONCE = 8  # channels being read: Discord takes 50 calls a second
_CHOICES = 25
_CHOICE = 100  # characters
_SOLVED = frozenset({"solved", "resolved", "done", "answered", "已解决", "已解決", "解决", "解決"})
PERMISSIONS = discord.Permissions(
    view_channel=True,
    send_messages=True,
    send_messages_in_threads=True,
    create_public_threads=True,
    read_message_history=True,
)


@dataclass(frozen=True, slots=True)
class DiscordConfig:
    """`support_channel` is the id of the channel where questions are handed to people ("": nowhere)."""

    token: str
    api_url: str = "https://discord.com/api/v10"
    gateway_url: str = GATEWAY
    support_channel: str = ""


class DiscordAdapter:
    """Joins the desk when it is connected."""

    platform = PLATFORM

    def __init__(
        self,
        desk: Desk,
        inbox: Inbox,
        markers: Markers,
        conversations: ConversationStore,
        catalogue: Catalogue,
        config: DiscordConfig,
    ) -> None:
        self._desk = desk
        self._inbox = inbox
        self._markers = markers
        self._conversations = conversations
        self._catalogue = catalogue
        self._config = config
        self._client: FrontdeskClient | None = None
        self._messenger: DiscordMessenger | None = None
        self._deaf: set[int] = set()  # shards whose events may be missing
        self._behind: set[object] = set()  # readings of what was missed that are under way
        self._pending: dict[object, datetime] = {}  # events that are being seen to, since when
        self._heard: OrderedDict[int, None] = OrderedDict()
        self._handed_over: set[str] = set()
        self._stopping = False

    @property
    def connected(self) -> bool:
        """Whether the gateway is open."""
        return not self._stopping and self._client is not None and self._client.is_ready() and not self._deaf

    async def run(self) -> None:
        """Connect and serve until cancelled. Raises PlatformError when Discord refuses us or cannot be reached."""
        use(self._config)
        with connecting():
            about = await application(self._config)
        content = sees_content(about)
        log.info("discord mode", message_content=content, answers=mode(content=content))
        client = FrontdeskClient(self, content=content)
        self._client, self._deaf, self._behind = client, set(), set()
        remembering = asyncio.create_task(self._remember())
        try:
            with connecting():
                await client.start(self._config.token)
        except asyncio.CancelledError:
            self._stopping = True  # what is being answered can still be delivered, until `close`
            raise
        finally:
            remembering.cancel()
            if not self._stopping:
                await self.close()
        raise PlatformError("Discord closed the connection.")

    async def close(self) -> None:
        """Deliver nothing more."""
        self._desk.leave(PLATFORM)
        client, self._client = self._client, None
        if client:
            await client.close()

    async def ready_to_speak(self, client: FrontdeskClient) -> None:
        """Logged in, before the gateway is opened. Raises what the library raises."""
        await self.sync_commands(client)
        self._messenger = DiscordMessenger(client, handoff=bool(self._config.support_channel))
        self._desk.join(PLATFORM, self._messenger)

    async def sync_commands(self, client: FrontdeskClient) -> None:
        """Tell Discord of the commands if they are not those it was told last. Raises what the library raises."""
        told = [command.to_dict(client.tree) for command in client.tree.get_commands()]
        digest = hashlib.sha256(json.dumps(told, sort_keys=True, default=str).encode()).hexdigest()
        name = f"discord:commands:{client.application_id}"
        known = {(command.type, command.name) for command in await client.tree.fetch_commands()}
        ours = {(discord.AppCommandType(command["type"]), command["name"]) for command in told}
        if known == ours and await self._markers.get(name) == digest:
            return
        await client.tree.sync()
        await self._markers.set(name, digest)
        log.info("discord commands synced", commands=len(told))

    # -- messages -------------------------------------------------------------------------------------------------

    async def heard(self, message: discord.Message) -> None:
        """Claim a message if it is a person's; again and again while the database fails: Discord tells only once."""
        if message.id in self._heard or self._stopping:
            return
        if told := self._read(message):
            await self._owe(lambda: self._desk.receive(told))
        self._heard[message.id] = None
        if len(self._heard) > _HEARD:
            self._heard.popitem(last=False)

    async def edited(self, message: discord.Message) -> None:
        """Answer again in place, where an answer was owed or is owed now."""
        told = self._read(message)
        if told and (told.text or message.content):
            await self._owe(lambda: self._desk.edited(told))

    async def deleted(self, channel_id: int, guild_id: int | None, message_ids: Sequence[int]) -> None:
        """Stop the work for messages, and remove their answers."""
        channel = await self._channel(channel_id, guild_id)
        for message_id in message_ids:
            key = key_of(self._place(channel, channel_id, guild_id, message_id), message_id)
            await self._owe(partial(self._desk.deleted, key))

    async def reacted(self, event: discord.RawReactionActionEvent, *, muted: bool) -> None:
        """🔇 or not."""
        if event.emoji.name != MUTE or (self._client and self._client.user and event.user_id == self._client.user.id):
            return
        channel = await self._channel(event.channel_id, event.guild_id)
        place = self._place(channel, event.channel_id, event.guild_id, event.message_id)
        await self._owe(lambda: self._desk.mute(place, muted))

    async def tagged(self, before: discord.Thread, after: discord.Thread) -> None:
        """A post that is tagged as solved is left alone."""
        solved, was = _solved(after), _solved(before)
        if solved != was:
            await self._owe(lambda: self._desk.mute(place_of(after, after.id), solved))

    async def _owe(self, work: Callable[[], Awaitable[None]]) -> None:
        if self._stopping:
            return  # the next start reads it from the channel
        mark, pause = object(), 0.25
        self._pending[mark] = datetime.now(UTC)
        while True:
            try:
                await work()
                break
            except StorageError as error:
                log.error("event kept for later", platform=PLATFORM, cause=str(error))
                await asyncio.sleep(pause)
                pause = min(pause * 2, 10)
        del self._pending[mark]  # not when cancelled: then it is read again at the next start

    def _read(self, message: discord.Message) -> ChatMessage | None:
        client = self._client
        if client is None or client.user is None:
            return None
        role = message.guild.self_role if message.guild else None
        return read_message(message, client.user.id, {role.id} if role else ())

    async def _channel(self, channel_id: int, guild_id: int | None) -> Any:
        """What the client knows of a channel or thread, or Discord; None where it is gone."""
        client = self._client
        if client is None or guild_id is None:
            return None
        if found := client.get_channel(channel_id):
            return found
        try:
            with delivering():
                return await client.fetch_channel(channel_id)
        except DeliveryError:
            return None

    def _place(self, channel: Any, channel_id: int, guild_id: int | None, message_id: int) -> Place:
        if channel is not None:
            return place_of(channel, message_id)
        return Place(PLATFORM, str(guild_id or PRIVATE), str(channel_id), str(message_id))

    # -- what was missed ------------------------------------------------------------------------------------------

    async def new_session(self, shard_id: int) -> None:
        """The gateway knows nothing of what came before: read it."""
        client = self._client
        if client is None or client.user is None:
            return
        guilds = [guild for guild in client.guilds if guild.shard_id == shard_id]
        self._behind.add(reading := object())
        self._deaf.discard(shard_id)
        await self.catch_up(guilds, direct=shard_id == 0)
        self._behind.discard(reading)
        log.info("discord connected", shard=shard_id, guilds=len(guilds), bot=client.user.id)

    def resumed(self, shard_id: int) -> None:
        """All that was missed has been told."""
        self._deaf.discard(shard_id)

    def disconnected(self, shard_id: int) -> None:
        """Something may be missed."""
        self._deaf.add(shard_id)

    async def catch_up(self, guilds: Iterable[discord.Guild], *, direct: bool = False) -> None:
        """Hear the messages since the last ones that are known to have been heard."""
        client = self._client
        since = await self._cursor()
        if client is None or since is None:
            return
        after = discord.Object(discord.utils.time_snowflake(since))
        seen: list[Any] = [
            channel for guild in guilds for channel in (*guild.text_channels, *guild.voice_channels, *guild.threads)
        ]
        channels = [channel for channel in seen if (channel.last_message_id or 0) > after.id]
        if direct:
            known = await self._patiently(lambda: self._inbox.channels(PLATFORM, PRIVATE))
            private = discord.ChannelType.private
            channels += [client.get_partial_messageable(int(each), type=private) for each in known[:_DIRECT]]
        at_once = asyncio.Semaphore(_AT_ONCE)
        await asyncio.gather(*(self._read_again(channel, after, at_once) for channel in channels))

    async def _read_again(self, channel: Any, after: discord.Object, at_once: asyncio.Semaphore) -> None:
        async with at_once:
            missed: list[discord.Message] | None = None
            while missed is None:
                try:
                    with delivering():
                        history = channel.history(after=after, limit=_PER_CHANNEL, oldest_first=True)
                        missed = [message async for message in history]
                except DeliveryError as error:
                    if error.permanent or self._stopping or self._client is None:
                        return
                    log.warning("channel not read yet", channel=channel.id, cause=str(error))
                    await asyncio.sleep(2)
            for message in missed:
                await self.heard(message)
                if message.edited_at:
                    await self.edited(message)

    async def _cursor(self) -> datetime | None:
        """Since when messages may have been missed; None at the very first start."""
        kept = await self._patiently(lambda: self._markers.get(_CURSOR))
        if not kept:
            return None
        return max(datetime.fromisoformat(kept) - OVERLAP, datetime.now(UTC) - FARTHEST)

    async def _remember(self) -> None:
        """Keep until when everything has been heard."""
        while True:
            await asyncio.sleep(_CURSOR_SECONDS)
            if not self.connected or self._behind:
                continue
            until = min([datetime.now(UTC), *self._pending.values()])
            try:
                await self._markers.set(_CURSOR, until.isoformat())
            except StorageError as error:
                log.warning("cursor not kept", cause=str(error))

    async def _patiently(self, work: Callable[[], Awaitable[Any]]) -> Any:
        found: list[Any] = []

        async def once() -> None:
            found[:] = [await work()]

        await self._owe(once)
        return found[0]

    # -- commands -------------------------------------------------------------------------------------------------

    async def asked(self, interaction: discord.Interaction[Any], question: str, *, private: bool) -> None:
        """`/ask`: acknowledged at once, claimed beside that."""
        told = read_interaction(interaction, question, private=private)
        await self._take(interaction, told, private=private)

    async def asked_about(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        """ "Answer from the FAQ" on somebody's message."""
        text = message.content.strip()
        if not text:
            words = _words(interaction)
            await interaction.response.send_message(words.say("nothing_to_read"), ephemeral=True)
            return
        await self._take(interaction, read_interaction(interaction, text, private=False), private=False)

    async def _take(self, interaction: discord.Interaction[Any], told: ChatMessage, *, private: bool) -> None:
        if self._messenger is None:
            return
        deferring = asyncio.create_task(_defer(interaction, private=private))
        self._messenger.deferring[told.id] = deferring
        try:
            await self._owe(lambda: self._desk.receive(told))
        finally:
            await asyncio.wait({deferring})
            self._messenger.deferring.pop(told.id, None)

    async def suggest(self, typed: str) -> list[app_commands.Choice[str]]:
        """Questions of the FAQ that match what is typed."""
        try:
            found = await self._catalogue.suggest(typed, _CHOICES, _CHOICE)
        except BotError:
            return []
        return [app_commands.Choice(name=question, value=question) for question in found]

    async def mark(self, interaction: discord.Interaction[Any], channel: Any, *, help_channel: bool) -> None:
        """Make a channel a help channel, or an ordinary one again."""
        here = channel or interaction.channel
        here = here.parent if isinstance(here, discord.Thread) else here
        if here is None or interaction.guild_id is None:
            return
        await self._inbox.mark(Channel(PLATFORM, str(interaction.guild_id), str(here.id)), help_channel=help_channel)
        words = _words(interaction)
        said = words.say("help_on" if help_channel else "help_off", channel=f"<#{here.id}>")
        if help_channel and self._client and not self._client.intents.message_content:
            said += "\n" + words.say("help_needs_content")
        await interaction.response.send_message(said, ephemeral=True)

    async def command_failed(self, interaction: discord.Interaction[Any], error: Exception) -> None:
        """One line for the caller; the cause is the log's."""
        words = _words(interaction)
        if isinstance(error, app_commands.CheckFailure):
            said = words.say("not_allowed")
        else:
            said = words.say("fault", fault=self.failed("command", error.__cause__ or error))
        await self._tell(interaction, said)

    def failed(self, event: str, error: BaseException | None = None) -> str:
        """Log a fault under an id that a customer can quote."""
        error = error or sys.exception()
        fault = uuid.uuid4().hex[:8]
        known = isinstance(error, BotError)
        log.error("fault", fault=fault, event=event, kind=type(error).__name__, cause=str(error) if known else "")
        if not known:
            log.debug("fault's traceback", fault=fault, exc_info=error)
        return fault

    # -- clicks ---------------------------------------------------------------------------------------------------

    async def clicked(self, interaction: discord.Interaction[Any], what: str, turn_id: str) -> None:
        """A button below an answer."""
        try:
            turn = await self._turn(turn_id)
            if turn is None:
                await self._tell(interaction, _words(interaction).say("unknown_answer"))
            elif what == "solved":
                await self._solve(interaction)
            elif what == "human":
                await self._ask_human(interaction, turn)
            else:
                await self._vote(interaction, turn, Vote.UP if what == "up" else Vote.DOWN)
        except StorageError:
            await self._tell(interaction, _words(interaction).say("fault", fault=self.failed("click")))

    async def _vote(self, interaction: discord.Interaction[Any], turn: Turn, vote: Vote) -> None:
        await self._conversations.vote(Feedback(turn.id, str(interaction.user.id), vote))
        words = words_for(turn.language)
        if vote is Vote.DOWN:
            await self._try(interaction.response.send_modal(Why(turn.id, words)))
        else:
            await self._tell(interaction, words.say("voted"))

    async def submitted(self, interaction: discord.Interaction[Any]) -> None:
        """The form that asks why."""
        data: Any = interaction.data or {}
        form, _, turn_id = str(data.get("custom_id", "")).rpartition(":")
        if form != "frontdesk:why":
            return
        try:
            turn = await self._turn(turn_id)
            if turn and (reason := _value_of(data.get("components", ())).strip()):
                await self._conversations.vote(Feedback(turn.id, str(interaction.user.id), Vote.DOWN, reason))
            words = words_for(turn.language) if turn else _words(interaction)
            await self._tell(interaction, words.say("voted"))
        except StorageError:
            await self._tell(interaction, _words(interaction).say("fault", fault=self.failed("form")))

    async def _solve(self, interaction: discord.Interaction[Any]) -> None:
        """Whoever opened the post, or may manage it, marks it solved: the bot is quiet there until it is mentioned."""
        thread = interaction.channel
        words = _words(interaction)
        if not isinstance(thread, discord.Thread):
            await self._tell(interaction, words.say("not_allowed"))
            return
        if interaction.user.id != thread.owner_id and not interaction.permissions.manage_threads:
            await self._tell(interaction, words.say("not_allowed"))
            return
        await self._desk.mute(place_of(thread, thread.id), True)
        await self._tell(interaction, words.say("marked_solved"), ephemeral=False)

    async def _ask_human(self, interaction: discord.Interaction[Any], turn: Turn) -> None:
        """Tell the support channel, tell the customer, and leave the thread to people."""
        words = words_for(turn.language)
        channel: Any = interaction.channel
        if turn.id in self._handed_over or not self._config.support_channel or channel is None:
            await self._try(interaction.response.defer())
            return
        self._handed_over.add(turn.id)
        where = interaction.message.jump_url if interaction.message else ""
        text = (
            f"**{literal(interaction.user.display_name)}** asks for a person: [{literal(turn.question[:500])}]({where})"
        )
        view = discord.ui.LayoutView(timeout=None)
        answered = to_discord(turn.answer)[:2_000]
        view.add_item(discord.ui.Container(discord.ui.TextDisplay(text), discord.ui.TextDisplay(answered or "…")))
        support = interaction.client.get_partial_messageable(int(self._config.support_channel))
        told = await self._try(support.send(view=view))
        if told:
            place = place_of(channel, interaction.message.id if interaction.message else 0)
            await self._inbox.hand_over(place)
        else:
            self._handed_over.discard(turn.id)
        await self._tell(interaction, words.say("handed_over" if told else "not_handed_over"), ephemeral=False)

    async def _turn(self, turn_id: str) -> Turn | None:
        try:
            return await self._conversations.turn(turn_id)
        except UnknownTurn:
            return None

    async def _tell(self, interaction: discord.Interaction[Any], text: str, *, ephemeral: bool = True) -> None:
        if interaction.response.is_done():
            await self._try(interaction.followup.send(text, ephemeral=ephemeral))
        else:
            await self._try(interaction.response.send_message(text, ephemeral=ephemeral))

    async def _try(self, call: Awaitable[Any]) -> Any:
        """Await a call that is no answer; None when Discord refuses it, which is logged."""
        try:
            with delivering():
                return await call or True
        except DeliveryError as error:
            log.warning("discord refused", cause=str(error))
            return None


_CURSOR = "discord:heard"


_connect_gateway = DiscordWebSocket.from_client


def use(config: DiscordConfig) -> None:
    """Point discord.py's client at the API and the gateway of the settings.

    A gateway other than Discord's own is used for every connection: without that, the library follows the addresses
    that the API and the sessions name, past a proxy.
    """
    Route.BASE = config.api_url.rstrip("/")
    url = yarl.URL(config.gateway_url)

    async def connect(_cls: type[DiscordWebSocket], /, client: discord.Client, **options: Any) -> DiscordWebSocket:
        return await _connect_gateway(client, **options | {"gateway": url})

    own = url.host == yarl.URL(GATEWAY).host
    DiscordWebSocket.from_client = _connect_gateway if own else classmethod(connect)  # type: ignore[method-assign,assignment]


async def application(config: DiscordConfig) -> discord.AppInfo:
    """What Discord says of the token's application. Raises what the library raises."""
    use(config)
    client = discord.Client(intents=intents(content=False))
    async with client:
        await client.login(config.token)
        return await client.application_info()


def sees_content(about: discord.AppInfo) -> bool:
    """Whether the application has the message content intent."""
    flags = about.flags
    return flags.gateway_message_content or flags.gateway_message_content_limited


def mode(*, content: bool) -> str:
    """What is answered, in words."""
    if content:
        return "commands, mentions, direct messages, follow-ups without a mention, help channels and forums"
    return (
        "commands, mentions and direct messages; follow-ups without a mention and help channels need the message "
        "content intent (Bot page of the application)"
    )


def invitation(about: discord.AppInfo) -> str:
    """The URL that adds the bot to a server with the permissions it needs and no others."""
    return discord.utils.oauth_url(about.id, permissions=PERMISSIONS, scopes=("bot", "applications.commands"))


async def guild_of(config: DiscordConfig, channel_id: int) -> str:
    """The server that a channel belongs to. Raises PlatformError."""
    use(config)
    client = discord.Client(intents=intents(content=False))
    with connecting():
        async with client:
            await client.login(config.token)
            try:
                channel = await client.fetch_channel(channel_id)
            except (discord.NotFound, discord.Forbidden) as error:
                raise PlatformError(
                    f"Discord shows the bot no channel {channel_id}: check the id, and invite the bot to its server."
                ) from error
    guild = getattr(channel, "guild", None)
    if guild is None:
        raise PlatformError(f"{channel_id} is no channel of a server.")
    return str(guild.id)


async def _defer(interaction: discord.Interaction[Any], *, private: bool) -> None:
    try:
        with delivering():
            await interaction.response.defer(ephemeral=private, thinking=True)
    except DeliveryError as error:  # the answer then comes as a message of its own
        log.warning("command not acknowledged", cause=str(error))


def _solved(thread: discord.Thread) -> bool:
    return any(tag.name.strip().casefold() in _SOLVED for tag in thread.applied_tags)


def _value_of(components: Iterable[Any]) -> str:
    """The text of the form's only field, however it is nested."""
    for component in components:
        if component.get("custom_id") == "why":
            return str(component.get("value") or "")
        inner = component.get("component")
        if found := _value_of([inner] if inner else component.get("components", ())):
            return found
    return ""


def _words(interaction: discord.Interaction[Any]) -> Words:
    locale = str(interaction.locale)
    return words_for("zh-Hant" if locale in {"zh-TW", "zh-HK"} else locale)
