"""A process that refreshes a folder source, for tests that kill it.

refresh_worker.py ROOT FOLDER --stop STAGE  one refresh; progress as JSON lines on stdout; once the stage is told it
                                          waits, as if that stage took for ever
refresh_worker.py ROOT FOLDER --serve       for each line `N` on stdin: forks a child that refreshes and kills itself
                                          with SIGKILL at its N-th change to a file below ROOT (0: never); answers
                                          with the child's wait status and how many changes it made
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import retrieval.index.build
import retrieval.refresh.service
from retrieval.crawling.folder import FolderReader
from retrieval.documents import Source, SourceKind
from retrieval.extraction.extract import extract_page
from retrieval.index.versions import VersionStore
from retrieval.refresh import refresh_index
from retrieval.refresh.report import Progress
from tests.support.embedding import default_embedder

_CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.truncate", "shutil.rmtree"}


def run(root: Path, folder: Path, tell: Callable[[Progress], None]) -> None:
    refresh_index(
        [Source("files", SourceKind.FOLDER, str(folder))],
        store=VersionStore(root, keep=2),
        crawler=FolderReader(),
        models=default_embedder(),
        on_progress=tell,
    )


def stop_at(stage: str, progress: Progress) -> None:
    print_line(progress.as_dict(), 1)
    if progress.stage == stage:
        threading.Event().wait()


def print_line(data: object, out: int) -> None:
    os.write(out, (json.dumps(data) + "\n").encode())


def die_at(number: int, root: Path, counter: int) -> None:
    """SIGKILL this process just before its `number`-th change below `root`; tells `counter` of each."""
    made = 0

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal made
        writing = event == "open" and isinstance(arguments[2], int) and arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if (event in _CHANGES or writing) and any(str(argument).startswith(str(root)) for argument in arguments[:2]):
            made += 1
            if made == number:
                os.kill(os.getpid(), signal.SIGKILL)
            os.write(counter, b".")

    sys.addaudithook(watch)


def serve(root: Path, folder: Path) -> None:
    default_embedder()  # loaded once; no thread of it runs before a fork
    assert extract_page and retrieval.index.build and retrieval.refresh.service
    import bm25s  # noqa: F401
    import faiss  # noqa: F401

    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(reading)
            die_at(int(line), root, writing)
            run(root, folder, lambda progress: None)
            os._exit(0)
        os.close(writing)
        made = 0
        while chunk := os.read(reading, 4096):
            made += len(chunk)
        os.close(reading)
        _, status = os.waitpid(child, 0)
        print_line([status, made], 1)


if __name__ == "__main__":
    if sys.argv[3:] == ["--serve"]:
        serve(Path(sys.argv[1]), Path(sys.argv[2]))
    else:
        run(Path(sys.argv[1]), Path(sys.argv[2]), partial(stop_at, sys.argv[4]))
