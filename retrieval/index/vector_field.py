"""The vectors that one embedding model made of an index's texts, and how they are searched."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np

from retrieval.index.lexical_field import Places, Scores
from retrieval.index.nearest_vectors import DenseIndex
from retrieval.index.wording_means import WordingMeans
from retrieval.interfaces import Vectors


@dataclass(frozen=True)
class EmbeddedTexts:
    """What a model, named by its fingerprint, made of the texts of some passages.

    `rows` (rows, dimension) are of `texts_to_embed`, in order; `questions` (wordings, dimension) are of each document's
    `question_texts`, embedded as a customer's question is; empty where the model embeds both alike.
    """

    model: str
    rows: Vectors
    questions: Vectors


@dataclass(frozen=True)
class VectorField:
    """The searchable form of `EmbeddedTexts`; `question_rows` are the places of the distinct wordings in `rows`,
    `counts` how many each document has. Immutable, so any number of threads may read it."""

    texts: EmbeddedTexts
    dense: DenseIndex
    question_rows: Places = field(repr=False)
    counts: Places = field(repr=False)

    @property
    def model(self) -> str:
        """The fingerprint of the model."""
        return self.texts.model

    @property
    def rows(self) -> Vectors:
        """(rows, dimension) of all texts."""
        return self.texts.rows

    @property
    def tells_questions_apart(self) -> bool:
        """Whether the model embeds a question otherwise than a text."""
        return len(self.texts.questions) > 0

    @cached_property
    def means(self) -> WordingMeans:
        """The documents' mean wordings; made when first wanted."""
        return WordingMeans(self.rows[self.question_rows], self.counts)

    def compare_wordings(self, vector: Scores, places: Places, *, as_questions: bool) -> Scores:
        """-> (places,) cosines of a query's vector with the wordings at these places among all wordings."""
        if as_questions and self.tells_questions_apart:
            return np.asarray(self.texts.questions[places] @ vector, np.float32)
        return np.asarray(self.rows[self.question_rows[places]] @ vector, np.float32)

    def save(self, folder: Path, number: int) -> None:
        """Write the vectors as field `number` of the index in `folder`."""
        np.save(_field_path(folder, "rows", number), np.ascontiguousarray(self.rows, np.float32))
        np.save(_field_path(folder, "questions", number), np.ascontiguousarray(self.texts.questions, np.float32))
        if not self.dense.is_exact:
            self.dense.save(folder / f"hnsw-{number}.faiss")


def load_vectors(folder: Path, number: int, model: str) -> tuple[EmbeddedTexts, DenseIndex]:
    """Read what `VectorField.save` wrote. Raises OSError, ValueError or RuntimeError."""
    rows: Vectors = np.load(_field_path(folder, "rows", number), allow_pickle=False)
    questions: Vectors = np.load(_field_path(folder, "questions", number), allow_pickle=False)
    hnsw = folder / f"hnsw-{number}.faiss"
    dense = DenseIndex.load(hnsw) if hnsw.exists() else DenseIndex.build(rows, exact=True)
    return EmbeddedTexts(model, rows, questions), dense


def _field_path(folder: Path, what: str, number: int) -> Path:
    return folder / f"{what}-{number}.npy"
