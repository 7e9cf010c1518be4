"""The mean wordings of documents."""

from __future__ import annotations

import numpy as np

from retrieval.index.wording_means import WordingMeans, mostly_worded


def wordings(random: np.random.Generator) -> np.ndarray:
    """Two questions with 30 wordings each: told apart by the first direction, while the second only says how."""
    about = np.repeat([[1.0, 0, 1, 0], [-1.0, 0, 1, 0]], 30, axis=0)
    manner = random.normal(0, 1, (60, 1)) * np.array([[0, 3.0, 0, 0]])
    rows = about + manner + random.normal(0, 0.1, (60, 4))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def test_the_manner_of_speaking_counts_for_less() -> None:
    rows = wordings(np.random.default_rng(0))
    means = WordingMeans(rows, np.array([30, 30]))
    query = np.array([0.3, -0.9, 0.3, 0], np.float32)  # as odd a manner as may be
    first, second = means.compare_documents(query / np.linalg.norm(query), np.array([0, 1]))
    plain = [float(rows[:30].mean(axis=0) @ query), float(rows[30:].mean(axis=0) @ query)]
    assert first - second > abs(plain[0] - plain[1])


def test_with_one_wording_each_it_is_the_cosine() -> None:
    rows = np.eye(4, dtype=np.float32)
    assert np.allclose(
        WordingMeans(rows, np.ones(4, np.int64)).compare_documents(rows[2], np.arange(4)), rows[2], atol=1e-5
    )


def test_when_a_faq_is_mostly_worded() -> None:
    assert mostly_worded(np.array([3, 5, 1])) and not mostly_worded(np.array([3, 1, 1]))
    assert not mostly_worded(np.zeros(0, np.int64))
