"""Fits the weights of `retrieval/searching/fusion.py` and shows what they do on a set that was left out.

    python -m benchmarks.fit_fusion

A softmax over a query's candidates is fitted by maximum likelihood: weights not below 0, ridge-penalised, every set
counting alike. The penalty is the one whose weights rank best on the sets left out.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from benchmarks import question_sets
from benchmarks.question_sets import Example
from retrieval.searching.fusion import PROFILES
from retrieval.searching.signals import SIGNALS

PENALTIES = (0.003, 0.01, 0.03, 0.1)
MOST_QUERIES = 400  # of one set
Floats = npt.NDArray[np.float64]
Sets = dict[str, list[Example]]


def fit(sets: Sequence[list[Example]], penalty: float) -> Floats:
    """-> (len(SIGNALS),) weights."""
    rows = [(example, 1 / len(some) / len(sets)) for some in sets for example in some]
    width = max(len(example.values) for example, _ in rows)
    values = np.zeros((len(rows), width, len(SIGNALS)))
    present = np.full((len(rows), width), -np.inf)
    right = np.full((len(rows), width), -np.inf)
    shares = np.array([share for _, share in rows])
    for row, (example, _) in enumerate(rows):
        count = len(example.values)
        values[row, :count] = example.values
        present[row, :count] = 0
        right[row, :count] = np.where(example.relevant, 0, -np.inf)

    def loss(weights: Floats) -> tuple[float, Floats]:
        scores = values @ weights
        log_all, p_all = _softmax(scores + present)
        log_right, p_right = _softmax(scores + right)
        gradient = np.einsum("qc,qcs->qs", p_all - p_right, values)
        ridge = penalty / 100
        return float(
            shares @ (log_all - log_right) + ridge * weights @ weights
        ), shares @ gradient + 2 * ridge * weights

    start = np.full(len(SIGNALS), 5.0)
    bounds = [(0, None)] * len(SIGNALS)
    result = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 200})
    return np.asarray(result.x)


def _softmax(scores: Floats) -> tuple[Floats, Floats]:
    top = scores.max(axis=1, keepdims=True)
    powers = np.exp(scores - top)
    total = powers.sum(axis=1, keepdims=True)
    return (np.log(total) + top)[:, 0], powers / total


def precision(some: Sequence[Example], weights: Floats) -> float:
    """P@1 over the answerable."""
    return float(np.mean([e.relevant[np.argmax(e.values @ weights)] for e in some if e.answerable and len(e.values)]))


def sample(some: list[Example]) -> list[Example]:
    """The queries that can be learnt from, a bounded number of them."""
    usable = [example for example in some if example.answerable and example.relevant.any()]
    if len(usable) <= MOST_QUERIES:
        return usable
    chosen = np.random.default_rng(0).choice(len(usable), MOST_QUERIES, replace=False)
    return [usable[number] for number in chosen]


def related(one: str, other: str) -> bool:
    """Whether two sets share questions, so that neither may be fitted on to judge the other."""
    return one.split("_")[0] == other.split("_")[0] == "stackfaq"


def left_out(sets: Sets, penalty: float) -> dict[str, float]:
    """P@1 on each set by weights fitted on the others."""
    samples = {name: sample(some) for name, some in sets.items()}
    return {
        name: precision(
            some, fit([s for other, s in samples.items() if other != name and not related(other, name)], penalty)
        )
        for name, some in sets.items()
    }


def main() -> None:
    """Print weights and figures for each profile."""
    everything = question_sets.load()
    for profile in PROFILES.values():
        sets = {name: some for name, some in everything.items() if some[0].profile == profile.name}
        if len(sets) < 2:
            print(f"\n{profile.name}: {len(sets)} set, too few to fit on and to judge by")
            continue
        trials = {penalty: left_out(sets, penalty) for penalty in PENALTIES}
        penalty = max(trials, key=lambda penalty: np.mean(list(trials[penalty].values())))
        weights = fit([sample(some) for some in sets.values()], penalty)
        print(f"\n{profile.name}: penalty {penalty}")
        print("  fitted ", dict(zip(SIGNALS, weights.round(1).tolist(), strict=True)))
        print("  shipped", dict(zip(SIGNALS, profile.weights, strict=True)))
        print(f"  {'P@1':14} {'left out':>9} {'fitted':>9} {'shipped':>9}   best single signal")
        for name, some in sets.items():
            single = {signal: precision(some, row) for signal, row in zip(SIGNALS, np.eye(len(SIGNALS)), strict=True)}
            best = max(single, key=single.__getitem__)
            row = (trials[penalty][name], precision(some, weights), precision(some, np.array(profile.weights)))
            print(f"  {name:14} " + " ".join(f"{value:9.3f}" for value in row) + f"   {single[best]:.3f} {best}")


if __name__ == "__main__":
    main()
