"""A refresh over real HTTP: first whole, then only what changed, by conditional requests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from retrieval.crawling import CrawlSettings, crawler_for
from retrieval.documents import Source, SourceKind
from retrieval.index.index import Index
from retrieval.index.versions import VersionStore
from retrieval.refresh import RefreshOptions, RefreshReport, refresh_index
from tests.support.embedding import default_embedder
from tests.support.site import Page, Site


def faq(*pairs: tuple[str, str]) -> str:
    return "<h1>FAQ</h1><dl>" + "".join(f"<dt>{q}</dt><dd>{a}</dd>" for q, a in pairs) + "</dl>"


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        names = ("returns", "delivery", "payment", "account")
        links = "".join(f'<p><a href="/help/{name}">{name}</a></p>' for name in names)
        site.html("/help/", links, etag='"index"')
        for name in names:
            pairs = ((f"What about {name}?", f"All about {name}."), (f"Who does {name}?", f"The {name} team."))
            site.html(f"/help/{name}", faq(*pairs), etag=f'"{name}"')
        yield site


def test_a_second_refresh_asks_for_every_page_and_receives_only_the_changed_one(site: Site, tmp_path: Path) -> None:
    store = VersionStore(tmp_path / "index")
    source = Source("help", SourceKind.WEBSITE, site.url("/help/"))
    crawler = crawler_for(CrawlSettings(allow=("127.0.0.0/8",), delay=0))

    def run(**options: object) -> RefreshReport:
        site.forget_visits()
        return refresh_index(
            [source],
            store=store,
            crawler=crawler,
            models=default_embedder(),
            options=RefreshOptions(**options),  # type: ignore[arg-type]
        )

    first = run()
    assert (first.outcome, first.pages_fetched, len(first.added)) == ("activated", 5, 8)
    again = run()
    pages = {"/help/", *(f"/help/{name}" for name in ("returns", "delivery", "payment", "account"))}
    assert (again.outcome, again.pages_unchanged, again.bytes_received) == ("unchanged", 5, 0)
    assert {visit.status for visit in site.visits if visit.path in pages} == {304}

    site.html("/help/returns", faq(("What about returns?", "Thirty days."), ("Who does returns?", "Ann.")), etag='"v2"')
    site.pages["/help/payment"] = Page(b"gone", status=410)
    site.pages["/help/account"] = Page(b"broken", status=404)
    report = run(max_vanish=0.5)
    assert report.outcome == "activated"
    assert [line.question for line in report.changed] == ["What about returns?", "Who does returns?"]
    assert sorted(line.url for line in report.gone) == [site.url("/help/account"), site.url("/help/payment")]
    assert report.texts_embedded == 4  # by two models
    questions = {document.question for document in Index.load(store.find_active().folder).documents}
    assert questions == {"What about returns?", "Who does returns?", "What about delivery?", "Who does delivery?"}
