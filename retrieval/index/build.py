"""Documents -> an Index, embedding only what was never embedded before, and the proof that it can be searched."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from retrieval.documents import Document, Passage
from retrieval.errors import RefreshError
from retrieval.index.index import EXACT_BELOW, Index
from retrieval.index.passages import MAX_PASSAGE_TOKENS, question_texts, split_document, texts_to_embed
from retrieval.index.vector_field import EmbeddedTexts, VectorField
from retrieval.interfaces import Embedder, Vectors
from retrieval.models.embedding_models import EmbeddingModels, combine_models

_SAMPLES = 8
_FOUND_WITHIN = 10
_SAME_TEXT = 0.95  # cosine: int8 activations are scaled by the batch, so a text's vector moves with its company


def build_index(
    documents: Sequence[Document],
    models: Embedder | EmbeddingModels,
    *,
    previous: Index | None = None,
    exact_below: int = EXACT_BELOW,
    on_progress: Callable[[int, int], None] | None = None,
) -> Index:
    """Index `documents`, with a vector field for each of the models. `previous`, made with the same splitter, lends
    passages, and vectors where it has a model's field.

    `on_progress(done, total)` counts the texts to embed.
    """
    models = combine_models(models)
    passages = _make_passages(documents, models, previous)
    texts = [texts_to_embed(passage) for passage in passages]
    row_passage = np.repeat(np.arange(len(passages), dtype=np.int32), [len(group) for group in texts])
    jobs = [
        _EmbeddingJob(model, previous.find_field(model.fingerprint) if previous else None) for model in models.models
    ]
    rows = [text for group in texts for text in group]
    asked = [text for passage in _opening_passages(passages) for text in question_texts(passage)]
    total = sum(job.count_missing(previous, rows, asked) for job in jobs)
    done = 0

    def report_done(count: int) -> None:
        nonlocal done
        done += count
        if on_progress:
            on_progress(done, total)

    embedded = [job.embed_missing(report_done) for job in jobs]
    return Index.build(passages, row_passage, embedded, exact_below=exact_below)


def _make_passages(documents: Sequence[Document], models: EmbeddingModels, previous: Index | None) -> list[Passage]:
    before: dict[str, list[Passage]] = {}
    for passage in previous.passages if previous else ():
        before.setdefault(passage.document.id, []).append(passage)
    budget = min(models.max_tokens, MAX_PASSAGE_TOKENS)
    passages: list[Passage] = []
    for document in documents:
        known = before.get(document.id)
        if known:
            passages += [replace(passage, document=document) for passage in known]
        else:
            passages += split_document(document, models.count_tokens, budget)
    return passages


def _opening_passages(passages: Sequence[Passage]) -> list[Passage]:
    """The first passage of each document."""
    return list({passage.document.id: passage for passage in reversed(passages)}.values())[::-1]


class _EmbeddingJob:
    """What one model has to embed: the texts that `held`, its field of an earlier index, does not have."""

    def __init__(self, model: Embedder, held: VectorField | None) -> None:
        self._model = model
        self._held = held

    def count_missing(self, previous: Index | None, rows: Sequence[str], questions: Sequence[str]) -> int:
        """Find out what is missing; -> how many texts."""
        before, asked_before = ([], []) if previous is None or self._held is None else _texts_of(previous)
        self._rows = _VectorTable(rows, before, self._held.rows if self._held else None, self._model.dimension)
        apart = self._model.tells_questions_apart
        known = self._held.texts.questions if self._held else None
        self._questions = _VectorTable(questions if apart else (), asked_before, known, self._model.dimension)
        return len(self._rows.missing) + len(self._questions.missing)

    def embed_missing(self, advance: Callable[[int], None]) -> EmbeddedTexts:
        rows = self._rows.fill_in(lambda texts: self._model.embed_documents(texts, advance))
        questions = self._questions.fill_in(lambda texts: self._model.embed_questions(texts, advance))
        return EmbeddedTexts(self._model.fingerprint, rows, questions)


class _VectorTable:
    """Vectors of `texts`, as far as they are `known` for `before`."""

    def __init__(self, texts: Sequence[str], before: Sequence[str], known: Vectors | None, dimension: int) -> None:
        self._texts = texts
        self._place = {text: row for row, text in enumerate(before)} if known is not None and len(known) else {}
        self._known = known if self._place and known is not None else np.empty((0, dimension), np.float32)
        self.missing = [text for text in dict.fromkeys(texts) if text not in self._place]

    def fill_in(self, embed: Callable[[Sequence[str]], Vectors]) -> Vectors:
        new = embed(self.missing) if self.missing else self._known[:0]
        place = self._place | {text: len(self._known) + number for number, text in enumerate(self.missing)}
        return np.concatenate([self._known, new])[[place[text] for text in self._texts]]


def _texts_of(index: Index) -> tuple[list[str], list[str]]:
    """The texts of the rows of an index, and of its question vectors."""
    rows = [text for passage in index.passages for text in texts_to_embed(passage)]
    asked = [text for passage in _opening_passages(index.passages) for text in question_texts(passage)]
    return rows, asked


def verify_index(folder: Path, built: Index, models: Embedder | EmbeddingModels) -> None:
    """Read the index in `folder` back and search it for a sample of its own texts, embedded anew.

    Raises RefreshError when counts, dimension, norms or what is found are not as `built` has them.
    """
    loaded = Index.load(folder)
    if [passage.id for passage in loaded.passages] != [passage.id for passage in built.passages]:
        raise _build_check_error("its passages are not those that were written")
    sample = np.unique(np.linspace(0, len(loaded.passages) - 1, _SAMPLES).astype(int))
    for model in combine_models(models).models:
        field = loaded.find_field(model.fingerprint)
        if field is None or field.rows.shape != (len(built.row_passage), model.dimension):
            raise _build_check_error(f"its vectors of {model.fingerprint} are not as many as its texts")
        norms = np.linalg.norm(field.rows, axis=1)
        if not np.all(np.isfinite(norms)) or np.any(np.abs(norms - 1) > 0.01):
            raise _build_check_error("some vectors have not the length 1")
        queries = model.embed_documents([texts_to_embed(loaded.passages[number])[0] for number in sample])
        found = field.dense.search(queries, _FOUND_WITHIN)
        for number, query, rows in zip(sample, queries, found, strict=True):
            if field.rows[loaded.first_row[number]] @ query < _SAME_TEXT:
                raise _build_check_error(f"passage {loaded.passages[number].id} has the vector of another text")
            if not np.any(field.rows[rows[rows >= 0]] @ query >= _SAME_TEXT):
                raise _build_check_error(f"passage {loaded.passages[number].id} is not found by its own text")


def _build_check_error(what: str) -> RefreshError:
    return RefreshError(
        f"The new index version failed its check ({what}) and was dropped; the active one still answers: refresh "
        "again, and report a bug if it stays."
    )
