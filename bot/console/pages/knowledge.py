"""What Frontdesk knows: sources with the re-crawl that runs, pages with what came of them, and what people keep up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot.chat.people import Role
from bot.console.requests import Page, PageRequest
from bot.i18n import words_for
from bot.sources.cards import run_card, versions_card
from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    from bot.freshness.service import Contradictions
    from bot.freshness.stale import Staleness
    from bot.glossary.service import GlossaryService
    from bot.learned.service import WordingLearner
    from bot.sources.catalogue import Knowledge
    from bot.sources.ports import RefreshLog
    from bot.sources.refresh import RefreshService
    from bot.sources.status import SourceStatus, StatusReport
    from bot.taught.service import TaughtAnswers
    from retrieval.coverage import PageCoverage
    from retrieval.documents import Document
    from retrieval.index.versions import VersionStore

_PAGES = 200  # of a source, shown at a time


class SourcePages:
    """`describe` reads the active index (in a thread)."""

    def __init__(
        self,
        status: StatusReport,
        refreshes: RefreshService,
        runs: RefreshLog,
        versions: VersionStore,
        describe: Callable[[], Knowledge],
    ) -> None:
        self._status = status
        self._refreshes = refreshes
        self._runs = runs
        self._versions = versions
        self._describe = describe

    @property
    def pages(self) -> Sequence[Page]:
        """The sources, one of them, one page of it, and the re-crawl that runs."""
        return (
            Page("/knowledge", Role.ADMIN, self._show_sources, title="Knowledge"),
            Page("/knowledge/refresh", Role.ADMIN, self._show_refresh),
            Page("/knowledge/sources/{name}", Role.ADMIN, self._show_source),
            Page("/knowledge/page", Role.ADMIN, self._show_page),
        )

    async def _show_sources(self, page: PageRequest) -> Response:
        versions = await asyncio.to_thread(self._versions.list_versions)
        card = versions_card([each.manifest for each in versions], self._versions.active_id())
        return page.render(
            "knowledge.html", sources=await self._status.sources(), versions=card, **await self._find_refresh()
        )

    async def _show_refresh(self, page: PageRequest) -> Response:
        return page.render("_refresh.html", **await self._find_refresh())

    async def _find_refresh(self) -> Mapping[str, Any]:
        """The refresh that runs, in whatever process, else the last one."""
        running = await self._refreshes.running()
        last = running or next(iter(await self._runs.list(1)), None)
        return {"refresh": run_card(last) if last else None, "is_running": running is not None}

    async def _show_source(self, page: PageRequest) -> Response:
        source = await self._find_source(page.http.path_params["name"])
        known = source.coverage
        pages = sorted(known.pages, key=_order_worst_first)
        counts = await self._count_entries(source.source.name)
        return page.render(
            "source.html", source=source, known=known, found=pages[:_PAGES], left=len(pages[_PAGES:]), counts=counts
        )

    async def _show_page(self, page: PageRequest) -> Response:
        source = await self._find_source(page.query("source"))
        url = page.query("url")
        known = next((each for each in source.coverage.pages if each.url == url), None)
        entries = [each for each in await self._list_entries(source.source.name) if _page_of(each) == url]
        if known is None and not entries:
            raise HTTPException(404)
        return page.render(
            "extracted.html", source=source, url=url, coverage=known.coverage if known else None, entries=entries
        )

    async def _find_source(self, name: str) -> SourceStatus:
        for each in await self._status.sources():
            if each.source.name == name:
                return each
        raise HTTPException(404)

    async def _count_entries(self, source: str) -> Mapping[str, int]:
        counts: dict[str, int] = {}
        for each in await self._list_entries(source):
            counts[_page_of(each)] = counts.get(_page_of(each), 0) + 1
        return counts

    async def _list_entries(self, source: str) -> Sequence[Document]:
        try:
            known = await asyncio.to_thread(self._describe)
        except RetrievalError:
            return ()
        return [each for each in known.documents if each.source == source]


class KeptUpPages:
    """What people keep up by hand: taught answers, the glossary, learned wordings, contradictions, what is stale."""

    def __init__(
        self,
        taught: TaughtAnswers,
        glossary: GlossaryService,
        learned: WordingLearner,
        contradictions: Contradictions,
        staleness: Staleness,
    ) -> None:
        self._taught = taught
        self._glossary = glossary
        self._learned = learned
        self._contradictions = contradictions
        self._staleness = staleness

    @property
    def pages(self) -> Sequence[Page]:
        """One each."""
        return (
            Page("/knowledge/taught", Role.TEAMMATE, self._show("taught.html", "taught", self._list_taught)),
            Page("/knowledge/glossary", Role.ADMIN, self._show("glossary.html", "entries", self._list_glossary)),
            Page("/knowledge/learned", Role.ADMIN, self._show("learned.html", "wordings", self._learned.list)),
            Page(
                "/knowledge/contradictions",
                Role.ADMIN,
                self._show("contradictions.html", "found", self._contradictions.list),
            ),
            Page("/knowledge/stale", Role.ADMIN, self._show("stale.html", "stale", self._staleness.list)),
        )

    async def _list_taught(self) -> Sequence[Any]:
        return await self._taught.list()

    async def _list_glossary(self) -> Sequence[Any]:
        return await self._glossary.list("")

    def _show(
        self, template: str, name: str, load: Callable[[], Awaitable[Sequence[Any]]]
    ) -> Callable[[PageRequest], Awaitable[Response]]:
        async def show(page: PageRequest) -> Response:
            try:
                rows = await load()
            except RetrievalError:  # nothing is indexed yet
                rows = []
            shown: dict[str, Any] = {name: rows, "words": words_for(page.language)}
            return page.render(template, **shown)

        return show


def _page_of(document: Document) -> str:
    return document.url.partition("#")[0]


def _order_worst_first(page: PageCoverage) -> tuple[bool, float, str]:
    share = page.coverage.share if page.coverage else 1.0
    return not page.is_fault, share, page.url
