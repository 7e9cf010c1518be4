"""A place in the stand-in's workspace that one test has for itself."""

from __future__ import annotations

from itertools import count

from tests.support.bots import Bot
from tests.support.slack.workspace import Message

_numbers = count(1)
SECONDS = 20.0  # for an answer; machines that test are busy
QUIET = 0.1  # seconds without a call after which nothing more comes


class Room:
    """A channel with an `asker`, a `teammate` and an `other`. Without `channel` it is a new one."""

    def __init__(self, bot: Bot, channel: str = "", kind: str = "public") -> None:
        number = next(_numbers)
        self.bot, self.slack = bot, bot.slack
        self.asker, self.teammate, self.other = (f"U{number:04}{letter}" for letter in "ATO")
        people = [self.asker, self.teammate, self.other]
        self.channel = channel or f"C{number:04}"
        if channel:
            for user in people:
                self.slack.add_user(user)
            self.slack.workspace.channel(channel).members.extend(people)
        else:
            self.slack.add_channel(self.channel, people, kind)

    async def ask(self, text: str, *, user: str = "", thread: str | None = None, mention: bool = True) -> str:
        """Somebody writes, naming the bot. The message's ts."""
        return await self.slack.say(self.channel, user or self.asker, text, thread, mention=mention)

    def said(self, thread: str) -> list[Message]:
        """All that the bot has in a thread."""
        return self.slack.bot_messages(self.channel, thread)

    def finished(self, thread: str, after: str = "") -> list[Message]:
        """The bot's messages in a thread that are complete."""
        return [reply for reply in self.said(thread) if reply.metadata and not reply.streaming and reply.ts > after]

    async def answer(self, ts: str, thread: str = "", containing: str = "") -> Message:
        """The answer to a message (of a thread), once it is complete."""
        return (await self.answers(ts, thread, containing))[-1]

    async def answers(self, ts: str, thread: str = "", containing: str = "") -> list[Message]:
        """The messages that make up an answer, once the last one is complete."""

        def found() -> list[Message]:
            replies = self.finished(thread or ts, after=ts)
            whole = len(replies) == len([reply for reply in self.said(thread or ts) if reply.ts > ts])
            return replies if whole and any(containing in reply.shown for reply in replies) else []

        what = f"an answer with {containing!r} to {ts} in {self.channel}"
        return list(await self.slack.wait_for(found, SECONDS, what))

    async def one_answer(self, ts: str, thread: str = "", containing: str = "") -> Message:
        """The answer to a message; nothing else stands below it, and no status."""
        answer = await self.answer(ts, thread, containing)
        await self.slack.wait_for(lambda: not self.slack.status(self.channel, thread or ts), SECONDS, "no status")
        await self.slack.settled(SECONDS, QUIET)
        assert [reply.ts for reply in self.said(thread or ts) if reply.ts > ts] == [answer.ts], self.shown(thread or ts)
        assert self.slack.status(self.channel, thread or ts) == ""
        return answer

    async def silence(self, ts: str, thread: str = "") -> None:
        """The bot has heard a message, owes nothing for it, and says nothing."""
        await self.slack.settled(SECONDS, QUIET)
        assert [reply.shown for reply in self.said(thread or ts) if reply.ts > ts] == []
        assert ts not in self.bot.states()

    def shown(self, thread: str) -> list[str]:
        """What the bot's messages in a thread show."""
        return [reply.shown for reply in self.said(thread)]


class Direct(Room):
    """The private conversation of a person with the bot."""

    def __init__(self, bot: Bot) -> None:
        super().__init__(bot)
        self.channel = self.slack.dm(self.asker)

    async def ask(self, text: str, *, user: str = "", thread: str | None = None, mention: bool = False) -> str:
        """The person writes."""
        return await super().ask(text, user=user, thread=thread, mention=mention)
