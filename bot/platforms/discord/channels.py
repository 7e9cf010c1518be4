"""Implements `bot.chat.platform.ChannelPoster` for Discord.

A message's key names the channel or thread that it really stands in; a thread's place is its parent's, under the
thread's id, which is that of the message it hangs on.
"""

from __future__ import annotations

import time
import uuid
from collections import OrderedDict
from typing import Any

import discord
import structlog

from bot.chat.card import Card
from bot.chat.message import MessageRef, ThreadRef
from bot.chat.people import Role
from bot.errors import DeliveryError, Refusal
from bot.platforms.discord import cards
from bot.platforms.discord.actors import Team
from bot.platforms.discord.api_errors import is_gone, thread_exists, translate_delivery_errors
from bot.platforms.discord.events import NAME, PRIVATE

log = structlog.get_logger(__name__)

_THREAD_NAME = 90  # characters; Discord takes 100
_NAMES = 2_000  # people whose names are remembered
_NAME_SECONDS = 3600.0
_NO_THREAD = "I can make no thread here: to write to the customer, reply to the message above or to this one."


class DiscordChannels:
    """`client` is one that keeps no members."""

    files_open_by_address = True  # which is signed, for a day

    def __init__(self, client: discord.Client, team: Team) -> None:
        self._client = client
        self._team = team
        self._names: OrderedDict[tuple[str, str], tuple[float, str]] = OrderedDict()

    def is_direct(self, place: ThreadRef) -> bool:
        return place.workspace == PRIVATE

    async def post_card(self, place: ThreadRef, card: Card) -> MessageRef:
        """Where a channel's message never got its thread, the new one replies to it. Nothing that was
        for a thread which is gone comes to the channel: others read that. Nor anything to a channel of the team's that
        everybody sees."""
        if not card.anywhere:
            await self._team.refuse_if_public(_parse_id(place.channel))
        if place.thread.isdecimal() and place.workspace != PRIVATE:
            try:
                return await self._send_card(place, int(place.thread), card)
            except DeliveryError as error:
                if not is_gone(error):
                    raise
                if not await self._never_had_a_thread(place):
                    raise DeliveryError("the thread is gone", Refusal.PLACE) from error
        under = int(place.thread) if place.thread.isdecimal() else None
        return await self._send_card(place, _parse_id(place.channel), card, under)

    async def ensure_thread(self, message: MessageRef, name: str) -> ThreadRef:
        """Where the bot may make none, it is as if there was one: see `post`."""
        known: Any = self._client.get_channel(_parse_id(message.channel))
        if isinstance(known, discord.Thread):
            return ThreadRef(NAME, str(known.guild.id), str(known.parent_id), str(known.id))
        opened = await self.open_thread(message, name)
        guild = await self._find_guild(message.workspace, message.channel)
        place = ThreadRef(NAME, guild, message.channel, message.message_id)
        if not opened:
            await self.post_card(place, Card(text=_NO_THREAD))
        return place

    async def open_thread(self, message: MessageRef, name: str) -> bool:
        """Whether a channel's message has a thread now. Raises DeliveryError."""
        return await open_thread(self._client, message, name)

    async def update_card(self, message: MessageRef, card: Card) -> None:
        channel = self._client.get_partial_messageable(_parse_id(message.channel))
        standing = channel.get_partial_message(_parse_id(message.message_id))
        try:
            with translate_delivery_errors():
                await standing.edit(view=cards.draw_layout(card), attachments=cards.collect_files(card))
        except DeliveryError as error:
            if not is_gone(error):
                raise

    async def open_direct_thread(self, workspace: str, user: str) -> ThreadRef:
        with translate_delivery_errors():
            channel = await self._client.create_dm(discord.Object(_parse_id(user)))
        return ThreadRef(NAME, PRIVATE, str(channel.id), "")

    async def fetch_link(self, message: MessageRef) -> str:
        if not message.message_id.isdecimal():
            return ""
        guild = await self._find_guild(message.workspace, message.channel)
        channel: Any = self._client.get_channel(_parse_id(message.channel))
        if isinstance(channel, discord.ForumChannel):  # a post's first message stands in the post
            return f"https://discord.com/channels/{guild}/{message.message_id}"
        return f"https://discord.com/channels/{guild}/{message.channel}/{message.message_id}"

    async def fetch_user_name(self, workspace: str, user: str) -> str:
        kept = self._names.get((workspace, user))
        if kept and time.monotonic() - kept[0] < _NAME_SECONDS:
            return kept[1]
        try:
            with translate_delivery_errors():
                found = await self._fetch_person(workspace, _parse_id(user))
        except DeliveryError as error:
            if not is_gone(error):
                raise
            return ""
        self._names[workspace, user] = time.monotonic(), found.display_name
        if len(self._names) > _NAMES:
            self._names.popitem(last=False)
        return found.display_name

    async def is_teammate(self, workspace: str, user: str) -> bool:
        guild = self._client.get_guild(_parse_id(workspace))
        if guild is None:
            return False
        try:
            with translate_delivery_errors():
                return self._team.find_role(await guild.fetch_member(_parse_id(user))) >= Role.TEAMMATE
        except DeliveryError as error:
            if not is_gone(error):
                raise
            return False

    async def _never_had_a_thread(self, place: ThreadRef) -> bool:
        """Whether a thread's id is that of a message of the channel itself, and of one without a thread: a private
        thread's is not. Raises DeliveryError where that cannot be told for now."""
        channel = self._client.get_partial_messageable(_parse_id(place.channel))
        try:
            with translate_delivery_errors():
                message = await channel.fetch_message(_parse_id(place.thread))
        except DeliveryError as error:
            if not error.permanent:
                raise
            return False
        return not message.flags.has_thread and message.thread is None

    async def _fetch_person(self, workspace: str, user: int) -> discord.Member | discord.User:
        guild = self._client.get_guild(int(workspace)) if workspace.isdecimal() else None
        if guild is None:
            return await self._client.fetch_user(user)
        return guild.get_member(user) or await guild.fetch_member(user)

    async def _send_card(self, place: ThreadRef, channel: int, card: Card, under: int | None = None) -> MessageRef:
        """Post in a channel or thread; what is long goes on in further messages. The key is the last one's."""
        where = self._client.get_partial_messageable(channel)
        sent: discord.Message | None = None
        for page in cards.split_pages(card):
            options: dict[str, Any] = {}
            if under and sent is None:
                options["reference"] = discord.MessageReference(
                    message_id=under, channel_id=channel, fail_if_not_exists=False
                )
            with translate_delivery_errors():  # the nonce: sent again by the library, it is one message all the same
                sent = await where.send(
                    view=cards.draw_layout(page),
                    files=cards.collect_files(page),
                    nonce=uuid.uuid4().hex[:25],
                    mention_author=False,
                    **options,
                )
        assert sent is not None  # a card has a page  # noqa: S101
        return MessageRef(NAME, await self._find_guild(place.workspace, place.channel), str(channel), str(sent.id))

    async def _find_guild(self, workspace: str, channel: str) -> str:
        """The server that a channel belongs to, whatever the caller knows of it."""
        known: Any = self._client.get_channel(_parse_id(channel))
        if known is None and not workspace:
            with translate_delivery_errors():
                known = await self._client.fetch_channel(_parse_id(channel))
        guild = getattr(known, "guild", None)
        return str(guild.id) if guild else (workspace or PRIVATE)


async def open_thread(client: discord.Client, message: MessageRef, name: str) -> bool:
    """Whether a channel's message has a thread that the bot may use. Raises DeliveryError where that cannot be told."""
    channel = client.get_partial_messageable(_parse_id(message.channel), guild_id=_parse_id(message.workspace) or None)
    title = " ".join(name.split())[:_THREAD_NAME] or "…"
    known: Any = client.get_channel(_parse_id(message.channel))
    me = known.guild.me if known is not None and getattr(known, "guild", None) else None
    if me and not known.permissions_for(me).send_messages_in_threads:
        return False  # the bot could make one, and then say nothing in it
    try:
        with translate_delivery_errors():
            standing = channel.get_partial_message(_parse_id(message.message_id))
            await standing.create_thread(name=title, auto_archive_duration=1440)
    except DeliveryError as error:
        if thread_exists(error):
            return True
        if not error.permanent or is_gone(error):
            raise
        return False
    return True


async def remove_empty_thread(client: discord.Client, thread_id: int) -> None:
    """Take away a thread that the bot has made and nobody has written in. That it may not is logged."""
    try:
        with translate_delivery_errors():
            thread = await client.fetch_channel(thread_id)
            me = client.user and client.user.id
            if isinstance(thread, discord.Thread) and thread.owner_id == me and thread.message_count == 0:
                await thread.delete()
    except DeliveryError as error:
        log.info("no empty thread removed", thread=thread_id, cause=str(error))


def _parse_id(text: str) -> int:
    """An id; 0, which names nothing, for what is none."""
    return int(text) if text.isdecimal() else 0
