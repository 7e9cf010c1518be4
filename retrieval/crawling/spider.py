"""The spider: asks what the frontier holds, and makes of every answer a `Fetch`."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import urljoin, urlsplit

import scrapy
from scrapy import signals
from scrapy.exceptions import StopDownload
from scrapy.http import Request, Response

from retrieval.crawling.browser import RenderFailure
from retrieval.crawling.copies import Copies, TakenPage
from retrieval.crawling.failures import Failure, explain_failure
from retrieval.crawling.frontier import Ask, Frontier, measure_depths
from retrieval.crawling.headers import build_conditional_headers, build_cookie_header, read_cookies, read_header
from retrieval.crawling.outbox import Outbox
from retrieval.crawling.page_links import PageFacts, is_readable, read_page
from retrieval.crawling.politeness import find_long_pause, format_pause
from retrieval.crawling.probes import Probes
from retrieval.crawling.sitemaps import MAX_FILES, SITEMAP_NAMES, SitemapCache, list_folders, read_sitemap
from retrieval.crawling.urls import Scope, grows_without_end, is_same_page, parse_origin, to_canonical_url
from retrieval.crawling.wire import Job, Verdict
from retrieval.interfaces import Fetch, FetchOutcome, KnownPage

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FOR_GOOD = frozenset({301, 308})
_GONE = frozenset({404, 410})
HOPELESS_AFTER = 20  # failures in a row after which a server is left alone


class SiteSpider(scrapy.Spider):  # type: ignore[misc]
    """Crawls one `Job` and sends what it finds to the outbox; afterwards `verdict` tells how it went.

    `refused` gives the guarded resolver's memory.
    """

    name = "frontdesk"

    def __init__(self, job: Job, outbox: Outbox, refused: Callable[[], dict[str, tuple[str, str]]]) -> None:
        super().__init__()
        self.job = job
        self.limits = job.settings
        self.outbox = outbox
        self.refused = refused
        self.scope = Scope.from_start(job.start, job.path_prefix)
        self.frontier = Frontier(1 if job.single else self.limits.max_pages, self.limits.max_depth)
        self.unanswered = dict(job.known)
        self.start_failure: Failure | None = None
        self.sitemap_cache = SitemapCache(self.limits.cache)
        self.robots_sitemaps: dict[tuple[str, int | None], tuple[str, ...]] = {}
        self.sitemaps_asked: set[str] = set()
        self.paced: set[str] = set()  # hosts with a Crawl-delay
        self.copies = Copies(job.known)
        self.probes = Probes()
        self.asides: deque[Request] = deque()  # requests beside those of the frontier
        self.told_of_growth = False
        self.led_to: dict[str, str] = {}  # temporary redirects: from the page's URL to where it stands today
        self.opened = False
        self.failures_in_a_row = 0
        self.deadline = time.monotonic() + self.limits.max_seconds

    @classmethod
    def from_crawler(cls, crawler: Any, *args: Any, **kwargs: Any) -> SiteSpider:
        """Connects the spider to the signals it listens to."""
        spider: SiteSpider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.on_headers, signals.headers_received)
        crawler.signals.connect(spider.on_downloaded, signals.response_downloaded)
        crawler.signals.connect(spider.on_robots, signals.robots_parsed)
        crawler.signals.connect(spider.on_error, signals.spider_error)
        return spider

    # -- asking ---------------------------------------------------------------------------------------------------

    async def start(self) -> AsyncIterator[Request]:
        """The start page alone: where it leads decides what the site is."""
        self.frontier.offer_url(self.job.start, 0)
        for request in self.issue_requests():
            yield request

    def issue_requests(self) -> Iterator[Request]:
        """Requests for what comes next, as many as may run at once.

        Scrapy 2.19 starts whatever waits for a host in one go, beyond CONCURRENT_REQUESTS_PER_DOMAIN.
        """
        if not self.frontier.stopped and time.monotonic() > self.deadline:
            self.frontier.stopped = f"the crawl reached its limit of {self.limits.max_seconds:g} s"
        while self.asides and not self.frontier.stopped:
            yield self.asides.popleft()
        while self.frontier.in_flight < self.limits.concurrency and (ask := self.frontier.take_next()):
            yield self.build_request(ask)

    def build_request(self, ask: Ask) -> Request:
        """A request that asks "changed since?" for a page that is known."""
        paced = urlsplit(ask.url).hostname in self.paced
        return Request(
            ask.url,
            callback=self.on_answer,
            errback=self.on_failure,
            headers=build_cookie_header(ask)
            | ({} if ask.kept_as else build_conditional_headers(self.job.known.get(ask.url))),
            dont_filter=True,
            meta={
                "ask": ask,
                "handle_httpstatus_all": True,
                "autothrottle_dont_adjust_delay": paced,
                "download_maxsize": self.limits.limit_bytes(ask.url),
            },
        )

    def open_site(self) -> Iterator[Request]:
        """Once the start page has answered: everything known at once, and the sitemaps."""
        if self.opened or self.job.single:
            return
        self.opened = True
        for url, depth in measure_depths(self.scope.start, self.job.known).items():
            if self.scope.contains(url):
                self.frontier.offer_url(url, min(depth, self.limits.max_depth))
        named = self.robots_sitemaps.get(parse_origin(self.scope.start), ())
        for url in named:
            yield from self.request_sitemap(url, named=True)
        for folder in list_folders(self.scope.start, self.scope.prefix):
            first, *others = (urljoin(folder, name) for name in SITEMAP_NAMES)
            yield from self.request_sitemap(first, else_try=() if named else tuple(others))

    def request_sitemap(self, url: str, *, named: bool = False, else_try: tuple[str, ...] = ()) -> Iterator[Request]:
        """A sitemap that robots.txt `named` may be read even where it forbids the path; where there is none, the first
        of `else_try` that is one will do."""
        if url in self.sitemaps_asked or len(self.sitemaps_asked) >= MAX_FILES:
            return
        self.sitemaps_asked.add(url)
        kept = self.sitemap_cache.load_sitemap(url)
        validators = KnownPage(url, kept.etag, kept.last_modified) if kept else None
        yield Request(
            url,
            callback=self.on_sitemap,
            errback=self.on_aside_failure,
            headers=build_conditional_headers(validators),
            dont_filter=True,
            meta={"sitemap": kept, "else_try": else_try, "dont_obey_robotstxt": named, "handle_httpstatus_list": [304]},
        )

    # -- answers --------------------------------------------------------------------------------------------------

    async def on_answer(self, response: Response) -> AsyncIterator[Request]:
        """One answer of the server to one `Ask`."""
        await self.outbox.wait_for_room()
        ask: Ask = response.meta["ask"]
        ill = response.status >= 500 or response.status == HTTPStatus.TOO_MANY_REQUESTS
        self.failures_in_a_row = self.failures_in_a_row + 1 if ill else 0
        if pause := find_long_pause(response):
            self.stop_asking(response, pause)
        taken = moved = False
        facts = self.read_facts(ask, response)
        if response.status in _REDIRECTS and (location := response.headers.get("Location")):
            moved = True
            target = to_canonical_url(location.decode("utf-8", "replace"), response.url)
            self.follow_redirect(ask, target, response.status, read_cookies(response))
        elif facts and (forward := self.find_forward(ask, response, facts)):
            moved = True
            self.follow_redirect(ask, *forward, ())
        elif response.status == 304 and ask.url in self.job.known and not ask.kept_as:
            taken = True
            self.report_unchanged(ask, response)
            self.report_redirected(ask, FetchOutcome.GONE, f"it moved to {ask.url}")
        elif response.status == 200:
            taken = self.take_page(ask, response, facts)
        else:
            self.report_error_status(ask, response)
        for request in self.conclude_answer(ask, taken=taken, moved=moved):
            yield request

    def stop_asking(self, response: Response, pause: float) -> None:
        """The host wants to be left alone for longer than a crawl waits: what is known of it stays."""
        host = urlsplit(response.url).hostname or ""
        if not self.frontier.stopped and host == urlsplit(self.scope.start).hostname:
            asks = f"{host} answers {response.status} and asks to be left alone for {format_pause(pause)}"
            self.frontier.stopped = f"{asks}: nothing more was asked"

    def on_failure(self, failure: Any) -> Iterator[Request]:
        """No answer at all to an `Ask`."""
        ask: Ask = failure.request.meta["ask"]
        told = explain_failure(failure.value, ask.url, self.limits, self.refused())
        if told.forbidden:
            self.report_gone(ask, told.reason, told)
        else:
            if not isinstance(failure.value, RenderFailure):  # what a page's scripts do is no fault of the server
                self.failures_in_a_row += 1
            self.report_failed(ask, told)
        if told.hopeless and not self.opened:
            self.opened = True  # there is no site to open
        yield from self.conclude_answer(ask, taken=False)

    def on_error(self, failure: Any, response: Any) -> None:
        """A fault of ours in a callback: the page failed, the crawl goes on."""
        ask = getattr(response, "request", response).meta.get("ask")
        if ask:
            self.report_failed(ask, explain_failure(failure.value, ask.url, self.limits, self.refused()))
            self.frontier.record_answer(taken=False)

    def conclude_answer(self, ask: Ask, *, taken: bool, moved: bool = False) -> Iterator[Request]:
        """After every answer: count it, open the site after the first, ask on."""
        self.frontier.record_answer(taken=taken)
        if not moved:
            self.copies.record_answer(ask.page_url)
        self.settle_waiting(ask.page_url)
        if self.failures_in_a_row >= HOPELESS_AFTER and not self.frontier.stopped:
            self.frontier.stopped = f"the server failed {HOPELESS_AFTER} times in a row"
        if not moved:
            yield from self.open_site()
        yield from self.issue_requests()

    def read_facts(self, ask: Ask, response: Response) -> PageFacts | None:
        """What the crawl reads from a body; None where there is none that it could read."""
        content_type = read_header(response, "Content-Type")
        if response.status != 200 or not is_readable(content_type, urlsplit(ask.url).path):
            return None
        robots = b",".join(response.headers.getlist("X-Robots-Tag")).decode("latin-1")
        return read_page(
            response.body,
            response.url,
            content_type,
            robots,
            read_header(response, "Refresh"),
            routes=self.job.render,
        )

    def find_forward(self, ask: Ask, response: Response, facts: PageFacts) -> tuple[str, int] | None:
        """Where a page sends its readers by itself, and the status that would say so; None where it is to be read."""
        if not facts.forward or (facts.forward == ask.url and not read_cookies(response)):
            return None
        return facts.forward, 301 if facts.at_once and facts.forward != ask.url else 302

    def follow_redirect(self, ask: Ask, target: str, status: int, cookies: tuple[tuple[str, str], ...]) -> None:
        """Follow a redirect within the site; the start page's takes the site along to where it leads.

        A temporary one leads to what the page says today: it is kept as that page, and asked for there again. One that
        leads back to a page and sets `cookies` is asked once more with them.
        """
        chain = (*ask.chain, ask.url)
        moves_site = ask.depth == 0 and not self.opened
        held = (
            tuple({**dict(ask.cookies), **dict(cookies)}.items())
            if parse_origin(target) == parse_origin(ask.url)
            else ()
        )
        if not target:
            self.report_failed(ask, Failure("it redirects to no http or https URL", "Check the page in a browser"))
        elif len(chain) > self.limits.max_redirects or (target in chain and set(held) <= set(ask.cookies)):
            self.report_failed(ask, Failure("it redirects in a circle or without end", "Check the page in a browser"))
        elif target in chain:
            before = chain[: chain.index(target)]
            self.frontier.queue_again(
                Ask(target, ask.depth, before, ask.kept_as if ask.kept_as in before else "", held)
            )
        elif moves_site or self.scope.contains(target):
            if moves_site:
                self.scope = self.scope.move_to(target)
            self.follow_within_site(replace(ask, url=target, chain=chain, cookies=held), ask, status)
        else:
            self.report_moved(ask, status, target, f"it redirects to {target}, outside the source's scope")

    def follow_within_site(self, next_ask: Ask, ask: Ask, status: int) -> None:
        """Ask where a redirect leads, unless that was asked for itself or for another page."""
        target = next_ask.url
        for_good = status in _FOR_GOOD
        is_new = target not in self.led_to.values() and not self.frontier.has_seen(target)
        if ask.depth > 0 and not ask.kept_as and not for_good and is_new:
            next_ask = replace(next_ask, kept_as=ask.url)
        if next_ask.kept_as and is_new:  # not claimed: it may be a page of the site, too, and then that is what it is
            self.led_to[next_ask.kept_as] = target
            self.frontier.queue_again(next_ask)
            return
        followed = is_new and self.frontier.claim_url(target)
        if followed:
            self.frontier.queue_again(next_ask)
        if not followed or not for_good:
            self.report_moved(ask, status, target, f"it moved to {target}")

    def report_moved(self, ask: Ask, status: int, target: str, reason: str) -> None:
        """A known page that now redirects: gone if for good; a detour (a login, a maintenance page) keeps its copy."""
        url = ask.page_url
        if url not in self.unanswered:
            return
        if status in _FOR_GOOD and not ask.kept_as:
            self.report_gone(ask, reason, status=status)
        else:
            told = Failure(f"{reason} for the time being", "Try again later")
            self.report_failed(ask, told, status=status, led_to=target)

    def report_unchanged(self, ask: Ask, response: Response) -> None:
        """304: its links are those of the last time."""
        known = self.job.known[ask.url]
        self.copies.record_answer(ask.url, known.text)
        self.follow_links(ask, known.links)
        self.send_fetch(
            Fetch(
                ask.url,
                FetchOutcome.UNCHANGED,
                requested_url=ask.requested_url,
                status=304,
                etag=read_header(response, "ETag") or known.etag,
                last_modified=read_header(response, "Last-Modified") or known.last_modified,
                text=known.text,
            )
        )

    def take_page(self, ask: Ask, response: Response, facts: PageFacts | None) -> bool:
        """A body came: whether it is taken as a page of the site. Its links are followed anyhow."""
        content_type = read_header(response, "Content-Type")
        if facts is None:
            self.report_gone(ask, f"it is {content_type or 'of no known type'}: no page and no document that is read")
            return False
        if ask.depth == 0:
            self.scope = self.scope.learn_names((facts.declared, *facts.links))
        links = tuple(link for link in facts.links if self.scope.contains(link) and not self.job.single)
        if facts.noindex and not self.job.read_noindex:
            self.follow_links(ask, links)
            self.report_gone(ask, "it asks not to be indexed (noindex): on a site of your own, add it --read-noindex")
            return False
        kept_here = not ask.kept_as  # what asks "changed since?" there would ask one page about another
        fetch = Fetch(
            ask.page_url,
            FetchOutcome.FETCHED,
            requested_url=ask.requested_url,
            status=200,
            body=response.body,
            content_type=content_type,
            etag=read_header(response, "ETag") if kept_here else "",
            last_modified=read_header(response, "Last-Modified") if kept_here else "",
            links=links,
            bytes_received=response.meta.get("wire_bytes", 0),
            text=facts.text,
            led_to=ask.url if ask.kept_as else "",
            asks_to_sign_in=facts.asks_to_sign_in,
        )
        self.copies.record_answer(fetch.url, facts.text)
        if not self.job.single:
            for url in facts.sitemaps:
                self.asides.extend(self.request_sitemap(url))
            self.offer_folder(ask, facts)
        return self.place_page(TakenPage(ask, fetch, self.find_other_name(ask, facts)))

    def offer_folder(self, ask: Ask, facts: PageFacts) -> None:
        """A start page without its last slash whose links are made for it with one (/docs -> /docs/a.html)."""
        parts = urlsplit(ask.url)
        is_folder = not parts.query and "." not in parts.path.rpartition("/")[2] and not parts.path.endswith("/")
        if ask.depth == 0 and is_folder and facts.has_relative_links:
            self.frontier.offer_url(f"{ask.url}/", 0)

    def find_other_name(self, ask: Ask, facts: PageFacts) -> str:
        """What the page calls itself, where that could be: pages of a list often call themselves its first."""
        declared = facts.declared
        could_be = declared != ask.url and is_same_page(ask.url, declared) and self.scope.contains(declared)
        return declared if declared and could_be and not self.job.single else ""

    def place_page(self, page: TakenPage) -> bool:
        """Send the page, unless it says what another one says, or has to wait until that one has answered."""
        if page.declared and not self.copies.has_answered(page.declared):
            self.frontier.offer_url(page.declared, page.ask.depth)
            self.copies.hold_page(page, page.declared)
            self.follow_links(page.ask, page.fetch.links)
            return False
        if page.declared and self.copies.is_same(page, page.declared):
            self.drop_copy(page, page.declared)
            return False
        twin = "" if self.job.single else self.copies.find_twin(page)
        is_known = page.fetch.url in self.job.known  # then whoever knows both decides
        if twin and not self.copies.has_answered(twin):
            self.copies.hold_page(page, twin)
            return False
        if twin and not is_known and not self.is_better_known(page, twin):
            self.drop_copy(page, twin)
            return False
        self.follow_links(page.ask, page.fetch.links)
        self.copies.record_holder(page.fetch.url, page.fetch.text)
        self.send_fetch(page.fetch)
        self.report_redirected(page.ask, FetchOutcome.GONE, f"it moved to {page.fetch.url}")
        self.probe_beside(page.fetch.url)
        return True

    def is_better_known(self, page: TakenPage, twin: str) -> bool:
        """Whether the page stands at its own URL, and its twin was but a temporary redirect to it, or the same URL with
        parameters; which of them answers first is chance."""
        moved = self.led_to.get(twin) == page.fetch.url
        bare = twin not in self.job.known and urlsplit(twin)._replace(query="").geturl() == page.fetch.url
        if not (moved or bare):
            return False
        self.copies.join_copy(twin, page.fetch.url)
        self.send_fetch(Fetch(twin, FetchOutcome.GONE, twin, reason=f"it is the same page as {page.fetch.url}"))
        self.frontier.taken -= 1
        return True

    def drop_copy(self, page: TakenPage, original: str) -> None:
        """One text is one page. Its links are the original's, and beside another path they would lead elsewhere."""
        self.copies.join_copy(page.fetch.url, original)
        if urlsplit(page.fetch.url).path.rstrip("/") == urlsplit(original).path.rstrip("/"):
            self.follow_links(page.ask, page.fetch.links)
        else:
            self.probe_beside(page.fetch.url, again=True)
        self.report_gone(page.ask, f"it is the same page as {original}")

    def settle_waiting(self, url: str) -> None:
        """Place the pages that waited for what `url` would say."""
        for page in self.copies.release_waiting(url):
            self.frontier.taken += self.place_page(page)

    def report_error_status(self, ask: Ask, response: Response) -> None:
        """Any other status: 404 and 410 remove the page, the rest is the server's trouble."""
        status = response.status
        phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "an unknown status"
        told = Failure(f"the server answers {status} {phrase}", "Check the URL in a browser")
        if pause := find_long_pause(response):
            told = Failure(f"{told.reason} and asks to be left alone for {format_pause(pause)}", "Try again after that")
        if status in _GONE:
            self.report_gone(ask, told.reason, told, status=status)
        else:
            self.report_failed(ask, told, status=status)

    def follow_links(self, ask: Ask, links: tuple[str, ...]) -> None:
        """Queue the links that belong to the site; those without a query first: the others may be copies."""
        if self.job.single:
            return
        for link in sorted(filter(self.scope.contains, links), key=lambda link: "?" in link):
            if grows_without_end(link) and link not in self.job.known:
                self.report_growth(ask, link)
            else:
                self.frontier.offer_url(link, ask.depth + 1)

    # -- what no page is ------------------------------------------------------------------------------------------

    def probe_beside(self, url: str, *, again: bool = False) -> None:
        """Ask, once a site, for an address that cannot exist; and `again` in a folder where a text turned up again.

        The start page alone needs none, unless it is known and is another now.
        """
        is_first_start = url in {self.job.start, self.scope.start} and url not in self.job.known
        if (self.job.single and url not in self.job.known) or is_first_start or not (again or self.probes.is_first):
            return
        if address := self.probes.make_address(url):
            self.asides.append(
                Request(
                    address,
                    callback=self.on_probe,
                    errback=self.on_aside_failure,
                    dont_filter=True,
                    meta={"probe": address, "handle_httpstatus_all": True, "dont_redirect": True},
                )
            )

    async def on_probe(self, response: Response) -> AsyncIterator[Request]:
        """What the server answers for an address that cannot exist; a redirect of it is followed on the same host."""
        await self.outbox.wait_for_room()
        content_type = read_header(response, "Content-Type")
        if response.status in _REDIRECTS and (location := response.headers.get("Location")):
            target = to_canonical_url(location.decode("utf-8", "replace"), response.url)
            hops = response.meta.get("hops", 0) + 1
            if target and parse_origin(target) == parse_origin(response.url) and hops <= self.limits.max_redirects:
                yield response.request.replace(url=target, meta={**response.request.meta, "hops": hops})
        elif response.status == 200 and is_readable(content_type, urlsplit(response.url).path):
            url, asked = to_canonical_url(response.url), response.meta["probe"]
            told = Fetch(url, FetchOutcome.PROBED, asked, 200, response.body, content_type)
            self.outbox.send_fetch(replace(told, discovered=self.frontier.discovered_pages))
        for request in self.issue_requests():
            yield request

    def report_growth(self, ask: Ask, link: str) -> None:
        """Say once that the site's links grow without end."""
        if not self.told_of_growth:
            self.told_of_growth = True
            reason = f"the links of {ask.url} lead deeper without end: {link} and those like it were left"
            self.outbox.send_fetch(Fetch(link, FetchOutcome.SKIPPED, ask.url, reason=reason))

    # -- sitemaps -------------------------------------------------------------------------------------------------

    def on_sitemap(self, response: Response) -> Iterator[Request]:
        """Queue what a sitemap names, as far as it belongs to the site."""
        sitemap = response.meta["sitemap"]
        if response.status == 200:
            etag, last_modified = read_header(response, "ETag"), read_header(response, "Last-Modified")
            sitemap = read_sitemap(response.body, response.url, self.limits.page_bytes, etag, last_modified)
            if sitemap:
                self.sitemap_cache.store_sitemap(response.url, sitemap)
        if sitemap:
            for url in map(to_canonical_url, sitemap.pages):
                if url and self.scope.contains(url):
                    self.frontier.offer_url(url, min(1, self.limits.max_depth))
            for url in sitemap.sitemaps:
                yield from self.request_sitemap(url)
        else:
            yield from self.try_other_sitemap(response.request)
        yield from self.issue_requests()

    def on_aside_failure(self, failure: Any) -> Iterator[Request]:
        """No answer to what was asked beside the pages: a sitemap of another name, or the links, will do."""
        yield from self.try_other_sitemap(failure.request)
        yield from self.issue_requests()

    def try_other_sitemap(self, request: Request) -> Iterator[Request]:
        """The next name that a sitemap may have in that folder."""
        names = request.meta.get("else_try", ())
        if names and not self.frontier.stopped:
            yield from self.request_sitemap(names[0], else_try=names[1:])

    # -- signals --------------------------------------------------------------------------------------------------

    def on_headers(self, headers: Any, body_length: Any, request: Request) -> None:
        """Stop before the body of what is no page."""
        if "ask" not in request.meta or not body_length:
            return
        content_type = (headers.get("Content-Type") or b"").decode("latin-1")
        if not is_readable(content_type, urlsplit(request.url).path):
            raise StopDownload(fail=False)

    def on_downloaded(self, response: Response, request: Request) -> None:
        """Note the size on the wire, before anything is unpacked."""
        request.meta["wire_bytes"] = len(response.body)

    def on_robots(self, robotparser: Any, request: Request) -> None:
        """Take robots.txt's sitemaps and its Crawl-delay, which goes before a shorter delay of ours."""
        rules = robotparser.rp
        self.robots_sitemaps[parse_origin(request.url)] = tuple(urljoin(request.url, url) for url in rules.sitemaps)
        delay = rules.crawl_delay("Frontdesk")
        if delay and delay > self.limits.delay:
            downloader = self.crawler.engine.downloader
            host = urlsplit(request.url).hostname or ""
            self.paced.add(host)
            downloader.per_slot_settings[host] = {"delay": float(delay), "jitter": 0}
            if slot := downloader.slots.get(host):
                slot.delay, slot.jitter = float(delay), 0.0

    # -- what goes out --------------------------------------------------------------------------------------------

    def report_gone(self, ask: Ask, reason: str, told: Failure | None = None, status: int = 0) -> None:
        """Report a known page as gone; what was never known is no loss, unless it is the start page."""
        if ask.depth == 0 and not self.opened:
            self.start_failure = told or Failure(reason, "Name a page with questions and answers")
        if ask.page_url in self.unanswered:
            self.send_fetch(Fetch(ask.page_url, FetchOutcome.GONE, ask.page_url, status, reason=reason))
        self.report_redirected(ask, FetchOutcome.GONE, reason)

    def report_failed(self, ask: Ask, told: Failure, status: int = 0, led_to: str = "") -> None:
        """Report a page that could not be read this time."""
        if ask.depth == 0 and not self.opened:
            self.start_failure = told
        url = ask.page_url
        self.send_fetch(Fetch(url, FetchOutcome.FAILED, url, status, reason=told.reason, led_to=led_to))
        self.report_redirected(ask, FetchOutcome.FAILED, told.reason)

    def report_redirected(self, ask: Ask, outcome: FetchOutcome, reason: str) -> None:
        """Known pages that redirect here for good: what becomes of them is only certain now."""
        moved = ask.chain[: ask.chain.index(ask.kept_as)] if ask.kept_as in ask.chain else ask.chain
        for url in moved:
            if url in self.unanswered:
                self.send_fetch(Fetch(url, outcome, url, reason=reason))

    def send_fetch(self, fetch: Fetch) -> None:
        """Hand one result out; each URL once."""
        self.unanswered.pop(fetch.url, None)
        fields = {name: getattr(fetch, name) for name in fetch.__slots__}
        self.outbox.send_fetch(Fetch(**{**fields, "discovered": self.frontier.discovered_pages}))

    def finish_crawl(self) -> Verdict:
        """Account for what is known and was not asked, and say how the crawl went as a whole."""
        if not self.frontier.taken and self.start_failure and not self.is_answered_single():
            told = self.start_failure
            if told.refused:
                return Verdict(error=told.reason, refused=True)
            return Verdict(error=f"{self.job.start} cannot be read: {told.reason}. {told.mend}.")
        for page in self.copies.release_all():
            self.frontier.taken += self.place_page(page.without_declaration())
        for page in self.copies.release_all():  # those whose twin did not come either
            self.send_fetch(page.fetch)
            self.frontier.taken += 1
        limit = f"the source's limit of {self.limits.max_pages} pages was reached"
        for url in list(self.unanswered):
            if self.job.single or not self.scope.contains(url):
                self.send_fetch(Fetch(url, FetchOutcome.GONE, reason="it is outside the source's scope now"))
            elif self.frontier.stopped:
                self.send_fetch(Fetch(url, FetchOutcome.FAILED, reason=self.frontier.stopped))
            elif self.frontier.is_full:
                self.send_fetch(Fetch(url, FetchOutcome.GONE, reason=limit))
            else:
                self.send_fetch(Fetch(url, FetchOutcome.FAILED, reason="it was not reached"))
        if not self.frontier.taken and not self.job.known:
            why = self.frontier.stopped or "it holds no page with text"
            return Verdict(error=f"{self.job.start} cannot be read: {why}. Check it in a browser.")
        return Verdict(note=self.frontier.stopped or (limit if self.frontier.is_full else ""))

    def is_answered_single(self) -> bool:
        """Whether this is the one page of a source, known before and now gone: that is an answer, no error."""
        return self.job.single and bool(self.job.known) and self.job.start not in self.unanswered
