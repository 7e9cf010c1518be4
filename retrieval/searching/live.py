"""The index that answers right now: the active version's, swapped whole when another becomes active."""

from __future__ import annotations

import threading
from typing import Protocol

import structlog

from retrieval.errors import FingerprintMismatch
from retrieval.indexing.index import Index
from retrieval.indexing.versions import VersionStore

log = structlog.get_logger(__name__)


class Fingerprinted(Protocol):
    """The part of an Embedder that decides whether an index fits."""

    @property
    def fingerprint(self) -> str:
        """Names what makes the vectors."""


class LiveIndex:
    """Safe for any number of threads. A question that began on the old version ends on it."""

    def __init__(self, store: VersionStore, embedder: Fingerprinted) -> None:
        self._store = store
        self._fingerprint = embedder.fingerprint
        self._loading = threading.Lock()
        self._current: tuple[str, Index] | None = None

    def current(self) -> tuple[str, Index]:
        """Version id and index; loads when the active pointer names another version than before.

        Raises NoActiveVersion, CorruptVersion, FingerprintMismatch.
        """
        held = self._current
        if held and held[0] == self._store.active_id():
            return held
        if not self._loading.acquire(blocking=held is None) and held:
            return held  # another thread is loading the new version: answer from the old one meanwhile
        try:
            return self._load()
        finally:
            self._loading.release()

    def _load(self) -> tuple[str, Index]:
        version = self._store.active()
        if self._current and self._current[0] == version.id:
            return self._current
        if version.manifest.embedder != self._fingerprint:
            raise FingerprintMismatch(
                f"Index version {version.id} was made with the embedding model {version.manifest.embedder}, not with "
                f"{self._fingerprint}: run 'frontdesk refresh', or set FRONTDESK_EMBEDDING_MODEL back."
            )
        self._current = version.id, Index.load(version.folder)
        log.info("index version loaded", version=version.id, passages=len(self._current[1].passages))
        return self._current
