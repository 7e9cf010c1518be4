"""Texts in which the facts of others are looked up, whatever notation either uses."""

from __future__ import annotations

import re
from functools import cached_property

from bot.answering.facts import BY_WORD, CURRENCIES, Fact, extract_facts, fold_for_comparison
from retrieval.text.analysis import analyse_text

_MINUTES = {"second": 1 / 60, "minute": 1, "hour": 60, "day": 1440, "week": 10080}
_MONTHS = {"month": 1, "quarter": 3, "year": 12, "decade": 120}
_UNIT = re.compile(rf"(?<![a-z])(?:{'|'.join(map(re.escape, sorted(BY_WORD, key=len, reverse=True)))})(?![a-z])")


class Evidence:
    """Texts in which facts are looked up."""

    def __init__(self, *texts: str) -> None:
        self._text = "\n".join(texts)
        self._facts = frozenset().union(*(extract_facts(text, lenient=True) for text in texts))
        self._units: dict[str, set[str]] = {}
        self._lengths: set[tuple[str, float]] = set()
        for fact in self._facts:
            if fact.kind == "number":
                self._units.setdefault(fact.value, set()).add(fact.unit)
                self._lengths |= measure_duration(fact)

    @cached_property
    def _folded_text(self) -> str:
        return fold_for_comparison(self._text)

    @cached_property
    def _words(self) -> frozenset[str]:
        """The words, with plurals and hyphens undone, and the initials of what is written with capitals."""
        runs = re.findall(r"[a-z0-9][a-z0-9_'’-]*", self._folded_text)
        words = {part for run in runs for part in (run.replace("-", ""), *run.split("-"))}
        phrases = re.findall(r"(?:\b[A-Z]\w+(?:\s(?:of\s)?(?=[A-Z]))?){2,}", self._text)
        initials = {"".join(word[0] for word in phrase.split() if word[0].isupper()).lower() for phrase in phrases}
        return frozenset(words | {word.removesuffix("s") for word in words} | initials)

    @cached_property
    def _mentioned_units(self) -> frozenset[str]:
        """Units that are spoken of anywhere: in a table a number stands apart from its unit."""
        return frozenset(BY_WORD[word] for word in _UNIT.findall(self._folded_text))

    def holds_fact(self, fact: Fact) -> bool:
        """Whether `fact` stands here. A number stands for itself with or without a unit, never with another one."""
        if fact.kind == "number":
            units = self._units.get(fact.value, set())
            if fact.unit in units or (units and not fact.unit):
                return True
            loose = "" in units and fact.unit in self._mentioned_units and fact.unit not in CURRENCIES
            return loose or not self._lengths.isdisjoint(measure_duration(fact))
        if fact.kind == "name":
            return self._holds_word(fact.value.replace("-", "")) or all(
                self._holds_word(part) for part in fact.value.split("-")
            )
        if fact.kind == "quoted":
            return fact.value in self._folded_text
        if fact.kind == "address":
            return (
                re.search(rf"(?<![\w.@-]){re.escape(fact.value)}(?![\w/%?=&#@-]|\.\w)", self._folded_text) is not None
            )
        if fact.kind == "phone":
            return any(fact.value in other.value for other in self._facts if other.kind == "phone")
        return fact in self._facts

    def _holds_word(self, name: str) -> bool:
        plain = name.replace("'", "").replace("’", "")
        return not plain or plain in self._words or plain.removesuffix("s") in self._words

    def find_missing_facts(self, text: str, language: str = "") -> list[Fact]:
        """The facts of `text`, which is in `language`, that stand nowhere here."""
        return [fact for fact in sorted(extract_facts(text, language=language), key=repr) if not self.holds_fact(fact)]

    @cached_property
    def terms(self) -> frozenset[str]:
        """What lexical search would count of the texts."""
        return frozenset(analyse_text(self._text))

    @property
    def text(self) -> str:
        """The texts."""
        return self._text


def measure_duration(fact: Fact) -> set[tuple[str, float]]:
    """How long a time is, so that 48 hours are two days, and two years 24 months."""
    for name, table in (("minutes", _MINUTES), ("months", _MONTHS)):
        if fact.unit in table and re.fullmatch(r"\d+(?:\.\d+)?", fact.value):
            return {(name, round(float(fact.value) * table[fact.unit], 3))}
    return set()
