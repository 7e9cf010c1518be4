"""What people asked that was not answered well, grouped by meaning: the FAQ entries that are missing."""

from __future__ import annotations

import asyncio
import csv
import io
import math
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from bot.chat.intent import OfferReply
from bot.chat.ports import IntentReader
from bot.chat.text import shorten_text
from bot.gaps.models import GapDraft, GapMark, Missed, Reason
from bot.gaps.ports import DraftStore, GapMarkStore, MissedStore
from retrieval.audiences import Viewer
from retrieval.text.cleaning import clean_text, collapse_whitespace, escape_formula
from retrieval.text.scripts import UNSPACED

if TYPE_CHECKING:  # the real ones bring numpy along
    from retrieval.models.embedding_models import EmbeddingModels
    from retrieval.search.clusters import Clustering

EXAMPLES = 3
LONGEST_TITLE = 100  # characters
LONGEST_EXAMPLE = 300
READ = 1000  # characters of a question that are looked at for a title

_WORDS = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+")
_SENTENCE = re.compile(r"[^.!?。！？]+[.!?。！？]*")
_ENDS = " .,;:!?。，、；：！？…~～"
_LAST = re.compile(rf"[\s{_ENDS}]+$")
_ASKS = re.compile(
    r"^(?:how|what|where|when|why|who|whom|whose|which|can|could|do|does|did|is|are|am|was|were|will|would|should|shall|"
    r"may|must|has|have|had|isn't|aren't|don't|doesn't|didn't|can't|couldn't|won't|any(?:one|body)? know)\b"
    r"|如何|怎|咋|什么|什麼|甚麼|哪|几|幾|多少|多久|多长|多長|是否|能否|可否|为何|為何|为啥|為啥|谁|誰"
    r"|([能会會要行是])不\1|可不可以|有没有|有沒有|[吗嗎么麼呢]$",
    re.IGNORECASE,
)

Answered = Callable[[str, Viewer], Awaitable[str]]
"""Tells by which passage a question of the viewer's is answered now, "" for none."""

_JUDGED = 200  # gaps that are held against what is known now


@dataclass(frozen=True, slots=True)
class Gap:
    """Questions that one FAQ entry would answer, oldest first. `title` is a suggestion for it, `askers` how many
    different people asked; `examples` differ as much as the questions do; `answered`: by what is known now it would be,
    and not by what somebody voted down. `titled_by` is the question that the title is made from, `draft` an entry that
    a model drafted, `mark` what an admin said of it.
    """

    title: str
    language: str
    questions: tuple[Missed, ...]
    askers: int
    examples: tuple[str, ...]
    reasons: Mapping[Reason, int]
    first_at: datetime
    last_at: datetime
    titled_by: Missed
    answered: bool = False
    draft: GapDraft | None = None
    mark: GapMark | None = None

    @property
    def id(self) -> str:
        """What it is named by where something is said of it: its mark, or the question that its title is made from."""
        return self.mark.id if self.mark else self.titled_by.turn_id

    @property
    def is_dismissed(self) -> bool:
        """Whether an admin said that it is nobody's business here."""
        return self.mark is not None and self.mark.dismissed

    @property
    def assignee(self) -> str:
        """Whose it is, "" for nobody's."""
        return self.mark.assignee if self.mark else ""


@dataclass(frozen=True, slots=True)
class GapReport:
    """The gaps of a time, those that most people met first. `questions` counts theirs; small talk, replies to a
    choice and what only the conversation before explains are left out. `dismissed` are those that an admin said are
    nobody's business here: whether they are answered by now is not looked at."""

    since: datetime
    until: datetime
    questions: int
    gaps: tuple[Gap, ...]
    dismissed: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class _Worded:
    """A question that was missed, and its words without the courtesies."""

    missed: Missed
    wording: str


class Gaps:
    """The report of what is missing. `models` may load a model: it is called in a thread. `take_in_known` comes before
    anything is asked of `answered`: what people taught a moment ago, in another process too, answers as well. By what
    `marks` holds, what was said of a gap is said of whatever is asked later and means the same."""

    def __init__(
        self,
        store: MissedStore,
        models: Callable[[], EmbeddingModels],
        intents: Callable[[], IntentReader],
        answered: Answered | None = None,
        drafts: DraftStore | None = None,
        take_in_known: Callable[[], Awaitable[None]] | None = None,
        marks: GapMarkStore | None = None,
    ) -> None:
        self._store = store
        self._models = models
        self._intents = intents
        self._answered = answered
        self._drafts = drafts
        self._take_in_known = take_in_known
        self._marks = marks

    async def report(self, *, days: int = 7, now: datetime | None = None) -> GapReport:
        """The gaps of the last `days` before `now`. Raises StorageError, ModelError."""
        until = now or datetime.now(UTC)
        since = until - timedelta(days=days)
        missed = [each for each in await self._store.missed(since) if since <= each.at <= until]
        missed.sort(key=lambda each: (each.at, each.turn_id))
        asked = await asyncio.to_thread(self._worded, missed) if missed else []
        marks = await self._marks.list_marks() if self._marks and asked else ()
        gaps = await asyncio.to_thread(self._gaps, asked, marks) if asked else []
        dismissed = tuple(gap for gap in gaps if gap.is_dismissed)
        gaps = [gap for gap in gaps if not gap.is_dismissed]
        if gaps and self._answered:
            if self._take_in_known:
                await self._take_in_known()
            gaps = [await self._judged(gap, self._answered) for gap in gaps[:_JUDGED]] + gaps[_JUDGED:]
            gaps.sort(key=lambda gap: gap.answered)
        if self._drafts:
            drafts = {draft.turn_id: draft for draft in await self._drafts.list()}
            gaps = [replace(gap, draft=_find_draft(gap, drafts)) for gap in gaps]
        return GapReport(since, until, sum(len(gap.questions) for gap in gaps), tuple(gaps), dismissed)

    async def _judged(self, gap: Gap, answered: Answered) -> Gap:
        """It is answered where it is for everyone who asked."""
        wrong = {"", *(each.refused for each in gap.questions)}
        viewers = [Viewer(granted) for granted in dict.fromkeys(each.granted for each in gap.questions)]
        passages = [await answered(gap.title, viewer) for viewer in viewers]
        return replace(gap, answered=wrong.isdisjoint(passages))

    def _worded(self, missed: Sequence[Missed]) -> list[_Worded]:
        """The questions that an entry of a FAQ could answer, without their courtesies: "hi" and "thanks" make no two
        alike. A reply to an offer, away from it, asks nothing."""
        from retrieval.search.conversation import is_elliptical

        intents = self._intents()
        asked: dict[int, _Worded] = {}
        for language in dict.fromkeys(each.language for each in missed):
            places = [place for place, each in enumerate(missed) if each.language == language]
            texts = [collapse_whitespace(missed[place].question[: 2 * READ])[:READ] for place in places]
            distinct = list(dict.fromkeys(texts))  # of what many ask, one is read
            readings = dict(zip(distinct, intents.read_messages(distinct, language), strict=True))
            replies = dict(zip(distinct, intents.read_replies(distinct, language), strict=True))
            for place, text in zip(places, texts, strict=True):
                reading, reply = readings[text], replies[text]
                talk = reading.sure and reading.intent.is_small_talk
                if talk or reply is not OfferReply.OTHER or not any(map(str.isalpha, text)):
                    continue
                wording = intents.find_question(text, language)
                if missed[place].first or not is_elliptical(wording):  # else "how long?" says not what about
                    asked[place] = _Worded(missed[place], wording)
        return [asked[place] for place in sorted(asked)]

    def _gaps(self, asked: Sequence[_Worded], marks: Sequence[GapMark] = ()) -> list[Gap]:
        """What marks go by is grouped with what was asked: each counts for the group that it falls into."""
        from retrieval.search.clusters import Clustering

        marked = {each.turn_id: mark for mark in reversed(marks) for each in mark.questions}  # said last, it holds
        earlier = {each.turn_id: each for mark in marks for each in mark.questions}
        for each in asked:
            earlier.pop(each.missed.turn_id, None)
        everything = [*asked, *self._worded(list(earlier.values()))]
        clustering = Clustering([each.wording for each in everything], self._models())
        gaps = []
        for group in clustering.groups:
            turns = [everything[position].missed.turn_id for position in group]
            said = [marked[turn_id] for turn_id in turns if turn_id in marked]
            if own := [position for position in group if position < len(asked)]:
                mark = max(said, key=lambda mark: (mark.updated_at, mark.id), default=None)
                gaps.append(replace(_gap(asked, clustering, own), mark=mark))
        return sorted(gaps, key=lambda gap: (-gap.askers, -len(gap.questions), -gap.last_at.timestamp(), gap.title))


def _gap(asked: Sequence[_Worded], clustering: Clustering, group: Sequence[int]) -> Gap:
    questions = tuple(asked[position].missed for position in group)
    central = dict(zip(group, clustering.measure_centrality(group), strict=True))
    first = max(
        group, key=lambda position: (round(central[position] * _fitness(asked[position].wording), 6), -position)
    )
    reasons = Counter(reason for each in questions for reason in each.reasons)
    spoken = Counter(each.language for each in questions)
    return Gap(
        title=title_of(asked[first].wording),
        language=min(spoken, key=lambda language: (-spoken[language], language)),
        questions=questions,
        askers=len({each.asker for each in questions}),
        examples=tuple(
            shorten_text(collapse_whitespace(asked[position].missed.question[: 2 * READ]), LONGEST_EXAMPLE, _ENDS)
            for position in clustering.choose_unlike(group, first, EXAMPLES)
        ),
        reasons={reason: reasons[reason] for reason in Reason if reasons[reason]},
        first_at=questions[0].at,
        last_at=questions[-1].at,
        titled_by=asked[first].missed,
    )


def _find_draft(gap: Gap, drafts: Mapping[str, GapDraft]) -> GapDraft | None:
    """The draft made from one of the gap's questions, that of its title before others."""
    return next((drafts[each.turn_id] for each in (gap.titled_by, *gap.questions) if each.turn_id in drafts), None)


def title_of(question: str) -> str:
    """`question` as the title of an FAQ entry: on one line of at most 100 characters."""
    text = collapse_whitespace(question[: 2 * READ])[:READ]
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
    return shorten_text(text, LONGEST_TITLE - len(mark), _ENDS) + mark


def _fitness(question: str) -> float:
    """How well a question serves as a title, in 0..1: short ones that are complete."""
    text = collapse_whitespace(question)
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
            rows.writerow(
                (
                    number,
                    escape_formula(clean_text(gap.title)),
                    gap.askers,
                    known,
                    *(escape_formula(clean_text(text)) for text in texts),
                )
            )
    return "\ufeff" + out.getvalue()
