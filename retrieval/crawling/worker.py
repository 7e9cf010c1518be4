"""The crawl process: `python -m retrieval.crawling.worker`, started by `ScrapyCrawler`. See `wire` for its talk."""

from __future__ import annotations

import gc
import os
import resource
import shutil
import signal
import sys
from pathlib import Path
from threading import Thread
from typing import Any

from retrieval.crawling.settings import CrawlSettings
from retrieval.crawling.wire import OUT_OF_MEMORY, Job

_ACCEPT = "text/html,application/xhtml+xml,text/markdown,text/plain;q=0.9,*/*;q=0.1"
_HANDLER = "scrapy.core.downloader.handlers.http11.HTTP11DownloadHandler"
_GRACE = 60  # seconds beyond every limit after which the system ends a worker that hangs


def main() -> None:
    """Read a job from standard input, crawl, leave."""
    job = Job.from_json(sys.stdin.readline())
    Thread(target=_leave_with_parent, args=(Path(job.spool),), daemon=True).start()
    _limit_resources(job.settings)
    try:
        _run_crawl(job)
    except MemoryError:
        os._exit(OUT_OF_MEMORY)
    os._exit(1)  # the spider never came to its end


def _leave_with_parent(spool: Path) -> None:
    """The parent holds the other end of standard input: when it closes, even by SIGKILL, nobody reads us any more."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    shutil.rmtree(spool, ignore_errors=True)
    os._exit(1)


def _limit_resources(settings: CrawlSettings) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (settings.memory_bytes, resource.RLIM_INFINITY))
    signal.alarm(int(settings.max_seconds + settings.page_timeout + _GRACE))


def _run_crawl(job: Job) -> None:
    gc.disable()  # nothing that is imported is garbage: looking for it takes a tenth of the start
    from scrapy import signals
    from scrapy.crawler import AsyncCrawlerProcess

    from retrieval.crawling.outbox import Outbox

    spider: type[Any]
    if job.interface:
        from retrieval.crawling.help_centres.spider import HelpCentreSpider as spider
    else:
        from retrieval.crawling.spider import SiteSpider as spider

    gc.freeze()
    gc.enable()
    out = os.dup(sys.stdout.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # a stray print must not end up between our lines
    outbox = Outbox(Path(job.spool), out)
    process = AsyncCrawlerProcess(scrapy_settings(job.settings))
    crawler = process.create_crawler(spider)
    from twisted.internet import reactor  # only now: the process has installed the one to use

    def close_and_exit() -> None:
        outbox.close(crawler.spider.finish_crawl())
        os._exit(0)  # no need to wait for idle connections, or for resolver threads that nobody needs

    crawler.signals.connect(close_and_exit, signals.spider_idle, weak=False)
    process.crawl(crawler, job=job, outbox=outbox, refused=lambda: reactor.nameResolver.refused)
    # at the limit nothing new is asked; whoever has not answered a page's time later is not waited for
    reactor.callLater(job.settings.max_seconds + job.settings.page_timeout, close_and_exit)
    process.start(install_signal_handlers=False)


def scrapy_settings(settings: CrawlSettings) -> dict[str, Any]:
    """Scrapy's settings. The lists of components are whole: nothing that Scrapy adds by default comes in, above all
    no proxy (it would connect to what the address guard never saw) and no cookies."""
    return {
        "LOG_LEVEL": "ERROR",
        "USER_AGENT": settings.user_agent,
        "ROBOTSTXT_USER_AGENT": "Frontdesk",
        "ROBOTSTXT_OBEY": True,
        "DEFAULT_REQUEST_HEADERS": {"Accept": _ACCEPT},
        "DOWNLOADER_MIDDLEWARES_BASE": {
            "retrieval.crawling.rendering.Rendering": 50,
            "retrieval.crawling.politeness.Robots": 100,
            "scrapy.downloadermiddlewares.downloadtimeout.DownloadTimeoutMiddleware": 350,
            "scrapy.downloadermiddlewares.defaultheaders.DefaultHeadersMiddleware": 400,
            "scrapy.downloadermiddlewares.useragent.UserAgentMiddleware": 500,
            "retrieval.crawling.politeness.Backoff": 550,
            "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": 590,
            "scrapy.downloadermiddlewares.redirect.RedirectMiddleware": 600,
        },
        "SPIDER_MIDDLEWARES_BASE": {},
        "EXTENSIONS_BASE": {"scrapy.extensions.throttle.AutoThrottle": 0},
        "DOWNLOAD_HANDLERS_BASE": {"http": _HANDLER, "https": _HANDLER},
        "TWISTED_DNS_RESOLVER": "retrieval.crawling.guarded_resolver.GuardedResolver",
        "FRONTDESK_ALLOW": list(settings.allow),
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "DOWNLOAD_DELAY": settings.delay,
        "CONCURRENT_REQUESTS": 2 * settings.concurrency + 4,
        "CONCURRENT_REQUESTS_PER_DOMAIN": settings.concurrency,
        # a delay of 0 is the operator's word: then only the number of requests at once holds back
        "AUTOTHROTTLE_ENABLED": settings.delay > 0,
        "AUTOTHROTTLE_START_DELAY": settings.delay,
        "AUTOTHROTTLE_TARGET_CONCURRENCY": settings.concurrency,
        "DOWNLOAD_TIMEOUT": settings.page_timeout,
        "DNS_TIMEOUT": settings.page_timeout,
        "DOWNLOAD_MAXSIZE": settings.page_bytes,
        "DOWNLOAD_WARNSIZE": 0,
        "RETRY_TIMES": settings.retries,
        "REDIRECT_MAX_TIMES": settings.max_redirects,
        "SCHEDULER_MEMORY_QUEUE": "scrapy.squeues.FifoMemoryQueue",
        # Scrapy would start as many tasks for every single answer, and inspect the spider's source
        "CONCURRENT_ITEMS": 1,
        "WARN_ON_GENERATOR_RETURN_VALUE": False,
        "STATS_CLASS": "scrapy.statscollectors.DummyStatsCollector",
    }


if __name__ == "__main__":
    main()
