"""What is said in answer to an interaction."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import discord
import structlog

from bot.chat.card import Card
from bot.errors import DeliveryError
from bot.i18n import Words, words_for
from bot.i18n.locales import language_of_locale
from bot.platforms.discord import cards
from bot.platforms.discord.api_errors import translate_delivery_errors

log = structlog.get_logger(__name__)


async def show_line(interaction: discord.Interaction[Any], text: str, *, ephemeral: bool = True) -> None:
    """A line of our own."""
    if interaction.response.is_done():
        await attempt_call(interaction.followup.send(text, ephemeral=ephemeral))
    else:
        await attempt_call(interaction.response.send_message(text, ephemeral=ephemeral))


async def show_privately(interaction: discord.Interaction[Any], card: Card) -> None:
    """A card that only the caller sees."""
    view, files = cards.draw_layout(card), cards.collect_files(card)
    if interaction.response.is_done():
        await attempt_call(interaction.followup.send(view=view, files=files, ephemeral=True))
    else:
        await attempt_call(interaction.response.send_message(view=view, files=files, ephemeral=True))


async def defer_response(interaction: discord.Interaction[Any], *, private: bool) -> bool:
    """Acknowledge a command (or a form that came from one), to be answered later."""
    return bool(await attempt_call(interaction.response.defer(ephemeral=private, thinking=True)))


async def attempt_call(call: Awaitable[Any]) -> Any:
    """Await a call that is no answer; None when Discord refuses it, which is logged."""
    try:
        with translate_delivery_errors():
            return await call or True
    except DeliveryError as error:
        log.warning("discord refused", cause=str(error))
        return None


def words_of(interaction: discord.Interaction[Any]) -> Words:
    """Our words in the caller's language."""
    return words_for(language_of(interaction))


def language_of(interaction: discord.Interaction[Any]) -> str:
    """The caller's language."""
    return language_of_locale(str(interaction.locale))
