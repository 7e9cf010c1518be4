"""PDF, Word and spreadsheets as sources: from a folder and from the pages that link to them, to a cited answer."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from retrieval.crawling import CrawlSettings, crawler_for
from retrieval.documents import Document, Source, SourceKind
from retrieval.index.index import Index
from retrieval.index.versions import VersionStore
from retrieval.interfaces import FetchOutcome
from retrieval.refresh import RefreshOptions, RefreshReport, refresh_index
from tests.support.crawls import crawl, links, of, urls
from tests.support.documents import DOCX, PDF, XLSX, make_docx, make_pdf, make_scan, make_xlsx
from tests.support.embedding import default_embedder, give_model
from tests.support.site import Page, Site

KILN = make_pdf(
    ("title", "Kiln handbook"),
    ("heading", "When is the kiln fired?"),
    ("text", "The kiln is fired on Tuesday and on Friday."),
    ("page", ""),
    ("heading", "How much does a shelf in the kiln cost?"),
    ("text", "A whole shelf costs nine euros, half of one five euros."),
    ("heading", "Who may use the kiln?"),
    ("text", "Every member of the studio who has taken the course."),
)
CARE = make_docx(
    ("title", "Pot care"),
    ("heading", "How do I clean a glazed pot?"),
    ("text", "Rinse it with warm water and a soft brush."),
    ("heading", "May a pot go into the dishwasher?"),
    ("text", "No: the glaze would crack."),
)
SHOP = make_xlsx(
    {
        "FAQ": [
            ["Frage", "Antwort", "Stand"],
            ["Wie lange dauert der Versand nach Italien?", "Nach Italien dauert der Versand sechs Werktage.", "März"],
            ["Was kostet der Versand nach Italien?", "Der Versand nach Italien kostet elf Euro.", "April"],
        ]
    }
)
FILES = {"kiln.pdf": KILN, "care.docx": CARE, "shop.xlsx": SHOP}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "handbook"
    folder.mkdir()
    for name, body in FILES.items():
        (folder / name).write_bytes(body)
    return folder


def refresh(source: Source, store: VersionStore, **settings: Any) -> RefreshReport:
    return refresh_index(
        [source],
        store=store,
        crawler=crawler_for(CrawlSettings(allow=("127.0.0.0/8",), delay=0, **settings)),
        models=default_embedder(),
        options=RefreshOptions(max_vanish=1.0),
    )


def read_index(store: VersionStore) -> list[Document]:
    active = store.find_active()
    assert active
    return list(Index.load(active.folder).documents)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """`asked("…")`: what the command line answers, of a folder that it has crawled."""
    place = tmp_path_factory.mktemp("documents")
    files = place / "handbook"
    files.mkdir()
    for name, body in FILES.items():
        (files / name).write_bytes(body)
    give_model(place / "data")
    clean = {key: value for key, value in os.environ.items() if not key.startswith("FRONTDESK_")}
    frontdesk = [str(Path(sys.executable).parent / "frontdesk")]

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [*frontdesk, *arguments],
            env=clean | {"FRONTDESK_DATA_DIR": str(place / "data"), "COLUMNS": "200"},
            cwd=place, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    run("crawl", str(files))
    yield run


@pytest.mark.parametrize(
    ("question", "words", "where"),
    [
        ("How much is a shelf in the kiln?", "nine euros", "kiln.pdf#page=2"),
        ("When do you fire the kiln?", "Tuesday", "kiln.pdf#page=1"),
        ("Can I put a pot into the dishwasher?", "glaze would crack", "care.docx"),
        ("Was kostet der Versand nach Italien?", "elf Euro", "shop.xlsx"),
    ],
)
def test_an_answer_cites_the_file_and_its_page(asked: Any, question: str, words: str, where: str) -> None:
    answer = json.loads(asked("ask", question, "--json"))
    assert words in answer["answer"]
    assert answer["citations"][0]["url"].endswith(where)


def test_a_person_reads_the_file_and_its_page(asked: Any) -> None:
    assert "kiln (PDF), page 2" in asked("ask", "How much is a shelf in the kiln?")
    assert "shop (XLSX)" in asked("ask", "Was kostet der Versand nach Italien?")


def test_extract_reads_a_document_by_itself(folder: Path, asked: Any, tmp_path: Path) -> None:
    asked("extract", str(folder / "kiln.pdf"), "--out", str(tmp_path / "found"))
    rows = [json.loads(line) for line in (tmp_path / "found" / "kiln.pdf.jsonl").read_text("utf-8").splitlines()]
    assert [row["url"].rpartition("#")[2] for row in rows] == ["page=1", "page=2", "page=2"]


def test_a_file_is_read_again_only_once_it_changed(folder: Path, tmp_path: Path) -> None:
    store, source = VersionStore(tmp_path / "index"), Source("handbook", SourceKind.FOLDER, str(folder))
    assert refresh(source, store).pages_fetched == 3
    again = refresh(source, store)
    assert (again.outcome, again.pages_unchanged, again.texts_embedded) == ("unchanged", 3, 0)
    (folder / "care.docx").write_bytes(make_docx(("heading", "May it freeze?"), ("text", "It may not.")))
    (folder / "shop.xlsx").unlink()
    report = refresh(source, store)
    assert (report.pages_fetched, report.pages_unchanged, len(report.gone)) == (1, 1, 1)
    assert "May it freeze?" in {each.question for each in read_index(store)}


def test_what_cannot_be_read_costs_itself_alone_and_is_named(folder: Path, tmp_path: Path) -> None:
    (folder / "scan.pdf").write_bytes(make_scan("When do you open?"))
    (folder / "locked.pdf").write_bytes(make_pdf(("text", "x"), password="secret"))
    (folder / "broken.docx").write_bytes(CARE[:700])
    (folder / "large.pdf").write_bytes(KILN + bytes(200_000))
    (folder / "page.pdf").write_text("<h1>Sign in</h1>")
    store, source = VersionStore(tmp_path / "index"), Source("handbook", SourceKind.FOLDER, str(folder))
    report = refresh(source, store, document_bytes=150_000)
    assert report.outcome == "activated"
    assert {each.url.rpartition("/")[2].partition("#")[0] for each in read_index(store)} == set(FILES)
    reasons = {line.url.rpartition("/")[2]: line.reason for line in report.failed}
    assert set(reasons) == {"scan.pdf", "locked.pdf", "broken.docx", "large.pdf", "page.pdf"}
    assert "is scanned, without text: run OCR first" in reasons["scan.pdf"]
    assert "is encrypted" in reasons["locked.pdf"]
    assert "is broken" in reasons["broken.docx"]
    assert "larger than" in reasons["large.pdf"]
    assert "is called PDF" in reasons["page.pdf"] or "is called application/pdf" in reasons["page.pdf"]


def test_documents_that_pages_link_to_are_read_and_asked_for_again_by_their_etag(site: Site, tmp_path: Path) -> None:
    site.html("/help/", links("/help/kiln.pdf", "/help/care.docx", "/help/get?id=7", "/other/far.pdf"), etag='"1"')
    site.pages["/help/kiln.pdf"] = Page(KILN, content_type=PDF, etag='"k"')
    site.pages["/help/care.docx"] = Page(CARE, content_type="application/octet-stream", etag='"c"')
    site.pages["/help/get?id=7"] = Page(SHOP, content_type=XLSX, etag='"s"')
    site.pages["/other/far.pdf"] = Page(KILN, content_type=PDF)
    store, source = VersionStore(tmp_path / "index"), Source("help", SourceKind.WEBSITE, site.url("/help/"))
    assert refresh(source, store).outcome == "activated"
    assert {each.url for each in read_index(store)} == {
        site.url("/help/kiln.pdf#page=1"),
        site.url("/help/kiln.pdf#page=2"),
        site.url("/help/care.docx"),
        site.url("/help/get?id=7"),
    }
    assert not site.visited("/other/far.pdf"), "outside the source's scope"
    again = refresh(source, store)
    assert (again.outcome, again.pages_unchanged, again.bytes_received) == ("unchanged", 4, 0)


def test_robots_noindex_and_the_limit_hold_for_documents(site: Site) -> None:
    site.text("/robots.txt", "User-agent: *\nDisallow: /secret\n")
    site.html("/", links("/secret.pdf", "/hidden.pdf", "/large.pdf", "/copy.pdf", "/kiln.pdf", "/page.pdf"))
    site.pages["/secret.pdf"] = Page(KILN, content_type=PDF)
    site.pages["/hidden.pdf"] = Page(KILN, content_type=PDF, headers={"X-Robots-Tag": "noindex"})
    site.pages["/large.pdf"] = Page(KILN + bytes(300_000), content_type=PDF)
    site.pages["/copy.pdf"] = site.pages["/kiln.pdf"] = Page(KILN, content_type=PDF)
    site.html("/page.pdf", "<h1>A page after all</h1>")
    fetches = crawl(site.url("/"), document_bytes=200_000, page_bytes=20_000)
    assert not site.visited("/secret.pdf")
    assert site.url("/page.pdf") in urls(fetches), "the content type goes before the ending"
    assert len(urls(fetches) & {site.url("/copy.pdf"), site.url("/kiln.pdf")}) == 1, "one text is one page"
    assert site.url("/hidden.pdf") not in urls(fetches)
    large = of(fetches, site.url("/large.pdf"))
    assert (large.outcome, "larger than" in large.reason) == (FetchOutcome.FAILED, True)


def test_a_single_document_is_a_source(site: Site) -> None:
    site.pages["/care.docx"] = Page(CARE, content_type=DOCX)
    [fetch] = crawl(site.url("/care.docx"), kind=SourceKind.PAGE)
    assert (fetch.outcome, fetch.body) == (FetchOutcome.FETCHED, CARE)
