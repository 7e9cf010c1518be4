"""What a re-crawl of an unchanged site costs: its bytes and its time, as shares of the first crawl's.

The site has 500 pages of 8 pairs each (about 20 kB a page with its navigation), served over loopback HTTP with ETags.
Both crawls are whole `frontdesk refresh` processes: start, crawl, extraction, embedding, index.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from examples.serve import serving

PAGES, PAIRS = 500, 8
_NOUNS = [
    "kettle",
    "teapot",
    "parcel",
    "invoice",
    "voucher",
    "refund",
    "account",
    "filter",
    "lid",
    "handle",
    "courier",
    "warranty",
    "coupon",
    "basket",
]
_VERBS = [
    "return",
    "exchange",
    "repair",
    "clean",
    "order",
    "track",
    "cancel",
    "gift-wrap",
    "insure",
    "descale",
    "store",
    "register",
    "review",
    "ship",
]
_REST = (
    "our workshop looks at every case within two working days and writes to you with what it found",
    "you can do this from your account page under orders, or by answering the mail that confirmed it",
    "there is no charge for this within thirty days of delivery; later we ask for the postage",
    "keep the box, since the courier takes nothing that is loose or wrapped in paper alone",
)


def write_site(folder: Path) -> None:
    """500 FAQ pages that link to each other through an index page."""
    rng = random.Random(7)
    nav = "".join(f'<li><a href="/p{n}.html">Topic number {n}</a></li>' for n in range(0, PAGES, 5))
    for page in range(PAGES):
        pairs = []
        for pair in range(PAIRS):
            verb, noun, other = rng.choice(_VERBS), rng.choice(_NOUNS), rng.choice(_NOUNS)
            text = " ".join(
                f"{rng.choice(_REST).capitalize()} ({rng.randint(2, 90)})." for _ in range(rng.randint(2, 9))
            )
            question = f"How do I {verb} a {noun} that came with {other} {page}-{pair}?"
            pairs.append(f'<h3 id="q{pair}">{question}</h3><p>To {verb} a {noun}: {text}</p>')
        body = f"<nav><ul>{nav}</ul></nav><main><h1>Help, part {page}</h1>{''.join(pairs)}</main>"
        _write(folder / f"p{page}.html", body)
    links = "".join(f'<a href="/p{n}.html">part {n}</a> ' for n in range(PAGES))
    _write(folder / "index.html", f"<main><h1>Help</h1><p>{links}</p></main>")


def _write(path: Path, body: str) -> None:
    path.write_text(f'<!doctype html><html lang="en"><title>Help</title><body>{body}</body></html>', encoding="utf-8")


def run() -> dict[str, float]:
    """-> first and second crawl's body bytes and seconds, and the ratios."""
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        (root / "site").mkdir()
        write_site(root / "site")
        environment = {k: v for k, v in os.environ.items() if not k.startswith("FRONTDESK_")} | {
            "FRONTDESK_DATA_DIR": str(root / "data"),
            "FRONTDESK_CRAWL_ALLOW": "127.0.0.0/8",
            "FRONTDESK_CRAWL_DELAY": "0",
        }
        frontdesk = str(Path(sys.executable).parent / "frontdesk")

        def crawl(*arguments: str) -> tuple[float, int, dict[str, object]]:
            sent, started = site.bytes_sent, time.perf_counter()
            done = subprocess.run(
                [frontdesk, *arguments, "--json"], env=environment, check=True, stdout=subprocess.PIPE, text=True
            )
            return time.perf_counter() - started, site.bytes_sent - sent, json.loads(done.stdout)

        with serving(folder=root / "site") as site:
            # the model is exported once for a machine: not part of a crawl
            subprocess.run([frontdesk, "doctor"], env=environment, check=False, capture_output=True)
            first_seconds, first_bytes, first = crawl("crawl", f"{site.url}/")
            second_seconds, second_bytes, second = crawl("refresh")
        assert first["outcome"] == "activated" and second["outcome"] == "unchanged", (first, second)
    return {
        "pages": PAGES + 1,
        "first_seconds": first_seconds,
        "second_seconds": second_seconds,
        "time_ratio": second_seconds / first_seconds,
        "first_bytes": first_bytes,
        "second_bytes": second_bytes,
        "bytes_ratio": second_bytes / first_bytes,
    }


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
