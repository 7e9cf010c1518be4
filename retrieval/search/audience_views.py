"""What a viewer may see of an index, as an index of its own: what is not for them is in none of its parts, and so
neither found, nor named, nor corrected to, nor counted. What stands there for several audiences is in it once."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np

from retrieval.documents import Document, DocumentKind
from retrieval.index.selection import select_documents

if TYPE_CHECKING:
    from retrieval.audiences import Audiences, Viewer
    from retrieval.index.index import Index, Part

HELD = 100_000
"""Passages of all views together that stay in memory, each with two vectors or more."""


class AudienceViews:
    """The views of whatever index comes along, made when first asked for; those that were asked for least lately are
    given up. Safe for any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._making = threading.Lock()
        self._of: Index | None = None
        self._views: OrderedDict[frozenset[Part], Index] = OrderedDict()

    def find_view(self, index: Index, audiences: Audiences, viewer: Viewer) -> Index:
        """What the viewer may see of the index: the index itself where that is all of it."""
        hidden = frozenset(
            part for part, places in index.parts.items() if not audiences.sees(viewer, index.documents[int(places[0])])
        )
        if not hidden and not index.copies:
            return index
        if (view := self._recall(index, hidden)) is not None:
            return view
        with self._making:  # whoever sees as much waits, and finds it made
            if (view := self._recall(index, hidden)) is None:
                view = _leave_out(index, hidden)
                self._remember(index, hidden, view)
            return view

    def _recall(self, index: Index, hidden: frozenset[Part]) -> Index | None:
        with self._lock:
            if self._of is not index or hidden not in self._views:
                return None
            self._views.move_to_end(hidden)
            return self._views[hidden]

    def _remember(self, index: Index, hidden: frozenset[Part], view: Index) -> None:
        with self._lock:
            if self._of is not index:
                self._of = index
                self._views.clear()
            self._views[hidden] = view
            while len(self._views) > 1 and sum(len(each.passages) for each in self._views.values()) > HELD:
                self._views.popitem(last=False)


def _leave_out(index: Index, hidden: frozenset[Part]) -> Index:
    out = np.zeros(len(index.documents), bool)
    for part in hidden:
        out[index.parts[part]] = True
    unseen = out.copy()
    unseen[index.hidden] = True
    for copies in index.copies:
        seen = sorted(copies[~unseen[copies]].tolist(), key=lambda each: _prefer_entry(index.documents[each]))
        out[seen[1:]] = True
    view = select_documents(index, np.flatnonzero(~out))
    view.warm_up()
    return view


def _prefer_entry(document: Document) -> bool:
    return document.kind is not DocumentKind.FAQ
