"""`/faq insights`: how well questions are answered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.chat.people import Role
from bot.commands.registry import Kind, Parameter, Terminal, command
from bot.errors import InputError

if TYPE_CHECKING:
    from bot.commands.context import Answer, CommandContext
    from bot.insights.service import Insights

_DAYS = 7
_BY = ("day", "week", "language", "platform", "channel", "source", "page")


class InsightCommands:
    """The numbers of some days."""

    def __init__(self, insights: Insights) -> None:
        self._insights = insights

    @command(
        "insights",
        Role.ADMIN,
        "how well questions are answered, in numbers",
        Parameter("days", f"Of how many days. Without it: {_DAYS}.", Kind.DAYS, required=False, named=True),
        Parameter("by", "What the numbers are told by as well.", required=False, named=True, choices=_BY),
        terminal=Terminal(more="Beside the equally long time before; times are UTC."),
    )
    async def _show_insights(self, context: CommandContext) -> Answer:
        from bot.insights.cards import insights_card
        from bot.insights.models import Grouping

        days, by = context.count_days(_DAYS), context.text("by")
        if by and by not in _BY:
            raise InputError(f"{by[:20]!r} is none of {', '.join(_BY)}.")
        report = await self._insights.report(days, Grouping(by) if by else None)
        return insights_card(report).with_data(report)
