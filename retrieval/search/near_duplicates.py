"""Which documents say the same once more: a page for another country, a copy for printing, an older address.

A refresh merges exact copies only. Of what is left, one whose question has the same words of content, and whose answer
has mostly the same words and states the same, makes the first answer no less sure.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from retrieval.documents import Document
from retrieval.index.lexical_field import Places, Scores
from retrieval.search.same_statement import state_the_same
from retrieval.text.analysis import analyse_text, is_function

if TYPE_CHECKING:
    from retrieval.index.index import Index

ALIKE = 0.6  # Jaccard index of two answers' words from which they are one
RIVAL = 3.0  # in score, which is a log-likelihood: what is further behind the first takes nothing from it
_MOST = 16  # documents compared with the first


def are_near_duplicates(one: Document, other: Document, names: Collection[str] = (), language: str = "en") -> bool:
    """Whether both ask the same and answer it alike, apart from `names` (tokens) of what each is about. What has no
    answer repeats nothing."""
    if not (one.answer.strip() and other.answer.strip()):
        return False
    if _content_words(one.question, language) != _content_words(other.question, language):
        return False
    return answers_agree(one.answer, other.answer, names, language)


def answers_agree(one: str, other: str, names: Collection[str] = (), language: str = "en") -> bool:
    """Whether two answers, in `language`, have mostly the same words and state the same."""
    return have_similar_words(one, other, language=language) and state_the_same(one, other, names, language)


def have_similar_words(one: str, other: str, share: float = ALIKE, language: str = "en") -> bool:
    """Whether two texts have at least `share` of all their words in common."""
    first, second = _distinct_tokens(one, language), _distinct_tokens(other, language)
    return len(first & second) >= share * max(1, len(first | second))


def find_near_duplicates(index: Index, documents: Places, scores: Scores) -> Sequence[int]:
    """-> those of `documents`, ranked and with their scores, that repeat the first of them; without itself."""
    first = int(documents[0])
    near = documents[1:][scores[1:] >= scores[0] - RIVAL]
    near = near[near != first][:_MOST]
    one, language = index.documents[first], index.main_language
    return [number for number in near.tolist() if are_near_duplicates(one, index.documents[number], language=language)]


@lru_cache(maxsize=4096)
def _distinct_tokens(text: str, language: str) -> frozenset[str]:
    return frozenset(analyse_text(text, language))


@lru_cache(maxsize=4096)
def _content_words(text: str, language: str) -> frozenset[str]:
    found = _distinct_tokens(text, language)
    return frozenset(word for word in found if not is_function(word, language)) or found
