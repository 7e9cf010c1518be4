"""Pages that a crawl renders in a second, against those that it reads as they are served.

The site's pages are empty until a script has asked for their text, as those of web applications are; the same texts are
served ready to read beside them. No delay between requests; both are whole crawls, process and browser included.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

from retrieval.crawling import CrawlSettings, ScrapyCrawler
from retrieval.documents import Source, SourceKind
from retrieval.interfaces import FetchOutcome
from tests.support.site import Site

PAGES = 100
_SCRIPT = """
    const path = location.pathname.replace("/app/", "");
    const page = await (await fetch("/data/" + path)).json();
    document.getElementById("root").innerHTML = page.html;
"""


def _write_page(number: int) -> str:
    links = "".join(f'<a href="{page}">Part {page}</a> ' for page in range(PAGES))
    return f"<h1>Part {number}</h1><p>Parcel {number} comes back within {number + 1} days of its delivery.</p>{links}"


@contextmanager
def _serve_site() -> Iterator[Site]:
    with Site() as site:
        site.text("/app.js", f"(async () => {{{_SCRIPT}}})()", content_type="text/javascript")
        for number in range(PAGES):
            html = _write_page(number)
            site.html(f"/app/{number}", '<div id="root"></div><script src="/app.js"></script>')
            site.text(f"/data/{number}", json.dumps({"html": html}), content_type="application/json")
            site.html(f"/ready/{number}", html)
        yield site


def _crawl_pages(url: str, *, render: bool) -> float:
    """Seconds for the crawl of all pages."""
    crawler = ScrapyCrawler(CrawlSettings(allow=("127.0.0.0/8",), delay=0))
    started = time.perf_counter()
    fetches = list(crawler.crawl(Source("bench", SourceKind.WEBSITE, url, render=render), {}))
    seconds = time.perf_counter() - started
    assert sum(fetch.outcome is FetchOutcome.FETCHED for fetch in fetches) == PAGES, fetches
    return seconds


def run() -> dict[str, float]:
    """-> pages a second, rendered and as served."""
    with _serve_site() as site:
        served = _crawl_pages(site.url("/ready/0"), render=False)
        rendered = _crawl_pages(site.url("/app/0"), render=True)
    return {
        "pages": PAGES,
        "rendered_pages_a_second": PAGES / rendered,
        "served_pages_a_second": PAGES / served,
        "times_slower": rendered / served,
    }


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
