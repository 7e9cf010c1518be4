"""From the bot to a human and back: a packet in the support channel, claimed, relayed both ways, resolved, reopened.

Nothing is lost and nobody is left in the dark: what is said is kept before it is passed on, and whoever's words cannot
be passed on is told so. There are no loops: adapters drop what bots say, and a support channel hands nothing to itself.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import structlog

from bot.chat.card import Card
from bot.chat.conversation import Decision, Turn
from bot.chat.groups import find_viewer
from bot.chat.links import find_addresses
from bot.chat.message import Audience, Job, MessageRef, ThreadRef
from bot.chat.people import Actor
from bot.chat.platform import ChannelPoster
from bot.chat.ports import ConversationStore
from bot.errors import BotError, DeliveryError, NotAllowed, Refusal, StorageError
from bot.handoff.cards import handoff_card, reminder_card, resolved_card
from bot.handoff.exchange import Exchange
from bot.handoff.models import LIVE, NOWHERE, Handoff, HandoffMessage, HandoffReason, HandoffState
from bot.handoff.ports import HandoffStore, ThreadMarks
from bot.handoff.posts import HandoffPosts
from bot.i18n import words_for

log = structlog.get_logger(__name__)

_LOOK_SECONDS = 15.0  # between two looks at what waits
_UNPOSTED = timedelta(minutes=3)  # what was not done by then is done again; a platform may hold a call up
_RECENT = 50  # resolved handoffs that are looked at
_HOPELESS = timedelta(minutes=15)
_REMINDERS = 5
_MANY = 10_000  # more than are open at a time
_TWICE = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class HandoffLimits:
    """`remind` is how long a handoff may wait to be claimed before the channel is reminded, each time twice as long;
    `note` tells customers when people are there ("" for nothing)."""

    remind: timedelta = timedelta(minutes=15)
    note: str = ""


Propose = Callable[[Handoff, Sequence[HandoffMessage]], Awaitable[None]]
"""What is to be learned from a resolved handoff, by what was said in it."""

TellAdmins = Callable[[ThreadRef, str], Awaitable[bool]]
"""A support channel takes nothing, and why, with the mend: whether admins know."""


class HandoffService:
    """`posters` are the platforms that are connected, `channels` the support channel of each platform that has one.
    `propose` is told of each handoff that is resolved, `tell_admins` of a support channel that takes nothing."""

    def __init__(
        self,
        store: HandoffStore,
        inbox: ThreadMarks,
        conversations: ConversationStore,
        posters: Mapping[str, ChannelPoster],
        channels: Mapping[str, str],
        propose: Propose,
        limits: HandoffLimits | None = None,
        tell_admins: TellAdmins | None = None,
    ) -> None:
        self._store = store
        self._inbox = inbox
        self._conversations = conversations
        self._posts = HandoffPosts(store, inbox, posters)
        self._exchange = Exchange(
            store, self._posts, self._try_claim, self._report_refusal, lambda platform: self.note_trouble(platform, "")
        )
        self._channels = channels
        self._propose = propose
        self._limits = limits or HandoffLimits()
        self._tell_admins = tell_admins
        self._troubles: dict[str, str] = {}  # why the support channel of a platform took nothing last

    def can_hand_over(self, place: ThreadRef) -> bool:
        """Whether a question asked there can be handed to people."""
        return bool(self._find_support_channel(place))

    def note_trouble(self, platform: str, cause: str) -> None:
        """The support channel of a platform takes nothing, for all that is known; "" where it does."""
        self._troubles[platform] = cause

    def list_troubles(self) -> Mapping[str, str]:
        """Why support channels took nothing when that was tried last, by what they are called; "" where they did."""
        return {name_trouble(platform): self._troubles.get(platform, "") for platform in self._channels}

    # -- what customers do ----------------------------------------------------------------------------------------

    async def open_handoff(
        self, customer: ThreadRef, user: str, name: str, turn: Turn, reason: HandoffReason, link: str = ""
    ) -> bool:
        """Hand a conversation to people and tell the customer in the place itself, whichever way it goes; -> whether
        people know of it. One that is with people already stays as it is. Raises StorageError.
        """
        refusal = await self._open_handoff(customer, user, name, turn, reason, link)
        if refusal:
            await self._posts.post_notice(customer, Card(text=refusal))
        return not refusal

    async def _open_handoff(
        self, customer: ThreadRef, user: str, name: str, turn: Turn, reason: HandoffReason, link: str
    ) -> str:
        """The same; -> what is still to be said to the customer where people do not know, else "". Raises
        StorageError."""
        support = self._find_support_channel(customer)
        words = words_for(turn.language)
        name = name or await self._posts.find_user_name(customer, user)
        if support is None:
            return words.say("not_handed_over")
        now = datetime.now(UTC)
        about = await self._find_subject(turn)
        wanted = Handoff(
            id=uuid.uuid4().hex,
            state=HandoffState.OPEN,
            reason=reason,
            conversation_id=turn.conversation_id,
            turn_id=about.id if about else "",
            question=(about or turn).question,
            language=turn.language,
            customer=customer,
            customer_user=user,
            customer_name=name,
            support=support,
            created_at=now,
            updated_at=now,
            remind_at=now + _UNPOSTED,  # until the packet stands
        )
        handoff = await self._store.open_handoff(wanted)
        if handoff.id != wanted.id:
            if now - handoff.created_at >= _TWICE:  # else a button was clicked twice
                await self._posts.tell_customer(handoff, Card(text=words.say("handed_over_before")))
            return ""
        if refused := await self._post_card(handoff, link):
            await self._store.change_handoff(handoff.id, HandoffState.OPEN, state=HandoffState.FAILED)
            return words.say(_choose_excuse(refused))
        await self._inbox.hand_over(customer)
        note = f"\n{self._limits.note}" if self._limits.note else ""
        await self._tell_handed_over(handoff, note)
        return ""

    async def _tell_handed_over(self, handoff: Handoff, note: str = "") -> None:
        """Tell the customer that people know; where that cannot be said anywhere, people are to know that."""
        told = words_for(handoff.language).say("handed_over") + note
        refused = await self._posts.tell_customer(handoff, Card(text=told, links=find_addresses(note)))
        current = await self._store.find_handoff(handoff.id)
        if refused and refused.permanent and current:
            who = handoff.customer_name or "The customer"
            await self._posts.post_notice(current.support, Card(text=f"{who} cannot be reached from here: {refused}"))

    async def _find_subject(self, turn: Turn) -> Turn | None:
        """What the wish for a person is about: the turn itself, or what was asked before it, if anything was. A choice
        of what was offered is about that."""
        turns = (await self._conversations.load_conversation(turn.conversation_id)).turns
        if turn.decision is Decision.HUMAN:
            asked = next((earlier for earlier in reversed(turns) if earlier.decision.searched), None)
            if asked is None:
                return None
            turn = asked
        before = next((one for one, other in pairwise(turns) if other.id == turn.id), None)
        if before and before.decision.offers:
            offered = {option.question for option in before.citations}
            if turn.standalone_question in {before.standalone_question, *offered}:
                return replace(turn, question=turn.standalone_question)
        return turn

    async def open_for(self, job: Job, turn: Turn, reason: HandoffReason) -> str:
        """Hand over the conversation of a message; one that was asked by command goes on in private. -> what its author
        is still to be told where people do not know of it, else ""."""
        message, link = job.message, job.message.link
        customer = message.place
        if message.handoff_thread is not None:
            customer = replace(customer, thread=message.handoff_thread)
        try:
            if message.audience is Audience.COMMAND:
                customer = await self._posts.find_poster(customer).open_direct_thread(customer.workspace, message.user)
            elif not link:
                link = await self._posts.find_poster(customer).fetch_link(message.written)
        except DeliveryError as error:
            log.warning("customer's place not known", item=job.id, cause=str(error))
            if message.audience is Audience.COMMAND:  # the channel it was asked in is not for what people say to one
                return words_for(turn.language).say(_choose_excuse(error))
        return await self._open_handoff(customer, message.user, message.author, turn, reason, link)

    async def relay_message(self, job: Job, text: str) -> None:
        """Pass a message of either side on to the other. `text` is what was said, as it may be shown to people.

        Raises DeliveryError where trying again may help, StorageError.
        """
        await self._exchange.relay_message(job, text)

    async def forget_message(self, job: Job) -> None:
        """A message of either side was deleted: nothing is learned from it. Raises StorageError."""
        await self._exchange.forget_message(job)

    async def give_up(self, job: Job) -> None:
        """Tell the author of a message that it could not be passed on. Raises StorageError."""
        await self._exchange.give_up(job)

    # -- what teammates do ----------------------------------------------------------------------------------------

    async def claim_handoff(self, actor: Actor, handoff_id: str) -> Card:
        """Take a handoff; -> what to tell who asked, where it could not be. Raises StorageError."""
        handoff = await self._store.find_handoff(handoff_id)
        if handoff is None:
            return _unknown_handoff_card()
        if claimed := await self._try_claim(handoff, actor):
            return Card(text=f"It is yours: write to {claimed.customer_name or 'the customer'} in the thread.")
        current = await self._store.find_handoff(handoff_id) or handoff
        return Card(text=f"{current.claimed_name or 'Somebody'} has {_past_participle(current.state)} it already.")

    async def resolve_handoff(self, actor: Actor, handoff_id: str) -> Card:
        """The conversation is over: the bot answers there again, and what was said is proposed as a taught answer."""
        handoff = await self._store.change_handoff(
            handoff_id,
            *LIVE,
            state=HandoffState.RESOLVED,
            claimed_by=actor.id,
            claimed_name=actor.shown,
            remind_at=datetime.now(UTC),  # until all is done that this calls for
        )
        if handoff is None:
            return await self._describe_state(handoff_id)
        await self._complete_resolution(handoff)
        return Card(text="Resolved.")

    async def _complete_resolution(self, handoff: Handoff) -> None:
        """All that a resolved handoff calls for; what a dead process left of it is done again (see `watch`)."""
        await self._mark_places(handoff, human=False)
        await self._update_card(handoff)
        asks = not await self._store.was_asked_whether_helped(handoff.conversation_id)
        refused = await self._posts.tell_customer(handoff, resolved_card(handoff, asks=asks))
        if asks and refused is None:  # noted once it stands: a process that dies before asks again when it is back
            await self._store.change_handoff(handoff.id, helped_asked_at=datetime.now(UTC))
        if exchange := await self._store.load_messages(handoff.id):
            try:
                await self._propose(handoff, exchange)
            except BotError as error:  # the handoff is resolved all the same
                log.error("nothing proposed", handoff=handoff.id, cause=str(error))
        await self._store.change_handoff(handoff.id, HandoffState.RESOLVED, remind_at=None)

    async def note_whether_helped(self, actor: Actor, handoff_id: str, *, helped: bool) -> Card:
        """Keep what the customer says of it; -> what they are told. Who needs a person still gets one. Raises
        StorageError, NotAllowed for anybody else."""
        handoff = await self._store.find_handoff(handoff_id)
        if handoff is None:
            raise NotAllowed("That is for whoever was asked, and it is not known any more who that was.")
        if (actor.platform, actor.user) != (handoff.customer.platform, handoff.customer_user):
            raise NotAllowed(words_for(handoff.language).say("choice_not_yours"))
        await self._store.change_handoff(handoff_id, helped=helped)
        if helped:
            return Card(text=words_for(handoff.language).say("confirmed"))
        return await self.reopen_handoff(actor, handoff_id)

    async def reopen_handoff(self, actor: Actor, handoff_id: str) -> Card:
        """Go on with a resolved handoff; the customer may ask for that, too."""
        now = datetime.now(UTC)
        before = await self._store.find_handoff(handoff_id)
        if before is None:
            return _unknown_handoff_card()
        words = words_for(before.language)
        by_customer = actor.platform == before.customer.platform and actor.user == before.customer_user
        live = await self._store.list_handoffs(*LIVE, limit=_MANY)
        there = [each for each in live if each.customer == before.customer]
        if there and by_customer:
            return Card(text=words.say("handed_over_before"))
        if any(each.id != handoff_id for each in there):
            return Card(text="The customer is with people already: that goes on in a thread of its own.")
        handoff = await self._store.change_handoff(
            handoff_id,
            HandoffState.RESOLVED,
            state=HandoffState.OPEN,
            claimed_by="",
            claimed_name="",
            reminders=0,
            remind_at=now + self._limits.remind,
        )
        if handoff is None:
            return await self._describe_state(handoff_id)
        await self._mark_places(handoff, human=True)
        await self._update_card(handoff)
        if by_customer:
            who = handoff.customer_name or "The customer"
            await self._posts.post_notice(handoff.support, Card(text=f"{who} still needs help: this is open again."))
            return Card(text=words.say("handoff_reopened"))
        await self._posts.tell_customer(handoff, Card(text=words.say("handoff_reopened")))
        return Card(text="It is open again.")

    async def may_steer(self, actor: Actor, handoff_id: str, place: ThreadRef) -> bool:
        """Whether a click came from the handoff's own support channel, or from its customer."""
        handoff = await self._store.find_handoff(handoff_id)
        if handoff is None:
            return False
        support, customer = handoff.support, handoff.customer
        here = (place.platform, place.workspace, place.channel) == (
            support.platform,
            support.workspace,
            support.channel,
        )
        return here or (actor.platform == customer.platform and actor.user == handoff.customer_user)

    # -- what time does -------------------------------------------------------------------------------------------

    async def watch_handoffs(self) -> None:
        """Remind of what nobody claims, and post what a dead process did not, until cancelled."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS if self._limits.remind > timedelta(minutes=1) else 0.5)
            with suppress(StorageError):
                await self._send_reminders()
                await self._resume_resolutions()

    async def _send_reminders(self) -> None:
        now = datetime.now(UTC)
        for handoff in await self._store.lease_due_reminders(now, now + self._limits.remind * 2):
            if not handoff.support.thread:
                await self._post_again(handoff)
                continue
            if handoff.reminders > _REMINDERS:
                await self._store.change_handoff(handoff.id, HandoffState.OPEN, remind_at=None)
                continue
            later = now + self._limits.remind * 2**handoff.reminders
            await self._store.change_handoff(handoff.id, HandoffState.OPEN, remind_at=later)
            channel = replace(handoff.support, thread="")
            link = await self._posts.find_link(_message_of(handoff.support))
            await self._posts.post_notice(channel, reminder_card(handoff, link))
            if handoff.reminders == 1:
                await self._posts.tell_customer(handoff, Card(text=words_for(handoff.language).say("handoff_waiting")))

    async def _post_again(self, handoff: Handoff) -> None:
        """A packet that did not come to the channel: leased by `due`, so that one process posts it."""
        words = words_for(handoff.language)
        away = not self._posts.is_connected(handoff.support.platform)
        refused = None if away else await self._post_card(handoff, "")
        if not away and refused is None:
            await self._inbox.hand_over(handoff.customer)
            await self._tell_handed_over(handoff)
        elif datetime.now(UTC) - handoff.created_at > _HOPELESS:
            await self._store.change_handoff(handoff.id, HandoffState.OPEN, state=HandoffState.FAILED)
            await self._posts.tell_customer(handoff, Card(text=words.say(_choose_excuse(refused))))
        else:
            await self._store.change_handoff(handoff.id, HandoffState.OPEN, remind_at=datetime.now(UTC) + _UNPOSTED)

    async def _resume_resolutions(self) -> None:
        """What a process that died while it resolved a handoff left."""
        now = datetime.now(UTC)
        for handoff in await self._store.list_handoffs(HandoffState.RESOLVED, limit=_RECENT):
            left = handoff.remind_at is not None and now - handoff.updated_at > _UNPOSTED
            if left and await self._store.change_handoff(handoff.id, HandoffState.RESOLVED, remind_at=now):
                await self._complete_resolution(handoff)

    # -- parts ----------------------------------------------------------------------------------------------------

    async def _mark_places(self, handoff: Handoff, *, human: bool) -> None:
        """People have the customer's places, or the bot has them again."""
        for place in {handoff.customer, handoff.asked_in} - {NOWHERE}:
            await self._inbox.hand_over(place, human=human)

    def _find_support_channel(self, place: ThreadRef) -> ThreadRef | None:
        """Where a question of that place goes: the same platform's support channel, else another's; nowhere where its
        own platform takes no cards, for the customer could be told nothing."""
        if not self._posts.is_connected(place.platform):
            return None
        for platform in (place.platform, *sorted(self._channels)):
            channel = self._channels.get(platform, "")
            if (
                channel
                and self._posts.is_connected(platform)
                and (platform, channel) != (place.platform, place.channel)
            ):
                return ThreadRef(platform, place.workspace if platform == place.platform else "", channel, "")
        return None

    async def _post_card(self, handoff: Handoff, link: str) -> DeliveryError | None:
        """Post the packet and note where; -> why it does not stand. Admins are told of that."""
        try:
            room = self._posts.find_poster(handoff.support)
            message = await room.post_card(handoff.support, await self._build_card(handoff, link))
            thread = await room.ensure_thread(message, handoff.customer_name or "Handoff")
        except DeliveryError as error:
            await self._report_refusal(handoff, error)
            return error
        self._troubles.pop(handoff.support.platform, None)
        later = datetime.now(UTC) + self._limits.remind
        await self._store.change_handoff(handoff.id, *LIVE, support=thread, remind_at=later, reminders=0)
        return None

    async def _report_refusal(self, handoff: Handoff, error: DeliveryError) -> None:
        """The support channel did not take what is for it: admins are told, and whoever asks for the status."""
        log.error("support channel refuses", handoff=handoff.id, channel=handoff.support.channel, cause=str(error))
        cause, channel = str(error), handoff.support.channel
        if error.kind is Refusal.PLACE and channel not in cause:
            cause = f"the channel {channel} takes nothing: {cause}. Invite the bot there, or name another."
        if error.kind is not Refusal.MOMENT:
            self._troubles[handoff.support.platform] = cause
        if self._tell_admins:
            await self._tell_admins(replace(handoff.support, thread=""), cause)

    async def _build_card(self, handoff: Handoff, link: str = "") -> Card:
        conversation = await self._conversations.load_conversation(handoff.conversation_id)
        team = find_viewer(handoff.support)
        turns = [turn.show_to(team) for turn in conversation.turns]
        if self._posts.is_direct(handoff.customer):
            return handoff_card(handoff, turns, "", direct=True)
        return handoff_card(handoff, turns, link or await self._posts.find_link(_message_of(handoff.customer)))

    async def _update_card(self, handoff: Handoff) -> None:
        """Show in the packet how the handoff stands, also where that changes meanwhile."""
        drawn: HandoffState | None = None
        while (now := await self._store.find_handoff(handoff.id)) and now.state is not drawn:
            drawn = now.state
            with suppress(DeliveryError):
                await self._posts.find_poster(now.support).update_card(
                    _message_of(now.support), await self._build_card(now)
                )

    async def _try_claim(self, handoff: Handoff, actor: Actor) -> Handoff | None:
        claimed = await self._store.change_handoff(
            handoff.id,
            HandoffState.OPEN,
            state=HandoffState.CLAIMED,
            claimed_by=actor.id,
            claimed_name=actor.shown,
        )
        if claimed:
            await self._update_card(claimed)
            now = await self._store.find_handoff(claimed.id)
            if now and now.state is HandoffState.CLAIMED:
                told = words_for(claimed.language).say("handoff_claimed", name=actor.shown)
                await self._posts.tell_customer(claimed, Card(text=told))
        return claimed

    async def _describe_state(self, handoff_id: str) -> Card:
        handoff = await self._store.find_handoff(handoff_id)
        return Card(text=f"It is {handoff.state.value} already.") if handoff else _unknown_handoff_card()


def name_trouble(platform: str) -> str:
    """What a support channel is called where its trouble is told."""
    return f"{platform} support channel"


def _choose_excuse(refused: DeliveryError | None) -> str:
    """The line for a customer whose packet was refused so, or not posted at all: minutes are promised only where they
    may help."""
    passes = refused is None or refused.kind is Refusal.MOMENT
    return "not_handed_over" if passes else "team_out_of_reach"


def _message_of(place: ThreadRef) -> MessageRef:
    """The message that a thread hangs on."""
    return MessageRef(place.platform, place.workspace, place.channel, place.thread)


def _past_participle(state: HandoffState) -> str:
    return {HandoffState.CLAIMED: "claimed", HandoffState.RESOLVED: "resolved"}.get(state, "changed")


def _unknown_handoff_card() -> Card:
    return Card(text="This handoff is not known any more.")
