"""Sitemaps: reading one, and keeping it so that an unchanged one costs no body the next time."""

from __future__ import annotations

import hashlib
import json
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from lxml import etree
from scrapy.utils.sitemap import Sitemap

MAX_URLS = 50_000  # in one file, by the sitemap protocol
MAX_FILES = 100  # in one crawl
SITEMAP_NAMES = ("sitemap.xml", "sitemap_index.xml", "sitemap-index.xml", "wp-sitemap.xml")


@dataclass(frozen=True, slots=True)
class SitemapFile:
    """The URLs that one sitemap names: of pages, and (for an index) of other sitemaps. As served, not canonical."""

    pages: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    etag: str = ""
    last_modified: str = ""


def read_sitemap(body: bytes, url: str, max_bytes: int, etag: str = "", last_modified: str = "") -> SitemapFile | None:
    """Parse XML, gzipped XML or plain text; None for what is no sitemap or unpacks to more than `max_bytes`."""
    try:
        if body[:2] == b"\x1f\x8b":
            body = _decompress_gzip(body, max_bytes)
        if not body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
            lines = body.decode("utf-8", "replace").split()
            pages = [line for line in lines if line.startswith(("http://", "https://"))]
            return SitemapFile(tuple(pages[:MAX_URLS]), (), etag, last_modified) if pages else None
        sitemap = Sitemap(body.lstrip())
        urls = tuple(urljoin(url, entry["loc"]) for entry, _ in zip(sitemap, range(MAX_URLS), strict=False))
    except (etree.XMLSyntaxError, StopIteration, ValueError, zlib.error):
        return None
    if sitemap.type == "sitemapindex":
        return SitemapFile((), urls, etag, last_modified)
    return SitemapFile(urls, (), etag, last_modified) if sitemap.type == "urlset" else None


def list_folders(start: str, prefix: str) -> tuple[str, ...]:
    """Where the sitemap of a site may lie: the host's root, the folders that lead to the start page or to the site's
    `prefix`, and a start page that may itself be a folder without its last slash."""
    paths = [urlsplit(start).path, prefix]
    if "." not in paths[0].rpartition("/")[2]:
        paths.append(f"{paths[0].rstrip('/')}/")
    found = [path[: at + 1] for path in paths for at, letter in enumerate(path) if letter == "/"]
    return tuple(urljoin(start, folder) for folder in sorted(set(found), key=lambda folder: (len(folder), folder)))[:6]


def _decompress_gzip(body: bytes, limit: int) -> bytes:
    """Raises ValueError when more than `limit` bytes come out, zlib.error on what is no gzip."""
    unzipped = zlib.decompressobj(wbits=31).decompress(body, limit + 1)
    if len(unzipped) > limit:
        raise ValueError("too large")
    return unzipped


class SitemapCache:
    """Sitemaps of earlier crawls, one JSON file each in a folder. Without a folder it remembers nothing."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def load_sitemap(self, url: str) -> SitemapFile | None:
        """The sitemap as it was; None when it is not kept or the file cannot be read."""
        if self._folder is None:
            return None
        try:
            raw = json.loads(self._build_path(self._folder, url).read_text(encoding="utf-8"))
            return SitemapFile(**{**raw, "pages": tuple(raw["pages"]), "sitemaps": tuple(raw["sitemaps"])})
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def store_sitemap(self, url: str, sitemap: SitemapFile) -> None:
        """Keep it, if the server gave anything to ask "changed since?" with. Atomic."""
        if self._folder is None or not (sitemap.etag or sitemap.last_modified):
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._build_path(self._folder, url)
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(sitemap)), encoding="utf-8")
        fresh.replace(path)

    @staticmethod
    def _build_path(folder: Path, url: str) -> Path:
        return folder / f"{hashlib.sha256(url.encode()).hexdigest()[:24]}.json"
