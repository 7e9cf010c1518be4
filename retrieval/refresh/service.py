"""The refresh use case: lock, crawl, compare, build beside the active version, verify, activate, prune."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from retrieval.audiences import Audiences
from retrieval.documents import Document, Source
from retrieval.errors import CorruptVersion, SourceError, TooMuchWouldVanish
from retrieval.exact_copies import leave_out_copies
from retrieval.extraction import EXTRACTOR_VERSION
from retrieval.extraction.process import ExtractionProcess
from retrieval.index.lock import RefreshLock
from retrieval.index.page_records import CRAWL, PAGES, PageKey, PageRecord, read_pages, write_crawl, write_pages
from retrieval.index.passages import SPLITTER_VERSION
from retrieval.index.versions import Manifest, Version, VersionStore
from retrieval.interfaces import Crawler, Embedder
from retrieval.models.embedding_models import EmbeddingModels, combine_models
from retrieval.refresh.changes import (
    Changes,
    compare_documents,
    drop_fetch_times,
    find_lost_documents,
    to_document_lines,
)
from retrieval.refresh.collect import CollectedPages, Extractor, collect_pages
from retrieval.refresh.coverage_report import CoverageReport, report_coverage
from retrieval.refresh.repeated_text import leave_out_repeated
from retrieval.refresh.report import OnProgress, Outcome, Progress, RefreshReport
from retrieval.refresh.trial import Trial, TrialReport, stop_if_worse
from retrieval.refresh.wordings import Wordings, add_wordings, name_documents

if TYPE_CHECKING:
    from retrieval.index.index import Index

log = structlog.get_logger(__name__)

_FEW = 5  # documents that one source may always lose: a share of a handful says little


@dataclass(frozen=True, slots=True)
class RefreshOptions:
    """`max_vanish` is the share of the active version's documents, and of each source's, that may be removed at once
    (0..1) unless `force`; `only` names the sources to crawl (empty: all); from `hnsw_from` passages on the index is
    approximate. `may_lose` golden questions may be answered worse than before, unless `force`. `min_coverage` is the
    share of a page's text (0..1) below which the report counts it among those to look at."""

    dry_run: bool = False
    force: bool = False
    max_vanish: float = 0.3
    only: frozenset[str] = frozenset()
    hnsw_from: int = 50_000
    may_lose: int = 0
    min_coverage: float = 0.8


@dataclass(frozen=True, slots=True)
class _Baseline:
    """The active version as the refresh found it. `version` is None when there is none whose files are sound."""

    version: Version | None
    id: str
    pages: Mapping[PageKey, PageRecord]


def refresh_index(
    sources: Sequence[Source],
    *,
    store: VersionStore,
    crawler: Crawler,
    models: Embedder | EmbeddingModels,
    options: RefreshOptions | None = None,
    audiences: Audiences | None = None,
    wordings: Wordings | None = None,
    trial: Trial | None = None,
    on_progress: OnProgress = lambda _: None,
    extracting: Callable[[], AbstractContextManager[Extractor]] = ExtractionProcess,
) -> RefreshReport:
    """Crawl `sources` (all that are known) and make what they hold now the active version, if it is other than before
    and `trial` finds it no worse. What two sources hold is kept for all whom either is for, by their `audiences`;
    of a source that has the name of an earlier one, nothing is remembered. `wordings` are others than the pages' own
    by which entries are searched besides, by `Document.entry_id`.

    Pages are read by what `extracting` opens. Whatever is raised, or kills the process, leaves the active version as it
    was. An exception from `on_progress` stops the refresh, but for one at the end of stage "activate": by then the new
    version answers. Raises RefreshRunning, SourceError (nothing could be read, or nothing was found),
    TooMuchWouldVanish, AnswersWorse, RefreshError (the new version failed its check), IndexUnavailable, and what
    `trial` raises.
    """
    options, audiences = options or RefreshOptions(), audiences or Audiences()
    started = time.perf_counter()
    unknown = options.only - {source.name for source in sources}
    if unknown:
        raise SourceError(f"There is no source named {sorted(unknown)[0]!r}: 'frontdesk sources list' lists them.")
    names = options.only or frozenset(source.name for source in sources)
    renewed = audiences.unread & names
    with RefreshLock(store.lock_path):
        before = _load_baseline(store)
        remembered = {key: record for key, record in before.pages.items() if record.source not in renewed}
        with extracting() as extractor:
            collected = collect_pages(sources, remembered, crawler, extractor, options.only, on_progress)
        report = _conclude_refresh(
            sources,
            store,
            combine_models(models),
            options,
            audiences.after_reading(names),
            wordings or {},
            trial,
            on_progress,
            before,
            collected,
        )
    renewed &= frozenset(report.sources).difference(line.source for line in report.sources_failed)
    return replace(report, renewed=tuple(sorted(renewed)), seconds=time.perf_counter() - started)


def _conclude_refresh(
    sources: Sequence[Source],
    store: VersionStore,
    models: EmbeddingModels,
    options: RefreshOptions,
    audiences: Audiences,
    wordings: Wordings,
    trial: Trial | None,
    on_progress: OnProgress,
    before: _Baseline,
    collected: CollectedPages,
) -> RefreshReport:
    """From the crawl to the version that answers afterwards."""
    if collected.refused and not (collected.fetched or collected.unchanged or collected.gone):
        raise collected.refused[0]
    order = {source.name: place for place, source in enumerate(sources)}
    known = leave_out_repeated(_sort_records(collected.records, order))
    records, documents = list(known.records), leave_out_copies(known.documents, audiences.find_audience)
    held = _sort_records(before.pages, order)
    had = leave_out_copies(leave_out_repeated(held).documents, audiences.find_audience)
    changes = compare_documents(had, documents)
    on_progress(Progress("compare", 1, 1, changes.summary, len(documents), len(collected.failed)))
    if not (options.dry_run or options.force):
        vanishing = find_lost_documents(changes.removed, (each for record in records for each in record.documents))
        _stop_if_too_much_vanishes(vanishing, had, order, options.max_vanish)
    if not documents:
        raise _build_nothing_found_error(sources, collected)
    failed = {line.source for line in collected.sources_failed}
    covered = report_coverage(known, collected.locations, failed, options.min_coverage)
    report = _build_report(before, collected, changes, covered)
    if options.dry_run:
        return report
    texts = name_documents(documents, wordings)
    if before.version and _holds_same_documents(before.version, held, records, texts, models):
        if records != held:
            write_crawl(before.version.folder, records)
        if store.pointer_fault():
            store.activate_version(before.version)
        passages = before.version.manifest.counts["passages"]
        return replace(report, outcome="unchanged", passages=passages, pruned=store.prune_versions())
    documents = add_wordings(documents, wordings)
    return _build_and_activate(store, models, options, trial, on_progress, before, records, documents, texts, report)


def _load_baseline(store: VersionStore) -> _Baseline:
    """What there is to build on: of a damaged version, the pages if they at least can be read."""
    active_id = store.active_id()
    if active_id is None:
        return _Baseline(None, "", {})
    try:
        version = store.find_active()
        store.verify_files(version)
        return _Baseline(version, active_id, read_pages(version.folder))
    except CorruptVersion as error:
        log.warning("the active version is damaged and is built anew", version=active_id, reason=str(error))
    pages = read_pages(store.version_folder(active_id)) if store.is_intact(active_id, PAGES) else {}
    return _Baseline(None, active_id, pages)


def _sort_records(records: Mapping[PageKey, PageRecord], order: Mapping[str, int]) -> list[PageRecord]:
    """In the order of the sources, then of the URLs: of two pages with the same text the same one always wins."""
    return sorted(records.values(), key=lambda record: (order.get(record.source, len(order)), record.key))


def _holds_same_documents(
    version: Version,
    held: Sequence[PageRecord],
    records: Sequence[PageRecord],
    texts: str,
    models: EmbeddingModels,
) -> bool:
    """Whether the version already holds exactly these documents, page by page, indexed as they would be now; other
    audiences alone may have other copies stay, and other wordings may have come. `texts` names both."""
    manifest = version.manifest
    if manifest.texts and manifest.texts != texts:
        return False
    made = (manifest.embedder, manifest.splitter, manifest.extractor)
    if made != (models.fingerprint, SPLITTER_VERSION, EXTRACTOR_VERSION):
        return False
    return [(r.key, drop_fetch_times(r.documents)) for r in held if r.documents] == [
        (r.key, drop_fetch_times(r.documents)) for r in records if r.documents
    ]


def _stop_if_too_much_vanishes(
    vanishing: Sequence[Document], had: Sequence[Document], known_sources: Container[str], share: float
) -> None:
    """Held against all documents, and against each source's own, so that a large source does not hide a small one's
    ruin. Documents of a source that an admin removed are meant to go: they are not counted."""
    totals = Counter(document.source for document in had if document.source in known_sources)
    gone = Counter(document.source for document in vanishing if document.source in known_sources)
    if gone.total() > share * totals.total():
        raise _build_vanish_error(
            gone.total(), f"{totals.total()} documents", gone.total() / totals.total(), share, gone
        )
    ruined = [name for name, count in gone.items() if count >= _FEW and count > share * totals[name]]
    if ruined:
        source, count, total = ruined[0], gone[ruined[0]], totals[ruined[0]]
        raise _build_vanish_error(count, f"the {total} documents of {source}", count / total, share, ruined)


def _build_vanish_error(count: int, of: str, part: float, share: float, sources: Iterable[str]) -> TooMuchWouldVanish:
    return TooMuchWouldVanish(
        f"The refresh would drop {count} of {of} ({part:.0%}; FRONTDESK_MAX_VANISH allows {share:.0%}), so nothing was "
        "changed: see which with 'frontdesk refresh --dry-run', and if they shall go, run 'frontdesk refresh --force'.",
        sources,
    )


def _build_nothing_found_error(sources: Sequence[Source], collected: CollectedPages) -> SourceError:
    if not sources:
        return SourceError("No source is known yet: add one with 'frontdesk sources add https://example.com/faq'.")
    if collected.failed:
        first = collected.failed[0]
        return SourceError(
            f"No page could be read; the first, {first.url}: {first.reason}. Check the source's address."
        )
    if collected.scripted:
        line = collected.scripted[0]
        return SourceError(f"No text was found on {line.url}: {line.reason.rstrip('.')}.")
    return SourceError(
        f"No question and no text was found on the {collected.fetched + collected.unchanged} pages of "
        f"{', '.join(source.name for source in sources)}: check the addresses, read pages in a browser whose text "
        "comes from scripts (--render), or name the markup with --question-css and --answer-css."
    )


def _build_report(
    before: _Baseline, collected: CollectedPages, changes: Changes, covered: CoverageReport
) -> RefreshReport:
    return RefreshReport(
        outcome="dry_run",
        version=before.id,
        added=to_document_lines(changes.added),
        changed=to_document_lines(changes.changed),
        removed=to_document_lines(changes.removed),
        documents_unchanged=changes.same,
        pages_fetched=collected.fetched,
        pages_unchanged=collected.unchanged,
        pages_unseen=collected.unseen,
        gone=tuple(collected.gone),
        failed=tuple(collected.failed),
        empty=covered.empty,
        skipped=tuple(collected.skipped),
        scripted=tuple(collected.scripted),
        sources=tuple(collected.locations),
        sources_failed=tuple(collected.sources_failed),
        sources_empty=covered.sources_empty,
        coverage=covered.coverage,
        bytes_received=collected.bytes_received,
    )


def _build_and_activate(
    store: VersionStore,
    models: EmbeddingModels,
    options: RefreshOptions,
    trial: Trial | None,
    on_progress: OnProgress,
    before: _Baseline,
    records: Sequence[PageRecord],
    documents: Sequence[Document],
    texts: str,
    report: RefreshReport,
) -> RefreshReport:
    """Build the version beside the active one, check it as a reader would, and only then point to it."""
    from retrieval.index.build import (
        build_index,
        verify_index,
    )  # FAISS and BM25: only when there is something new

    embedded = 0

    def report_embedded(done: int, total: int) -> None:
        nonlocal embedded
        embedded = done
        on_progress(Progress("embed", done, total))

    with store.stage_version() as folder:
        held = _load_active_index(before)
        index = build_index(
            documents,
            models,
            previous=held if before.version and before.version.manifest.splitter == SPLITTER_VERSION else None,
            exact_below=options.hnsw_from,
            on_progress=report_embedded,
        )
        index.save(folder)
        write_pages(folder, records)
        on_progress(Progress("verify", 0, 1))
        verify_index(folder, index, models)
        on_progress(Progress("verify", 1, 1))
        tried = _run_trial(trial, held, index, options, on_progress) if trial else None
        counts = {
            "pages": len(records),
            "documents": len(documents),
            "passages": len(index.passages),
            "rows": len(index.row_passage),
        }
        manifest = _build_manifest(store, models, before.id, counts, texts)
        version = store.commit_version(folder, manifest, unlisted=(CRAWL,))
    on_progress(Progress("activate", 0, 1, version.id))
    store.activate_version(version)
    outcome: Outcome = "activated"
    report = replace(
        report,
        outcome=outcome,
        version=version.id,
        passages=counts["passages"],
        texts_embedded=embedded,
        pruned=store.prune_versions(),
        trial=tried,
    )
    on_progress(Progress("activate", 1, 1, version.id))
    return report


def _run_trial(
    trial: Trial, held: Index | None, index: Index, options: RefreshOptions, on_progress: OnProgress
) -> TrialReport:
    """What came of the golden questions. Raises AnswersWorse."""
    report = trial(held, index, lambda done, total: on_progress(Progress("golden", done, total)))
    if not options.force:
        stop_if_worse(report, options.may_lose)
    return report


def _load_active_index(before: _Baseline) -> Index | None:
    """The active index, if it can be read; what vectors it has of the models need not be made again."""
    from retrieval.index.index import Index

    version = before.version
    if version is None:
        return None
    try:
        return Index.load(version.folder)
    except CorruptVersion:
        return None


def _build_manifest(
    store: VersionStore,
    models: EmbeddingModels,
    parent: str,
    counts: Mapping[str, int],
    texts: str,
) -> Manifest:
    return Manifest(
        id=store.new_id(),
        created_at=datetime.now(UTC).isoformat(timespec="seconds"),
        parent=parent,
        embedder=models.fingerprint,
        dimension=models.models[0].dimension,
        counts=dict(counts),
        extractor=EXTRACTOR_VERSION,
        splitter=SPLITTER_VERSION,
        texts=texts,
    )
