"""One question searched by one profile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from retrieval.documents import Document
from retrieval.index.build import build_index
from retrieval.index.index import Index
from retrieval.search.calibration import INTERCEPT
from retrieval.search.fitted import load_fitted
from retrieval.search.profiles import Profile
from retrieval.search.query_vectors import QuestionVectors
from retrieval.search.search import Search, SearchOutcome
from tests.support.embedding import default_embedder
from tests.support.word_embedder import WordEmbedder

PAGES = [
    Document("https://shop.test/1", "How do I return goods?", "Post them within thirty days.", language="en"),
    Document("https://shop.test/2", "What does shipping cost?", "Four euros.", language="en"),
    Document("https://shop.test/3", "Can I pay by invoice?", "Companies can.", language="en"),
]
LAMPS = [
    Document(f"https://shop.test/{lamp}", f"How bright is the {lamp} lamp?", answer, language="en")
    for lamp, answer in (("Aurora", "400 lumen."), ("Boreal", "900 lumen."))
]
INDEX = build_index([*PAGES, *LAMPS], default_embedder())
PROFILES = {profile.name: profile for profile in load_fitted(default_embedder()).profiles}


def run(text: str, profile: str = "english", index: Index = INDEX, context: Sequence[str] = ()) -> SearchOutcome:
    return Search(index, text, "en", (), context, QuestionVectors(default_embedder())).search_by(PROFILES[profile])


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_every_profile_finds_what_is_asked_and_shows_the_signals_that_it_weighs(profile: str) -> None:
    found = run("How do I return the goods?", profile)
    first, *others = found.score_passages(INDEX, 3)
    assert first.passage.document == PAGES[0] and len(others) <= 2
    assert list(first.signals) == list(PROFILES[profile].weights)
    assert all(first.score >= other.score for other in others)
    assert found.confidence >= found.profile.suggest


@pytest.mark.parametrize(
    ("text", "certain"),
    [("how do i return goods", True), ("How do I return the goods?", False), ("Do goods return how I?", False)],
)
def test_what_is_asked_word_for_word_is_answered_however_unsure_the_model(text: str, certain: bool) -> None:
    profile = PROFILES["english"]
    unsure = replace(profile, confidence=profile.confidence | {INTERCEPT: -30.0})
    found = Search(INDEX, text, "en", (), (), QuestionVectors(default_embedder())).search_by(unsure)
    assert (found.confidence >= profile.answer) is certain


def test_a_search_by_words_needs_no_vector() -> None:
    found = run("shipping cost", "words", build_index(PAGES, WordEmbedder()))
    assert found.score_passages(INDEX, 1)[0].passage.document == PAGES[1]


def test_of_a_question_about_several_things_the_family_is_told_where_it_names_none() -> None:
    found = run("How bright is the lamp?")
    passages = found.score_passages(INDEX, 5)
    assert {each.passage.document for each in found.list_family(passages)} == set(LAMPS)
    named = run("How bright is the Boreal lamp?")
    passages = named.score_passages(INDEX, 5)
    assert passages[0].passage.document == LAMPS[1] and named.list_family(passages) == ()


def test_a_question_goes_on_with_what_was_asked() -> None:
    found = run("and what about the Boreal?", context=("How bright is the Aurora lamp?", "400 lumen."))
    assert found.score_passages(INDEX, 1)[0].passage.document == LAMPS[1]


def test_nothing_is_found_where_nothing_is() -> None:
    found = run("How do I return goods?", index=build_index([], default_embedder()))
    assert (found.score_passages(INDEX, 5), found.features, found.confidence) == ((), {}, 0.0)


def test_what_is_not_weighed_is_not_measured() -> None:
    profile = Profile("overlap", {"overlap": 1.0}, {"intercept": 0.0})
    found = Search(INDEX, "return goods", "en", (), (), QuestionVectors(default_embedder())).search_by(profile)
    assert found.candidates.values.shape[1] == 1
    assert found.score_passages(INDEX, 1)[0].passage.document == PAGES[0]
