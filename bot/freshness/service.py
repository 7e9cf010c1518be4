"""Contradictions: found as entries come and change, settled by an admin, and what is set aside for it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from bot.errors import InputError
from bot.freshness.models import ContradictionRow, Found, Keep, Side, State, Verdict
from bot.freshness.ports import FreshnessStore, Judge
from bot.runtime.snapshots import keep_up
from inference.errors import GeneratorError, GeneratorRefused
from retrieval.documents import Document

if TYPE_CHECKING:  # the real ones bring numpy along
    from retrieval.index.index import Index
    from retrieval.search.contradictions import Contradiction

log = structlog.get_logger(__name__)

MOST_JUDGED = 60  # pairs of one refresh that a model is asked about, the likeliest first
_MOST_FOUND = 500  # of one scan: whoever has more begins with the likeliest


class LiveSetAside:
    """What is not answered from, as questions are searched: a snapshot, brought up to date by `load`. Implements
    `retrieval.search.live_index.SetAside`."""

    def __init__(self, store: FreshnessStore) -> None:
        self._store = store
        self._current: tuple[str, frozenset[str]] = "", frozenset()

    def current_entries(self) -> tuple[str, frozenset[str]]:
        """A revision, and the ids of the entries. In any thread."""
        return self._current

    async def load(self) -> bool:
        """Take in what changed; -> whether anything did. Raises StorageError."""
        revision = await self._store.revision()
        if revision == self._current[0]:
            return False
        self._current = revision, await self._store.set_aside()
        return True

    async def run(self, seconds: float = 1.0) -> None:
        """Keep up with what this or any other process decides, until cancelled."""
        await keep_up(self.load, "what is set aside was not read", seconds=seconds)


@dataclass(frozen=True, slots=True)
class ScanResult:
    """What a scan found: how many contradictions nobody knew, and how many wait for a decision."""

    new: int
    waiting: int


class Contradictions:
    """`index` gives what is searched now, taught answers included, and `audience_of` whom an entry is for: what is for
    different people does not contradict each other. `judge` says what it thinks of what was found, if there is a
    model."""

    def __init__(
        self,
        store: FreshnessStore,
        live: LiveSetAside,
        index: Callable[[], Awaitable[Index]],
        audience_of: Callable[[Document], frozenset[str]],
        judge: Judge | None = None,
    ) -> None:
        self._store = store
        self._live = live
        self._index = index
        self._audience_of = audience_of
        self._judge = judge
        self._scanning = asyncio.Lock()

    async def scan_entries(self) -> ScanResult:
        """Compare what is new or was changed since the last scan with all that is known. Raises StorageError,
        RetrievalError."""
        async with self._scanning:
            known, by = await self._store.known_entries(), await self._store.compared_by()
            compared = await asyncio.to_thread(_compare_new, await self._index(), known, by)
            aside = await self._store.set_aside()
            # Those of what is set aside are kept as well: a decision that is taken back may leave them to be settled.
            rows = sorted((_make_row(each) for each in compared.found), key=lambda row: _is_moot(row, aside))
            kept = rows[:_MOST_FOUND]
            unknown = await self._store.record_scan(compared.measure, compared.new, compared.gone, kept)
            new = [row for row in kept if row.id in unknown and not _is_moot(row, aside)]
            await self._live.load()
        return ScanResult(len(new), len([each for each in await self.list() if each.needs_decision]))

    async def judge_found(self) -> int:
        """Have the model say what it thinks of those that wait for a decision, each kept as soon as it is said: what is
        missing when this ends is asked next time. It settles none. -> of how many it said something that can be used.
        Raises StorageError, RetrievalError."""
        if self._judge is None:
            return 0
        judged = 0
        waiting = [
            (each.row.id, each.one.document, each.other.document)
            for each in await self.list()
            if each.one and each.row.state is State.OPEN and not each.row.verdict_by
        ]
        for contradiction_id, one, other in waiting[:MOST_JUDGED]:
            try:
                judgement = await self._judge.judge_pair(one, other)
            except GeneratorRefused:  # its prompt, for instance: the others' may be shorter
                continue
            except GeneratorError as error:
                log.warning("no more contradictions are judged", kind=type(error).__name__, cause=str(error))
                break
            await self._store.record_judgement(contradiction_id, judgement)
            judged += judgement.verdict is not Verdict.NONE
        return judged

    async def list(self) -> Sequence[Found]:
        """All that are known: those that wait for a decision first, of these what a model holds harmless last, and the
        likeliest first. Raises StorageError, RetrievalError."""
        rows = await self._store.contradictions()
        if not rows:
            return ()
        return sorted(await self._resolve(rows), key=_rank)

    async def get(self, contradiction_id: str) -> Found:
        """By its id or the beginning of it. Raises UnknownContradiction, InputError, StorageError, RetrievalError."""
        row = await self._store.get(contradiction_id)
        found = await self._resolve([row])
        if not found:
            raise InputError(
                "It is none any more: its entries have changed since, are for different people, or one is set aside."
            )
        return found[0]

    async def settle(self, contradiction_id: str, keep: Keep, by: str) -> tuple[Found, bool]:
        """Answer from one of the two alone, or from both, as somebody (`Actor.id`) decides. -> how it stands, and
        whether that is what they decided: who was first is not overruled. Raises UnknownContradiction, InputError,
        StorageError, RetrievalError."""
        found = await self.get(contradiction_id)
        if not found.needs_decision:
            return found, False
        if found.one is None:
            raise InputError("What was kept was changed or is gone: take the decision back, or leave it as it is.")
        if found.kept_is_limited:
            raise InputError("What was kept is not for all any more: take the decision back, or leave it as it is.")
        aside = {Keep.FIRST: found.other, Keep.SECOND: found.one, Keep.BOTH: None}[keep]
        state = State.SETTLED if aside else State.DISMISSED
        noted = await self._store.settle(found.row.id, state, aside.document.entry_id if aside else "", by)
        await self._live.load()
        return await self.get(found.row.id), noted

    async def reopen(self, contradiction_id: str) -> Found:
        """Take a decision back: both are answered from again. -> how it stands, also where there is nothing left to
        decide. Raises UnknownContradiction, InputError, StorageError, RetrievalError."""
        found = await self.get(contradiction_id)
        await self._store.reopen(found.row.id)
        await self._live.load()
        undone = await self._store.get(found.row.id)
        again = await self._resolve([undone])
        return again[0] if again else Found(undone, found.one, found.other, is_over=True)

    async def _resolve(self, rows: Sequence[ContradictionRow]) -> Sequence[Found]:
        """The rows with their entries, as far as these are there, and something is to be said of them."""
        since, aside = await self._store.known_entries(), await self._store.set_aside()
        wanted = {entry for row in rows for entry in (row.one, row.other)}
        documents = await asyncio.to_thread(_find_entries, await self._index(), wanted)
        sides = {
            entry: Side(document, since.get(entry) or first_read(document)) for entry, document in documents.items()
        }
        found = []
        for row in rows:
            one, other = sides.get(row.one), sides.get(row.other)
            if one and other:
                if row.state is State.SETTLED:
                    found.append(Found(row, one, other, self._is_kept_limited(row, one, other)))
                elif self._have_same_readers(one, other) and not _is_moot(row, aside):
                    found.append(Found(row, one, other))
            elif (left := one or other) and row.set_aside == left.document.entry_id:
                found.append(Found(row, None, left))
        return found

    def _have_same_readers(self, one: Side, other: Side) -> bool:
        return self._audience_of(one.document) == self._audience_of(other.document)

    def _is_kept_limited(self, row: ContradictionRow, one: Side, other: Side) -> bool:
        kept, aside = (other, one) if row.set_aside == row.one else (one, other)
        seen_by, meant_for = self._audience_of(kept.document), self._audience_of(aside.document)
        return bool(seen_by) and not (meant_for and meant_for <= seen_by)


@dataclass(frozen=True, slots=True)
class _Compared:
    """What a comparison came to; `new` are entries with since when they read so."""

    measure: str
    new: Mapping[str, datetime]
    gone: frozenset[str]
    found: Sequence[Contradiction]


def _compare_new(index: Index, known: Mapping[str, datetime], compared_by: str) -> _Compared:
    from retrieval.search.contradictions import find_contradictions, fingerprint_measure

    measure = fingerprint_measure()
    there = {document.entry_id: number for number, document in enumerate(index.documents)}
    new = {entry: number for entry, number in there.items() if entry not in known}
    numbers = sorted(new.values() if compared_by == measure else there.values())
    found = find_contradictions(index, numbers)
    since = {entry: first_read(index.documents[number]) for entry, number in new.items()}
    return _Compared(measure, since, frozenset(known.keys() - there.keys()), found)


def _find_entries(index: Index, wanted: Iterable[str]) -> dict[str, Document]:
    looked_for = set(wanted)
    return {document.entry_id: document for document in index.documents if document.entry_id in looked_for}


def first_read(document: Document) -> datetime:
    """When a document was read that nothing else is known of."""
    try:
        moment = datetime.fromisoformat(document.crawled_at)
    except ValueError:
        return datetime.now(UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _is_moot(row: ContradictionRow, aside: frozenset[str]) -> bool:
    """Whether nobody has to decide for as long as another decision keeps one of the two set aside."""
    return row.state is State.OPEN and not aside.isdisjoint({row.one, row.other})


def _rank(found: Found) -> tuple[bool, bool, float, str]:
    row = found.row
    return not found.needs_decision, row.verdict.is_harmless, -row.probability, row.id


def _make_row(found: Contradiction) -> ContradictionRow:
    one, other = found.one, found.other
    if one.author and not other.author:  # what a page says stands first
        one, other = other, one
    key = hashlib.sha256("\0".join(sorted((one.entry_id, other.entry_id))).encode()).hexdigest()[:32]
    return ContradictionRow(
        id=key,
        one=one.entry_id,
        other=other.entry_id,
        kind=found.kind,
        probability=found.probability,
        state=State.OPEN,
        set_aside="",
        found_at=datetime.now(UTC),
    )
