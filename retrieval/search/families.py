"""One question about several things: "Is it waterproof?" on the pages of ten lamps.

Documents that ask the same question, but for what they name, are a family. What tells its members apart are the words
of their headings, question and address that not all of them have. A query that has such words of one member means that
one and none of the others; a query that has none means nobody knows which, unless they all answer the same.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import numpy as np

from retrieval.documents import Document
from retrieval.index.lexical_field import Places, Scores
from retrieval.search.near_duplicates import RIVAL, answers_agree
from retrieval.text.analysis import is_function
from retrieval.text.content_words import content_tokens, word_sequence
from retrieval.text.languages import language_of

if TYPE_CHECKING:
    from retrieval.index.index import Index

AS_LIKELY = 1.5
"""In score, which is a log-likelihood: of a question without a name 19 of 20 pages lie as near to the first (1.48),
pages with another question further off (19 of 20 by 1.65 and more; `benchmarks/catalogue.py`, open half)."""
LOOKED_AT = 64  # ranked documents that are compared with the first
RULED_OUT = 10.0  # in score, which is a log-likelihood
MOST = 256  # members; a question that stands on more pages is no question of a product


@dataclass(frozen=True, slots=True)
class Family:
    """Places in `Index.documents`. `meant` are the members that a query may mean, the best first, `ruled_out` those
    beside which it names another; `differ` where those that are meant do not all answer the same."""

    meant: tuple[int, ...] = ()
    ruled_out: tuple[int, ...] = ()
    differ: bool = False


SINGLE = Family()


def find_family(index: Index, query: str, ranked: Places, scores: Scores) -> Family:
    """The family of the first of the `ranked` documents, with their `scores`, and whom of it `query` (with what it was
    meant to say, if it has typing errors) names."""
    if not len(ranked):
        return Family()
    first = int(ranked[0])
    members = _find_members(index, first, ranked[scores >= scores[0] - RIVAL])
    page_of = _find_corrected_pages(index, members)
    members = [number for number in members if number not in page_of.values()]
    if len(members) == 1:
        return Family((members[0],))
    documents = [index.documents[number] for number in members]
    named_by = [index.documents[page_of.get(number, number)] for number in members]
    labels = find_distinguishing_tokens(named_by, index.main_language)
    meant, ruled_out = (
        [members[place] for place in places] for places in match_labels(query, labels, index.main_language)
    )
    corrected = {crawled for taught, crawled in index.same_question_pairs.tolist() if taught in meant}
    meant = [number for number in meant if number not in corrected]
    by_score = dict(zip(ranked.tolist(), scores.tolist(), strict=True))
    asked = content_tokens(query, index.main_language)
    meant = _equally_likely(index, meant, by_score, frozenset() if asked & frozenset().union(*labels) else asked)
    by_number = dict(zip(members, zip(documents, labels, strict=True), strict=True))
    differ = not _members_agree([by_number[number] for number in meant], index.main_language)
    # Nobody knows that it is with what is on no page as with the others.
    if not differ and _names_another(query, [by_number[number][0] for number in meant], index.main_language):
        meant = [number for number in meant if _same_words(index, number, meant[0])]
    return Family(tuple(meant), tuple(ruled_out), differ)


def find_distinguishing_tokens(documents: Sequence[Document], language: str = "en") -> list[frozenset[str]]:
    """-> for each member of a family the tokens that not all members have: of headings and question or, where these
    are all the same, of address and source."""
    labels = [_label_tokens(document, language) for document in documents]
    if len(set(labels)) == 1:
        asked = frozenset().union(*(content_tokens(document.question, language) for document in documents))
        labels = [_address_tokens(document, language) - asked for document in documents]  # whoever asks says those
    shared = frozenset.intersection(*labels)
    return [label - shared for label in labels]


def match_labels(query: str, labels: Sequence[frozenset[str]], language: str = "en") -> tuple[list[int], list[int]]:
    """-> the members that `query` may mean, and those it rules out: another has all of the label's words that the
    query shares with this one, and more. A query that names none means the members without a label, if there are any.
    """
    tokens = content_tokens(query, language)
    named = [label & tokens for label in labels]
    everyone = range(len(labels))
    if not any(named):
        return [place for place in everyone if not labels[place]] or list(everyone), []
    ruled_out = [place for place in everyone if any(named[place] < other for other in named)]
    return [place for place in everyone if place not in ruled_out], ruled_out


def ask_same_question(one: str, other: str, language: str = "en") -> bool:
    """Whether two questions have the same words in the same order, but for one run of them in each, a name, which is
    no longer than the rest."""
    first, second = word_sequence(one, language), word_sequence(other, language)
    if first == second:
        return True
    start = _count_common_start(first, second)
    end = min(_count_common_start(first[::-1], second[::-1]), len(first) - start, len(second) - start)
    kept = (*first[:start], *first[len(first) - end :])
    names = (*first[start : len(first) - end], *second[start : len(second) - end])
    return (
        2 * len(kept) >= max(len(first), len(second))
        and _has_content_word(kept, language)
        and _has_content_word(names, language)
    )


def _find_members(index: Index, first: int, ranked: Places) -> list[int]:
    """The documents of the family of `first`, in order of rank; those that are not ranked last."""
    question, language = index.documents[first].question, index.main_language
    same = index.wordings.find_same_words(question, language_of(index.documents[first]))
    same_words = [int(number) for number in _documents_of(index, same)]
    near = [
        number
        for number in ranked[:LOOKED_AT].tolist()
        if ask_same_question(question, index.documents[number].question, language)
        and index.documents[number].answer.strip()
    ]
    hidden = set(index.hidden.tolist())
    return [number for number in dict.fromkeys([first, *near, *same_words]) if number not in hidden][:MOST]


def _find_corrected_pages(index: Index, members: Sequence[int]) -> dict[int, int]:
    """-> {a taught answer among the members: the one page among them of which it is the answer}. They count as one, and
    what names the page names both; a taught answer to what several pages ask is a member beside them."""
    pages: dict[int, list[int]] = {}
    for taught, crawled in index.same_question_pairs.tolist():
        if taught in members and crawled in members:
            pages.setdefault(taught, []).append(crawled)
    return {taught: those[0] for taught, those in pages.items() if len(those) == 1}


def _equally_likely(
    index: Index, meant: Sequence[int], scores: Mapping[int, float], unnamed: frozenset[str]
) -> list[int]:
    """Those of the same words as the best of them. Of those that differ in a word, which may make another question of
    it, the ones that fit about as well, and those of which all that they share with the best is asked: the words of a
    query that is `unnamed` (none otherwise)."""
    best = max(meant, key=lambda number: scores.get(number, -math.inf))
    language = index.main_language
    best_question = content_tokens(index.documents[best].question, language)

    def is_as_likely(number: int) -> bool:
        shared = best_question & content_tokens(index.documents[number].question, language)
        near = scores.get(number, -math.inf) >= scores.get(best, -math.inf) - AS_LIKELY
        return near or bool(shared and shared <= unnamed) or _same_words(index, number, best)

    return [number for number in meant if is_as_likely(number)]


def _same_words(index: Index, one: int, other: int) -> bool:
    first, second = (word_sequence(index.documents[number].question) for number in (one, other))
    return first == second


def _documents_of(index: Index, wordings: Sequence[int]) -> Places:
    return np.searchsorted(index.wording_starts, np.array(wordings, np.int64), "right") - 1


def _names_another(query: str, documents: Sequence[Document], language: str) -> bool:
    """Whether `query` has a word of content that is in none of `documents`."""
    texts = [
        text
        for document in documents
        for text in (*document.heading_path, document.question, *document.alternatives, document.answer)
    ]
    return not content_tokens(query, language) <= content_tokens("\n".join(texts), language)


def _members_agree(members: Sequence[tuple[Document, frozenset[str]]], language: str) -> bool:
    (first, label), *others = members
    return all(
        answers_agree(first.answer, other.answer, label | other_label, language) for other, other_label in others
    )


def _has_content_word(tokens: Sequence[str], language: str) -> bool:
    """Whether any of these is no function word."""
    return any(not is_function(token, language) for token in tokens)


def _count_common_start(one: Sequence[str], other: Sequence[str]) -> int:
    """How many tokens two sequences begin with in common."""
    pairs = zip(one, other, strict=False)
    return next((number for number, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


@lru_cache(maxsize=4096)
def _label_tokens(document: Document, language: str) -> frozenset[str]:
    return content_tokens("\n".join([*document.heading_path, document.question]), language)


@lru_cache(maxsize=4096)
def _address_tokens(document: Document, language: str) -> frozenset[str]:
    parts = urlsplit(document.url)
    address = f"{parts.netloc} {unquote(parts.path)} {parts.fragment} {document.source}"
    return content_tokens(address.replace("_", " "), language)


def promote_meant(family: Family, documents: Places, scores: Scores) -> Scores:
    """-> the scores of candidates of these `documents`, with the best of those that are meant where the best of the
    family was, and those ruled out behind everything."""
    if not family.ruled_out:
        return scores
    meant, ruled_out = np.isin(documents, family.meant), np.isin(documents, family.ruled_out)
    if not meant.any() or not ruled_out.any():
        return scores
    lift = max(0.0, float(scores[ruled_out].max() - scores[meant].max()))
    return np.asarray(scores + np.float32(lift) * meant - np.float32(RULED_OUT) * ruled_out, np.float32)
