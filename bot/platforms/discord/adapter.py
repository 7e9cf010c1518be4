"""Discord: events and commands -> the inbox, through discord.py."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import discord
import structlog
from discord import app_commands

from bot.chat.message import Audience, Channel, ChannelKind, ChatMessage, MessageRef, ThreadRef
from bot.commands.console import Console
from bot.errors import BotError, DeliveryError, PlatformError, StorageError
from bot.inbox.options import press_id
from bot.platforms.attachments import Attachments
from bot.platforms.channel_watch import SupportChannelWatch
from bot.platforms.discord.actors import Team
from bot.platforms.discord.api_errors import translate_connection_errors, translate_delivery_errors
from bot.platforms.discord.catch_up import CatchUp, PendingEvents
from bot.platforms.discord.channels import DiscordChannels
from bot.platforms.discord.client import MUTE, FrontdeskClient
from bot.platforms.discord.commands import DiscordCommands
from bot.platforms.discord.connection import (
    describe_mode,
    fetch_application,
    sees_content,
    use_endpoints,
)
from bot.platforms.discord.context import DiscordMessageContext, begins_thread
from bot.platforms.discord.events import (
    NAME,
    PRIVATE,
    key_of,
    list_caller_groups,
    of_packet,
    place_of,
    read_interaction,
    read_message,
    read_press,
    text_of,
)
from bot.platforms.discord.feedback import FeedbackForms
from bot.platforms.discord.locales import attempt_call, defer_response, language_of, show_line, words_of
from bot.platforms.discord.replies import DiscordReplySender
from bot.platforms.discord.reply_target import MessageKind, target_of
from bot.platforms.discord.settings import DISCORD, DiscordSettings
from bot.platforms.services import PlatformServices
from bot.runtime.faults import log_fault
from bot.runtime.retries import FailedTry, retry_with_backoff
from retrieval.audiences import Viewer

log = structlog.get_logger(__name__)

_HEARD = 10_000  # ids of messages, and of threads, that this process has heard of
_REGISTERING_SECONDS = 5.0  # that the commands may take before messages are heard
_FIRST_PAUSE, _LONGEST_PAUSE = 30.0, 3600.0  # seconds between two tries to register them
_CHOICES = 25
_CHOICE = 100  # characters
_UNSEEN = (
    "Discord does not show me what is written here, so that was not passed on: I need the message content intent (Bot "
    "page of the application). Write to the customer where it was asked."
)
_SOLVED = frozenset({"solved", "resolved", "done", "answered", "已解决", "已解決", "解决", "解決"})


class DiscordAdapter:
    """Joins the services when it is connected."""

    platform = NAME
    routes = ()
    feedbacks: FeedbackForms
    commands: DiscordCommands

    def __init__(self, settings: DiscordSettings, services: PlatformServices) -> None:
        self._settings = settings
        self._services = services
        self._inbox = inbox = services.inbox
        self._markers = services.markers
        self._conversations = services.conversations
        self._catalogue = services.catalogue
        self._console = services.console
        self._handoffs = services.handoffs
        self._voting = services.voting
        self._client: FrontdeskClient | None = None
        self._replies: DiscordReplySender | None = None
        self._owed = PendingEvents()
        self._catching_up = CatchUp(
            services.inbox_store,
            services.markers,
            self._owed,
            self.receive_message,
            self.receive_edit,
            self._receive_deletion,
            lambda: inbox.count_fault(NAME, "channel given up"),
        )
        self._store = services.inbox_store
        self._heard: OrderedDict[int, None] = OrderedDict()
        self._threads: OrderedDict[int, asyncio.Future[bool]] = OrderedDict()
        self._registering: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None

    @property
    def console(self) -> Console:
        """Whose commands Discord is told of."""
        return self._console

    @property
    def connected(self) -> bool:
        """Whether the gateway is open."""
        client = self._client
        return not self._owed.stopping and client is not None and client.is_ready() and not self._catching_up.deaf

    async def run(self) -> None:
        """Connect and serve until cancelled. Raises PlatformError when Discord refuses us or cannot be reached."""
        use_endpoints(self._settings)
        with translate_connection_errors():
            about = await fetch_application(self._settings)
        content = sees_content(about)
        log.info("discord mode", message_content=content, answers=describe_mode(content=content))
        client = FrontdeskClient(self, content=content)
        self._client = client
        self._catching_up.reset()
        remembering = asyncio.create_task(self._catching_up.remember(lambda: self.connected))
        try:
            with translate_connection_errors():
                await client.start(self._settings.token.get_secret_value())
        except asyncio.CancelledError:
            self._owed.stopping = True  # what is being answered can still be delivered, until `close`
            raise
        finally:
            remembering.cancel()
            if self._watching:
                self._watching.cancel()
            if not self._owed.stopping:
                await self.close()
        raise PlatformError("Discord closed the connection.")

    async def close(self) -> None:
        """Deliver nothing more."""
        self._services.remove_platform(NAME)
        client, self._client = self._client, None
        if client:
            if self._registering:
                self._registering.cancel()
            if hasattr(self, "commands"):
                self.commands.close()
            await client.close()

    async def ready_to_speak(self, client: FrontdeskClient) -> None:
        """Logged in, before the gateway is opened. The commands are registered meanwhile: where Discord takes its time,
        or refuses, messages are answered all the same."""
        self._registering = asyncio.create_task(self._register_commands(client))
        await asyncio.wait({self._registering}, timeout=_REGISTERING_SECONDS)
        team = self._team = Team(client, self._settings.team_channels)
        channels = DiscordChannels(client, team)
        me, content = client.application_id or 0, client.intents.message_content
        if client.user:
            me = client.user.id
        self.commands = DiscordCommands(self._console, channels, team, me=me, content=content)
        self.feedbacks = FeedbackForms(self._conversations, self._voting, self._handoffs, self._inbox, channels)
        self._replies = DiscordReplySender(client, handoff=self._handoffs.can_hand_over)
        own = "" if self._settings.api_url == DISCORD else self._settings.api_url
        attachments = Attachments({"cdn.discordapp.com", "media.discordapp.net"}, own, self._services.allowed_networks)
        self._services.add_platform(NAME, self._replies, channels, DiscordMessageContext(client, attachments))

    async def check_channels(self) -> None:
        """Log what is wrong with the team's channels: nothing is posted there. The support channel is watched on."""
        watch = SupportChannelWatch(
            self._settings.support_channel, self._team.find_faults, partial(self._handoffs.note_trouble, NAME)
        )
        for fault in (await watch.look()).values():
            log.error("no room for the team", cause=fault)
        if self._watching:
            self._watching.cancel()
        self._watching = asyncio.create_task(watch.run())

    async def _register_commands(self, client: FrontdeskClient) -> None:
        """Until it is done; each time after a longer pause, for Discord takes 200 a day."""

        def log_failure(failed: FailedTry) -> None:
            cause = str(failed.error)
            log.error("discord commands not registered: the old ones work", cause=cause, again_in=failed.again_in)

        tries = retry_with_backoff(on=BotError, pause=_FIRST_PAUSE, longest=_LONGEST_PAUSE, on_failure=log_failure)
        async for attempt in tries:
            with attempt, translate_delivery_errors():
                await self.sync_commands(client)

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

    async def receive_message(self, message: discord.Message) -> None:
        """Claim a message if it is a person's; again and again while the database fails: Discord tells only once."""
        if message.id in self._heard or self._owed.stopping:
            return
        if read := self._read_message(message):
            told = await self._mark_beginning(message, read)
            await self._owed.see_to(lambda: self._inbox.receive_message(told))
        self._heard[message.id] = None
        if len(self._heard) > _HEARD:
            self._heard.popitem(last=False)

    async def receive_edit(self, message: discord.Message) -> None:
        """Answer again in place, where an answer was owed or is owed now."""
        told = self._read_message(message)
        if told and (told.text or message.content):
            await self._owed.see_to(lambda: self._inbox.receive_edit(told))

    async def receive_deletions(self, channel_id: int, guild_id: int | None, message_ids: Sequence[int]) -> None:
        """Stop the work for messages, and remove their answers."""
        channel = await self._find_channel(channel_id, guild_id)
        for message_id in message_ids:
            await self._receive_deletion(
                key_of(self._build_place(channel, channel_id, guild_id, message_id), message_id)
            )

    async def _receive_deletion(self, key: MessageRef) -> None:
        await self._owed.see_to(lambda: self._inbox.receive_deletion(key))

    async def receive_reaction(self, event: discord.RawReactionActionEvent, *, muted: bool) -> None:
        """🔇 or not."""
        if event.emoji.name != MUTE or (self._client and self._client.user and event.user_id == self._client.user.id):
            return
        channel = await self._find_channel(event.channel_id, event.guild_id)
        place = self._build_place(channel, event.channel_id, event.guild_id, event.message_id)
        await self._owed.see_to(lambda: self._inbox.set_muted(place, muted))

    async def receive_tags(self, before: discord.Thread, after: discord.Thread) -> None:
        """A post that is tagged as solved is left alone."""
        solved, was = _is_solved(after), _is_solved(before)
        if solved != was:
            await self._owed.see_to(lambda: self._inbox.set_muted(place_of(after, after.id), solved))

    def _read_message(self, message: discord.Message) -> ChatMessage | None:
        client = self._client
        if client is None or client.user is None:
            return None
        role = message.guild.self_role if message.guild else None
        told = read_message(message, client.user.id, {role.id} if role else ())
        if told and told.place.channel == self._settings.support_channel:
            told = of_packet(told, message, client.user.id)
        hidden = not client.intents.message_content and not message.content and not message.attachments
        if told and hidden and message.guild:
            return replace(told, unseen=_UNSEEN)
        return told

    async def _mark_beginning(self, message: discord.Message, told: ChatMessage) -> ChatMessage:
        """The message; marked as such where a thread begins with it that hangs on no message, as a new one of a help
        channel. Once a thread, since it costs a look: what is said there meanwhile waits, to be heard in order."""
        thread: Any = message.channel
        if target_of(told).kind is not MessageKind.THREAD or told.opens_thread:
            return told
        first = thread.id not in self._threads
        if first:
            self._threads[thread.id] = asyncio.ensure_future(self._begins_thread(message, told))
            if len(self._threads) > _HEARD:
                self._threads.popitem(last=False)
        begins = await asyncio.shield(self._threads[thread.id])
        if not first or not begins:
            return told
        post = isinstance(thread.parent, discord.ForumChannel)
        text = f"{thread.name}\n{told.text}" if post else told.text
        audience = Audience.POST if post else told.audience
        return replace(told, text=text, audience=audience, begins_thread=True)

    async def _begins_thread(self, message: discord.Message, told: ChatMessage) -> bool:
        if told.audience is not Audience.CHANNEL or not told.text:
            return False
        marked = await self._owed.fetch_value(self._store.list_marked_channels)
        channel = Channel(NAME, told.place.workspace, told.place.channel)
        return marked.get(channel) is ChannelKind.HELP and await begins_thread(message)

    async def _find_channel(self, channel_id: int, guild_id: int | None) -> Any:
        """What the client knows of a channel or thread, or Discord; None where it is gone."""
        client = self._client
        if client is None or guild_id is None:
            return None
        if found := client.get_channel(channel_id):
            return found
        try:
            with translate_delivery_errors():
                return await client.fetch_channel(channel_id)
        except DeliveryError:
            return None

    def _build_place(self, channel: Any, channel_id: int, guild_id: int | None, message_id: int) -> ThreadRef:
        if channel is not None:
            return place_of(channel, message_id)
        return ThreadRef(NAME, str(guild_id or PRIVATE), str(channel_id), str(message_id))

    # -- what was missed ------------------------------------------------------------------------------------------

    async def new_session(self, shard_id: int) -> None:
        """The gateway knows nothing of what came before."""
        if self._client:
            await self._catching_up.new_session(self._client, shard_id)

    def resumed(self, shard_id: int) -> None:
        """All that was missed has been told."""
        self._catching_up.resumed(shard_id)

    def disconnected(self, shard_id: int) -> None:
        """Something may be missed."""
        self._catching_up.disconnected(shard_id)

    async def catch_up(self, guilds: Iterable[discord.Guild]) -> None:
        """Servers can be heard again."""
        if self._client:
            await self._catching_up.read(self._client, guilds)

    # -- commands -------------------------------------------------------------------------------------------------

    async def receive_question(self, interaction: discord.Interaction[Any], question: str, *, private: bool) -> None:
        """`/ask`: acknowledged at once, claimed beside that."""
        told = read_interaction(interaction, question, private=private)
        await self._receive_command(interaction, told, private=private)

    async def asked_about(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        """ "Answer from the FAQ" on somebody's message."""
        client = self._client
        text = text_of(message, client.user.id if client and client.user else 0)
        if not text:
            words = words_of(interaction)
            await interaction.response.send_message(words.say("nothing_to_read"), ephemeral=True)
            return
        await self._receive_command(interaction, read_interaction(interaction, text, private=False), private=False)

    async def _receive_command(
        self, interaction: discord.Interaction[Any], told: ChatMessage, *, private: bool
    ) -> None:
        if self._replies is None:
            return
        deferring = asyncio.create_task(defer_response(interaction, private=private))
        self._replies.deferring[told.id] = deferring
        try:
            await self._owed.see_to(lambda: self._inbox.receive_message(told))
        finally:
            await asyncio.wait({deferring})
            self._replies.deferring.pop(told.id, None)

    async def handle_choice(self, interaction: discord.Interaction[Any], turn_id: str, number: int) -> None:
        """A button below a clarification: claimed as a message is, before the acknowledgement."""
        if self._replies is None:
            return
        choosing = asyncio.create_task(self._receive_choice(interaction, turn_id, number))
        deferring = self._replies.deferring
        first = deferring.setdefault(press_id(turn_id), choosing) is choosing  # its answer waits for that
        try:
            await asyncio.wait({choosing})
        finally:
            if first:
                deferring.pop(press_id(turn_id), None)

    async def _receive_choice(self, interaction: discord.Interaction[Any], turn_id: str, number: int) -> None:
        user = str(interaction.user.id)
        try:
            retarget, author = read_press(interaction), interaction.user.display_name
            groups = list_caller_groups(interaction)
            taken = await self._inbox.receive_press(turn_id, number, user, retarget, author, groups)
            why = "" if taken else await self._inbox.explain_refusal(turn_id, user, language_of(interaction))
        except StorageError:
            await show_line(interaction, words_of(interaction).say("fault", fault=log_fault(where="choice")))
            return
        if why:
            await show_line(interaction, why)
        elif taken and taken.message.audience is Audience.COMMAND:  # the answer is a response, too
            await defer_response(interaction, private=target_of(taken.message).private)
        else:
            await attempt_call(interaction.response.defer())

    async def suggest_questions(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Questions of the FAQ that match what is typed, among those that the caller may see there."""
        try:
            found = await self._catalogue.suggest(typed, _CHOICES, _CHOICE, Viewer(list_caller_groups(interaction)))
        except BotError:
            return []
        return [app_commands.Choice(name=question, value=question) for question in found]

    async def command_failed(self, interaction: discord.Interaction[Any], error: Exception) -> None:
        """One line for the caller; the cause is the log's."""
        fault = log_fault(error.__cause__ or error, where="command")
        await show_line(interaction, words_of(interaction).say("fault", fault=fault))

    async def handle_form(self, interaction: discord.Interaction[Any]) -> None:
        """A form was sent."""
        data: Any = interaction.data or {}
        name = str(data.get("custom_id", ""))
        form, _, turn_id = name.rpartition(":")
        if form == "frontdesk:why":
            await self.feedbacks.handle_form(interaction, turn_id)
        else:
            await self.commands.handle_form(interaction, name)


def _is_solved(thread: discord.Thread) -> bool:
    return any(tag.name.strip().casefold() in _SOLVED for tag in thread.applied_tags)
