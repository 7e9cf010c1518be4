"""Where a crawl's pages meet the browser: a part of Scrapy's downloader, outermost, so that the spider sees a page as
its readers do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urldefrag, urlsplit

from scrapy.http import Request, Response

from retrieval.crawling.browser import Browser, RenderedPage, RenderFailure
from retrieval.crawling.headers import read_header
from retrieval.crawling.page_links import is_html
from retrieval.crawling.page_requests import WebPage
from retrieval.crawling.shells import is_shell, shows_only_links, shows_text
from retrieval.interfaces import Fetch, FetchOutcome

if TYPE_CHECKING:
    from retrieval.crawling.spider import SiteSpider

_OF_THE_SHELL = ("ETag", "Last-Modified", "Content-Encoding", "Content-Length")
_BROUGHT = "it shows no text until its scripts have run"
_UNTRIED = "it shows no text without its scripts, and a browser could not be tried: {}. {}"


class Rendering:
    """Renders every page of a source that is read in a browser. Of another source it tries the first shell, and a start
    page of links alone, and tells of it if a browser brings text: the source stays as it is until an admin changes
    that."""

    def __init__(self, crawler: Any) -> None:
        self._crawler = crawler
        self._browser: Browser | None = None
        self._has_tried = False
        self._shells: dict[str, Response] = {}  # by URL: what the routes in its fragments are rendered from

    @classmethod
    def from_crawler(cls, crawler: Any) -> Rendering:
        """The spider is known only once it is open."""
        return cls(crawler)

    async def process_request(self, request: Request) -> Response | None:
        """The shell of a route, where another route of it was asked for before."""
        url, route = urldefrag(request.url)
        kept = self._shells.get(url) if route and self._is_page(request) else None
        return kept.replace(request=request) if kept else None

    async def process_response(self, request: Request, response: Response) -> Response:
        """The page as its scripts make it, if it is to be rendered. Raises RenderFailure."""
        spider: SiteSpider = self._crawler.spider
        content_type = read_header(response, "Content-Type")
        if not (
            self._is_page(request) and response.status == 200 and is_html(content_type, urlsplit(request.url).path)
        ):
            return response
        if spider.job.render:
            if urldefrag(request.url)[1]:
                self._shells[urldefrag(request.url)[0]] = response
            rendered = await self._render(request, response)
            request.meta["wire_bytes"] = request.meta.get("wire_bytes", 0) + rendered.bytes_received
            return _as_rendered(response, rendered)
        if not self._has_tried and "ask" in request.meta:
            if is_shell(response.body, content_type):
                self._has_tried = True
                await self._tell_of_shell(spider, request, response)
            elif request.meta["ask"].url == spider.scope.start and shows_only_links(response.body, content_type):
                await self._tell_of_shell(spider, request, response, of_links=True)
        return response

    @staticmethod
    def _is_page(request: Request) -> bool:
        return "ask" in request.meta or "probe" in request.meta

    async def _render(self, request: Request, response: Response) -> RenderedPage:
        if self._browser is None:
            self._browser = Browser(self._crawler.spider.limits, self._crawler.engine.download_async)
        content_type = read_header(response, "Content-Type") or "text/html"
        return await self._browser.render(WebPage(request.url, response.body, content_type))

    async def _tell_of_shell(
        self, spider: SiteSpider, request: Request, response: Response, *, of_links: bool = False
    ) -> None:
        url = request.meta["ask"].page_url
        try:
            rendered = await self._render(request, response)
        except RenderFailure as failure:
            if failure.hopeless and not of_links:  # which may be all that such a page says
                reason = _UNTRIED.format(failure.reason, failure.mend)
                spider.outbox.send_fetch(Fetch(url, FetchOutcome.SCRIPTED, url, reason=reason))
            return
        if shows_text(rendered.body, "text/html; charset=utf-8", beside_links=of_links):
            self._has_tried = True
            spider.outbox.send_fetch(Fetch(url, FetchOutcome.SCRIPTED, url, reason=_BROUGHT))


def _as_rendered(response: Response, page: RenderedPage) -> Response:
    """The answer with what the page shows in place of its shell, which has nothing to ask "changed since?" about: a
    shell stays the same while its data changes. Where scripts lead on at once, the answer says so."""
    headers = response.headers.copy()
    if page.forward:
        headers["Refresh"] = f"0; url={page.forward}"
        return response.replace(headers=headers)
    for name in _OF_THE_SHELL:
        headers.pop(name, None)
    headers["Content-Type"] = "text/html; charset=utf-8"
    return response.replace(headers=headers, body=page.body)
