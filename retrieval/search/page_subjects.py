"""Whether two entries are about one thing, by what their pages are called and what else is asked there.

Of a question on a page "Luma lamp" the page tells what it is about, of one on "Terms of use" it does not. What tells
them apart is how the site speaks: the name of a thing hardly stands but on its own page, pages of siblings are called
and built alike, and ask the same questions with answers of their own.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import numpy as np

from retrieval.documents import Document
from retrieval.search.families import ask_same_question
from retrieval.text.content_words import content_tokens, word_sequence
from retrieval.text.languages import language_of

if TYPE_CHECKING:
    from retrieval.index.index import Index

PAGE_FEATURES = (
    "label_apart",
    "label_one_sided",
    "label_one_name",
    "label_siblings",
    "label_in_answers",
    "address_apart",
    "address_siblings",
    "parallel_different",
    "parallel_equal",
    "family",
    "series",
)
_COMMON = 0.5  # of the pages: what more of them are called by is the site's own name
_ENDING = re.compile(r"\.\w{2,5}$|[_+]")

Question = tuple[str, ...]


class PageSubjects:
    """What is asked and answered on each page of an index, and by which words its pages are called."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._answers: defaultdict[str, dict[Question, str]] = defaultdict(dict)
        self._members: defaultdict[Question, dict[str, str]] = defaultdict(dict)
        self._labelled: Counter[str] = Counter()  # documents under headings with a token
        called: defaultdict[str, set[str]] = defaultdict(set)
        for document in index.documents:
            question = word_sequence(document.question, language_of(document))
            answer = " ".join(document.answer.casefold().split())
            page, label = _page_of(document), _label_of(document)
            self._answers[page].setdefault(question, answer)
            self._members[question].setdefault(f"{page} {document.heading_path}", answer)
            self._labelled.update(label)
            called[page].update(label)
        pages = Counter(token for label in called.values() for token in label)
        self._common = {token for token, count in pages.items() if count > max(2, _COMMON * len(called))}
        self._rarity: dict[str, float] = {}

    def compare(self, one: Document, other: Document) -> tuple[float, ...]:
        """The values of PAGE_FEATURES for two documents in one language."""
        language = language_of(one)
        label, label_too = _label_of(one), _label_of(other)
        asked = content_tokens(one.question, language) | content_tokens(other.question, language)
        own, own_too = label - label_too - asked - self._common, label_too - label - asked - self._common
        apart, apart_too = self._rate_rarest(own), self._rate_rarest(own_too)
        said, said_too = content_tokens(one.answer, language), content_tokens(other.answer, language)
        crossed = bool(own and own_too)
        address, address_too = _address_of(one), _address_of(other)
        values = {
            "label_apart": min(apart, apart_too),
            "label_one_sided": 0.0 if crossed else max(apart, apart_too),
            "label_one_name": float(
                crossed and ask_same_question(" ".join(one.heading_path), " ".join(other.heading_path), language)
            ),
            "label_siblings": float(crossed and bool((label & label_too) - self._common)),
            "label_in_answers": (bool(own & said - said_too) + bool(own_too & said_too - said)) / 2,
            "address_apart": float(bool(address - address_too - asked) and bool(address_too - address - asked)),
            "address_siblings": float(_are_siblings(one.url, other.url)),
            **self._count_parallels(one, other),
            **self._describe_series(one, other),
        }
        return tuple(values[name] for name in PAGE_FEATURES)

    def _rate_rarest(self, tokens: frozenset[str]) -> float:
        """How much the rarest of these names a thing: 1 where it stands nowhere but under headings with it, 0 where it
        stands in every document."""
        return max((self._rate(token) for token in tokens), default=0.0)

    def _rate(self, token: str) -> float:
        if token not in self._rarity:
            passages = self._index.texts.find_texts_with_all([token])
            holding = len(np.unique(self._index.passage_document[passages]))
            elsewhere = max(0, holding - self._labelled[token])
            self._rarity[token] = 1 - math.log1p(elsewhere) / math.log1p(len(self._index.documents))
        return self._rarity[token]

    def _count_parallels(self, one: Document, other: Document) -> dict[str, float]:
        """ln of 1 and how many more questions two pages both answer: differently, as those of two products do, and
        alike, as copies of a page do."""
        first, second = (self._answers[_page_of(each)] for each in (one, other))
        this = {word_sequence(each.question, language_of(each)) for each in (one, other)}
        shared = (first.keys() & second.keys()) - this if first is not second else set()
        alike = sum(first[question] == second[question] for question in shared)
        return {"parallel_different": math.log1p(len(shared) - alike), "parallel_equal": math.log1p(alike)}

    def _describe_series(self, one: Document, other: Document) -> dict[str, float]:
        """In how many places the very words of either are asked (ln), and how many answers there are beyond three (ln
        of 1 and these): a table of attributes, spread over pages, has many."""
        members = max(
            (self._members[word_sequence(each.question, language_of(each))] for each in (one, other)), key=len
        )
        distinct = len(set(members.values()))
        return {
            "family": math.log(max(1, len(members))),
            "series": math.log(max(1, distinct - 2)),
        }


def _page_of(document: Document) -> str:
    return document.url.partition("#")[0]


def _label_of(document: Document) -> frozenset[str]:
    return content_tokens("\n".join(document.heading_path), language_of(document))


def _address_of(document: Document) -> frozenset[str]:
    path = unquote(urlsplit(document.url).path)
    return content_tokens(_ENDING.sub(" ", path.replace("/", " ").replace("-", " ")), language_of(document))


def _are_siblings(one: str, other: str) -> bool:
    """Whether two addresses differ in one part before the last, or in their host: /basic/returns and /pro/returns."""
    first, second = ([urlsplit(url).netloc, *urlsplit(url).path.rstrip("/").split("/")] for url in (one, other))
    if not (one and other) or len(first) != len(second):
        return False
    different = [place for place, (a, b) in enumerate(zip(first, second, strict=True)) if a != b]
    return len(different) == 1 and different[0] != len(first) - 1
