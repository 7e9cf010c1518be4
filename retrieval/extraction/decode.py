"""Bytes of a page -> text, and what kind of page it is."""

from __future__ import annotations

import codecs
import re
from enum import StrEnum
from pathlib import PurePosixPath
from urllib.parse import urlsplit

from w3lib.encoding import html_to_unicode

from retrieval.errors import ExtractionError
from retrieval.text.scripts import ARABIC, CYRILLIC, GREEK, HEBREW, LATIN

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
# What pages and files are written in: of the encodings that the Web's own standard (WHATWG) names those that are met.
# chardet is held to them: on a few words those of old Macintoshes, DOS and mainframes look as likely as the right one.
# Of two that read a text the same the first here is named, which reads what comes after it, too.
_ENCODINGS = (
    *("ascii", "utf-8", "gb18030", "big5hkscs", "cp932", "euc-jp", "iso2022_jp_2", "cp949", "cp874", "cp1252"),
    *("cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257", "cp1258", "koi8-r", "koi8-u"),
    *("iso8859-2", "iso8859-5", "iso8859-7", "iso8859-9", "iso8859-15", "big5", "shift_jis", "euc-kr"),
)
_SAMPLE = 200_000  # bytes that are looked at
_TAG = re.compile(rb"<(?:script|style)\b.*?</(?:script|style)|<[^>]*>", re.DOTALL | re.IGNORECASE)
_SURE, _CLEARLY = 0.1, 3.0  # how sure chardet must be, and how many times as sure as of what is declared
# How many times as sure as of Windows-1252 chardet must be of another: by `python -m benchmarks.encodings`.
MARGIN = 1.1
_FEW = 8  # bytes beyond ASCII, by which an encoding with several bytes a character is not told from UTF-8
_WIDE = ("gb", "big5", "hz", "euc", "shift", "cp932", "cp949", "johab", "iso2022")  # so their codecs' names begin
_SCRIPTS = tuple(re.compile(f"[{script}]") for script in (LATIN, GREEK, CYRILLIC, HEBREW, ARABIC))
_WORD = re.compile(r"[^\W\d_]+")


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
    """The page's text: by byte order mark, Content-Type, <meta>, where its words do not say otherwise; else by these.

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
    if not encoding.startswith(("utf-16", "utf-32")):
        better = _find_better_encoding(body, encoding, str(text))
        text = body.decode(better, "replace") if better else text
    if text.count("\0") > len(text) // 100:
        raise ExtractionError(f"{url} is binary although it says {media or 'nothing'}: only text is read")
    return str(text)


def detect_encoding(body: bytes) -> str:
    """UTF-8 when it is; else what chardet judges the text to be, markup left out; Windows-1252 where nothing tells."""
    sample = body[:_SAMPLE]
    if _is_utf8(sample):
        return "utf-8"
    if sample[1::2].count(0) > len(sample) // 5:
        return "utf-16-le"
    ranked = _rank_encodings(sample)
    least = MARGIN * dict(ranked).get("cp1252", 0.0)
    likely = (name for name, sure in ranked if sure > least and not _mixes_scripts(sample.decode(name, "replace")))
    best = next(likely, "cp1252")
    return "utf-8" if _measure_damage(sample.decode("utf-8", "replace")) < 0.01 else _find_widest(sample, best)


def _find_better_encoding(body: bytes, declared: str, text: str) -> str:
    """What the text is in where it is declared as what it is not, else ""."""
    if _measure_damage(text) > 0.01 or _mixes_scripts(text[:_SAMPLE]):
        return detect_encoding(body)
    sample, declared = body[:_SAMPLE], codecs.lookup(declared).name
    if sample.isascii() or declared == "utf-8":
        return ""
    wide = sum(byte > 0x7F for byte in sample)
    if _is_utf8(sample):
        return "utf-8" if wide > _FEW or not declared.startswith(_WIDE) else ""
    ranked = dict(_rank_encodings(sample))
    best = next(iter(ranked), declared)
    clearly = ranked.get(best, 0.0) > max(_SURE, _CLEARLY * ranked.get(declared, 0.0))
    return _find_widest(sample, best) if clearly and not text.startswith(sample.decode(best, "replace")[:-4]) else ""


def _rank_encodings(sample: bytes) -> list[tuple[str, float]]:
    """(codec, how sure) from the likeliest down, by the words alone: markup tells of no language, and may lie."""
    import chardet

    words = _TAG.sub(b" ", sample)
    found = chardet.detect_all(words, include_encodings=_ENCODINGS, ignore_threshold=True)
    return [(codecs.lookup(each["encoding"]).name, each["confidence"]) for each in found if each["encoding"]]


def _find_widest(sample: bytes, encoding: str) -> str:
    """The first encoding that reads the sample as this one does."""
    text = sample.decode(encoding, "replace")
    names = (codecs.lookup(name).name for name in _ENCODINGS)
    return next((name for name in names if sample.decode(name, "replace") == text), encoding)


def _is_utf8(sample: bytes) -> bool:
    try:
        sample.decode("utf-8")
    except UnicodeDecodeError as error:
        return len(sample) == _SAMPLE and error.start > len(sample) - 4  # only the cut went through a character
    return True


def _mixes_scripts(text: str) -> bool:
    """Whether letters of two alphabets often stand in one word, as they do in text that is read as what it is not."""
    if text.isascii():
        return False
    wide = [word for word in _WORD.findall(text) if not word.isascii()]
    mixed = sum(sum(script.search(word) is not None for script in _SCRIPTS) > 1 for word in wide)
    return 4 * mixed > len(wide)


def _measure_damage(text: str) -> float:
    damaged = text.count("\ufffd", 0, _SAMPLE)
    return damaged / sum(char > "\x7f" for char in text[:_SAMPLE]) if damaged else 0.0
