"""What a page in the browser may ask for: its document, its scripts and its data, fetched by the crawl's own client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urldefrag

from scrapy import Request
from scrapy.http import Response

from retrieval.crawling.settings import CrawlSettings
from retrieval.crawling.urls import may_be_page

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, Page, Route, WebSocketRoute
    from playwright.async_api import Request as Asked

Send = Callable[[Request], Awaitable[Response]]
"""Fetches through the downloader: address guard, robots.txt, delays, limits and redirects included."""

_METHODS = frozenset({"GET", "HEAD", "POST"})
_FETCHED = frozenset({"script", "xhr", "fetch"})
_OURS = frozenset(
    {"user-agent", "accept-encoding", "accept-language", "connection", "content-length", "cookie", "host"}
)
_PASSED_ON = ("content-type", "access-control-")  # of an answer's headers: no cookies, nothing to keep
_MOST_REQUESTS = 200  # of one page


@dataclass(frozen=True, slots=True)
class WebPage:
    """A page as it was fetched; `url` may name a route of the page's own in its fragment."""

    url: str
    body: bytes
    content_type: str


class PageRequests:
    """Answers the requests of every page of one crawl; scripts that several pages load are fetched once."""

    def __init__(self, settings: CrawlSettings, send: Send) -> None:
        self._settings = settings
        self._send = send
        self._scripts: dict[str, Response] = {}
        self._script_bytes = 0

    async def attend(self, tab: Page, page: WebPage) -> PageVisit:
        """Answer whatever the tab asks from here on, as it shows `page`."""
        visit = PageVisit(page, self._fetch, self._settings.page_bytes)
        await tab.route("**/*", visit.answer)
        return visit

    async def close_other_ways(self, context: BrowserContext) -> None:
        """Leave no other way out: windows that pages open, and web sockets, lead nowhere."""

        async def refuse(route: Route) -> None:
            await route.abort()

        async def hang_up(socket: WebSocketRoute) -> None:
            await socket.close()

        await context.route("**/*", refuse)
        await context.route_web_socket("**/*", hang_up)

    async def _fetch(self, asked: Asked) -> Response:
        url = urldefrag(asked.url)[0]
        if kept := self._scripts.get(url):
            return kept
        headers = {
            name: value
            for name, value in asked.headers.items()
            if name not in _OURS and not name.startswith(("sec-", ":"))
        }
        body = asked.post_data_buffer or b""
        answer = await self._send(Request(url, method=asked.method, headers=headers, body=body, dont_filter=True))
        is_script = asked.resource_type == "script" and asked.method == "GET" and answer.status == 200
        if is_script and self._script_bytes + len(answer.body) <= self._settings.memory_bytes // 16:
            self._scripts[url] = answer
            self._script_bytes += len(answer.body)
        return answer


class PageVisit:
    """One page in one tab: its document is the one that was fetched, and it is sent nowhere else.

    `pending` counts requests that are not answered yet, `forward` is where its scripts wanted to lead it.
    """

    def __init__(self, page: WebPage, fetch: Callable[[Asked], Awaitable[Response]], most_bytes: int) -> None:
        self.pending = 0
        self.forward = ""
        self.bytes_received = 0
        self._page = page
        self._fetch = fetch
        self._most_bytes = most_bytes
        self._asked = 0
        self._is_shown = False

    async def answer(self, route: Route) -> None:
        """Answer one request. Never raises: a tab that is gone needs no answer."""
        from playwright.async_api import Error

        self.pending += 1
        try:
            await self._answer(route)
        except Error:
            pass
        finally:
            self.pending -= 1

    async def _answer(self, route: Route) -> None:
        asked = route.request
        if asked.is_navigation_request():
            await self._answer_navigation(route)
        elif asked.resource_type == "stylesheet":  # nobody looks at it, but scripts may wait for it
            await route.fulfill(
                status=200, headers={"content-type": "text/css", "access-control-allow-origin": "*"}, body=""
            )
        elif asked.resource_type in _FETCHED and asked.method in _METHODS and self._may_ask(asked.url):
            await self._answer_by_fetching(route)
        else:
            await route.abort()

    async def _answer_navigation(self, route: Route) -> None:
        asked = route.request
        if asked.frame.parent_frame is not None:
            await route.abort()
        elif not self._is_shown:
            self._is_shown = True
            await route.fulfill(status=200, headers={"content-type": self._page.content_type}, body=self._page.body)
        else:
            if urldefrag(asked.url)[0] != urldefrag(self._page.url)[0] and may_be_page(asked.url):
                self.forward = asked.url
            await route.abort("aborted")  # which leaves the page standing

    def _may_ask(self, url: str) -> bool:
        self._asked += 1
        in_bounds = self._asked <= _MOST_REQUESTS and self.bytes_received < self._most_bytes
        return in_bounds and url.startswith(("https://", "http://"))

    async def _answer_by_fetching(self, route: Route) -> None:
        try:
            answer = await self._fetch(route.request)
        except asyncio.CancelledError:
            raise
        except Exception:  # refused, forbidden, too large, not to be reached: to the page it is all the same
            await route.abort()
            return
        self.bytes_received += len(answer.body)
        if self.bytes_received > self._most_bytes:
            await route.abort()
            return
        await route.fulfill(status=answer.status, headers=_pass_on_headers(answer), body=answer.body)


def _pass_on_headers(answer: Response) -> dict[str, str]:
    pairs = ((str(name).lower(), str(value)) for name, value in answer.headers.to_unicode_dict().items())
    return {name: value for name, value in pairs if name.startswith(_PASSED_ON)}
