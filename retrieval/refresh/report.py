"""What a refresh tells while it runs, and when it is done. Pure data, ready for JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Literal

from retrieval.coverage import CoverageSummary
from retrieval.refresh.trial import TrialReport

Stage = Literal["crawl", "compare", "embed", "verify", "golden", "activate"]
Outcome = Literal["activated", "unchanged", "dry_run"]


@dataclass(frozen=True, slots=True)
class Progress:
    """`done` of `total` pages (crawl), texts (embed), questions (golden) or steps; `total` is 0 where it is not known
    yet. `documents` were found so far, and `failed` pages could not be read."""

    stage: Stage
    done: int
    total: int = 0
    detail: str = ""
    documents: int = 0
    failed: int = 0

    def as_dict(self) -> dict[str, object]:
        """One JSON line's worth."""
        return asdict(self)


OnProgress = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class DocumentLine:
    """A document in a report."""

    question: str
    url: str


@dataclass(frozen=True, slots=True)
class PageLine:
    """A page, or a whole source, in a report; `reason` is one line."""

    source: str
    url: str
    reason: str


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A source that could not be read, though `pages_read` of its pages may have been before its crawl broke off; or
    one whose pages, so many were read, gave nothing."""

    source: str
    location: str
    reason: str
    pages_read: int = 0


@dataclass(frozen=True, slots=True)
class RefreshReport:
    """What a refresh did, or would have done (`dry_run`).

    `version` is the version that answers afterwards ("" for none). Documents are counted after duplicates were dropped.
    Pages: fetched with a body, unchanged, gone with what they held, failed (their last good copy stays), unseen (the
    crawl broke off before it came to them; they stay too), empty (taken, but without a pair or a section), skipped
    (files of a kind that is not read). `scripted` names, of a source at most, one page that shows no text without its
    scripts, and what to do. `sources` were read, but for `sources_failed`, of which `failed` has one line
    each; of `sources_empty` no page gave anything. `coverage` has the figure of every page of the sources that were
    read. `bytes_received` counts bodies; `texts_embedded` is how many had no vector yet. `trial` is what came of the
    golden questions, None where none were asked. `renewed` are sources of which, instead of an earlier one's of their
    name, their own pages are held from this version on. `beside` is what others than the refresh tell of it, ready
    for JSON.
    """

    outcome: Outcome
    version: str
    added: tuple[DocumentLine, ...] = ()
    changed: tuple[DocumentLine, ...] = ()
    removed: tuple[DocumentLine, ...] = ()
    documents_unchanged: int = 0
    pages_fetched: int = 0
    pages_unchanged: int = 0
    pages_unseen: int = 0
    gone: tuple[PageLine, ...] = ()
    failed: tuple[PageLine, ...] = ()
    empty: tuple[PageLine, ...] = ()
    skipped: tuple[PageLine, ...] = ()
    scripted: tuple[PageLine, ...] = ()
    sources: tuple[str, ...] = ()
    sources_failed: tuple[SourceLine, ...] = ()
    sources_empty: tuple[SourceLine, ...] = ()
    coverage: CoverageSummary = field(default_factory=CoverageSummary)
    bytes_received: int = 0
    passages: int = 0
    texts_embedded: int = 0
    pruned: tuple[str, ...] = ()
    seconds: float = 0.0
    trial: TrialReport | None = None
    renewed: tuple[str, ...] = ()
    beside: Mapping[str, object] = field(default_factory=dict)

    def as_dict(self) -> dict[str, object]:
        """JSON-ready; counts first, then the lists behind them."""
        return {
            "outcome": self.outcome,
            "version": self.version,
            "documents": {
                "added": len(self.added),
                "changed": len(self.changed),
                "removed": len(self.removed),
                "unchanged": self.documents_unchanged,
            },
            "pages": {
                "fetched": self.pages_fetched,
                "unchanged": self.pages_unchanged,
                "unseen": self.pages_unseen,
                "gone": len(self.gone),
                "failed": len(self.failed),
                "empty": len(self.empty),
                "skipped": len(self.skipped),
            },
            "sources": list(self.sources),
            "sources_failed": [asdict(line) for line in self.sources_failed],
            "sources_empty": [asdict(line) for line in self.sources_empty],
            "passages": self.passages,
            "texts_embedded": self.texts_embedded,
            "bytes": self.bytes_received,
            "seconds": round(self.seconds, 2),
            "pruned": list(self.pruned),
            "added": [asdict(line) for line in self.added],
            "changed": [asdict(line) for line in self.changed],
            "removed": [asdict(line) for line in self.removed],
            "gone": [asdict(line) for line in self.gone],
            "failed": [asdict(line) for line in self.failed],
            "empty": [asdict(line) for line in self.empty],
            "skipped": [asdict(line) for line in self.skipped],
            "coverage": self.coverage.as_dict(),
            "scripted": [asdict(line) for line in self.scripted],
            **({"golden": self.trial.as_dict()} if self.trial else {}),
            **self.beside,
        }
