"""Bytes of a page -> text, and what kind of page it is."""

from __future__ import annotations

from enum import StrEnum
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from w3lib.encoding import html_to_unicode

from retrieval.errors import ExtractionError

MAX_BYTES = 16 * 2**20  # the crawler stops at 10 MiB a page; decoded text from elsewhere may be a little longer

_BINARY_MAGIC = (
    b"%PDF-",
    b"PK\x03\x04",
    b"\x89PNG",
    b"GIF8",
    b"\xff\xd8\xff",
    b"\x1f\x8b",
    b"\x7fELF",
    b"RIFF",
    b"wOF",
)
_BINARY_TYPES = (
    "image/",
    "audio/",
    "video/",
    "font/",
    "application/pdf",
    "application/zip",
    "application/octet-stream",
)
_MARKDOWN_SUFFIXES = {".md", ".markdown", ".mdx", ".mkd"}
_TEXT_SUFFIXES = {".txt", ".text"}
# The commonest characters of running Chinese text, simplified and traditional: a wrong decoding hardly hits them.
_FREQUENT_HAN = frozenset(
    "的一是不了在有我他这这這个個们們中来來上大为為和国國地到以说說时時要就出会會可也你对對生能而子那得于于於着著下自之年过過发發后後作里裡用道"
    "行所然家种種事成方多经經么麼去法学學如都同现現当當没沒动動面起看定天分还還进進好小部其些主样樣理心她本前开開但因只从從想实實日"
    "请請问問订訂货貨退款您送支付账帳号號费費客服商品运運"
)


class PageKind(StrEnum):
    """How a page's text is to be read."""

    HTML = "html"
    MARKDOWN = "markdown"
    TEXT = "text"


def detect_page_kind(url: str, content_type: str) -> PageKind:
    """The kind by media type, and by the URL's suffix where the type says little (text/plain, none, octet-stream)."""
    media = content_type.split(";")[0].strip().lower()
    suffix = PurePosixPath(urlsplit(url).path).suffix.lower()
    if "markdown" in media:
        return PageKind.MARKDOWN
    if media in ("text/plain", "", "application/octet-stream"):
        if suffix in _MARKDOWN_SUFFIXES:
            return PageKind.MARKDOWN
        if media == "text/plain" or suffix in _TEXT_SUFFIXES:
            return PageKind.TEXT
    return PageKind.HTML


def decode_page(body: bytes | str, url: str, content_type: str) -> str:
    """The page's text: by byte order mark, Content-Type, <meta>, else by looking at the bytes.

    Raises ExtractionError for what is no text, or longer than MAX_BYTES.
    """
    if len(body) > MAX_BYTES:
        raise ExtractionError(f"{url} holds more than {MAX_BYTES // 2**20} MiB: leave it out, or split it into pages")
    if isinstance(body, str):
        return body
    media = content_type.split(";")[0].strip().lower()
    if body.startswith(_BINARY_MAGIC) or (
        media.startswith(_BINARY_TYPES) and detect_page_kind(url, media) == PageKind.HTML
    ):
        raise ExtractionError(
            f"{url} is no text ({media or 'unknown type'}): pages, PDF, Word files and sheets are read"
        )
    encoding, text = html_to_unicode(content_type or None, body, auto_detect_fun=detect_encoding)
    if _measure_damage(text) > 0.01 and encoding not in ("utf-16-le", "utf-16-be", "utf-16", "utf-32"):
        text = body.decode(detect_encoding(body), "replace")  # declared as what it is not
    if text.count("\0") > len(text) // 100:
        raise ExtractionError(f"{url} is binary although it says {media or 'nothing'}: only text is read")
    return str(text)


def detect_encoding(body: bytes) -> str:
    """UTF-8 when it is; else the Chinese encoding whose reading shows ordinary Chinese; else Windows-1252."""
    sample = body[:200_000]
    try:
        sample.decode("utf-8")
        return "utf-8"
    except UnicodeDecodeError as error:
        if error.start > len(sample) - 4:  # only the cut went through a character
            return "utf-8"
    if sample[1::2].count(0) > len(sample) // 5:
        return "utf-16-le"
    scores = {name: _measure_plausibility(sample.decode(name, "replace")) for name in ("gb18030", "big5hkscs")}
    best = max(scores, key=lambda name: scores[name])
    if scores[best] > 0.1:
        return best
    return "utf-8" if _measure_damage(sample.decode("utf-8", "replace")) < 0.01 else "cp1252"


def _measure_plausibility(text: str) -> float:
    """The share of frequent Chinese characters among all beyond ASCII, less the undecodable ones."""
    wide = [char for char in text if ord(char) > 0x7F]
    if not wide:
        return 0.0
    return (sum(char in _FREQUENT_HAN for char in wide) - 2 * wide.count("\ufffd")) / len(wide)


def _measure_damage(text: str) -> float:
    wide = sum(ord(char) > 0x7F for char in text[:200_000])
    return text[:200_000].count("\ufffd") / wide if wide else 0.0
