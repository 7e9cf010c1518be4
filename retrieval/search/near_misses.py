"""How far a passage may be beside the question: what the query names and the passage does not.

"Do you open on Monday?" lies as near to a page on Sundays as "Are you open Sundays?" does. Each function tells one sign
of it in 0..1, of a query and passages (places in `Index.passages`); what they weigh is fitted with the confidence.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

import numpy as np

from retrieval.documents import Document
from retrieval.index.lexical_field import Places, Scores
from retrieval.text.content_words import content_tokens, word_sequence
from retrieval.text.languages import detect_language
from retrieval.text.named_kinds import find_things
from retrieval.text.negation import count_denials

if TYPE_CHECKING:
    from retrieval.index.index import Index

_STEM = 4  # letters that "opened" and "unopened" share at least
_PREFIX = 3  # letters that one has before them at most


def missing_words(index: Index, query: str, passages: Places) -> Scores:
    """The part of the query's words of content, by idf, that a passage lacks, its headings and wordings included."""
    tokens = index.texts.look_up(sorted(content_tokens(query, index.main_language)))
    if not tokens.total:
        return np.zeros(len(passages), np.float32)
    covered, _ = index.texts.measure_overlap(tokens, passages)
    return np.maximum(np.float32(0), 1 - covered)


def swapped_words(index: Index, query: str, passages: Places) -> Scores:
    """Where the query has a word of content that the passage lacks: how much of the words of the nearest wording of the
    document's question it repeats in their order. A customer who rewords a question changes more than one thing in it.
    """
    asked, sequence = content_tokens(query, index.main_language), word_sequence(query, index.main_language)
    values = []
    for passage in passages.tolist():
        lacks = not index.texts.has_all(sorted(asked), passage)
        document = index.passages[passage].document
        wordings = (document.question, *document.alternatives)
        values.append(
            max(_compare_sequences(sequence, word_sequence(each, index.main_language)) for each in wordings)
            if lacks
            else 0.0
        )
    return np.array(values, np.float32)


def missing_elsewhere(index: Index, query: str, passages: Places) -> Scores:
    """The part of the query's words of content, by idf, that a passage lacks and another one of the index has."""
    tokens = index.texts.look_up(sorted(content_tokens(query, index.main_language)))
    if not tokens.total:
        return np.zeros(len(passages), np.float32)
    covered, _ = index.texts.measure_overlap(tokens, passages)
    known = float(tokens.idf.sum()) / tokens.total
    return np.asarray(np.maximum(0, known - covered), np.float32)


def missing_numbers(index: Index, query: str, passages: Places) -> Scores:
    """The part of the query's numbers and codes that a passage lacks; 0 without any."""
    numbers = [
        token
        for token in content_tokens(query, index.main_language)
        if any(character.isdecimal() for character in token)
    ]
    return np.array([_share_lacking(index, numbers, int(passage)) for passage in passages], np.float32)


def another_of_its_kind(index: Index, query: str, passages: Places) -> Scores:
    """1 where the query names a day, month, country, language or currency that the passage lacks, and the passage
    another one of that kind."""
    languages = {detect_language(query), *index.languages}
    asked = find_things(query, languages)
    said = [find_things(_full_text(index, int(passage)), languages) if asked else frozenset() for passage in passages]
    return np.array([_names_another(asked, held) for held in said], np.float32)


def opposite_meaning(index: Index, query: str, passages: Places) -> Scores:
    """1 where the query denies something and no wording of the document's question does, or the other way round, or
    where one has the other's word with a prefix: "opened", "unopened"."""
    return _by_document(index, passages, lambda document: _is_opposite(query, document, index.main_language))


def _is_opposite(query: str, document: Document, language: str) -> bool:
    wordings = (document.question, *document.alternatives)
    denies = count_denials(query) > 0
    if all((count_denials(wording) > 0) != denies for wording in wordings):
        return True
    asked = content_tokens(query, language)
    return all(_differ_by_prefix(asked, content_tokens(wording, language)) for wording in wordings)


def _differ_by_prefix(asked: Collection[str], said: Collection[str]) -> bool:
    return any(
        short != long and long.endswith(short) and len(short) >= _STEM and len(long) - len(short) <= _PREFIX
        for one in set(asked) - set(said)
        for other in set(said) - set(asked)
        for short, long in ((one, other), (other, one))
    )


def _compare_sequences(one: Sequence[str], other: Sequence[str]) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def _names_another(asked: frozenset[tuple[str, str]], held: frozenset[tuple[str, str]]) -> bool:
    kinds = {kind for kind, _ in held}
    return any(kind in kinds for kind, _ in asked - held)


def _full_text(index: Index, passage: int) -> str:
    found = index.passages[passage]
    document = found.document
    return "\n".join([*document.heading_path, document.question, *document.alternatives, found.text])


def _share_lacking(index: Index, tokens: Collection[str], passage: int) -> float:
    lacking = sum(not index.texts.has_all([token], passage) for token in tokens)
    return lacking / len(tokens) if tokens else 0.0


def _by_document(index: Index, passages: Places, holds: Callable[[Document], bool]) -> Scores:
    documents = [index.passages[int(passage)].document for passage in passages]
    return np.array([holds(document) for document in documents], np.float32)


NEAR_MISSES = {
    "uncovered": missing_words,
    "swapped": swapped_words,
    "missing_elsewhere": missing_elsewhere,
    "missing_numbers": missing_numbers,
    "another_of_its_kind": another_of_its_kind,
    "opposed": opposite_meaning,
}
"""Every sign by its name, as the confidence weighs them and fits on disk call them."""
