"""Adding sources and reading them in one step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bot.errors import DuplicateSource
from bot.sources.ports import SourceStore
from bot.sources.refresh import RefreshRequest, RefreshService
from retrieval.audiences import Audience
from retrieval.documents import Source
from retrieval.errors import RefreshRunning, SourceError

if TYPE_CHECKING:  # the real ones bring FAISS along
    from retrieval.refresh import Progress, RefreshReport


@dataclass(frozen=True, slots=True)
class Crawled:
    """The refresh's report, and the new sources that were taken out again since nothing of them could be read."""

    report: RefreshReport
    forgotten: tuple[str, ...] = ()


async def crawl(
    wanted: Sequence[Source],
    sources: SourceStore,
    refreshing: RefreshService,
    *,
    audience: Audience | None = None,
    force: bool = False,
    on_progress: Callable[[Progress], None] = lambda _: None,
) -> Crawled:
    """Read `wanted`, those of them that are new becoming sources for `audience`; of what cannot be read nothing stays
    behind.

    Raises what the refresh raises, and DuplicateSource.
    """
    added: list[str] = []
    try:
        names = [await _known_or_added(source, sources, added, audience) for source in wanted]
        report = await refreshing.refresh(RefreshRequest(only=tuple(names), force=force), on_progress)
    except (DuplicateSource, SourceError, RefreshRunning) as error:
        if not added:
            raise
        await _forget(added, sources)
        what = "It was" if len(added) == len(wanted) == 1 else f"{', '.join(added)} {_were(added)}"
        stop = "" if str(error).endswith(".") else "."
        raise type(error)(f"{error}{stop} {what} not added to the sources.") from error
    unread = {line.source for line in report.sources_failed if not line.pages_read}
    forgotten = tuple(name for name in added if name in unread)
    await _forget(forgotten, sources)
    return Crawled(report, forgotten)


async def _known_or_added(source: Source, sources: SourceStore, added: list[str], audience: Audience | None) -> str:
    """The name under which the location is kept, adding it if it is new."""
    for known in await sources.list():
        if (known.kind, known.location) == (source.kind, source.location):
            _check_options(source, known)
            return known.name
    await sources.add(source, audience)
    added.append(source.name)
    return source.name


def _check_options(source: Source, known: Source) -> None:
    """A known source keeps its options: others would be passed over in silence."""
    for option in ("path_prefix", "selectors", "max_pages", "max_depth", "read_noindex", "render"):
        asked = getattr(source, option)
        if asked not in ("", None, False) and asked != getattr(known, option):
            raise DuplicateSource(
                f"{source.location} is known already, as source {known.name!r} with other options: leave yours out, or "
                f"take it out first with 'frontdesk sources remove {known.name}'."
            )


async def _forget(names: Sequence[str], sources: SourceStore) -> None:
    for name in names:
        await sources.remove(name)


def _were(names: Sequence[str]) -> str:
    return "was" if len(names) == 1 else "were"
