"""How two answers to nearly the same question differ: in which facts, denials and words, and in what they are about."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote, urlsplit

from retrieval.documents import Document, DocumentKind
from retrieval.search.families import ask_same_question
from retrieval.text.content_words import content_tokens, word_sequence
from retrieval.text.named_kinds import find_things
from retrieval.text.negation import count_denials
from retrieval.text.stated_facts import Fact, FactKind, find_facts

_LONGEST, _MOST_STATEMENTS = 4000, 40  # characters, and statements of an answer, that are compared
_STATEMENT_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])|\n+")
_DIGIT = re.compile(r"\d")
_QUESTION_NUMBER = re.compile(r"^\W*[^\W\d]?\d+(?:\.\d+)*\s*[.:)、：．]")
_NUMERIC = frozenset({FactKind.PRICE, FactKind.DURATION, FactKind.DATE, FactKind.TIME, FactKind.NUMBER})

PAIR_FEATURES = (
    "question_words",
    "question_crossed",
    "question_wider",
    "question_one_name",
    "label_crossed",
    "things_crossed",
    "numbers_crossed",
    "same_page",
    "sections",
    "taught",
    "question_short",
    "fact_disjoint",
    "fact_crossed",
    "fact_single",
    "fact_context",
    "facts_shared",
    "place_disjoint",
    "contact_disjoint",
    "names_context",
    "names_disjoint",
    "names_many",
    "denial",
    "opening_denial",
    "replaced",
    "answer_words",
    "length",
    "lengths_apart",
    "facts",
)


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence of an answer; `words` are those of content, without numbers."""

    text: str
    words: frozenset[str]
    facts: frozenset[Fact]
    denials: int


@dataclass(frozen=True, slots=True)
class Conflict:
    """Values of one dimension that only one, and only the other answer states. `context`: how alike the statements are
    that they stand in, in 0..1; `disjoint`: there is no value that both state."""

    kind: FactKind
    context: float
    disjoint: bool
    single: bool


@dataclass(frozen=True, slots=True)
class Difference:
    """What may be contradicted: `kind` is that of the conflicting facts, "yes_no" where one denies what the other says,
    or "words"; `features` has a value for each of PAIR_FEATURES."""

    kind: str
    features: tuple[float, ...]


def ask_of_other_numbers(one: str, other: str, language: str) -> bool:
    """Whether each of two questions states a number that the other does not: "How much is plan 1?", "… plan 2?". What
    counts the questions of a page in front is none; quantities are compared by value: "two weeks" are "14 days"."""
    return _are_crossed(*(_stated_numbers(_QUESTION_NUMBER.sub("", text), language) for text in (one, other)))


def _stated_numbers(text: str, language: str) -> frozenset[str]:
    facts = frozenset(f"{fact.kind} {fact.value}" for fact in find_facts(text, language) if fact.kind in _NUMERIC)
    return facts | {token for token in _numbers_in(text, language) if not token.isdecimal()}  # codes, as in "plan A1"


def compare_answers(one: Document, other: Document, language: str) -> Difference | None:
    """How two documents in the same `language` differ in what they state; None where nothing is stated otherwise."""
    first, second = (read_statements(document.answer, language) for document in (one, other))
    conflicts = find_conflicts(first, second)
    aligned, likeness = _align_statements(first, second)
    denial = likeness if aligned and (aligned[0].denials + aligned[1].denials) % 2 else 0.0
    opening = float(bool(first and second) and (first[0].denials > 0) != (second[0].denials > 0))
    replaced = aligned is not None and _differ_in_one_run(*aligned, language)
    if not (conflicts or denial or opening or replaced):
        return None
    names = next((each for each in conflicts if each.kind is FactKind.NAME), None)
    others = [each for each in conflicts if each.kind is not FactKind.NAME]
    strongest = max(others, key=lambda each: (each.disjoint, each.context), default=None)
    kind = strongest.kind.value if strongest else "yes_no" if denial or opening else "name" if names else "words"
    lengths = [math.log1p(sum(len(each.words) for each in answer)) for answer in (first, second)]
    values = {
        **_compare_subjects(one, other, language),
        **_describe_conflict(strongest),
        "facts_shared": _share_of_facts(first, second),
        "place_disjoint": float(any(each.kind is FactKind.PLACE and each.disjoint for each in others)),
        "contact_disjoint": float(any(each.kind is FactKind.CONTACT and each.disjoint for each in others)),
        "names_context": names.context if names else 0.0,
        "names_disjoint": float(bool(names and names.disjoint)),
        "names_many": math.log1p(_count_names(first) + _count_names(second)),
        "denial": denial,
        "opening_denial": opening,
        "replaced": float(replaced),
        "answer_words": _dice(_words_of(first), _words_of(second)),
        "length": min(lengths),
        "lengths_apart": max(lengths) - min(lengths),
        "facts": math.log1p(min(len(_facts_of(first)), len(_facts_of(second)))),
    }
    return Difference(kind, tuple(values[name] for name in PAIR_FEATURES))


@lru_cache(maxsize=4096)
def read_statements(answer: str, language: str) -> tuple[Statement, ...]:
    """The sentences of an answer, with what each states."""
    texts = [text.strip() for text in _STATEMENT_END.split(answer[:_LONGEST])]
    return tuple(
        Statement(
            text,
            frozenset(word for word in content_tokens(text, language) if not _DIGIT.search(word)),
            find_facts(text, language),
            count_denials(text),
        )
        for text in texts[:_MOST_STATEMENTS]
        if any(map(str.isalnum, text))
    )


def find_conflicts(first: Sequence[Statement], second: Sequence[Statement]) -> list[Conflict]:
    """Where each answer states a value that the other lacks, in a dimension that both speak of."""
    one, other = _by_dimension(first), _by_dimension(second)
    found = []
    for key in one.keys() & other.keys():
        own, theirs = one[key].keys() - other[key].keys(), other[key].keys() - one[key].keys()
        if own and theirs:
            context = max(
                _dice(a.words, b.words) for x in own for a in one[key][x] for y in theirs for b in other[key][y]
            )
            disjoint = not one[key].keys() & other[key].keys()
            found.append(Conflict(key[0], context, disjoint, len(one[key]) == len(other[key]) == 1))
    return found


def _by_dimension(statements: Sequence[Statement]) -> dict[tuple[FactKind, str], dict[str, list[Statement]]]:
    found: defaultdict[tuple[FactKind, str], dict[str, list[Statement]]] = defaultdict(dict)
    for statement in statements:
        for fact in statement.facts:
            found[fact.kind, fact.dimension].setdefault(fact.value, []).append(statement)
    return found


def _describe_conflict(conflict: Conflict | None) -> dict[str, float]:
    return {
        "fact_disjoint": float(bool(conflict and conflict.disjoint)),
        "fact_crossed": float(bool(conflict and not conflict.disjoint)),
        "fact_single": float(bool(conflict and conflict.single)),
        "fact_context": conflict.context if conflict else 0.0,
    }


def _differ_in_one_run(one: Statement, other: Statement, language: str) -> bool:
    """Whether one statement has a name, or another word, where the other has another one, and all else is the same."""
    words, words_too = word_sequence(one.text, language), word_sequence(other.text, language)
    return words != words_too and ask_same_question(one.text, other.text, language)


def _align_statements(
    first: Sequence[Statement], second: Sequence[Statement]
) -> tuple[tuple[Statement, Statement] | None, float]:
    """The two statements that have most words in common, and how many: a Dice index."""
    pairs = [(one, other) for one in first for other in second]
    if not pairs:
        return None, 0.0
    best = max(pairs, key=lambda pair: _dice(pair[0].words, pair[1].words))
    return best, _dice(best[0].words, best[1].words)


def _compare_subjects(one: Document, other: Document, language: str) -> dict[str, float]:
    """Whether both are about the same thing, by question, headings and address."""
    asked, asked_too = (content_tokens(each.question, language) for each in (one, other))
    label, label_too = (content_tokens("\n".join(each.heading_path), language) for each in (one, other))
    added = (asked - asked_too - label_too) | (asked_too - asked - label)
    subject, subject_too = (
        "\n".join((*each.heading_path, each.question, unquote(urlsplit(each.url).path))) for each in (one, other)
    )
    return {
        "question_words": _dice(asked, asked_too),
        "question_crossed": float(_are_crossed(asked, asked_too)),
        "question_wider": 0.0 if _are_crossed(asked, asked_too) else len(added) / max(1, len(asked | asked_too)),
        "question_one_name": float(asked != asked_too and ask_same_question(one.question, other.question, language)),
        "label_crossed": float(_are_crossed(label, label_too)),
        "things_crossed": float(_name_different_things(subject, subject_too, language)),
        "numbers_crossed": float(_are_crossed(_numbers_in(subject, language), _numbers_in(subject_too, language))),
        "same_page": float(bool(one.url) and one.url.partition("#")[0] == other.url.partition("#")[0]),
        "sections": sum(each.kind is DocumentKind.SECTION for each in (one, other)) / 2,
        "taught": float(bool(one.author) != bool(other.author)),
        "question_short": 1 / max(2, min(len(asked), len(asked_too))),
    }


def _name_different_things(one: str, other: str, language: str) -> bool:
    first, second = find_things(one, [language]), find_things(other, [language])
    kinds = {kind for kind, _ in first - second} & {kind for kind, _ in second - first}
    return bool(kinds)


def _numbers_in(text: str, language: str) -> frozenset[str]:
    return frozenset(token for token in content_tokens(text, language) if _DIGIT.search(token))


def _share_of_facts(first: Sequence[Statement], second: Sequence[Statement]) -> float:
    one, other = _facts_of(first), _facts_of(second)
    return len(one & other) / max(1, len(one | other))


def _facts_of(statements: Sequence[Statement]) -> set[Fact]:
    return {fact for each in statements for fact in each.facts if fact.kind is not FactKind.NAME}


def _count_names(statements: Sequence[Statement]) -> int:
    return len({fact.value for each in statements for fact in each.facts if fact.kind is FactKind.NAME})


def _words_of(statements: Sequence[Statement]) -> frozenset[str]:
    return frozenset().union(*(each.words for each in statements))


def _are_crossed(one: frozenset[str], other: frozenset[str]) -> bool:
    return bool(one - other) and bool(other - one)


def _dice(one: frozenset[str], other: frozenset[str]) -> float:
    return 2 * len(one & other) / max(1, len(one) + len(other))
