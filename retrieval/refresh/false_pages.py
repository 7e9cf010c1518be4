"""What is served as a page and is none: an error page answered 200, a sign-in form, a notice in every page's place.

Told by what the pages say, never by words that such pages use: the same text under an address that cannot exist, or in
the place of several pages that said different things before. Pure.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from retrieval.documents import Document, DocumentKind
from retrieval.text.cleaning import collapse_whitespace

_FEW = 5  # words that are too few to compare by: then the texts have to be the same
_ALIKE = 0.8  # share of words: an error page names the time, a number, or what was asked for
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\w*\d\w*")

NO_SUCH_PAGE = "it reads like the page that the site answers for addresses that do not exist"
SIGN_IN = "it asks to sign in, and says little else"
ONE_NOTICE = "it says the same as other pages that said something else before: a notice of the site, by all signs"
DETOUR = "it is redirected, as other pages are, to {} for the time being"


@dataclass(frozen=True, slots=True)
class ReadPage:
    """A page as it came now; `before` are its documents of the last time, None for a page that was not known.

    `asked_directly` is False where only a redirect led to it; `led_to` is where a temporary redirect of it leads.
    """

    url: str
    documents: tuple[Document, ...]
    before: tuple[Document, ...] | None = None
    is_start: bool = False
    asked_directly: bool = True
    asks_to_sign_in: bool = False
    led_to: str = ""

    def keeps_anything(self) -> bool:
        """Whether any question of a pair, or any answer, of the last time still stands on it."""
        before, now = self.before or (), self.documents
        asked = {_fold(d.question) for d in before if d.kind is DocumentKind.FAQ}
        told = {_fold(d.answer) for d in before}
        return any(_fold(d.answer) in told or (d.kind is DocumentKind.FAQ and _fold(d.question) in asked) for d in now)

    def is_as_before(self) -> bool:
        """Whether it says what it said the last time."""
        return self.before is not None and _build_text(self.documents) == _build_text(self.before)


@dataclass(frozen=True, slots=True)
class ProbedPage:
    """What an address that cannot exist answers: the documents, and the URL after redirects."""

    url: str
    asked: str
    documents: tuple[Document, ...]


def find_false_pages(
    pages: Sequence[ReadPage],
    probes: Iterable[ProbedPage],
    detours: Mapping[str, int],
    start: Sequence[Document],
    *,
    others_stand: bool,
) -> dict[str, str]:
    """The URLs of the pages that are none, each with the reason.

    `start` is what the start page holds; `detours` counts, by target, the known pages that a temporary redirect led
    there and that were not read for it; `others_stand` says that the site still serves known pages as they were.
    """
    false = {page.url: SIGN_IN for page in pages if page.asks_to_sign_in and not _holds_pairs(page.documents)}
    _add_detours(false, pages, detours)
    _add_notices(false, pages)
    for probe in probes:
        if probe.documents:
            _add_errors(false, pages, probe, start, others_stand=others_stand)
    return false


def _add_detours(false: dict[str, str], pages: Sequence[ReadPage], detours: Mapping[str, int]) -> None:
    """Pages that are all led to one place: that is the place's text, not theirs."""
    for page in pages:
        if page.led_to and page.before and detours.get(page.led_to) and not page.keeps_anything():
            false[page.url] = DETOUR.format(page.led_to)


def _add_notices(false: dict[str, str], pages: Sequence[ReadPage]) -> None:
    """Texts that stand, all at once, where different pages were. Pages that were joined keep some of what they said."""
    groups: dict[str, list[ReadPage]] = defaultdict(list)
    for page in pages:
        groups[_build_text(page.documents)].append(page)
    said_before = {_build_text(page.before) for page in pages if page.before}
    for text, group in groups.items():
        replaced = [page for page in group if page.before and not page.keeps_anything()]
        if text not in said_before and len({_build_text(page.before or ()) for page in replaced}) > 1:
            false |= {page.url: ONE_NOTICE for page in (group if text else replaced)}


def _add_errors(
    false: dict[str, str],
    pages: Sequence[ReadPage],
    probe: ProbedPage,
    start: Sequence[Document],
    *,
    others_stand: bool,
) -> None:
    """Pages that read like the answer for an address that cannot exist.

    A site may answer every address with its start page, which is one all the same: unless it was known to say
    something else, and nothing of the site stands.
    """
    chrome = _find_chrome(start, probe)
    missing = _count_words(probe.documents, (probe.asked, probe.url)) - chrome
    alike = [
        page
        for page in pages
        if (
            _build_text(page.documents) == _build_text(probe.documents)
            or _is_alike(_count_words(page.documents, (page.url, probe.url)) - chrome, missing)
        )
        and not (page.url == probe.url and page.asked_directly and not page.is_start and probe.url != probe.asked)
    ]
    starts_alike = [page for page in alike if page.is_start]
    nothing_stands = not others_stand and all(page in alike or page.url in false for page in pages)
    for page in alike:
        if page not in starts_alike or (page.before and not page.keeps_anything() and nothing_stands):
            false[page.url] = NO_SUCH_PAGE


def _find_chrome(start: Sequence[Document], probe: ProbedPage) -> Counter[str]:
    """The words that the start page and the answer for no page share: they belong to every page of the site."""
    if _build_text(start) == _build_text(probe.documents):
        return Counter()
    return _count_words(start, (probe.asked, probe.url)) & _count_words(probe.documents, (probe.asked, probe.url))


def _is_alike(words: Counter[str], others: Counter[str]) -> bool:
    total = words.total() + others.total()
    return others.total() >= _FEW and 2 * (words & others).total() >= _ALIKE * total


def _count_words(documents: Iterable[Document], addresses: Iterable[str]) -> Counter[str]:
    """How often each word stands there, without numbers and without what an address is made of."""
    named = {word for url in addresses for word in _find_words(unquote(_path_of(url)))}
    words = (word for document in documents for word in _find_words(f"{document.question} {document.answer}"))
    return Counter(word for word in words if word not in named and not _NUMBER.fullmatch(word))


def _path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.netloc} {parts.path} {parts.query}"


def _find_words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def _fold(text: str) -> str:
    return collapse_whitespace(text).casefold()


def _holds_pairs(documents: Iterable[Document]) -> bool:
    return any(document.kind is DocumentKind.FAQ for document in documents)


def _build_text(documents: Iterable[Document]) -> str:
    return "\n".join(_fold(f"{document.question} {document.answer}") for document in documents)
