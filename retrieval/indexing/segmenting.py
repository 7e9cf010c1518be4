"""Chinese runs -> words: those that name a concept first, the longest match of them, the rest by jieba."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from retrieval.indexing.analysis import HAN_RUN, analyse_words, concept_of, fold, longest_concept

# They carry grammar, not meaning; left out, what is left lines up better.
PARTICLES = frozenset(["的", "了", "吗", "呢", "啊", "吧", "呀", "么", "着"])


def segment(run: str) -> Iterator[str]:
    """The words of a folded run of Chinese characters, in order."""
    import rjieba

    place = rest = 0
    while place < len(run):
        length = longest_concept(run, place)
        if length < 2:  # a single character may as well be a part of a word
            place += 1
            continue
        if rest < place:
            yield from rjieba.cut(run[rest:place], True)
        yield run[place : place + length]
        place += length
        rest = place
    if rest < len(run):
        yield from rjieba.cut(run[rest:], True)


@lru_cache(maxsize=65536)
def distinct_words(text: str) -> tuple[str, ...]:
    """The distinct words of `text` in order: Chinese ones segmented, others stemmed; never empty."""
    folded = fold(text)
    found: dict[str, None] = {}
    end = 0
    for match in HAN_RUN.finditer(folded):
        found |= dict.fromkeys(analyse_words(folded[end : match.start()]))
        found |= dict.fromkeys(word for word in segment(match.group()) if word not in PARTICLES)
        end = match.end()
    found |= dict.fromkeys(analyse_words(folded[end:]))
    return tuple(found) or (folded,)


def same_concept(word: str) -> str:
    """What a word is compared by besides itself: its concept, else the word."""
    return concept_of(word) or word
