"""Every fault that retrieval raises on purpose. The message is one line for an operator: the cause, then the mend.

RetrievalError
├── SourceError            a source that cannot be read: no URL, unknown host, missing folder, nothing found
│   └── AddressRefused     the address guard refused to connect
├── ExtractionError        a page that cannot be parsed
├── ModelError             weights (embedding model, reranker) missing, broken, or with another checksum
├── IndexUnavailable       the index on disk
│   ├── NoActiveVersion    nothing was ever refreshed
│   ├── UnknownVersion     a version that is not (or no longer) on disk
│   └── CorruptVersion     files missing or with another checksum
└── RefreshError
    ├── RefreshRunning     another refresh holds the lock
    ├── TooMuchWouldVanish the new version would drop more than the allowed share
    └── AnswersWorse       the new version answers more known questions worse than allowed
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retrieval.refresh.trial import TrialReport


class RetrievalError(Exception):
    """Base of all; catch it at the edge and show `str(error)` to the operator (never to a customer)."""


class SourceError(RetrievalError):
    """A source that cannot be read."""


class AddressRefused(SourceError):
    """The address guard refused a private, loopback, link-local or metadata address."""


class ExtractionError(RetrievalError):
    """A page that cannot be parsed."""


class ModelError(RetrievalError):
    """Weights that are missing, broken, not the pinned ones, or of another kind of model."""


class IndexUnavailable(RetrievalError):
    """The index on disk cannot serve."""


class NoActiveVersion(IndexUnavailable):
    """Nothing was refreshed yet."""


class UnknownVersion(IndexUnavailable):
    """The named version is not on disk."""


class CorruptVersion(IndexUnavailable):
    """A version whose files are missing or altered."""


class RefreshError(RetrievalError):
    """A refresh that stopped without touching the active version."""


class RefreshRunning(RefreshError):
    """Another refresh holds the lock."""


class TooMuchWouldVanish(RefreshError):
    """The new version would drop more than the allowed share of the documents; `sources` are those that lose them."""

    def __init__(self, message: str, sources: Iterable[str] = ()) -> None:
        super().__init__(message)
        self.sources = frozenset(sources)


class AnswersWorse(RefreshError):
    """The new version answers more golden questions worse than allowed; `trial` has them, the message has no text of
    theirs."""

    def __init__(self, message: str, trial: TrialReport) -> None:
        super().__init__(message)
        self.trial = trial
