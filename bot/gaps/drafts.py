"""Drafts for the gaps that most people met, made at a refresh and kept for whoever looks at the gaps."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

import structlog

from bot.gaps.ports import Drafter, DraftStore
from inference.errors import GeneratorError, GeneratorRefused
from retrieval.audiences import Viewer
from retrieval.documents import Passage

if TYPE_CHECKING:
    from bot.gaps.service import Gaps

log = structlog.get_logger(__name__)

FindNearest = Callable[[str, Viewer], Awaitable[Sequence[Passage]]]
"""Finds the passages that lie nearest to a question, of those that a viewer may see."""


class GapDrafts:
    """`drafter` is the model; a refresh has it draft at most `budget` entries."""

    def __init__(
        self,
        store: DraftStore,
        gaps: Gaps,
        find_nearest: FindNearest,
        drafter: Drafter | None = None,
        budget: int = 0,
    ) -> None:
        self._store = store
        self._gaps = gaps
        self._find_nearest = find_nearest
        self._drafter = drafter
        self._budget = budget

    async def draft_missing(self) -> int:
        """Draft entries for the gaps of the week that have no draft and are not answered by now, those of most people
        first, each kept as soon as it is done. -> how many. Raises StorageError, ModelError, RetrievalError."""
        if not (self._drafter and self._budget):
            return 0
        report = await self._gaps.report()
        bare = [gap for gap in report.gaps if not (gap.draft or gap.answered)]
        done = 0
        for gap in bare[: self._budget]:
            asked = gap.titled_by
            passages = await self._find_nearest(gap.title, Viewer(asked.granted))
            try:
                draft = await self._drafter.draft_entry(asked.turn_id, gap.title, gap.language, passages)
            except GeneratorRefused:  # its prompt, for instance: the others' may be shorter
                continue
            except GeneratorError as error:
                log.warning("no more entries are drafted", kind=type(error).__name__, cause=str(error))
                break
            await self._store.add(draft)
            done += 1
        return done
