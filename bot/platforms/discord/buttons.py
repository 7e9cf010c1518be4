"""Buttons. Their ids hold all they need, so that they work after a restart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import discord
from discord import ui

from bot.chat.card import Button, Style
from bot.chat.text import short

if TYPE_CHECKING:
    from bot.platforms.discord.client import FrontdeskClient

_ID = 100  # characters of a custom id
LABEL = 80
_STYLES = {
    Style.PLAIN: discord.ButtonStyle.secondary,
    Style.PRIMARY: discord.ButtonStyle.primary,
    Style.DANGER: discord.ButtonStyle.danger,
}
_BELOW_AN_ANSWER = r"frontdesk:(?P<what>up|down|human|solved):(?P<turn>[0-9a-f]{32})"
_BELOW_A_CLARIFICATION = r"frontdesk:choose:(?P<turn>[0-9a-f]{32}):(?P<number>\d{1,2})"


class FeedbackButton(ui.DynamicItem[ui.Button[Any]], template=_BELOW_AN_ANSWER):
    """`what` was clicked below the answer of `turn_id`."""

    def __init__(self, what: str, turn_id: str, label: str = "", emoji: str | None = None) -> None:
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.secondary,
                label=label[:LABEL] or None,
                emoji=emoji,
                custom_id=f"frontdesk:{what}:{turn_id}",
            )
        )
        self.what = what
        self.turn_id = turn_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> FeedbackButton:
        """One that was shown by whichever process."""
        return cls(match["what"], match["turn"], getattr(item, "label", None) or "")

    async def callback(self, interaction: discord.Interaction[Any]) -> Any:
        """See `Feedbacks.clicked`."""
        client: FrontdeskClient = interaction.client
        await client.adapter.feedbacks.handle_click(interaction, self.what, self.turn_id)


class OptionButton(ui.DynamicItem[ui.Button[Any]], template=_BELOW_A_CLARIFICATION):
    """The option `number` of the clarification `turn_id` is chosen."""

    def __init__(self, turn_id: str, number: int, label: str) -> None:
        name = f"frontdesk:choose:{turn_id}:{number}"
        super().__init__(ui.Button(style=discord.ButtonStyle.secondary, label=label[:LABEL] or "…", custom_id=name))
        self.turn_id, self.number = turn_id, number

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> OptionButton:
        """One that was shown by whichever process."""
        return cls(match["turn"], int(match["number"]), getattr(item, "label", None) or "")

    async def callback(self, interaction: discord.Interaction[Any]) -> Any:
        """See `DiscordAdapter.chosen`."""
        client: FrontdeskClient = interaction.client
        await client.adapter.handle_choice(interaction, self.turn_id, self.number)


class CardButton(
    ui.DynamicItem[ui.Button[Any]],
    template=r"frontdesk:do:(?P<action>[a-z_]+):(?P<value>[^:]*)(?::(?P<confirm>.+))?",
):
    """A card's button; its id holds the question that is asked first, if one is, as far as there is room."""

    def __init__(self, button: Button) -> None:
        name = f"frontdesk:do:{button.action}:{button.value}"
        room = _ID - len(name) - 1
        if room > 0 and (confirm := short(button.confirm, room)):
            name += f":{confirm}"
        super().__init__(
            ui.Button(style=_STYLES[button.style], label=button.label[:LABEL] or "…", custom_id=name[:_ID])
        )
        self.button = button

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> CardButton:
        """One that was shown by whichever process."""
        label = getattr(item, "label", None) or "…"
        return cls(Button(match["action"], match["value"], label, confirm=match["confirm"] or ""))

    async def callback(self, interaction: discord.Interaction[Any]) -> Any:
        """See `Steering.clicked`."""
        client: FrontdeskClient = interaction.client
        await client.adapter.commands.handle_click(interaction, self.button)


class ConfirmButton(
    ui.DynamicItem[ui.Button[Any]],
    template=r"frontdesk:sure:(?P<action>[a-z_]+):(?P<value>[^:]*)(?::(?P<message>\d+))?",
):
    """The second click of a button that asks first. `message`: the one the first click was on, if others see it."""

    def __init__(self, action: str, value: str, label: str, message: str = "") -> None:
        name = f"frontdesk:sure:{action}:{value}"
        if message and len(name) + len(message) < _ID:
            name += f":{message}"
        super().__init__(ui.Button(style=discord.ButtonStyle.danger, label=label[:LABEL] or "…", custom_id=name[:_ID]))
        self.action, self.value, self.message = action, value, message

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> ConfirmButton:
        """One that was shown by whichever process."""
        return cls(match["action"], match["value"], getattr(item, "label", None) or "", match["message"] or "")

    async def callback(self, interaction: discord.Interaction[Any]) -> Any:
        """See `Steering.sure`."""
        client: FrontdeskClient = interaction.client
        await client.adapter.commands.handle_confirmation(interaction, self.action, self.value, self.message)


def turn_of(message: discord.Message) -> str:
    """The turn of an answer, by the buttons below it; "" for a message that has none."""
    for part in _walk_components(message.components):
        name = getattr(part, "custom_id", None) or ""
        if match := re.fullmatch(_BELOW_AN_ANSWER, name):
            return match["turn"]
        if match := re.fullmatch(_BELOW_A_CLARIFICATION, name):
            return match["turn"]
    return ""


def texts_of(message: discord.Message) -> str:
    """What a message says: its content, or the texts of its layout."""
    texts = [part.content for part in _walk_components(message.components) if isinstance(part, discord.TextDisplay)]
    return message.content.strip() or "\n\n".join(texts).strip()


def _walk_components(components: Any) -> Iterator[Any]:
    for part in components:
        yield part
        yield from _walk_components(getattr(part, "children", ()))
