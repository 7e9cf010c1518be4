"""The ports of retrieval. Implementations are named by the composition root only."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from retrieval.audiences import EVERYTHING, Viewer
from retrieval.documents import RetrievalResult, Source

if TYPE_CHECKING:  # the crawl process and most commands have no use for numpy, which takes 0.1 s to import
    import numpy as np
    import numpy.typing as npt

    Vectors = npt.NDArray[np.float32]
else:
    Vectors = Any


class Embedder(Protocol):
    """Texts -> unit vectors. Synchronous and CPU-bound; safe to call from several threads."""

    @property
    def fingerprint(self) -> str:
        """Names weights, pooling, precision and runtime: vectors of different fingerprints never meet."""

    @property
    def dimension(self) -> int: ...

    @property
    def max_tokens(self) -> int:
        """How many tokens of a text the model reads; the rest would be cut."""

    @property
    def tells_questions_apart(self) -> bool:
        """Whether a question is embedded otherwise than a text of the same words."""

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        """-> (len(texts), dimension) float32, each row of L2 norm 1."""

    def embed_questions(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        """The same for the questions of pages: embedded as the customers' are, so that both are of one kind."""

    def embed_documents(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        """Like `embed_queries`, for many texts; `on_progress` is told how many were done since the last call."""

    def count_tokens(self, text: str) -> int: ...


class Reranker(Protocol):
    """Reads a query and a text together. Synchronous and CPU-bound; safe to call from several threads."""

    @property
    def fingerprint(self) -> str:
        """Names weights, precision and runtime."""

    def score(self, query: str, texts: Sequence[str]) -> Vectors:
        """-> (len(texts),) float32: the log-odds that each text answers the query, on the model's own scale."""


class Entailment(Protocol):
    """Reads a text and a sentence together. Synchronous and CPU-bound; safe to call from several threads."""

    @property
    def fingerprint(self) -> str:
        """Names weights, precision and runtime."""

    def entails(self, premise: str, hypotheses: Sequence[str]) -> list[bool]:
        """Whether each sentence follows from the text: likelier than that it contradicts it, or is neither."""


class Retriever(Protocol):
    """The one place where the async world meets the CPU-bound one: `retrieve` works in a thread."""

    async def retrieve(
        self, query: str, *, context: Sequence[str] = (), limit: int = 10, viewer: Viewer = EVERYTHING
    ) -> RetrievalResult:
        """Rank passages of the active version for `query`, as if there were none but those that the `viewer` may see.

        `context` holds earlier texts of the conversation, oldest first; it may rerank, never replaces the query.
        Raises NoActiveVersion, CorruptVersion.
        """


class FetchOutcome(StrEnum):
    """What came of one URL in a crawl."""

    FETCHED = "fetched"  # a body came
    UNCHANGED = "unchanged"  # 304, or the file's own size and time did not change
    GONE = "gone"  # 404, 410, robots.txt now forbids it, or the file was deleted
    FAILED = "failed"  # 5xx, time-out, too large, refused address: the last good copy stays
    SKIPPED = "skipped"  # a file that is no page: told, because its owner may think it is
    SCRIPTED = "scripted"  # a shell that shows no text without its scripts: told beside its own outcome
    PROBED = "probed"  # the answer for an address that cannot exist: what reads like it is no page


@dataclass(frozen=True, slots=True)
class KnownPage:
    """What an earlier crawl keeps of a URL so that the next can ask "changed since?" and go on without the body.

    `text` is the crawl's own digest of what the page says, "" where none was kept; `cursor` is what a help centre's
    list is gone on from, the same on all of its pages.
    """

    url: str
    etag: str = ""
    last_modified: str = ""
    content_hash: str = ""
    links: tuple[str, ...] = ()
    text: str = ""
    cursor: str = ""


@dataclass(frozen=True, slots=True)
class Fetch:
    """One URL's outcome. `url` is canonical and final (after redirects); `requested_url` is what was asked.

    `body` is raw bytes (only for FETCHED), `content_type` the header as served; `links` are the in-scope canonical
    links found on the page; `reason` says in one line why a page is GONE, FAILED, SKIPPED or SCRIPTED; `bytes_received`
    counts the body's bytes on the wire (0 for a 304); `discovered` is how many pages the crawl knows of at that moment.
    `text` is a digest of what it says; `led_to` is where a temporary redirect of `url` leads; `asks_to_sign_in` says
    that a sign-in form is the page's main part; `cursor` is kept for the next crawl (`KnownPage`). A GONE of a URL that
    came before in the same crawl takes it back.
    """

    url: str
    outcome: FetchOutcome
    requested_url: str = ""
    status: int = 0
    body: bytes = b""
    content_type: str = ""
    etag: str = ""
    last_modified: str = ""
    links: tuple[str, ...] = ()
    reason: str = ""
    bytes_received: int = 0
    discovered: int = 0
    text: str = ""
    led_to: str = ""
    asks_to_sign_in: bool = False
    cursor: str = ""


class Crawler(Protocol):
    """Fetches a source's pages, yielding each as it comes."""

    def crawl(self, source: Source, known: Mapping[str, KnownPage]) -> Iterator[Fetch]:
        """Raises SourceError when the source as a whole cannot be read (bad URL, unknown host, refused address,
        crawl process died). Closing the iterator stops the crawl."""
