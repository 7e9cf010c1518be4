"""Crawls of loopback sites that say one thing and serve another: what is a page, where it is, and what stays known."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from retrieval.crawling import CrawlSettings, crawler_for
from retrieval.documents import Source, SourceKind
from retrieval.index.page_records import read_pages
from retrieval.index.versions import VersionStore
from retrieval.interfaces import FetchOutcome
from retrieval.refresh import RefreshOptions, RefreshReport, refresh_index
from tests.support.crawls import LOOPBACK, as_known, crawl, links, of, urls
from tests.support.embedding import plain_embedder
from tests.support.site import Page, Site

pytestmark = pytest.mark.slow

BUSY = "<h1>Under repair</h1><p>Our help centre is closed for an hour while we mend it."


def article(name: str) -> str:
    return f"<h1>How do I clean the {name}?</h1><p>Wipe the {name} with a dry cloth, never with soap.</p>"


class RefreshedSite:
    """A site's knowledge, refreshed over real HTTP."""

    def __init__(self, site: Site, folder: Path) -> None:
        self.site, self.store = site, VersionStore(folder / "index")
        self.crawler = crawler_for(CrawlSettings(allow=LOOPBACK, delay=0, retries=0))

    def refresh(self, path: str = "/help/") -> RefreshReport:
        source = Source("help", SourceKind.WEBSITE, self.site.url(path))
        options = RefreshOptions(max_vanish=1.0)
        return refresh_index([source], store=self.store, crawler=self.crawler, models=plain_embedder(), options=options)

    def pages(self) -> dict[str, str]:
        """By path: the answers that are known of each page."""
        version = self.store.find_active()
        assert version
        records = read_pages(version.folder).values()
        return {r.url.removeprefix(self.site.url("")): " ".join(d.answer for d in r.documents) for r in records}


@pytest.fixture
def desk(site: Site, tmp_path: Path) -> RefreshedSite:
    site.html("/help/", links("kettle", "toaster") + "<h1>Help</h1><p>Welcome to the help of our kitchen shop.")
    site.html("/help/kettle", article("kettle"))
    site.html("/help/toaster", article("toaster"))
    return RefreshedSite(site, tmp_path)


class Everything(dict[str, object]):
    """Every path answers this page but those given."""

    def __init__(self, page: object, pages: Mapping[str, object]) -> None:
        super().__init__(pages)
        self.page = page

    def get(self, key: str, default: object = None) -> object:  # type: ignore[override]
        return super().get(key, self.page)


class TestWhatIsNoPage:
    def test_an_error_page_that_is_answered_200_and_names_what_was_asked_for(
        self, site: Site, desk: RefreshedSite
    ) -> None:
        site.html("/help/", links("kettle", "lid", "cord") + "<h1>Help</h1><p>Welcome to the help of our kitchen shop.")
        sorry = "<h1>Oh no</h1><p>There is nothing at this address any more, so please look at our start page instead."
        found = [*site.pages.items()]
        site.pages = Everything(Page(sorry.encode()), dict(found))  # type: ignore[assignment]
        site.html("/help/lid", sorry + " You asked for lid, at 11:58.")
        report = desk.refresh()
        assert set(desk.pages()) == {"/help/", "/help/kettle", "/help/toaster"} - {"/help/toaster"}
        assert {line.url for line in report.skipped} == {site.url("/help/lid"), site.url("/help/cord")}

    def test_a_notice_in_the_place_of_every_page_replaces_nothing(self, site: Site, desk: RefreshedSite) -> None:
        desk.refresh()
        before = desk.pages()
        site.pages = Everything(Page(BUSY.encode()), {})  # type: ignore[assignment]
        report = desk.refresh()
        assert desk.pages() == before
        assert {line.url for line in report.failed} == {site.url(path) for path in before}
        assert report.sources_failed

    def test_nor_does_one_for_pages_that_exist_alone(self, site: Site, desk: RefreshedSite) -> None:
        desk.refresh()
        before = desk.pages()
        for path in before:
            site.html(path, BUSY)
        assert {line.url for line in desk.refresh().failed} == {site.url(path) for path in before}
        assert desk.pages() == before

    def test_a_sign_in_form_replaces_nothing_and_is_nothing(self, site: Site, desk: RefreshedSite) -> None:
        desk.refresh()
        form = "<h1>Welcome back</h1><form><input name=user><input type=password><button>Go</button></form>"
        site.html("/help/kettle", form)
        site.html("/help/", links("kettle", "toaster", "in") + "<h1>Help</h1><p>Welcome to the help of our shop.")
        site.html("/help/in", form + "<p>Forgotten? Write to us.")
        report = desk.refresh()
        assert "dry cloth" in desk.pages()["/help/kettle"]
        assert "/help/in" not in desk.pages()
        assert [line.url for line in report.failed] == [site.url("/help/kettle")]

    def test_a_page_with_a_sign_in_form_in_its_head_is_a_page(self, site: Site, desk: RefreshedSite) -> None:
        site.html("/help/kettle", "<header><form><input type=password></form></header>" + article("kettle"))
        desk.refresh()
        assert "/help/kettle" in desk.pages()

    def test_a_site_that_answers_everything_with_its_start_page_has_one_that_may_change(
        self, site: Site, tmp_path: Path
    ) -> None:
        start = "<h1>Shop</h1><p>Kettles and toasters for every kitchen, sent within two days of your order." + links(
            "/b"
        )
        site.pages = Everything(Page(start.encode()), {})  # type: ignore[assignment]
        desk = RefreshedSite(site, tmp_path)
        desk.refresh("/")
        assert set(desk.pages()) == {"/"}

    def test_pages_that_were_changed_all_alike_in_part_are_pages(self, site: Site, desk: RefreshedSite) -> None:
        desk.refresh()
        for name in ("kettle", "toaster"):
            site.html(f"/help/{name}", article(name) + "<h2>Who sends it?</h2><p>The post.</p>")
        assert not desk.refresh().failed
        assert "The post." in desk.pages()["/help/kettle"]


class TestOneTextOnePage:
    def test_a_list_whose_pages_all_call_themselves_its_first(self, site: Site) -> None:
        site.html("/", links("/faq?page=2", "/faq?page=3", "/faq"))
        for query in ("", "?page=2", "?page=3"):
            site.html(f"/faq{query}", f'<link rel="canonical" href="/faq"><p>Answers of part {query or 1}.')
        found = crawl(site.url("/"))
        assert urls(found) == {site.url(p) for p in ("/", "/faq", "/faq?page=2", "/faq?page=3")}
        assert urls(crawl(site.url("/"), as_known(found))) == urls(found)

    @pytest.mark.parametrize("delay", [0.0, 0.5])  # whichever of them answers first
    def test_variants_by_parameters_are_the_page_itself(self, site: Site, delay: float) -> None:
        site.html("/", links("/faq?sort=new", "/faq?print=1", "/faq"))
        site.html("/faq", "<nav>Menu</nav><p>One.</p><p>Two.</p>", delay=delay)
        site.html("/faq?sort=new", "<nav>Menu</nav><p>Two.</p><p>One.</p>")
        site.html("/faq?print=1", "<p>One.</p><p>Two.</p>")
        found = crawl(site.url("/"))
        assert urls(found) - urls(found, FetchOutcome.GONE) == {site.url("/"), site.url("/faq")}

    def test_the_same_words_under_another_title_are_another_page(self, site: Site) -> None:
        site.html("/", links("/kettle", "/toaster"))
        for path in ("/kettle", "/toaster"):
            site.html(path, "<p>Two years of guarantee.")
        assert len(urls(crawl(site.url("/")))) == 3

    def test_links_that_lead_deeper_without_end_are_cut_and_told(self, site: Site) -> None:
        for times in range(6):
            site.html("/" + times * "loop/", f"<p>Round {times}." + links("loop/"))
        fetches = crawl(site.url("/"))
        assert not site.visited("/loop/loop/loop/")
        (told,) = [fetch for fetch in fetches if fetch.outcome is FetchOutcome.SKIPPED]
        assert told.url == site.url("/loop/loop/loop/")
        assert "deeper without end" in told.reason

    def test_a_text_that_stands_at_every_depth_is_one_page(self, site: Site) -> None:
        for times in range(6):
            site.pages["/" + times * "loop/"] = Page(b"<p>Round we go." + links("loop/").encode())
        assert urls(crawl(site.url("/"))) == {site.url("/")}


class TestWhereAPageIs:
    @pytest.mark.parametrize("header", [False, True])
    def test_a_refresh_by_the_page_is_a_redirect(self, site: Site, header: bool) -> None:
        meta = '<meta http-equiv="Refresh" content="0;URL=\'v2/faq\'"><meta name="robots" content="noindex">'
        page = Page(b"", headers={"Refresh": "0; url=v2/faq"}) if header else Page(meta.encode())
        site.pages["/docs/"] = page
        site.html("/docs/v2/faq", "<p>Here." + links("more"))
        site.html("/docs/v2/more", "<p>More.")
        assert urls(crawl(site.url("/docs/"))) == {site.url("/docs/v2/faq"), site.url("/docs/v2/more")}

    def test_a_page_that_loads_itself_anew_is_read(self, site: Site) -> None:
        site.html("/", '<meta http-equiv="refresh" content="300"><p>All is well.')
        assert urls(crawl(site.url("/"))) == {site.url("/")}

    def test_relative_links_of_a_start_page_without_its_last_slash(self, site: Site) -> None:
        for path in ("/docs", "/docs/"):
            site.html(path, "<title>Docs</title><p>Docs." + links("a.html"))
        site.html("/docs/a.html", "<p>A.")
        assert site.url("/docs/a.html") in urls(crawl(site.url("/docs")))

    @pytest.mark.parametrize(
        "path", ["/docs/sitemap.xml", "/docs/v1/sitemap_index.xml", "/sitemap-index.xml", "/m/map"]
    )
    def test_a_sitemap_is_found_wherever_it_lies(self, site: Site, path: str) -> None:
        named = '<link rel="sitemap" href="/m/map">' if path == "/m/map" else ""
        site.html("/docs/v1/", f"{named}<p>Welcome.")
        site.html("/docs/v1/hidden", "<p>Found.")
        site.text(path, f"<urlset><url><loc>{site.url('/docs/v1/hidden')}</loc></url></urlset>", "text/xml")
        assert site.url("/docs/v1/hidden") in urls(crawl(site.url("/docs/v1/")))

    def test_a_page_that_sets_a_cookie_before_it_is_read(self, site: Site) -> None:
        def wall(headers: Mapping[str, str]) -> Page:
            if "seen=1" in headers.get("cookie", ""):
                return Page(b"<p>Behind the wall.")
            return Page(status=302, headers={"Location": "/a", "Set-Cookie": "seen=1; Path=/; HttpOnly"})

        site.html("/", links("/a", "/b"))
        site.pages["/a"] = wall
        site.html("/b", "b")
        assert site.url("/a") in urls(crawl(site.url("/")))
        assert "cookie" not in site.visited("/b")[0].headers

    def test_what_a_temporary_redirect_leads_to_is_that_pages_text_for_today(
        self, site: Site, desk: RefreshedSite
    ) -> None:
        site.html("/help/", links("latest") + "<h1>Help</h1><p>Welcome to the help of our kitchen shop.")
        site.redirect("/help/latest", "/help/v1")
        site.html("/help/v1", article("kettle"), last_modified="Mon, 01 Jan 2024 00:00:00 GMT")
        site.html("/help/v2", article("mixer"))
        desk.refresh()
        assert set(desk.pages()) == {"/help/", "/help/latest"}
        site.redirect("/help/latest", "/help/v2")
        desk.refresh()
        assert "mixer" in desk.pages()["/help/latest"]
        assert set(desk.pages()) == {"/help/", "/help/latest"}

    def test_pages_that_are_all_led_to_one_place_stay_what_they_were(self, site: Site, desk: RefreshedSite) -> None:
        desk.refresh()
        for name in ("kettle", "toaster"):
            site.redirect(f"/help/{name}", "/help/soon")
        site.html("/help/soon", BUSY)
        report = desk.refresh()
        assert {line.url for line in report.failed} == {site.url("/help/kettle"), site.url("/help/toaster")}
        assert "kettle" in desk.pages()["/help/kettle"]
        assert "toaster" in desk.pages()["/help/toaster"]


@pytest.mark.parametrize("wait", ["3600", "Fri, 31 Dec 2100 23:59:59 GMT"])
def test_a_host_that_asks_for_an_hour_is_asked_no_more_and_loses_nothing(site: Site, wait: str) -> None:
    site.html("/", links(*(f"/{n}" for n in range(30))))
    for n in range(30):
        site.html(f"/{n}", f"<p>Number {n}.")
    known = as_known(crawl(site.url("/")))
    site.forget_visits()
    for n in range(30):
        site.pages[f"/{n}"] = Page(status=429, headers={"Retry-After": wait})
    fetches = crawl(site.url("/"), known)
    assert len([visit for visit in site.visits if visit.status == 429]) <= 4
    assert urls(fetches, FetchOutcome.FAILED) == {site.url(f"/{n}") for n in range(30)}
    assert "asks to be left alone for" in of(fetches, site.url("/29")).reason
