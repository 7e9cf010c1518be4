"""Weights, coefficients and thresholds are data: which of them a search takes, and what becomes of a broken file."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from retrieval.errors import ModelError
from retrieval.models.embedding_models import combine_models
from retrieval.search.calibration import INTERCEPT
from retrieval.search.fitted import load_fitted, name_fit, read_fitted
from retrieval.search.profiles import GENERIC, Fitted
from tests.support.embedding import default_embedder
from tests.support.word_embedder import WordEmbedder

BOTH = ("all-MiniLM-L6-v2", "multilingual-e5-small")
SHIPPED = load_fitted(default_embedder())


def chosen(query: str, documents: str, worded: bool = False, available: Sequence[str] = BOTH) -> list[str]:
    return [each.name for each in SHIPPED.choose_profiles(query, documents, worded=worded, available=available)]


def test_the_models_of_an_installation_have_a_fit_of_their_own() -> None:
    assert (SHIPPED.models, SHIPPED.origin) == (BOTH, "these models")
    for profile in SHIPPED.profiles:
        assert 0 < profile.suggest < profile.answer < 1, profile.name
        assert INTERCEPT in profile.confidence and set(profile.models) <= set(BOTH)
        assert min(profile.weights.values()) >= 0


@pytest.mark.parametrize(
    ("worded", "names"), [(False, ["english", "english-both"]), (True, ["wordings", "wordings-both"])]
)
def test_english_is_looked_at_by_the_english_model_first_and_by_both_when_that_is_not_sure(
    worded: bool, names: list[str]
) -> None:
    first, then = SHIPPED.choose_profiles("en", "en", worded=worded, available=BOTH)
    assert [first.name, then.name] == names
    assert (first.models, then.models) == (BOTH[:1], BOTH)


@pytest.mark.parametrize("worded", [False, True])
@pytest.mark.parametrize(("query", "documents"), [("zh", "zh"), ("de", "de"), ("zh", "en"), ("en", "zh"), ("ja", "en")])
def test_other_languages_are_looked_at_by_the_multilingual_model_at_once(
    query: str, documents: str, worded: bool
) -> None:
    [profile] = SHIPPED.choose_profiles(query, documents, worded=worded, available=BOTH)
    assert profile.models == BOTH[1:]
    assert profile.name == ("same-language" if query == documents else "across")


def test_a_profile_of_a_model_that_the_index_lacks_is_passed_over() -> None:
    assert chosen("en", "en", available=BOTH[:1]) == ["english"]
    assert chosen("zh", "zh", available=BOTH[:1]) == ["words"]
    assert chosen("en", "en", available=BOTH[1:]) == ["same-language"]
    assert chosen("en", "en", available=()) == chosen("zh", "en", available=()) == ["words"]


def test_the_first_model_is_best_at_english() -> None:
    assert SHIPPED.best_languages == {"en"}


def test_a_teams_own_fit_comes_first_and_one_that_is_not_there_is_none(tmp_path: Path) -> None:
    own = tmp_path / "fit.json"
    assert load_fitted(default_embedder(), own).origin == "these models"
    profile = {"name": "words", "weights": {"overlap": 2}, "confidence": {INTERCEPT: -1}, "query": ["en"]}
    own.write_text(json.dumps({"models": BOTH, "profiles": [profile]}))
    fitted = load_fitted(default_embedder(), own)
    assert (fitted.origin, fitted.profiles[0].query) == ("this team's questions", frozenset({"en"}))


@pytest.mark.parametrize(
    "text", ["", "{ half", "[]", "{}", '{"models": [], "profiles": [{"name": "x"}]}', '{"models": [], "profiles": [3]}']
)
def test_a_fit_that_cannot_be_read_is_one_clear_line(tmp_path: Path, text: str) -> None:
    own = tmp_path / "fit.json"
    own.write_text(text)
    with pytest.raises(ModelError, match="is no fit of a search") as raised:
        load_fitted(default_embedder(), own)
    assert str(own) in str(raised.value) and "\n" not in str(raised.value)


def test_a_fit_without_a_profile_for_words_is_none() -> None:
    with pytest.raises(ModelError, match="is no fit of a search"):
        read_fitted('{"models": [], "profiles": []}', "fit.json", "mine")


def test_models_that_nobody_has_fitted_get_the_generic_fit() -> None:
    fitted = load_fitted(combine_models([WordEmbedder("one"), WordEmbedder("other")]))
    assert isinstance(fitted, Fitted)
    assert (fitted.models, fitted.origin, fitted.best_languages) == (("one", "other"), GENERIC, frozenset())
    [first] = fitted.choose_profiles("zh", "en", worded=True, available=("one", "other"))
    assert first.models == ("one", "other")


def test_a_fits_file_has_a_name_that_any_disk_can_hold() -> None:
    assert name_fit(["BAAI/bge m3", "e5"]) == "BAAI_bge_m3+e5"
