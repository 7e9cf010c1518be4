"""What a refresh tells of its pages: how much of each is known, of which nothing came, and of which sources. Pure."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass

from retrieval.coverage import CoverageSummary, PageCoverage, sort_worst_first
from retrieval.refresh.repeated_text import KnownText
from retrieval.refresh.report import PageLine, SourceLine


@dataclass(frozen=True, slots=True)
class CoverageReport:
    """The `empty` pages gave no document, and no page of `sources_empty` did."""

    coverage: CoverageSummary
    empty: tuple[PageLine, ...]
    sources_empty: tuple[SourceLine, ...]


def report_coverage(
    known: KnownText, locations: Mapping[str, str], failed: Container[str], threshold: float
) -> CoverageReport:
    """Of the sources in `locations`, by name; those that `failed` to be read are never called empty."""
    pages = [PageCoverage(*record.key, record.coverage) for record in known.records if record.source in locations]
    empty = [PageCoverage(*record.key, record.coverage) for record in known.empty if record.source in locations]
    empty = [*sort_worst_first(empty), *(page for page in empty if page.coverage is None)]
    useful = {document.source for document in known.documents}
    return CoverageReport(
        CoverageSummary(tuple(pages), threshold),
        tuple(PageLine(page.source, page.url, _explain_empty(page)) for page in empty),
        tuple(
            _build_source_line(source, location, [page for page in empty if page.source == source])
            for source, location in locations.items()
            if source not in useful and source not in failed
        ),
    )


def _explain_empty(page: PageCoverage) -> str:
    return (page.coverage.explain_loss() if page.coverage else "") or "no question and no text was found"


def _build_source_line(source: str, location: str, pages: Sequence[PageCoverage]) -> SourceLine:
    if not pages:
        return SourceLine(source, location, "it has no page: check its address")
    which = f"none of its {len(pages)} pages gave" if len(pages) > 1 else "its only page did not give"
    reason = f"{which} a question or a text: {pages[0].url}: {_explain_empty(pages[0])}"
    return SourceLine(source, location, reason, len(pages))
