"""What Frontdesk knows, since when, and questions of the FAQ itself to show as examples."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.sources.ports import SourceStore
from retrieval.audiences import ANYBODY, EVERYBODY, Audiences, Viewer
from retrieval.documents import Document, DocumentKind, Passage
from retrieval.errors import RetrievalError
from retrieval.text.scripts import UNSPACED

_WORDS = re.compile(rf"[{UNSPACED}]|[^\W_{UNSPACED}]+")
_SHORTEST, _LONGEST = 4, 75  # characters of an example; Slack shows about so many of a prompt


@dataclass(frozen=True, slots=True)
class Knowledge:
    """The active index: its version, when it was made, its size, and its documents with what they were split into."""

    version: str
    created_at: datetime
    pages: int
    passages: int
    documents: Sequence[Document]
    parts: Sequence[Passage]


@dataclass(frozen=True, slots=True)
class Overview:
    """What an App Home shows: the active version, the sources' locations, and example questions."""

    version: str
    created_at: datetime
    pages: int
    passages: int
    locations: tuple[str, ...]
    examples: tuple[str, ...]


class Catalogue:
    """`active` reads the active index (and may load it: it is called in a thread), `audiences` tells whom sources are
    for. Raises what they raise."""

    def __init__(
        self,
        sources: SourceStore,
        active: Callable[[], Knowledge],
        audiences: Callable[[], Audiences] = Audiences,
    ) -> None:
        self._sources = sources
        self._active = active
        self._audiences = audiences

    async def overview(self, language: str = "", examples: int = 4, *, viewer: Viewer = ANYBODY) -> Overview | None:
        """What the viewer may see; None while nothing is indexed. `language` is a primary subtag. Raises
        StorageError."""
        try:
            known = await asyncio.to_thread(self._active)
        except RetrievalError:
            return None
        audiences = self._audiences().at_version(known.version)
        locations = tuple(
            source.location
            for source in await self._sources.list()
            if viewer.sees(audiences.by_source.get(source.name, EVERYBODY))
        )
        visible = audiences.select_visible(known.documents, viewer)
        pages, passages = known.pages, known.passages
        if len(visible) < len(known.documents):
            seen = [part for part in known.parts if audiences.sees(viewer, part.document)]
            pages, passages = len({part.document.url.partition("#")[0] for part in seen}), len(seen)
        chosen = pick_examples(visible, language, examples)
        return Overview(known.version, known.created_at, pages, passages, locations, chosen)

    async def suggest(self, typed: str, count: int, longest: int, viewer: Viewer = ANYBODY) -> tuple[str, ...]:
        """FAQ questions of at most `longest` characters that match what is being typed, among those that the viewer may
        see, the best first. Without anything typed: examples."""
        try:
            known = await asyncio.to_thread(self._active)
        except RetrievalError:
            return ()
        visible = self._audiences().at_version(known.version).select_visible(known.documents, viewer)
        return await asyncio.to_thread(matching, visible, typed, count, longest)


def matching(documents: Iterable[Document], typed: str, count: int, longest: int) -> tuple[str, ...]:
    """Questions that hold every word typed so far (the last one may be begun), those that begin so first; in Chinese,
    Japanese and Korean every character."""
    words = _WORDS.findall(typed.casefold())
    ranked: list[tuple[int, int, str]] = []
    for question in dict.fromkeys(each.question for each in documents if each.kind is DocumentKind.FAQ):
        if len(question) > longest:
            continue
        text = question.casefold()
        own = _WORDS.findall(text)
        if all(any(mine.startswith(word) for mine in own) for word in words):
            ranked.append((not text.startswith(typed.casefold().strip()), len(question), question))
    return tuple(question for _, _, question in sorted(ranked)[:count])


def pick_examples(documents: Iterable[Document], language: str, count: int) -> tuple[str, ...]:
    """Short questions in `language` (else in any), from pages as different as there are, spread over the whole FAQ."""
    fit = [
        document
        for document in documents
        if document.kind is DocumentKind.FAQ
        and _SHORTEST <= len(document.question) <= _LONGEST
        and document.question.rstrip().endswith(("?", "？"))
    ]
    own = [document for document in fit if document.language == language]
    one_a_page: dict[str, str] = {}
    for document in own or fit:
        one_a_page.setdefault(document.url.partition("#")[0], document.question)
    questions = list(dict.fromkeys([*one_a_page.values(), *(document.question for document in own or fit)]))
    first = questions[: max(count, len(one_a_page))]
    step = max(1, len(first) // count) if count else 1
    return tuple(first[::step][:count])
