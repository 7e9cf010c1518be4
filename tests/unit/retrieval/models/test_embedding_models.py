"""Several embedding models as one."""

from __future__ import annotations

from retrieval.models.embedding_models import EmbeddingModels, combine_models, name_model
from tests.support.embedding import default_embedder, multilingual_embedder, plain_embedder
from tests.support.word_embedder import WordEmbedder

ONE, OTHER = WordEmbedder("one"), WordEmbedder("other")


def test_one_model_several_and_models_already_combined_are_all_the_same_to_an_index() -> None:
    both = EmbeddingModels((ONE, OTHER))
    assert combine_models(ONE).models == (ONE,)
    assert combine_models([ONE, OTHER]) == both
    assert combine_models(both) is both


def test_the_fingerprint_names_every_model_and_the_first_one_measures_texts() -> None:
    both = combine_models([ONE, OTHER])
    assert both.fingerprint == "one@test + other@test"
    assert combine_models([OTHER, ONE]).fingerprint != both.fingerprint
    assert both.max_tokens == ONE.max_tokens
    assert both.count_tokens("three words here") == 3


def test_a_model_is_found_by_its_fingerprint_and_called_by_its_name() -> None:
    both = combine_models([ONE, OTHER])
    assert both.find_model("other@test") is OTHER
    assert both.find_model("other@another-precision") is None
    assert name_model(OTHER.fingerprint) == "other"


def test_without_settings_there_are_the_english_model_and_the_multilingual_one() -> None:
    assert default_embedder().models == (plain_embedder(), multilingual_embedder())
    names = [name_model(model.fingerprint) for model in default_embedder().models]
    assert names == ["all-MiniLM-L6-v2", "multilingual-e5-small"]
