"""The crawl process and the one that started it: neither outlives, blocks nor fills up the other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from retrieval.crawling import CrawlSettings, ScrapyCrawler
from retrieval.documents import Source, SourceKind
from retrieval.errors import SourceError
from retrieval.interfaces import Fetch, FetchOutcome
from tests.support.crawls import LOOPBACK, crawl, of
from tests.support.site import Page, Site

MIB = 1024 * 1024


@pytest.fixture
def site() -> Iterator[Site]:
    """A start page with links to 200 slow ones."""
    with Site() as site:
        site.html("/", "".join(f'<a href="/{n}">x</a>' for n in range(200)))
        for n in range(200):
            site.html(f"/{n}", "x", delay=0.2)
        yield site


def start(site: Site, **settings: object) -> Iterator[Fetch]:
    bounds = {"allow": LOOPBACK, "delay": 0.0, **settings}
    return ScrapyCrawler(CrawlSettings(**bounds)).crawl(Source("t", SourceKind.WEBSITE, site.url("/")), {})  # type: ignore[arg-type]


def workers(parent: int) -> list[int]:
    """The process ids of a process's crawl workers."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_text()
        except OSError:
            continue
        if int(state[1]) == parent and state[0] != "Z" and "retrieval.crawling.worker" in command:
            found.append(int(folder.name))
    return found


def wait_until(holds: Callable[[], bool], seconds: float = 30) -> bool:
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def test_closing_the_iterator_ends_the_process_and_leaves_no_files(site: Site, own_temporary_folder: Path) -> None:
    crawling = start(site)
    next(crawling)
    assert workers(os.getpid())
    crawling.close()  # type: ignore[attr-defined]
    assert not workers(os.getpid())
    assert not [*own_temporary_folder.iterdir()]


def test_a_process_that_dies_is_an_error_that_says_so(site: Site) -> None:
    crawling = start(site)
    next(crawling)
    (worker,) = workers(os.getpid())
    os.kill(worker, signal.SIGSEGV)
    with pytest.raises(SourceError, match=r"died \(exit code -11"):
        list(crawling)


def test_it_ends_soon_after_its_parent_was_killed_and_takes_its_files_along(
    site: Site, own_temporary_folder: Path
) -> None:
    script = f"""
        from retrieval.crawling import CrawlSettings, ScrapyCrawler
        from retrieval.documents import Source, SourceKind
        settings = CrawlSettings(allow=("127.0.0.1/32",), delay=0)
        for fetch in ScrapyCrawler(settings).crawl(Source("t", SourceKind.WEBSITE, {site.url("/")!r}), {{}}):
            print(fetch.url, flush=True)
    """
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout and parent.stdout.readline()
    (worker,) = workers(parent.pid)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert wait_until(lambda: not Path(f"/proc/{worker}").exists())
    assert wait_until(lambda: not [*own_temporary_folder.iterdir()])


def test_it_ends_even_when_its_parent_was_killed_while_it_waited_for_a_slow_server(site: Site) -> None:
    site.html("/", "x", delay=30)
    script = f"""
        from retrieval.crawling import CrawlSettings, ScrapyCrawler
        from retrieval.documents import Source, SourceKind
        settings = CrawlSettings(allow=("127.0.0.1/32",), delay=0, page_timeout=60)
        list(ScrapyCrawler(settings).crawl(Source("t", SourceKind.WEBSITE, {site.url("/")!r}), {{}}))
    """
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)])
    assert wait_until(lambda: bool(workers(parent.pid)))
    (worker,) = workers(parent.pid)
    parent.kill()
    parent.wait()
    assert wait_until(lambda: not Path(f"/proc/{worker}").exists())


def test_a_page_too_large_for_the_process_fails_alone(site: Site) -> None:
    site.html("/", '<a href="/big">x</a><a href="/small">x</a>')
    site.html("/small", "x")
    site.pages["/big"] = Page(b"<p>x" * (9 * MIB // 4))
    fetches = crawl(site.url("/"), memory_bytes=300 * MIB, retries=0)
    assert of(fetches, site.url("/big")).reason == "the crawl process has no memory left for it"
    assert of(fetches, site.url("/small")).outcome is FetchOutcome.FETCHED


def test_a_process_that_cannot_start_is_one_clear_line(site: Site) -> None:
    with pytest.raises(SourceError, match=r"memory|died") as told:
        crawl(site.url("/"), memory_bytes=60 * MIB)
    assert "\n" not in str(told.value)


def test_it_waits_for_a_reader_that_is_slow(site: Site, own_temporary_folder: Path) -> None:
    bodies = {f"/{n}.txt": b"%d " % n + b"x" * (8 * MIB - 3) for n in range(24)}  # one text would be one page
    site.html("/", "".join(f'<a href="{path}">x</a>' for path in bodies))
    site.pages.update({path: Page(body, content_type="text/plain") for path, body in bodies.items()})
    crawling = start(site)
    next(crawling)
    (spool,) = own_temporary_folder.glob("frontdesk-crawl-*")
    time.sleep(2)
    assert sum(path.stat().st_size for path in spool.iterdir()) <= (64 + 5 * 8) * MIB
    assert {fetch.body for fetch in crawling} == set(bodies.values())


def test_what_it_prints_is_no_part_of_its_answer_and_progress_is_told(site: Site) -> None:
    site.html("/", '<a href="/0">x</a><a href="/1">x</a>')
    fetches = crawl(site.url("/"))
    assert [fetch.discovered for fetch in fetches] == [3, 3, 3]
