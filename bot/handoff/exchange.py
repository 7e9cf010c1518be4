"""What a customer and the team say to each other in a handoff, passed on: kept first, and where it cannot be passed on,
whoever said it is told so."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from bot.chat.card import Button, Card, Line
from bot.chat.message import Job, Party
from bot.chat.people import Actor
from bot.chat.text import short
from bot.errors import DeliveryError, Refusal
from bot.handoff.cards import REOPEN, message_card
from bot.handoff.models import INTERNAL, Handoff, HandoffMessage, HandoffState
from bot.handoff.ports import HandoffStore
from bot.handoff.posts import HandoffPosts
from bot.i18n import words_for

_NAMES = 200  # characters of the names of files
_NOT_THE_TEAM = (
    "Only the team speaks to customers, so that was not passed on: this channel has to be private to the team."
)
Claim = Callable[[Handoff, Actor], Awaitable[Handoff | None]]
ReportRefusal = Callable[[Handoff, DeliveryError], Awaitable[None]]


class Exchange:
    """`claim` takes a handoff for whoever answers first, `report_refusal` lets admins know of a support channel that
    takes nothing, `note_success` ends what was noted of that of a platform."""

    def __init__(
        self,
        store: HandoffStore,
        posts: HandoffPosts,
        claim: Claim,
        report_refusal: ReportRefusal,
        note_success: Callable[[str], None],
    ) -> None:
        self._store = store
        self._posts = posts
        self._claim = claim
        self._report_refusal = report_refusal
        self._note_success = note_success

    async def relay_message(self, job: Job, text: str) -> None:
        """Pass a message of either side on to the other. `text` is what was said, as it may be shown to people.

        Raises DeliveryError where trying again may help, StorageError.
        """
        handoff = await self._store.find_handoff(job.message.handoff_id)
        if handoff is None:
            return
        if job.message.side is Party.SUPPORT:
            await self._relay_from_support(handoff, job, text)
        else:
            await self._relay_from_customer(handoff, job, text)

    async def _relay_from_customer(self, handoff: Handoff, job: Job, text: str) -> None:
        author = await self._posts.find_author_name(job)
        await self._record_message(handoff, Party.CUSTOMER, job, author)
        shown = text
        if not text and job.message.unseen:
            shown = "(something that I am not shown: read it where it was asked)"
        elif not text and not job.message.files:
            shown = "(something that is no text)"
        if not handoff.support.thread:  # beside the packet it would stand in the channel for nobody
            raise DeliveryError("the packet is not posted yet", Refusal.MOMENT)
        passed_on = self._posts.passes_files_on(job.message.place)
        files = self._list_files(job) if passed_on else await self._name_files(job)
        try:
            await self._posts.find_poster(handoff.support).post_card(
                handoff.support, message_card(author, shown, files=files)
            )
        except DeliveryError as error:
            if not error.permanent:
                raise
            await self._report_refusal(handoff, error)
            await self._posts.tell_customer(handoff, Card(text=words_for(handoff.language).say("team_out_of_reach")))
            return
        self._note_success(handoff.support.platform)
        if files and not passed_on and self._posts.is_direct(job.message.place):  # the team cannot open it there either
            told = words_for(handoff.language).say("file_not_relayed", files=_format_names(job))
            await self._posts.tell_customer(handoff, Card(text=told))

    async def _relay_from_support(self, handoff: Handoff, job: Job, text: str) -> None:
        if text.lstrip().startswith(INTERNAL):  # perhaps after an edit
            await self._store.forget_message(handoff.id, Party.SUPPORT, job.message.id)
            return
        here = job.message.place
        if not await self._posts.find_poster(here).is_teammate(here.workspace, job.message.user):
            await self._posts.post_notice(handoff.support, Card(text=_NOT_THE_TEAM, anywhere=True))
            return
        author = await self._posts.find_author_name(job)
        if handoff.state is HandoffState.RESOLVED:
            told = "This is resolved, so that was not passed on. Reopen it to write to the customer."
            again = Button(REOPEN, handoff.id, "Reopen")
            await self._posts.post_notice(handoff.support, Card(text=told, buttons=(again,)))
            return
        if handoff.state is HandoffState.OPEN:  # whoever answers has claimed it
            actor = Actor(here.platform, here.workspace, job.message.user, author)
            handoff = await self._claim(handoff, actor) or handoff
        passed_on = self._posts.passes_files_on(here)
        files = self._list_files(job) if passed_on else ()
        if text or files:
            await self._say_to_customer(handoff, job, message_card(author, text, by_team=True, files=files))
        if not passed_on and job.message.files:
            told = f"Files do not reach the customer, so {_format_names(job)} stays here: say in words what it shows."
            await self._posts.post_notice(handoff.support, Card(text=told))
        elif not text and not files:
            why = job.message.unseen or "Only text reaches the customer: that stays here."
            await self._posts.post_notice(handoff.support, Card(text=why))

    async def _say_to_customer(self, handoff: Handoff, job: Job, card: Card) -> None:
        if card.text:  # what can be learned from
            await self._record_message(handoff, Party.SUPPORT, job, card.title)
        try:
            await self._posts.post_to_customer(handoff, card)
        except DeliveryError as error:
            if not error.permanent:
                raise
            await self._posts.post_notice(handoff.support, Card(text=f"That did not reach the customer: {error}"))

    async def forget_message(self, job: Job) -> None:
        """A message of either side was deleted: nothing is learned from it. Raises StorageError."""
        if job.message.side:
            await self._store.forget_message(job.message.handoff_id, job.message.side, job.message.id)

    async def give_up(self, job: Job) -> None:
        """Tell the author of a message that it could not be passed on. Raises StorageError."""
        handoff = await self._store.find_handoff(job.message.handoff_id)
        if handoff is None:
            return
        if job.message.side is Party.SUPPORT:
            what = job.message.text[:_NAMES] or _format_names(job)
            await self._posts.post_notice(handoff.support, Card(text=f"This did not reach the customer: {what}"))
        else:
            await self._posts.tell_customer(handoff, Card(text=words_for(handoff.language).say("not_relayed")))

    async def _record_message(self, handoff: Handoff, side: Party, job: Job, author: str) -> None:
        message = HandoffMessage(handoff.id, side, job.message.id, author, job.message.text, datetime.now(UTC))
        await self._store.record_message(message)

    def _list_files(self, job: Job) -> tuple[Line, ...]:
        """A message's files, for whoever may open them by their addresses."""
        return tuple(Line(file.name, file.url) for file in job.message.files)

    async def _name_files(self, job: Job) -> tuple[Line, ...]:
        """A message's files, which open where it stands, if anywhere."""
        if not job.message.files:
            return ()
        direct = self._posts.is_direct(job.message.place)
        note = "I cannot pass it on, and the customer knows" if direct else "it is where it was written"
        named = tuple(Line(file.name, note=note) for file in job.message.files)
        link = "" if direct else job.message.link or await self._posts.find_link(job.message.written)
        return (*named, Line("Where it was written", link)) if link else named


def _format_names(job: Job) -> str:
    return short(", ".join(file.name for file in job.message.files), _NAMES)
