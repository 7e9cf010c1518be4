"""Who may steer Frontdesk, what is kept of people, and who did what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.responses import Response

from bot.chat.people import Role
from bot.console.requests import Page, PageRequest

if TYPE_CHECKING:
    from bot.access.ports import AdminStore, AuditLog

_ENTRIES, _MOST = 50, 1000


class PeoplePage:
    """`retention_days`: after how many conversations are deleted; 0: never."""

    def __init__(self, admins: AdminStore, audit: AuditLog, retention_days: int) -> None:
        self._admins = admins
        self._audit = audit
        self._retention_days = retention_days

    @property
    def pages(self) -> Sequence[Page]:
        """That one."""
        return (Page("/people", Role.ADMIN, self._show_people, title="People"),)

    async def _show_people(self, page: PageRequest) -> Response:
        wanted = page.query("entries")
        entries = min(_MOST, int(wanted)) if wanted.isdecimal() and len(wanted) < 6 else _ENTRIES
        record = await self._audit.list(entries + 1)
        return page.render(
            "people.html",
            admins=await self._admins.list(),
            record=record[:entries],
            more=min(_MOST, entries + 200) if len(record) > entries < _MOST else 0,
            retention_days=self._retention_days,
        )
