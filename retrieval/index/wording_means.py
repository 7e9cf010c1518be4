"""What the wordings of one question have in common, in the directions that tell questions apart.

Where many documents come with several wordings, these show along which directions of the vector space wordings of one
question differ: those say how somebody speaks, not what is asked. They are given less weight (linear discriminant
analysis: the space is whitened by the covariance within documents), and a document is the mean of its wordings there.
"""

from __future__ import annotations

import numpy as np

from retrieval.index.lexical_field import Places, Scores
from retrieval.interfaces import Vectors

SHRINKAGE = 5.0  # times the mean variance, added to every direction: some hundred wordings say little of 384
SEVERAL, MOSTLY = 3, 0.5  # wordings, and the share of the documents that has so many


class WordingMeans:
    """`rows` (n, dimension) are vectors of wordings, `counts` (documents,) how many of them belong to each document,
    in order."""

    def __init__(self, rows: Vectors, counts: Places) -> None:
        starts = np.cumsum(counts) - counts
        means = np.add.reduceat(rows, starts) / counts[:, None]
        several = np.repeat(counts > 1, counts)
        spread = (rows - np.repeat(means, counts, axis=0))[several]
        covariance = spread.T @ spread / max(1, len(spread))
        evenly = SHRINKAGE * np.trace(covariance) / len(covariance) or 1.0
        values, vectors = np.linalg.eigh(covariance.astype(np.float64) + evenly * np.eye(len(covariance)))
        self._whitening: Scores = ((vectors * values**-0.5) @ vectors.T).astype(np.float32)
        self._means = _normalise_rows(means @ self._whitening)

    def compare_documents(self, vector: Scores, documents: Places) -> Scores:
        """-> (documents,) cosine of a query's vector with each document's mean."""
        cosines: Scores = self._means[documents] @ _normalise_rows((vector @ self._whitening)[None])[0]
        return cosines


def mostly_worded(counts: Places) -> bool:
    """Whether most documents have several wordings; `counts` (documents,) tells how many each has."""
    return len(counts) > 0 and float(np.mean(counts >= SEVERAL)) >= MOSTLY


def _normalise_rows(rows: Vectors) -> Vectors:
    unit: Vectors = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9)
    return unit
