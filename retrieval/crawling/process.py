"""The crawler of what is read over HTTP: Scrapy in a process of its own, which cannot outlive or harm this one."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import IO, cast

from retrieval.crawling.settings import MIB, CrawlSettings
from retrieval.crawling.wire import OUT_OF_MEMORY, Job, Verdict, from_json
from retrieval.documents import Source, SourceKind
from retrieval.errors import AddressRefused, SourceError
from retrieval.interfaces import Fetch, FetchOutcome, KnownPage


class ScrapyCrawler:
    """Implements `Crawler` for websites, single pages and help centres."""

    def __init__(self, settings: CrawlSettings | None = None) -> None:
        self._settings = settings or CrawlSettings()

    def crawl(self, source: Source, known: Mapping[str, KnownPage]) -> Iterator[Fetch]:
        """Yield each page's outcome as it comes; every known URL gets one.

        Raises SourceError when nothing of the source can be read or the crawl process dies, AddressRefused when the
        guard refused its address.
        """
        with tempfile.TemporaryDirectory(prefix="frontdesk-crawl-", ignore_cleanup_errors=True) as spool:
            job = build_job(source, known, self._settings, spool)
            with (Path(spool) / "errors").open("wb") as errors, _start_worker(errors) as worker:
                yield from self._run_job(worker, job, known)

    def _run_job(self, worker: subprocess.Popen[str], job: Job, known: Mapping[str, KnownPage]) -> Iterator[Fetch]:
        stdin, stdout = cast(IO[str], worker.stdin), cast(IO[str], worker.stdout)
        spool = Path(job.spool)
        verdict = None
        with contextlib.suppress(BrokenPipeError):  # its exit code says more
            stdin.write(job.to_json() + "\n")
            stdin.flush()
        for line in stdout:
            try:
                message = from_json(line, spool)
            except (ValueError, KeyError, TypeError, OSError) as error:
                raise SourceError(f"The crawl of {job.start} sent nonsense ({error}): try again.") from error
            if isinstance(message, Verdict):
                verdict = message
                break
            if message.outcome is FetchOutcome.UNCHANGED:  # the worker need not repeat what we know
                message = replace(message, links=known[message.url].links)
            yield message
        self._check_verdict(worker, job, verdict)

    def _check_verdict(self, worker: subprocess.Popen[str], job: Job, verdict: Verdict | None) -> None:
        if verdict is None:
            raise SourceError(_explain_death(worker.wait(), job))
        if verdict.error:
            raise (AddressRefused if verdict.refused else SourceError)(verdict.error)
        if verdict.note:
            import structlog  # the worker imports this package too, and every crawl waits for it to start

            structlog.get_logger(__name__).warning("crawl ended by a limit", start=job.start, reason=verdict.note)


@contextlib.contextmanager
def _start_worker(errors: IO[bytes]) -> Iterator[subprocess.Popen[str]]:
    """A crawl process that is gone when the block is left, however that happens."""
    worker = subprocess.Popen(
        [sys.executable, "-P", "-m", "retrieval.crawling.worker"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        encoding="utf-8",
        start_new_session=True,  # Ctrl-C is for us; we end the worker
    )
    try:
        yield worker
    finally:
        worker.kill()
        worker.wait()
        for pipe in (worker.stdin, worker.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()


def _explain_death(code: int, job: Job) -> str:
    """Why the worker died, and what to do."""
    if code == OUT_OF_MEMORY or code == -9:
        return (
            f"The crawl of {job.start} ran out of its {job.settings.memory_bytes // MIB} MiB of memory: "
            "lower FRONTDESK_CRAWL_CONCURRENCY or narrow the source with --prefix."
        )
    if code == -14:
        return f"The crawl of {job.start} hung and was ended: try again with a smaller --max-pages."
    last = ""
    with contextlib.suppress(OSError, IndexError):
        last = (Path(job.spool) / "errors").read_text("utf-8", "replace").strip().splitlines()[-1]
    return f"The crawl process for {job.start} died (exit code {code}{': ' + last if last else ''}): try again."


def build_job(source: Source, known: Mapping[str, KnownPage], settings: CrawlSettings, spool: str) -> Job:
    """The job for a source. Raises SourceError when its location is no URL that can be crawled, AddressRefused when
    it names an address that the guard refuses."""
    from retrieval.crawling.addresses import AddressGuard, parse_host
    from retrieval.crawling.urls import parse_origin, to_canonical_url

    start = to_canonical_url(source.location, routes=source.render)
    if not start:
        raise SourceError(
            f"{source.location!r} is no URL that can be crawled: give it as https://example.com/faq, "
            "without a user name or password."
        )
    guard = AddressGuard(settings.allow)
    host = parse_origin(start)[0]
    if address := parse_host(host):
        guard.check_address(str(address), host)
    interface = source.kind.value if source.kind in (SourceKind.ZENDESK, SourceKind.INTERCOM) else ""
    if interface == SourceKind.INTERCOM and not settings.intercom_token:
        raise SourceError(
            "Intercom's articles need a token that may read them: make one in Intercom's Developer Hub, and set it as "
            "FRONTDESK_INTERCOM_TOKEN."
        )
    if source.render:
        _check_browser(source, settings)
    bounds = replace(
        settings,
        max_pages=source.max_pages or settings.max_pages,
        max_depth=settings.max_depth if source.max_depth is None else source.max_depth,
        intercom_token=settings.intercom_token if interface == SourceKind.INTERCOM else "",
    )
    return Job(
        start=start,
        spool=spool,
        settings=bounds,
        single=source.kind is SourceKind.PAGE,
        path_prefix=source.path_prefix,
        read_noindex=source.read_noindex,
        render=source.render,
        interface=interface,
        known=dict(known),
    )


def _check_browser(source: Source, settings: CrawlSettings) -> None:
    """Raises SourceError where there is nothing to render the source's pages with."""
    from retrieval.crawling.browser import RenderFailure, find_browser

    try:
        find_browser(settings.browser)
    except RenderFailure as failure:
        raise SourceError(f"{source.location} is read in a browser, but {failure.reason}. {failure.mend}.") from failure
