"""Implements `bot.chat.platform.ReplySender` for Discord."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

import discord
from discord import ui

from bot.chat.conversation import AnswerEvent, ClarificationOutcome, Decision, Status
from bot.chat.live_reply import LiveReply, ReplySurface
from bot.chat.message import Audience, Job, JobState, ThreadRef
from bot.chat.platform import KeepReplies, StandingReplies
from bot.chat.reply_stream import AnswerView, follow_answer, look_at_first
from bot.chat.split import split_markdown
from bot.chat.text import shorten_text
from bot.errors import DeliveryError
from bot.i18n.language import words_for_text
from bot.platforms.discord import choices, layouts
from bot.platforms.discord.api_errors import history_fails, is_gone, translate_delivery_errors
from bot.platforms.discord.markdown import to_discord, to_literal
from bot.platforms.discord.reply_target import MessageKind, target_of
from bot.platforms.discord.sizes import measure_size
from bot.platforms.discord.targets import Content, InChannel, InResponse, move_elsewhere, surface_of

EDIT_SECONDS = 1.5  # between two edits: Discord takes 5 in 5 s in a channel, and others write there too
FIRST_SECONDS = 0.5  # an answer that is complete by then is sent at once, without an edit
_TYPING_SECONDS = 3.0
Draw = Callable[[str], ui.LayoutView]
_NONCE_SECONDS = 120  # for "a few minutes" Discord gives a message that stands back for its nonce
_QUOTED = 300  # characters of a question above its answer
_NAME = 90  # characters of a thread's name; Discord takes 100


class DiscordReplySender:
    """`handoff`: whether a question of that place can be handed to people, so that the button for it is offered."""

    def __init__(self, client: discord.Client, *, handoff: Callable[[ThreadRef], bool] = lambda _: False) -> None:
        self._client = client
        self._handoff = handoff
        self.deferring: dict[str, asyncio.Task[Any]] = {}  # commands that are being acknowledged

    async def show_answer(self, job: Job, events: AsyncIterator[AnswerEvent], keep: KeepReplies) -> None:
        asked = ""
        if _may_call_to_a_question(job):  # a thread is named once, and not after the call
            first, events = await look_at_first(events)
            asked = first.asked if isinstance(first, Status) else ""
        surface = await self._find_surface(job, asked)
        live = _LiveAnswer(surface, job, keep)
        typing = asyncio.create_task(self._show_typing(surface))
        try:
            turn = await follow_answer(events, live)
        finally:
            typing.cancel()
        if turn.decision is Decision.CLARIFY:
            await live.show_layout(
                choices.draw_question(job.id, turn), choices.draw_question_without_buttons(job.id, turn)
            )
            return
        suggested = turn.decision is Decision.SUGGEST
        pieces = (
            choices.render_suggestion(turn)
            if suggested
            else split_markdown(to_discord(turn.answer, turn.links), layouts.PIECE, measure_size)
        )
        await live.finish_answer(
            [f"{_quote_question(job)}{pieces[0]}", *pieces[1:]],
            partial(
                choices.end_of_suggestion if suggested else layouts.draw_message,
                item_id=job.id,
                turn=turn,
                handoff=self._handoff(job.message.place),
                post=job.message.audience is Audience.POST,
            ),
            partial(choices.end_of_suggestion_without_buttons, item_id=job.id, turn=turn) if suggested else None,
        )

    def can_replace(self, job: Job) -> bool:
        return True

    async def send_text(self, job: Job, text: str, keep: KeepReplies) -> None:
        told = f"{_quote_question(job)}{to_discord(text)}"
        await _LiveAnswer(await self._find_surface(job), job, keep).finish_answer(
            split_markdown(told, layouts.PIECE, measure_size)
        )

    async def tell_position(self, job: Job, ahead: int, keep: KeepReplies) -> None:
        """The line becomes the answer, and never stands in place of one that another process gave."""
        line = words_for_text(job.message.text).label("queued", ahead=ahead)
        surface = await self._find_surface(job)
        if isinstance(surface, InChannel):
            surface = replace(surface, amend=False)
        await _LiveAnswer(surface, job, keep).finish_answer([f"-# {line}"])

    async def retract_reply(self, job: Job) -> None:
        for reply in job.replies:
            await self._find_own_surface(job).remove(reply)

    async def close_clarification(self, job: Job, settled: ClarificationOutcome, by: Job) -> None:
        """What a command showed to its user alone can be edited while its token lives."""
        for reply in job.replies[-1:]:
            await self._find_own_surface(job).edit(reply, choices.draw_outcome(job.id, settled))

    async def find_other_place(self, job: Job, refusal: DeliveryError) -> Job | None:
        return await move_elsewhere(self._client, job)

    async def check_access(self) -> None:
        with translate_delivery_errors():
            await self._client.application_info()

    async def find_standing_replies(self, job: Job) -> StandingReplies:
        try:
            return StandingReplies(await (await self._found_on(job)).found())
        except DeliveryError as error:
            new = (datetime.now(UTC) - job.received_at).total_seconds() < _NONCE_SECONDS
            unread = error.permanent or history_fails(error)
            if is_gone(error) or (new and unread and job.state is JobState.PENDING):
                return StandingReplies()  # what stands for it, if something does, is given back for its nonce
            raise

    async def _found_on(self, job: Job) -> InChannel | InResponse:
        surface = await surface_of(self._client, job)
        target = target_of(job.message)
        asked = target.kind is MessageKind.CHANNEL and not job.message.chosen and not target.elsewhere
        if asked and isinstance(surface, InChannel):
            in_thread = InChannel(self._client, int(job.message.id), job)
            try:
                if await in_thread.found():
                    return in_thread
            except DeliveryError as error:
                if not error.permanent:  # what stands there is not known; there may be no thread
                    raise
        return surface

    async def _find_surface(self, job: Job, asked: str = "") -> InChannel | InResponse:
        """Where the answer goes; `asked`: the question, where it is not the job's message."""
        if deferring := self.deferring.get(job.message.id):
            await asyncio.wait({deferring})
        return await surface_of(self._client, job, name=_name_of(job, asked))

    def _find_own_surface(self, job: Job) -> InChannel | InResponse:
        """For messages that are known: each names its own channel."""
        command = job.message.audience is Audience.COMMAND
        return InResponse(self._client, job) if command else InChannel(self._client, 0, job)

    async def _show_typing(self, surface: InChannel | InResponse) -> None:
        """Show that something is being written. A courtesy: that it cannot be shown is no fault."""
        if isinstance(surface, InChannel):
            with suppress(DeliveryError, TimeoutError):
                async with asyncio.timeout(_TYPING_SECONDS):
                    with translate_delivery_errors():
                        await self._client.get_partial_messageable(surface.channel).typing()


class _LiveAnswer(AnswerView):
    """One answer growing on Discord: a message that is edited, and further ones where it is long."""

    def __init__(self, surface: ReplySurface[Content], job: Job, keep: KeepReplies) -> None:
        self._item_id = job.id
        self._live: LiveReply[Content] = LiveReply(surface, job, keep)
        self._begun = 0.0

    async def show_text(self, text: str, links: frozenset[str]) -> None:
        self._begun = self._begun or time.monotonic()
        if time.monotonic() - self._begun >= FIRST_SECONDS:
            shown = to_discord(text, links)
            await self._live.show_progress(shown, partial(self._draw_progress, shown), pause=EDIT_SECONDS)

    async def show_interim(self, text: str, links: frozenset[str]) -> None:
        await self.finish_answer(split_markdown(to_discord(text, links), layouts.PIECE, measure_size))

    async def _draw_progress(self, text: str) -> None:
        first = split_markdown(text, layouts.PIECE, measure_size)[0]
        await self._live.place_message(0, layouts.draw_message(first, self._item_id))

    async def finish_answer(
        self, pieces: Sequence[str], draw_last: Draw | None = None, draw_last_plainly: Draw | None = None
    ) -> None:
        """Show the whole answer, in one message a piece, what goes below it below the last. `draw_last_plainly`: the
        last where it has no buttons, if it then says more. Raises DeliveryError."""
        draw = partial(layouts.draw_message, item_id=self._item_id)
        before, last = [*map(draw, pieces[:-1])], (draw_last or draw)(pieces[-1])
        plain_last = draw_last_plainly(pieces[-1]) if draw_last_plainly else last
        await self._show_views([*before, last], [*before, plain_last])

    async def show_layout(self, view: ui.LayoutView, plain_view: ui.LayoutView) -> None:
        """Show a layout in the answer's place, in one message. Raises DeliveryError."""
        await self._show_views([view], [plain_view])

    async def _show_views(self, views: Sequence[ui.LayoutView], plain_views: Sequence[ui.LayoutView]) -> None:
        """Show messages; where Discord does not take them so, without buttons, and at last as bare text."""
        plainer = [layouts.without_buttons(view, self._item_id) for view in plain_views]
        bare = split_markdown("\n\n".join(map(layouts.bare_text, plain_views)), layouts.BARE_PIECE)
        await self._live.show_messages(views, plainer, bare)


def _quote_question(job: Job) -> str:
    """What was asked, above an answer that does not stand below it."""
    if not target_of(job.message).elsewhere:
        return ""
    return f"> {to_literal(shorten_text(' '.join(job.message.text.split()), _QUOTED))}\n\n"


def _may_call_to_a_question(job: Job) -> bool:
    """Whether a thread is to be opened by somebody who called the bot by name, maybe to what another asked."""
    message, target = job.message, target_of(job.message)
    opens = target.kind is MessageKind.CHANNEL and not (job.replies or message.chosen or target.elsewhere)
    return opens and message.audience is Audience.MENTION


def _name_of(job: Job, asked: str = "") -> str:
    line = " ".join((asked or job.message.text).replace("`", "").replace("*", "").split())
    return line[:_NAME] or words_for_text(job.message.text).labels["answer"]
