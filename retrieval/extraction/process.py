"""Extraction in a process of its own, so that a page that keeps a parser busy costs that page and no more."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
from dataclasses import asdict
from types import TracebackType
from typing import IO, Any, cast

import structlog

from retrieval.coverage import Coverage
from retrieval.documents import Document, DocumentKind, Selectors
from retrieval.errors import ExtractionError
from retrieval.extraction.extracted_page import ExtractedPage

log = structlog.get_logger(__name__)

PAGE_SECONDS = 20.0  # of processor time; the largest real FAQ takes one
PATIENCE_SECONDS = 120.0  # for all pages that were given up; after that a page has
SHORT_SECONDS = 2.0
MEMORY_BYTES = 2 << 30


class ExtractionProcess:
    """`with ExtractionProcess() as process: process.extract(…)`. The process begins with the first
    page, since most refreshes read none, and begins anew after a page that ended it."""

    def __init__(
        self,
        *,
        page_seconds: float = PAGE_SECONDS,
        patience_seconds: float = PATIENCE_SECONDS,
        memory_bytes: int = MEMORY_BYTES,
    ) -> None:
        self._page_seconds = page_seconds
        self._patience = patience_seconds
        self._memory = memory_bytes
        self._worker: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> ExtractionProcess:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_worker()

    def extract(
        self, body: bytes, url: str, content_type: str = "text/html", selectors: Selectors | None = None
    ) -> list[Document]:
        """What `extract_page` finds, alone."""
        return [*self.extract_page(body, url, content_type, selectors).documents]

    def extract_page(
        self, body: bytes, url: str, content_type: str = "text/html", selectors: Selectors | None = None
    ) -> ExtractedPage:
        """See `retrieval.extraction.extract_page`. Raises ExtractionError, for a page that is too much, too."""
        seconds = max(min(self._page_seconds, self._patience), min(SHORT_SECONDS, self._page_seconds))
        page = {
            "url": url,
            "content_type": content_type,
            "selectors": asdict(selectors) if selectors else None,
            "bytes": len(body),
            "seconds": seconds,
        }
        worker = self._worker or self._start_worker()
        requests, answers = cast(IO[bytes], worker.stdin), cast(IO[bytes], worker.stdout)
        with contextlib.suppress(BrokenPipeError):  # its exit code says more
            requests.write(json.dumps(page).encode() + b"\n" + body)
            requests.flush()
        line = answers.readline()
        if not line.endswith(b"\n"):
            raise ExtractionError(self._explain_death(url, seconds))
        return _parse_answer(json.loads(line), url)

    def _start_worker(self) -> subprocess.Popen[bytes]:
        self._worker = subprocess.Popen(
            [sys.executable, "-P", "-m", "retrieval.extraction.worker", str(self._memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # what a parser warns of a page
            start_new_session=True,  # Ctrl-C is for us; we end the worker
        )
        return self._worker

    def _end_worker(self) -> int:
        """End the process; how it ended."""
        if (worker := self._worker) is None:
            return 0
        self._worker = None
        worker.kill()  # nothing to one that has ended by itself
        for pipe in (worker.stdin, worker.stdout):
            with contextlib.suppress(OSError):
                cast(IO[bytes], pipe).close()
        return worker.wait()

    def _explain_death(self, url: str, seconds: float) -> str:
        """Why there is no answer, and what to do."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            cast("subprocess.Popen[bytes]", self._worker).wait(1)  # its answers have ended, and so will it
        code = self._end_worker()
        self._patience -= seconds
        if code == -signal.SIGPROF:
            return f"{url} takes more than {seconds:g} s to read: leave it out, or split it"
        return f"{url} ended the process that read it (exit code {code}): leave it out, or split it"


def _parse_answer(answer: dict[str, Any], url: str) -> ExtractedPage:
    if "fault" in answer:
        log.error("a page broke the extraction", url=url, error=answer["fault"])
        log.debug("where it broke", trace=answer["trace"])
        raise ExtractionError(f"internal error while its questions were read: {answer['fault']}")
    if "error" in answer:
        raise ExtractionError(answer["error"])
    documents = tuple(_parse_document(values) for values in answer["documents"])
    return ExtractedPage(documents, Coverage.from_row(answer["coverage"]))


def _parse_document(values: dict[str, Any]) -> Document:
    values["kind"] = DocumentKind(values["kind"])
    values["heading_path"] = tuple(values["heading_path"])
    values["alternatives"] = tuple(values["alternatives"])
    return Document(**values)
