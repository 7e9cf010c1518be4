"""Implements `bot.chat.platform.MessageContext` for Discord."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import discord

from bot.chat.message import Attachment, ChatMessage, ThreadMessage
from bot.errors import DeliveryError
from bot.platforms.attachments import Attachments
from bot.platforms.discord.api_errors import is_gone, translate_delivery_errors
from bot.platforms.discord.buttons import texts_of
from bot.platforms.discord.events import text_of
from bot.platforms.discord.reply_target import MessageKind, target_of
from inference.interfaces import Picture

NEWEST = 50  # messages of a thread or channel
RECENT = timedelta(hours=1)  # what stands in a channel for longer is not what somebody is called to


class DiscordMessageContext:
    """What stands near a message."""

    def __init__(self, client: discord.Client, attachments: Attachments) -> None:
        self._client = client
        self._attachments = attachments

    async def fetch_messages_above(self, message: ChatMessage) -> Sequence[ThreadMessage]:
        """Where Discord does not hand out a channel's messages (it fails on some of them), those that can
        be fetched one by one have to do."""
        place, kind, pointed = message.place, target_of(message).kind, message.replies_to
        if kind is MessageKind.CHANNEL and not pointed:
            return await self._in_channel(message)
        in_thread = kind is MessageKind.THREAD
        channel = place.thread if in_thread else place.channel
        found: dict[int, discord.Message] = {}
        if in_thread and not message.opens_thread:
            for each in await self._load_history(int(channel), int(message.id)):
                found[each.id] = each
            if int(place.thread) not in found:  # the message that the thread hangs on stands in the channel
                found |= {each.id: each for each in await self._fetch_message(int(place.channel), int(place.thread))}
        if pointed and int(pointed) not in found:
            found |= {each.id: each for each in await self._fetch_message(int(channel), int(pointed))}
        return [self._to_thread_message(found[number], pointed) for number in sorted(found)]

    async def fetch_linked_messages(self, message: ChatMessage) -> Sequence[ThreadMessage]:
        """Its author may read what stands in the same channel, and in those that everybody sees."""
        found: list[discord.Message] = []
        here = {message.place.channel, message.place.thread}
        for link in message.links:
            channel, _, number = link.partition("/")
            if channel in here or await self._is_public(int(channel), message.place.workspace):
                found += await self._fetch_message(int(channel), int(number))
        return [self._to_thread_message(each) for each in found]

    async def fetch_files(self, message: ChatMessage) -> Sequence[Attachment]:
        return await self._attachments.read_files(message.files)

    async def fetch_picture(self, file: Attachment) -> Picture | None:
        return await self._attachments.fetch_picture(file)

    async def fetch_author_name(self, message: ChatMessage, said: ThreadMessage) -> str:
        return said.name

    async def _in_channel(self, message: ChatMessage) -> list[ThreadMessage]:
        oldest = discord.utils.snowflake_time(int(message.id)) - RECENT
        guild = self._client.get_guild(int(message.place.workspace))
        newest = await self._load_history(int(message.place.channel), int(message.id))
        return [
            replace(
                self._to_thread_message(each),
                answered=each.flags.has_thread or bool(guild and guild.get_thread(each.id)),
            )
            for each in reversed(newest)
            if each.created_at >= oldest
        ]

    async def _load_history(self, channel: int, before: int) -> list[discord.Message]:
        history = self._client.get_partial_messageable(channel).history(limit=NEWEST, before=discord.Object(before))
        try:
            with translate_delivery_errors():
                return [each async for each in history]
        except DeliveryError:
            return []

    async def _fetch_message(self, channel: int, number: int) -> list[discord.Message]:
        try:
            with translate_delivery_errors():
                return [await self._client.get_partial_messageable(channel).fetch_message(number)]
        except DeliveryError:
            return []

    async def _is_public(self, number: int, workspace: str) -> bool:
        """Whether everybody in this server sees a channel."""
        try:
            with translate_delivery_errors():
                channel: Any = self._client.get_channel(number) or await self._client.fetch_channel(number)
        except DeliveryError:
            return False
        guild = getattr(channel, "guild", None)
        if guild is None or str(guild.id) != workspace:
            return False
        if isinstance(channel, discord.Thread) and (channel.is_private() or channel.parent is None):
            return False
        allowed = channel.permissions_for(guild.default_role)
        return bool(allowed.view_channel and allowed.read_message_history)

    def _to_thread_message(self, message: discord.Message, pointed: str = "") -> ThreadMessage:
        me = self._client.user.id if self._client.user else 0
        role = message.guild.self_role if message.guild else None
        people = message.type in {discord.MessageType.default, discord.MessageType.reply}
        text = text_of(message, me, {role.id} if role else ()) or texts_of(message)
        author = message.author
        return ThreadMessage(
            str(author.id),
            text if people else "",
            author.display_name,
            mine=author.id == me,
            pointed=str(message.id) == pointed,
        )


async def begins_thread(message: discord.Message) -> bool:
    """Whether a message is the first of its thread, and the thread hangs on none; False where that cannot be told."""
    thread: Any = message.channel
    try:
        with translate_delivery_errors():
            before = [each async for each in thread.history(before=message, limit=1)]
    except DeliveryError:
        return False
    if before:
        return False
    if thread.parent is None or isinstance(thread.parent, discord.ForumChannel):
        return thread.parent is not None
    try:
        with translate_delivery_errors():
            await thread.parent.fetch_message(thread.id)
    except DeliveryError as error:
        return is_gone(error)
    return False
