"""Commands and buttons about channels and people: where to answer, who steers, who is forgotten."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bot.chat.card import Card
from bot.chat.message import Channel, ChannelKind
from bot.chat.people import Role
from bot.commands import cards as drawing
from bot.commands.context import Answer, CommandContext, CommandServices, Handlers
from bot.commands.parser import usage
from bot.errors import InputError, NotAllowed
from bot.i18n import words_for

FORGET_ME = "forget_me"

# What platforms make of a mention; a name that was only typed ("@ann", "#general") belongs to nobody and nothing.
_USER = {"slack": re.compile("[UW][A-Z0-9]+"), "discord": re.compile(r"\d+", re.ASCII)}
_CHANNEL = {"slack": re.compile("[CDG][A-Z0-9]+"), "discord": re.compile(r"\d+", re.ASCII)}
_ANY = re.compile(r"\S+")


class PeopleCommands:
    """Channels, admins, the record, forgetting."""

    def __init__(self, parts: CommandServices) -> None:
        self._parts = parts
        self.commands: Handlers = {
            "channel help": (Role.ADMIN, self._help_channel),
            "channel quiet": (Role.ADMIN, self._quiet_channel),
            "admins": (Role.ADMIN, self._admins),
            "admins add": (Role.ADMIN, self._add_admin),
            "admins remove": (Role.ADMIN, self._remove_admin),
            "forget": (Role.ADMIN, self._forget),
            "audit": (Role.ADMIN, self._audit),
        }
        self.clicks: Handlers = {
            FORGET_ME: (Role.CUSTOMER, self._forget_me),
        }

    async def _help_channel(self, asked: CommandContext) -> Answer:
        return await self._mark(asked, ChannelKind.HELP)

    async def _quiet_channel(self, asked: CommandContext) -> Answer:
        return await self._mark(asked, ChannelKind.QUIET)

    async def _mark(self, asked: CommandContext, kind: ChannelKind) -> Answer:
        state = asked.text("state").casefold()
        if state not in {"on", "off"}:
            raise InputError(f"Say on or off: {usage(asked.name)}")
        place, other = asked.place, asked.text("channel")
        if other and not _CHANNEL.get(place.platform, _ANY).fullmatch(other):
            raise InputError(f"{other[:40]!r} is no channel's id here: choose the channel that is offered behind #.")
        channel = Channel(place.platform, place.workspace, other or place.channel)
        current = (await self._parts.inbox.list_marked_channels()).get(channel)
        if state == "on":
            await self._parts.inbox.mark_channel(channel, kind)
        elif current is kind:
            await self._parts.inbox.mark_channel(channel, None)
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

    async def _admins(self, asked: CommandContext) -> Answer:
        return drawing.admins_card(await self._parts.admins.list(), asked.actor.platform)

    async def _add_admin(self, asked: CommandContext) -> Answer:
        actor, user = asked.actor, asked.text("user").lstrip("@")
        platform, workspace = _whose(asked)
        if not _USER.get(platform, _ANY).fullmatch(user):
            raise InputError(f"{user[:40]!r} is nobody's id here: mention them (@…), and choose who is offered.")
        new = await self._parts.admins.add(platform, workspace, user, actor.id)
        return Card(text=f"{user} may steer me now." if new else f"{user} was named an admin already.")

    async def _remove_admin(self, asked: CommandContext) -> Answer:
        user = asked.text("user").lstrip("@")
        platform, workspace = _whose(asked)
        was = await self._parts.admins.remove(platform, workspace, user)
        return Card(text=f"{user} may steer me no more." if was else f"{user} was not named an admin.")

    async def _audit(self, asked: CommandContext) -> Answer:
        return drawing.audit_card(await self._parts.audit.list(20))

    async def _forget(self, asked: CommandContext) -> Answer:
        gone = await self._parts.privacy.forget(*whom(asked))
        return Card(title="Forgotten", text=_counted(gone) or "Nothing of them was kept.")

    async def _forget_me(self, asked: CommandContext) -> Answer:
        actor = asked.actor
        user, _, language = asked.value.partition(" ")
        if user != actor.user:
            raise NotAllowed("That button is for whoever asked: use /forget-me.")
        await self._parts.privacy.forget(actor.platform, actor.user)
        words = words_for(language or "en")
        return Card(text=words.say("forgotten", platform=actor.platform.capitalize()))


def forgets_caller(asked: CommandContext) -> bool:
    """Whether the caller's own words are to be forgotten: then the record does not name them either."""
    if asked.name == FORGET_ME:
        return asked.value.partition(" ")[0] == asked.actor.user
    return asked.name == "forget" and whom(asked) == (asked.actor.platform, asked.actor.user)


def whom(asked: CommandContext) -> tuple[str, str]:
    """The platform and id of a user whose words are to be forgotten."""
    return asked.text("platform") or asked.actor.platform, asked.text("user").lstrip("@")


def _whose(asked: CommandContext) -> tuple[str, str]:
    """The platform and workspace that a user's id belongs to: the caller's own, or as the command line says."""
    return asked.text("platform") or asked.actor.platform, asked.text("workspace") or asked.actor.workspace


def _counted(gone: Mapping[str, int]) -> str:
    return ", ".join(f"{count} in {table}" for table, count in sorted(gone.items()) if count)
