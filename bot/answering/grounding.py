"""Judges what a model writes, unit by unit, before anybody sees it.

A unit goes out once something is cited for it, every fact in it stands in a cited passage, and that passage carries it
(see `attribution`). A sentence without a marker gets that of the passage that carries it, one with a wrong marker the
right one. What cannot be compared (a few words, a table, another language than the passages') waits for the next
citation where it has none of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache
from urllib.parse import urlsplit

from bot.answering.attribution.attributor import Attribution, Pair
from bot.answering.attribution.statements import cut_sentence, strip_markup
from bot.answering.evidence import Evidence
from bot.answering.facts import Fact
from bot.answering.refusals import declines_to_answer, says_no_answer
from bot.i18n.language import primary_subtag
from retrieval.documents import Passage
from retrieval.text.analysis import analyse_text, is_function
from retrieval.text.languages import UNSPACED_LANGUAGES, detect_language, language_of, script_language
from retrieval.text.scripts import HAN

# The share of a unit's content words that its cited passages (or the question) hold. Paraphrases of help pages keep
# more; text that was made up, or that obeys a page's orders, keeps less. Stricter where the unit cites nothing itself.
SUPPORT = 0.2
SUPPORT_UNCITED = 0.5
SUPPORT_LAST = 0.6  # where nothing cited follows: "Have a nice day!"
_FEW_WORDS = 3  # so few content words tell nothing: "Yes.", "Steps:"
_MANY_WORDS = 12  # of a line that announces what follows
_LEAKED_WORDS = 8  # in a row, from the prompt's own text
_EVIDENCE = 128  # of sets of passages that were cited of late

_NUMBER = re.compile(r"\A\d{1,3}[.)、]\s*(?!\d)")  # of a step
_ASKS = re.compile(r"[?？][\s\"'”’」』）)]*\Z")
_MARKER = re.compile(r"\[(\d{1,3}(?:\s*[,，、]\s*\d{1,3})*)\]")
_MACHINE = re.compile(
    r"<\|?/?(?:tool_?calls?|tool_response|function|functions|invoke|tools?|im_start|im_end|system|assistant|user|eot_id"
    r"|start_of_turn|end_of_turn|start_header_id|endoftext|passages?|question|think|s)\b[^>\n]*\|?>"
    r"|<\||\|>|\[/?(?:INST|TOOL_CALLS|AVAILABLE_TOOLS|SYSTEM_PROMPT|TOOL_RESULTS)\]|<</?SYS>>"
    r"|[\"'](?:arguments|parameters|tool_name|function_call|tool_calls)[\"']\s*:|```\s*tool"
    r"|^[ \t]*(?:Action|Action Input|Observation|Thought|Human|User|System|Assistant|Tool)\s*:|\bfunctions?\.\w+\(",
    re.IGNORECASE | re.MULTILINE,
)
# "ll", "ve", "e" of "e-mail"; and pairs of Chinese characters, whose characters count already
_FRAGMENT = re.compile(f"[a-z]{{1,2}}|[{HAN}]{{2}}")
_RINGS = re.compile(
    r"@(?:everyone|here|channel|all)\b|@(?:所有人|全体)|<[@#!][!&]?\w|<!(?:here|channel|everyone|subteam)",
    re.IGNORECASE,
)


class Fault(StrEnum):
    """Why a unit is not let out."""

    REFUSAL = "refusal"  # it says that there is no answer
    UNCITED = "uncited"
    FACTS = "facts"  # a number, date, price, address or name that no cited passage holds
    LANGUAGE = "language"
    UNCARRIED = "uncarried"  # no passage says it, or it turns around what one says
    FOREIGN = "foreign"  # hardly a word of it stands in what it cites
    ASIDE = "aside"  # a question, or a remark that cites nothing, of which hardly a word stands in what is cited
    MACHINE = "machine"  # tool calls, special tokens, role labels
    MENTION = "mention"
    LEAK = "leak"  # it recites the prompt
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class Judged:
    """A unit, why it is not let out (None: it is), and the facts that stand nowhere."""

    text: str
    fault: Fault | None = None
    lacking: tuple[Fact, ...] = ()


class Grounding:
    """`passages` as they are numbered in the prompt, from 1; `instructions` are the prompt's own words. Without an
    `attribution` of the passages a marker is believed, and what has none waits."""

    def __init__(
        self,
        passages: Sequence[Passage],
        question: str,
        language: str,
        instructions: str = "",
        attribution: Attribution | None = None,
    ) -> None:
        self._passages = passages
        self._attribution = attribution
        self._question = question
        self._language = primary_subtag(language)
        self._instructions = instructions
        self._cited: frozenset[int] = frozenset()
        self._waiting: list[str] = []
        self._seen: set[str] = set()
        self._step = ""  # the last unit without its number
        self._made: dict[frozenset[int], Evidence] = {}

    @property
    def cited(self) -> frozenset[int]:
        """The numbers of the passages cited so far by what was let out."""
        return self._cited

    def judge_unit(self, unit: str) -> list[Judged]:
        """Take a further unit; return those that are settled by now, in order."""
        if not unit.strip():
            if self._waiting:
                self._waiting.append(unit)
                return []
            return [Judged(unit)]
        markers = frozenset(
            number
            for match in _MARKER.finditer(unit)
            for number in _parse_numbers(match[1])
            if self._is_passage_number(number)
        )
        if fault := self._find_unmendable_fault(unit, markers):
            return [Judged(unit, fault)]
        judged: Judged | None = None
        if self._attribution and self._attribution.can_judge(unit):
            judged, markers = self._attribute(unit, markers, self._attribution)
            if judged.fault and not markers and declines_to_answer(unit):
                judged = None
        elif markers:
            judged = self._judge_support(unit, self._cited | markers)
        if judged is None:
            self._waiting.append(unit)
            return []
        if judged.fault:
            return [judged]
        self._cited |= markers
        return [*self._judge_waiting(leads=True), judged]

    def _attribute(self, unit: str, markers: frozenset[int], attribution: Attribution) -> tuple[Judged, frozenset[int]]:
        """-> (the unit with the markers of what carries it, which passages these are)."""
        cuts = cut_sentence(strip_markup(unit)) if attribution.can_compare(markers) else []
        cuts = [cut for cut in cuts if all(map(attribution.can_judge, cut))]
        pair = self._find_pair(cuts, attribution)
        if pair and pair.surely:
            return _mark_pair(unit, pair)
        as_marked = self._judge_support(unit, self._cited | markers) if markers else None
        # Of what several passages are said to carry each part is looked for by itself: a denial in one makes up for
        # none in the other.
        whole = len(markers) == 1 or not cuts
        if as_marked and whole and not as_marked.fault and attribution.carries(unit, markers):
            return as_marked, markers
        lacking = as_marked if as_marked and as_marked.fault else None
        for number in attribution.find_carriers(unit):
            judged = self._judge_support(mark_unit(unit, (number,)), self._cited | {number})
            if not judged.fault:
                return judged, frozenset({number})
            lacking = lacking or judged
        if pair:
            return _mark_pair(unit, pair)
        if lacking is None:
            anywhere = self._judge_support(unit, frozenset(range(1, len(self._passages) + 1)))
            lacking = anywhere if anywhere.fault is Fault.FACTS else None
        return lacking or Judged(unit, Fault.UNCARRIED), markers

    def _find_pair(self, cuts: Sequence[tuple[str, str]], attribution: Attribution) -> Pair | None:
        """Two passages of which each carries a part of a sentence, with every fact of it, and together all of it."""
        for parts in cuts:
            pair = attribution.find_pair(parts)
            if pair and not any(
                self._judge_support(part, frozenset({number})).fault
                for part, number in zip(parts, pair.numbers, strict=True)
            ):
                return pair
        return None

    def finish(self) -> list[Judged]:
        """What still waits, after the last unit."""
        if self._cited:
            return self._judge_waiting(leads=False)
        waiting, self._waiting = self._waiting, []
        fault = Fault.REFUSAL if any(declines_to_answer(unit) for unit in waiting) else Fault.UNCITED
        return [Judged(unit, fault) if unit.strip() else Judged(unit) for unit in waiting]

    def _judge_waiting(self, *, leads: bool) -> list[Judged]:
        """Judge what waits by what is cited now; `leads`: a cited unit follows, to which a few words may lead."""
        waiting, self._waiting = self._waiting, []
        return [
            self._judge_support(unit, self._cited, uncited=True, few=leads) if unit.strip() else Judged(unit)
            for unit in waiting
        ]

    def _is_passage_number(self, number: int) -> bool:
        return 1 <= number <= len(self._passages)

    def _find_unmendable_fault(self, unit: str, markers: frozenset[int]) -> Fault | None:
        """What no citation mends."""
        if self._recites_prompt(unit):
            return Fault.LEAK
        if says_no_answer(unit, cited=bool(markers)):
            return Fault.REFUSAL
        if _MACHINE.search(unit):
            return Fault.MACHINE
        if _RINGS.search(unicodedata.normalize("NFKC", unit)):
            return Fault.MENTION
        if self._was_said(unit):
            return Fault.REPEATED
        return Fault.ASIDE if _ASKS.search(strip_markup(_MARKER.sub("", unit))) else None

    def _was_said(self, unit: str) -> bool:
        """Whether it was written before, word for word, or is what was written right before it under another number. A
        step may well come twice ("Click OK."), but never after itself."""
        said, step = unit.strip(), _NUMBER.sub("", unit.strip())
        before, self._step = self._step, step
        if len(step) > 1 and (said in self._seen or step == before):
            return True
        self._seen.add(said)
        return False

    def _recites_prompt(self, unit: str) -> bool:
        words = re.findall(r"\w+", unit.casefold())
        runs = (" ".join(words[at : at + _LEAKED_WORDS]) for at in range(len(words) - _LEAKED_WORDS + 1))
        return any(run in self._own_words for run in runs)

    @cached_property
    def _own_words(self) -> str:
        return " ".join(re.findall(r"\w+", self._instructions.casefold()))

    def _judge_support(self, unit: str, cited: frozenset[int], *, uncited: bool = False, few: bool = True) -> Judged:
        if self._is_wrong_language(unit):
            return Judged(unit, Fault.LANGUAGE)
        evidence = self._gather_evidence(cited)
        lacking = [
            fact
            for fact in evidence.find_missing_facts(unit, self._language)
            if fact.kind != "name" or not (self._question_evidence.holds_fact(fact) or fact.value in self._page_hosts)
        ]
        if lacking:
            return Judged(unit, Fault.FACTS, tuple(lacking))
        if self._measure_support(unit, cited, few) < _required_support(uncited, few):
            return Judged(unit, Fault.ASIDE if uncited else Fault.FOREIGN)
        return Judged(unit)

    def _gather_evidence(self, cited: frozenset[int]) -> Evidence:
        if cited not in self._made:
            self._made[cited] = _read_evidence(*(_words_of(self._passages[number - 1]) for number in sorted(cited)))
        return self._made[cited]

    @cached_property
    def _question_evidence(self) -> Evidence:
        return Evidence(self._question)

    def _is_wrong_language(self, unit: str) -> bool:
        prose = re.sub(r"`[^`]*`|\[[^\]]*\]|\([^)]*\)|https?://\S+", " ", unit)
        written = script_language(prose, "")
        if self._language in UNSPACED_LANGUAGES:
            return not written and len(re.findall(r"[A-Za-z]{2,}", prose)) > _FEW_WORDS
        return bool(written)

    @cached_property
    def _page_hosts(self) -> str:
        """Where the pages stand: the company's own name is no invention."""
        return " ".join(urlsplit(passage.document.url).hostname or "" for passage in self._passages)

    def _measure_support(self, unit: str, cited: frozenset[int], few: bool) -> float:
        """The share of the unit's content words that stand in what it cites or in the question."""
        evidence = self._gather_evidence(cited)
        written_in = {primary_subtag(language_of(self._passages[number - 1].document)) for number in cited}
        said_in = detect_language(strip_markup(unit), self._language, {self._language, *written_in})
        if said_in not in written_in or script_language(unit) != script_language(evidence.text):
            return 1.0  # the words of two languages cannot be compared
        tokens = analyse_text(_MARKER.sub(" ", unit))
        words = {token for token in tokens if not is_function(token) and not _FRAGMENT.fullmatch(token)}
        unspaced = any(not word.isascii() and len(word) == 1 for word in words)
        announces = unit.rstrip("*_ \n").endswith((":", "："))
        limit = (_MANY_WORDS if announces else _FEW_WORDS) * (2 if unspaced else 1)
        if not words or (few and len(words) <= limit):
            return 1.0
        return len(words & (evidence.terms | self._question_evidence.terms)) / len(words)


def _mark_pair(unit: str, pair: Pair) -> tuple[Judged, frozenset[int]]:
    return Judged(mark_unit(unit, pair.numbers)), frozenset(pair.numbers)


def mark_unit(unit: str, numbers: Sequence[int]) -> str:
    """`unit` with these markers at its end, and no other."""
    plain = re.sub(rf"[ \t]*{_MARKER.pattern}", "", unit)
    end = len(plain.rstrip())
    return f"{plain[:end]} {''.join(f'[{number}]' for number in numbers)}{plain[end:] or ' '}"


def _required_support(uncited: bool, leads: bool) -> float:
    if not uncited:
        return SUPPORT
    return SUPPORT_UNCITED if leads else SUPPORT_LAST


def _parse_numbers(inner: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", inner)]


@lru_cache(maxsize=_EVIDENCE)
def _read_evidence(*passages: str) -> Evidence:
    """What pages say: the same passages carry one answer after another."""
    return Evidence(*passages)


def _words_of(passage: Passage) -> str:
    document = passage.document
    return "\n".join((*document.heading_path, document.question, document.url, passage.text))
