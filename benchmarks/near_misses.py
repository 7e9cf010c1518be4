"""What tells a question from its near miss ("Do you open on Monday?" where the page has Sunday)?

    python -m benchmarks.near_misses [--wrong]

Small FAQs of ours in five languages (`data/near_misses.json`), and for each entry questions that it answers beside
ones that lie near and that nothing answers. Printed by sign: AUROC alone, and of a logistic regression on it and on
today's confidence, fitted on the open rooms, on the sealed ones; then how many of either kind are answered today.
"""

from __future__ import annotations

import asyncio
import json
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from bot.answering.decide import make_decision
from bot.app import embedding_models_for
from bot.chat.conversation import Decision
from bot.settings import load_settings
from retrieval.documents import Document
from retrieval.index.build import build_index
from retrieval.index.index import Index
from retrieval.models.embedding_models import EmbeddingModels
from retrieval.search.near_misses import NEAR_MISSES
from retrieval.search.retriever import FixedIndex, LiveRetriever

DATA = Path(__file__).parent / "data" / "near_misses.json"
SIGNS = tuple(NEAR_MISSES)


async def measure(room: dict[str, Any], models: EmbeddingModels) -> list[dict[str, Any]]:
    """One row a question: what it is, what was found, today's confidence and every sign."""
    documents = [
        Document(f"https://example.org/faq#{number}", *entry, language=room["language"])
        for number, entry in enumerate(room["entries"])
    ]
    index = build_index(documents, models)
    retriever = LiveRetriever(FixedIndex(index), models)
    rows = []
    for text, wanted in _questions(room):
        result = await retriever.retrieve(text)
        first = result.passages[0].passage
        rows.append(
            {
                "half": room["half"],
                "text": text,
                "miss": wanted is None,
                "found": first.document.question,
                "right": wanted is not None and first.document.id == documents[wanted].id,
                "answered": make_decision(result).decision is Decision.ANSWER,
                "confidence": result.confidence,
                **_signs(index, text, index.passages.index(first)),
            }
        )
    return rows


def _questions(room: dict[str, Any]) -> Iterator[tuple[str, int | None]]:
    """Each with the number of the entry that answers it. `reworded` are answerable ones with another word or two."""
    for entry, answerable, miss in room["pairs"]:
        yield from ((answerable, entry), (miss, None))
    yield from ((text, entry) for entry, text in room["reworded"])


def _signs(index: Index, text: str, passage: int) -> dict[str, float]:
    place = np.array([passage], np.int64)
    return {name: float(sign(index, text, place)[0]) for name, sign in NEAR_MISSES.items()}


def _measure_gain(rows: list[dict[str, Any]], names: tuple[str, ...]) -> tuple[float, float]:
    """What a fit of the confidence and these signs on the open rooms gives on the sealed ones: its AUROC, and the share
    of near misses that are answered where nine in ten answerable questions are."""

    def features(half: str) -> tuple[Any, Any]:
        some = [row for row in rows if row["half"] == half]
        table = [[_log_odds(row["confidence"]), *(row[name] for name in names)] for row in some]
        return np.array(table), np.array([row["right"] for row in some])

    model = LogisticRegression(C=10).fit(*features("open"))
    table, right = features("sealed")
    sure = model.decision_function(table)
    answered = sure >= np.quantile(sure[right], 0.1)
    return float(roc_auc_score(right, sure)), float(answered[~right].mean())


def _log_odds(confidence: float) -> float:
    return math.log(max(confidence, 1e-4) / max(1 - confidence, 1e-4))


def main() -> None:
    """Print the figures; with --wrong the near misses of the open rooms that are answered today."""
    models = embedding_models_for(load_settings())
    rows = [row for room in json.loads(DATA.read_text(encoding="utf-8")) for row in asyncio.run(measure(room, models))]
    right = np.array([row["right"] for row in rows])
    print(f"{len(rows)} questions; confidence alone {roc_auc_score(right, [r['confidence'] for r in rows]):.3f}")
    for title, names in (("the confidence", ()), ("and all signs", SIGNS)):
        auroc, answered = _measure_gain(rows, names)
        print(f"sealed rooms, {title}: {auroc:.3f}; near misses answered where 9 of 10 right are: {answered:.3f}")
    for name in SIGNS:
        alone = roc_auc_score(~right, [row[name] for row in rows])
        print(f"  {name:20} alone {alone:.3f}  beside the confidence {_measure_gain(rows, (name,))[0]:.3f}")
    for half in ("open", "sealed"):
        some = [row for row in rows if row["half"] == half]
        misses = [row["answered"] for row in some if row["miss"]]
        asked = [row for row in some if not row["miss"]]
        print(
            f"{half}: near misses answered {np.mean(misses):.3f} of {len(misses)}; answerable answered "
            f"{np.mean([row['answered'] for row in asked]):.3f}, "
            f"first right {np.mean([row['right'] for row in asked]):.3f}"
        )
    if "--wrong" in sys.argv:
        for row in rows:
            if row["half"] == "open" and row["miss"] and row["answered"]:
                signs = " ".join(f"{name} {row[name]:.2f}" for name in SIGNS)
                print(f"{row['confidence']:.2f} {row['text']} -> {row['found']}  {signs}")


if __name__ == "__main__":
    main()
