"""Crawls of real loopback sites by the real crawl process: what is found, and what is left alone."""

from __future__ import annotations

import gzip
from itertools import pairwise

import pytest

from retrieval.documents import SourceKind
from retrieval.errors import SourceError
from retrieval.interfaces import FetchOutcome
from tests.support.crawls import as_known, crawl, links, of, urls
from tests.support.site import Page, Site


def test_pages_within_the_scope_come_once_each_as_served(site: Site) -> None:
    site.html(
        "/help/",
        links("a.html", "a.html#q1", "/help/b.html?utm_source=mail", "/about.html", "http://elsewhere.invalid/"),
    )
    gbk = "<meta charset=gbk><p>如何退货？".encode("gbk")
    site.pages["/help/a.html"] = Page(gbk, content_type="text/html")
    site.text(
        "/help/b.html",
        "<p>B",
        content_type="text/html; charset=big5",
        etag='"b"',
        last_modified="Mon, 01 Jan 2024 00:00:00 GMT",
    )
    site.html("/about.html", "outside")

    fetches = crawl(site.url("/help/"))

    assert urls(fetches) == {site.url("/help/"), site.url("/help/a.html"), site.url("/help/b.html")}
    assert not site.visited("/about.html")
    assert of(fetches, site.url("/help/a.html")).body == gbk
    b = of(fetches, site.url("/help/b.html"))
    assert (b.content_type, b.etag, b.last_modified) == (
        "text/html; charset=big5",
        '"b"',
        "Mon, 01 Jan 2024 00:00:00 GMT",
    )
    assert b.bytes_received == 4
    assert of(fetches, site.url("/help/")).links == (site.url("/help/a.html"), site.url("/help/b.html"))


def test_the_crawler_says_who_it_is_asks_for_no_language_and_keeps_no_cookies(site: Site) -> None:
    site.html("/", links("/a"), headers={"Set-Cookie": "id=1"})
    site.html("/a", "a")
    crawl(site.url("/"), contact="https://example.com/bot")
    headers = site.visited("/a")[0].headers
    assert headers["user-agent"] == "Frontdesk/1.2.3 (+https://example.com/bot)"
    assert "accept-language" not in headers
    assert "cookie" not in headers


def test_robots_txt_is_obeyed(site: Site) -> None:
    site.text("/robots.txt", "User-agent: *\nDisallow: /\n\nUser-agent: Frontdesk\nDisallow: /staff/\n")
    site.html("/", links("/faq", "/staff/prices"))
    site.html("/faq", "faq")
    site.html("/staff/prices", "secret")
    assert urls(crawl(site.url("/"))) == {site.url("/"), site.url("/faq")}
    assert not site.visited("/staff/prices")


def test_a_site_that_robots_txt_closes_is_an_error_that_says_so(site: Site) -> None:
    site.text("/robots.txt", "User-agent: *\nDisallow: /\n")
    site.html("/", "hello")
    with pytest.raises(SourceError, match=r"robots\.txt forbids it"):
        crawl(site.url("/"))
    assert [visit.path for visit in site.visits if visit.path == "/"] == []


def test_a_robots_txt_that_fails_closes_the_site_for_now(site: Site) -> None:
    site.text("/robots.txt", "User-agent: *\nAllow: /", status=503)
    site.html("/", "hello")
    with pytest.raises(SourceError, match=r"robots\.txt answers 503"):
        crawl(site.url("/"), retries=0)
    assert not site.visited("/")


def test_a_robots_txt_without_end_closes_the_site_for_now(site: Site) -> None:
    site.pages["/robots.txt"] = Page(b"#" * 11_000_000, content_type="text/plain")
    site.html("/", "hello")
    with pytest.raises(SourceError, match=r"its robots\.txt cannot be read"):
        crawl(site.url("/"), retries=0)
    assert not site.visited("/")


def test_a_missing_robots_txt_whose_error_page_reads_like_one_forbids_nothing(site: Site) -> None:
    site.text("/robots.txt", "User-agent: *\nDisallow: /", status=404)
    site.html("/", "hello")
    assert urls(crawl(site.url("/"))) == {site.url("/")}


def test_a_crawl_delay_in_robots_txt_is_kept(site: Site) -> None:
    site.text("/robots.txt", "User-agent: *\nCrawl-delay: 0.4\n")
    site.html("/", links("/a", "/b"))
    for path in ("/a", "/b"):
        site.html(path, path)
    crawl(site.url("/"))
    at = [visit.at for visit in site.visits if visit.path in {"/", "/a", "/b"}]
    assert all(later - earlier >= 0.35 for earlier, later in pairwise(at))


def test_the_delay_between_requests_is_kept(site: Site) -> None:
    site.html("/", links("/a", "/b", "/c"))
    for path in ("/a", "/b", "/c"):
        site.html(path, path)
    crawl(site.url("/"), delay=0.3)
    at = [visit.at for visit in site.visits]
    assert max(at) - min(at) >= 0.5 * 0.3 * (len(at) - 1)  # Scrapy varies each pause by half


def test_no_more_requests_run_at_once_than_allowed(site: Site) -> None:
    running, most = 0, 0

    def slow(number: int) -> Page:
        nonlocal running, most
        running += 1
        most = max(most, running)
        import time

        time.sleep(0.1)
        running -= 1
        return Page(f"<p>slow {number}".encode())

    site.html("/", links(*(f"/{n}" for n in range(8))))
    site.pages.update({f"/{n}": lambda _, n=n: slow(n) for n in range(8)})
    assert len(urls(crawl(site.url("/"), concurrency=2))) == 9
    assert most == 2


def test_meta_robots_and_its_header_are_obeyed(site: Site) -> None:
    site.html("/", links("/noindex", "/nofollow", "/header") + '<a rel="nofollow" href="/hidden">x</a>')
    site.html("/noindex", '<meta name="robots" content="noindex">' + links("/behind-noindex"))
    site.html("/nofollow", '<meta name="ROBOTS" content="index, nofollow">' + links("/behind-nofollow"))
    site.html("/header", "x", headers={"X-Robots-Tag": "noindex"})
    for path in ("/hidden", "/behind-noindex", "/behind-nofollow"):
        site.html(path, path)
    assert urls(crawl(site.url("/"))) == {site.url("/"), site.url("/nofollow"), site.url("/behind-noindex")}


def test_pages_that_ask_not_to_be_indexed_are_read_where_their_owner_says_so(site: Site) -> None:
    site.html("/", links("/noindex", "/header"))
    site.html("/noindex", '<meta name="robots" content="noindex, nofollow">' + links("/behind"))
    site.html("/header", "x", headers={"X-Robots-Tag": "noindex"})
    site.html("/behind", "x")
    found = crawl(site.url("/"), read_noindex=True)
    assert urls(found) == {site.url("/"), site.url("/noindex"), site.url("/header")}  # its links stay unfollowed
    again = crawl(site.url("/"), as_known(found))
    assert "--read-noindex" in of(again, site.url("/header")).reason
    with pytest.raises(SourceError, match="--read-noindex"):
        crawl(site.url("/noindex"), kind=SourceKind.PAGE)


def test_only_pages_and_documents_are_taken_and_no_other_body_is_downloaded(site: Site) -> None:
    site.html("/", links("/a.md", "/b.txt", "/c.mp3", "/download", "/data"))
    site.text("/a.md", "# Q", content_type="application/octet-stream")
    site.text("/b.txt", "text")
    site.text("/c.mp3", "never asked", content_type="audio/mpeg")
    site.pages["/download"] = Page(b"x" * 30_000_000, content_type="application/zip")
    site.text("/data", "{}", content_type="application/json")
    fetches = crawl(site.url("/"))
    assert urls(fetches) == {site.url("/"), site.url("/a.md"), site.url("/b.txt")}
    assert len(fetches) == 3
    assert not site.visited("/c.mp3")


def test_links_are_read_as_browsers_do(site: Site) -> None:
    page = '<meta charset="gbk"><base href="/deep/"><a href="a.html">x</a><a href="/退货?q=退货">退货</a>'
    site.pages["/"] = Page(page.encode("gbk"), content_type="text/html")
    site.html("/deep/a.html", "found")
    site.html("/%E9%80%80%E8%B4%A7?q=%CD%CB%BB%F5", "found")
    assert len(urls(crawl(site.url("/")))) == 3


def test_depth_and_page_limits_hold(site: Site) -> None:
    for n in range(12):
        site.html(f"/{n}", links(f"/{n + 1}"))
    assert len(urls(crawl(site.url("/0"), max_depth=3))) == 4
    assert len(urls(crawl(site.url("/0"), max_pages=5))) == 5
    assert sum(visit.path[1:].isdigit() for visit in site.visits) == 9


def test_a_page_limit_is_filled_with_pages_not_with_misses(site: Site) -> None:
    site.html("/", links(*(f"/missing{n}" for n in range(10)), *(f"/{n}" for n in range(5))))
    for n in range(5):
        site.html(f"/{n}", str(n))
    assert len(urls(crawl(site.url("/"), max_pages=4))) == 4


def test_an_operators_prefix_narrows_the_site_but_the_start_page_belongs_to_it(site: Site) -> None:
    site.html("/", links("/help/a", "/blog/b"))
    site.html("/help/a", links("/blog/b", "/help/c"))
    for path in ("/help/c", "/blog/b"):
        site.html(path, path)
    assert urls(crawl(site.url("/"), path_prefix="/help/")) == {site.url("/"), site.url("/help/a"), site.url("/help/c")}


def test_rel_canonical_joins_variants_of_one_page_but_never_different_pages(site: Site) -> None:
    site.html("/", links("/faq?ref=1", "/faq?ref=2", "/other"))
    declared = f'<link rel="canonical" href="{site.url("/faq")}">'
    for path in ("/faq?ref=1", "/faq?ref=2", "/faq"):
        site.html(path, f"{declared}<p>Thirty days.")
    site.html("/other", '<link rel="canonical" href="/">')  # a common misconfiguration
    assert urls(crawl(site.url("/"))) == {site.url("/"), site.url("/faq"), site.url("/other")}


def test_a_compressed_page_comes_unpacked_and_its_size_on_the_wire_is_told(site: Site) -> None:
    text = b"<p>" + b"again and " * 1000
    packed = gzip.compress(text)
    site.pages["/"] = Page(packed, headers={"Content-Encoding": "gzip"})
    (page,) = crawl(site.url("/"))
    assert page.body == text
    assert page.bytes_received == len(packed)


def test_a_single_page_is_asked_alone_and_follows_nothing(site: Site) -> None:
    site.html("/faq", links("/a"))
    site.html("/a", "a")
    (page,) = crawl(site.url("/faq"), kind=SourceKind.PAGE)
    assert page.url == site.url("/faq")
    assert {visit.path for visit in site.visits} == {"/robots.txt", "/faq"}


def test_a_single_page_obeys_robots_txt(site: Site) -> None:
    site.text("/robots.txt", "User-agent: *\nDisallow: /faq\n")
    site.html("/faq", "x")
    with pytest.raises(SourceError, match=r"robots\.txt"):
        crawl(site.url("/faq"), kind=SourceKind.PAGE)


class TestSitemaps:
    def test_an_index_named_in_robots_txt_leads_to_pages_that_nothing_links_to(self, site: Site) -> None:
        site.text("/robots.txt", "User-agent: *\nDisallow: /maps/\nSitemap: /maps/index.xml\n")
        entries = "".join(f"<sitemap><loc>{site.url(path)}</loc></sitemap>" for path in ("/s1.xml", "/s2.xml.gz"))
        site.text(
            "/maps/index.xml",
            f"<sitemapindex xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'>{entries}</sitemapindex>",
        )
        site.text("/s1.xml", _sitemap(site.url("/help/a"), site.url("/blog/b"), "http://elsewhere.invalid/help/x"))
        site.pages["/s2.xml.gz"] = Page(
            gzip.compress(_sitemap(site.url("/help/c")).encode()), content_type="application/gzip"
        )
        site.html("/help/", "start")
        for path in ("/help/a", "/help/c", "/blog/b"):
            site.html(path, path)
        assert urls(crawl(site.url("/help/"))) == {site.url(path) for path in ("/help/", "/help/a", "/help/c")}

    def test_a_broken_one_does_no_harm(self, site: Site) -> None:
        site.html("/", "start")
        site.text("/sitemap.xml", "<html>not a sitemap")
        assert urls(crawl(site.url("/"))) == {site.url("/")}

    def test_sitemap_xml_is_tried_unasked_and_saves_a_site_whose_start_page_is_missing(self, site: Site) -> None:
        site.html("/a", "a")
        site.text("/sitemap.xml", _sitemap(site.url("/a")))
        assert urls(crawl(site.url("/"))) == {site.url("/a")}


class TestRedirects:
    def test_they_are_followed_within_the_scope_and_not_for_ever(self, site: Site) -> None:
        site.html("/help/", links("old", "/help/circle", "/help/n0", "/help/out", "/help/file"))
        site.redirect("/help/old", "/help/new", status=301)
        site.html("/help/new", "x")
        site.redirect("/help/circle", "/help/elcric")
        site.redirect("/help/elcric", "/help/circle")
        for n in range(30):
            site.redirect(f"/help/n{n}", f"/help/n{n + 1}")
        site.redirect("/help/out", "/blog/a")
        site.html("/blog/a", "x")
        site.redirect("/help/file", "file:///etc/passwd")

        fetches = crawl(site.url("/help/"), max_redirects=10)

        assert urls(fetches) == {site.url("/help/"), site.url("/help/new")}
        assert of(fetches, site.url("/help/new")).requested_url == site.url("/help/old")
        failed = sorted(fetch.reason for fetch in fetches if fetch.outcome is FetchOutcome.FAILED)
        assert failed == [
            "it redirects in a circle or without end",
            "it redirects in a circle or without end",
            "it redirects to no http or https URL",
        ]
        assert site.visited("/help/n10")
        assert not site.visited("/help/n11")
        assert not site.visited("/blog/a")

    def test_the_start_page_takes_the_site_along_to_another_host(self, site: Site) -> None:
        with Site() as other:
            site.redirect("/help/", other.url("/help/"), status=301)
            other.html("/help/", links("/help/a", "/blog"))
            other.html("/help/a", "a")
            other.html("/blog", "b")
            fetches = crawl(site.url("/help/"))
            assert urls(fetches) == {other.url("/help/"), other.url("/help/a")}
            assert other.visited("/robots.txt")

    def test_another_hosts_robots_txt_counts_there(self, site: Site) -> None:
        with Site() as other:
            site.redirect("/", other.url("/"), status=302)
            other.html("/", "x")
            other.text("/robots.txt", "User-agent: *\nDisallow: /\n")
            with pytest.raises(SourceError, match=r"robots\.txt forbids"):
                crawl(site.url("/"))
            assert not other.visited("/")


def _sitemap(*urls: str) -> str:
    entries = "".join(f"<url><loc>{url}</loc></url>" for url in urls)
    return f'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{entries}</urlset>'
