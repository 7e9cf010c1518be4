"""Which documents say the same once more: a page for another country, a copy for printing, an older address.

A refresh merges exact copies only. Of what is left, one whose question has the same words of content, and whose answer
has mostly the same words and states the same, makes the first answer no less sure.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from retrieval.documents import Document
from retrieval.indexing.analysis import analyse, is_function
from retrieval.indexing.lexical import Places, Scores
from retrieval.searching.statements import state_the_same

if TYPE_CHECKING:
    from retrieval.indexing.index import Index

ALIKE = 0.6  # Jaccard index of two answers' words from which they are one
RIVAL = 3.0  # in score, which is a log-likelihood: what is further behind the first takes nothing from it
_MOST = 16  # documents compared with the first


def repeats(one: Document, other: Document, names: Collection[str] = ()) -> bool:
    """Whether both ask the same and answer it alike, apart from `names` (tokens) of what each is about. What has no
    answer repeats nothing."""
    if not (one.answer.strip() and other.answer.strip()) or _content(one.question) != _content(other.question):
        return False
    return alike(one.answer, other.answer) and state_the_same(one.answer, other.answer, names)


def alike(one: str, other: str, share: float = ALIKE) -> bool:
    """Whether two texts have at least `share` of all their words in common."""
    first, second = _words(one), _words(other)
    return len(first & second) >= share * max(1, len(first | second))


def repeating(index: Index, documents: Places, scores: Scores) -> Sequence[int]:
    """-> those of `documents`, ranked and with their scores, that repeat the first of them; without itself."""
    first = int(documents[0])
    near = documents[1:][scores[1:] >= scores[0] - RIVAL]
    near = near[near != first][:_MOST]
    return [number for number in near.tolist() if repeats(index.documents[first], index.documents[number])]


@lru_cache(maxsize=4096)
def _words(text: str) -> frozenset[str]:
    return frozenset(analyse(text))


@lru_cache(maxsize=4096)
def _content(text: str) -> frozenset[str]:
    return frozenset(word for word in _words(text) if not is_function(word)) or _words(text)
