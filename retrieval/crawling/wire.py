"""What the parent and the crawl process say to each other: one job as JSON, then one JSON object a line.

The parent writes the job as the first line to the worker's standard input and keeps the pipe open: its end tells the
worker that the parent is gone. The worker answers on standard output with a `Fetch` a line, its body in a file of the
spool folder, and at the end with one `Verdict`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from retrieval.crawling.settings import CrawlSettings
from retrieval.interfaces import Fetch, FetchOutcome, KnownPage

OUT_OF_MEMORY = 12  # exit code, as in errno.ENOMEM


@dataclass(frozen=True, slots=True)
class Job:
    """One crawl: of the site around `start` (canonical), or of that page alone; with an `interface`, of the help centre
    that answers there."""

    start: str
    spool: str
    settings: CrawlSettings
    single: bool = False
    path_prefix: str = ""
    read_noindex: bool = False
    render: bool = False
    interface: str = ""
    known: dict[str, KnownPage] = field(default_factory=dict)

    def to_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, line: str) -> Job:
        """The inverse of `to_json`."""
        raw = json.loads(line)
        settings = raw.pop("settings")
        settings["allow"] = tuple(settings["allow"])
        settings["cache"] = Path(settings["cache"]) if settings["cache"] else None
        known = {url: KnownPage(**{**page, "links": tuple(page["links"])}) for url, page in raw.pop("known").items()}
        return cls(**raw, settings=CrawlSettings(**settings), known=known)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How the crawl as a whole went: `error` when nothing could be read (`refused`: by the address guard), `note` when
    a limit ended it."""

    error: str = ""
    refused: bool = False
    note: str = ""


def fetch_to_json(fetch: Fetch, spooled: str = "") -> str:
    """One line; `spooled` names the body's file in the spool folder."""
    fields = {name: value for name, value in _without_body(fetch).items() if value}
    return json.dumps({"fetch": fields, "spooled": spooled})


def verdict_to_json(verdict: Verdict) -> str:
    """One line."""
    return json.dumps({"verdict": asdict(verdict)})


def from_json(line: str, spool: Path) -> Fetch | Verdict:
    """Read a line of the worker, and take the body out of the spool folder. Raises ValueError, KeyError, OSError."""
    raw: dict[str, Any] = json.loads(line)
    if "verdict" in raw:
        return Verdict(**raw["verdict"])
    fields = raw["fetch"]
    body = b""
    if raw["spooled"]:
        path = spool / raw["spooled"]
        body = path.read_bytes()
        path.unlink()
    fields["outcome"] = FetchOutcome(fields["outcome"])
    fields["links"] = tuple(fields.get("links", ()))
    return Fetch(**fields, body=body)


def _without_body(fetch: Fetch) -> dict[str, Any]:
    return {name: getattr(fetch, name) for name in fetch.__slots__ if name != "body"}
