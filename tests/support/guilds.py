"""A place in the stand-in's Discord server that one test has for itself."""

from __future__ import annotations

from itertools import count
from typing import Any

import discord as dpy
from simcord.backend.models import Message
from simcord.backend.models.channel import Overwrite
from simcord.enums import OverwriteType
from simcord.results import to_discord_message

from tests.support.bots import Bot
from tests.support.discord import DiscordStandIn
from tests.support.discord.standin import shown

_numbers = count(1)
SECONDS = 20.0
QUIET = 0.25


_SEEN, _HIDDEN = dpy.PermissionOverwrite(view_channel=True), dpy.PermissionOverwrite(view_channel=False)


def create_team_channel(discord: DiscordStandIn, name: str, *roles: Any) -> Any:
    """A text channel that the bot sees and who has one of the roles, and @everyone does not."""
    guild, seen = discord.guild, (*roles, discord.world.me())
    overwrites = {guild.default_role: _HIDDEN, **dict.fromkeys(seen, _SEEN)}
    return guild.create_text_channel(name, overwrites=overwrites)


def show_to_everyone(discord: DiscordStandIn, channel: Any, *, seen: bool) -> None:
    """Somebody lets @everyone see a channel, or no more."""
    allow, deny = (_SEEN if seen else _HIDDEN).pair()
    told = Overwrite(discord.guild.id, OverwriteType.ROLE, allow.value, deny.value)
    discord.backend.set_overwrite(channel.id, told)


class Den:
    """A channel with an `asker`, a `teammate` and an `other`."""

    def __init__(self, bot: Bot, discord: DiscordStandIn, *, forum: bool = False) -> None:
        number = next(_numbers)
        self.bot, self.discord, guild = bot, discord, discord.guild
        self.channel = (guild.create_forum_channel if forum else guild.create_text_channel)(f"den-{number}")
        world = discord.world
        self.asker, self.teammate, self.other = (
            guild.add_member(world.create_user(f"{name}{number}")) for name in ("asker", "teammate", "other")
        )

    @property
    def me(self) -> str:
        """The bot's mention."""
        return f"<@{self.discord.backend.bot_user.id}>"

    async def ask(self, text: str, *, user: Any = None, thread: int | None = None, mention: bool = True) -> int:
        """Somebody writes, naming the bot; the message's id."""
        channel = self.discord.channel(thread) if thread else self.channel
        sent = await (user or self.asker).send(channel, f"{self.me} {text}" if mention else text)
        return int(sent.id)

    def post(self, title: str, text: str, *, user: Any = None) -> int:
        """Somebody opens a post in the forum; its id."""
        return self.discord.post(user or self.asker, self.channel, title, text).id

    async def done(self, message_id: int | str) -> str:
        """What became of a message, once it is owed no more."""

        def state() -> str:
            found = self.bot.states().get(str(message_id), "")
            return "" if found == "owed" else found

        return str(await self.discord.wait_for(state, SECONDS, f"an end of {message_id}"))

    def said(self, where: int) -> list[Message]:
        """All that the bot has in a thread or channel."""
        return self.discord.bot_messages(where)

    async def says(self, where: int, text: str, after: int = 0) -> Message:
        """The bot's message there that contains a text (without the backslashes that keep it literal)."""

        def found() -> Message | None:
            said = [m for m in self.said(where) if m.id > after and text in shown(m).replace("\\", "")]
            return said[-1] if said else None

        return await self.discord.wait_for(found, SECONDS, f"{text!r} in {where}")  # type: ignore[no-any-return]

    async def whispered(self, result: Any, text: str = "") -> Message:
        """What only the caller sees of a command or click, once it contains a text."""

        def found() -> Message | None:
            told = [each for each in [result.response, *result.followups] if each and each.ephemeral]
            said = [each._message for each in told if text in shown(each._message).replace("\\", "")]
            return next((message for message in said if shown(message)), None)

        return await self.discord.wait_for(found, SECONDS, f"{text!r} to the caller")  # type: ignore[no-any-return]

    def actors(self, message: Message) -> Any:
        """A message as actors take it."""
        return to_discord_message(self.discord.world, message)

    async def one_answer(self, message_id: int, where: int | None = None, *, containing: str = "") -> Message:
        """The answer to a message: the only thing that the bot has said there since."""
        where = where or message_id

        def found() -> list[Message]:
            return [m for m in self.said(where) if m.id > message_id and containing in shown(m)]

        await self.done(message_id)
        await self.discord.wait_for(found, SECONDS, f"an answer with {containing!r} to {message_id}")
        await self.discord.settled(SECONDS, QUIET)
        since = [message for message in self.said(where) if message.id > message_id]
        assert len(since) == 1, [shown(message) for message in since]
        return since[0]

    async def silence(self, message_id: int, where: int) -> None:
        """The bot has heard a message, owes nothing for it, and says nothing."""
        await self.discord.settled(SECONDS, 0.4)
        assert [shown(message) for message in self.said(where) if message.id > message_id] == []
        assert str(message_id) not in self.bot.states()

    async def response(self, result: Any) -> Message:
        """The response to a command, once it is complete."""

        def found() -> Any:
            response = result.response
            return response._message if response and shown(response._message) else None

        message = await self.discord.wait_for(found, SECONDS, "a response")
        await self.discord.settled(SECONDS, QUIET)
        return message  # type: ignore[no-any-return]
