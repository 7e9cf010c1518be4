"""The refresh, with the real extraction, embedder, index and versions; pages come from a list instead of a network."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from retrieval.audiences import Audiences, EarlierAudience, Viewer
from retrieval.documents import Document, Selectors, Source, SourceKind
from retrieval.errors import (
    ExtractionError,
    NoActiveVersion,
    RefreshError,
    RefreshRunning,
    SourceError,
    TooMuchWouldVanish,
)
from retrieval.extraction import ExtractedPage, extract_page
from retrieval.index.index import Index
from retrieval.index.lock import RefreshLock
from retrieval.index.versions import VersionStore
from retrieval.interfaces import Embedder, Fetch, FetchOutcome, KnownPage, Vectors
from retrieval.models.embedding_models import EmbeddingModels
from retrieval.refresh import Progress, RefreshOptions, RefreshReport, refresh_index
from retrieval.search.audience_views import AudienceViews
from tests.support.embedding import plain_embedder

SHOP = Source("shop", SourceKind.WEBSITE, "https://shop.test/")
BLOG = Source("blog", SourceKind.WEBSITE, "https://blog.test/")

_TOPICS = {
    "returns": ("How do I return an item?", "Send it back within thirty days."),
    "delivery": ("How long does delivery take?", "Three to five working days."),
    "payment": ("Which cards do you take?", "Every card but Diners Club."),
    "account": ("How do I close my account?", "Under settings, choose to close it."),
    "zh": ("如何退货？", "收到商品后七天内可以申请退货。"),
}


def faq(*pairs: tuple[str, str]) -> str:
    items = "".join(f"<dt>{question}</dt><dd>{answer}</dd>" for question, answer in pairs)
    more = "<dt>What is this page?</dt><dd>It is the page that starts with: " + pairs[0][0] + "</dd>"
    return f"<html><body><h1>FAQ</h1><dl>{items}{more}</dl></body></html>"


@dataclass
class PageList:
    """A Crawler over pages in memory that answers conditional requests, and counts what it is asked."""

    pages: dict[str, str | Fetch | SourceError] = field(default_factory=dict)
    bodies_sent: int = 0

    def crawl(self, source: Source, known: Mapping[str, KnownPage]) -> Iterator[Fetch]:
        for url, page in self.pages.items():
            if not url.startswith(source.location):
                continue
            if isinstance(page, SourceError):
                raise page
            if isinstance(page, Fetch):
                yield page
                continue
            etag = str(hash(page))
            if url in known and known[url].etag == etag:
                yield Fetch(url, FetchOutcome.UNCHANGED, url, 304, etag=etag)
            else:
                self.bodies_sent += 1
                body = page.encode()
                kind = "text/html; charset=utf-8"
                yield Fetch(url, FetchOutcome.FETCHED, url, 200, body, kind, etag, bytes_received=len(body))
        for url in known.keys() - self.pages.keys():
            yield Fetch(url, FetchOutcome.GONE, url, 404, reason="404 Not Found")


class CountingEmbedder:
    """A real model, under another name if one is given, counting the texts it embeds."""

    def __init__(self, suffix: str = "") -> None:
        self._real = plain_embedder()
        self.fingerprint = self._real.fingerprint + suffix
        self.dimension, self.max_tokens = self._real.dimension, self._real.max_tokens
        self.tells_questions_apart = self._real.tells_questions_apart
        self.texts: list[str] = []

    def embed_queries(self, texts: list[str]) -> Vectors:
        return self._real.embed_queries(texts)

    def embed_questions(self, texts: list[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        return self._real.embed_questions(texts, on_progress)

    def embed_documents(self, texts: list[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        self.texts += texts
        return self._real.embed_documents(texts, on_progress)

    def count_tokens(self, text: str) -> int:
        return self._real.count_tokens(text)


class Here(NamedTuple):
    """Reads pages in this process."""

    extract_page: Callable[..., ExtractedPage]


@dataclass
class Desk:
    """A store, a site and a way to refresh."""

    store: VersionStore
    site: PageList
    sources: list[Source]
    progress: list[Progress] = field(default_factory=list)
    extract_page: Callable[..., ExtractedPage] = extract_page
    audiences: Audiences = field(default_factory=Audiences)
    wordings: dict[str, tuple[str, ...]] = field(default_factory=dict)

    def refresh(self, models: Embedder | EmbeddingModels | None = None, **options: object) -> RefreshReport:
        self.progress.clear()
        return refresh_index(
            self.sources,
            store=self.store,
            crawler=self.site,
            models=models or plain_embedder(),
            options=RefreshOptions(**options),  # type: ignore[arg-type]
            audiences=self.audiences,
            wordings=self.wordings,
            on_progress=self.progress.append,
            extracting=lambda: nullcontext(Here(self.extract_page)),
        )

    def sees(self, *groups: str) -> list[str]:
        """The sources of what somebody of these groups sees of one question, after the newest refresh."""
        version = self.store.find_active()
        audiences = self.audiences.at_version(version.id)
        view = AudienceViews().find_view(Index.load(version.folder), audiences, Viewer(frozenset(groups)))
        return [each.source for each in view.documents if each.question == "How do I return an item?"]

    def questions(self) -> set[str]:
        index = Index.load(self.store.find_active().folder)
        return {document.question for document in index.documents}

    def finds(self, query: str) -> str:
        index = Index.load(self.store.find_active().folder)
        field = index.fields[0]
        [row] = field.dense.search(plain_embedder().embed_queries([query]), 1)[0]
        return index.passages[index.row_passage[row]].document.question


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    pages: dict[str, str | Fetch | SourceError] = {f"https://shop.test/{name}": faq(t) for name, t in _TOPICS.items()}
    return Desk(VersionStore(tmp_path / "index", keep=3), PageList(pages), [SHOP])


def test_the_first_refresh_activates_a_version_that_finds_what_the_pages_say(desk: Desk) -> None:
    report = desk.refresh()
    assert report.outcome == "activated"
    assert report.version == desk.store.active_id()
    assert len(report.added) == 10
    assert report.pages_fetched == 5
    assert report.bytes_received > 500
    assert desk.finds("I want to send back what I bought") == "How do I return an item?"
    manifest = desk.store.find_active().manifest
    assert manifest.counts["documents"] == 10
    assert manifest.counts["pages"] == 5
    assert manifest.embedder == plain_embedder().fingerprint
    document = Index.load(desk.store.find_active().folder).documents[0]
    assert document.source == "shop"
    assert document.crawled_at.startswith("20")


def test_an_unchanged_site_costs_no_body_no_embedding_and_no_version(desk: Desk) -> None:
    first = desk.refresh(plain_embedder())
    sent = desk.site.bodies_sent
    embedder = CountingEmbedder()
    report = desk.refresh(embedder)
    assert (report.outcome, report.version) == ("unchanged", first.version)
    assert (report.pages_unchanged, report.documents_unchanged, report.texts_embedded) == (5, 10, 0)
    assert desk.site.bodies_sent == sent
    assert embedder.texts == []
    assert len(desk.store.list_versions()) == 1


def test_only_what_changed_is_embedded(desk: Desk) -> None:
    desk.refresh(plain_embedder())
    desk.site.pages["https://shop.test/returns"] = faq(("How do I return an item?", "Send it back within ninety days."))
    embedder = CountingEmbedder()
    report = desk.refresh(embedder)
    assert report.outcome == "activated"
    assert [line.question for line in report.changed] == ["How do I return an item?"]
    assert (report.added, report.removed, report.documents_unchanged) == ((), (), 9)
    assert report.texts_embedded == 1
    assert any("ninety" in text for text in embedder.texts)
    index = Index.load(desk.store.find_active().folder)
    again = plain_embedder().embed_documents([document.question for document in index.documents])
    assert np.all(np.max(again @ index.fields[0].rows.T, axis=1) > 0.98)


def test_new_bytes_with_the_same_questions_and_answers_make_no_version_but_keep_the_new_validator(desk: Desk) -> None:
    desk.refresh()
    page = desk.site.pages["https://shop.test/returns"]
    desk.site.pages["https://shop.test/returns"] = f"{page}<!-- rendered in 17 ms -->"
    report = desk.refresh()
    assert (report.outcome, report.pages_fetched) == ("unchanged", 1)
    sent = desk.site.bodies_sent
    assert desk.refresh().pages_unchanged == 5
    assert desk.site.bodies_sent == sent


def test_a_gone_page_is_dropped_and_a_failing_one_keeps_its_last_good_copy(desk: Desk) -> None:
    desk.refresh()
    del desk.site.pages["https://shop.test/payment"]
    url = "https://shop.test/returns"
    desk.site.pages[url] = Fetch(url, FetchOutcome.FAILED, url, 503, reason="503 Service Unavailable")
    report = desk.refresh()
    assert [(line.url, line.reason) for line in report.gone] == [("https://shop.test/payment", "404 Not Found")]
    assert [(line.url, line.reason) for line in report.failed] == [(url, "503 Service Unavailable")]
    assert len(report.removed) == 2
    assert "How do I return an item?" in desk.questions()
    assert "Which cards do you take?" not in desk.questions()
    desk.site.pages[url] = faq(_TOPICS["returns"])
    assert desk.refresh().outcome == "unchanged"


def test_a_page_that_redirects_now_moves_its_documents(desk: Desk) -> None:
    desk.refresh()
    page = desk.site.pages.pop("https://shop.test/returns")
    assert isinstance(page, str)
    new = "https://shop.test/help/returns"
    desk.site.pages["https://shop.test/returns"] = Fetch(
        new, FetchOutcome.FETCHED, "https://shop.test/returns", 200, page.encode(), "text/html"
    )
    report = desk.refresh()
    assert [line.reason for line in report.gone] == [f"moved to {new}"]
    assert {line.url.partition("#")[0] for line in report.added} == {new}


def test_a_page_that_cannot_be_parsed_keeps_its_last_good_copy(desk: Desk) -> None:
    desk.refresh()

    def failing(body: bytes, url: str, *rest: object) -> ExtractedPage:
        if url.endswith("/returns"):
            raise ExtractionError(f"{url} nests its elements too deep")
        if url.endswith("/payment"):
            raise ExtractionError("internal error while its questions were read: ZeroDivisionError")
        return extract_page(body, url, *rest)  # type: ignore[arg-type]

    desk.extract_page = failing
    for name in ("returns", "payment", "account"):
        desk.site.pages[f"https://shop.test/{name}"] = faq(("Is this new?", f"Yes, about {name}."))
    report = desk.refresh()
    assert (report.pages_fetched, len(report.failed), report.pages_unchanged) == (1, 2, 2)
    assert sorted(line.reason for line in report.failed) == [
        "https://shop.test/returns nests its elements too deep",
        "internal error while its questions were read: ZeroDivisionError",
    ]
    assert {"How do I return an item?", "Which cards do you take?", "Is this new?"} <= desk.questions()


def test_new_selectors_fetch_the_pages_of_their_source_again(desk: Desk) -> None:
    desk.refresh()
    sent = desk.site.bodies_sent
    desk.sources = [replace(SHOP, selectors=Selectors("dt", "dd"))]
    assert desk.refresh().outcome == "unchanged"
    assert desk.site.bodies_sent == sent + 5
    assert desk.refresh().pages_unchanged == 5


def test_a_new_extractor_fetches_every_page_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.refresh()
    sent = desk.site.bodies_sent
    monkeypatch.setattr("retrieval.refresh.collect.EXTRACTOR_VERSION", "next")
    desk.refresh()
    assert desk.site.bodies_sent == sent + 5


def test_the_same_pair_on_two_pages_is_indexed_once_and_survives_the_loss_of_one(desk: Desk) -> None:
    twin = faq(("  how do I RETURN an item? ", "Send it back within thirty days."), ("Who are you?", "A shop."))
    desk.site.pages["https://shop.test/zz-twin"] = twin
    desk.refresh()
    documents = Index.load(desk.store.find_active().folder).documents
    held = [document.url for document in documents if "return an item" in document.question.casefold()]
    assert len(held) == 1
    assert held[0].startswith("https://shop.test/returns")
    del desk.site.pages["https://shop.test/returns"]
    desk.refresh()
    assert any(question.strip().casefold() == "how do i return an item?" for question in desk.questions())


PARTNERS, STAFF = frozenset({"slack:channel:CPARTNERS"}), frozenset({"slack:channel:CSTAFF"})


@pytest.mark.parametrize(
    ("shop", "blog", "anybody", "partner", "both"),
    [
        (frozenset(), frozenset(), ["shop"], ["shop"], ["shop"]),
        (PARTNERS, frozenset(), ["blog"], ["blog"], ["blog"]),
        (frozenset(), PARTNERS, ["shop"], ["shop"], ["shop"]),
        (PARTNERS, STAFF, [], ["shop"], ["shop"]),
        (PARTNERS, PARTNERS | STAFF, [], ["blog"], ["blog"]),
        (PARTNERS, PARTNERS, [], ["shop"], ["shop"]),
    ],
)
@pytest.mark.parametrize("same_page", [False, True])
def test_what_two_sources_hold_is_seen_by_all_whom_either_is_for_and_once(
    desk: Desk,
    shop: frozenset[str],
    blog: frozenset[str],
    anybody: list[str],
    partner: list[str],
    both: list[str],
    same_page: bool,
) -> None:
    copy = SHOP if same_page else BLOG
    desk.sources = [SHOP, replace(copy, name="blog")]
    desk.site.pages["https://blog.test/returns"] = faq(_TOPICS["returns"])
    desk.audiences = Audiences({"shop": shop, "blog": blog})
    desk.refresh()
    assert desk.sees() == anybody
    assert desk.sees(*PARTNERS) == partner
    assert desk.sees(*PARTNERS, *STAFF) == both


def test_a_copy_comes_back_when_the_other_is_limited_though_no_page_changed(desk: Desk) -> None:
    desk.sources = [SHOP, BLOG]
    desk.site.pages["https://blog.test/returns"] = faq(_TOPICS["returns"])
    desk.refresh()
    assert desk.sees() == ["shop"]
    desk.audiences = Audiences({"shop": PARTNERS})
    assert desk.refresh().outcome == "activated"
    assert desk.sees() == ["blog"]
    assert desk.refresh().outcome == "unchanged"


def test_pages_of_an_earlier_source_of_a_name_keep_its_audience_until_the_next_one_is_read(desk: Desk) -> None:
    desk.sources = [SHOP, BLOG]
    desk.site.pages["https://blog.test/about"] = faq(("Who writes here?", "We all do."))
    desk.audiences = Audiences({"shop": PARTNERS})
    desk.refresh()
    desk.audiences = Audiences(earlier={"shop": (EarlierAudience(PARTNERS),)})  # taken out, and added for everybody
    assert desk.sees() == []
    desk.site.pages["https://blog.test/about"] = faq(("Who writes here?", "Nobody any more."))
    assert desk.refresh(only=frozenset({"blog"})).renewed == ()
    assert desk.sees() == []
    sent = desk.site.bodies_sent
    desk.site.pages["https://shop.test/zz-broken"] = Fetch(
        "https://shop.test/zz-broken", FetchOutcome.FAILED, reason="502 Bad Gateway"
    )
    report = desk.refresh()
    assert report.renewed == ("shop",)
    assert desk.site.bodies_sent == sent + 5  # whatever an earlier source knew of these pages
    desk.audiences = Audiences(earlier={"shop": (EarlierAudience(PARTNERS, report.version),)})
    assert desk.sees() == ["shop"]
    desk.store.roll_back()
    assert desk.sees() == []


def test_pages_of_a_removed_source_leave_without_force(desk: Desk) -> None:
    desk.sources = [SHOP, BLOG]
    for number in range(9):
        desk.site.pages[f"https://blog.test/{number}"] = faq((f"What is post {number}?", f"The post number {number}."))
    desk.refresh()
    desk.sources = [SHOP]
    report = desk.refresh()
    assert (report.outcome, len(report.removed), report.pages_unchanged) == ("activated", 18, 5)


def test_only_the_named_sources_are_crawled_and_the_others_stay(desk: Desk) -> None:
    desk.sources = [SHOP, BLOG]
    desk.site.pages["https://blog.test/1"] = faq(("Who writes this?", "We do."))
    desk.refresh()
    desk.site.pages["https://blog.test/1"] = faq(("Who writes this?", "They do."))
    desk.site.pages["https://shop.test/returns"] = faq(("How do I return an item?", "Not at all."))
    report = desk.refresh(only=frozenset({"blog"}))
    assert [line.question for line in report.changed] == ["Who writes this?"]
    assert "How do I return an item?" in desk.questions()
    with pytest.raises(SourceError, match="no source named 'nobody'"):
        desk.refresh(only=frozenset({"nobody"}))


def test_a_source_that_cannot_be_read_keeps_its_pages_while_another_goes_on(desk: Desk) -> None:
    desk.sources = [BLOG, SHOP]
    desk.site.pages["https://blog.test/1"] = faq(("Who writes this?", "We do."))
    desk.refresh()
    desk.site.pages["https://blog.test/1"] = SourceError("blog.test does not resolve: check the address.")
    desk.site.pages["https://shop.test/new"] = faq(("Is there a new page?", "Yes."))
    report = desk.refresh()
    assert [(line.source, line.reason) for line in report.failed] == [
        ("blog", "blog.test does not resolve: check the address.")
    ]
    assert report.pages_unseen == 1
    assert report.sources == ("blog", "shop")
    assert [(line.source, line.pages_read) for line in report.sources_failed] == [("blog", 0)]
    assert {"Who writes this?", "Is there a new page?"} <= desk.questions()


def test_the_failure_of_a_start_page_is_told_once(desk: Desk) -> None:
    desk.sources = [BLOG, SHOP]
    desk.refresh()
    url = BLOG.location
    desk.site.pages[url] = Fetch(url, FetchOutcome.FAILED, url, 503, reason="the server answers 503")
    desk.site.pages[f"{url}zz"] = SourceError(f"{url} cannot be read: the server answers 503. Try later.")
    report = desk.refresh()
    assert [line.reason for line in report.failed] == [f"{url} cannot be read: the server answers 503. Try later."]
    assert [line.source for line in report.sources_failed] == ["blog"]


def test_a_source_of_which_every_page_fails_is_a_failed_one(desk: Desk) -> None:
    desk.sources = [BLOG, SHOP]
    for url in ("https://blog.test/1", "https://blog.test/2"):
        desk.site.pages[url] = Fetch(url, FetchOutcome.FAILED, url, 500, reason="500")
    report = desk.refresh()
    assert len(report.failed) == 2
    assert [(line.source, line.reason) for line in report.sources_failed] == [("blog", "500")]


def test_pages_without_text_and_skipped_files_are_listed(desk: Desk) -> None:
    desk.site.pages["https://shop.test/zz-menu"] = "<html><body><nav>Home</nav></body></html>"
    slides = "https://shop.test/zz.pptx"
    desk.site.pages[slides] = Fetch(slides, FetchOutcome.SKIPPED, reason=".pptx is not read")
    for _ in range(2):  # the second time, both are unchanged
        report = desk.refresh()
        assert [line.url for line in report.empty] == ["https://shop.test/zz-menu"]
        assert [line.url for line in report.skipped] == [slides]
        assert report.pages_fetched + report.pages_unchanged == 6
        assert report.as_dict()["empty"]


def test_a_document_without_a_title_is_called_after_its_page(desk: Desk) -> None:
    text = "<html><body><p>We open at nine in the morning and close at six.</p></body></html>"
    desk.site.pages |= {"https://shop.test/opening%20hours/": text, "https://shop.test/": text.replace("nine", "ten")}
    desk.refresh()
    assert {"opening hours", "shop.test"} <= desk.questions()


def test_when_no_source_can_be_read_the_first_error_is_raised(desk: Desk) -> None:
    desk.refresh()
    before = desk.store.active_id()
    desk.site.pages = {"https://shop.test/": SourceError("shop.test does not resolve: check the address.")}
    with pytest.raises(SourceError, match="does not resolve"):
        desk.refresh()
    assert desk.store.active_id() == before


def test_a_crawl_that_breaks_off_keeps_what_it_did_not_come_to(desk: Desk) -> None:
    desk.refresh()
    pages = dict(desk.site.pages)
    desk.site.pages = {
        "https://shop.test/account": faq(("How do I close my account?", "Write to us.")),
        "https://shop.test/zzz": SourceError("The crawl process died: try again."),
    }
    report = desk.refresh()
    assert report.pages_unseen == 4
    assert len(report.changed) == 1
    desk.site.pages = pages
    assert desk.refresh().pages_unchanged == 4


def test_a_site_without_a_question_is_a_clear_line_and_no_version(desk: Desk) -> None:
    desk.site.pages = {"https://shop.test/": "<html><body></body></html>"}
    with pytest.raises(SourceError, match=r"No question and no text was found on the 1 pages of shop"):
        desk.refresh()
    with pytest.raises(NoActiveVersion):
        desk.store.find_active()
    desk.site.pages = {"https://shop.test/": Fetch("https://shop.test/", FetchOutcome.FAILED, reason="500")}
    with pytest.raises(SourceError, match="No page could be read"):
        desk.refresh()
    desk.sources = []
    with pytest.raises(SourceError, match="frontdesk sources add"):
        desk.refresh()


def test_too_much_would_vanish_stops_before_anything_is_touched(desk: Desk) -> None:
    first = desk.refresh()
    for name in ("returns", "delivery", "payment"):
        del desk.site.pages[f"https://shop.test/{name}"]
    with pytest.raises(TooMuchWouldVanish, match=r"6 of 10 documents \(60%.*--force"):
        desk.refresh()
    assert desk.store.active_id() == first.version
    assert len(desk.questions()) == 6
    dry = desk.refresh(dry_run=True)
    assert (dry.outcome, len(dry.removed), dry.version) == ("dry_run", 6, first.version)
    assert desk.refresh(max_vanish=0.6).outcome == "activated"


def test_one_source_s_ruin_is_not_hidden_by_a_large_one(desk: Desk) -> None:
    desk.sources = [SHOP, BLOG]
    for number in range(9):
        desk.site.pages[f"https://blog.test/{number}"] = faq((f"What is post {number}?", f"The post number {number}."))
    desk.refresh()
    gone = [desk.site.pages.pop(f"https://shop.test/{name}") for name in ("returns", "delivery")]
    assert len(desk.refresh(dry_run=True).removed) == 4  # of 10, but too few to say anything
    gone.append(desk.site.pages.pop("https://shop.test/payment"))
    with pytest.raises(TooMuchWouldVanish, match=r"6 of the 10 documents of shop \(60%.*--force") as stopped:
        desk.refresh()
    assert stopped.value.sources == {"shop"}
    for number, page in enumerate(gone):
        desk.site.pages[f"https://shop.test/moved/{number}"] = page
    assert len(desk.refresh().removed) == 6  # they moved, and nothing is lost


def test_force_drops_what_vanishes(desk: Desk) -> None:
    desk.refresh()
    for name in ("returns", "delivery", "payment"):
        del desk.site.pages[f"https://shop.test/{name}"]
    assert len(desk.refresh(force=True).removed) == 6
    assert "How do I return an item?" not in desk.questions()


def test_a_dry_run_changes_nothing_on_disk(desk: Desk) -> None:
    assert desk.refresh(dry_run=True).outcome == "dry_run"
    assert desk.store.list_versions() == []
    desk.refresh()
    desk.site.pages["https://shop.test/new"] = faq(("Is there a new page?", "Yes."))
    before = {path: path.stat().st_mtime_ns for path in desk.store.root.rglob("*") if path.name != "refresh.lock"}
    assert len(desk.refresh(dry_run=True).added) == 2
    assert before == {
        path: path.stat().st_mtime_ns for path in desk.store.root.rglob("*") if path.name != "refresh.lock"
    }


def test_another_embedder_embeds_everything_again_without_fetching_anything(desk: Desk) -> None:
    desk.refresh(plain_embedder())
    sent = desk.site.bodies_sent
    other = CountingEmbedder("-other")
    report = desk.refresh(other)
    assert (report.outcome, report.documents_unchanged) == ("activated", 10)
    assert desk.site.bodies_sent == sent
    assert {"How do I return an item?", "如何退货？"} <= set(other.texts)
    assert report.texts_embedded == len(set(other.texts)) > 10
    assert desk.store.find_active().manifest.embedder == other.fingerprint


def test_a_model_that_comes_along_embeds_all_and_the_others_nothing(desk: Desk) -> None:
    desk.refresh(plain_embedder())
    held, more = CountingEmbedder(), CountingEmbedder("-other")
    report = desk.refresh(EmbeddingModels((held, more)))
    assert (report.outcome, report.documents_unchanged) == ("activated", 10)
    assert report.texts_embedded == len(set(more.texts)) > 10
    assert len(held.texts) <= 8  # the check's sample
    assert [each.model for each in Index.load(desk.store.find_active().folder).fields] == [
        held.fingerprint,
        more.fingerprint,
    ]


@pytest.mark.parametrize("name", ["rows-0.npy", "passages.jsonl", "pages.jsonl", "manifest.json"])
def test_a_damaged_active_version_is_built_anew(desk: Desk, name: str) -> None:
    first = desk.refresh()
    path = desk.store.find_active().folder / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(data))
    report = desk.refresh()
    assert report.outcome == "activated"
    assert report.version != first.version
    desk.store.verify_files(desk.store.find_active())
    assert desk.finds("I want to send back what I bought") == "How do I return an item?"
    fetched = 5 if name in {"pages.jsonl", "manifest.json"} else 0
    assert report.pages_fetched == fetched


def test_lost_validators_only_fetch_the_pages_again(desk: Desk) -> None:
    desk.refresh()
    (desk.store.find_active().folder / "crawl.jsonl").write_text("{ half a li")
    report = desk.refresh()
    assert (report.outcome, report.pages_fetched) == ("unchanged", 5)


def test_a_version_that_fails_its_check_is_never_activated(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    first = desk.refresh()
    desk.site.pages["https://shop.test/new"] = faq(("Is there a new page?", "Yes."))
    save = Index.save

    def shuffled(self: Index, folder: Path) -> None:
        save(self, folder)
        rows = np.load(folder / "rows-0.npy")
        np.save(folder / "rows-0.npy", np.roll(rows, 11, axis=0))

    def scaled(self: Index, folder: Path) -> None:
        save(self, folder)
        np.save(folder / "rows-0.npy", 2 * np.load(folder / "rows-0.npy"))

    for broken in (shuffled, scaled):
        monkeypatch.setattr(Index, "save", broken)
        with pytest.raises(RefreshError, match="failed its check"):
            desk.refresh()
        assert desk.store.active_id() == first.version
        assert [version.id for version in desk.store.list_versions()] == [first.version]


def test_old_versions_are_pruned_and_a_rollback_brings_back_an_old_one_with_its_validators(desk: Desk) -> None:
    versions = [desk.refresh().version]
    for number in range(4):
        desk.site.pages["https://shop.test/news"] = faq(("What is new?", f"News number {number}."))
        versions.append(desk.refresh().version)
    assert [version.id for version in desk.store.list_versions()] == versions[:1:-1]
    assert desk.store.roll_back().id == versions[-2]
    report = desk.refresh()
    assert report.outcome == "activated"
    assert [line.question for line in report.changed] == ["What is new?"]


def test_a_second_refresh_is_refused_while_one_runs(desk: Desk) -> None:
    with RefreshLock(desk.store.lock_path), pytest.raises(RefreshRunning, match="Another refresh is running"):
        desk.refresh()
    results: list[object] = []
    started, go_on = threading.Event(), threading.Event()

    def hold(progress: Progress) -> None:
        started.set()
        go_on.wait(10)

    def first() -> None:
        results.append(
            refresh_index(desk.sources, store=desk.store, crawler=desk.site, models=plain_embedder(), on_progress=hold)
        )

    thread = threading.Thread(target=first)
    thread.start()
    started.wait(10)
    with pytest.raises(RefreshRunning):
        desk.refresh()
    go_on.set()
    thread.join()
    assert [report.outcome for report in results if isinstance(report, RefreshReport)] == ["activated"]


def test_progress_and_report_are_json(desk: Desk) -> None:
    report = desk.refresh()
    stages = list(dict.fromkeys(progress.stage for progress in desk.progress))
    assert stages == ["crawl", "compare", "embed", "verify", "activate"]
    embed = [progress for progress in desk.progress if progress.stage == "embed"]
    assert embed[-1].done == embed[-1].total == report.texts_embedded
    for progress in desk.progress:
        assert json.loads(json.dumps(progress.as_dict()))["stage"] == progress.stage
    data = json.loads(json.dumps(report.as_dict(), ensure_ascii=False))
    assert data["documents"] == {"added": 10, "changed": 0, "removed": 0, "unchanged": 0}
    assert {"question": "如何退货？", "url": "https://shop.test/zh"} in [
        {"question": line["question"], "url": line["url"].partition("#")[0]} for line in data["added"]
    ]


@pytest.mark.parametrize("stage", ["crawl", "embed", "verify", "activate"])
def test_an_exception_from_the_progress_stops_the_refresh_and_leaves_the_active_version(desk: Desk, stage: str) -> None:
    first = desk.refresh()
    desk.site.pages["https://shop.test/new"] = faq(("Is there a new page?", "Yes."))

    def cancel(progress: Progress) -> None:
        if progress.stage == stage:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        refresh_index(desk.sources, store=desk.store, crawler=desk.site, models=plain_embedder(), on_progress=cancel)
    assert desk.store.active_id() == first.version
    assert desk.refresh().outcome == "activated"


@pytest.mark.parametrize("pointer", ["20200101-000000-0000\n", "", "\0\0", "../..", "é"])
def test_a_damaged_pointer_is_mended_by_a_refresh(desk: Desk, pointer: str) -> None:
    first = desk.refresh()
    (desk.store.root / "active").write_text(pointer)
    assert desk.store.pointer_fault()
    assert desk.refresh().outcome == "unchanged"
    assert not desk.store.pointer_fault()
    assert desk.store.active_id() == first.version
    assert len(desk.questions()) == 6


def test_wordings_that_have_come_make_a_version_that_is_searched_by_them_and_goes_without_them(desk: Desk) -> None:
    desk.refresh()
    first = desk.store.active_id()
    entry = next(each for each in documents_of(desk) if each.question == "Which cards do you take?")
    desk.wordings = {entry.entry_id: ("Is plastic money welcome?",), "f" * 20: ("Of what is gone?",)}
    assert desk.refresh(dry_run=True).outcome == "dry_run"
    models = CountingEmbedder()
    report = desk.refresh(models)
    assert (report.outcome, report.changed, report.documents_unchanged) == ("activated", (), 10)
    assert models.texts[: report.texts_embedded] == ["Is plastic money welcome?"]
    assert desk.finds("Is plastic money welcome?") == entry.question
    assert [each.written for each in documents_of(desk) if each.written] == [("Is plastic money welcome?",)]
    assert desk.refresh().outcome == "unchanged"
    desk.wordings = {}
    assert desk.refresh().outcome == "activated"
    assert not any(each.written for each in documents_of(desk))
    desk.store.activate_version(desk.store.find_version(first or ""))
    assert desk.refresh().outcome == "unchanged"  # without wordings a version is named as before there were any


def test_what_a_model_wrote_does_not_make_pages_that_come_with_several_wordings(desk: Desk) -> None:
    desk.refresh()
    more = ("Is plastic money welcome?", "Which notes, coins and cards will you have?", "What do you charge on?")
    desk.wordings = {each.entry_id: more for each in documents_of(desk)}
    desk.refresh()
    index = Index.load(desk.store.find_active().folder)
    assert index.question_row_counts.tolist() == [4] * len(index.documents)
    assert not index.has_several_wordings


def documents_of(desk: Desk) -> list[Document]:
    return Index.load(desk.store.find_active().folder).documents
