"""Fits the weights of `retrieval/searching/profiles.py` and shows what they do on a set that was left out.

    python -m benchmarks.fit_fusion

A softmax over a query's candidates is fitted by maximum likelihood: weights not below 0, ridge-penalised, every set
counting alike. The penalty is the one whose weights rank best on the sets left out.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from benchmarks import question_sets
from benchmarks.question_sets import Example
from retrieval.searching.profiles import PROFILES, SIGNALS, Profile

PENALTIES = (0.003, 0.01, 0.03, 0.1)
MOST_QUERIES = 400  # of one set
MOST_CANDIDATES = 60  # of one query
Floats = npt.NDArray[np.float64]
Sets = dict[str, list[Example]]


def columns(profile: Profile) -> list[int]:
    """The signals that a profile weighs, as columns."""
    return [SIGNALS.index(name) for name in profile.weights]


def fit(sets: Sequence[list[Example]], used: Sequence[int], penalty: float) -> Floats:
    """-> (len(used),) weights of the signals in these columns."""
    rows = [(example, 1 / len(some) / len(sets)) for some in sets for example in some]
    values = np.zeros((len(rows), MOST_CANDIDATES, len(used)))
    present = np.full((len(rows), MOST_CANDIDATES), -np.inf)
    right = np.full((len(rows), MOST_CANDIDATES), -np.inf)
    shares = np.array([share for _, share in rows])
    for row, (example, _) in enumerate(rows):
        chosen = likeliest(example, used)
        values[row, : len(chosen)] = example.candidates.values[np.ix_(chosen, used)]
        present[row, : len(chosen)] = 0
        right[row, : len(chosen)] = np.where(example.relevant[chosen], 0, -np.inf)

    def loss(weights: Floats) -> tuple[float, Floats]:
        scores = values @ weights
        log_all, p_all = _softmax(scores + present)
        log_right, p_right = _softmax(scores + right)
        gradient = np.einsum("qc,qcs->qs", p_all - p_right, values)
        ridge = penalty / 100
        return float(
            shares @ (log_all - log_right) + ridge * weights @ weights
        ), shares @ gradient + 2 * ridge * weights

    start = np.full(len(used), 5.0)
    bounds = [(0, None)] * len(used)
    result = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 300})
    return np.asarray(result.x)


def likeliest(example: Example, used: Sequence[int]) -> npt.NDArray[np.int64]:
    """The candidates that could come first, by all signals alike; a relevant one is always among them."""
    values = example.candidates.values[:, used]
    order = np.argsort(-(values / (values.std(axis=0) + 1e-6)).sum(axis=1), kind="stable")
    relevant = np.flatnonzero(example.relevant)[:3]
    others = order[~np.isin(order, relevant)]
    return np.concatenate([relevant, others])[:MOST_CANDIDATES]


def _softmax(scores: Floats) -> tuple[Floats, Floats]:
    top = scores.max(axis=1, keepdims=True)
    powers = np.exp(scores - top)
    total = powers.sum(axis=1, keepdims=True)
    return (np.log(total) + top)[:, 0], powers / total


def precision(some: Sequence[Example], used: Sequence[int], weights: Floats) -> float:
    """P@1 over the answerable."""
    first = [(e, int(np.argmax(e.candidates.values[:, used] @ weights))) for e in some if e.answerable]
    return float(np.mean([example.relevant[number] for example, number in first]))


def sample(some: list[Example]) -> list[Example]:
    """The queries that can be learnt from, a bounded number of them."""
    usable = [example for example in some if example.answerable and example.relevant.any()]
    if len(usable) <= MOST_QUERIES:
        return usable
    chosen = np.random.default_rng(0).choice(len(usable), MOST_QUERIES, replace=False)
    return [usable[number] for number in chosen]


def related(one: str, other: str) -> bool:
    """Whether two sets share questions, so that neither may be fitted on to judge the other."""
    first, second = one.split("_")[0], other.split("_")[0]
    return first == second and first in {"stackfaq", "sites"}


def of_profile(everything: Sets, profile: Profile) -> Sets:
    """The examples that are searched by a profile, by set."""
    sets = {name: [e for e in some if e.profile.name == profile.name] for name, some in everything.items()}
    return {name: some for name, some in sets.items() if len(sample(some)) >= 10}


def left_out(sets: Sets, used: Sequence[int], penalty: float) -> dict[str, float]:
    """P@1 on each set by weights fitted on the others."""
    samples = {name: sample(some) for name, some in sets.items()}
    return {
        name: precision(some, used, fit([s for other, s in samples.items() if not same(other, name)], used, penalty))
        for name, some in sets.items()
    }


def same(one: str, other: str) -> bool:
    """Whether one set may not be learnt from to judge the other."""
    return one == other or related(one, other)


def main() -> None:
    """Print weights and figures for each profile."""
    argparse.ArgumentParser(
        prog="python -m benchmarks.fit_fusion",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).parse_args()
    glossed, bare = question_sets.load(), question_sets.load(glossed=False)
    for profile in PROFILES.values():
        sets = of_profile(bare if profile.name == "lexical" else glossed, profile)
        used = columns(profile)
        if len({name.split("_")[0] for name in sets}) < 2:
            print(f"\n{profile.name}: {', '.join(sets) or 'no set'}, too few to judge by")
            trials, penalty = {}, PENALTIES[-1]
        else:
            trials = {penalty: left_out(sets, used, penalty) for penalty in PENALTIES}
            penalty = max(trials, key=lambda penalty: np.mean(list(trials[penalty].values())))
        if not sets:
            continue
        weights = fit([sample(some) for some in sets.values()], used, penalty)
        shipped = np.array(list(profile.weights.values()))
        print(f"\n{profile.name}: penalty {penalty}")
        print("  fitted ", dict(zip(profile.weights, weights.round(1).tolist(), strict=True)))
        print("  shipped", dict(profile.weights))
        print(f"  {'P@1':14} {'left out':>9} {'fitted':>9} {'shipped':>9}   best single signal")
        for name, some in sets.items():
            single = {SIGNALS[column]: precision(some, [column], np.ones(1)) for column in range(len(SIGNALS))}
            best = max(single, key=single.__getitem__)
            row = (precision(some, used, weights), precision(some, used, shipped))
            out = f"{trials[penalty][name]:9.3f}" if trials else f"{'-':>9}"
            print(f"  {name:14} {out} " + " ".join(f"{v:9.3f}" for v in row) + f"   {single[best]:.3f} {best}")


if __name__ == "__main__":
    main()
