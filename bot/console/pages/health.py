"""How Frontdesk is doing: the checks of `frontdesk doctor`, and its status."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Protocol

from starlette.responses import Response

from bot.chat.people import Role
from bot.console.requests import Page, PageRequest
from bot.sources.cards import status_card

if TYPE_CHECKING:
    from bot.sources.status import StatusReport


class Check(Protocol):
    """A part, whether it is well (None: worth knowing), and what was found."""

    @property
    def part(self) -> str: ...
    @property
    def ok(self) -> bool | None: ...
    @property
    def finding(self) -> str: ...


class HealthPage:
    """`run_checks` takes a while: it is called in a thread."""

    def __init__(self, status: StatusReport, run_checks: Callable[[], Sequence[Check]]) -> None:
        self._status = status
        self._run_checks = run_checks

    @property
    def pages(self) -> Sequence[Page]:
        """The page, and the checks on it."""
        return (
            Page("/health", Role.ADMIN, self._show_health, title="Health"),
            Page("/health/checks", Role.ADMIN, self._show_checks),
        )

    async def _show_health(self, page: PageRequest) -> Response:
        return page.render("health.html", doing=status_card(await self._status.status()), version=version("frontdesk"))

    async def _show_checks(self, page: PageRequest) -> Response:
        checks = await asyncio.to_thread(self._run_checks)
        template = "_checks.html" if page.is_partial else "checks.html"
        return page.render(template, checks=sorted(checks, key=lambda each: (each.ok is not False, each.ok is True)))
