"""What steers Frontdesk or tells how it is doing: commands of the one registry, called in the name of a key. The
console checks and records them; a key's scope says which role it has there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from bot.api import models
from bot.api.asking import name_user
from bot.api_keys.models import ApiKey
from bot.chat.card import Card
from bot.chat.message import ThreadRef
from bot.chat.people import Actor, Role
from bot.commands.console import Console
from bot.commands.parser import Call
from bot.insights.cards import report_to_json
from bot.platforms.api.platform import NAME
from bot.privacy.commands import FORGET_ME
from bot.sources.models import RefreshRun
from bot.sources.ports import SourceStore
from bot.sources.refresh import RefreshService
from bot.sources.status import SourceStatus


class Steering:
    """Calls the console. Its methods raise what the commands raise."""

    def __init__(self, console: Console, sources: SourceStore, refreshes: RefreshService) -> None:
        self._console = console
        self._sources = sources
        self._refreshes = refreshes

    async def list_sources(self, key: ApiKey) -> models.SourceList:
        """The sources with their state."""
        found: tuple[SourceStatus, ...] = await self._run_command(key, "sources")
        return models.SourceList(sources=[_describe_source(each) for each in found])

    async def start_refresh(self, key: ApiKey, wanted: models.RefreshRequest) -> models.RefreshState:
        """A refresh that was started, or the one that runs already. Raises UnknownSource, SourceError."""
        if wanted.source:
            await self._sources.get(wanted.source)
        options: dict[str, str | bool] = {"source": wanted.source or ""}
        options |= {"dry-run": wanted.dry_run, "force": wanted.force}
        run: RefreshRun = await self._run_command(key, "recrawl", options)
        return _describe_refresh(run)

    async def find_refresh(self, refresh_id: str) -> models.RefreshState | None:
        """How a refresh is going; None where none has that id."""
        async for run in self._refreshes.follow(refresh_id):  # which notes the end of one whose process died
            return _describe_refresh(run)
        return None

    async def report_insights(self, key: ApiKey, query: models.InsightQuery) -> models.InsightReport:
        """The numbers of some days."""
        options = {"days": str(query.days), "by": query.by.value if query.by else ""}
        report = await self._run_command(key, "insights", options)
        return models.InsightReport.model_validate(report_to_json(report))

    async def forget_user(self, key: ApiKey, user: str) -> models.Forgotten:
        """Forget one of the key's customers, as they themselves may wish."""
        customer = name_user(key.name, user)
        actor, place = Actor(NAME, key.name, customer), ThreadRef(NAME, key.name, key.name, "")
        answer = await self._console.click(actor, place, FORGET_ME, f"{customer} en", _FirstCard())
        gone: Mapping[str, int] = answer.data if isinstance(answer, Card) else {}  # type: ignore[assignment]
        return models.Forgotten(deleted={table: count for table, count in gone.items() if count})

    async def _run_command(self, key: ApiKey, name: str, options: Mapping[str, str | bool] | None = None) -> Any:
        """What the card of a command was made from, or of the first that it showed."""
        actor = Actor(NAME, "", key.name, key.name, Role.ADMIN)
        given = {option: value for option, value in (options or {}).items() if value}
        screen = _FirstCard()
        answer = await self._console.run(actor, ThreadRef(NAME, "", "", ""), Call(name, given), screen)
        card = answer if isinstance(answer, Card) else screen.card
        return card.data if card else None


class _FirstCard:
    """An `AdminReply` that needs the first card alone: what comes after is asked for by another request."""

    def __init__(self) -> None:
        self.card: Card | None = None
        self._shown = asyncio.Event()

    async def show_card(self, card: Card, *, public: bool = False) -> None:
        """Keep the first one."""
        self.card = self.card or card
        self._shown.set()

    async def follow_task(self, work: asyncio.Task[Any]) -> None:
        """Let what shows go on until it has shown something."""
        shown = asyncio.create_task(self._shown.wait())
        await asyncio.wait({work, shown}, return_when=asyncio.FIRST_COMPLETED)
        for task in (work, shown):
            task.cancel()
        await asyncio.wait({work, shown})
        if self.card is None:
            work.result()  # raises what kept it from showing anything


def _describe_source(status: SourceStatus) -> models.SourceState:
    return models.SourceState(
        name=status.source.name,
        kind=status.source.kind,
        location=status.source.location,
        state=status.state,
        trouble=status.trouble.reason if status.trouble else None,
        documents=status.documents,
        passages=status.passages,
        coverage=status.coverage.share if status.coverage.measured else None,
        every_hours=status.schedule.every_hours,
        next_at=status.schedule.next_at,
        audience=sorted(status.audience),
    )


def _describe_refresh(run: RefreshRun) -> models.RefreshState:
    return models.RefreshState(
        id=run.id,
        state=run.outcome,  # type: ignore[arg-type]
        started_at=run.started_at,
        finished_at=run.finished_at,
        asked_by=run.asked_by,
        version=run.version,
        error=run.error or None,
        progress=dict(run.progress),
        report=dict(run.report),
    )
