"""What Frontdesk tells teammates and admins by itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime

import structlog

from bot.answering.ports import LearnsWordings
from bot.chat.card import Card, File
from bot.chat.conversation import Feedback, Turn, Vote
from bot.chat.message import Job, MessageRef, ThreadRef
from bot.chat.platform import ChannelPoster
from bot.chat.ports import ConversationStore, Markers
from bot.chat.text import short
from bot.errors import BotError, DeliveryError
from bot.gaps.cards import gaps_card
from bot.gaps.service import Gaps, to_csv
from bot.handoff.models import Handoff, HandoffMessage
from bot.taught.cards import proposal_card
from bot.taught.service import TaughtAnswers
from retrieval.errors import RetrievalError

log = structlog.get_logger(__name__)

_MONDAY, _NINE = 0, 9  # when the week's gaps are posted, in UTC
_LOOK_SECONDS = 60.0
_AGAIN_SECONDS = 3600.0  # between two notices of the same trouble
_REASON = 500  # characters of why an answer did not help


class Notices:
    """`posters` are the connected platforms; `support` and `admins` the channel of each platform for either."""

    def __init__(
        self,
        posters: Mapping[str, ChannelPoster],
        support: Mapping[str, str],
        admins: Mapping[str, str],
        taught_answers: TaughtAnswers,
    ) -> None:
        self._posters = posters
        self._support = support
        self._admins = admins
        self._taught_answers = taught_answers

    @property
    def reach_admins(self) -> bool:
        """Whether any admins' channel is on a platform that is connected."""
        return any(platform in self._posters for platform in self._admins)

    async def tell_admins(self, text: str) -> bool:
        """A line in every admins' channel; whether one took it, or there is none."""
        return await self.post_to_admins(Card(text=text))

    async def post_to_admins(self, card: Card) -> bool:
        """A message in every admins' channel; whether one took it, or there is none."""
        posted = [
            await self._post(ThreadRef(platform, "", channel, ""), card) for platform, channel in self._admins.items()
        ]
        return any(posted) or not posted

    async def propose(self, handoff: Handoff, said: Sequence[HandoffMessage]) -> None:
        """Show in a resolved handoff's thread what it could teach."""
        poster = self._posters.get(handoff.support.platform)
        url = ""
        if poster:
            place = handoff.support
            with suppress(DeliveryError):
                url = await poster.fetch_link(MessageRef(place.platform, place.workspace, place.channel, place.thread))
        if proposal := await self._taught_answers.learned(handoff, said, url):
            await self._post(handoff.support, proposal_card(proposal))

    async def ask_for_review(self, turn: Turn, reason: str = "") -> None:
        """A customer found an answer not helpful: where a person taught it, people look at it again. The reason is
        shown there, and kept nowhere but with the vote, where it goes when the customer is forgotten."""
        if taught := await self._taught_answers.voted_down(turn, again=bool(reason)):
            if reason:
                taught = replace(taught, note=f"{taught.note.rstrip('.')}: {short(reason, _REASON)}")
            for platform, channel in (self._support or self._admins).items():
                if await self._post(
                    ThreadRef(platform, "", channel, ""), proposal_card(await self._taught_answers.proposal(taught))
                ):
                    return

    async def _post(self, place: ThreadRef, card: Card) -> bool:
        poster = self._posters.get(place.platform)
        if poster is None:
            return False
        try:
            await poster.post_card(place, card)
        except DeliveryError as error:
            log.warning("notice not posted", platform=place.platform, cause=str(error))
            return False
        return True


class Undelivered:
    """Tells admins of customers who could not be answered, each cause in a channel once an hour: a channel that lets
    nothing be said may hold many questions. Where the admins cannot be told either, that is said to the caller for
    `pause` seconds without trying again."""

    def __init__(self, notices: Notices, pause: float = 5.0) -> None:
        self._notices = notices
        self._pause = pause
        self._told: dict[tuple[str, str, str], float] = {}
        self._untold_until = 0.0
        self._telling = asyncio.Lock()

    async def tell(self, job: Job, cause: str) -> bool:
        """A customer could not be told anything, in no place: whether admins know. What they asked is not repeated."""
        place = job.message.place
        where = f"{place.platform.capitalize()}, channel {place.channel}"
        text = (
            f"A question could not be answered, and its author could be told so nowhere. {where}. {cause}. "
            f"(Item {job.id[:8]} in the log; the same again in this channel within an hour is not posted.)"
        )
        async with self._telling:
            return await self._tell(place, cause, text)

    async def tell_of_support(self, place: ThreadRef, cause: str) -> bool:
        """A support channel takes nothing, so that customers reach nobody: whether admins know."""
        text = (
            f"A customer could not be handed to people: the support channel takes nothing. "
            f"{place.platform.capitalize()}, channel {place.channel}. {cause.rstrip('.')}. "
            "(See 'frontdesk doctor'; the same again within an hour is not posted.)"
        )
        async with self._telling:
            return await self._tell(place, cause, text)

    async def _tell(self, place: ThreadRef, cause: str, text: str) -> bool:
        now = time.monotonic()
        about = place.platform, place.channel, cause
        self._told = {each: at for each, at in self._told.items() if now - at < _AGAIN_SECONDS}
        if about in self._told:
            return True
        if now < self._untold_until:
            return False
        if await self._notices.tell_admins(text):
            self._told[about] = now
            return True
        self._untold_until = now + self._pause
        log.error("admins not told", platform=place.platform, channel=place.channel, cause=cause)
        return False


class Voting:
    """Keeps votes, learns from them, and has taught answers looked at again that were voted down. `mask` hides
    personal data."""

    def __init__(
        self,
        conversations: ConversationStore,
        notices: Notices,
        mask: Callable[[str], str],
        learning: LearnsWordings | None = None,
    ) -> None:
        self._conversations = conversations
        self._notices = notices
        self._mask = mask
        self._learning = learning

    async def vote(self, turn: Turn, user: str, vote: Vote, reason: str = "") -> None:
        """Keep a user's vote, its reason masked. Raises StorageError."""
        reason = self._mask(reason)
        await self._conversations.record_vote(Feedback(turn.id, user, vote, reason))
        if self._learning:
            await self._learning.record_vote(turn, vote, user)
        if vote is Vote.DOWN:
            try:
                await self._notices.ask_for_review(turn, reason)
            except BotError as error:  # the vote is kept all the same
                log.warning("no review asked for", cause=str(error))


class Digest:
    """The week's gaps, posted to the admins on Monday mornings by one process."""

    def __init__(self, gaps: Gaps, notices: Notices, markers: Markers) -> None:
        self._gaps = gaps
        self._notices = notices
        self._markers = markers

    async def run(self) -> None:
        """Post when it is time, until cancelled."""
        while True:
            try:
                await self.post_if_due(datetime.now(UTC))
            except (BotError, RetrievalError) as error:
                log.warning("gaps not posted", cause=str(error))
            await asyncio.sleep(_LOOK_SECONDS)

    async def post_if_due(self, now: datetime) -> bool:
        """Whether it was time, somebody can be reached, and nobody had done it. Raises StorageError."""
        if now.weekday() != _MONDAY or now.hour < _NINE or not self._notices.reach_admins:
            return False
        if not await self._markers.claim("gaps:posted", f"{now:%G-W%V}"):
            return False
        report = await self._gaps.report(days=7, now=now)
        file = File(f"gaps-{now:%G-W%V}.csv", to_csv(report)) if report.gaps else None
        await self._notices.post_to_admins(gaps_card(report, file))
        return True
