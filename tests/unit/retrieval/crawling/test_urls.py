import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.crawling.urls import MAX_URL, Scope, grows_without_end, is_same_page, may_be_page, to_canonical_url


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("HTTP://Example.COM:80/a/../b?b=2&a=1#x", "http://example.com/b?a=1&b=2"),
        ("https://example.com:443", "https://example.com/"),
        ("https://example.com:8443/", "https://example.com:8443/"),
        ("http://example.com/?utm_source=x&q=1&gclid=2&fbclid=3", "http://example.com/?q=1"),
        ("http://example.com/?id", "http://example.com/?id"),
        ("http://example.com/a;jsessionid=1A?PHPSESSID=2", "http://example.com/a"),
        ("http://example.com./x", "http://example.com/x"),
        ("http://[::1]:80/", "http://[::1]/"),
        ("http://例え.jp/退货", "http://xn--r8jz45g.jp/%E9%80%80%E8%B4%A7"),
        (" http://example.com/a b ", "http://example.com/a%20b"),
        ("http://example.com/index.html", "http://example.com/index.html"),
    ],
)
def test_a_url_has_one_form(url: str, expected: str) -> None:
    assert to_canonical_url(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "faq",
        "mailto:a@b.c",
        "javascript:1",
        "ftp://a/b",
        "file:///etc/passwd",
        "http://",
        "http://[::1",
        "//a/b",
        "http://user:secret@a/",
        "http://a:99999/",
        f"http://a/{'x' * MAX_URL}",
    ],
)
def test_what_is_no_url_of_a_page_is_empty(url: str) -> None:
    assert to_canonical_url(url) == ""


def test_links_are_made_absolute_and_encoded_as_the_page_is() -> None:
    assert to_canonical_url("../b?q=退货", "http://example.com/x/a", "gbk") == "http://example.com/b?q=%CD%CB%BB%F5"


@given(st.text(max_size=60))
def test_the_form_is_stable_and_nothing_raises(text: str) -> None:
    once = to_canonical_url(text, "http://example.com/dir/")
    assert to_canonical_url(once) == once


def test_the_scope_is_the_host_below_the_start_pages_directory() -> None:
    scope = Scope.from_start("https://example.com/help/index.html")
    assert scope.contains("https://example.com/help/a")
    assert scope.contains("http://example.com/help/a")  # the same site, before it sends us to https
    for url in ("https://example.com/", "https://www.example.com/help/a", "https://example.com:8443/help/a"):
        assert not scope.contains(url)


def test_an_operators_prefix_goes_before_and_the_start_page_always_belongs() -> None:
    scope = Scope.from_start("https://example.com/", "help")
    assert scope.contains("https://example.com/")
    assert scope.contains("https://example.com/help/a")
    assert not scope.contains("https://example.com/about")


def test_a_moved_scope_keeps_its_prefix_where_it_can() -> None:
    scope = Scope.from_start("http://example.com/help/")
    assert scope.move_to("https://www.example.com/help/en").prefix == "/help/"
    assert scope.move_to("https://help.example.com/hc/en").prefix == "/hc/"
    assert Scope.from_start("http://example.com/", "/faq/").move_to("https://www.example.com/en/").prefix == "/faq/"


def test_only_variants_of_one_path_may_be_the_same_page() -> None:
    same = "https://example.com/faq/"
    for url in ("https://example.com/FAQ?x=1", "http://example.com/faq/index.html", "https://example.com/faq"):
        assert is_same_page(url, same)
    for url in ("https://example.com/faq/a", "https://example.org/faq/"):
        assert not is_same_page(url, same)


def test_files_that_are_no_pages_are_known_by_their_names() -> None:
    assert not may_be_page("https://example.com/a.ZIP?x=1")
    for path in ("a.html", "a.md", "v1.2", "a.php?f=b.zip", "a.pdf", "a.XLSX", ""):
        assert may_be_page(f"https://example.com/{path}")


def test_a_site_that_links_to_its_other_name_has_two() -> None:
    scope = Scope.from_start("https://www.example.com/help/")
    assert not scope.learn_names(("https://example.org/help/a", "https://docs.example.com/help/")).has_two_names
    both = scope.learn_names(("http://example.com/about", ""))
    assert both.contains("https://example.com/help/a")
    assert not both.contains("https://example.com/about")
    assert not Scope.from_start("http://10.0.0.1/").learn_names(("http://www.10.0.0.1/",)).has_two_names


def test_a_path_that_says_the_same_three_times_grows_without_end() -> None:
    assert grows_without_end("https://example.com/a/b/a/b/a/b/c")
    assert not grows_without_end("https://example.com/a/b/a/b/c")
    assert not grows_without_end("https://example.com/11/11/11/a")


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("#/faq/returns", "http://example.com/help#/faq/returns"),
        ("/other?utm_source=x#!/faq", "http://example.com/other#!/faq"),
        ("#!faq", "http://example.com/help#!faq"),
        ("#/退货", "http://example.com/help#/%E9%80%80%E8%B4%A7"),
        ("#/", "http://example.com/help"),
        ("#returns", "http://example.com/help"),
        ("", "http://example.com/help"),
        ("javascript:go()#/faq", ""),
    ],
)
def test_a_route_that_scripts_make_of_a_fragment_stays_where_routes_are_pages(href: str, expected: str) -> None:
    url = to_canonical_url(href, "http://example.com/help", routes=True)
    assert url == expected
    assert to_canonical_url(href, "http://example.com/help") == expected.partition("#")[0]
    assert to_canonical_url(url, routes=True) == url
