"""What the crawl owes the server: robots.txt, pauses after its faults, and its Retry-After."""

from __future__ import annotations

import asyncio
import math
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from scrapy import Request, signals
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    ResponseDataLossError,
)
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached

from retrieval.crawling.causes import find_tls_fault

FIRST_PAUSE = 0.5  # seconds; doubles with every further try
LONGEST_PAUSE = 60.0  # seconds; a server that asks for more is asked no more in this crawl
_LEAST_DELAY = 0.001  # seconds
_DAY = 86_400.0  # seconds
_TRANSIENT_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524})
_TRANSIENT_ERRORS = (DownloadTimeoutError, ResponseDataLossError, DownloadFailedError)


class RobotsForbid(IgnoreRequest):  # type: ignore[misc]
    """robots.txt does not allow the URL."""


class RobotsUnreachable(IgnoreRequest):  # type: ignore[misc]
    """robots.txt could not be read, so nothing may be (RFC 9309, 2.3.1.4)."""


class Robots(RobotsTxtMiddleware):  # type: ignore[misc]
    """Scrapy's, but a robots.txt that fails forbids everything, as RFC 9309 has it.

    Scrapy would read the error page and find no rule in it. Where no connection to the host comes about at all, the
    page's own request says why.
    """

    def __init__(self, crawler: Any) -> None:
        super().__init__(crawler)
        self._broken: dict[str, str] = {}

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500 or response.status == 429:
            self._broken[netloc] = f"its robots.txt answers {response.status}"
        if response.status != 200:
            response = response.replace(body=b"")
        await super()._parse_robots(response, netloc, request)

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        unreachable = isinstance(exc, (CannotResolveHostError, DownloadConnectionRefusedError)) or find_tls_fault(exc)
        if not unreachable:
            self._broken[netloc] = "its robots.txt cannot be read"
        super()._robots_error(exc, netloc)

    async def process_request(self, request: Request, spider: object = None) -> None:
        """Raises RobotsForbid, RobotsUnreachable."""
        try:
            await super().process_request(request)
        except IgnoreRequest as error:
            raise RobotsForbid("robots.txt forbids it") from error
        reason = self._broken.get(urlparse_cached(request).netloc)
        if reason and not request.meta.get("dont_obey_robotstxt"):
            raise RobotsUnreachable(reason)


class Backoff:
    """Asks again after a server's fault or a broken connection, each time after a longer pause.

    A Retry-After holds back every request to that host, those that the downloader has queued already too, and is kept
    to up to LONGEST_PAUSE; beyond it the answer stands as it is.
    """

    def __init__(self, crawler: Any) -> None:
        self._crawler = crawler
        self._retries = crawler.settings.getint("RETRY_TIMES")
        self._not_before: dict[str, float] = {}

    @classmethod
    def from_crawler(cls, crawler: Any) -> Backoff:
        """Takes RETRY_TIMES from the settings; hears of every answer before the downloader sends its next request."""
        backoff = cls(crawler)
        crawler.signals.connect(backoff.on_downloaded, signals.response_downloaded)
        return backoff

    def on_downloaded(self, response: Response, request: Request) -> None:
        """Hold the host back as its Retry-After asks."""
        asked = _read_transient_pause(response)
        if asked is None or asked > LONGEST_PAUSE:
            return
        host = urlparse_cached(request).netloc
        until = time.monotonic() + asked
        self._not_before[host] = max(self._not_before.get(host, 0.0), until)
        if slot := self._crawler.engine.downloader.slots.get(request.meta.get("download_slot")):
            slot.lastseen = max(slot.lastseen, until)  # what it counts the delay to the next request from
            slot.delay = max(slot.delay, _LEAST_DELAY)  # with none it does not look

    async def process_request(self, request: Request) -> None:
        """Waits until the host may be asked again."""
        host = urlparse_cached(request).netloc
        await asyncio.sleep(self._not_before.get(host, 0.0) - time.monotonic())

    async def process_response(self, request: Request, response: Response) -> Request | Response:
        """A new request after a transient status, else the response."""
        if response.status not in _TRANSIENT_STATUS or (_read_transient_pause(response) or 0.0) > LONGEST_PAUSE:
            return response
        return await self._retry_after_pause(request) or response

    async def process_exception(self, request: Request, exception: Exception) -> Request | None:
        """A new request after a broken connection or a time-out."""
        if not isinstance(exception, _TRANSIENT_ERRORS) or find_tls_fault(exception):
            return None
        return await self._retry_after_pause(request)

    async def _retry_after_pause(self, request: Request) -> Request | None:
        tries = request.meta.get("tries", 0)
        if tries >= self._retries:
            return None
        await asyncio.sleep(min(FIRST_PAUSE * 2**tries, LONGEST_PAUSE))
        again = request.copy()
        again.dont_filter = True
        again.meta["tries"] = tries + 1
        return again


def _read_transient_pause(response: Response) -> float | None:
    """The Retry-After of an answer that is worth another try, in seconds."""
    if response.status not in _TRANSIENT_STATUS:
        return None
    return parse_retry_after(response.headers.get("Retry-After"))


def find_long_pause(response: Response) -> float:
    """The seconds for which the server wants to be left alone, where a crawl does not wait that long; else 0."""
    asked = _read_transient_pause(response) or 0.0
    return asked if asked > LONGEST_PAUSE else 0.0


def format_pause(seconds: float) -> str:
    """ "90 s", "5 min", "2 h", "4 days": rounded up."""
    for limit, size, unit in ((120.0, 1, "s"), (7200.0, 60, "min"), (2 * _DAY, 3600, "h"), (366 * _DAY, _DAY, "days")):
        if seconds <= limit:
            return f"{math.ceil(seconds / size)} {unit}"
    return "more than a year"


def parse_retry_after(header: bytes | None) -> float | None:
    """Seconds that a Retry-After header asks for, as a number or as a date; None without a readable one."""
    if not header:
        return None
    text = header.decode("latin-1").strip()
    if text.isdecimal():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at if at.tzinfo else at.replace(tzinfo=UTC)  # HTTP's dates are GMT
    return max(0.0, (at - datetime.now(UTC)).total_seconds())
