"""How fast pages become entries: by plain generated pages, and by the real ones of ../shared/faq where it is present.

The baseline is what the simplest script does to the same page: BeautifulSoup with lxml, and `get_text`. Ratios are of
processor time, the best of three rounds, so that a busy machine changes little.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from bs4 import BeautifulSoup

from benchmarks.bench_recrawl import write_site
from retrieval.extraction import extract_documents

SHARED = Path(__file__).parents[1].parent / "shared/faq/pages"
GENERATED = 60
ROUNDS = 3


def run() -> dict[str, float]:
    """-> for generated and for real pages: pages, pages a second, and times as long as a bare parse."""
    with tempfile.TemporaryDirectory() as temporary:
        write_site(Path(temporary))
        generated = {f"https://shop.example/p{n}.html": Path(temporary, f"p{n}.html") for n in range(GENERATED)}
        figures = _measure("generated", {url: path.read_bytes() for url, path in generated.items()})
    if SHARED.is_dir():
        real = {f"https://{path.relative_to(SHARED)}": path.read_bytes() for path in sorted(SHARED.rglob("*.html"))}
        figures |= _measure("real", real)
    return figures


def _measure(name: str, pages: Mapping[str, bytes]) -> dict[str, float]:
    extraction = _time(lambda url, body: extract_documents(body, url), pages)
    parse = _time(lambda url, body: BeautifulSoup(body, "lxml").get_text(), pages)
    return {
        f"{name}_pages": len(pages),
        f"{name}_pages_a_second": len(pages) / extraction,
        f"{name}_times_a_bare_parse": extraction / parse,
    }


def _time(read: Callable[[str, bytes], object], pages: Mapping[str, bytes]) -> float:
    for url, body in list(pages.items())[:2]:
        read(url, body)
    rounds = []
    for _ in range(ROUNDS):
        started = time.process_time()
        for url, body in pages.items():
            read(url, body)
        rounds.append(time.process_time() - started)
    return min(rounds)


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
