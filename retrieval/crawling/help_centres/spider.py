"""The spider of help centres' interfaces: one list after the other, through the same downloader as every crawl."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Iterator
from http import HTTPStatus
from typing import Any

import scrapy
from scrapy import signals
from scrapy.http import Request, Response

from retrieval.crawling.failures import Failure, explain_failure
from retrieval.crawling.help_centres.articles import Ask, HelpCentre, NotAsDocumented
from retrieval.crawling.help_centres.intercom import Intercom
from retrieval.crawling.help_centres.reading import GONE, UNSTEADY, ListReading, group_by_language
from retrieval.crawling.help_centres.zendesk import Zendesk
from retrieval.crawling.outbox import Outbox
from retrieval.crawling.politeness import find_long_pause, format_pause
from retrieval.crawling.wire import Job, Verdict
from retrieval.interfaces import Fetch, FetchOutcome

_REFUSED = frozenset({401, 403, 404})
_FOREIGN = "Check its address; a website is added by its URL"


class HelpCentreSpider(scrapy.Spider):  # type: ignore[misc]
    """Reads the help centre of one `Job` and sends its articles to the outbox; afterwards `finish_crawl` tells how it
    went. `refused` gives the guarded resolver's memory."""

    name = "frontdesk"

    def __init__(self, job: Job, outbox: Outbox, refused: Callable[[], dict[str, tuple[str, str]]]) -> None:
        super().__init__()
        self.job = job
        self.limits = job.settings
        self.outbox = outbox
        self.refused = refused
        self.centre: HelpCentre = (
            Intercom(job.start, job.settings.intercom_token) if job.interface == "intercom" else Zendesk(job.start)
        )
        self.known = group_by_language(job.known)
        self.unanswered = dict(job.known)
        self.waiting: list[str] = []  # languages whose lists are still to be read
        self.unread = 1  # lists that may yet tell of what is known
        self.taken = 0
        self.failure: Failure | None = None

    @classmethod
    def from_crawler(cls, crawler: Any, *args: Any, **kwargs: Any) -> HelpCentreSpider:
        """Hears of faults in the callbacks."""
        spider: HelpCentreSpider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.on_failure, signals.spider_error)
        return spider

    async def start(self) -> AsyncIterator[Request]:
        """What tells of the languages, or the first list."""
        if ask := self.centre.build_languages_request():
            yield self.build_request(ask, self.on_languages)
        else:
            for request in self.read_lists(list(self.centre.languages)):
                yield request

    def build_request(self, ask: Ask, callback: Callable[..., Any], **meta: Any) -> Request:
        """robots.txt is for what finds its way by links; an interface is asked because an admin named it. A
        token goes where it was meant for, and along no redirect."""
        return Request(
            ask.url,
            callback=callback,
            errback=self.on_failure,
            headers={"Accept": "application/json", **ask.headers},
            dont_filter=True,
            meta={"dont_obey_robotstxt": True, "dont_redirect": bool(ask.headers), **meta},
        )

    def on_languages(self, response: Response) -> Iterator[Request]:
        """The lists are those of the languages that the centre has."""
        try:
            languages = self.centre.read_languages(self.read_answer(response))
        except NotAsDocumented as error:
            self.failure = self.explain_answer(response, error)
            return
        yield from self.read_lists(languages)

    def read_lists(self, languages: list[str]) -> Iterator[Request]:
        """The first list's first page; the others follow it."""
        self.waiting, self.unread = languages, len(languages)
        yield from self.read_next_list()

    def read_next_list(self) -> Iterator[Request]:
        """The next list's first page."""
        if self.waiting:
            language = self.waiting.pop(0)
            known, unplaced = self.known.get(language, {}), self.known.get(None, {})
            reading = ListReading(language, known, unplaced, self.limits.max_pages - self.taken)
            yield self.request_page(reading, 1)

    def request_page(self, reading: ListReading, page: int) -> Request:
        """One page of a list."""
        ask = self.centre.build_list_request(reading.language, page)
        return self.build_request(ask, self.on_list, reading=reading)

    async def on_list(self, response: Response) -> AsyncIterator[Request]:
        """One answer of a list."""
        reading: ListReading = response.meta["reading"]
        try:
            following = reading.take_answer(self.centre.read_list(self.read_answer(response), reading.language))
        except NotAsDocumented as error:
            self.report_failed(reading, self.explain_answer(response, error))
        else:
            if following != "done":
                yield self.request_page(reading, reading.pages_read + 1 if following == "page" else 1)
                return
            await self.send_outcomes(reading)
        for request in self.read_next_list():
            yield request

    async def send_outcomes(self, reading: ListReading) -> None:
        """Hand out what a list told."""
        self.unread -= reading.is_steady
        for fetch in reading.settle():
            await self.outbox.wait_for_room()
            self.taken += fetch.outcome in (FetchOutcome.FETCHED, FetchOutcome.UNCHANGED)
            self.unanswered.pop(fetch.url, None)
            self.outbox.send_fetch(fetch)

    def on_failure(self, failure: Any, response: Any = None) -> None:
        """No answer at all, or a fault of ours in reading one: no further list is asked for."""
        request = response.request if response else failure.request
        told = explain_failure(failure.value, request.url, self.limits, self.refused())
        if reading := request.meta.get("reading"):
            self.report_failed(reading, told)
        self.failure = self.failure or told

    def report_failed(self, reading: ListReading, told: Failure) -> None:
        """A list that could not be read to its end keeps what it had."""
        self.failure = self.failure or told
        for url in self.known.get(reading.language, {}):
            if self.unanswered.pop(url, None):
                self.outbox.send_fetch(Fetch(url, FetchOutcome.FAILED, url, reason=told.reason))

    def read_answer(self, response: Response) -> Any:
        """The JSON of an answer. Raises NotAsDocumented."""
        if response.status != 200:
            raise NotAsDocumented(f"it answers {response.status}")
        try:
            return json.loads(response.body)
        except (ValueError, RecursionError) as error:
            raise NotAsDocumented("its answer is no JSON") from error

    def explain_answer(self, response: Response, error: NotAsDocumented) -> Failure:
        """Why an answer is of no use."""
        status = response.status
        if pause := find_long_pause(response):
            return Failure(f"it answers {status} and asks to be left alone for {format_pause(pause)}", "Try again then")
        if status in _REFUSED:
            return Failure(*self.centre.explain_refusal(status))
        if status != 200:
            phrase = HTTPStatus(status).phrase if status in HTTPStatus._value2member_map_ else "an unknown status"
            return Failure(f"it answers {status} {phrase}", "Try again later" if status >= 500 else _FOREIGN)
        return Failure(f"{error}, as {self.job.interface.title()}'s interface would have it", _FOREIGN)

    def finish_crawl(self) -> Verdict:
        """Account for what no list named, and say how the crawl went as a whole."""
        told = self.failure
        if told and not self.taken:
            if told.refused:
                return Verdict(error=told.reason, refused=True)
            return Verdict(error=f"{self.job.start} cannot be read: {told.reason}. {told.mend}.")
        for url in self.unanswered:
            if self.unread:
                self.outbox.send_fetch(Fetch(url, FetchOutcome.FAILED, url, reason=told.reason if told else UNSTEADY))
            else:
                self.outbox.send_fetch(Fetch(url, FetchOutcome.GONE, url, reason=GONE))
        if not self.taken and not self.job.known:
            return Verdict(error=f"{self.job.start} cannot be read: it has no public article. Check it in a browser.")
        return Verdict(note=f"a list could not be read: {told.reason}" if told else "")
