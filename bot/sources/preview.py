"""The first pairs of a site before it becomes a source."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

from bot.chat.ports import Markers
from retrieval.audiences import Audience
from retrieval.documents import Document, Selectors, Source, SourceKind
from retrieval.errors import SourceError

PAGES = 3  # read for a preview
_PENDING = "preview:"


@dataclass(frozen=True, slots=True)
class Preview:
    """What was found on the first pages of a source; `id` takes it up again once it is confirmed. `audience` is whom it
    is to be for, None where nobody said."""

    id: str
    source: Source
    documents: tuple[Document, ...]
    audience: Audience | None = None


class SourcePreview:
    """`read(source)` reads a source's first pages (in a thread). Raises what it raises."""

    def __init__(self, read: Callable[[Source], Sequence[Document]], markers: Markers) -> None:
        self._read = read
        self._markers = markers

    async def preview(self, source: Source, audience: Audience | None = None) -> Preview:
        """Raises SourceError where nothing can be read or found, StorageError."""
        few = replace(source, max_pages=min(source.max_pages or PAGES, PAGES), max_depth=1)
        documents = await asyncio.to_thread(self._read, few)
        if not documents:
            raise SourceError(
                f"No question and no text was found on the first pages of {source.location}: check the address, "
                "read it in a browser if its text comes from scripts (--render), or name the markup with 'frontdesk "
                "sources add' and --question-css."
            )
        preview = Preview(uuid.uuid4().hex[:12], source, tuple(documents), audience)
        kept = asdict(source) | {"audience": None if audience is None else sorted(audience)}
        await self._markers.set(_PENDING + preview.id, json.dumps(kept))
        return preview

    async def confirm(self, preview_id: str) -> tuple[Source, Audience | None]:
        """The source that was looked at, and whom it is to be for; once. Raises SourceError for one that is not known
        any more."""
        kept = await self._markers.get(_PENDING + preview_id)
        if not kept:
            raise SourceError("This preview is not known any more: add the source again.")
        await self._markers.set(_PENDING + preview_id, "")
        values = json.loads(kept)
        audience = values.pop("audience", None)
        selectors = Selectors(**values["selectors"]) if values["selectors"] else None
        source = Source(**values | {"kind": SourceKind(values["kind"]), "selectors": selectors})
        return source, None if audience is None else frozenset(audience)
