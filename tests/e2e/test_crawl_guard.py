"""The address guard in the crawl process: on the first request, on redirects, for robots.txt and sitemaps alike."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from retrieval.documents import SourceKind
from retrieval.errors import AddressRefused
from retrieval.interfaces import FetchOutcome
from tests.support.crawls import crawl, urls
from tests.support.site import Site


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        site.html("/", "start")
        yield site


@pytest.fixture
def private() -> Iterator[Site]:
    """A site on an address that is not allowed."""
    with Site("127.0.0.2") as private:
        private.html("/", "internal")
        yield private


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.1", "0x7f.1", "0177.0.0.1", "2130706433", "localhost", "[::ffff:127.0.0.1]", "[::1]", "0.0.0.0"],
)
def test_without_leave_loopback_is_refused_in_every_spelling(site: Site, host: str) -> None:
    with pytest.raises(AddressRefused, match="FRONTDESK_CRAWL_ALLOW") as told:
        crawl(f"http://{host}:{site.port}/", allow=())
    assert "\n" not in str(told.value)
    assert not site.visits


def test_only_the_allowed_range_is_let_through(site: Site, private: Site) -> None:
    assert crawl(site.url("/"))
    with pytest.raises(AddressRefused, match=r"127\.0\.0\.2"):
        crawl(private.url("/", "127.0.0.2"))
    assert not private.visits


def test_a_name_that_resolves_to_an_allowed_address_is_let_through(site: Site) -> None:
    assert urls(crawl(site.url("/", "localhost"))) == {site.url("/", "localhost")}


def test_no_redirect_leads_to_a_refused_address(site: Site, private: Site) -> None:
    site.html("/help/", '<a href="/help/out">x</a><a href="/help/page">x</a>')
    site.redirect("/help/out", private.url("/", "127.0.0.2"))
    site.html("/help/page", "x")
    site.redirect("/start", private.url("/", "127.0.0.2"))
    assert len(urls(crawl(site.url("/help/")))) == 2
    for kind in (SourceKind.WEBSITE, SourceKind.PAGE):
        with pytest.raises(AddressRefused, match=r"127\.0\.0\.2, a loopback address"):
            crawl(site.url("/start"), kind=kind)
    assert not private.visits


def test_no_robots_txt_or_sitemap_is_fetched_from_a_refused_address(site: Site, private: Site) -> None:
    site.redirect("/robots.txt", private.url("/robots.txt", "127.0.0.2"))
    site.redirect("/sitemap.xml", private.url("/sitemap.xml", "127.0.0.2"))
    crawl(site.url("/"))
    site.text("/robots.txt", f"Sitemap: {private.url('/sitemap.xml', '127.0.0.2')}\n")
    crawl(site.url("/"))
    assert not private.visits


def test_a_proxy_in_the_environment_is_not_used(site: Site, private: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, private.url("", "127.0.0.2"))
    assert "http_proxy" in os.environ
    assert crawl(site.url("/"))[0].outcome is FetchOutcome.FETCHED
    assert not private.visits
