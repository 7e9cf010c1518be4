"""Discord's messages and interactions -> the inbox's words. Pure.

A thread that hangs on a message has the message's id, and so does a forum post have its first message's.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import replace
from typing import Any

import discord

from bot.chat.groups import list_place_groups, name_group
from bot.chat.message import Audience, ChatMessage, MessageFile, MessageRef, ThreadRef, quote_lines
from bot.chat.reply_target import ReplyTarget, Retarget, read_reply_target, write_reply_target
from bot.platforms.discord.reply_target import DiscordReplyTarget, MessageKind

NAME = "discord"
PRIVATE = "@me"  # the workspace of private conversations
_USER = re.compile(r"<@!?(?P<id>\d{1,20})>")
_ROLE = re.compile(r"<@&(?P<id>\d{1,20})>")
_CHANNEL = re.compile(r"<#\d{1,20}>|</(?P<command>[^:<>]{1,100}):\d{1,20}>")
_EMOJI = re.compile(r"<a?:(?P<name>\w{1,32}):\d{1,20}>")
_TIME = re.compile(r"<t:\d{1,20}(?::\w)?>")
_MESSAGE = re.compile(
    r"https://(?:\w+\.)?discord(?:app)?\.com/channels/(?P<guild>\d{1,20})/(?P<channel>\d{1,20})/(?P<id>\d{1,20})"
)
_LINKS = 3  # addresses of messages that are looked at
_FILES = 10  # of a message
_FROM_PEOPLE = frozenset({discord.MessageType.default, discord.MessageType.reply})


def place_of(channel: Any, message_id: int) -> ThreadRef:
    """Where a message of `channel` stands: a thread's place is its parent's, under the thread's id."""
    guild = getattr(channel, "guild", None)
    workspace = str(guild.id) if guild else PRIVATE
    if isinstance(channel, discord.Thread):
        return ThreadRef(NAME, workspace, str(channel.parent_id), str(channel.id))
    return ThreadRef(NAME, workspace, str(channel.id), str(message_id))


def read_message(message: discord.Message, me: int, my_roles: Collection[int]) -> ChatMessage | None:
    """A person's message; None for what is not one (bots, joins, pins …)."""
    if message.type not in _FROM_PEOPLE or message.author.bot or message.webhook_id:
        return None
    channel: Any = message.channel
    place = place_of(channel, message.id)
    named = {user.id for user in message.mentions}
    mentioned = me in named or any(role in my_roles for role in message.raw_role_mentions)
    text, forum = text_of(message, me, my_roles), False
    if place.workspace == PRIVATE:
        audience, kind = Audience.DIRECT, MessageKind.DIRECT
    elif isinstance(channel, discord.Thread):
        forum = isinstance(channel.parent, discord.ForumChannel)
        first = forum and place.thread == str(message.id)
        if first:
            text = f"{channel.name}\n{text}".strip()
        audience, kind = (Audience.POST if first else Audience.CHANNEL), MessageKind.THREAD
    else:
        audience, kind = Audience.CHANNEL, MessageKind.CHANNEL
    if mentioned and audience is not Audience.DIRECT:
        audience = Audience.MENTION
    return ChatMessage(
        place=place,
        id=str(message.id),
        user=str(message.author.id),
        text=text,
        audience=audience,
        names_bot=mentioned,
        names_others=bool(named - {me}) or any(role not in my_roles for role in message.raw_role_mentions),
        reply_target=write_reply_target(DiscordReplyTarget(kind=kind, forum=forum)),
        edited_at=message.edited_at.timestamp() if message.edited_at else 0.0,
        author=message.author.display_name,
        link=message.jump_url,
        links=_collect_links(message),
        files=_collect_files(message),
        replies_to=_find_replied(message),
        handoff_thread="" if kind is MessageKind.DIRECT else None,  # a private message is no thread
        groups=list_groups(message.author, channel),
    )


def list_groups(author: Any, channel: Any) -> frozenset[str]:
    """The groups somebody is in by their roles, as the event tells them, and by the channel that a thread hangs in."""
    roles = (name_group(NAME, "role", str(role.id)) for role in getattr(author, "roles", ()))
    home = [name_group(NAME, "channel", str(channel.parent_id))] if isinstance(channel, discord.Thread) else []
    return frozenset((*roles, *home))


def list_caller_groups(interaction: discord.Interaction[Any]) -> frozenset[str]:
    """The groups of somebody who clicks, types or calls: those of the place, too."""
    return list_place_groups(place_of_interaction(interaction)) | list_groups(interaction.user, interaction.channel)


def text_of(message: discord.Message, me: int, my_roles: Collection[int] = ()) -> str:
    """All that a message says: its author's words, and what they forward, quoted below those if there are any."""
    own = to_readable(message.content, me, my_roles)
    shared = "\n\n".join(filter(None, (to_readable(each.content, me) for each in message.message_snapshots)))
    return "\n\n".join(filter(None, [own, quote_lines(shared) if own else shared]))


def _collect_links(message: discord.Message) -> tuple[str, ...]:
    """The messages of the same server that a message links to, as "channel/message"; they are read once it is
    claimed."""
    guild = str(message.guild.id) if message.guild else PRIVATE
    links = [match for match in _MESSAGE.finditer(message.content) if match["guild"] == guild]
    return tuple(dict.fromkeys(f"{match['channel']}/{match['id']}" for match in links[:_LINKS]))


def _collect_files(message: discord.Message) -> tuple[MessageFile, ...]:
    """The files that came with a message, or with what it forwards; they are read once it is claimed."""
    forwarded = [file for each in message.message_snapshots for file in each.attachments]
    files = [*message.attachments, *forwarded][:_FILES]
    return tuple(MessageFile(file.filename, file.content_type or "", file.size, file.url) for file in files)


def _find_replied(message: discord.Message) -> str:
    """The id of the message of the same channel that a message replies to; "" where it replies to none."""
    replied = message.reference if message.type is discord.MessageType.reply else None
    same = replied is not None and replied.channel_id == message.channel.id and replied.message_id
    return str(same or "")


def of_packet(told: ChatMessage, message: discord.Message, me: int) -> ChatMessage:
    """A support channel's message; where it replies to a packet that has no thread, or to what stands below that by
    way of replies, it belongs to the packet, as one in its thread would. That the reply pings the bot asks nothing.
    """
    answered = message.reference.resolved if message.reference else None
    if not told.opens_thread or not isinstance(answered, discord.Message) or answered.author.id != me:
        return told
    packet = answered.reference.message_id if answered.reference else answered.id
    has_thread = answered.flags.has_thread or (message.guild and packet and message.guild.get_thread(packet))
    if packet is None or has_thread:
        return told
    named = any(int(match["id"]) == me for match in _USER.finditer(message.content))
    audience = told.audience if named else Audience.CHANNEL
    return replace(told, place=replace(told.place, thread=str(packet)), audience=audience)


def read_interaction(interaction: discord.Interaction[Any], text: str, *, private: bool) -> ChatMessage:
    """A command's question. Its token finishes the answer for 15 minutes."""
    name = f"interaction:{interaction.id}"
    channel = str(interaction.channel_id or "")
    return ChatMessage(
        place=ThreadRef(NAME, str(interaction.guild_id or PRIVATE), channel, name),
        id=name,
        user=str(interaction.user.id),
        text=text.strip(),
        audience=Audience.COMMAND,
        reply_target=write_reply_target(
            DiscordReplyTarget(
                kind=MessageKind.INTERACTION,
                token=interaction.token,
                application=str(interaction.application_id),
                private=private,
            )
        ),
        author=interaction.user.display_name,
        groups=list_groups(interaction.user, interaction.channel),
    )


def read_press(interaction: discord.Interaction[Any]) -> Retarget:
    """What a button below a clarification changes of what the reply to the question needs: where that stands, and,
    below a command's response, the token of the click."""
    message = interaction.message

    def retarget(kept: ReplyTarget) -> ReplyTarget:
        target = replace(
            read_reply_target(DiscordReplyTarget, kept),
            where=str(interaction.channel_id or ""),
            below=str(message.id if message else 0),
            token=interaction.token,
            application=str(interaction.application_id),
            private=bool(message and message.flags.ephemeral),
        )
        return write_reply_target(target)

    return retarget


def place_of_interaction(interaction: discord.Interaction[Any]) -> ThreadRef:
    """Where somebody clicks or gives a command; in a channel, `thread` is the message clicked, if one was."""
    message_id = interaction.message.id if interaction.message else 0
    channel: Any = interaction.channel
    if isinstance(channel, discord.Thread):
        return place_of(channel, message_id)
    workspace = str(interaction.guild_id or PRIVATE)
    return ThreadRef(NAME, workspace, str(interaction.channel_id or ""), str(message_id or ""))


def key_of(place: ThreadRef, message_id: int) -> MessageRef:
    """What a message is claimed under."""
    return MessageRef(place.platform, place.workspace, place.channel, str(message_id))


def to_readable(content: str, me: int, my_roles: Collection[int] = ()) -> str:
    """Discord's encoding of a message as the words that its author saw, without the bot's own name."""
    text = _USER.sub(lambda match: "" if int(match["id"]) == me else "@…", content)
    text = _ROLE.sub(lambda match: "" if int(match["id"]) in my_roles else "@…", text)
    text = _CHANNEL.sub(lambda match: f"/{match['command']}" if match["command"] else "#…", text)
    text = _EMOJI.sub(lambda match: f":{match['name']}:", text)
    return _TIME.sub("…", text).strip()
