"""What is said to either side of a handoff, each where it can be reached."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

import structlog

from bot.chat.card import Card
from bot.chat.message import Job, MessageRef, ThreadRef, quote_lines
from bot.chat.platform import ChannelPoster
from bot.chat.text import short
from bot.errors import DeliveryError, Refusal
from bot.handoff.models import LIVE, Handoff
from bot.handoff.ports import HandoffStore, ThreadMarks
from bot.i18n import words_for

log = structlog.get_logger(__name__)

_MANY = 10_000  # more than are open at a time


class HandoffPosts:
    """`posters` are the platforms that are connected."""

    def __init__(self, store: HandoffStore, inbox: ThreadMarks, posters: Mapping[str, ChannelPoster]) -> None:
        self._store = store
        self._inbox = inbox
        self._posters = posters

    def is_connected(self, platform: str) -> bool:
        """Whether anything can be said there."""
        return platform in self._posters

    def find_poster(self, place: ThreadRef) -> ChannelPoster:
        """Raises DeliveryError for a platform that is not connected."""
        try:
            return self._posters[place.platform]
        except KeyError:
            raise DeliveryError(f"{place.platform} is not connected", Refusal.MOMENT) from None

    def is_direct(self, place: ThreadRef) -> bool:
        """Whether it is known to be a private conversation with the bot."""
        poster = self._posters.get(place.platform)
        return poster is not None and poster.is_direct(place)

    def passes_files_on(self, place: ThreadRef) -> bool:
        """Whether whoever is told the address of a file that was sent there can open it."""
        poster = self._posters.get(place.platform)
        return poster is not None and poster.files_open_by_address

    async def post_notice(self, place: ThreadRef, card: Card) -> None:
        """Say something beside the matter itself; that it could not be said is logged."""
        try:
            await self.find_poster(place).post_card(place, card)
        except DeliveryError as error:
            _log_unsaid(place, error)

    async def tell_customer(self, handoff: Handoff, card: Card) -> DeliveryError | None:
        """Say something beside the matter itself where the customer can be reached; -> why it could not be said, which
        is logged. Raises StorageError."""
        try:
            await self.post_to_customer(handoff, card)
        except DeliveryError as error:
            _log_unsaid(handoff.customer, error)
            return error
        return None

    async def post_to_customer(self, handoff: Handoff, card: Card) -> None:
        """Where the customer asked or, where that takes nothing, in their private conversation: as for answers, but
        that what people say to one person is not said beside the thread, to a whole channel. The handoff goes on there.
        Raises DeliveryError, StorageError."""
        handoff = await self._store.find_handoff(handoff.id) or handoff  # it may have moved since
        poster = self.find_poster(handoff.customer)
        try:
            await poster.post_card(handoff.customer, card)
        except DeliveryError as refusal:
            if not refusal.permanent or poster.is_direct(handoff.customer):
                raise
            try:
                direct = await poster.open_direct_thread(handoff.customer.workspace, handoff.customer_user)
                heading = words_for(handoff.language).say("handoff_moved")
                about = quote_lines(short(handoff.question))
                await poster.post_card(direct, Card(text=f"{heading}\n\n{about}"))
                await poster.post_card(direct, card)
            except DeliveryError as error:
                raise refusal if error.permanent else error from refusal
            await self._move_handoff(handoff, direct)

    async def _move_handoff(self, handoff: Handoff, direct: ThreadRef) -> None:
        """What the customer says in that place belongs to it from now on, too, unless another handoff has it."""
        live = await self._store.list_handoffs(*LIVE, limit=_MANY)
        if any(each.customer == direct and each.id != handoff.id for each in live):
            return
        moved = await self._store.change_handoff(handoff.id, customer=direct, asked_in=handoff.customer)
        log.warning("handoff goes on in private", handoff=handoff.id)
        if moved and moved.state in LIVE:
            await self._inbox.hand_over(direct)

    async def find_author_name(self, job: Job) -> str:
        """What the author of a message is called."""
        place, user = job.message.place, job.message.user
        return job.message.author or await self.find_user_name(place, user) or user

    async def find_user_name(self, place: ThreadRef, user: str) -> str:
        """What a user is called there, or ""."""
        with suppress(DeliveryError):
            return await self.find_poster(place).fetch_user_name(place.workspace, user)
        return ""

    async def find_link(self, message: MessageRef) -> str:
        """Where a message can be read, or ""."""
        with suppress(DeliveryError):
            return await self.find_poster(ThreadRef(message.platform, "", "", "")).fetch_link(message)
        return ""


def _log_unsaid(place: ThreadRef, error: DeliveryError) -> None:
    log.error("not told", platform=place.platform, cause=str(error))
