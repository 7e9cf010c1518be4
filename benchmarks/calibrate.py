"""Fits the coefficients of `retrieval/searching/calibration.py` and shows what they do on a set that was left out.

    python -m benchmarks.calibrate

A ridge-penalised logistic regression on whether the first document is right; sets count alike. All but the query's
length may only raise the confidence. Run `benchmarks.fit_fusion` first: the features depend on the weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from benchmarks import question_sets
from benchmarks.fit_fusion import related
from benchmarks.question_sets import Example
from bot.answers.metrics import Outcome, figures
from retrieval.searching import calibration
from retrieval.searching.calibration import INTERCEPT

USED = {
    "semantic": ("dominance", "cos_best", "known", "length"),
    "lexical": ("dominance", "content_share"),
    "bridged": ("score", "dominance", "content_share"),
}
# Unanswerable questions of this set are near others' answers and not labelled so: no measure of confidence.
NOT_FITTED_ON = ("atec_zh",)
RIDGE = 0.001
Floats = npt.NDArray[np.float64]
Coefficients = dict[str, float]


def fit(sets: Sequence[list[Example]], names: Sequence[str]) -> Coefficients:
    """Coefficients by feature, for features as they are (not standardised)."""
    some = [example for examples in sets for example in examples if example.features]
    features = np.array([[example.features[name] for name in names] for example in some])
    right = np.array([float(example.right) for example in some])
    shares = np.concatenate([np.full(sum(bool(e.features) for e in s), 1 / len(s)) for s in sets]) / len(sets)
    centre, spread = features.mean(axis=0), features.std(axis=0) + 1e-9
    inputs = np.column_stack([(features - centre) / spread, np.ones(len(some))])

    def loss(slopes: Floats) -> tuple[float, Floats]:
        z = inputs @ slopes
        ridge = RIDGE * np.append(slopes[:-1], 0)
        gradient = inputs.T @ (shares * (1 / (1 + np.exp(-z)) - right))
        return float(shares @ (np.logaddexp(0, z) - right * z) + ridge @ slopes), gradient + 2 * ridge

    bounds = [(None, None) if name == "length" else (0, None) for name in names] + [(None, None)]
    slopes = minimize(loss, np.zeros(len(names) + 1), jac=True, method="L-BFGS-B", bounds=bounds).x
    raw = slopes[:-1] / spread
    return {INTERCEPT: float(slopes[-1] - raw @ centre)} | dict(zip(names, raw.tolist(), strict=True))


def outcomes(some: Sequence[Example], coefficients: Mapping[str, float], threshold: float) -> list[Outcome]:
    """What the examples would have come to with these coefficients."""
    results = []
    for example in some:
        confidence = calibration.confidence(example.features, coefficients)
        ranked = ("right" if example.right else "wrong",)
        results.append(
            Outcome(ranked, frozenset({"right"}), example.answerable, confidence, answered=confidence >= threshold)
        )
    return results


def report(title: str, some: Sequence[Example], coefficients: Mapping[str, float]) -> None:
    """Print the figures that confidence decides."""
    values = figures(outcomes(some, coefficients, calibration.DEFAULT_THRESHOLD))
    wanted = ("P@1", "AUROC", "cov@P95", "cov@P90", "FA@90", "ECE", "answered", "right_of_answered", "false_answers")
    print(f"  {title:24} " + " ".join(f"{name} {values[name]:.3f}" for name in wanted if name in values))


def main() -> None:
    """Print coefficients and figures for each profile."""
    everything = question_sets.load()
    for name, used in USED.items():
        sets = {key: some for key, some in everything.items() if some[0].profile == name}
        fitted_on = {key: some for key, some in sets.items() if key not in NOT_FITTED_ON}
        coefficients = fit(list(fitted_on.values()), used)
        print(f"\n{name}: " + ", ".join(f'"{key}": {value:.3f}' for key, value in coefficients.items()))
        for key, some in sets.items():
            others = [s for other, s in fitted_on.items() if other != key and not related(other, key)]
            if others:
                report(f"{key} left out", some, fit(others, used))
            report(f"{key} fitted", some, coefficients)
            report(f"{key} shipped", some, calibration.COEFFICIENTS[name])


if __name__ == "__main__":
    main()
