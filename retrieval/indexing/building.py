"""Documents -> an Index, embedding only what was never embedded before, and the proof that it can be searched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from retrieval.documents import Document, Passage
from retrieval.errors import RefreshError
from retrieval.indexing.index import EXACT_BELOW, Index
from retrieval.indexing.passages import MAX_PASSAGE_TOKENS, split, texts_to_embed
from retrieval.interfaces import Embedder, Vectors

_SAMPLES = 8
_FOUND_WITHIN = 10
_SAME_TEXT = 0.95  # cosine: int8 activations are scaled by the batch, so a text's vector moves with its company


def build_index(
    documents: Sequence[Document],
    embedder: Embedder,
    *,
    previous: Index | None = None,
    exact_below: int = EXACT_BELOW,
    on_progress: Callable[[int, int], None] | None = None,
) -> Index:
    """Index `documents`. `previous`, made by the same embedder and splitter, lends passages and vectors.

    `on_progress(done, total)` counts the texts to embed.
    """
    passages = _passages(documents, embedder, previous)
    texts = [texts_to_embed(passage) for passage in passages]
    row_passage = np.repeat(np.arange(len(passages), dtype=np.int32), [len(group) for group in texts])
    rows = _rows([text for group in texts for text in group], embedder, previous, on_progress)
    return Index.build(passages, rows, row_passage, exact_below=exact_below)


def _passages(documents: Sequence[Document], embedder: Embedder, previous: Index | None) -> list[Passage]:
    before: dict[str, list[Passage]] = {}
    for passage in previous.passages if previous else ():
        before.setdefault(passage.document.id, []).append(passage)
    budget = min(embedder.max_tokens, MAX_PASSAGE_TOKENS)
    passages: list[Passage] = []
    for document in documents:
        known = before.get(document.id)
        if known:
            passages += [replace(passage, document=document) for passage in known]
        else:
            passages += split(document, embedder.count_tokens, budget)
    return passages


def _rows(
    texts: Sequence[str],
    embedder: Embedder,
    previous: Index | None,
    on_progress: Callable[[int, int], None] | None,
) -> Vectors:
    place: dict[str, int] = {}
    if previous is not None:
        old_texts = (text for passage in previous.passages for text in texts_to_embed(passage))
        place = {text: row for row, text in enumerate(old_texts)}
    old: Vectors = previous.rows if previous is not None else np.empty((0, embedder.dimension), np.float32)
    missing = [text for text in dict.fromkeys(texts) if text not in place]
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        if on_progress:
            on_progress(done, len(missing))

    new = embedder.embed_documents(missing, advance) if missing else old[:0]
    place |= {text: len(old) + number for number, text in enumerate(missing)}
    return np.concatenate([old, new])[[place[text] for text in texts]]


def verify_index(folder: Path, built: Index, embedder: Embedder) -> None:
    """Read the index in `folder` back and search it for a sample of its own texts, embedded anew.

    Raises RefreshError when counts, dimension, norms or what is found are not as `built` has them.
    """
    loaded = Index.load(folder)
    if [passage.id for passage in loaded.passages] != [passage.id for passage in built.passages]:
        raise _failed("its passages are not those that were written")
    if loaded.rows.shape != (len(built.row_passage), embedder.dimension):
        raise _failed(f"its vectors have the shape {loaded.rows.shape}")
    norms = np.linalg.norm(loaded.rows, axis=1)
    if not np.all(np.isfinite(norms)) or np.any(np.abs(norms - 1) > 0.01):
        raise _failed("some vectors have not the length 1")
    sample = np.unique(np.linspace(0, len(loaded.passages) - 1, _SAMPLES).astype(int))
    queries = embedder.embed_documents([texts_to_embed(loaded.passages[number])[0] for number in sample])
    found = loaded.dense.search(queries, _FOUND_WITHIN)
    for number, query, rows in zip(sample, queries, found, strict=True):
        if loaded.rows[loaded.first_row[number]] @ query < _SAME_TEXT:
            raise _failed(f"passage {loaded.passages[number].id} has the vector of another text")
        if not np.any(loaded.rows[rows[rows >= 0]] @ query >= _SAME_TEXT):
            raise _failed(f"passage {loaded.passages[number].id} is not found by its own text")


def _failed(what: str) -> RefreshError:
    return RefreshError(
        f"The new index version failed its check ({what}) and was dropped; the active one still answers: refresh "
        "again, and report a bug if it stays."
    )
