"""Which entries may have gone stale, and why; and whom a refresh touches."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from bot.freshness.models import Stale, StaleReason, StaleSign, Touched, Usage
from bot.freshness.ports import FreshnessStore
from bot.freshness.service import first_read

if TYPE_CHECKING:  # the real one brings numpy along
    from retrieval.documents import Document
    from retrieval.index.index import Index

_LATELY = timedelta(days=90)  # of which askers are counted
_VOTES = timedelta(days=365)
_LONG = timedelta(days=180)  # without a change
_OFTEN = 3  # different people

Sinces = Mapping[str, datetime]


class Staleness:
    """`index` gives what is searched now, taught answers included."""

    def __init__(self, store: FreshnessStore, index: Callable[[], Awaitable[Index]]) -> None:
        self._store = store
        self._index = index

    async def list(self, now: datetime | None = None) -> Sequence[Stale]:
        """What reaches most people first. Raises StorageError, RetrievalError."""
        now = now or datetime.now(UTC)
        since = await self._store.known_entries()
        used = await self._store.usage(now - _LATELY, now - _VOTES)
        return await asyncio.to_thread(_find_stale, await self._index(), since, used, now)

    async def touched(self, entries: Sequence[tuple[str, str]]) -> Sequence[Touched]:
        """Those of `entries`, by address and question, that customers were answered with, those of most customers
        first. Raises StorageError."""
        return await self._store.touched(entries)


def _find_stale(index: Index, since: Sinces, used: Sequence[Usage], now: datetime) -> list[Stale]:
    usage = {(each.url, each.title): each for each in used}
    passages: defaultdict[str, set[str]] = defaultdict(set)
    for passage in index.passages:
        passages[passage.document.entry_id].add(passage.id)
    rivals = _find_rivals(index)
    found = []
    for document in index.shown_documents:
        use = usage.get((document.url, document.question), Usage(document.url, document.question))
        unchanged = _since(document, since)
        signs = (
            *_changed_rivals(document, rivals.get(document.entry_id, ()), since),
            *_changed_since_vote(use, unchanged, passages[document.entry_id]),
            *_past_date(document, unchanged, use, now),
            *_long_unchanged(use, unchanged, now),
        )
        if signs:
            found.append(Stale(document, unchanged, signs, use.askers))
    return sorted(found, key=lambda each: (-each.askers, -len(each.signs), each.since, each.document.id))


def _find_rivals(index: Index) -> dict[str, list[Document]]:
    """The pages that ask what a taught answer answers, by its entry."""
    found: defaultdict[str, list[Document]] = defaultdict(list)
    for pair in index.same_question_pairs.tolist():
        taught, crawled = sorted((index.documents[number] for number in pair), key=lambda each: not each.author)
        if taught.author and not crawled.author:
            found[taught.entry_id].append(crawled)
    return dict(found)


def _since(document: Document, since: Sinces) -> datetime:
    return first_read(document) if document.author else since.get(document.entry_id) or first_read(document)


def _changed_rivals(taught: Document, pages: Sequence[Document], since: Sinces) -> Iterator[StaleSign]:
    changes = [moment for page in pages if (moment := _since(page, since)) > first_read(taught)]
    if changes:
        yield StaleSign(StaleReason.PAGE_CHANGED, max(changes))


def _changed_since_vote(use: Usage, since: datetime, passages: set[str]) -> Iterator[StaleSign]:
    """Customers found helpful what does not stand there any more, and nobody what does."""
    helpful = [each for each in use.votes if each.helpful]
    if helpful and not any(each.passage_id in passages for each in helpful):
        yield StaleSign(StaleReason.CHANGED_SINCE_VOTE, since, len(helpful))


def _past_date(document: Document, since: datetime, use: Usage, now: datetime) -> Iterator[StaleSign]:
    """The last day that an answer names is past: it was to come when the answer was first read, or people still get
    that answer."""
    from retrieval.text.dates import find_dates
    from retrieval.text.languages import language_of

    days = [each.last_day for each in find_dates(document.answer, language_of(document))]
    last = max((day for day in days if day), default=None)
    if last and last < now.date() and (last >= since.date() or use.askers):
        yield StaleSign(StaleReason.PAST_DATE, datetime.combine(last, time(), UTC))


def _long_unchanged(use: Usage, since: datetime, now: datetime) -> Iterator[StaleSign]:
    unhelpful = [each for each in use.votes if not each.helpful and each.at > since]
    if now - since > _LONG and use.askers >= _OFTEN and unhelpful:
        yield StaleSign(StaleReason.UNCHANGED, since, len(unhelpful))
