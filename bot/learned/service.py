"""Learned wordings: what customers choose, confirm and vote for tells which entry their words mean.

Evidence counts by distinct people. The next customer who uses the same words is answered with the entry that enough of
them showed; an admin sees what was learned, and takes it out.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from bot.chat.conversation import NONE_OF_THESE, Citation, Decision, Turn, Vote
from bot.errors import InputError, StorageError
from bot.learned.models import Evidence, Gesture
from bot.learned.ports import LearnedStore
from bot.runtime.snapshots import keep_up
from retrieval.documents import content_id
from retrieval.text.cleaning import collapse_whitespace

if TYPE_CHECKING:  # the real one brings numpy along
    from retrieval.search.learned_wordings import LearnedWordings

log = structlog.get_logger(__name__)

MOST = 5_000  # wordings in use


@dataclass(frozen=True, slots=True)
class Wording:
    """Words and an entry that people showed they mean, or do not. `lead` is how many more spoke for it than against it
    and for any other entry; `used`: the next customer who writes these words is answered with it."""

    id: str
    question: str
    language: str
    url: str
    title: str
    passage_id: str
    supporters: int
    opponents: int
    lead: int
    used: bool
    last_at: datetime


class LiveLearned:
    """What was learned, as questions are searched with it: a snapshot, brought up to date by `load`. `current` may be
    called from any thread. `least` people have to show an entry; 0: nothing is learned."""

    def __init__(self, store: LearnedStore, least: int) -> None:
        self._store = store
        self._least = least
        self._revision = ""
        self._current: LearnedWordings | None = None

    def current(self) -> LearnedWordings:
        """What is learned at this moment."""
        from retrieval.search.learned_wordings import LearnedWordings

        return self._current or LearnedWordings()

    async def load(self) -> bool:
        """Take in what changed; -> whether anything did. Raises StorageError."""
        revision = await self._store.revision() if self._least else ""
        if revision == self._revision:
            return False
        evidence = await self._store.list(self._least)
        self._current = await asyncio.to_thread(_learn, evidence, self._least)
        self._revision = revision
        return True

    async def run(self, seconds: float = 1.0) -> None:
        """Keep up with what this or any other process records, until cancelled."""
        await keep_up(self.load, "learned wordings not read", seconds=seconds)


class WordingLearner:
    """Implements `bot.answering.ports.LearnsWordings`, and shows admins what came of it."""

    def __init__(self, store: LearnedStore, live: LiveLearned, least: int) -> None:
        self._store = store
        self._live = live
        self._least = least

    async def record_choice(self, asked: Turn, number: int, by: Turn) -> None:
        entries, gesture = _chosen(asked, number)
        await self._record(_Words.of(asked), entries, gesture, by, by.user)

    async def record_vote(self, turn: Turn, vote: Vote, user: str) -> None:
        """A vote on what was chosen is one on the words that the choice was offered for."""
        entry = _shown_entry(turn)
        if entry is None or not self._least:
            return
        gesture = Gesture.VOTED_UP if vote is Vote.UP else Gesture.VOTED_DOWN
        try:
            rest = await self._store.shown_by(turn.id)
        except StorageError as error:
            log.warning("vote not learned from", turn=turn.id, cause=str(error))
            return
        before = [each for each in rest if (each.url, each.title) == (entry.url, entry.title)]
        asked = _Words(before[0].question, before[0].language, before[0].asked_id) if before else _Words.of(turn)
        await self._record(asked, [entry], gesture, turn, user)

    async def list(self) -> Sequence[Wording]:
        """All wordings: those in use first, then those with the most people. Raises StorageError."""
        return await asyncio.to_thread(count_evidence, await self._store.list(), self._least)

    async def get(self, wording_id: str) -> tuple[Wording, Sequence[Evidence]]:
        """A wording by its id or the beginning of it, and who showed it. Raises InputError, StorageError."""
        evidence = await self._store.list()
        prefix = wording_id.strip().casefold()
        wordings = await asyncio.to_thread(count_evidence, evidence, self._least)
        found = [each for each in wordings if len(prefix) >= 4 and each.id.startswith(prefix)]
        if len(found) != 1:
            what = "Several wordings' ids begin" if found else "No learned wording's id begins"
            raise InputError(f"{what} with {wording_id[:20]!r}: 'frontdesk learned list' shows them.")
        return found[0], [each for each in evidence if each.wording_id == found[0].id]

    async def remove(self, wording_id: str) -> Wording:
        """Take a wording out, for good: it is not learned again. Raises InputError, StorageError."""
        wording, _ = await self.get(wording_id)
        await self._store.remove(wording.id)
        await self._live.load()
        return wording

    async def _record(
        self, asked: _Words, entries: Iterable[Citation], gesture: Gesture, shown: Turn, user: str
    ) -> None:
        """Keep what a user showed of the words that were asked, by a gesture on what the turn `shown` answered."""
        if not (self._least and user):
            return
        from retrieval.search.learned_wordings import can_be_learned, question_key

        words = question_key(asked.question)
        if not can_be_learned(asked.question):
            return
        evidence = [
            Evidence(
                wording_id=content_id(words, entry.url, entry.title),
                words=words,
                question=asked.question,
                language=asked.language,
                url=entry.url,
                title=entry.title,
                passage_id=entry.passage_id,
                platform=shown.platform,
                user_id=user,
                gesture=gesture,
                asked_id=asked.turn_id,
                turn_id=shown.id,
                created_at=datetime.now(UTC),
            )
            for entry in entries
            if question_key(entry.title) != words  # an entry's own question needs nobody to show it
        ]
        try:
            if evidence:
                await self._store.add(evidence)
                await self._live.load()
        except StorageError as error:  # the customer was answered, or their vote was kept
            log.warning("gesture not learned from", turn=shown.id, cause=str(error))


@dataclass(frozen=True, slots=True)
class _Words:
    """A question as it was searched, and the turn that it is from."""

    question: str
    language: str
    turn_id: str

    @classmethod
    def of(cls, turn: Turn) -> _Words:
        return cls(collapse_whitespace(turn.standalone_question), turn.language, turn.id)


def count_evidence(evidence: Iterable[Evidence], least: int) -> list[Wording]:
    """What the evidence comes to: each person counts once for an entry or against it, and of several entries that they
    took for the same words the last counts. At most `MOST` wordings are used, those with the most people first."""
    by_words: defaultdict[str, list[Evidence]] = defaultdict(list)
    for each in sorted(evidence, key=lambda each: each.created_at, reverse=True):
        by_words[each.words].append(each)
    wordings = [wording for those in by_words.values() for wording in _count_words(those, least)]
    wordings.sort(key=lambda each: (not each.used, -each.lead, -each.last_at.timestamp(), each.id))
    return [each if place < MOST else replace(each, used=False) for place, each in enumerate(wordings)]


def _count_words(evidence: Sequence[Evidence], least: int) -> list[Wording]:
    """The wordings of the same words; `evidence` is newest first."""
    supporters: defaultdict[str, int] = defaultdict(int)
    opponents: defaultdict[str, int] = defaultdict(int)
    newest: dict[str, Evidence] = {}
    spoken: set[tuple[str, str]] = set()
    for each in evidence:
        person = each.platform, each.user_id
        newest.setdefault(each.wording_id, each)
        if not each.gesture.speaks_for:
            opponents[each.wording_id] += 1
        elif person not in spoken:
            supporters[each.wording_id] += 1
            spoken.add(person)
    net = {each: supporters[each] - opponents[each] for each in newest}
    counted = []
    for key, last in newest.items():
        rival = max((net[other] for other in net if other != key), default=0)
        lead = net[key] - max(0, rival)
        facts = (last.question, last.language, last.url, last.title, last.passage_id)
        used = 0 < least <= lead
        counted.append(Wording(key, *facts, supporters[key], opponents[key], lead, used=used, last_at=last.created_at))
    return counted


def _learn(evidence: Sequence[Evidence], least: int) -> LearnedWordings:
    from retrieval.search.learned_wordings import LearnedEntry, LearnedWordings

    return LearnedWordings(
        (each.question, LearnedEntry(each.url, each.title, each.passage_id, each.supporters))
        for each in count_evidence(evidence, least)
        if each.used
    )


def _chosen(asked: Turn, number: int) -> tuple[Sequence[Citation], Gesture]:
    """The entries that a choice speaks of. "None of these" speaks against all that was offered, or against the one that
    was suggested. Which of several products is meant is no matter of words: options told apart by that teach nothing.
    """
    suggested = asked.decision is Decision.SUGGEST
    if number == NONE_OF_THESE:
        offered = asked.citations[:1] if suggested else asked.citations
        return [each for each in offered if not each.under], Gesture.NOT_IT
    taken = [each for each in asked.citations if each.number == number and not each.under]
    first = suggested and taken == list(asked.citations[:1])
    return taken, Gesture.CONFIRMED if first else Gesture.CHOSEN


def _shown_entry(turn: Turn) -> Citation | None:
    """The entry that a vote on a turn speaks of; None where nothing, or more than one, was answered with."""
    if turn.learned and turn.passages:  # whatever else was cited, the words brought this one up
        first = turn.passages[0]
        return Citation(1, first.title, first.url, first.passage_id)
    entries = {(each.url, each.title): each for each in reversed(turn.citations)}
    if turn.decision is Decision.SUGGEST and turn.citations:
        return turn.citations[0]
    return next(iter(entries.values())) if turn.decision is Decision.ANSWER and len(entries) == 1 else None
