"""Help centres that are read through their makers' interfaces, by the real crawl process over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from retrieval.crawling import CrawlSettings, ScrapyCrawler, crawler_for
from retrieval.documents import Source, SourceKind
from retrieval.errors import AddressRefused, SourceError
from retrieval.index.index import Index
from retrieval.index.versions import VersionStore
from retrieval.interfaces import Fetch, FetchOutcome, KnownPage
from retrieval.refresh import RefreshOptions, RefreshReport, refresh_index
from retrieval.refresh.collect import hash_extraction_rules
from tests.support.crawls import LOOPBACK
from tests.support.embedding import default_embedder
from tests.support.help_centres import IntercomCentre, ZendeskCentre
from tests.support.site import Page

pytestmark = pytest.mark.slow

Known = dict[str, KnownPage]


@pytest.fixture
def zendesk() -> Iterator[ZendeskCentre]:
    centre = ZendeskCentre()
    with centre.site:
        for id in range(1, 8):
            centre.publish(id, f"Question {id}?", body=f"<p>Answer {id}, of some words.")
        yield centre


@pytest.fixture
def intercom() -> Iterator[IntercomCentre]:
    centre = IntercomCentre()
    with centre.site:
        for id in range(1, 4):
            centre.publish(id, f"Question {id}?", body=f"<p>Answer {id}, of some words.")
        yield centre


class Reader:
    """Reads a centre again and again, and remembers what a refresh would."""

    def __init__(self, kind: SourceKind, location: str, **settings: object) -> None:
        bounds = {"allow": LOOPBACK, "delay": 0.0, "page_timeout": 5.0, "retries": 1, **settings}
        self._crawler = ScrapyCrawler(CrawlSettings(**bounds))  # type: ignore[arg-type]
        self._source = Source("centre", kind, location)
        self.known: Known = {}

    def read(self) -> list[Fetch]:
        fetches = list(self._crawler.crawl(self._source, self.known))
        for fetch in fetches:
            if fetch.outcome is FetchOutcome.GONE:
                self.known.pop(fetch.url, None)
            elif fetch.outcome is not FetchOutcome.FAILED:
                self.known[fetch.url] = KnownPage(fetch.url, fetch.etag, cursor=fetch.cursor)
        return fetches


def of_zendesk(centre: ZendeskCentre, path: str = "/hc/en-us", **settings: object) -> Reader:
    return Reader(SourceKind.ZENDESK, centre.site.url(path), **settings)


def of_intercom(centre: IntercomCentre, **settings: object) -> Reader:
    return Reader(SourceKind.INTERCOM, centre.site.url("/"), **{"intercom_token": centre.token, **settings})


def ids(fetches: list[Fetch], outcome: FetchOutcome) -> list[int]:
    """The ids in the addresses of the articles with this outcome."""
    return sorted(
        int(fetch.url.rpartition("/articles/")[2].partition("-")[0]) for fetch in fetches if fetch.outcome is outcome
    )


FETCHED, UNCHANGED, GONE, FAILED = (
    FetchOutcome.FETCHED,
    FetchOutcome.UNCHANGED,
    FetchOutcome.GONE,
    FetchOutcome.FAILED,
)


def test_articles_come_as_pages_at_their_public_addresses(zendesk: ZendeskCentre) -> None:
    zendesk.publish(9, "Fish & chips?", body="<p>Yes, <b>daily</b>.", locales=("en-us",))
    fetches = of_zendesk(zendesk).read()
    assert ids(fetches, FETCHED) == [1, 2, 3, 4, 5, 6, 7, 9]
    (page,) = [fetch for fetch in fetches if "/9-" in fetch.url]
    assert page.url == zendesk.site.url("/hc/en-us/articles/9-Fish-&-chips")
    assert b"<h1>Fish &amp; chips?</h1><p>Yes, <b>daily</b>." in page.body
    assert b'<html lang="en-us">' in page.body
    assert {visit.headers["user-agent"] for visit in zendesk.site.visits} == {"Frontdesk/0"}


def test_an_unchanged_centre_costs_one_request(zendesk: ZendeskCentre) -> None:
    zendesk.a_page = 2
    reader = of_zendesk(zendesk)
    reader.read()
    assert len(zendesk.asked) == 4
    for _ in range(2):
        zendesk.site.forget_visits()
        fetches = reader.read()
        assert ids(fetches, UNCHANGED) == [1, 2, 3, 4, 5, 6, 7]
        assert {fetch.outcome for fetch in fetches} == {UNCHANGED}
        assert len(zendesk.asked) == 1


def test_only_what_changed_is_read(zendesk: ZendeskCentre) -> None:
    zendesk.a_page = 2
    reader = of_zendesk(zendesk)
    reader.read()
    zendesk.site.forget_visits()
    zendesk.edit(3, body="<p>Another answer.")
    zendesk.publish(8, "New?")
    fetches = reader.read()
    assert ids(fetches, FETCHED) == [3, 8]
    assert ids(fetches, UNCHANGED) == [1, 2, 4, 5, 6, 7]
    assert len(zendesk.asked) == 2


def test_what_is_deleted_unpublished_or_restricted_leaves(zendesk: ZendeskCentre) -> None:
    zendesk.a_page = 2
    reader = of_zendesk(zendesk)
    reader.read()
    zendesk.delete(2)
    assert ids(reader.read(), GONE) == [2]
    zendesk.edit(5, draft=True)
    assert ids(reader.read(), GONE) == [5]
    zendesk.edit(6, segment=77)
    assert ids(reader.read(), GONE) == [6]
    zendesk.delete(1)
    zendesk.publish(8, "New?")  # the number is the same
    fetches = reader.read()
    assert (ids(fetches, GONE), ids(fetches, FETCHED), ids(fetches, UNCHANGED)) == ([1], [8], [3, 4, 7])
    zendesk.edit(5, draft=False)
    assert ids(reader.read(), FETCHED) == [5]
    zendesk.site.forget_visits()
    assert ids(reader.read(), UNCHANGED) == [3, 4, 5, 7, 8]
    assert len(zendesk.asked) == 1


def test_an_article_that_moves_with_its_title_leaves_its_old_address(zendesk: ZendeskCentre) -> None:
    reader = of_zendesk(zendesk)
    reader.read()
    zendesk.edit(4, title="Renamed?")
    fetches = reader.read()
    assert [fetch.url for fetch in fetches if fetch.outcome is FETCHED] == [
        zendesk.site.url("/hc/en-us/articles/4-Renamed")
    ]
    assert [fetch.url for fetch in fetches if fetch.outcome is GONE] == [
        zendesk.site.url("/hc/en-us/articles/4-Question-4")
    ]


def test_drafts_and_restricted_articles_are_left_out_even_where_they_are_shown(zendesk: ZendeskCentre) -> None:
    zendesk.shows_all = True
    zendesk.publish(8, "Draft?", draft=True)
    zendesk.publish(9, "Staff?", segment=5)
    reader = of_zendesk(zendesk)
    assert ids(reader.read(), FETCHED) == [1, 2, 3, 4, 5, 6, 7]
    zendesk.edit(1, draft=True)
    assert ids(reader.read(), GONE) == [1]


def test_nothing_is_taken_for_gone_while_the_list_moves(zendesk: ZendeskCentre) -> None:
    zendesk.a_page = 2
    reader = of_zendesk(zendesk)
    reader.read()
    zendesk.delete(7)
    original = zendesk.answer

    def edit_meanwhile(path: str, query: dict[str, list[str]], headers: dict[str, str]) -> Page:
        answer = original(path, query, headers)
        if query["page"] == ["2"]:
            zendesk.edit(1, body="<p>moved to the front, off the last page")
        return answer

    zendesk.answer = edit_meanwhile  # type: ignore[method-assign, assignment]
    fetches = reader.read()
    assert ids(fetches, GONE) == []
    assert ids(fetches, FAILED) == [1, 7]
    zendesk.answer = original  # type: ignore[method-assign]
    fetches = reader.read()
    assert (ids(fetches, GONE), ids(fetches, FETCHED)) == ([7], [1])


def test_a_centre_of_several_languages_is_read_in_each(zendesk: ZendeskCentre) -> None:
    zendesk.locales = ("en-us", "de")
    zendesk.publish(10, "Rückgabe?", locales=("de",))
    reader = of_zendesk(zendesk, "/hc")
    assert ids(reader.read(), FETCHED) == [1, 2, 3, 4, 5, 6, 7, 10]
    zendesk.site.forget_visits()
    assert ids(reader.read(), UNCHANGED) == [1, 2, 3, 4, 5, 6, 7, 10]
    assert len(zendesk.asked) == 3  # the languages, and one for each
    zendesk.locales = ("en-us",)
    assert ids(reader.read(), GONE) == [10]
    assert ids(of_zendesk(zendesk, "/hc/en-us").read(), FETCHED) == [1, 2, 3, 4, 5, 6, 7]


def test_a_limit_of_pages_takes_the_last_changed(zendesk: ZendeskCentre) -> None:
    zendesk.a_page = 2
    reader = of_zendesk(zendesk, max_pages=3)
    assert ids(reader.read(), FETCHED) == [5, 6, 7]
    zendesk.edit(1)
    fetches = reader.read()
    assert (ids(fetches, FETCHED), ids(fetches, GONE)) == ([1], [5])


def test_a_server_that_wants_a_pause_is_asked_again_after_it(zendesk: ZendeskCentre) -> None:
    answers = iter([Page(b"slow down", status=429, headers={"Retry-After": "1"})])
    original = zendesk.answer
    zendesk.answer = lambda *asked: next(answers, None) or original(*asked)  # type: ignore[method-assign]
    assert ids(of_zendesk(zendesk).read(), FETCHED) == [1, 2, 3, 4, 5, 6, 7]
    first, second = (visit.at for visit in zendesk.site.visits)
    assert second - first >= 1


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Page(b"slow down", status=429, headers={"Retry-After": "900"}), "asks to be left alone for 15 min"),
        (Page(b"{}", status=401), "not open to everybody"),
        (Page(b"{}", status=404), "no Zendesk help centre"),
        (Page(b"oops", status=500), "500 Internal Server Error"),
        (Page(b"<h1>Welcome</h1>"), "its answer is no JSON"),
        (Page(b'{"articles": "none"}'), "its answer has no 'articles'"),
        (Page(b'{"articles": [7], "count": 1}'), "its answer has no"),
        (Page(b"[" * 100_000), "its answer is no JSON"),
    ],
)
def test_what_cannot_be_read_is_one_line_and_loses_nothing(zendesk: ZendeskCentre, answer: Page, told: str) -> None:
    reader = of_zendesk(zendesk, retries=0)
    reader.read()
    zendesk.answer = lambda *asked: answer  # type: ignore[method-assign]
    with pytest.raises(SourceError, match=told) as error:
        reader.read()
    assert "\n" not in str(error.value)


def test_the_address_guard_stands_before_an_interface_too(zendesk: ZendeskCentre) -> None:
    with pytest.raises(AddressRefused, match="FRONTDESK_CRAWL_ALLOW"):
        Reader(SourceKind.ZENDESK, zendesk.site.url("/hc/en-us", "localhost"), allow=()).read()
    assert not zendesk.asked


def test_intercom_is_read_with_a_token_in_all_its_languages(intercom: IntercomCentre) -> None:
    intercom.edit(2, locales=("en", "fr"))
    intercom.publish(4, "Draft?", draft=True)
    reader = of_intercom(intercom)
    fetches = reader.read()
    found = {fetch.url.partition("example/")[2] for fetch in fetches if fetch.outcome is FETCHED}
    assert found == {"en-us/articles/1", "en/articles/2", "fr/articles/2", "en-us/articles/3"}
    intercom.site.forget_visits()
    assert {fetch.outcome for fetch in reader.read()} == {UNCHANGED}
    assert len(intercom.asked) == 1
    intercom.edit(2, locales=("en",))
    assert [fetch.url for fetch in reader.read() if fetch.outcome is GONE] == [
        "https://help.shop.example/fr/articles/2"
    ]
    intercom.delete(1)
    intercom.edit(3, draft=True)
    assert ids(reader.read(), GONE) == [1, 3]


def test_intercom_has_pages(intercom: IntercomCentre) -> None:
    intercom.a_page = 2
    reader = of_intercom(intercom)
    assert ids(reader.read(), FETCHED) == [1, 2, 3]
    assert len(intercom.asked) == 2


def test_a_token_that_is_missing_or_refused_is_one_line_without_it(intercom: IntercomCentre) -> None:
    with pytest.raises(SourceError, match="FRONTDESK_INTERCOM_TOKEN"):
        of_intercom(intercom, intercom_token="").read()
    with pytest.raises(SourceError, match="Intercom refuses the token") as told:
        of_intercom(intercom, intercom_token="wrong-secret").read()
    assert "wrong-secret" not in str(told.value)
    assert "wrong-secret" not in repr(CrawlSettings(intercom_token="wrong-secret"))


def test_a_token_follows_no_redirect(intercom: IntercomCentre, zendesk: ZendeskCentre) -> None:
    intercom.answer = lambda *asked: Page(status=302, headers={"Location": zendesk.site.url("/articles")})  # type: ignore[method-assign]
    with pytest.raises(SourceError, match="it answers 302 Found"):
        of_intercom(intercom).read()
    assert not zendesk.asked


def test_a_refresh_goes_on_from_where_the_version_stands(zendesk: ZendeskCentre, tmp_path: Path) -> None:
    store = VersionStore(tmp_path / "index")
    crawler = crawler_for(CrawlSettings(allow=LOOPBACK, delay=0))
    source = Source("centre", SourceKind.ZENDESK, zendesk.site.url("/hc/en-us"))

    def refresh(**options: object) -> RefreshReport:
        zendesk.site.forget_visits()
        chosen = RefreshOptions(**options)  # type: ignore[arg-type]
        return refresh_index([source], store=store, crawler=crawler, models=default_embedder(), options=chosen)

    assert (refresh().outcome, len(zendesk.asked)) == ("activated", 1)
    assert (refresh().outcome, len(zendesk.asked)) == ("unchanged", 1)
    zendesk.edit(3, body="<p>Another answer, of other words.")
    assert [line.question for line in refresh(dry_run=True).changed] == ["Question 3?"]
    again = refresh()  # the dry run took nothing away from it
    assert [line.question for line in again.changed] == ["Question 3?"]
    assert again.pages_unchanged == 6
    zendesk.delete(1)
    assert [line.question for line in refresh().removed] == ["Question 1?"]
    documents = Index.load(store.find_active().folder).documents
    assert {document.url.partition("#")[0] for document in documents} == {
        zendesk.site.url(f"/hc/en-us/articles/{id}-Question-{id}") for id in range(2, 8)
    }
    crawled = replace(source, kind=SourceKind.WEBSITE)  # another way to read: nothing is taken for unchanged
    assert hash_extraction_rules(crawled) != hash_extraction_rules(source)


def test_one_list_that_fails_keeps_what_it_had_and_the_others_are_read(zendesk: ZendeskCentre) -> None:
    zendesk.locales = ("de", "en-us", "fr")
    zendesk.publish(10, "Rückgabe?", locales=("de",))
    zendesk.publish(11, "Retour?", locales=("fr",))
    reader = of_zendesk(zendesk, "/hc", retries=0)
    reader.read()
    original = zendesk.answer
    for broken in (Page(b"oops", status=503), Page(b'{"articles": [{"id": 1}], "count": []}')):
        zendesk.answer = lambda path, *asked, broken=broken: (  # type: ignore[method-assign, misc]
            broken if "/en-us/" in path else original(path, *asked)
        )
        fetches = reader.read()
        assert ids(fetches, FAILED) == [1, 2, 3, 4, 5, 6, 7]
        assert ids(fetches, UNCHANGED) == [10, 11]
        assert ids(fetches, GONE) == []
