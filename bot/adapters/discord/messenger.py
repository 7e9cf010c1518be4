"""Implements `bot.interfaces.Messenger` for Discord."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import discord
from discord import ui

from bot.adapters.discord import choices, layouts
from bot.adapters.discord.failures import delivering, gone
from bot.adapters.discord.markdown import to_discord
from bot.adapters.discord.sizes import size
from bot.adapters.discord.surfaces import InChannel, InResponse, Surface, surface_of
from bot.adapters.finishing import to_its_end
from bot.adapters.splitting import split
from bot.conversation import AnswerEvent, Decision, Delta, Final, Settled, Stage, Status, Turn
from bot.errors import DeliveryError
from bot.interfaces import KeepReplies
from bot.language import reply_language
from bot.messages import Audience, Item, Place
from bot.words import Words, words_for

EDIT_SECONDS = 1.5  # between two edits: Discord takes 5 in 5 s in a channel, and others write there too
FIRST_SECONDS = 0.5  # an answer that is complete by then is sent at once, without an edit
_TYPING_SECONDS = 3.0
Draw = Callable[[str], ui.LayoutView]
_NAME = 90  # characters of a thread's name; Discord takes 100


class DiscordMessenger:
    """`handoff`: whether a question of that place can be handed to people, so that the button for it is offered."""

    def __init__(self, client: discord.Client, *, handoff: Callable[[Place], bool] = lambda _: False) -> None:
        self._client = client
        self._handoff = handoff
        self.deferring: dict[str, asyncio.Task[Any]] = {}  # commands that are being acknowledged

    async def answer(self, item: Item, events: AsyncIterator[AnswerEvent], keep: KeepReplies) -> None:
        """See the port."""
        surface = await self._surface(item)
        live = _LiveAnswer(surface, item, keep)
        typing = asyncio.create_task(self._type(surface))
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
                        await live.show(to_discord(text, links))
                elif isinstance(event, Final):
                    turn = event.turn
        finally:
            typing.cancel()
        if turn is None:
            raise AssertionError("an answer always ends in Final")
        if turn.decision is Decision.CLARIFY:
            await live.put(choices.question(item.id, turn))
            return
        suggested = turn.decision is Decision.SUGGEST
        await live.finish(
            choices.suggestion(turn) if suggested else split(to_discord(turn.answer, turn.links), layouts.PIECE, size),
            partial(
                choices.end_of_suggestion if suggested else layouts.message,
                item_id=item.id,
                turn=turn,
                handoff=self._handoff(item.message.place),
                post=item.message.audience is Audience.POST,
            ),
        )

    async def say(self, item: Item, text: str, keep: KeepReplies) -> None:
        """See the port."""
        await _LiveAnswer(await self._surface(item), item, keep).finish(split(to_discord(text), layouts.PIECE, size))

    async def waiting(self, item: Item, ahead: int, keep: KeepReplies) -> None:
        """See the port. The line becomes the answer."""
        line = _words(item).label("queued", ahead=ahead)
        await _LiveAnswer(await self._surface(item), item, keep).finish([f"-# {line}"])

    async def retract(self, item: Item) -> None:
        """See the port."""
        surface: Surface = (
            InResponse(self._client, item)
            if item.message.audience is Audience.COMMAND
            else InChannel(self._client, 0, item)
        )
        for reply in item.replies:
            await surface.remove(reply)

    async def settle(self, item: Item, settled: Settled, by: Item) -> None:
        """See the port. What a command showed to its user alone can be edited while its token lives."""
        surface: Surface = (
            InResponse(self._client, item)
            if item.message.audience is Audience.COMMAND
            else InChannel(self._client, 0, item)
        )
        for reply in item.replies[-1:]:
            await surface.edit(reply, choices.answered(item.id, settled))

    async def recover(self, item: Item) -> Sequence[Mapping[str, str]]:
        """See the port."""
        try:
            return await (await self._found_on(item)).found()
        except DeliveryError as error:
            if gone(error):
                return ()
            raise

    async def _found_on(self, item: Item) -> InChannel | InResponse:
        surface = await surface_of(self._client, item)
        asked = item.message.context.get("kind") == "channel" and not item.message.chosen
        if asked and isinstance(surface, InChannel):
            in_thread = InChannel(self._client, int(item.message.id), item)
            with suppress(DeliveryError):
                if await in_thread.found():
                    return in_thread
        return surface

    async def _surface(self, item: Item) -> InChannel | InResponse:
        if deferring := self.deferring.get(item.message.id):
            await asyncio.wait({deferring})
        return await surface_of(self._client, item, name=_name_of(item))

    async def _type(self, surface: Surface) -> None:
        """Show that something is being written. A courtesy: that it cannot be shown is no fault."""
        if isinstance(surface, InChannel):
            with suppress(DeliveryError, TimeoutError):
                async with asyncio.timeout(_TYPING_SECONDS):
                    with delivering():
                        await self._client.get_partial_messageable(surface.channel).typing()


class _LiveAnswer:
    """One answer growing on Discord: a message that is edited, and further ones where it is long."""

    def __init__(self, surface: Surface, item: Item, keep: KeepReplies) -> None:
        self._surface = surface
        self._item = item
        self._keep = keep
        self._stand = [dict(reply) for reply in item.replies]
        self._shown = 0.0

    async def show(self, text: str) -> None:
        """Show the text so far; what is shown before it is complete may lag behind. Raises DeliveryError."""
        if time.monotonic() - self._shown < EDIT_SECONDS or not text.strip():
            return
        await self._lay(0, self._draw(split(text, layouts.PIECE, size)[0]))
        self._shown = time.monotonic()

    async def finish(self, pieces: Sequence[str], draw_last: Draw | None = None) -> None:
        """Show the whole answer, in one message a piece, what goes below it below the last. Raises DeliveryError."""
        for number, piece in enumerate(pieces):
            draw = draw_last if draw_last and number == len(pieces) - 1 else self._draw
            await self._lay(number, draw(piece))
        await self._settle(len(pieces))

    async def put(self, view: ui.LayoutView) -> None:
        """Show a layout in the answer's place, in one message. Raises DeliveryError."""
        await self._lay(0, view)
        await self._settle(1)

    async def _settle(self, count: int) -> None:
        """Remove messages that a longer answer left before an edit."""
        for reply in self._stand[count:]:
            await self._surface.remove(reply)
        if len(self._stand) > count:
            self._stand = self._stand[:count]
            await self._keep(self._stand)

    def _draw(self, piece: str) -> ui.LayoutView:
        return layouts.message(piece, self._item.id)

    async def _lay(self, number: int, view: ui.LayoutView) -> None:
        if number < len(self._stand) and await self._surface.edit(self._stand[number], view):
            return
        await to_its_end(self._post(view, number))

    async def _post(self, view: Any, number: int) -> None:
        self._stand[number : number + 1] = [dict(await self._surface.post(view, number))]
        await self._keep(self._stand)


def _name_of(item: Item) -> str:
    line = " ".join(item.message.text.replace("`", "").replace("*", "").split())
    return line[:_NAME] or _words(item).labels["answer"]


def _words(item: Item) -> Words:
    return words_for(reply_language(item.message.text))
