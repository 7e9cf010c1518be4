"""Vectors of sentences, each made once."""

from __future__ import annotations

import numpy as np

from bot.answering.attribution.sentence_vectors import SentenceVectors
from tests.support.word_embedder import WordEmbedder


def test_a_sentence_is_embedded_once_alone_or_among_others() -> None:
    model, vectors = WordEmbedder(), SentenceVectors()
    first = vectors.embed_sentences(["Tea is free.", "Returns take a week.", "Tea is free."], model)
    again = vectors.embed_sentences(["Returns take a week."], model)
    assert model.texts == ["Tea is free.", "Returns take a week."]
    assert np.array_equal(again["Returns take a week."], first["Returns take a week."])


def test_each_model_has_its_own_vectors() -> None:
    one, other, vectors = WordEmbedder("one", 8), WordEmbedder("other", 16), SentenceVectors()
    assert vectors.embed_sentences(["Tea."], one)["Tea."].shape == (8,)
    assert vectors.embed_sentences(["Tea."], other)["Tea."].shape == (16,)


def test_only_the_last_sentences_are_remembered() -> None:
    model, vectors = WordEmbedder(), SentenceVectors(remembered=2)
    for text in ("a", "b", "a", "c", "a", "b"):
        vectors.embed_sentences([text], model)
    assert model.texts == ["a", "b", "c", "b"]
