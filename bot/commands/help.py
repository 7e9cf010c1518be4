"""`/faq help`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from bot.chat.card import Card, Line
from bot.chat.people import Role
from bot.commands.registry import Command, command

if TYPE_CHECKING:
    from bot.commands.context import Answer, CommandContext


class HelpCommand:
    """`/faq help`. `commands` are all."""

    def __init__(self) -> None:
        self.commands: Mapping[str, Command] = {}

    @command("help", Role.TEAMMATE, "this list")
    async def _show_help(self, _context: CommandContext) -> Answer:
        lines = tuple(Line(each.usage, note=each.help) for each in self.commands.values())
        return Card(title="What you can ask of me here", lines=lines)
