"""The second crawl of a real loopback site: what changed, what is gone, and what it costs."""

from __future__ import annotations

from pathlib import Path

import pytest

from retrieval.documents import SourceKind
from retrieval.errors import SourceError
from retrieval.interfaces import FetchOutcome, KnownPage
from tests.support.crawls import as_known, crawl, links, of, urls
from tests.support.site import Page, Site

UNCHANGED, GONE, FAILED = FetchOutcome.UNCHANGED, FetchOutcome.GONE, FetchOutcome.FAILED


def test_an_unchanged_site_costs_no_body_and_keeps_its_links(site: Site, tmp_path: Path) -> None:
    site.html("/", links("/a"), etag='"1"')
    site.html("/a", links("/b"), last_modified="Mon, 01 Jan 2024 00:00:00 GMT")
    site.html("/b", "b", etag='W/"3"')
    entry = f"<url><loc>{site.url('/b')}</loc></url>"
    site.text("/sitemap.xml", f"<urlset>{entry}</urlset>", content_type="text/xml", etag='"s"')
    first = crawl(site.url("/"), cache=tmp_path)
    site.forget_visits()

    second = crawl(site.url("/"), as_known(first), cache=tmp_path)

    assert urls(second, UNCHANGED) == urls(first) == {site.url(path) for path in ("/", "/a", "/b")}
    assert as_known(second) == as_known(first)
    assert all(fetch.bytes_received == 0 and not fetch.body for fetch in second)
    assert {visit.path: visit.status for visit in site.visits} == {
        "/robots.txt": 404, "/": 304, "/a": 304, "/b": 304, "/sitemap.xml": 304,
    }  # fmt: skip
    assert sum(visit.bytes_sent for visit in site.visits if visit.path != "/robots.txt") == 0


def test_what_changed_comes_anew_and_new_links_are_followed_from_old_pages(site: Site) -> None:
    site.html("/", links("/a"), etag='"1"')
    site.html("/a", "a", etag='"1"')
    known = as_known(crawl(site.url("/")))
    site.html("/a", links("/new"), etag='"2"')
    site.html("/new", "new")
    second = crawl(site.url("/"), known)
    assert urls(second) == {site.url("/a"), site.url("/new")}
    assert urls(second, UNCHANGED) == {site.url("/")}


def test_every_known_page_gets_an_outcome_though_nothing_links_to_it_any_more(site: Site) -> None:
    site.text("/robots.txt", "User-agent: *\nDisallow: /forbidden\n")
    site.html("/help/", "start", etag='"1"')
    site.html("/help/orphan", "still here")
    site.html("/help/noindex", '<meta name="robots" content="noindex">')
    site.pages["/help/410"] = Page(status=410)
    site.html("/help/500", "ill", status=500)
    site.html("/help/403", "no", status=403)
    site.html("/help/zip", "x", status=200)
    site.pages["/help/zip"] = Page(b"PK", content_type="application/zip")
    site.redirect("/help/moved", "/help/orphan", status=301)
    site.redirect("/help/login", "/login", status=302)
    site.redirect("/help/to-new", "/help/new", status=308)
    site.html("/help/new", "x")
    site.redirect("/help/to-ill", "/help/ill", status=301)
    site.html("/help/ill", "x", status=503)
    site.html("/help/variant?x=1", '<link rel="canonical" href="/help/">', etag='"v"')
    site.html("/help/variant", "v")
    names = ("", "orphan", "noindex", "404", "410", "500", "403", "zip", "moved", "login", "to-new", "to-ill")
    known = {site.url(f"/help/{name}"): KnownPage(site.url(f"/help/{name}")) for name in names}
    known[site.url("/elsewhere/a")] = KnownPage(site.url("/elsewhere/a"))

    fetches = crawl(site.url("/help/"), known, retries=0)

    told = {fetch.url.rpartition("/")[2]: (fetch.outcome, fetch.reason) for fetch in fetches}
    assert {name: outcome.value for name, (outcome, _) in told.items()} == {
        "": "fetched", "orphan": "fetched", "noindex": "gone", "404": "gone", "410": "gone", "500": "failed",
        "403": "failed", "zip": "gone", "moved": "gone", "login": "failed", "a": "gone",
        "to-new": "gone", "new": "fetched", "to-ill": "failed", "ill": "failed",
    }  # fmt: skip
    assert "noindex" in told["noindex"][1]
    assert "404" in told["404"][1]
    assert "500" in told["500"][1]
    assert "application/zip" in told["zip"][1]
    assert site.url("/help/orphan") in told["moved"][1]
    assert "scope" in told["a"][1]
    assert len(fetches) == len(known) + 2


def test_a_page_that_robots_txt_now_forbids_is_gone(site: Site) -> None:
    site.text("/robots.txt", "User-agent: *\nDisallow: /staff\n")
    site.html("/", "x")
    known = {site.url(path): KnownPage(site.url(path)) for path in ("/", "/staff")}
    gone = of(crawl(site.url("/"), known), site.url("/staff"))
    assert (gone.outcome, gone.reason) == (GONE, "robots.txt forbids it")


def test_a_known_single_page_can_be_unchanged_or_gone(site: Site) -> None:
    site.html("/faq", "x", etag='"1"')
    known = as_known(crawl(site.url("/faq"), kind=SourceKind.PAGE))
    (unchanged,) = crawl(site.url("/faq"), known, kind=SourceKind.PAGE)
    assert unchanged.outcome is UNCHANGED
    site.html("/faq", "x", status=404)
    (gone,) = crawl(site.url("/faq"), known, kind=SourceKind.PAGE)
    assert (gone.outcome, gone.status) == (GONE, 404)


def test_a_site_that_cannot_be_reached_loses_nothing(site: Site) -> None:
    known = {site.url("/"): KnownPage(site.url("/"), '"1"'), site.url("/a"): KnownPage(site.url("/a"))}
    site.html("/", "maintenance", status=503)
    site.html("/a", "maintenance", status=503)
    fetches = []
    with pytest.raises(SourceError, match="503"):
        fetches.extend(crawl(site.url("/"), known, retries=0))
    assert not urls(fetches, GONE)


def test_a_site_that_fails_throughout_is_left_alone_after_a_while(site: Site) -> None:
    site.html("/", links(*(f"/{n}" for n in range(60))))
    for n in range(60):
        site.html(f"/{n}", "x", status=500)
    known = {site.url(f"/{n}"): KnownPage(site.url(f"/{n}")) for n in range(60)}
    fetches = crawl(site.url("/"), known, retries=0)
    assert len([visit for visit in site.visits if visit.status == 500]) < 30
    assert urls(fetches, FAILED) == set(known)
    assert any("in a row" in fetch.reason for fetch in fetches)


def test_the_time_limit_ends_the_crawl_and_keeps_what_was_not_asked(site: Site) -> None:
    site.html("/", links(*(f"/{n}" for n in range(40))))
    for n in range(40):
        site.html(f"/{n}", "x", delay=0.2)
    known = {site.url(f"/{n}"): KnownPage(site.url(f"/{n}")) for n in range(40)}
    fetches = crawl(site.url("/"), known, concurrency=1, max_seconds=2)
    assert 2 <= len(urls(fetches)) < 30
    late = [fetch for fetch in fetches if fetch.outcome is FAILED]
    assert {fetch.reason for fetch in late} == {"the crawl reached its limit of 2 s"}
    assert urls(fetches) | {fetch.url for fetch in late} == {*known, site.url("/")}


def test_a_lowered_page_limit_lets_the_rest_go(site: Site) -> None:
    site.html("/", links("/0", "/1", "/2"), etag='"1"')
    for n in range(3):
        site.html(f"/{n}", "x", etag='"1"')
    known = as_known(crawl(site.url("/")))
    fetches = crawl(site.url("/"), known, max_pages=2)
    assert len(urls(fetches, UNCHANGED)) == 2
    assert all("limit of 2 pages" in fetch.reason for fetch in fetches if fetch.outcome is GONE)


def test_five_hundred_unchanged_pages_cost_next_to_no_bytes(site: Site, tmp_path: Path) -> None:
    text = "<p>You can return any item within thirty days of its delivery.</p>" * 20
    for n in range(500):
        site.html(f"/{n}", links(*(f"/{m}" for m in range(n, min(n + 40, 500)))) + text, etag=f'"{n}"')
    entries = "".join(f"<url><loc>{site.url(f'/{n}')}</loc></url>" for n in range(500))
    site.text("/sitemap.xml", f"<urlset>{entries}</urlset>", content_type="text/xml", etag='"s"')
    first = crawl(site.url("/0"), cache=tmp_path)
    paid = site.bytes_sent
    site.forget_visits()
    second = crawl(site.url("/0"), as_known(first), cache=tmp_path)
    assert len(urls(first)) == len(urls(second, UNCHANGED)) == 500
    assert site.bytes_sent <= 0.001 * paid
    assert [fetch.discovered for fetch in second][-1] == 500
