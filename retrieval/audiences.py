"""Whom documents are for, and what somebody sees of them. Pure.

A group is any name for people who see the same: of a channel, a server, a role. An audience is a set of groups; without
any it is everybody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from retrieval.documents import Document

Audience = frozenset[str]
EVERYBODY: Audience = frozenset()


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who asks: somebody of these groups, or who runs Frontdesk and sees `everything`. By default in no group."""

    groups: frozenset[str] = frozenset()
    everything: bool = False

    def sees(self, audience: Collection[str]) -> bool:
        """Whether what is for this audience is for them: one group in common is enough."""
        return self.everything or not audience or not self.groups.isdisjoint(audience)


ANYBODY = Viewer()
EVERYTHING = Viewer(everything=True)


@dataclass(frozen=True, slots=True)
class Audiences:
    """The audiences of sources, by their names; a source that is not among them is for everybody. What a person wrote
    says itself whom it is for. `known`: they could be read; until then nobody sees what may be limited.
    """

    by_source: Mapping[str, Audience] = field(default_factory=dict)
    known: bool = True

    def find_audience(self, document: Document) -> Audience:
        """Whom a document is for."""
        return document.audience if document.author else self.by_source.get(document.source, EVERYBODY)

    def sees(self, viewer: Viewer, document: Document) -> bool:
        """Whether a document is for the viewer."""
        return viewer.everything or (self.known and viewer.sees(self.find_audience(document)))

    def select_visible(self, documents: Sequence[Document], viewer: Viewer) -> Sequence[Document]:
        """Those of the documents that are for the viewer, in their order."""
        if viewer.everything or (self.known and not self.by_source and not any(each.audience for each in documents)):
            return documents
        return [document for document in documents if self.sees(viewer, document)]

    def select_granted(self, viewer: Viewer, others: Iterable[Audience] = ()) -> Audience:
        """The groups of the viewer that let them see more than everybody: those that a source, or one of the `others`,
        is limited to."""
        if viewer.everything or not viewer.groups:
            return EVERYBODY
        return viewer.groups & EVERYBODY.union(*self.by_source.values(), *others)
