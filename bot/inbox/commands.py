"""`/faq channel …`: where every new question is answered, and where nothing is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from bot.chat.card import Card
from bot.chat.message import Channel, ChannelKind
from bot.chat.people import Role
from bot.commands.registry import Kind, Parameter, command
from bot.errors import InputError

if TYPE_CHECKING:
    from bot.chat.platform import Platform
    from bot.commands.context import Answer, CommandContext
    from bot.inbox.ports import InboxStore

_ANY = re.compile(r"\S+")
_STATE = Parameter("state", "on or off", choices=("on", "off"))
_WHERE = Parameter("channel", "Which one. Without it: this one.", Kind.CHANNEL, required=False)


class ChannelCommands:
    """What the bot does in a channel."""

    GROUPS: ClassVar[Mapping[str, str]] = {"channel": "What I do in a channel or forum."}

    def __init__(self, inbox: InboxStore, platforms: Mapping[str, Platform]) -> None:
        self._inbox = inbox
        self._platforms = platforms

    @command("channel help", Role.ADMIN, "on: answer every new question of this channel; off: do not", _STATE, _WHERE)
    async def _mark_help_channel(self, context: CommandContext) -> Answer:
        return await self._mark(context, ChannelKind.HELP)

    @command("channel quiet", Role.ADMIN, "on: stay silent in this channel; off: do not", _STATE, _WHERE)
    async def _mark_quiet_channel(self, context: CommandContext) -> Answer:
        return await self._mark(context, ChannelKind.QUIET)

    async def _mark(self, context: CommandContext, kind: ChannelKind) -> Answer:
        state = context.text("state").casefold()
        if state not in {"on", "off"}:
            raise InputError(f"Say on or off: {context.usage}")
        place, other = context.place, context.text("channel")
        known = self._platforms.get(place.platform)
        if other and not (known.channel_id if known else _ANY).fullmatch(other):
            raise InputError(f"{other[:40]!r} is no channel's id here: choose the channel that is offered behind #.")
        channel = Channel(place.platform, place.workspace, other or place.channel)
        current = (await self._inbox.list_marked_channels()).get(channel)
        if state == "on":
            await self._inbox.mark_channel(channel, kind)
        elif current is kind:
            await self._inbox.mark_channel(channel, None)
        elif current:
            was = {ChannelKind.HELP: "a help channel", ChannelKind.QUIET: "a quiet channel"}[current]
            return Card(text=f"Nothing has changed: it is {was}.")
        told = {
            (ChannelKind.HELP, "on"): "a help channel now: I answer every new question there",
            (ChannelKind.HELP, "off"): "no help channel any more: I answer there when I am mentioned",
            (ChannelKind.QUIET, "on"): "quiet now: I answer commands there and nothing else",
            (ChannelKind.QUIET, "off"): "not quiet any more: I answer there when I am mentioned",
        }[kind, state]
        here = "This channel" if channel.channel == place.channel else "That channel"
        return Card(text=f"{here} is {told}.")
