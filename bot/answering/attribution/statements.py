"""A text as statements: sentences and their clauses, with the content words, grammar and values of each."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache

from bot.answering.evidence import measure_duration
from bot.answering.facts import CALENDAR_WORDS, HAN_NUMERALS, Fact, extract_facts
from retrieval.text.analysis import analyse_text, is_function, is_unspaced
from retrieval.text.grammar import find_classes
from retrieval.text.languages import UNSPACED_LANGUAGES
from retrieval.text.stop_words import function_words

LEAST_WORDS = 2  # of content that tell something without a value, beside "Yes, it does."
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？；;])|\n+")
_CLAUSE_END = re.compile(r"[,;:()—–|](?:\s+|$)|[，；：（）]|\s-\s|\s(?:and|but)\s(?=\w+\s\w+\s\w+)")
_LEAD = re.compile(
    r"^(?:yes|no|sure|是的|对|不)\s*[,.:，：。]\s*", re.IGNORECASE
)  # an answer to the question, not a word
_MARKUP = re.compile(r"\[\d{1,3}(?:\s*[,，、]\s*\d{1,3})*\]|\*\*|__|`|\]\([^)\s]*\)|^\s*(?:[-*+•>#]+|\d{1,3}[.)、])\s*")
_DIGIT = re.compile(r"\d")
_VALUES = frozenset({"number", "time", "month", "weekday", "phone", "quantity"})
_HAN_UNITS = frozenset("日天周月年点元块个度")


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence or clause: its content words in reading order, the classes of its grammar, the values it states."""

    text: str
    sequence: tuple[str, ...]
    words: frozenset[str]
    classes: tuple[str, ...]
    values: frozenset[Fact]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence as a whole, and by clause."""

    whole: Statement
    clauses: tuple[Statement, ...]

    @property
    def text(self) -> str:
        """As it was written."""
        return self.whole.text

    @property
    def words(self) -> frozenset[str]:
        """Its content words."""
        return self.whole.words


def split_sentences(text: str, language: str) -> tuple[Sentence, ...]:
    """The sentences of a passage, in order."""
    texts = (strip_markup(part) for part in _SENTENCE_END.split(text) if part)
    return tuple(read_sentence(part, language) for part in texts if any(map(str.isalnum, part)))


def says_enough(statement: Statement, language: str, least: int = LEAST_WORDS) -> bool:
    """Whether there is something in it that a passage could say: a value, or so many words of content."""
    return bool(statement.values) or has_words(statement, language, least)


def has_words(statement: Statement, language: str, least: int = LEAST_WORDS) -> bool:
    """Whether it has so many words of content, or twice as many characters where words are not written apart."""
    return len(statement.words) >= least * (2 if language in UNSPACED_LANGUAGES else 1)


def list_clauses(sentence: Sentence, language: str) -> list[str]:
    """The clauses that each say enough, if there are several."""
    return [clause.text for clause in sentence.clauses if says_enough(clause, language)] if sentence.clauses[1:] else []


def strip_markup(text: str) -> str:
    """A sentence without its markers, emphasis and list number."""
    return _MARKUP.sub("", text).strip()


def cut_sentence(text: str) -> list[tuple[str, str]]:
    """The ways to cut a sentence in two between its clauses."""
    ends = _CLAUSE_END.finditer(text)
    return [(text[: end.start()].strip(), text[end.end() :].strip()) for end in ends if text[end.end() :].strip()]


@lru_cache(maxsize=4096)
def read_sentence(text: str, language: str) -> Sentence:
    """A sentence of a passage, or of what a model writes; without the yes or no that it begins with."""
    said = _LEAD.sub("", text) or text
    clauses = tuple(read_statement(part.strip(), language) for part in _CLAUSE_END.split(said) if part.strip())
    whole = read_statement(said, language)
    return Sentence(Statement(text, whole.sequence, whole.words, whole.classes, whole.values), clauses)


@lru_cache(maxsize=8192)
def read_statement(text: str, language: str) -> Statement:
    """A text as one statement."""
    classes, rest = find_classes(text, language)
    sequence = tuple(token for token in analyse_text(rest, language) if _is_content(token, language))
    values = frozenset(_unify_duration(fact) for fact in extract_facts(text) if fact.kind in _VALUES)
    return Statement(text, sequence, frozenset(sequence), classes, values)


def _unify_duration(fact: Fact) -> Fact:
    """48 hours as two days have them, and two years as 24 months."""
    for unit, length in measure_duration(fact) if fact.kind == "number" else ():
        return Fact("number", f"{length:g}", unit)
    return fact


def _is_content(token: str, language: str) -> bool:
    """Whether a token says what a statement is about. Values are compared as facts; of what is written without spaces
    single characters are compared, as a paraphrase shares them where it shares no word."""
    if _DIGIT.search(token) or token in _unit_tokens():
        return False
    if is_unspaced(token):
        return len(token) == 1 and token not in _lone_function_characters() and token not in HAN_NUMERALS
    return not is_function(token, "en" if language in UNSPACED_LANGUAGES else language)


@cache
def _unit_tokens() -> frozenset[str]:
    words = (word for word in CALENDAR_WORDS if word.isascii() and word.isalpha())
    return frozenset(token for word in words for token in analyse_text(word)) | _HAN_UNITS


@cache
def _lone_function_characters() -> frozenset[str]:
    """Characters that are function words themselves; not those that merely stand in one."""
    return frozenset(word for word in function_words("zh") if len(word) == 1)
