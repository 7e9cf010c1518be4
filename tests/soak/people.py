"""People of both platforms, who ask, edit, delete, talk to each other, and whose events come twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from tests.soak.ledger import DISCORD, SLACK, TALK, Ledger, Said
from tests.support.discord import DiscordStandIn
from tests.support.slack import SlackStandIn
from tests.support.slack.delivery import EVENTS

PEOPLE, CHANNELS = 120, 12
_AGAIN = 200  # of the latest deliveries, which may be delivered again


class People(Protocol):
    """One platform's. Each act counts its events in the ledger."""

    channels: Sequence[Any]

    async def ask(self, *, private: bool) -> None:
        """A question, in a channel by the bot's name, or in private."""

    async def follow_up(self, question: Said) -> bool:
        """Another question in the thread of one that was answered, without the bot's name; whether there was one."""

    async def talk(self) -> None:
        """Something that is not for the bot."""

    async def edit(self, question: Said) -> None:
        """A question becomes another."""

    async def delete(self, question: Said) -> None:
        """A question goes."""

    async def again(self) -> None:
        """An event is delivered again."""


class SlackPeople:
    """Implements People."""

    def __init__(self, slack: SlackStandIn, ledger: Ledger) -> None:
        self._slack, self._ledger = slack, ledger
        self._users = [f"U{number:03}" for number in range(PEOPLE)]
        self.channels = [f"C{number:03}" for number in range(CHANNELS)]
        for channel in self.channels:
            slack.add_channel(channel, self._users)

    async def ask(self, *, private: bool) -> None:
        user, wording = self._ledger.chance.choice(self._users), self._ledger.word()
        channel = self._slack.dm(user) if private else self._ledger.chance.choice(self.channels)
        ts = await self._slack.say(channel, user, wording.text, mention=not private)
        self._ledger.note(Said(SLACK, channel, ts, user, ts, wording))
        self._ledger.events["slack direct question" if private else "slack mention"] += 1 if private else 2

    async def follow_up(self, question: Said) -> bool:
        answered = [each for each in self._slack.bot_messages(question.channel, question.place) if each.metadata]
        if not answered or question.channel.startswith("D"):
            return False
        wording = self._ledger.word()
        ts = await self._slack.say(question.channel, question.user, wording.text, question.place)
        self._ledger.note(Said(SLACK, question.channel, ts, question.user, question.place, wording))
        self._ledger.events["slack follow-up"] += 1
        return True

    async def talk(self) -> None:
        user, channel = self._ledger.chance.choice(self._users), self._ledger.chance.choice(self.channels)
        ts = await self._slack.say(channel, user, self._ledger.chance.choice(TALK))
        self._ledger.note(Said(SLACK, channel, ts, user, ts))
        self._ledger.events["slack talk"] += 1

    async def edit(self, question: Said) -> None:
        wording = self._ledger.word()
        mention = question.channel.startswith("C") and question.id == question.place
        named = f"<@{self._slack.bot_user}> " if mention else ""
        await self._slack.edit(question.channel, question.id, f"{named}{wording.text}")
        self._ledger.reword(question, wording)
        self._ledger.events["slack edit"] += 1

    async def delete(self, question: Said) -> None:
        await self._slack.delete(question.channel, question.id)
        question.deleted = True
        self._ledger.tell(question, "deleted")
        self._ledger.events["slack deletion"] += 1

    async def again(self) -> None:
        sent = [each for each in self._slack.deliveries[-_AGAIN:] if each.kind == EVENTS]
        if sent:
            chosen = self._ledger.chance.choice(sent)
            await self._slack.deliver_again(chosen.payload["event_id"])
            self._ledger.events["slack redelivery"] += 1
            event = chosen.payload["event"]
            ts = str((event.get("message") or {}).get("ts") or event.get("deleted_ts") or event.get("ts"))
            if said := self._ledger.said.get((SLACK, ts)):
                self._ledger.tell(said, f"told again of {event.get('subtype') or event['type']}")


class DiscordPeople:
    """Implements People. An event comes to both processes, and what a new session reads again comes another time."""

    def __init__(self, discord: DiscordStandIn, ledger: Ledger) -> None:
        self._discord, self._ledger = discord, ledger
        guild = discord.guild
        self.channels = [guild.create_text_channel(f"soak-{number}") for number in range(CHANNELS)]
        self._members = [guild.add_member(discord.world.create_user(f"p{number}")) for number in range(PEOPLE)]
        self._actors: dict[str, Any] = {str(member.id): member for member in self._members}
        self._sent: dict[str, Any] = {}  # messages as actors take them, by id
        self._me = f"<@{discord.backend.bot_user.id}>"

    async def ask(self, *, private: bool) -> None:
        member, wording = self._ledger.chance.choice(self._members), self._ledger.word()
        if private:
            sent = await member.send_dm(wording.text)
            place = str(sent.channel.id)
        else:
            sent = await member.send(self._ledger.chance.choice(self.channels), f"{self._me} {wording.text}")
            place = str(sent.id)
        self._note(sent, member, place, wording)
        self._ledger.events["discord direct question" if private else "discord mention"] += 1

    async def introduce_themselves(self) -> None:
        """Everybody asks in private once: of a first private message that no session lives to hear of, Discord tells
        nobody ever."""
        for member in self._members:
            wording = self._ledger.word()
            sent = await member.send_dm(wording.text)
            self._note(sent, member, str(sent.channel.id), wording)

    async def follow_up(self, question: Said) -> bool:
        if question.place == question.channel or not self._discord.bot_messages(int(question.place)):
            return False
        member, wording = self._actors[question.user], self._ledger.word()
        sent = await member.send(self._discord.channel(int(question.place)), wording.text)
        self._note(sent, member, question.place, wording, question.channel)
        self._ledger.events["discord follow-up"] += 1
        return True

    async def talk(self) -> None:
        member = self._ledger.chance.choice(self._members)
        sent = await member.send(self._ledger.chance.choice(self.channels), self._ledger.chance.choice(TALK))
        self._note(sent, member, str(sent.id))
        self._ledger.events["discord talk"] += 1

    async def edit(self, question: Said) -> None:
        wording = self._ledger.word()
        named = f"{self._me} " if question.place == question.id else ""
        sent = self._sent[question.id]
        self._discord.backend.edit_message(sent.channel.id, sent.id, {"content": f"{named}{wording.text}"})
        self._ledger.reword(question, wording)
        self._ledger.events["discord edit"] += 1

    async def delete(self, question: Said) -> None:
        sent = self._sent[question.id]
        self._discord.backend.delete_message(sent.channel.id, sent.id)
        question.deleted = True
        self._ledger.tell(question, "deleted")
        self._ledger.events["discord deletion"] += 1

    async def again(self) -> None:
        """Nothing: Discord tells once. What comes again there is what a new session reads."""

    def _note(self, sent: Any, member: Any, place: str, wording: Any = None, channel: str = "") -> None:
        self._sent[str(sent.id)] = sent
        said = Said(DISCORD, channel or str(sent.channel.id), str(sent.id), str(member.id), place, wording)
        self._ledger.note(said)
