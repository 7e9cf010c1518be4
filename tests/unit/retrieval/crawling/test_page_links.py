import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.crawling.page_links import is_readable, read_page

URL = "https://example.com/help/"


def test_links_come_once_each_in_order_without_what_is_no_page() -> None:
    body = b"""<a href=b>B</a> <a href="b#q">B</a> <a href="/c">C</a> <a href="#top">x</a> <a href="mailto:x@y">x</a>
      <a href="d.zip">x</a> <a href="e" rel="external NoFollow">x</a> <map><area href="f"></map>
      <iframe src="g"></iframe>"""
    assert read_page(body, URL, "text/html").links == (
        "https://example.com/help/b",
        "https://example.com/c",
        "https://example.com/help/f",
        "https://example.com/help/g",
    )


@pytest.mark.parametrize(
    ("meta", "header", "noindex", "links"),
    [
        ("", "", False, 1),
        ('<meta name="robots" content="NOINDEX">', "", True, 1),
        ('<meta name="robots" content="none">', "", True, 0),
        ('<meta name="frontdesk" content="nofollow">', "", False, 0),
        ('<meta name="googlebot" content="noindex">', "", False, 1),
        ("", "noindex, nofollow", True, 0),
        ("", "otherbot: noindex", False, 1),
        ("", "otherbot: noindex, nofollow", False, 1),
        ("", "frontdesk: noindex", True, 1),
    ],
)
def test_what_it_asks_of_robots(meta: str, header: str, noindex: bool, links: int) -> None:
    facts = read_page(f'{meta}<a href="/a">x</a>'.encode(), URL, "text/html", header)
    assert (facts.noindex, len(facts.links)) == (noindex, links)


def test_the_declared_url_is_made_canonical() -> None:
    assert read_page(b'<link rel="canonical" href="/faq?utm_source=x#y">', URL, "text/html").declared == (
        "https://example.com/faq"
    )


def test_text_has_no_links_to_follow() -> None:
    assert read_page(b'<a href="/a">', URL, "text/plain").links == ()


@given(st.binary(max_size=400), st.sampled_from(["", "text/html", "text/html; charset=utf-16", "text/html; charset=x"]))
def test_no_bytes_make_it_raise(body: bytes, content_type: str) -> None:
    read_page(body, URL, content_type)


@pytest.mark.parametrize(
    ("content_type", "path", "expected"),
    [
        ("text/html; charset=gbk", "/a", True),
        ("Text/Markdown", "/a", True),
        ("text/plain", "/a", True),
        ("application/xhtml+xml", "/a", True),
        ("application/octet-stream", "/README.md", True),
        ("application/octet-stream", "/setup", False),
        ("", "/faq", True),
        ("", "/logo.xyz", False),
        ("application/pdf", "/a.html", True),
        ("application/octet-stream", "/a.PDF", True),
        ("text/csv; charset=utf-8", "/export", True),
        ("application/zip", "/a.pdf", False),
        ("image/png", "/a", False),
    ],
)
def test_html_markdown_text_and_documents_are_readable(content_type: str, path: str, expected: bool) -> None:
    assert is_readable(content_type, path) is expected
