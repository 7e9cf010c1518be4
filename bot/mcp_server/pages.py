"""What everybody may know: passages that are found, and pages by their address. Nothing is fetched from anywhere."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from bot.mcp_server.models import PAGE_CHARACTERS, Page
from retrieval.audiences import ANYBODY, Audiences
from retrieval.documents import Document, RetrievalResult
from retrieval.errors import NoActiveVersion
from retrieval.interfaces import Retriever
from retrieval.search.retriever import ActiveIndex


class KnownPages:
    """Of the active version, what is limited to nobody: `audiences` are those of the moment."""

    def __init__(self, retriever: Retriever, index: ActiveIndex, audiences: Callable[[], Audiences]) -> None:
        self._retriever = retriever
        self._index = index
        self._audiences = audiences

    async def search_passages(self, query: str, limit: int) -> RetrievalResult:
        """The best first; none while nothing is indexed. Raises RetrievalError."""
        try:
            return await self._retriever.retrieve(query, limit=limit, viewer=ANYBODY)
        except NoActiveVersion:  # the last source was removed
            return RetrievalResult(query, "", (), 0.0, "", "")

    async def read_page(self, url: str, start: int) -> Page | None:
        """A part of the page of that address; None where there is none that everybody may see. Raises
        RetrievalError."""
        return await asyncio.to_thread(self._read_on_thread, _strip_fragment(url), start)

    def _read_on_thread(self, address: str, start: int) -> Page | None:
        version, index = self._index.current_index()
        documents = [each for each in index.shown_documents if not each.author and _strip_fragment(each.url) == address]
        seen = self._audiences().at_version(version).select_visible(documents, ANYBODY)
        return _join_entries(address, seen, start) if seen else None


def _strip_fragment(url: str) -> str:
    return url.partition("#")[0]


def _join_entries(address: str, entries: Sequence[Document], start: int) -> Page:
    """The entries of a page below each other, each with its question or heading."""
    first = entries[0]
    text = "\n\n".join(f"## {' '.join(each.question.split())}\n\n{each.answer}" for each in entries)
    end = start + PAGE_CHARACTERS
    return Page(
        url=address,
        title=first.heading_path[0] if first.heading_path else first.question,
        text=text[start:end],
        start=start,
        characters=len(text),
        next_start=end if end < len(text) else None,
        read_at=first.crawled_at,
    )
