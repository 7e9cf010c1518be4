"""The pure data of retrieval: what is crawled, extracted, indexed and found. No behaviour beyond identity."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

DEFAULT_THRESHOLD, DEFAULT_SUGGESTION = 0.75, 0.3
"""What confidences are measured against where no fit says otherwise."""


class SourceKind(StrEnum):
    """Where a source's pages come from."""

    WEBSITE = "website"
    PAGE = "page"
    FOLDER = "folder"
    ZENDESK = "zendesk"  # a help centre, through its maker's interface
    INTERCOM = "intercom"


@dataclass(frozen=True, slots=True)
class Selectors:
    """CSS selectors an operator gives for a site whose markup no general rule reads.

    `item` picks the element around one pair (optional); `question` and `answer` are looked up inside it,
    or paired in document order when `item` is empty.
    """

    question: str
    answer: str
    item: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """A place whose pages Frontdesk knows. `name` is unique; `location` is a URL, a folder's absolute path, or where
    a help centre's interface is asked.

    `path_prefix` narrows a website's scope below its host ("" means the directory of the start URL);
    `max_pages` and `max_depth` bound one crawl of it (None: the crawl settings' own bounds);
    `read_noindex`: pages that ask not to be indexed are read too, for whoever owns the site. `render`: pages are read
    in a browser, as their scripts make them.
    """

    name: str
    kind: SourceKind
    location: str
    path_prefix: str = ""
    selectors: Selectors | None = None
    max_pages: int | None = None
    max_depth: int | None = None
    read_noindex: bool = False
    render: bool = False


class DocumentKind(StrEnum):
    """A question with its answer, or a section of a page that is no FAQ."""

    FAQ = "faq"
    SECTION = "section"


@dataclass(frozen=True, slots=True)
class Document:
    """One question/answer pair, or one section (`question` is then its heading).

    `answer` is Markdown with absolute links; `url` carries the fragment nearest to the pair; `heading_path` runs
    from the page's title down, without the question itself; `language` is a primary subtag ("en", "zh");
    `alternatives` are other wordings of the question that it comes with, `written` further ones that a model wrote: it
    is found by them, too, and nothing else is learned from them. `crawled_at` is the UTC time (ISO 8601) of the fetch.
    `author` is the person who wrote this answer for Frontdesk, at `crawled_at`; "" for crawled text. Such a document is
    preferred, its `url` may be "", and it is for the groups of its `audience` alone, if there are any.
    """

    url: str
    question: str
    answer: str
    kind: DocumentKind = DocumentKind.FAQ
    heading_path: tuple[str, ...] = ()
    language: str = ""
    alternatives: tuple[str, ...] = ()
    source: str = ""
    crawled_at: str = ""
    author: str = ""
    audience: frozenset[str] = frozenset()
    written: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """Identity by content: URL, heading path, question, answer, and author if any; 20 hex digits of SHA-256."""
        return content_id(self.url, *self.heading_path, self.question, self.answer, *filter(None, [self.author]))

    @property
    def entry_id(self) -> str:
        """Identity of what is said and where, whoever said it and under whichever headings: URL, question and answer.
        A decision about an entry holds for as long as it has this one."""
        return content_id(self.url, self.question, self.answer)


@dataclass(frozen=True, slots=True)
class Passage:
    """A part of a document small enough to embed: part `part` of `parts`, 0-based.

    `text` is the part of the document's answer; the question is in `document.question`.
    """

    id: str
    document: Document
    text: str
    part: int = 0
    parts: int = 1


@dataclass(frozen=True, slots=True)
class ScoredPassage:
    """A passage with its fused score for one query (higher is better, only comparable within that query) and the
    value of each signal that went into it, by name, for `explain`. `audience` are the groups that its document is for
    alone, if there are any."""

    passage: Passage
    score: float
    signals: Mapping[str, float] = field(default_factory=dict)
    audience: frozenset[str] = frozenset()


LEARNED = "learned"
"""The feature of a result whose first passage people showed to be what these words mean: how many did."""


@dataclass(frozen=True, slots=True)
class RetrievalResult:
    """What a query found: passages best first, at most one a document unless more of its parts were asked for.

    `confidence` in 0..1 is the calibrated probability that the first passage's document answers the query (0.0 with
    no passages); `features` are the values it was computed from; `timings_ms` maps a stage to milliseconds;
    `rewritten` is what the query was searched as besides, by the glossary. `family` are those of the passages that ask
    the same question about several things, of which the query names none, and answer it differently. `answer_from` and
    `suggest_from` are the confidences from which on the first one is an answer, and worth showing as the nearest;
    `profile` names what it was searched by, "" for nothing.
    """

    query: str
    language: str
    passages: tuple[ScoredPassage, ...]
    confidence: float
    index_version: str
    embedder: str
    features: Mapping[str, float] = field(default_factory=dict)
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    rewritten: tuple[str, ...] = ()
    family: tuple[ScoredPassage, ...] = ()
    answer_from: float = DEFAULT_THRESHOLD
    suggest_from: float = DEFAULT_SUGGESTION
    profile: str = ""


def to_json_values(document: Document) -> dict[str, Any]:
    """A crawled document's fields for JSON. Whom a page is for is its source's to say, and never written with it."""
    values = asdict(document)
    del values["audience"]
    if not document.written:
        del values["written"]
    return values


def content_id(*parts: str) -> str:
    """20 hex digits of the SHA-256 of the parts, each ended by a NUL so that no two splits collide."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode("utf-8", "surrogatepass"))
        digest.update(b"\0")
    return digest.hexdigest()[:20]
