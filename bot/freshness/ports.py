"""The store of what is known to be, or not to be, true any more, and who judges."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from bot.freshness.models import ContradictionRow, Judgement, State, Touched, Usage
from retrieval.documents import Document


class FreshnessStore(Protocol):
    """Since when entries read as they do, contradictions, and how entries are used. Methods raise StorageError."""

    async def known_entries(self) -> Mapping[str, datetime]:
        """Since when each entry that was compared with all others reads as it does."""

    async def compared_by(self) -> str:
        """The measure of the last comparison, "" before the first."""

    async def record_scan(
        self,
        measure: str,
        new: Mapping[str, datetime],
        gone: Collection[str],
        found: Sequence[ContradictionRow],
    ) -> frozenset[str]:
        """Keep entries with since when they read so, forget those that are gone, with the contradictions that they were
        in and that set nothing else aside, and keep those found; of those that another measure found, and that nobody
        has settled, these alone. -> the ids of these that were not known."""

    async def contradictions(self) -> Sequence[ContradictionRow]:
        """All, the likeliest first."""

    async def get(self, contradiction_id: str) -> ContradictionRow:
        """By its id or the beginning of it. Raises UnknownContradiction."""

    async def settle(self, contradiction_id: str, state: State, set_aside: str, by: str) -> bool:
        """Note what was decided, and by whom (`Actor.id`), unless somebody has decided meanwhile, or another decision
        sets one of its entries aside: those that contradict each other are never all set aside. -> whether it was
        noted."""

    async def reopen(self, contradiction_id: str) -> None:
        """Note that nothing is decided any more."""

    async def record_judgement(self, contradiction_id: str, judgement: Judgement) -> None:
        """Keep what a model says of it."""

    async def set_aside(self) -> frozenset[str]:
        """The entries that are not answered from."""

    async def revision(self) -> str:
        """Another one whenever `set_aside` gives something else; cheap enough to ask every second."""

    async def usage(self, asked_since: datetime, voted_since: datetime) -> Sequence[Usage]:
        """How entries were used: asked for since one moment, voted on since the other."""

    async def touched(self, entries: Sequence[tuple[str, str]]) -> Sequence[Touched]:
        """Those of `entries`, by address and question, that customers were answered with."""


class Judge(Protocol):
    """Reads two entries as a person would."""

    async def judge_pair(self, one: Document, other: Document) -> Judgement:
        """Whether they contradict each other, as far as it can be told. Raises GeneratorError where there is nobody to
        ask, or no time."""
