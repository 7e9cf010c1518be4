"""What a visitor does: asks, votes, chooses, calls a person, presses a card's button, has all of it deleted."""

from __future__ import annotations

import asyncio
from typing import Any

from bot.chat.card import Card
from bot.chat.conversation import Turn, Vote
from bot.chat.message import ChatMessage, MessageRef
from bot.chat.reply_target import ReplyTarget
from bot.errors import UnknownTurn
from bot.handoff.models import HandoffReason
from bot.i18n import words_for
from bot.platforms.services import PlatformServices
from bot.platforms.widget.bodies import describe_question, note_vote
from bot.platforms.widget.channels import WidgetChannels
from bot.platforms.widget.replies import name_reply
from bot.platforms.widget.streams import Streams
from bot.platforms.widget.visits import NAME, Visit, describe_visitor
from bot.privacy.commands import ask_to_forget


class VisitorCalls:
    """Every method raises StorageError, those about an answer UnknownTurn where it is none of the visitor's."""

    def __init__(self, services: PlatformServices, streams: Streams, channels: WidgetChannels) -> None:
        self._services = services
        self._posted = services.posted_messages
        self._streams = streams
        self._channels = channels

    async def ask_question(self, message: ChatMessage) -> None:
        """Claimed, committed on return; told again under the same id, it is the same message. What is kept of it for
        the page hides what the log hides. A widget that is written to is not asked to be quiet any more."""
        place, body = message.place, describe_question(self._services.mask(message.text))
        await self._posted.put_message(NAME, place.channel, message.user, f"question:{message.id}", body)
        await self._services.inbox.set_muted(place, False)
        await self._services.inbox.receive_message(message)
        self._streams.wake_pages(message.user)

    async def record_vote(self, visit: Visit, turn_id: str, vote: Vote) -> None:
        """Keep it, and show that."""
        turn = await self._find_turn(visit, turn_id)
        await self._services.voting.vote(turn, visit.visitor, vote)
        job = await self._services.inbox_store.find_job_of_turn(turn)
        name = name_reply(job.id) if job else ""
        standing = await self._posted.find_message(NAME, visit.visitor, name)
        if standing:
            voted = note_vote(standing.body, vote.value, words_for(turn.language).say("voted"))
            await self._posted.put_message(NAME, visit.visitor, visit.visitor, name, voted)
            self._streams.wake_pages(visit.visitor)

    async def choose_option(self, visit: Visit, turn_id: str, number: int) -> str:
        """-> why nothing comes of it, in words; "" where it is answered."""
        turn = await self._find_turn(visit, turn_id)
        author = describe_visitor(visit.visitor)
        taken = await self._services.inbox.receive_press(turn_id, number, visit.visitor, _keep_target, author)
        return "" if taken else await self._services.inbox.explain_refusal(turn_id, visit.visitor, turn.language)

    async def call_person(self, visit: Visit, turn_id: str) -> None:
        """Hand the conversation to people; the visitor is told in it, whichever way it goes."""
        turn, name = await self._find_turn(visit, turn_id), describe_visitor(visit.visitor)
        handoffs = self._services.handoffs
        await handoffs.open_handoff(visit.place, visit.visitor, name, turn, HandoffReason.BUTTON)

    async def press_button(self, visit: Visit, action: str, value: str, language: str) -> None:
        """A button of a card: whether it may be pressed is the command's to tell."""
        screen, actor = _Screen(self._channels, visit), visit.make_actor(language)
        told = await self._services.console.click(actor, visit.place, action, value, screen)
        if isinstance(told, Card):
            await self._channels.post_card(visit.place, told)

    async def forget_visitor(self, visit: Visit, language: str) -> bool:
        """Delete all that they said and were answered; -> whether that is done."""
        button = ask_to_forget(visit.make_actor(language), language).buttons[0]
        screen, actor = _Screen(self._channels, visit), visit.make_actor(language)
        told = await self._services.console.click(actor, visit.place, button.action, button.value, screen)
        self._streams.wake_pages(visit.visitor)
        return not (isinstance(told, Card) and told.fault)

    async def _find_turn(self, visit: Visit, turn_id: str) -> Turn:
        turn = await self._services.conversations.find_turn(turn_id)
        if (turn.platform, turn.user) != (NAME, visit.visitor):
            raise UnknownTurn(turn_id)
        return turn


class _Screen:
    """Where a command answers a visitor: in the conversation."""

    def __init__(self, channels: WidgetChannels, visit: Visit) -> None:
        self._channels = channels
        self._visit = visit

    async def show_card(self, card: Card, *, public: bool = False) -> MessageRef | None:
        """See `bot.chat.platform.AdminReply`."""
        return await self._channels.post_card(self._visit.place, card)

    async def follow_task(self, work: asyncio.Task[Any]) -> None:
        """It goes on by itself."""


def _keep_target(target: ReplyTarget) -> ReplyTarget:
    return target
