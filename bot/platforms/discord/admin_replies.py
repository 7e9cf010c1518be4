"""Where commands and clicks are answered in Discord: implements `bot.chat.platform.AdminReply`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Any

import discord

from bot.chat.card import Card, Form
from bot.chat.message import MessageRef
from bot.errors import DeliveryError
from bot.platforms.discord import cards
from bot.platforms.discord.api_errors import is_gone, translate_delivery_errors
from bot.platforms.discord.channels import DiscordChannels
from bot.platforms.discord.events import NAME, place_of_interaction
from bot.platforms.discord.locales import attempt_call, show_privately

_TOKEN = timedelta(minutes=14.5)  # of the 15 that an interaction's token lives
_SLOW = "That took too long for a form: please try again."

Attend = Callable[[asyncio.Task[Any]], None]


class Original(Enum):
    """What the interaction's token calls its original message."""

    PRIVATE = auto()  # a response that waits, which the caller alone sees
    PUBLIC = auto()  # a response that waits, which others see
    CLICKED = auto()  # the message with the button
    NONE = auto()  # there is none: a form is to be the response


class DiscordAdminReply:
    """One message: the response to a command, or the message that was clicked; edited by the interaction's token and,
    once that has expired, as any message of the bot's. `standing` is a message to be replaced instead."""

    def __init__(
        self,
        interaction: discord.Interaction[Any],
        channels: DiscordChannels,
        original: Original,
        attend: Attend,
        standing: MessageRef | None = None,
    ) -> None:
        self._interaction = interaction
        self._channels = channels
        self._original = original
        self._attend = attend
        self._key = standing  # a message that is edited as the bot's own
        self._by_bot = standing is not None
        self._empty = original in {Original.PRIVATE, Original.PUBLIC}  # it has nothing to show yet
        self._busy = False  # something goes on showing things

    async def show_card(self, card: Card, *, public: bool = False) -> MessageRef | None:
        if public and self._key is None and self._original in {Original.PRIVATE, Original.NONE}:
            try:
                return await self._post_publicly(card)
            except DeliveryError as error:
                if not error.permanent or self._original is Original.NONE:
                    raise  # else the bot may not write there: it is shown to the caller at least
        if not self._by_bot and datetime.now(UTC) - self._interaction.created_at < _TOKEN:
            try:
                return await self._by_token(card)
            except DeliveryError as error:
                if not is_gone(error):
                    raise
        self._by_bot = True
        if self._key is None:
            return await self._post_publicly(card)
        await self._channels.update_card(self._key, card)
        return self._key

    async def follow_task(self, work: asyncio.Task[Any]) -> None:
        self._busy = True
        self._attend(work)

    async def show_answer(self, answer: Card | Form | None) -> None:
        """What came of the call, which only the caller sees."""
        if isinstance(answer, Form):
            if self._interaction.response.is_done():
                await show_privately(self._interaction, Card(text=_SLOW))
            else:
                await attempt_call(self._interaction.response.send_modal(cards.Filled(answer)))
        elif answer and self._original is Original.PRIVATE:
            await attempt_call(self._by_token(answer))
        elif answer:
            await self._show_privately(answer)
        elif self._empty and (self._key or not self._busy):
            await self._take_away()

    async def _show_privately(self, card: Card) -> None:
        """To the caller alone. A public response that waits would be taken for the first follow-up: it is spent
        first."""
        if self._original is Original.PUBLIC and self._empty:
            await attempt_call(self._interaction.edit_original_response(view=cards.draw_layout(Card(text="…"))))
            await show_privately(self._interaction, card)
            await attempt_call(self._interaction.delete_original_response())
        else:
            await show_privately(self._interaction, card)

    async def _by_token(self, card: Card) -> MessageRef | None:
        """Edit the original message. Raises DeliveryError."""
        with translate_delivery_errors():
            shown = await self._interaction.edit_original_response(
                view=cards.draw_layout(card), attachments=cards.collect_files(card)
            )
        self._empty = False
        if shown.flags.ephemeral or self._original is Original.PRIVATE:
            return None
        place = place_of_interaction(self._interaction)
        self._key = MessageRef(NAME, place.workspace, str(self._interaction.channel_id), str(shown.id))
        return self._key

    async def _post_publicly(self, card: Card) -> MessageRef:
        """A message of its own, which others see."""
        self._key = await self._channels.post_card(place_of_interaction(self._interaction), card)
        self._by_bot = True
        if self._empty:
            await self._take_away()
        return self._key

    async def _take_away(self) -> None:
        """Remove what the token calls the original message: nothing is left to be shown there."""
        self._empty, self._original = False, Original.NONE
        await attempt_call(self._interaction.delete_original_response())
