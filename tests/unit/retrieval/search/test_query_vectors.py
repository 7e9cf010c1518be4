"""The vectors of questions."""

from __future__ import annotations

import gc
from typing import Any

import pytest

from retrieval.models.embedding_models import EmbeddingModels
from retrieval.search import query_vectors
from retrieval.search.query_vectors import QuestionVectors
from tests.support.word_embedder import WordEmbedder

TEXTS = ["How do I return goods?", "What does shipping cost?"]


def test_only_the_models_that_are_named_are_asked_and_once_a_question() -> None:
    one, other = WordEmbedder("one"), WordEmbedder("other")
    vectors = QuestionVectors(EmbeddingModels((one, other)))
    [first, second] = vectors.embed_texts(TEXTS, ["one"])
    assert list(first) == ["one"] and (one.texts, other.texts) == (TEXTS, [])
    both = vectors.embed_texts([*TEXTS, TEXTS[0]], ["one", "other"])
    assert (one.texts, other.texts) == (TEXTS, TEXTS)
    assert both[0]["one"] is first["one"] and both[1]["one"] is second["one"]
    assert both[0]["other"] is both[2]["other"]
    assert vectors.embed_texts(TEXTS, []) == [{}, {}]


def test_the_oldest_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(query_vectors, "REMEMBERED", 2)
    model = WordEmbedder()
    vectors = QuestionVectors(EmbeddingModels((model,)))
    for text in ("a", "b", "a", "c", "a", "b"):
        vectors.embed_texts([text], ["words"])
    assert model.texts == ["a", "b", "c", "b"]


def test_no_text_of_a_question_is_kept() -> None:
    model = WordEmbedder()
    vectors = QuestionVectors(EmbeddingModels((model,)))
    vectors.embed_texts(["my name is Mei Lin"], ["words"])
    model.texts.clear()
    assert "Mei Lin" not in " ".join(map(repr, _held_by(vectors)))


def _held_by(thing: object) -> list[Any]:
    held: list[Any] = []
    seen: set[int] = set()
    waiting: list[Any] = [vars(thing)]
    while waiting:
        each = waiting.pop()
        if id(each) not in seen and not isinstance(each, type):
            seen.add(id(each))
            held += [each] if isinstance(each, str) else []
            waiting += gc.get_referents(each) if isinstance(each, (dict, tuple, list)) else []
    return held
