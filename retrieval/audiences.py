"""Whom documents are for, and what somebody sees of them. Pure.

A group is any name for people who see the same: of a channel, a server, a role. An audience is a set of groups; without
any it is everybody.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from retrieval.documents import Document

Audience = frozenset[str]
EVERYBODY: Audience = frozenset()


def is_wider(one: Audience, other: Audience) -> bool:
    """Whether one audience holds everybody of the other, and more."""
    return one != other and (not one or one > other > EVERYBODY)


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
class EarlierAudience:
    """Whom an earlier source of a name was for. What versions of the index made before `until` hold under the name is
    of that one; "": every version, for the present source has not been read yet."""

    audience: Audience
    until: str = ""


@dataclass(frozen=True, slots=True)
class Audiences:
    """The audiences of sources, by their names; a source that is not among them is for everybody. What a person wrote
    says itself whom it is for. `earlier` are those of sources that were taken out and whose names others have now, the
    oldest first. `known`: they could be read; until then nobody sees what may be limited.
    """

    by_source: Mapping[str, Audience] = field(default_factory=dict)
    known: bool = True
    earlier: Mapping[str, Sequence[EarlierAudience]] = field(default_factory=dict)

    def at_version(self, version: str) -> Audiences:
        """As they count for what this version of the index holds."""
        found = {
            name: each.audience
            for name, chain in self.earlier.items()
            for each in reversed(chain)  # so that the oldest that fits stands at the end
            if not each.until or version < each.until
        }
        return replace(self, by_source={**self.by_source, **found}, earlier={})

    @property
    def unread(self) -> frozenset[str]:
        """The sources of which what is indexed is an earlier one's of their name."""
        return frozenset(name for name, chain in self.earlier.items() if not chain[-1].until)

    def after_reading(self, sources: Collection[str]) -> Audiences:
        """As they count for a version that is made now, of these sources read anew."""
        kept = {name: self.earlier[name][-1].audience for name in self.unread.difference(sources)}
        return replace(self, by_source={**self.by_source, **kept}, earlier={})

    def find_audience(self, document: Document) -> Audience:
        """Whom a document is for."""
        if document.author:
            return document.audience
        if document.source in self.unread:
            return self.earlier[document.source][-1].audience
        return self.by_source.get(document.source, EVERYBODY)

    def sees(self, viewer: Viewer, document: Document) -> bool:
        """Whether a document is for the viewer."""
        return viewer.everything or (self.known and viewer.sees(self.find_audience(document)))

    def select_visible(self, documents: Sequence[Document], viewer: Viewer) -> Sequence[Document]:
        """Those of the documents that are for the viewer, in their order."""
        if viewer.everything or (
            self.known and not (self.by_source or self.earlier) and not any(each.audience for each in documents)
        ):
            return documents
        return [document for document in documents if self.sees(viewer, document)]

    def select_granted(self, viewer: Viewer, others: Iterable[Audience] = ()) -> Audience:
        """The groups of the viewer that let them see more than everybody: those that a source, or one of the `others`,
        is limited to."""
        if viewer.everything or not viewer.groups:
            return EVERYBODY
        earlier = (each.audience for chain in self.earlier.values() for each in chain)
        return viewer.groups & EVERYBODY.union(*self.by_source.values(), *earlier, *others)
