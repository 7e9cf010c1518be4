"""Where the numbers come from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from bot.insights.models import Grouping, Share, Tally, Times, Window


class InsightStore(Protocol):
    """Counts what the log of conversations holds. Every call raises StorageError."""

    async def count(self, window: Window, grouping: Grouping | None = None) -> Mapping[str, Tally]:
        """The tally of each group by its name; without a grouping all of it, under ""."""

    async def measure_first_replies(self, window: Window) -> Times:
        """How long a question's answer took, from when it was taken up."""

    async def measure_people(self, window: Window) -> Times:
        """How long who was handed over waited for a person's first words."""

    async def count_reasons(self, window: Window, limit: int = 20) -> Mapping[str, int]:
        """The reasons given with votes against an answer, most frequent first."""

    async def count_helped(self, window: Window) -> Share:
        """Of the customers who said whether people had helped them, those who said yes, by when they were asked."""
