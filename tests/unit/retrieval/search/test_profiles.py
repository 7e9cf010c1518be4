"""What a search is weighed by, and for which questions."""

from __future__ import annotations

import pytest

from retrieval.search.profiles import Profile, name_signal

WEIGHTS = {name_signal("cos_best", "one"): 2.0, "overlap": 1.0, "cos_question:other": 0.5, "cos_passage:one": 0.0}
EN = frozenset({"en"})


def test_a_profile_tells_its_models_and_its_highest_score() -> None:
    profile = Profile("mine", WEIGHTS, {})
    assert profile.models == ("one", "other")
    assert profile.total == 3.5
    assert Profile("words", {"overlap": 1.0}, {}).models == ()


@pytest.mark.parametrize(
    ("profile", "fitting"),
    [
        (Profile("any", {}, {}), {("en", "en", False), ("zh", "en", True), ("de", "de", False)}),
        (Profile("english", {}, {}, query=EN, documents=EN), {("en", "en", False)}),
        (Profile("to English", {}, {}, documents=EN), {("en", "en", False), ("zh", "en", True)}),
        (Profile("same", {}, {}, same_language=True), {("en", "en", False), ("de", "de", False)}),
        (Profile("across", {}, {}, same_language=False), {("zh", "en", True)}),
        (Profile("worded", {}, {}, worded=True), {("zh", "en", True)}),
    ],
    ids=lambda each: each.name if isinstance(each, Profile) else "",
)
def test_it_is_for_the_languages_and_indexes_that_it_names(
    profile: Profile, fitting: set[tuple[str, str, bool]]
) -> None:
    kinds = [("en", "en", False), ("zh", "en", True), ("de", "de", False)]
    assert {kind for kind in kinds if profile.fits_languages(*kind)} == fitting
