"""A page is read in a process of its own: one that is too much for it costs itself and no other page."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from retrieval.documents import Selectors, Source, SourceKind
from retrieval.errors import ExtractionError
from retrieval.extraction import extract_documents
from retrieval.extraction.process import ExtractionProcess
from retrieval.index.versions import VersionStore
from retrieval.interfaces import Fetch, FetchOutcome
from retrieval.refresh import refresh_index
from tests.support.embedding import plain_embedder
from tests.unit.retrieval.extraction.test_hostile import HTML, MARKDOWN

URL = "https://shop.test/faq"
PAIRS = "<h1>FAQ</h1><dl><dt>How do I return an item?</dt><dd>Send it <a href='/label'>back</a>.</dd></dl>"
# What keeps a parser busy for far longer than a page may take.
BUSY = {
    "emphasis": ("*a_ " * 500_000, "text/markdown"),
    "code": ("`a``b" * 300_000, "text/markdown"),
    "brackets": ("[" * 1_000_000, "text/markdown"),
    "images": ("![[" * 300_000, "text/markdown"),
    "links": ("[a](" * 300_000, "text/markdown"),
    "tags": ("<a " * 500_000, "text/markdown"),
}


def test_it_finds_what_is_found_here() -> None:
    pages = [
        (PAIRS.encode(), "text/html", None),
        ("<h1>帮助</h1><h2>怎么退货？</h2><p>请寄回。</p>".encode("gbk"), "text/html; charset=gbk", None),
        (b"# FAQ\n\n## Why?\n\nSo it is.\n", "text/markdown", None),
        (b"<section><i>Why</i><b>So.</b></section>", "text/html", Selectors("i", "b", "section")),
        (b"", "text/html", None),
    ]
    with ExtractionProcess() as process:
        for body, content_type, selectors in pages * 3:
            assert process.extract(body, URL, content_type, selectors) == extract_documents(
                body, URL, content_type, selectors
            )


def test_what_is_refused_here_is_refused_there_in_the_same_words() -> None:
    with ExtractionProcess() as process:
        for body in (b"%PDF-1.7\n", b"\0" * 100, b"x" * (17 << 20)):
            with pytest.raises(ExtractionError) as there:
                process.extract(body, URL)
            with pytest.raises(ExtractionError) as here:
                extract_documents(body, URL)
            assert str(there.value) == str(here.value)


@pytest.mark.parametrize("name", BUSY)
def test_a_page_that_keeps_a_parser_busy_costs_itself_alone(name: str) -> None:
    body, content_type = BUSY[name]
    with ExtractionProcess(page_seconds=0.6) as process:
        before = process.extract(PAIRS.encode(), URL)
        with pytest.raises(ExtractionError, match=r"https://shop\.test/busy takes more than 0\.6 s"):
            process.extract(body.encode(), "https://shop.test/busy", content_type)
        assert process.extract(PAIRS.encode(), URL) == before


@pytest.mark.slow
@pytest.mark.parametrize("name", [*HTML, *MARKDOWN])
def test_every_hostile_page_ends_and_the_next_one_is_read(name: str) -> None:
    body, content_type = (HTML[name], "text/html") if name in HTML else (MARKDOWN[name], "text/markdown")
    with ExtractionProcess() as process:
        try:
            process.extract(body.encode(), URL, content_type)
        except ExtractionError as error:
            assert "\n" not in str(error)
        assert len(process.extract(PAIRS.encode(), URL)) == 1


def test_a_page_that_takes_more_memory_than_there_is_costs_itself_alone() -> None:
    with ExtractionProcess(memory_bytes=300 << 20) as process:
        with pytest.raises(ExtractionError, match="leave it out, or split it"):
            process.extract(("<p>word " * 75_000 + "x" * (6 << 20)).encode(), URL)
        assert len(process.extract(PAIRS.encode(), URL)) == 1


def test_a_site_full_of_such_pages_is_given_less_time_for_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("retrieval.extraction.process.SHORT_SECONDS", 0.3)
    body, content_type = BUSY["code"]
    with ExtractionProcess(page_seconds=0.7, patience_seconds=0.7) as process:
        told = []
        for _ in range(3):
            with pytest.raises(ExtractionError) as raised:
                process.extract(body.encode(), URL, content_type)
            told.append(str(raised.value))
    assert ["0.7 s" in told[0], "0.3 s" in told[1], "0.3 s" in told[2]] == [True] * 3


def test_a_process_that_is_killed_is_told_and_replaced() -> None:
    with ExtractionProcess() as process:
        process.extract(PAIRS.encode(), URL)
        assert process._worker
        process._worker.kill()
        with pytest.raises(ExtractionError, match="exit code -9"):
            process.extract(PAIRS.encode(), URL)
        assert len(process.extract(PAIRS.encode(), URL)) == 1
        worker = process._worker
    assert worker.returncode is not None, "it ends with the block"


def test_a_fault_of_ours_is_one_line_and_the_next_page_is_read() -> None:
    with ExtractionProcess() as process:
        with pytest.raises(ExtractionError, match="internal error while its questions were read: AttributeError"):
            process.extract(PAIRS.encode(), URL, content_type=7)  # type: ignore[arg-type]
        assert len(process.extract(PAIRS.encode(), URL)) == 1


class _Site:
    """Pages in a list."""

    def __init__(self, *pages: Fetch) -> None:
        self.pages = pages

    def crawl(self, source: Source, known: object) -> object:
        yield from self.pages


def test_a_refresh_goes_on_after_a_page_that_is_too_much(tmp_path: Path) -> None:
    def page(name: str, body: str, content_type: str) -> Fetch:
        return Fetch(f"https://shop.test/{name}", FetchOutcome.FETCHED, "", 200, body.encode(), content_type)

    busy = [page(name, *BUSY[name]) for name in ("code", "brackets")]
    site = _Site(*busy, page("faq", PAIRS, "text/html"))
    report = refresh_index(
        [Source("shop", SourceKind.WEBSITE, "https://shop.test/")],
        store=VersionStore(tmp_path / "index"),
        crawler=site,  # type: ignore[arg-type]
        models=plain_embedder(),
        extracting=lambda: ExtractionProcess(page_seconds=0.6),
    )
    assert report.outcome == "activated" and len(report.added) == 1
    assert [line.url for line in report.failed] == [fetch.url for fetch in busy]
    assert all("takes more than 0.6 s" in line.reason for line in report.failed)


def test_it_leaves_with_whoever_started_it() -> None:
    with ExtractionProcess() as process:
        process.extract(PAIRS.encode(), URL)
        worker = process._worker
        assert worker and worker.stdin
        worker.stdin.close()
        assert worker.wait(10) == 0
    assert isinstance(worker, subprocess.Popen)
