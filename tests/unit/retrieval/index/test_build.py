"""An index is made with what an earlier one has, model by model."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from retrieval.documents import Document
from retrieval.errors import CorruptVersion, RefreshError
from retrieval.index.build import build_index, verify_index
from retrieval.index.index import Index, models_of
from tests.support.word_embedder import WordEmbedder

PAGES = [
    Document("https://shop.test/1", "How do I return goods?", "Post them.", alternatives=("send goods back",)),
    Document("https://shop.test/2", "What does shipping cost?", "Four euros."),
]
TEXTS = 5  # to embed: both questions with their answers, and the three wordings


def pair() -> tuple[WordEmbedder, WordEmbedder]:
    return WordEmbedder("one"), WordEmbedder("other", 16, tells_questions_apart=True)


def test_each_model_has_a_field_of_its_own_over_the_same_texts() -> None:
    one, other = pair()
    index = build_index(PAGES, [one, other])
    assert [field.model for field in index.fields] == [one.fingerprint, other.fingerprint]
    assert [field.rows.shape for field in index.fields] == [(TEXTS, 32), (TEXTS, 16)]
    assert [len(field.texts.questions) for field in index.fields] == [0, 3]


def test_nothing_is_embedded_twice_and_a_model_that_comes_along_embeds_all() -> None:
    one, other = pair()
    first = build_index(PAGES, one)
    one.texts.clear()
    progress: list[tuple[int, int]] = []
    both = build_index(PAGES, [one, other], previous=first, on_progress=lambda *told: progress.append(told))
    assert one.texts == [] and len(other.texts) == TEXTS + 3
    assert progress[-1] == (TEXTS + 3, TEXTS + 3)
    other.texts.clear()
    again = build_index(PAGES, [other, one], previous=both)
    assert one.texts == other.texts == []
    assert np.array_equal(again.fields[0].rows, both.fields[1].rows)
    assert np.array_equal(again.fields[0].texts.questions, both.fields[1].texts.questions)


def test_a_change_embeds_what_changed_by_every_model() -> None:
    one, other = pair()
    before = build_index(PAGES, [one, other])
    one.texts.clear(), other.texts.clear()
    build_index([PAGES[0], replace(PAGES[1], answer="Five euros.")], [one, other], previous=before)
    assert one.texts == other.texts == ["What does shipping cost?\nFive euros."]


def test_a_model_that_is_left_out_leaves_its_field_behind() -> None:
    one, other = pair()
    index = build_index(PAGES, one, previous=build_index(PAGES, [one, other]))
    assert [field.model for field in index.fields] == [one.fingerprint]


def test_an_index_is_read_with_the_fields_that_are_wanted(tmp_path: Path) -> None:
    one, other = pair()
    index = build_index(PAGES, [one, other])
    index.save(tmp_path)
    assert models_of(tmp_path) == [one.fingerprint, other.fingerprint]
    loaded = Index.load(tmp_path, [other.fingerprint, "unheard-of@1"])
    assert [field.model for field in loaded.fields] == [other.fingerprint]
    assert np.array_equal(loaded.fields[0].rows, index.fields[1].rows)
    assert loaded.documents == PAGES


def test_an_index_from_before_there_were_several_models_has_its_words_alone(tmp_path: Path) -> None:
    build_index(PAGES, WordEmbedder()).save(tmp_path)
    (tmp_path / "models.json").unlink()
    loaded = Index.load(tmp_path)
    assert loaded.fields == () and loaded.documents == PAGES


@pytest.mark.parametrize("text", ["{ half", json.dumps(["words@test", "another@test"])])
def test_a_list_of_models_that_is_damaged_is_one_clear_line(tmp_path: Path, text: str) -> None:
    build_index(PAGES, WordEmbedder()).save(tmp_path)
    (tmp_path / "models.json").write_text(text)
    with pytest.raises(CorruptVersion, match="refresh --force") as raised:
        Index.load(tmp_path)
    assert "\n" not in str(raised.value)


def test_the_vectors_of_every_model_are_checked(tmp_path: Path) -> None:
    one, other = pair()
    index = build_index(PAGES, [one, other])
    index.save(tmp_path)
    verify_index(tmp_path, index, [one, other])  # type: ignore[arg-type]
    np.save(tmp_path / "rows-1.npy", 2 * index.fields[1].rows)
    with pytest.raises(RefreshError, match="length 1"):
        verify_index(tmp_path, index, [one, other])  # type: ignore[arg-type]
    with pytest.raises(RefreshError, match="unheard@test"):
        verify_index(tmp_path, index, WordEmbedder("unheard"))


def test_an_index_laid_over_another_keeps_the_models_that_both_have() -> None:
    one, other = pair()
    base, added = build_index(PAGES, [one, other]), build_index([Document("", "Who?", "Me.", author="Mei")], other)
    extended = base.with_additions(added, np.zeros((0, 2), np.int64))
    assert [field.model for field in extended.fields] == [other.fingerprint]
    assert extended.fields[0].rows.shape == (TEXTS + 2, 16)
    assert len(extended.fields[0].texts.questions) == 4
    query = other.embed_documents(["Who?"])
    assert extended.fields[0].dense.search(query, 1)[0, 0] == TEXTS + 1
