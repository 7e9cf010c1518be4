"""The generic fit is scaled to each model's own cosines."""

from __future__ import annotations

import numpy as np
import pytest

from retrieval.search.generic_profile import Background, measure_background, scale_profile
from retrieval.search.profiles import Profile
from tests.support.embedding import multilingual_embedder, plain_embedder

PROFILE = Profile("any", {"cos_best:*": 2.0, "overlap": 1.0}, {"cos_best:*": 0.5, "lead": 0.3, "intercept": -1.0})


def test_what_means_nothing_is_measured_for_each_model() -> None:
    plain, multilingual = measure_background(plain_embedder()), measure_background(multilingual_embedder())
    assert abs(plain.mean) < 0.2 < 0.6 < multilingual.mean < 0.9  # e5 finds all texts alike
    assert 0 < multilingual.spread < plain.spread < 0.2


def test_weights_count_in_standard_deviations_shared_by_the_models() -> None:
    scaled = scale_profile(PROFILE, {"one": Background(0.1, 0.1), "other": Background(0.8, 0.02)})
    assert scaled.weights == pytest.approx({"cos_best:one": 10, "cos_best:other": 50, "overlap": 1})
    assert scaled.confidence["lead"] == 0.3
    assert (scaled.name, scaled.models) == ("any", ("one", "other"))


@pytest.mark.parametrize(("mean", "spread"), [(0.1, 0.1), (0.8, 0.02)])
def test_a_text_as_far_above_chance_is_as_sure_by_any_model(mean: float, spread: float) -> None:
    scaled = scale_profile(PROFILE, {"mine": Background(mean, spread)})
    above = [scaled.confidence["cos_best:mine"] * (mean + n * spread) + scaled.confidence["intercept"] for n in (0, 4)]
    assert np.allclose(above, [-1.0, 1.0])
