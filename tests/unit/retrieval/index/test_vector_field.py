"""The vectors of one model in an index."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retrieval.documents import Document
from retrieval.index.build import build_index
from retrieval.index.vector_field import VectorField, load_vectors
from tests.support.word_embedder import WordEmbedder

PAGES = [
    Document("https://shop.test/1", "How do I return goods?", "Post them.", alternatives=("send goods back",)),
    Document("https://shop.test/2", "What does shipping cost?", "Four euros."),
]
WORDINGS = ["How do I return goods?", "send goods back", "What does shipping cost?"]


def field_of(model: WordEmbedder, exact_below: int = 50_000) -> VectorField:
    return build_index(PAGES, model, exact_below=exact_below).fields[0]


def test_wordings_are_compared_as_texts_and_as_a_customers_question_is() -> None:
    model = WordEmbedder(tells_questions_apart=True)
    field, vector = field_of(model), model.embed_queries(["send goods back"])[0]
    as_texts = field.compare_wordings(vector, np.arange(3), as_questions=False)
    as_questions = field.compare_wordings(vector, np.arange(3), as_questions=True)
    np.testing.assert_allclose(as_texts, model.embed_documents(WORDINGS) @ vector, rtol=1e-5)
    np.testing.assert_allclose(as_questions, model.embed_queries(WORDINGS) @ vector, rtol=1e-5)
    assert as_questions[1] == pytest.approx(1) and as_texts[1] < 0.99


def test_a_model_that_embeds_both_alike_keeps_no_vectors_of_questions() -> None:
    field, vector = field_of(WordEmbedder()), WordEmbedder().embed_queries(["goods"])[0]
    assert not field.tells_questions_apart and len(field.texts.questions) == 0
    one, other = (field.compare_wordings(vector, np.arange(3), as_questions=each) for each in (True, False))
    assert np.array_equal(one, other)


@pytest.mark.parametrize("exact_below", [50_000, 1])
def test_what_is_saved_is_read_again(tmp_path: Path, exact_below: int) -> None:
    model = WordEmbedder(tells_questions_apart=True)
    field = field_of(model, exact_below)
    field.save(tmp_path, 3)
    texts, dense = load_vectors(tmp_path, 3, model.fingerprint)
    assert texts.model == model.fingerprint
    assert np.array_equal(texts.rows, field.rows) and np.array_equal(texts.questions, field.texts.questions)
    assert dense.is_exact == (exact_below > 1)
    assert np.array_equal(dense.search(field.rows, 1), field.dense.search(field.rows, 1))


def test_vectors_that_are_not_there_are_no_vectors(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        load_vectors(tmp_path, 0, "words@test")
