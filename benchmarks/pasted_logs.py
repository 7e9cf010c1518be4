"""Is a question found that has a log of thirty lines beside it?

    python -m benchmarks.pasted_logs [--fit]

Questions of `data/near_misses.json` with generated logs before, after or around them. Printed: the share whose first
passage is right, of the question alone and with the log. --fit writes the weights
that tell written lines from pasted ones (`retrieval/search/written_lines.json`), fitted on the open rooms' questions
and the first half of the kinds of logs; the other half and the sealed rooms are what is measured.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from benchmarks.near_misses import DATA
from bot.app import embedding_models_for
from bot.settings import load_settings
from retrieval.documents import Document, ScoredPassage
from retrieval.index.build import build_index
from retrieval.models.embedding_models import EmbeddingModels
from retrieval.search import pasted_logs
from retrieval.search.retriever import FixedIndex, LiveRetriever

WEIGHTS = Path(pasted_logs.__file__).parent / "written_lines.json"
LINES = 30
FITTED_ON = ("service", "java", "npm", "config")
KINDS = {
    "service": [
        "Nov {d} 12:{m}:{m} host app[{n}]: INFO request {h} served in {d} ms",
        "Nov {d} 12:{m}:{m} host app[{n}]: WARN retrying connection to 10.0.{d}.{m}:{n}",
        "Nov {d} 12:{m}:{m} host app[{n}]: ERROR the server did not answer in time",
    ],
    "java": [
        'Exception in thread "main" java.lang.IllegalStateException: the state is not valid',
        "\tat com.example.sync.Worker{d}.run(Worker.java:{n})",
        "\tat java.base/java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:{n})",
        "Caused by: java.net.SocketTimeoutException: Read timed out after {n} ms",
    ],
    "npm": [
        "npm ERR! code ERESOLVE",
        "npm ERR! Found: react@{d}.{m}.0 in node_modules/react",
        "npm WARN deprecated package-{h}@{d}.0.1: this version is no longer supported",
        "npm ERR! A complete log of this run can be found in: /home/u/.npm/_logs/{n}-debug.log",
    ],
    "config": [
        '  "key_{h}": {n},',
        '  "path": "/var/lib/{h}/data",',
        "  enabled: true",
        "[section.{h}]",
        "timeout = {n}",
    ],
    "python": [
        "Traceback (most recent call last):",
        '  File "/usr/lib/python3/site-packages/app/module_{d}.py", line {n}, in run_{h}',
        "    return self._call(*args, **kwargs)",
        "ConnectionError: HTTPSConnectionPool(host='api.example.com', port=443): Max retries exceeded",
    ],
    "nginx": [
        '192.168.{d}.{m} - - [29/Nov/2026:12:{m}:{m} +0000] "GET /api/{h} HTTP/1.1" 500 {n} "-" "Mozilla/5.0 (X11)"',
        "2026/11/{d} 12:{m}:{m} [error] {n}#{n}: *{d} upstream timed out while reading response header",
    ],
    "windows": [
        "Faulting application name: app.exe, version: {d}.{m}.0.0, time stamp: 0x{h}",
        "Exception code: 0xc0000005 Fault offset: 0x00{h}",
        "C:\\Program Files\\App\\bin\\{h}.dll",
        "Event ID {n} Level: Error Source: Application Error",
    ],
    "kernel": [
        "[ {n}.{n}] usb 1-{d}: new high-speed USB device number {d} using xhci_hcd",
        "[ {n}.{n}] usb 1-{d}: device descriptor read/64, error -{m}",
        "[ {n}.{n}] EXT4-fs (sda{d}): mounted filesystem {h} with ordered data mode",
    ],
}


def log_of(kind: str, rng: random.Random, lines: int = LINES) -> list[str]:
    """A log of one kind."""
    return [
        rng.choice(KINDS[kind]).format(
            d=rng.randint(1, 28), m=rng.randint(10, 59), n=rng.randint(100, 99999), h=f"{rng.getrandbits(32):08x}"
        )
        for _ in range(lines)
    ]


def fit() -> None:
    """Write the weights."""
    rng = random.Random(12)
    rooms = [room for room in json.loads(DATA.read_text(encoding="utf-8")) if room["half"] == "open"]
    written = [text for room in rooms for pair in room["pairs"] for text in pair[1:]]
    written += [text for room in rooms for entry in room["entries"] for text in entry]
    machine = [line for kind in FITTED_ON for line in log_of(kind, rng, len(written) // len(FITTED_ON))]
    table = np.array([pasted_logs.describe_line(line) for line in [*written, *machine]])
    model = LogisticRegression(C=10).fit(table, [1] * len(written) + [0] * len(machine))
    weights = dict(zip(pasted_logs.FEATURES, model.coef_[0].round(3).tolist(), strict=True))
    WEIGHTS.write_text(json.dumps({"intercept": round(float(model.intercept_[0]), 3)} | weights, indent=1) + "\n")


async def measure(room: dict[str, Any], models: EmbeddingModels) -> list[tuple[bool, bool]]:
    """-> for each question, whether the first passage is right: alone, and with a log."""
    documents = [Document(f"https://example.org#{n}", *entry) for n, entry in enumerate(room["entries"])]
    index = build_index(documents, models)
    retriever = LiveRetriever(FixedIndex(index), models)
    kinds = [kind for kind in KINDS if kind not in FITTED_ON]
    rows = []
    for number, (entry, text, _) in enumerate(room["pairs"]):
        rng = random.Random(number)
        log = log_of(kinds[number % len(kinds)], rng)
        message = "\n".join([[text, *log], [*log, text], ["Hello,", *log, text, "Thanks!"]][number % 3])
        alone, logged = [(await retriever.retrieve(each)).passages[:1] for each in (text, message)]
        wanted = documents[entry].id
        rows.append((_finds(alone, wanted), _finds(logged, wanted)))
    return rows


def _finds(passages: Sequence[ScoredPassage], wanted: str) -> bool:
    return any(each.passage.document.id == wanted for each in passages)


def main() -> None:
    """Fit or measure."""
    if "--fit" in sys.argv:
        fit()
    models = embedding_models_for(load_settings())
    for half in ("open", "sealed"):
        rooms = [room for room in json.loads(DATA.read_text(encoding="utf-8")) if room["half"] == half]
        rows = np.array([row for room in rooms for row in asyncio.run(measure(room, models))])
        alone, logged = rows.mean(axis=0)
        print(f"{half}: {len(rows)} questions; alone {alone:.3f}  with a log {logged:.3f}")


if __name__ == "__main__":
    main()
