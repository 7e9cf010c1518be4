"""Terms that mean the same for one company ("AP, access point, 无线接入点"), and the questions rewritten with them.

Pure and light: no index, no vectors. How a rewritten question is searched is in `rewriting.py`.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product

from retrieval.text.analysis import fold_text, is_function, split_words

MOST_VARIANTS = 3
_READ = 400  # characters of a query that terms are looked for in; the rest stays as it is
_FOUND = 16  # terms of a query that are looked at
_REPLACED = 3  # terms of a query that are replaced at once
_OTHERS = 3  # terms that each may be replaced by
# What may stand between the words of a term: "Wi-Fi", "access  point"; but not the end of a sentence.
_GAP = re.compile(r"[^\S\n]*[-‐‑–_/·'’&+]?[^\S\n]*|\.")

Key = tuple[str, ...]
Occurs = Callable[[str, str], bool]
"""Whether a term stands in the corpus, in the documents of a source ("": in any)."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One group of terms that mean the same, in questions about `source` ("": about all). `suggested`: the corpus gave
    it, and a person approved it; else a person added it."""

    id: str
    terms: tuple[str, ...]
    source: str = ""
    suggested: bool = False


@dataclass(frozen=True, slots=True)
class QueryVariant:
    """A rewritten query. It finds documents of `source` alone ("": of all)."""

    text: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class _Found:
    """A term in a query: where it lies, how many words it has, and the terms that it stands for, by entry."""

    start: int
    end: int
    size: int
    key: Key
    entries: tuple[int, ...]


def key_of(term: str) -> Key:
    """What makes two spellings one term: the words, in one case, form and script. Empty for no words."""
    return tuple(word for word, _, _ in split_words(fold_text(term)))


def distinct_terms(terms: Iterable[str]) -> tuple[str, ...]:
    """The terms without those that only spell another one differently."""
    kept: dict[Key, str] = {}
    for term in terms:
        kept.setdefault(key_of(term), term)
    return tuple(kept.values())


def _occurs_everywhere(_term: str, _source: str) -> bool:
    return True


class Glossary:
    """Immutable, so any number of threads may ask it."""

    def __init__(self, entries: Iterable[Entry] = ()) -> None:
        self.entries = tuple(entries)
        self._by_key: dict[Key, dict[int, None]] = defaultdict(dict)
        self._cased: dict[Key, set[str]] = defaultdict(set)
        sizes: dict[str, set[int]] = defaultdict(set)
        for number, entry in enumerate(self.entries):
            for term in entry.terms:
                if key := key_of(term):
                    self._by_key[key][number] = None
                    sizes[key[0]].add(len(key))
                    # "IT" is "it" to the fold: what is made of such words alone is found in its own spelling alone.
                    if all(map(is_function, key)):
                        self._cased[key].add(term)
        self._sizes = {first: tuple(lengths) for first, lengths in sizes.items()}

    def rewrite_query(self, query: str, occurs: Occurs = _occurs_everywhere) -> tuple[QueryVariant, ...]:
        """At most MOST_VARIANTS rewritten queries, the likeliest first: each term found is replaced by another of its
        group, one that `occurs` before one that does not. Longer terms are found first.

        A term is not replaced by one that the query has already, nor, where it stands in the corpus itself, by one
        that does not.
        """
        if not self._by_key:
            return ()
        text, found = self._find_terms(query[:_READ])
        if not found:
            return ()
        text += query[_READ:]
        there = {each.key for each in found}
        named = [self.entries[number].source for each in found for number in each.entries]
        sources, for_all = list(dict.fromkeys(filter(None, named))), [""] if "" in named else []
        rewritten = [
            self._rewrite_for_source(text, _drop_overlapping(found, self._source_filter(source)), source, there, occurs)
            for source in [*sources[: MOST_VARIANTS - len(for_all)], *for_all]
        ]
        # What is searched for all sources needs not be searched for one of them again.
        of_all = {variant.text for variant in rewritten[-1] if not variant.source}
        turns = [[each for each in texts if not each.source or each.text not in of_all] for texts in rewritten]
        return tuple(_interleave_variants(turns))[:MOST_VARIANTS]

    def _find_terms(self, query: str) -> tuple[str, list[_Found]]:
        """All terms in the query, overlapping ones too; and the text that their places are in: the query itself,
        unless folding moves its characters."""
        folded = fold_text(query)
        text = query if len(folded) == len(query) else folded
        units = split_words(folded)
        spelt = tuple(word for word, _, _ in units)
        found = []
        for place, (first, start, _) in enumerate(units):
            for size in self._sizes.get(first, ()):
                if place + size > len(units):
                    continue
                key = spelt[place : place + size]
                if (entries := self._by_key.get(key)) is None or not _are_one_term(folded, units[place : place + size]):
                    continue
                end = units[place + size - 1][2]
                if key in self._cased and text[start:end] not in self._cased[key]:
                    continue
                found.append(_Found(start, end, size, key, tuple(entries)))
                if len(found) == _FOUND:
                    return text, found
        return text, found

    def _source_filter(self, source: str) -> Callable[[_Found], bool]:
        return lambda found: any(self.entries[number].source in {"", source} for number in found.entries)

    def _rewrite_for_source(
        self, text: str, found: Sequence[_Found], source: str, there: set[Key], occurs: Occurs
    ) -> list[QueryVariant]:
        """The variants for one source's documents, the likeliest first."""
        others = {each: self._find_replacements(text, each, source, there, occurs) for each in found}
        kept = [each for each, terms in others.items() if terms]
        # Of one term its three likeliest, of several two each, the last of which may be the term itself.
        enough = MOST_VARIANTS if len(kept) == 1 else 2
        choices = product(*(list(enumerate([*others[each], None]))[:enough] for each in kept))
        chosen = [[term for _, term in choice] for choice in sorted(choices, key=_rank_choice)]
        return [QueryVariant(_replace_terms(text, kept, terms), source) for terms in chosen if any(terms)][
            :MOST_VARIANTS
        ]

    def _find_replacements(self, text: str, found: _Found, source: str, there: set[Key], occurs: Occurs) -> list[str]:
        """What a term may be replaced by in questions about a source, its own entries before those for all."""
        entries = [self.entries[number] for number in found.entries]
        admitted = [each for each in entries if each.source == source] + [e for e in entries if not e.source and source]
        terms = {key_of(term): term for entry in reversed(admitted) for term in reversed(entry.terms)}
        others = [term for key, term in reversed(terms.items()) if key not in there]
        used = [term for term in others if occurs(term, source)]
        if used or occurs(text[found.start : found.end], source):
            return used[:_OTHERS]
        return others[:_OTHERS]


def _are_one_term(folded: str, run: Sequence[tuple[str, int, int]]) -> bool:
    """Whether words that follow each other are written as one term."""
    return all(_GAP.fullmatch(folded, end, start) is not None for (_, _, end), (_, start, _) in pairwise(run))


def _drop_overlapping(found: Sequence[_Found], admitted: Callable[[_Found], bool]) -> list[_Found]:
    """The longest ones that do not overlap, in reading order."""
    kept: list[_Found] = []
    for each in sorted(filter(admitted, found), key=lambda one: (-one.size, one.start - one.end, one.start)):
        if len(kept) < _REPLACED and not any(_is_conflict(each, other) for other in kept):
            kept.append(each)
    return sorted(kept, key=lambda one: one.start)


def _is_conflict(one: _Found, other: _Found) -> bool:
    """Whether they overlap, or are two terms of one group, of which the second adds nothing."""
    overlap = one.start < other.end and other.start < one.end
    return overlap or (one.key != other.key and not set(one.entries).isdisjoint(other.entries))


def _rank_choice(choice: Sequence[tuple[int, str | None]]) -> int:
    """Low for the first of everybody's options."""
    return sum(number for number, _ in choice)


def _replace_terms(text: str, found: Sequence[_Found], others: Sequence[str | None]) -> str:
    parts, place = [], 0
    for each, other in zip(found, others, strict=True):
        if other is not None:
            parts += [text[place : each.start], other]
            place = each.end
    return "".join([*parts, text[place:]])


def _interleave_variants(lists: Sequence[Sequence[QueryVariant]]) -> Iterator[QueryVariant]:
    """The first of each, then the second of each, and so on."""
    for number in range(max(map(len, lists), default=0)):
        for each in lists:
            if number < len(each):
                yield each[number]
