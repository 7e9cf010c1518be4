"""Implements `bot.chat.platform.ReplySender` for Discord."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Any

import discord
import structlog
from discord import ui

from bot.chat.conversation import AnswerEvent, ClarificationOutcome, Decision, Delta, Final, Stage, Status, Turn
from bot.chat.message import Audience, Job, JobState, ThreadRef
from bot.chat.platform import KeepReplies
from bot.chat.split import split_markdown
from bot.chat.text import shorten_text
from bot.errors import DeliveryError, Refusal
from bot.i18n import Words, words_for
from bot.i18n.language import reply_language
from bot.platforms.discord import choices, layouts
from bot.platforms.discord.api_errors import history_fails, is_gone, translate_delivery_errors
from bot.platforms.discord.markdown import to_discord, to_literal
from bot.platforms.discord.reply_target import MessageKind, target_of
from bot.platforms.discord.sizes import measure_size
from bot.platforms.discord.targets import Content, InChannel, InResponse, Surface, move_elsewhere, surface_of
from bot.runtime.completion import shield_to_completion

log = structlog.get_logger(__name__)

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

    async def show_answer(self, item: Job, events: AsyncIterator[AnswerEvent], keep: KeepReplies) -> None:
        surface = await self._find_surface(item)
        live = _LiveAnswer(surface, item, keep)
        typing = asyncio.create_task(self._show_typing(surface))
        turn: Turn | None = None
        text, begun, asking = "", 0.0, False
        links: frozenset[str] = frozenset()
        try:
            async for event in events:
                if isinstance(event, Status):
                    asking = event.stage is Stage.ASKING
                elif isinstance(event, Delta) and not asking:  # an offer comes whole, with its buttons
                    text, links, begun = text + event.text, event.links, begun or time.monotonic()
                    if time.monotonic() - begun >= FIRST_SECONDS:
                        await live.show_progress(to_discord(text, links))
                elif isinstance(event, Final):
                    turn = event.turn
        finally:
            typing.cancel()
        if turn is None:
            raise AssertionError("an answer always ends in Final")
        if turn.decision is Decision.CLARIFY:
            await live.show_layout(choices.draw_question(item.id, turn))
            return
        suggested = turn.decision is Decision.SUGGEST
        pieces = (
            choices.render_suggestion(turn)
            if suggested
            else split_markdown(to_discord(turn.answer, turn.links), layouts.PIECE, measure_size)
        )
        await live.finish_answer(
            [f"{_quote_question(item)}{pieces[0]}", *pieces[1:]],
            partial(
                choices.end_of_suggestion if suggested else layouts.draw_message,
                item_id=item.id,
                turn=turn,
                handoff=self._handoff(item.message.place),
                post=item.message.audience is Audience.POST,
            ),
        )

    async def send_text(self, item: Job, text: str, keep: KeepReplies) -> None:
        told = f"{_quote_question(item)}{to_discord(text)}"
        await _LiveAnswer(await self._find_surface(item), item, keep).finish_answer(
            split_markdown(told, layouts.PIECE, measure_size)
        )

    async def tell_position(self, item: Job, ahead: int, keep: KeepReplies) -> None:
        """The line becomes the answer, and never stands in place of one that another process gave."""
        line = _choose_words(item).label("queued", ahead=ahead)
        await _LiveAnswer(await self._find_surface(item), item, keep, amend=False).finish_answer([f"-# {line}"])

    async def retract_reply(self, item: Job) -> None:
        surface: Surface = (
            InResponse(self._client, item)
            if item.message.audience is Audience.COMMAND
            else InChannel(self._client, 0, item)
        )
        for reply in item.replies:
            await surface.remove(reply)

    async def close_clarification(self, item: Job, settled: ClarificationOutcome, by: Job) -> None:
        """What a command showed to its user alone can be edited while its token lives."""
        surface: Surface = (
            InResponse(self._client, item)
            if item.message.audience is Audience.COMMAND
            else InChannel(self._client, 0, item)
        )
        for reply in item.replies[-1:]:
            await surface.edit(reply, choices.draw_outcome(item.id, settled))

    async def find_other_place(self, item: Job, refusal: DeliveryError) -> Job | None:
        return await move_elsewhere(self._client, item)

    async def check_access(self) -> None:
        with translate_delivery_errors():
            await self._client.application_info()

    async def find_standing_replies(self, item: Job) -> Sequence[Mapping[str, str]]:
        try:
            return await (await self._found_on(item)).found()
        except DeliveryError as error:
            new = (datetime.now(UTC) - item.received_at).total_seconds() < _NONCE_SECONDS
            unread = error.permanent or history_fails(error)
            if is_gone(error) or (new and unread and item.state is JobState.PENDING):
                return ()  # what stands for it, if something does, is given back for its nonce
            raise

    async def _found_on(self, item: Job) -> InChannel | InResponse:
        surface = await surface_of(self._client, item)
        target = target_of(item.message)
        asked = target.kind is MessageKind.CHANNEL and not item.message.chosen and not target.elsewhere
        if asked and isinstance(surface, InChannel):
            in_thread = InChannel(self._client, int(item.message.id), item)
            with suppress(DeliveryError):
                if await in_thread.found():
                    return in_thread
        return surface

    async def _find_surface(self, item: Job) -> InChannel | InResponse:
        if deferring := self.deferring.get(item.message.id):
            await asyncio.wait({deferring})
        return await surface_of(self._client, item, name=_name_of(item))

    async def _show_typing(self, surface: Surface) -> None:
        """Show that something is being written. A courtesy: that it cannot be shown is no fault."""
        if isinstance(surface, InChannel):
            with suppress(DeliveryError, TimeoutError):
                async with asyncio.timeout(_TYPING_SECONDS):
                    with translate_delivery_errors():
                        await self._client.get_partial_messageable(surface.channel).typing()


class _LiveAnswer:
    """One answer growing on Discord: a message that is edited, and further ones where it is long."""

    def __init__(self, surface: Surface, item: Job, keep: KeepReplies, *, amend: bool = True) -> None:
        self._surface = surface
        self._item = item
        self._keep = keep
        self._stand = [dict(reply) for reply in item.replies]
        self._amend = amend
        self._shown = 0.0
        self._refused = False

    async def show_progress(self, text: str) -> None:
        """Show the text so far; what is shown before it is complete may lag behind. Raises DeliveryError."""
        if self._refused or time.monotonic() - self._shown < EDIT_SECONDS or not text.strip():
            return
        try:
            await self._place_message(0, self._draw_message(split_markdown(text, layouts.PIECE, measure_size)[0]))
        except DeliveryError as error:
            if error.kind is not Refusal.FORM:
                raise
            self._refused = True  # the whole answer comes in a plainer form
        self._shown = time.monotonic()

    async def finish_answer(self, pieces: Sequence[str], draw_last: Draw | None = None) -> None:
        """Show the whole answer, in one message a piece, what goes below it below the last. Raises DeliveryError."""
        draws = [self._draw_message] * (len(pieces) - 1) + [draw_last or self._draw_message]
        await self._lay_all([draw(piece) for draw, piece in zip(draws, pieces, strict=True)])

    async def show_layout(self, view: ui.LayoutView) -> None:
        """Show a layout in the answer's place, in one message. Raises DeliveryError."""
        await self._lay_all([view])

    async def _lay_all(self, views: Sequence[ui.LayoutView]) -> None:
        """Show messages; where Discord does not take them so, without buttons, and at last as bare text."""
        bare = split_markdown("\n\n".join(map(layouts.bare_text, views)), layouts.BARE_PIECE)
        plainer = [layouts.without_buttons(view, self._item.id) for view in views]
        forms: Sequence[Sequence[Content]] = (views, plainer, bare)
        for form in forms:
            try:
                for number, content in enumerate(form):
                    await self._place_message(number, content)
                await self._remove_surplus(len(form))
                return
            except DeliveryError as error:
                if error.kind is not Refusal.FORM or form is forms[-1]:
                    raise
                log.warning("said in a plainer form", item=self._item.id, cause=str(error))

    async def _remove_surplus(self, count: int) -> None:
        """Remove messages that a longer answer left before an edit."""
        for reply in self._stand[count:]:
            await self._surface.remove(reply)
        if len(self._stand) > count:
            self._stand = self._stand[:count]
            await self._keep(self._stand)

    def _draw_message(self, piece: str) -> ui.LayoutView:
        return layouts.draw_message(piece, self._item.id)

    async def _place_message(self, number: int, content: Content) -> None:
        if number < len(self._stand) and await self._surface.edit(self._stand[number], content):
            return
        await shield_to_completion(self._post_message(content, number))

    async def _post_message(self, content: Content, number: int) -> None:
        self._stand[number : number + 1] = [dict(await self._surface.post(content, number, amend=self._amend))]
        await self._keep(self._stand)


def _quote_question(item: Job) -> str:
    """What was asked, above an answer that does not stand below it."""
    if not target_of(item.message).elsewhere:
        return ""
    return f"> {to_literal(shorten_text(' '.join(item.message.text.split()), _QUOTED))}\n\n"


def _name_of(item: Job) -> str:
    line = " ".join(item.message.text.replace("`", "").replace("*", "").split())
    return line[:_NAME] or _choose_words(item).labels["answer"]


def _choose_words(item: Job) -> Words:
    return words_for(reply_language(item.message.text))
