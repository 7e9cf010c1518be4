"""Wordings of entries that are new or were changed: written by a model, and kept where the search finds the entry by
them and nothing else. They are searched from the next version of the index on; an admin sees and removes them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from bot.wordings.models import WritingResult, Written, WrittenWording, name_wording
from bot.wordings.ports import WordingStore, Writer
from inference.errors import GeneratorError, GeneratorRefused
from retrieval.documents import Document

if TYPE_CHECKING:  # the real one brings numpy along
    from retrieval.index.index import Index

log = structlog.get_logger(__name__)

FindMeant = Callable[[str], Awaitable[str]]
"""Tells the entry (`Document.entry_id`) that a question means beyond doubt by what is known now, "" for none."""


class Wordings:
    """`writer` is the model, if there is one; a refresh has it write for at most `budget` entries. `index` gives what
    is searched now."""

    def __init__(
        self,
        store: WordingStore,
        index: Callable[[], Awaitable[Index]],
        find_meant: FindMeant,
        writer: Writer | None = None,
        budget: int = 0,
    ) -> None:
        self._store = store
        self._index = index
        self._find_meant = find_meant
        self._writer = writer
        self._budget = budget
        self._current: Mapping[str, tuple[str, ...]] = {}

    def current(self) -> Mapping[str, tuple[str, ...]]:
        """What the next version is searched by besides, by entry, as `load` has read it."""
        return self._current

    async def load(self) -> None:
        """Read what is kept; nothing of it is used while none may be written. Raises StorageError."""
        self._current = await self._store.used() if self._budget else {}

    async def write_missing(self) -> WritingResult | None:
        """Have wordings written for entries that have not been written for, each kept as soon as it is done: what is
        missing when this ends is written next time. None where nothing may be. Raises StorageError, RetrievalError."""
        if not (self._writer and self._budget):
            return None
        worded = await self._store.worded_entries()
        entries = _list_crawled((await self._index()).shown_documents)
        await self._store.forget_entries(worded - entries.keys())
        missing = [document for entry_id, document in entries.items() if entry_id not in worded]
        done = kept = 0
        for document in missing[: self._budget]:
            try:
                written = await self._writer.write_questions(document)
            except GeneratorRefused:  # its prompt, for instance: the others' may be shorter
                continue
            except GeneratorError as error:  # no server has time for it: the next refresh goes on
                log.warning("no more wordings are written", kind=type(error).__name__, cause=str(error))
                break
            fit = await check_wordings(document, written, self._find_meant)
            kept += await self._store.record_entry(document.entry_id, fit)
            done += 1
        return WritingResult(done, kept, len(missing) - done)

    async def list(self) -> Sequence[WrittenWording]:
        """Those that are kept, newest first. Raises StorageError."""
        return await self._store.list()

    async def remove(self, wording_id: str) -> WrittenWording:
        """Take one out; its entry does not get it again. Raises UnknownWording, StorageError."""
        return await self._store.remove(wording_id)


async def check_wordings(document: Document, written: Written | None, find_meant: FindMeant) -> list[WrittenWording]:
    """What of it says something new and means this entry."""
    from retrieval.search.learned_wordings import can_be_learned, question_key

    known = {question_key(text) for text in (document.question, *document.alternatives)}
    now, fit = datetime.now(UTC), []
    for text in written.questions if written else ():
        words = question_key(text)
        if words in known or not can_be_learned(text) or await find_meant(text) != document.entry_id:
            continue
        known.add(words)
        name = name_wording(words, document.url, document.question)
        model = written.model if written else ""
        fit.append(WrittenWording(name, document.entry_id, document.url, document.question, text, model, now))
    return fit


def _list_crawled(documents: Iterable[Document]) -> dict[str, Document]:
    """What pages say, each entry once."""
    return {document.entry_id: document for document in documents if not document.author}
