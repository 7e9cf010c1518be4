"""A browser for pages whose text only scripts bring: Chromium, driven by Playwright, without a network of its own.

Every request of a page is taken from the browser and answered by the crawl's own client, behind its address guard.
What cannot be taken from it (sockets, WebRTC, shared workers, prefetches) meets a proxy that nobody runs and names that
do not resolve. Whatever a page does to itself, it is left after its time.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from retrieval.crawling.page_requests import PageRequests, PageVisit, Send, WebPage
from retrieval.crawling.settings import MIB, CrawlSettings

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page, Playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_NOWHERE = "http://127.0.0.1:9"  # discard: the proxy of whatever escapes the routing
_FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--force-webrtc-ip-handling-policy",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
)
_QUIET = 0.5  # seconds without a request or a change, after which a page is taken to be complete
_LONGEST_SETTLING = 10.0  # seconds that a page which never comes to rest is given
_CLOSING = 5.0  # seconds after which a tab that does not close is left to the browser's end
_MEASURE = """() => [
    document.readyState, document.getElementsByTagName("*").length, document.documentElement.textContent.length
]"""
_OPEN_NO_WINDOW = "window.open = () => null"  # as where a blocker holds them back: many at once break the browser
_CONTENT = "() => '<!doctype html>' + document.documentElement.outerHTML"


class RenderFailure(Exception):
    """The page could not be rendered: `reason` continues "the page cannot be read: …"; `mend` says what to do.

    `hopeless` says that no page can be.
    """

    def __init__(self, reason: str, mend: str, *, hopeless: bool = False) -> None:
        super().__init__(reason)
        self.reason, self.mend, self.hopeless = reason, mend, hopeless


@dataclass(frozen=True, slots=True)
class RenderedPage:
    """What a page shows once its scripts have run, as UTF-8, and how many bytes they fetched. Where they lead on to
    `forward` ("": nowhere), the page is as it came."""

    body: bytes
    forward: str = ""
    bytes_received: int = 0


def find_browser(named: str = "") -> str:
    """The program to render with: `named`, or one on the PATH. Raises RenderFailure where something is missing."""
    if find_spec("playwright") is None:
        raise RenderFailure("Playwright, which drives the browser, is not installed", _MEND, hopeless=True)
    for name in (named,) if named else _NAMES:
        if found := shutil.which(name):
            return found
    missing = f"FRONTDESK_BROWSER names {named}, which is no program" if named else "no Chromium or Chrome was found"
    raise RenderFailure(missing, _MEND, hopeless=True)


_MEND = (
    "Install both with \"pip install 'frontdesk[render]'\" and 'apt-get install chromium', or name the browser in "
    "FRONTDESK_BROWSER"
)


@dataclass(eq=False, slots=True)
class _Started:
    """A browser that runs, with how many pages are shown in it."""

    context: BrowserContext
    pages: int = 0
    is_given_up: bool = False


class Browser:
    """Started when the first page needs it, with a context of its own: no cookie or cache outlives a crawl.

    `send` is the guarded client. Whatever a page's scripts load counts against its `page_timeout` and `page_bytes`.
    """

    def __init__(self, settings: CrawlSettings, send: Send) -> None:
        self._settings = settings
        self._requests = PageRequests(settings, send)
        self._starting = asyncio.Lock()
        self._playwright: Playwright | None = None
        self._started: _Started | None = None

    async def render(self, page: WebPage) -> RenderedPage:
        """Run the scripts of a page that was fetched. Raises RenderFailure."""
        from playwright.async_api import Error

        timeout = self._settings.page_timeout
        try:
            started = await self._open_browser()
            try:
                return await self._show_page(started, page)
            finally:
                await self._leave(started)
        except TimeoutError:
            raise RenderFailure(
                f"its scripts did not come to an end within {timeout:g} s",
                "Try again, or give it longer with FRONTDESK_CRAWL_PAGE_TIMEOUT",
            ) from None
        except Error as error:
            raise RenderFailure("the browser broke off", "Check the page in a browser of your own") from error

    async def _show_page(self, started: _Started, page: WebPage) -> RenderedPage:
        from playwright.async_api import Error

        try:
            tab = await started.context.new_page()
            try:
                return await asyncio.wait_for(self._run_scripts(tab, page), self._settings.page_timeout)
            finally:
                await self._close_tab(tab, started)
        except Error:
            self._give_up(started)  # it may have crashed: the next page gets another
            raise

    async def _run_scripts(self, tab: Page, page: WebPage) -> RenderedPage:
        visit = await self._requests.attend(tab, page)
        tab.on("popup", _close_window)
        await tab.goto(page.url, wait_until="commit", timeout=0)
        settling = min(_LONGEST_SETTLING, self._settings.page_timeout / 2)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wait_for_rest(tab, visit), settling)
        if visit.forward:
            return RenderedPage(page.body, visit.forward, visit.bytes_received)
        body = str(await tab.evaluate(_CONTENT)).encode("utf-8", "replace")
        if len(body) > self._settings.page_bytes:
            limit = self._settings.page_bytes / MIB
            raise RenderFailure(f"its scripts make it larger than {limit:g} MiB", "Name a smaller page")
        return RenderedPage(body, bytes_received=visit.bytes_received)

    @staticmethod
    async def _wait_for_rest(tab: Page, visit: PageVisit) -> None:
        """Until nothing is asked for and nothing changes, or the page leads elsewhere."""
        loop = asyncio.get_running_loop()
        before, since = None, loop.time()
        while loop.time() - since < _QUIET and not visit.forward:
            now = await tab.evaluate(_MEASURE)
            if visit.pending or now != before or now[0] == "loading":
                before, since = now, loop.time()
            await asyncio.sleep(_QUIET / 5)

    async def _close_tab(self, tab: Page, started: _Started) -> None:
        """A page in an endless loop may not close: it ends with its browser, and the next page gets a new one."""
        from playwright.async_api import Error

        try:
            await asyncio.wait_for(tab.close(), _CLOSING)
        except (TimeoutError, Error):
            self._give_up(started)

    def _give_up(self, started: _Started) -> None:
        started.is_given_up = True
        if self._started is started:
            self._started = None

    async def _leave(self, started: _Started) -> None:
        """One that was given up ends with its last page: its loops would take the processor from those to come."""
        from playwright.async_api import Error

        started.pages -= 1
        if started.is_given_up and not started.pages and (browser := started.context.browser):
            with contextlib.suppress(TimeoutError, Error):
                await asyncio.wait_for(browser.close(), _CLOSING)

    async def _open_browser(self) -> _Started:
        async with self._starting:
            if self._started is None:
                self._started = _Started(await self._start_browser())
            self._started.pages += 1
            return self._started

    async def _start_browser(self) -> BrowserContext:
        from playwright.async_api import Error, async_playwright

        program = find_browser(self._settings.browser)
        try:
            if self._playwright is None:
                with _browser_limits(self._settings.memory_bytes):
                    self._playwright = await async_playwright().start()
            browser = await self._playwright.chromium.launch(
                executable_path=program,
                chromium_sandbox=os.geteuid() != 0,  # Chromium has none for root
                args=list(_FLAGS),
                proxy={"server": _NOWHERE, "bypass": "<-loopback>"},
            )
            context = await browser.new_context(
                user_agent=self._settings.user_agent, service_workers="block", accept_downloads=False
            )
            await context.add_init_script(_OPEN_NO_WINDOW)
            await self._requests.close_other_ways(context)
        except (Error, OSError) as error:
            raise RenderFailure(
                f"{program} does not start ({_first_line(error)})",
                "See that it runs for this user, with a sandbox that the system allows",
                hopeless=True,
            ) from error
        return context


async def _close_window(window: Page) -> None:
    """A window that a page opens says nothing of the page."""
    from playwright.async_api import Error

    with contextlib.suppress(Error, TimeoutError):
        await asyncio.wait_for(window.close(), _CLOSING)


def _first_line(error: BaseException) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)


@contextlib.contextmanager
def _browser_limits(memory_bytes: int) -> Iterator[None]:
    """What is started inside inherits a limit on the memory that it uses, in place of one on its address space:
    Chromium reserves more than any machine has."""
    space, data = resource.getrlimit(resource.RLIMIT_AS), resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_AS, (space[1], space[1]))
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, data[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, data)
        resource.setrlimit(resource.RLIMIT_AS, space)
