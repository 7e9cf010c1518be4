"""What tells a sentence that a passage carries from one that turns it around: how both differ, as figures.

The sentence is laid beside those of the passage that are nearest by words and meaning. Every difference counts against
it, more so where it repeats the passage's words: a paraphrase that is free in its words is free in its grammar, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from bot.answering.attribution.statements import Sentence, Statement, has_words, read_statement
from bot.answering.facts import Fact
from retrieval.text.grammar import find_scope

SUPPORT = ("nearest", "aligned_nearness", "uncovered", "uncovered_aligned", "uncovered_clause", "stray")
MEANING = (
    "denial",
    "denial_lost",
    "swapped",
    "classes_added",
    "classes_lost",
    "differs",
    "differs_copied",
    "added",
    "lost",
    "condition_lost",
    "left_out",
    "values_lost",
    "values_crossed",
    "person",
    "stray_copied",
    "replaced",
    "reordered",
)
_OPPOSITES = (
    ("before", "after"),
    ("least", "most"),
    ("most", "after"),
    ("may", "must"),
    ("all", "some"),
    ("all", "only"),
)
_TOLD = ("all", "some", "only", "before", "after", "least", "most", "must")  # "may" is often left unsaid
_RESTRICTS = frozenset({"condition", "except", "only"})
_PERSONS = frozenset({"we", "you"})
_MOST_ALIGNED = 3  # sentences of a passage that one sentence merges
_GAIN = 0.25  # of its words that a further sentence must add
_NEARNESS_COUNTS = 0.2  # a standard deviation of it, beside the share of words, in choosing what to compare with
_VALUE_COUNTS = 0.3
_CLAUSE = 0.45  # of a clause's words that the sentence repeats, for the clause to be meant
_CLOSE = 0.75  # copied, from which any difference is likely meant
_TURNED_ROUND = 0.5  # pairs of words in the other order: "A before B" is "B after A"


@dataclass(frozen=True, slots=True)
class _Aligned:
    """What of a passage a sentence is compared with."""

    best: Sentence
    sentences: tuple[Sentence, ...]
    clauses: tuple[Statement, ...]
    covered: frozenset[str]  # words of the sentences, and of the question where they answer it
    asks: bool  # the first sentence, which answers the question, is one of them


def compare_sentence(
    written: Sentence, passage: Sequence[Sentence], question: Statement, language: str, nearness: Sequence[float] = ()
) -> dict[str, float]:
    """A value for each of SUPPORT and MEANING. `nearness`: the cosine of each sentence of the passage, standardised, or
    none."""
    near = nearness or (0.0,) * len(passage)
    aligned = _align(written, passage, question, near)
    meant = frozenset().union(*(clause.words for clause in aligned.clauses))
    known = frozenset().union(*(sentence.words for sentence in passage)) | question.words
    size = max(1, len(written.words))
    alien = written.words - meant - question.words
    dropped = meant - written.words - question.words
    left_out = len(dropped) / max(1, len(meant))
    copied = (1 - len(alien) / size) * (1 - left_out)
    stray = len((written.words & known) - aligned.covered) / size
    reordered = _share_reordered(written, aligned.best)
    clauses = [clause.words for clause in written.clauses if has_words(clause, language)]
    grammar = _compare_grammar(written, aligned, question, copied, reordered)
    return {
        "nearest": max(near),
        "aligned_nearness": near[passage.index(aligned.best)],
        "uncovered": len(written.words - known) / size,
        "uncovered_aligned": len(alien) / size,
        "uncovered_clause": max((len(words - known) / len(words) for words in clauses), default=0.0),
        "stray": stray,
        **grammar,
        "condition_lost": _measure_lost_condition(written, aligned, question, language),
        "left_out": left_out if not alien else 0.0,
        "values_lost": min(2, len(_values_of(aligned.clauses) - written.whole.values)) * copied,
        "values_crossed": _crosses_values(written, passage, question),
        "stray_copied": stray * copied,
        "replaced": _share_replaced(written, aligned, question, known) * copied,
        "reordered": reordered * copied**2,
    }


def _align(written: Sentence, passage: Sequence[Sentence], question: Statement, nearness: Sequence[float]) -> _Aligned:
    """Find the sentences that `written` is made of: the nearest, and others that add what it lacks."""
    size = max(1, len(written.words))
    first = passage[0]

    def words_of(sentence: Sentence) -> frozenset[str]:
        return sentence.words | question.words if sentence is first else sentence.words

    def score(place: int) -> float:
        sentence = passage[place]
        values = len(written.whole.values & sentence.whole.values)
        shared = len(written.words & words_of(sentence)) / size
        return shared + _NEARNESS_COUNTS * nearness[place] + _VALUE_COUNTS * values

    order = [passage[place] for place in sorted(range(len(passage)), key=lambda place: -score(place))]
    chosen, covered = [order[0]], words_of(order[0])
    missing = written.whole.values - order[0].whole.values
    for sentence in order[1:_MOST_ALIGNED]:
        gained = (written.words - covered) & sentence.words
        if missing & sentence.whole.values or len(gained) >= max(2, _GAIN * size):
            chosen.append(sentence)
            covered |= sentence.words
            missing -= sentence.whole.values
    clauses = tuple(clause for sentence in chosen for clause in _select_clauses(written, sentence))
    return _Aligned(order[0], tuple(chosen), clauses, covered, first in chosen)


def _select_clauses(written: Sentence, sentence: Sentence) -> list[Statement]:
    """The clauses of a sentence that are meant."""
    for clause in sentence.clauses:
        if written.words and written.words <= clause.words and written.whole.values == clause.values:
            return [clause]  # it says no more than that one
    scores = []
    for clause in sentence.clauses:
        share = len(clause.words & written.words) / len(clause.words) if clause.words else 0.0
        scores.append(share + bool(clause.values & written.whole.values))
    least = min(_CLAUSE, max(scores, default=0.0)) or float(len(scores) > 1)
    return [clause for clause, score in zip(sentence.clauses, scores, strict=True) if score >= least]


def _compare_grammar(
    written: Sentence, aligned: _Aligned, question: Statement, copied: float, reordered: float
) -> dict[str, float]:
    """How denial, order, bounds, modals and quantities differ."""
    own = Counter(written.whole.classes)
    meant = Counter(name for clause in aligned.clauses for name in clause.classes)
    whole = Counter(name for sentence in aligned.sentences for name in sentence.whole.classes)
    if aligned.asks:
        whole += Counter(question.classes)
    denies = _denies_otherwise(own, meant, whole, question, aligned)
    swapped = _count_swaps(own, meant, reordered)
    added = float(sum(own[name] > 0 and not whole[name] for name in _TOLD))
    lost = float(sum(meant[name] > 0 and not own[name] for name in _TOLD))
    differs = added + lost + denies + swapped > 0
    more = sum((own - meant).values())
    fewer = sum(count for name, count in (meant - own).items() if name not in _PERSONS)
    return {
        "denial": denies * copied,
        "denial_lost": float(not own["denial"] and meant["denial"] > 0),
        "swapped": swapped,
        "classes_added": added,
        "classes_lost": lost,
        "differs": float(differs and copied >= _CLOSE),
        "differs_copied": float(more + fewer > 0 and copied >= _CLOSE),
        "added": more * copied,
        "lost": fewer * copied,
        "person": float((own["we"] - meant["we"]) * (own["you"] - meant["you"]) < 0),
    }


def _denies_otherwise(
    own: Counter[str], meant: Counter[str], whole: Counter[str], question: Statement, aligned: _Aligned
) -> float:
    """Whether one denies what the other says: twice denied is said. An exception denies, too, however it is put."""
    if (own["denial"] or meant["denial"]) and own["except"] != whole["except"]:
        return 0.0
    if own["denial"] % 2 == meant["denial"] % 2:
        return 0.0
    asked = question.classes.count("denial")
    return float(not (asked and aligned.asks and (own["denial"] + asked) % 2 == meant["denial"] % 2))


def _count_swaps(own: Counter[str], meant: Counter[str], reordered: float) -> float:
    """How many opposites stand in each other's place. Of two that are told in the other order, "before" is "after"; and
    "must not" is "may not"."""
    excused = {"before"} if reordered >= _TURNED_ROUND else set()
    if own["denial"] or meant["denial"]:
        excused.add("may")
    return float(
        sum(
            one not in excused and (own[one] - meant[one]) * (own[other] - meant[other]) < 0
            for one, other in _OPPOSITES
        )
    )


def _measure_lost_condition(written: Sentence, aligned: _Aligned, question: Statement, language: str) -> float:
    """The share of a condition's or an exception's words that the sentence leaves out, where it has none itself."""
    if _RESTRICTS & {*written.whole.classes}:
        return 0.0
    clauses = (clause for sentence in aligned.sentences for clause in sentence.clauses)
    scopes = (find_scope(clause.text, language, _RESTRICTS) for clause in clauses if _RESTRICTS & {*clause.classes})
    restricting = [words for scope in scopes if (words := read_statement(scope, language).words)]
    return max((len(words - written.words - question.words) / len(words) for words in restricting), default=0.0)


def _crosses_values(written: Sentence, passage: Sequence[Sentence], question: Statement) -> float:
    """Whether a value is told of what the passage tells another value of the same kind of."""
    places = [(sentence, clause) for sentence in passage for clause in sentence.clauses]
    return max(
        (
            _belongs_elsewhere(fact, _scope_of(written, place), places, question)
            for place, clause in enumerate(written.clauses)
            for fact in clause.values
        ),
        default=0.0,
    )


def _scope_of(written: Sentence, place: int) -> frozenset[str]:
    """The words of a clause and of its neighbours that state no value of their own."""
    clauses = written.clauses
    beside = (clauses[other] for other in (place - 1, place + 1) if 0 <= other < len(clauses))
    return clauses[place].words.union(*(clause.words for clause in beside if not clause.values))


def _belongs_elsewhere(
    fact: Fact, scope: frozenset[str], places: Sequence[tuple[Sentence, Statement]], question: Statement
) -> float:
    own = [each for each in places if fact in each[1].values]
    rivals = [
        each
        for each in places
        if fact not in each[1].values
        and any((value.kind, value.unit) == (fact.kind, fact.unit) for value in each[1].values)
    ]

    def is_told_of(rival: tuple[Sentence, Statement], place: tuple[Sentence, Statement]) -> bool:
        here, there = (place[1].words, rival[1].words) if rival[0] is place[0] else (place[0].words, rival[0].words)
        if place[0] is places[0][0] and rival[0] is not place[0]:
            here |= question.words
        return bool(scope & (there - here)) and bool((here - there) - scope)

    return float(bool(own) and all(any(is_told_of(rival, place) for rival in rivals) for place in own))


def _share_replaced(written: Sentence, aligned: _Aligned, question: Statement, known: frozenset[str]) -> float:
    """Of the words that stand in the place of others, the share that the passage has elsewhere: another subject."""
    one, other = aligned.best.whole.sequence, written.whole.sequence
    elsewhere = known - aligned.covered
    most = 0.0
    for kind, start, end, from_, to in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        new = {*other[from_:to]} - {*one}
        if kind == "replace" and new and {*one[start:end]} - written.words - question.words:
            most = max(most, len(new & elsewhere) / len(new))
    return most


def _share_reordered(written: Sentence, best: Sentence) -> float:
    """The share of the pairs of common words that stand in the other order."""
    place = {word: number for number, word in enumerate(best.whole.sequence)}
    shared = [place[word] for word in written.whole.sequence if word in place]
    pairs = len(shared) * (len(shared) - 1) / 2
    turned = sum(1 for at, first in enumerate(shared) for second in shared[at + 1 :] if first > second)
    return turned / pairs if pairs else 0.0


def _values_of(clauses: Collection[Statement]) -> frozenset[Fact]:
    """All but days of the week: of "Tuesday to Saturday" one may be told alone."""
    return frozenset(fact for clause in clauses for fact in clause.values if fact.kind != "weekday")
