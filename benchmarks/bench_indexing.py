"""Indexing, and embedding one query, against plain sentence-transformers with FAISS, both in this run.

The plain side does the least that works: `encode` at its defaults over "question answer", then `IndexFlatIP.add`.
Ours does all of the product's work on the same documents: splitting, embedding question and passage apart, FAISS, three
BM25 fields. Once with the first model, as the plain side has it, and once with every model of the settings
(`all_models_seconds`).
"""

from __future__ import annotations

import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bot.app import embedding_models_for
from bot.settings import load_settings
from retrieval.documents import Document
from retrieval.models.embedder import load_embedder
from retrieval.models.weights import find_weights, load_sentence_transformer

PASSAGES, QUERIES = 5000, 200
_OPENINGS = [
    "How do I",
    "Can I",
    "Where do I",
    "What happens if I",
    "When should I",
    "Why can't I",
    "Who can help me to",
]
_VERBS = ["return", "exchange", "repair", "cancel", "track", "insure", "register", "upgrade", "share", "pause", "renew"]
_THINGS = [
    "my order",
    "an invoice",
    "the subscription",
    "a gift card",
    "a damaged parcel",
    "my account",
    "the warranty",
]
_WHEN = ["after thirty days", "from abroad", "without a receipt", "on a weekend", "as a company", "before it ships"]
_CLAUSES = [
    "open your account page and choose the entry you are looking for",
    "our team looks at every case within two working days and writes to you with the result",
    "keep the original packaging, since the courier takes nothing that is wrapped in paper alone",
    "there is no charge within the first month; later a small handling fee applies",
    "the confirmation mail holds a link that stays valid until the end of the following week",
    "amounts are paid back to the card that was used, which takes the bank three to five days",
    "you need the number of the order and the address it was sent to",
    "if the form reports an error, clear the cookies of our site and try once more",
    "customers outside of the country fill in a customs declaration as well",
    "in the app the same is found under settings, then orders, then help",
]


def make_documents(count: int, seed: int = 11) -> list[Document]:
    """Pairs of realistic length: questions of 6 to 12 words, answers of 10 to 160 (half of them under 60)."""
    rng = random.Random(seed)
    documents = []
    for number in range(count):
        question = f"{rng.choice(_OPENINGS)} {rng.choice(_VERBS)} {rng.choice(_THINGS)} {rng.choice(_WHEN)} ({number})?"
        clauses = rng.choices(_CLAUSES, k=min(12, 1 + int(rng.expovariate(0.28))))
        answer = " ".join(f"{clause.capitalize()} (rule {rng.randrange(999)})." for clause in clauses)
        documents.append(Document(f"https://bench.test/{number // 8}#q{number}", question, answer, language="en"))
    return documents


def run(passages: int = PASSAGES) -> dict[str, float]:
    """-> seconds of both sides and how many times faster ours is; latencies in milliseconds."""
    import faiss
    import numpy as np

    from retrieval.index.build import build_index

    documents = make_documents(passages)
    queries = [document.question for document in make_documents(QUERIES, seed=12)]
    with tempfile.TemporaryDirectory() as cache:
        embedder = load_embedder("", Path(cache))  # exported once for a machine: not part of indexing
        plain = load_sentence_transformer(find_weights("", Path(cache)))
        plain.encode(queries[:32])
        embedder.embed_documents(queries[:32])

        texts = [f"{document.question} {document.answer}" for document in documents]
        started = time.perf_counter()
        rows = np.asarray(plain.encode(texts, show_progress_bar=False), np.float32)
        index = faiss.IndexFlatIP(rows.shape[1])
        index.add(rows)
        plain_seconds = time.perf_counter() - started

        started = time.perf_counter()
        embedder.embed_documents(texts)
        embed_seconds = time.perf_counter() - started
        started = time.perf_counter()
        built = build_index(documents, embedder)
        our_seconds = time.perf_counter() - started
        models = embedding_models_for(load_settings())
        models.models[-1].embed_documents(queries[:32])
        started = time.perf_counter()
        build_index(documents, models)
        all_models_seconds = time.perf_counter() - started
        assert len(built.passages) >= passages

        plain_ms = _median_ms(lambda text: plain.encode(text, show_progress_bar=False), queries)
        our_ms = _median_ms(lambda text: embedder.embed_queries([text]), queries)
    return {
        "passages": len(built.passages),
        "rows": len(built.row_passage),
        "plain_seconds": plain_seconds,
        "our_embedding_seconds": embed_seconds,
        "our_seconds": our_seconds,
        "all_models_seconds": all_models_seconds,
        "embedding_times_faster": plain_seconds / embed_seconds,
        "indexing_times_faster": plain_seconds / our_seconds,
        "all_models_times_faster": plain_seconds / all_models_seconds,
        "plain_query_ms": plain_ms,
        "our_query_ms": our_ms,
        "query_times_faster": plain_ms / our_ms,
    }


def _median_ms(embed: Callable[[str], object], queries: Sequence[str]) -> float:
    times = []
    for query in queries:
        started = time.perf_counter()
        embed(query)
        times.append(time.perf_counter() - started)
    return statistics.median(times) * 1000


if __name__ == "__main__":
    print(json.dumps(run(*map(int, sys.argv[1:])), indent=2))
