"""The index that answers right now: the active version's with the taught answers laid over it and without what is set
aside, swapped whole when any of these changes."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import structlog

from retrieval.documents import Document
from retrieval.errors import CorruptVersion, RetrievalError, UnknownVersion
from retrieval.index.build import build_index
from retrieval.index.index import Index
from retrieval.index.page_records import PAGES
from retrieval.index.versions import Version, VersionStore
from retrieval.interfaces import Embedder
from retrieval.models.embedding_models import EmbeddingModels, combine_models
from retrieval.search.same_question import find_same_question_pairs

log = structlog.get_logger(__name__)

Revision = int | str


class Additions(Protocol):
    """Documents that are searched beside every version and never written into one."""

    def current_documents(self) -> tuple[Revision, Sequence[Document]]:
        """What they are now, and a revision that is another whenever they are. Asked for with every question, in any
        thread: it costs next to nothing and never fails."""


class SetAside(Protocol):
    """Entries that are known and not answered from."""

    def current_entries(self) -> tuple[Revision, frozenset[str]]:
        """A revision that is another whenever they are, and their `Document.entry_id`s. Asked for with every question,
        in any thread: it costs next to nothing and never fails."""


@dataclass(frozen=True, slots=True)
class _Live:
    """An index and what it was made of; without a version, `version` is "". `asked` is the version that was asked for:
    another where that is damaged."""

    asked: str
    version: str
    revision: Revision | None
    aside: Revision | None
    index: Index


class LiveIndex:
    """Safe for any number of threads. A question that began on the old index ends on it.

    Without `additions` it is the active version's index and nothing else; what is `set_aside` is in it, and hidden.
    """

    def __init__(
        self,
        store: VersionStore,
        models: Embedder | EmbeddingModels,
        additions: Additions | None = None,
        set_aside: SetAside | None = None,
    ) -> None:
        self._store = store
        self._models = combine_models(models)
        self._additions = additions
        self._set_aside = set_aside
        self._loading = threading.Lock()
        self._current: _Live | None = None
        self._loaded: tuple[str, str, Index] | None = None  # which was asked for, which it is, the version alone
        self._added: Index | None = None  # the additions alone
        self._faulty: tuple[str, Revision | None] | None = None  # what could not be combined

    def current_index(self) -> tuple[str, Index]:
        """Version id and index; made anew when the active pointer names another version than before, or the additions
        are others. The id is "" where there are additions only. Of a damaged version another answers, or what was
        loaded before.

        Raises NoActiveVersion, CorruptVersion (nothing on disk is whole).
        """
        held = self._current
        if held and self._is_current(held):
            return held.version, held.index
        if not self._loading.acquire(blocking=held is None) and held:
            return held.version, held.index  # another thread is making the new one: answer from the old one meanwhile
        try:
            made = self._make_current()
        finally:
            self._loading.release()
        return made.version, made.index

    def refresh(self) -> None:
        """Make the index anew now if it is not current, so that no question has to; for a thread in the background.

        Returns when the additions, as they were at the call, are searched; what keeps them from it is logged.
        """
        with self._loading:
            try:
                self._make_current()
            except RetrievalError as error:  # a question will tell
                log.warning("the index cannot be made anew", cause=str(error))

    def _is_current(self, held: _Live) -> bool:
        return held.aside == self._take_set_aside()[0] and self._holds_same_documents(held)

    def _take_snapshot(self) -> tuple[Revision | None, Sequence[Document]]:
        return self._additions.current_documents() if self._additions else (None, ())

    def _take_set_aside(self) -> tuple[Revision | None, frozenset[str]]:
        return self._set_aside.current_entries() if self._set_aside else (None, frozenset())

    def _make_current(self) -> _Live:
        """The current index. Under the lock."""
        if self._current and self._is_current(self._current):
            return self._current
        if self._current and self._holds_same_documents(self._current):
            return self._swap_in(self._current)
        revision, documents = self._take_snapshot()
        asked, version, base = self._store.active_id() or "", "", None
        if asked or not documents:
            asked, version, base = self._load_version()
        if not documents:
            self._added = None
        elif self._faulty != (version, revision):
            try:
                self._added = build_index(documents, self._models, previous=self._added)
                index = (
                    self._added
                    if base is None
                    else base.with_additions(self._added, find_same_question_pairs(base, self._added))
                )
                return self._swap_in(_Live(asked, version, revision, None, index))
            except Exception as error:  # whatever is wrong with them, the pages can still be searched
                self._faulty = version, revision
                log.error("taught answers cannot be searched", revision=revision, cause=type(error).__name__)
                log.debug("fault's traceback", exc_info=error)
        if base is None:
            asked, version, base = self._load_version()  # says what is missing
        return self._swap_in(_Live(asked, version, revision, None, base))

    def _holds_same_documents(self, held: _Live) -> bool:
        return held.asked == (self._store.active_id() or "") and held.revision == self._take_snapshot()[0]

    def _swap_in(self, made: _Live) -> _Live:
        made.index.warm_up()  # questions are answered from the old one meanwhile
        revision, aside = self._take_set_aside()
        made = replace(made, aside=revision, index=_hide_entries(made.index, aside))
        self._current = made
        return made

    def _load_version(self) -> tuple[str, str, Index]:
        """The version that is asked for, the one that answers, and its index alone."""
        asked = self._store.active_id() or ""
        if self._loaded and self._loaded[0] == asked:
            return self._loaded
        if fault := self._store.pointer_fault():
            log.error("a damaged index", cause=fault)
        try:
            version_id, index = (
                asked,
                self._read_index(self._store.find_version(asked) if asked else self._store.find_active()),
            )
        except (CorruptVersion, UnknownVersion) as error:  # damaged, or pruned just now
            version_id, index = self._read_another(asked, error)
        self._loaded = asked, version_id, index
        return self._loaded

    def _read_another(self, asked: str, fault: RetrievalError) -> tuple[str, Index]:
        """What answers while the version that is asked for is damaged: what is in memory, or the next whole one on
        disk. Raises `fault` where there is none."""
        if self._loaded:
            log.error("a damaged index", cause=str(fault), answers=self._loaded[1])
            return self._loaded[1:]
        for version_id in self._store.list_substitutes(asked):
            try:
                index = self._read_index(self._store.find_version(version_id))
            except (CorruptVersion, UnknownVersion):
                continue
            log.error("a damaged index", cause=str(fault), answers=version_id)
            return version_id, index
        raise fault

    def _read_index(self, version: Version) -> Index:
        """A version's index, after its files were compared with their checksums: a flipped bit may be another number in
        an answer. With the vectors of those of its models that are in the settings. Raises CorruptVersion."""
        self._store.verify_files(version, but=(PAGES,))  # which only a refresh reads
        index = Index.load(version.folder, [model.fingerprint for model in self._models.models])
        log.info("index version loaded", version=version.id, passages=len(index.passages))
        if len(index.fields) < len(self._models.models):
            log.warning(
                "the index was made with other embedding models and answers less well: run 'frontdesk refresh'",
                version=version.id,
                made_with=version.manifest.embedder,
            )
        return index


def _hide_entries(index: Index, aside: frozenset[str]) -> Index:
    """`index` without these entries; the same where none of them is in it, and none was."""
    places = [number for number, document in enumerate(index.documents) if document.entry_id in aside] if aside else []
    if not places and not len(index.hidden):
        return index
    return index.hide_documents(np.array(places, np.int64))
