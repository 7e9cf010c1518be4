import gzip
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.crawling.sitemaps import SitemapCache, SitemapFile, read_sitemap

URL = "https://example.com/sitemap.xml"
NAMESPACE = b'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
URLSET = b'<?xml version="1.0"?><urlset %s><url><loc> /a </loc></url></urlset>' % NAMESPACE


def test_pages_and_indexes_are_told_apart() -> None:
    assert read_sitemap(URLSET, URL, 10_000) == SitemapFile(pages=("https://example.com/a",))
    index = b"<sitemapindex><sitemap><loc>https://example.com/b.xml</loc></sitemap></sitemapindex>"
    assert read_sitemap(index, URL, 10_000) == SitemapFile(sitemaps=("https://example.com/b.xml",))


def test_gzip_byte_order_mark_and_plain_text_are_read() -> None:
    assert read_sitemap(gzip.compress(URLSET), URL, 10_000) == read_sitemap(URLSET, URL, 10_000)
    assert read_sitemap(b"\xef\xbb\xbf" + URLSET, URL, 10_000)
    assert read_sitemap(b"https://example.com/a\nhttps://example.com/b\n", URL, 100) == SitemapFile(
        pages=("https://example.com/a", "https://example.com/b")
    )


@pytest.mark.parametrize(
    "body",
    [b"", b"<", b"not one", b"<html><p>Not found", gzip.compress(b"<" * 100_000, mtime=0), b"\x1f\x8b\x00broken"],
)
def test_what_is_none_is_none(body: bytes) -> None:
    assert read_sitemap(body, URL, 50_000) is None


@given(st.binary(max_size=300))
def test_no_bytes_make_it_raise(body: bytes) -> None:
    read_sitemap(body, URL, 10_000)


def test_entities_are_not_expanded(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("https://example.com/secret")
    body = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]><urlset><url><loc>&e;</loc></url></urlset>'
    assert "secret" not in str(read_sitemap(body.encode(), URL, 10_000))


def test_the_cache_keeps_what_can_be_asked_about(tmp_path: Path) -> None:
    cache = SitemapCache(tmp_path / "cache")
    kept = SitemapFile(("https://example.com/a",), (), '"1"')
    cache.store_sitemap(URL, kept)
    cache.store_sitemap(URL + "2", SitemapFile(("https://example.com/a",)))
    assert cache.load_sitemap(URL) == kept
    assert cache.load_sitemap(URL + "2") is None


def test_a_broken_cache_is_no_cache(tmp_path: Path) -> None:
    cache = SitemapCache(tmp_path)
    cache.store_sitemap(URL, SitemapFile(("https://example.com/a",), (), '"1"'))
    for path in tmp_path.iterdir():
        path.write_text('{"pages": 3')
    assert cache.load_sitemap(URL) is None
    assert SitemapCache(None).load_sitemap(URL) is None
