"""A refresh tells how much of each page is known, and counts no page and no source as read of which nothing came."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retrieval.crawling import FolderReader
from retrieval.documents import Source, SourceKind
from retrieval.index.index import Index
from retrieval.index.page_records import CRAWL, read_coverage, read_pages
from retrieval.index.versions import VersionStore
from retrieval.refresh import RefreshOptions, RefreshReport, refresh_index
from tests.support.embedding import plain_embedder

MENU = "<div><span>Contents</span> <span>Index</span></div>"


class Shelf:
    """Folders of pages that are read as sources."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = VersionStore(folder / "versions")

    def write(self, source: str, page: str, body: str) -> None:
        path = self.folder / source / f"{page}.html"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"<html lang=en><title>{page}</title><body>{body}</body></html>", encoding="utf-8")

    def refresh(self, *sources: str, **options: object) -> RefreshReport:
        return refresh_index(
            [Source(name, SourceKind.FOLDER, str(self.folder / name)) for name in sources],
            store=self.store,
            crawler=FolderReader(),
            models=plain_embedder(),
            options=RefreshOptions(**options),  # type: ignore[arg-type]
        )

    def questions(self) -> list[str]:
        return [document.question for document in Index.load(self.store.find_active().folder).documents]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    shelf = Shelf(tmp_path)
    for n in range(6):
        text = f"<p>Lamp {n} has to be turned on with the dial, and never by pulling at its cord.</p>"
        shelf.write("manual", f"lamp {n}", f"{MENU}<h2>Use of lamp {n}</h2>{text}")
    return shelf


def test_a_menu_on_every_page_is_not_indexed_and_its_pages_are_whole(shelf: Shelf) -> None:
    report = shelf.refresh("manual")
    assert shelf.questions() == [f"Use of lamp {n}" for n in range(6)]
    assert [page.coverage.explain_loss() for page in report.coverage.pages if page.coverage] == [""] * 6
    assert report.coverage.below == ()
    assert [(text.start, text.pages) for text in report.coverage.repeated] == [("Contents Index", 6)]


def test_pages_that_did_not_change_count_and_keep_their_figures(shelf: Shelf) -> None:
    first = shelf.refresh("manual")
    shelf.write(
        "manual", "lamp 7", f"{MENU}<h2>Use of lamp 7</h2><p>It cannot be dimmed, unlike all of the others.</p>"
    )
    second = shelf.refresh("manual")
    assert second.pages_unchanged == 6
    assert [line.question for line in second.added] == ["Use of lamp 7"]
    assert set(first.coverage.pages) <= set(second.coverage.pages)
    assert set(read_coverage(shelf.store.find_active().folder)) == set(second.coverage.pages)


def test_a_menu_that_only_comes_to_repeat_is_no_knowledge_that_vanishes(shelf: Shelf) -> None:
    for n in range(3, 6):
        (shelf.folder / "manual" / f"lamp {n}.html").unlink()
    assert shelf.refresh("manual").as_dict()["documents"]["added"] == 6  # type: ignore[index]
    for n in range(3, 6):
        shelf.write("manual", f"lamp {n}", f"{MENU}<h2>Use of lamp {n}</h2><p>Lamp {n} has no dial, but a cord.</p>")
    report = shelf.refresh("manual", max_vanish=0.0)
    assert (len(report.added), len(report.removed)) == (3, 3)


def test_what_is_missing_of_a_page_is_told_the_worst_page_first(shelf: Shelf) -> None:
    drawing = "<svg>" + "".join(f"<text>Screw number {n} of the base, M4 by 20</text>" for n in range(9)) + "</svg>"
    shelf.write("manual", "half", f"{MENU}<h2>The base</h2><p>It is held by nine screws.</p>{drawing}")
    shelf.write("manual", "none", f"{MENU}<svg><text>How the lamp is to be put together</text></svg>")
    report = shelf.refresh("manual")
    assert [Path(page.url).name for page in report.coverage.below] == ["none.html", "half.html"]
    below = report.as_dict()["coverage"]["below"]  # type: ignore[index]
    assert below[1]["left_out"]["unreadable"] > 200
    assert 0 < below[1]["share"] < 0.2
    assert json.loads(json.dumps(below)) == below
    assert shelf.refresh("manual", min_coverage=0.05).coverage.below == report.coverage.below[:1]


def test_a_page_of_which_nothing_is_known_says_why(shelf: Shelf) -> None:
    shelf.write("manual", "app", "<div id=root></div><script>start()</script>")
    [line] = shelf.refresh("manual").empty
    assert Path(line.url).name == "app.html"
    assert "script" in line.reason


def test_a_source_whose_pages_give_nothing_is_told_apart_from_those_that_do(shelf: Shelf) -> None:
    for n in range(3):
        shelf.write("app", f"page {n}", "<div id=root></div><script>start()</script>")
    report = shelf.refresh("manual", "app")
    assert report.sources_failed == ()
    [line] = report.sources_empty
    assert (line.source, line.pages_read) == ("app", 3)
    assert line.reason.startswith("none of its 3 pages gave a question or a text: ")
    assert report.as_dict()["sources_empty"]


def test_a_version_made_before_there_were_figures_is_read_and_measured_again(shelf: Shelf) -> None:
    shelf.refresh("manual")
    crawl = shelf.store.find_active().folder / CRAWL
    rows = [json.loads(line) for line in crawl.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        del row["coverage"]
        row["rules"] = "of the version before"
    crawl.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    folder = shelf.store.find_active().folder
    assert all(record.state.content_hash and record.coverage is None for record in read_pages(folder).values())
    assert {page.coverage for page in read_coverage(folder)} == {None}
    report = shelf.refresh("manual")
    assert report.outcome == "unchanged"
    assert None not in {page.coverage for page in read_coverage(shelf.store.find_active().folder)}
