"""`python -m tests.frozen.make` asks every conversation of `conversations.jsonl` anew and writes down what comes of it.

To freeze a further conversation, add a line with its `id`, `kind` and `messages` (of each `text` or `press` alone), and
make the files anew; to have it drawn as well, add a line with its `id` to `drawings.jsonl`. What is new or has changed
is asked again with every confidence a little higher, a little lower, and every embedding a little beside itself: a
conversation that then goes another way could go so on another processor. A new one is left out, and of an old one you
are told: nothing is written then without `--leave-out`.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from bot.app import Application
from retrieval.models.embedding_models import EmbeddingModels
from tests.frozen.comparing import compare
from tests.support.bots import Knowledge
from tests.support.frozen import (
    CONVERSATIONS,
    DRAWINGS,
    Record,
    converse_all,
    read_records,
    read_shop,
    write_record,
)

MARGIN = 0.03  # of a confidence
BESIDE = 0.02  # the length of what is added to an embedding, whose own is 1
SHOWN = 20  # differences

Prepare = Callable[[Application], None]


def shift_confidence(by: float) -> Prepare:
    """Make everything that is found surer by so much, or less sure."""

    def prepare(application: Application) -> None:
        retriever = application.retriever

        class Shifted:
            async def retrieve(self, *arguments: Any, **options: Any) -> Any:
                result = await retriever.retrieve(*arguments, **options)
                return replace(result, confidence=min(1.0, max(0.0, result.confidence + by)))

        application.__dict__["retriever"] = Shifted()

    return prepare


def shake_embeddings(seed: int) -> Prepare:
    """Move every embedding of a question by so much, in a direction that its text tells."""

    class Shaken:
        def __init__(self, model: Any) -> None:
            self._model = model

        def __getattr__(self, name: str) -> Any:
            return getattr(self._model, name)

        def embed_queries(self, texts: Sequence[str]) -> Any:
            vectors = self._model.embed_queries(texts).copy()
            for row, text in enumerate(texts):
                draw = np.random.default_rng([seed, zlib.crc32(text.encode("utf-8", "replace"))])
                step = draw.standard_normal(vectors.shape[1])
                moved = vectors[row] + BESIDE * step / np.linalg.norm(step)
                vectors[row] = moved / np.linalg.norm(moved)
            return vectors

    def prepare(application: Application) -> None:
        models = application.embedding_models.models
        application.__dict__["embedding_models"] = EmbeddingModels(tuple(map(Shaken, models)))  # type: ignore[arg-type]

    return prepare


SHAKEN: tuple[Prepare, ...] = (
    shift_confidence(MARGIN),
    shift_confidence(-MARGIN),
    shake_embeddings(1),
    shake_embeddings(2),
)


async def make(knowledge: Knowledge, folder: Path) -> tuple[list[Record], list[Record], list[str]]:
    """-> the conversations and the drawings as they are today, and the ids of those that are left out."""
    before = read_records(CONVERSATIONS)
    drawn = [record["id"] for record in read_records(DRAWINGS)]
    made = await converse_all(knowledge, folder, before, drawn)
    now = {record["id"]: record for record, _ in made}
    changed = [record for record in before if record != now[record["id"]]]
    left_out: set[str] = set()
    for prepare in SHAKEN if changed else ():
        again = await converse_all(knowledge, folder, changed, (), prepare)
        left_out |= {record["id"] for record, _ in again if record != now[record["id"]]}
    kept = {record["id"]: (record, drawing) for record, drawing in made if record["id"] not in left_out}
    drawings = [kept[name][1] for name in drawn if name in kept]
    return [record for record, _ in kept.values()], drawings, sorted(left_out)


def main() -> int:
    """Make the files anew and say what changed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--dry-run", action="store_true", help="write nothing")
    parser.add_argument("--leave-out", action="store_true", help="take old unsteady conversations out, too")
    arguments = parser.parse_args()
    say = partial(Console().print, markup=False, highlight=False, soft_wrap=True)
    with tempfile.TemporaryDirectory() as folder:
        conversations, drawings, left_out = asyncio.run(make(read_shop(Path(folder) / "data"), Path(folder)))
    frozen = {record["id"] for record in read_records(CONVERSATIONS) if "decision" in record["messages"][0]}
    unsteady = sorted(frozen.intersection(left_out))
    writes = not arguments.dry_run and (arguments.leave_out or not unsteady)
    for path, records in ((CONVERSATIONS, conversations), (DRAWINGS, drawings)):
        say(f"{path.name}:\n{compare(read_records(path), records, SHOWN) or 'nothing has changed'}\n")
        if writes:
            path.write_text("".join(f"{write_record(record)}\n" for record in records), encoding="utf-8")
    decisions = Counter(message["decision"] for record in conversations for message in record["messages"])
    say(f"{len(conversations)} conversations, {len(drawings)} of them drawn; {dict(decisions.most_common())}")
    for name in left_out:
        say(f"left out, for it could go otherwise elsewhere: {name}")
    if unsteady and not arguments.leave_out:
        say(f"Nothing was written: {len(unsteady)} of today's conversations would go. With --leave-out they do.")
    return 1 if unsteady and not arguments.leave_out else 0


if __name__ == "__main__":
    sys.exit(main())
