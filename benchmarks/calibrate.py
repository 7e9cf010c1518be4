"""Fits the coefficients of `retrieval/searching/calibration.py` and shows what they do on what was left out.

    python -m benchmarks.calibrate

A ridge-penalised logistic regression on whether the first document is right. It learns from the sets, and from cuttings
of them: a random part of the FAQs, from most of them down to one, with all the questions; so it meets questions that
nothing answers, and FAQs of any size. Sets count alike, cuttings a quarter of that. Groups of profiles are fitted, each
with a little of the others' examples. Two tests: a quarter of the entries left out (of the sites: of the sites),
and a whole set left out.
"""

from __future__ import annotations

import argparse
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from rich.progress import track
from scipy.optimize import minimize

from benchmarks import question_sets
from benchmarks.fit_fusion import same
from benchmarks.question_sets import Example, Judged, judge
from bot.answers.metrics import Outcome, figures
from retrieval.searching import calibration
from retrieval.searching.calibration import INTERCEPT

GROUPS = (("semantic",), ("worded",), ("glossed", "bridged"), ("lexical",))
USED = {
    "semantic": ("share", "dominance", "length", "bare"),
    "worded": ("share", "dominance", "length", "covered", "denied"),
    "glossed": ("share", "dominance", "length", "bare"),
    "lexical": ("share", "dominance", "length", "bare"),
}
FREE = ("length", "bare", "denied")  # the other features may only raise the confidence
SIZES = (
    (0.7, 2),
    (0.4, 2),
    (30, 2),
    (12, 4),
    (5, 6),
    (2, 10),
    (1, 12),
)  # a cutting's part or number of FAQs, and times
MOST = 400  # answerable and unanswerable questions of a cutting
CUTTING, STRANGER = 0.25, 0.1  # what a cutting counts, and an example of another group
# Their labels lack answers that are as good (see the sets' notes), which is no fault of the first document.
DOUBTED = {"covid_jhu": 0.25, "covid_deepset": 0.5, "atec_zh": 0.5}
RIDGE = 0.002
QUARTERS = 4
Floats = npt.NDArray[np.float64]
Coefficients = dict[str, float]


@dataclass(frozen=True, slots=True)
class Case:
    """A query of a set or of a cutting of it, judged."""

    set: str
    profile: str
    whole: bool
    quarter: int
    judged: Judged


def cases(name: str, some: Sequence[Example]) -> Iterator[Case]:
    """A set's queries, and those of its cuttings."""
    random = np.random.default_rng(zlib.crc32(name.encode()))
    indexes = {id(example.index): example.index for example in some}
    for index in indexes.values():
        asked = [example for example in some if example.index is index]
        for example in asked:
            yield Case(name, example.profile.name, True, quarter(example), judge(example))
        for size, times in SIZES:
            count = int(size * len(index.documents)) if size < 1 else int(size)
            if not 1 <= count < 0.8 * len(index.documents):
                continue
            for _ in range(times):
                kept = np.zeros(len(index.documents), bool)
                kept[random.choice(len(kept), count, replace=False)] = True
                for example in _drawn(asked, kept, random):
                    yield Case(name, example.profile.name, False, quarter(example), judge(example, kept))


def _drawn(asked: Sequence[Example], kept: question_sets.Mask, random: np.random.Generator) -> list[Example]:
    """As many that nothing answers as are answered; none where hardly any is."""
    answered = [e for e in asked if (e.relevant & kept[e.candidates.documents]).any()]
    others = [e for e in asked if not (e.relevant & kept[e.candidates.documents]).any()]
    if len(answered) < 3:
        return []
    most = min(MOST, len(answered))
    return [some[n] for some in (answered, others) for n in random.permutation(len(some))[:most]]


def quarter(example: Example) -> int:
    """Which quarter an example is in: by its site, else by the entry that answers it."""
    entries = np.flatnonzero(example.relevant)
    key = example.room or (str(entries[0]) if len(entries) else example.id)
    return zlib.crc32(key.encode()) % QUARTERS


def fit(some: Sequence[Case], group: Sequence[str]) -> Coefficients:
    """Coefficients by feature, for features as they are (not standardised)."""
    names = USED[group[0]]
    some = [case for case in some if case.judged.features]
    features = np.array([[case.judged.features[name] for name in names] for case in some])
    right = np.array([float(case.judged.right) for case in some])
    shares = _shares(some, group)
    centre = shares @ features
    spread = np.sqrt(shares @ (features - centre) ** 2) + 1e-9
    inputs = np.column_stack([(features - centre) / spread, np.ones(len(some))])

    def loss(slopes: Floats) -> tuple[float, Floats]:
        z = inputs @ slopes
        ridge = RIDGE * np.append(slopes[:-1], 0)
        gradient = inputs.T @ (shares * (1 / (1 + np.exp(-z)) - right))
        return float(shares @ (np.logaddexp(0, z) - right * z) + ridge @ slopes), gradient + 2 * ridge

    bounds = [(None, None) if name in FREE else (0, None) for name in names] + [(None, None)]
    slopes = minimize(loss, np.zeros(len(names) + 1), jac=True, method="L-BFGS-B", bounds=bounds).x
    raw = slopes[:-1] / spread
    return {INTERCEPT: float(slopes[-1] - raw @ centre)} | dict(zip(names, raw.tolist(), strict=True))


def _shares(some: Sequence[Case], group: Sequence[str]) -> Floats:
    """-> (cases,) what each counts; 1 in all."""
    kinds = [(case.set, case.whole) for case in some]
    counts = {kind: kinds.count(kind) for kind in set(kinds)}
    shares = np.array(
        [
            DOUBTED.get(case.set, 1.0)
            * (1.0 if case.whole else CUTTING)
            * (1.0 if case.profile in group else STRANGER)
            / counts[kind]
            for case, kind in zip(some, kinds, strict=True)
        ]
    )
    return np.asarray(shares / shares.sum())


def without(some: Sequence[Case], keep: Callable[[Case], bool], group: Sequence[str]) -> Coefficients:
    """What is fitted on those that are kept."""
    return fit([case for case in some if keep(case)], group)


def outcomes(some: Sequence[tuple[Case, Coefficients]], threshold: float) -> list[Outcome]:
    """What cases would have come to with the coefficients given for each."""
    results = []
    for case, coefficients in some:
        confidence = calibration.estimate(case.judged.features, coefficients)
        ranked = ("right" if case.judged.right else "wrong",)
        answered = confidence >= threshold
        results.append(Outcome(ranked, frozenset({"right"}), case.judged.answerable, confidence, answered))
    return results


def by_similarity(some: Sequence[Case], coverage: float) -> float:
    """The share of the unanswerable that a plain threshold on the cosine answers at the same coverage."""
    inside = sorted((c.judged.similarity for c in some if c.judged.answerable), reverse=True)
    outside = [c.judged.similarity for c in some if not c.judged.answerable]
    answered = round(coverage * len(inside))
    if not answered or not outside:
        return float("nan")
    return float(np.mean([value >= inside[answered - 1] for value in outside]))


def report(title: str, some: Sequence[tuple[Case, Coefficients]]) -> None:
    """Print the figures that confidence decides."""
    values = figures(outcomes(some, calibration.DEFAULT_THRESHOLD))
    wanted = ("AUROC", "cov@P95", "cov@P90", "ECE", "answered", "right_of_answered", "false_answers")
    plain = by_similarity([case for case, _ in some], float(values["answered"]))
    shown = " ".join(f"{name} {values[name]:.3f}" for name in wanted if name in values)
    print(f"  {title:24} {shown} plain {plain:.3f}")


def main() -> None:
    """Print coefficients and figures for each group."""
    argparse.ArgumentParser(
        prog="python -m benchmarks.calibrate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    ).parse_args()
    everything: list[Case] = []
    for glossed in (True, False):
        for name, some in track(question_sets.load(glossed=glossed).items(), "judging …"):
            found = list(cases(name, some))
            everything += [case for case in found if (case.profile == "lexical") is not glossed]
    for group in GROUPS:
        lexical = group == ("lexical",)
        known = [case for case in everything if lexical or case.profile != "lexical"]
        coefficients = fit(known, group)
        print(f"\n{', '.join(group)}: " + ", ".join(f'"{key}": {value:.2f}' for key, value in coefficients.items()))
        quarters = [without(known, lambda case, q=q: case.quarter != q, group) for q in range(QUARTERS)]  # type: ignore[misc]
        for name in dict.fromkeys(case.set for case in known if case.profile in group):
            own = [case for case in known if case.set == name and case.profile in group and case.whole]
            left = without(known, lambda case, name=name: not same(case.set, name), group)  # type: ignore[misc]
            report(f"{name}, set left out", [(case, left) for case in own])
            report("  quarter left out", [(case, quarters[case.quarter]) for case in own])
            report("  fitted", [(case, coefficients) for case in own])
            report("  shipped", [(case, calibration.COEFFICIENTS[case.profile]) for case in own])


if __name__ == "__main__":
    main()
