"""What people asked that was not answered well, grouped by meaning: the FAQ entries that are missing."""

from __future__ import annotations

import asyncio
import csv
import io
import math
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import chain
from typing import TYPE_CHECKING

from bot.interfaces import MissedStore
from bot.steering import Missed, Reason
from bot.words import languages, load
from retrieval.scripts import UNSPACED
from retrieval.text import clean, collapse

if TYPE_CHECKING:  # the real ones bring numpy along
    from retrieval.indexing.models import EmbeddingModels
    from retrieval.searching.clustering import Clustering

EXAMPLES = 3
LONGEST_TITLE = 100  # characters
LONGEST_EXAMPLE = 300
READ = 1000  # characters of a question that are looked at for a title

_WORDS = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+")
_SENTENCE = re.compile(r"[^.!?。！？]+[.!?。！？]*")
_LAST = re.compile(r"[\s.,;:!?。，、；：！？…~～]+$")
_POLITE = re.compile(
    r"(?:请问|請問|请教|請教|(?:我)?想(?:请|請)?(?:问|問)|(?:麻烦|麻煩)(?:问|問))(?:一下|下)?(?:大家|各位)?[\s,，:：]*"
    r"|(?:i have a |just a |a )?(?:quick )?question\s*[:,.!-]+\s*",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"^(?:how|what|where|when|why|who|whom|whose|which|can|could|do|does|did|is|are|am|was|were|will|would|should|shall|"
    r"may|must|has|have|had|isn't|aren't|don't|doesn't|didn't|can't|couldn't|won't|any(?:one|body)? know)\b"
    r"|如何|怎|咋|什么|什麼|甚麼|哪|几|幾|多少|多久|多长|多長|是否|能否|可否|为何|為何|为啥|為啥|谁|誰"
    r"|([能会會要行是])不\1|可不可以|有没有|有沒有|[吗嗎么麼呢]$",
    re.IGNORECASE,
)

_JUDGED = 200  # gaps that are held against what is known now


@dataclass(frozen=True, slots=True)
class Gap:
    """Questions that one FAQ entry would answer, oldest first. `title` is a suggestion for it, `askers` how many
    different people asked; `examples` differ as much as the questions do; `answered`: by what is known now it would be,
    and not by what somebody voted down.
    """

    title: str
    language: str
    questions: tuple[Missed, ...]
    askers: int
    examples: tuple[str, ...]
    reasons: Mapping[Reason, int]
    first_at: datetime
    last_at: datetime
    answered: bool = False


@dataclass(frozen=True, slots=True)
class GapReport:
    """The gaps of a time, those that most people met first. `questions` counts them all; small talk, replies to a
    choice and what only the conversation before explains are left out."""

    since: datetime
    until: datetime
    questions: int
    gaps: tuple[Gap, ...]


class Gaps:
    """The report of what is missing. `models` may load a model: it is called in a thread. `answered` tells by which
    passage a question is answered now, "" for none."""

    def __init__(
        self,
        store: MissedStore,
        models: Callable[[], EmbeddingModels],
        answered: Callable[[str], Awaitable[str]] | None = None,
    ) -> None:
        self._store = store
        self._models = models
        self._answered = answered

    async def report(self, *, days: int = 7, now: datetime | None = None) -> GapReport:
        """The gaps of the last `days` before `now`. Raises StorageError, ModelError."""
        until = now or datetime.now(UTC)
        since = until - timedelta(days=days)
        missed = [each for each in await self._store.missed(since) if since <= each.at <= until]
        asked = [each for each in missed if _asks_something(each) and not _choices().fullmatch(each.question)]
        asked.sort(key=lambda each: (each.at, each.turn_id))
        gaps = await asyncio.to_thread(self._gaps, asked) if asked else []
        if self._answered:
            gaps = [await self._judged(gap, self._answered) for gap in gaps[:_JUDGED]] + gaps[_JUDGED:]
            gaps.sort(key=lambda gap: gap.answered)
        return GapReport(since, until, len(asked), tuple(gaps))

    async def _judged(self, gap: Gap, answered: Callable[[str], Awaitable[str]]) -> Gap:
        passage = await answered(gap.title)
        return replace(gap, answered=passage not in {"", *(each.refused for each in gap.questions)})

    def _gaps(self, asked: Sequence[Missed]) -> list[Gap]:
        from retrieval.searching.clustering import Clustering

        wordings = [stripped(each.question) for each in asked]  # "hi" and "thanks" make no two questions alike
        clustering = Clustering(wordings, self._models())
        gaps = [_gap(asked, clustering, group) for group in clustering.groups]
        return sorted(gaps, key=lambda gap: (-gap.askers, -len(gap.questions), -gap.last_at.timestamp(), gap.title))


def _gap(asked: Sequence[Missed], clustering: Clustering, group: Sequence[int]) -> Gap:
    questions = tuple(asked[position] for position in group)
    central = dict(zip(group, clustering.centrality(group), strict=True))
    first = max(
        group, key=lambda position: (round(central[position] * _fitness(asked[position].question), 6), -position)
    )
    reasons = Counter(reason for each in questions for reason in each.reasons)
    spoken = Counter(each.language for each in questions)
    return Gap(
        title=title_of(asked[first].question),
        language=min(spoken, key=lambda language: (-spoken[language], language)),
        questions=questions,
        askers=len({each.asker for each in questions}),
        examples=tuple(
            _cut(collapse(asked[position].question[: 2 * READ]), LONGEST_EXAMPLE)
            for position in clustering.spread(group, first, EXAMPLES)
        ),
        reasons={reason: reasons[reason] for reason in Reason if reasons[reason]},
        first_at=questions[0].at,
        last_at=questions[-1].at,
    )


def title_of(question: str) -> str:
    """`question` as the title of an FAQ entry: without courtesies, on one line of at most 100 characters."""
    text = stripped(question)
    if len(text) > LONGEST_TITLE:
        sentences = [sentence.strip() for sentence in _SENTENCE.findall(text)]
        fitting = [each for each in sentences if _is_question(each) and len(each) <= LONGEST_TITLE]
        text = max(fitting, key=_words, default=text)
    asking = _is_question(text)
    text = _LAST.sub("", text)
    first = re.match(r"[^\W\d_]+", text)
    if first and first.group().islower():  # "iPhone" keeps its own
        text = text[0].upper() + text[1:]
    mark = "" if not asking else "？" if re.search(rf"[{UNSPACED}]\W*$", text) else "?"
    return _cut(text, LONGEST_TITLE - len(mark)) + mark


def _fitness(question: str) -> float:
    """How well a question serves as a title, in 0..1: short ones that are complete."""
    text = stripped(question)
    words = _words(text)
    complete = (1.0 if _is_question(text) else 0.85) * (1.0 if words >= 3 else 0.6)
    return complete * math.sqrt(min(1.0, 16 / max(1.0, words)))


def _words(text: str) -> float:
    """The length of a text in English words, of which a Chinese character is little more than half."""
    found = _WORDS.findall(text)
    return sum(0.6 if re.match(f"[{UNSPACED}]", word) else 1.0 for word in found)


def _is_question(text: str) -> bool:
    last = (_SENTENCE.findall(text) or [text])[-1].strip(" \"'”’)）")
    return last.endswith(("?", "？")) or bool(_ASKS.search(_LAST.sub("", last)))


def _cut(text: str, longest: int) -> str:
    """`text`, or its first words and an ellipsis, in `longest` characters."""
    if len(text) <= longest:
        return text
    head = text[: longest - 1]
    word = head.rfind(" ") if text[longest - 1] != " " else -1
    if word > longest // 2:  # else it is one long word, or Chinese
        head = head[:word]
    return _LAST.sub("", head) + "…"


def asks(text: str) -> bool:
    """Whether a message says more than small talk."""
    text = collapse(text[: 2 * READ])
    return bool(_WORDS.search(text)) and not _courtesies().fullmatch(text)


def _asks_something(missed: Missed) -> bool:
    """Whether an entry of a FAQ could answer it. "How long?" and "and to Canada?" say not what about, unless nothing
    was said before that they could lean on: then that is what somebody asks of this FAQ."""
    from retrieval.searching.contexts import bare

    return asks(missed.question) and (missed.first or not bare(stripped(missed.question)))


def stripped(text: str) -> str:
    """`text` on one line, without the courtesies at its ends; of a long one the beginning."""
    text = collapse(text[: 2 * READ])[:READ]
    while (match := _leading().match(text) or _POLITE.match(text)) and asks(text[match.end() :]):
        text = text[match.end() :]
    while (match := _trailing().search(text, max(0, len(text) - 80))) and asks(text[: match.end("kept")]):
        text = text[: match.end("kept")]
    return text.strip()


@cache
def _courtesies() -> re.Pattern[str]:
    """Nothing but courtesies. Possessive, here and below: a hostile text must not be tried in all its readings."""
    kinds = ("greeting", "thanks", "acknowledgement", "goodbye", "presence", "identity", "help", "fillers")
    return re.compile(rf"(?:[\W_]*+{_any(kinds)})++[\W_]*+", re.IGNORECASE)


@cache
def _choices() -> re.Pattern[str]:
    """A reply that only names one of some options, or none of them: away from these it asks nothing."""
    offered = [load(tag).choice for tag in languages()]
    kinds = ("last", "none", "yes", "no", "fillers")
    groups = [group for choice in offered for group in (*choice["ordinals"], *(choice[kind] for kind in kinds))]
    number = r"第?(?:\d++(?:th)?|[一二三四五六七八九十]++)"
    return re.compile(rf"(?:[\W_]*+(?:{_one_of(set(chain(*groups)))}|{number}))++[\W_]*+", re.IGNORECASE)


@cache
def _leading() -> re.Pattern[str]:
    """Courtesies that a question follows: after punctuation, or with a word that begins one (Chinese has no spaces)."""
    plain = _any(("greeting", "thanks", "presence"))
    pausing = _any(("greeting", "thanks", "presence", "acknowledgement", "goodbye", "help"))
    fillers = rf"(?:\s*+{_any(('fillers',))})*+"
    pause = r"\s*+(?:[^\w\s'\"“‘(（<\[$€£¥#@+-]\s*+)++"
    opening = rf"(?:\s++|(?=[{UNSPACED}]))(?={_any(('openers',))})"
    return re.compile(rf"[\W_]*?(?:{pausing}{fillers}{pause}|{plain}{fillers}{opening})", re.IGNORECASE)


@cache
def _trailing() -> re.Pattern[str]:
    """Courtesies after a question, and what is `kept` before them."""
    short = _any(("greeting", "thanks", "presence", "goodbye"))
    fillers = _any(("fillers",))
    return re.compile(
        rf"(?P<kept>[?？!！。.]?)(?:[\s,，.。;；!！~～…-]++{short}|(?<=[?？]){short}|\s++(?:thanks|thank you|thx)"
        rf"|(?<![说說写寫])(?:谢谢|謝謝|多谢|多謝))(?:[\s,，]*+{fillers})*+[\W_]*+$",
        re.IGNORECASE,
    )


def _any(kinds: Iterable[str]) -> str:
    """A pattern of any phrase of these kinds of small talk in any language."""
    return _one_of({phrase for tag in languages() for kind in kinds for phrase in load(tag).smalltalk[kind]})


def _one_of(phrases: Iterable[str]) -> str:
    """A pattern of any of the phrases, the longest first; a Latin word is a whole one."""
    parts = []
    for phrase in sorted(phrases, key=lambda phrase: (-len(phrase), phrase)):
        pattern = re.escape(phrase).replace("'", "['’]").replace(r"\ ", r"\s+")
        latin = phrase[-1].isascii() and phrase[-1].isalnum()
        parts.append(pattern + (r"(?![-'’]?[^\W_])" if latin else ""))
    return f"(?>{'|'.join(parts)})"


def to_csv(report: GapReport) -> str:
    """One row a question. Begins with a byte order mark, without which Excel takes UTF-8 for the local code page."""
    out = io.StringIO()
    rows = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    columns = ("gap", "title", "askers", "answered", "question", "reasons", "comment", "time", "language", "turn")
    rows.writerow(columns)
    for number, gap in enumerate(report.gaps, 1):
        for each in gap.questions:
            reasons = " ".join(reason for reason in Reason if reason in each.reasons)
            texts = (each.question, reasons, each.comment, each.at.isoformat(), each.language, each.turn_id)
            known = "yes" if gap.answered else "no"
            rows.writerow((number, _cell(gap.title), gap.askers, known, *map(_cell, texts)))
    return "\ufeff" + out.getvalue()


def _cell(text: str) -> str:
    """A text that no spreadsheet program takes for a formula: an apostrophe stands before what could begin one."""
    text = clean(text)
    return f"'{text}" if re.match(r"[\t\r\n]|\s*[=+\-@＝＋－＠]", text) else text
