"""`/faq gaps`: what people asked and was not answered well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.chat.card import File
from bot.chat.people import Role
from bot.commands.registry import Kind, Parameter, Terminal, command, on_button
from bot.gaps.cards import gaps_card

if TYPE_CHECKING:
    from bot.commands.context import Answer, CommandContext
    from bot.gaps.service import Gaps

_DAYS = 7


class GapCommands:
    """The gaps of some days."""

    def __init__(self, gaps: Gaps) -> None:
        self._gaps = gaps

    @command(
        "gaps",
        Role.ADMIN,
        "what people asked and was not answered well",
        Parameter("days", f"Of how many days. Without it: {_DAYS}.", Kind.DAYS, required=False, named=True),
        terminal=Terminal(more="Grouped by meaning: the FAQ entries that are missing."),
    )
    @on_button("gaps", Role.ADMIN)
    async def _show_gaps(self, context: CommandContext) -> Answer:
        from bot.gaps.service import to_csv

        report = await self._gaps.report(days=context.count_days(_DAYS))
        file = File(f"gaps-{report.until:%Y-%m-%d}.csv", to_csv(report)) if report.gaps or context.at_terminal else None
        return gaps_card(report, file).with_data(report)
