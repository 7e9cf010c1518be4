"""Vectors of sentences, remembered: what is written again, or copied from a page, is not embedded again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Sequence

from retrieval.interfaces import Embedder, Vectors

_REMEMBERED = 4096  # sentences


class SentenceVectors:
    """Safe to use from several threads."""

    def __init__(self, remembered: int = _REMEMBERED) -> None:
        self._remembered = remembered
        self._known: OrderedDict[tuple[str, str], Vectors] = OrderedDict()
        self._lock = threading.Lock()

    def embed_sentences(self, texts: Sequence[str], model: Embedder) -> dict[str, Vectors]:
        """-> each text's vector by this model; those that are missing are embedded in one call."""
        name = model.fingerprint
        wanted = dict.fromkeys(texts)
        with self._lock:
            found = {text: self._known[name, text] for text in wanted if (name, text) in self._known}
        if missing := [text for text in wanted if text not in found]:
            found |= dict(zip(missing, model.embed_documents(missing), strict=True))
        with self._lock:
            for text, vector in found.items():
                self._known[name, text] = vector
                self._known.move_to_end((name, text))
            while len(self._known) > self._remembered:
                self._known.popitem(last=False)
        return found
