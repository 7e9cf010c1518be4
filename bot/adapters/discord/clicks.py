"""The buttons below an answer. Their ids hold all they need, so that they work after a restart."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import discord
from discord import ui

if TYPE_CHECKING:
    from bot.adapters.discord.client import FrontdeskClient


class Click(
    ui.DynamicItem[ui.Button[Any]], template=r"frontdesk:(?P<what>up|down|human|solved):(?P<turn>[0-9a-f]{32})"
):
    """`what` was clicked below the answer of `turn_id`."""

    def __init__(self, what: str, turn_id: str, label: str = "", emoji: str | None = None) -> None:
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.secondary,
                label=label[:80] or None,
                emoji=emoji,
                custom_id=f"frontdesk:{what}:{turn_id}",
            )
        )
        self.what = what
        self.turn_id = turn_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Click:
        """One that was shown by whichever process."""
        return cls(match["what"], match["turn"], getattr(item, "label", None) or "")

    async def callback(self, interaction: discord.Interaction[Any]) -> Any:
        """See `DiscordAdapter.clicked`."""
        client: FrontdeskClient = interaction.client
        await client.adapter.clicked(interaction, self.what, self.turn_id)
