"""One retrieval, and eight askers at once, against plain sentence-transformers with FAISS, both in this run.

The plain side does the least that works: `encode` of the query at its defaults, then `IndexFlatIP.search` over one
vector a document ("question answer"). Ours is the product's own `retrieve`: vectors of question and passage, three BM25
fields, fusion and confidence.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.documents import Document
from retrieval.indexing.embedder import load_embedder
from retrieval.indexing.weights import find_weights, load_sentence_transformer
from retrieval.searching.retriever import LiveRetriever, retriever_over

DOCUMENTS, QUERIES, ASKERS, TOP = 5000, 300, 8, 5

# As a page words it, and as a customer does.
_ACTIONS = [
    ("return", "send back"),
    ("cancel", "call off"),
    ("repair", "get someone to fix"),
    ("replace", "swap"),
    ("insure", "take out cover for"),
    ("rent", "lease"),
    ("sell", "get rid of"),
    ("store", "keep somewhere"),
    ("clean", "wash"),
    ("assemble", "put together"),
    ("pay for", "settle the bill for"),
    ("register", "sign up"),
    ("track", "follow the whereabouts of"),
    ("gift", "give away"),
    ("pre-order", "reserve early"),
    ("inspect", "have a look at"),
    ("recycle", "dispose of responsibly"),
    ("transport", "move"),
]
_THINGS = [
    ("bicycle", "bike"),
    ("sofa", "couch"),
    ("refrigerator", "fridge"),
    ("television", "TV set"),
    ("laptop", "notebook computer"),
    ("mattress", "bed"),
    ("camera", "digital SLR"),
    ("washing machine", "laundry appliance"),
    ("phone", "mobile"),
    ("guitar", "string instrument"),
    ("tent", "camping shelter"),
    ("carpet", "rug"),
    ("oven", "stove"),
    ("necklace", "piece of jewellery"),
    ("wheelchair", "mobility aid"),
    ("printer", "inkjet"),
    ("boat", "dinghy"),
    ("heater", "radiator"),
    ("drone", "quadcopter"),
    ("stroller", "pram"),
]
_CASES = [
    ("from abroad", "when I live overseas"),
    ("without a receipt", "if I lost the proof of purchase"),
    ("on a public holiday", "at Christmas"),
    ("as a company", "for my business"),
    ("after the warranty has ended", "once the guarantee is over"),
    ("in instalments", "bit by bit"),
    ("for a minor", "for my child"),
    ("with a voucher", "using a coupon"),
    ("before delivery", "while it has not arrived"),
    ("twice", "a second time"),
    ("in an emergency", "when it is urgent"),
    ("at a branch", "in one of your shops"),
    ("by post", "through the mail"),
    ("at night", "after dark"),
]
_CLAUSES = [
    "Open your account page and choose the entry you are looking for.",
    "Our team looks at every case within two working days and writes to you with the result.",
    "Keep the original packaging, since the courier takes nothing that is wrapped in paper alone.",
    "There is no charge within the first month; later a small handling fee applies.",
    "The confirmation mail holds a link that stays valid until the end of the following week.",
    "You need the number of the order and the address it was sent to.",
]
Query = tuple[str, str]  # its text, and the URL of the document that answers it


def make_documents(count: int) -> tuple[list[Document], list[Query]]:
    """`count` pairs, and QUERIES questions about some of them in other words."""
    rng = random.Random(5)
    combinations = list(itertools.product(_ACTIONS, _THINGS, _CASES))
    documents, queries = [], []
    for number, (action, thing, case) in enumerate(rng.sample(combinations, count)):
        url = f"https://bench.test/#q{number}"
        question = f"How do I {action[0]} a {thing[0]} {case[0]}?"
        answer = " ".join(rng.sample(_CLAUSES, rng.randint(1, 4)))
        documents.append(Document(url, question, f"To {action[0]} a {thing[0]}: {answer}", language="en"))
        words = (action[rng.random() < 0.5], thing[rng.random() < 0.5], case[rng.random() < 0.5])
        queries.append((rng.choice(["can I {} a {} {}", "I want to {} my {} {}", "{} {} {}?"]).format(*words), url))
    return documents, rng.sample(queries, QUERIES)


class Plain:
    """sentence-transformers and FAISS, as their first pages show them."""

    def __init__(self, documents: Sequence[Document], model: Any) -> None:
        import faiss

        self._model = model
        rows = np.asarray(model.encode([f"{d.question} {d.answer}" for d in documents], show_progress_bar=False))
        self._index = faiss.IndexFlatIP(rows.shape[1])
        self._index.add(rows)
        self._urls = [document.url for document in documents]

    def search(self, text: str) -> list[str]:
        """The URLs of the nearest documents."""
        _, places = self._index.search(np.asarray(self._model.encode([text], show_progress_bar=False)), TOP)
        return [self._urls[place] for place in places[0]]


def run(documents: int = DOCUMENTS) -> dict[str, float]:
    """-> medians in milliseconds, questions a second with eight askers, hit@5, and the ratios of both sides."""
    pairs, queries = make_documents(documents)
    with tempfile.TemporaryDirectory() as cache:
        plain = Plain(pairs, load_sentence_transformer(find_weights("", Path(cache))))
        ours = retriever_over(pairs, load_embedder("", Path(cache)))
        plain_ms, plain_hits = _one_by_one(plain.search, queries)
        our_ms, our_hits = asyncio.run(_ours_one_by_one(ours, queries))
        plain_rate = _plain_at_once(plain, queries)
        our_rate = asyncio.run(_ours_at_once(ours, queries))
    return {
        "documents": len(pairs),
        "plain_ms": plain_ms,
        "our_ms": our_ms,
        "single_times_faster": plain_ms / our_ms,
        "plain_per_second": plain_rate,
        "our_per_second": our_rate,
        "concurrent_times_throughput": our_rate / plain_rate,
        "plain_hit5": plain_hits,
        "our_hit5": our_hits,
        "hit5_lost": plain_hits - our_hits,
    }


def _one_by_one(search: Callable[[str], list[str]], queries: Sequence[Query]) -> tuple[float, float]:
    times, hits = [], []
    for text, url in queries:
        started = time.perf_counter()
        found = search(text)
        times.append(time.perf_counter() - started)
        hits.append(url in found)
    return statistics.median(times) * 1000, statistics.mean(hits)


async def _ours_one_by_one(retriever: LiveRetriever, queries: Sequence[Query]) -> tuple[float, float]:
    times, hits = [], []
    for text, url in queries:
        started = time.perf_counter()
        result = await retriever.retrieve(text, limit=TOP)
        times.append(time.perf_counter() - started)
        hits.append(url in {scored.passage.document.url for scored in result.passages})
    return statistics.median(times) * 1000, statistics.mean(hits)


def _plain_at_once(plain: Plain, queries: Sequence[Query]) -> float:
    with ThreadPoolExecutor(ASKERS) as askers:
        list(askers.map(plain.search, [text for text, _ in queries[:ASKERS]]))  # every thread has started
        started = time.perf_counter()
        list(askers.map(plain.search, [text for text, _ in queries]))
        return len(queries) / (time.perf_counter() - started)


async def _ours_at_once(retriever: LiveRetriever, queries: Sequence[Query]) -> float:
    remaining = iter(queries * 4)

    async def asker() -> None:
        for text, _ in remaining:
            await retriever.retrieve(text, limit=TOP)

    started = time.perf_counter()
    await asyncio.gather(*(asker() for _ in range(ASKERS)))
    return len(queries) * 4 / (time.perf_counter() - started)


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
