"""Fits what a search is weighed by, and shows what it does on sets that were left out.

    python -m benchmarks.fit [--write] [--sites QUESTIONS DATA]

Writes `retrieval/search/fitted/<models>.json`: for each kind of query and index (PLANS) the signals' weights, the
confidence's coefficients and the confidences from which on an answer is given or suggested. Weights: the most likely
choice of the right document under a softmax over the candidates, none below 0, ridge-penalised: a score is a
log-likelihood.
Confidence: a ridge-penalised logistic regression on whether the first document is right, on the sets and on cuttings of
them (a part of the FAQs, down to one, with questions that nothing answers). Every set counts alike; a set that shares
its questions with another is left out with it.
"""

from __future__ import annotations

import argparse
import json
import zlib
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from benchmarks.question_sets import (
    CACHE,
    Example,
    load_near_misses,
    load_sets,
    load_sites,
    remembering_models,
    signal_names,
)
from bot.evaluation.metrics import Outcome, compute_figures
from retrieval.models.embedding_models import EmbeddingModels, name_model
from retrieval.search.calibration import ALONE, FEATURES, INTERCEPT
from retrieval.search.fitted import name_fit
from retrieval.search.generic_profile import ANY_MODEL, Background, measure_background
from retrieval.search.near_misses import NEAR_MISSES
from retrieval.search.profiles import GENERIC, WORD_SIGNALS, name_signal

Floats = npt.NDArray[np.float64]
Sets = dict[str, list[Example]]
FITTED = Path("retrieval/search/fitted")

RANKING_RIDGE = 0.01
CONFIDENCE_RIDGE = 0.01
MOST_QUERIES = 400  # of one set
SIZES = ((0.7, 2), (0.4, 2), (30, 2), (12, 4), (5, 6), (2, 10), (1, 12))  # a cutting's part or number of FAQs, times
MOST_OF_CUTTING = 120  # answerable questions, and as many others
STRANGER = 0.1  # what a set counts that a profile learns from and is not for
CUTTING = 0.25  # what all cuttings of a set count, beside the set itself
# Their labels lack answers that are as good (see the sets' notes), which is no fault of the first document.
DOUBTED = {"covid_jhu": 0.25, "covid_deepset": 0.5, "atec_zh": 0.5}
COUNTS = DOUBTED | {"near misses": 0.25}  # which are made to be hard
FOLDS = 4
PRECISION = 0.95  # of the answers given
SUGGESTED = 0.28  # of the questions that nothing answers
LOST = 0.001  # of a set's questions that a second profile would have shown rightly, and is not tried for

PLAIN = ("stackfaq", "stackfaq_ood", "sites_en", "covid_deepset", "covid_jhu")
WORDED = ("hint3", "clinc150_oos", "banking77")
CHINESE = ("telecom_zh", "sites_zh", "esun_zh", "atec_zh")
ACROSS = ("sites_xl",)
# Of several languages: questions about help sites, and small FAQs with near misses of ours.
ALSO = ("help", "near misses")
# Those whose questions without an answer are such as customers ask there. Elsewhere they are what is left of an FAQ
# whose entry was taken away, where something near is always found, and worth being shown.
ASKED_IN_VAIN = ("help", "sites_en", "sites_zh", "sites_xl", "hint3", "clinc150_oos")
ENGLISH = frozenset({"en"})
BY_WORDING = ("cos_question", "cos_passage", "cos_best")


@dataclass(frozen=True)
class Plan:
    """A profile to be fitted: what it looks at, of which of the models (by number), what it is fitted and judged on.

    `help` tells which of the questions of ALSO belong to it.
    """

    name: str
    signals: tuple[tuple[int, tuple[str, ...]], ...]
    words: tuple[str, ...]
    learnt_on: tuple[str, ...]
    judged_on: tuple[str, ...]
    help: Callable[[Example], bool]
    query: frozenset[str] | None = None
    documents: frozenset[str] | None = None
    same_language: bool | None = None
    worded: bool | None = None
    after: str = ""


def _english(example: Example) -> bool:
    return example.language == example.documents_language == "en"


def _other(example: Example) -> bool:
    return example.language != "en" and example.language == example.documents_language


def make_plans() -> tuple[Plan, ...]:
    """The profiles for two models: one for English alone, one for every language."""
    first, second = (0, BY_WORDING), (1, (*BY_WORDING, "cos_alike"))
    english: dict[str, Any] = {"query": ENGLISH, "documents": ENGLISH}
    either = (*PLAIN, *CHINESE)
    return (
        Plan("english", (first,), WORD_SIGNALS, PLAIN, PLAIN, _english, **english, worded=False),
        Plan(
            "english-both",
            (first, second),
            WORD_SIGNALS,
            PLAIN,
            PLAIN,
            _english,
            **english,
            worded=False,
            after="english",
        ),
        Plan(
            "wordings",
            ((0, ("cos_question", "cos_wordings")),),
            ("bm25_question", "overlap"),
            WORDED,
            WORDED,
            _matches_nothing,
            **english,
            worded=True,
        ),
        Plan(
            "wordings-both",
            ((0, ("cos_question", "cos_wordings")), (1, ("cos_question", "cos_alike", "cos_wordings"))),
            ("bm25_question", "overlap"),
            WORDED,
            WORDED,
            _matches_nothing,
            **english,
            worded=True,
            after="wordings",
        ),
        Plan("same-language", (second,), WORD_SIGNALS, either, CHINESE, _other, same_language=True),
        Plan("across", ((1, BY_WORDING),), ("bm25_passage", "overlap"), (*either, *ACROSS), ACROSS, _matches_nothing),
        Plan("words", (), WORD_SIGNALS, either, either, _matches_nothing),
    )


def _matches_nothing(_example: Example) -> bool:
    return False


# -- ranking ----------------------------------------------------------------------------------------------------------


def fit_weights(sets: Sequence[Sequence[Example]], used: Sequence[int]) -> Floats:
    """-> (len(used),) weights of the signals in these columns."""
    rows = [(example, 1 / len(some) / len(sets)) for some in map(sample_queries, sets) for example in some]
    most = 60
    values = np.zeros((len(rows), most, len(used)))
    present, right = np.full((2, len(rows), most), -np.inf)
    shares = np.array([share for _, share in rows])
    for row, (example, _) in enumerate(rows):
        chosen = choose_likeliest(example, used)[:most]
        values[row, : len(chosen)] = example.values[np.ix_(chosen, used)]
        present[row, : len(chosen)] = 0
        right[row, : len(chosen)] = np.where(example.relevant[chosen], 0, -np.inf)
    spread = np.mean([values[row][present[row] == 0].std(axis=0) for row in range(len(rows))], axis=0) + 1e-9
    values /= spread

    def loss(weights: Floats) -> tuple[float, Floats]:
        scores = values @ weights
        log_all, p_all = _softmax(scores + present)
        log_right, p_right = _softmax(scores + right)
        gradient = np.einsum("qc,qcs->qs", p_all - p_right, values)
        ridge = float(RANKING_RIDGE * weights @ weights)
        return float(shares @ (log_all - log_right)) + ridge, shares @ gradient + 2 * RANKING_RIDGE * weights

    found = minimize(loss, np.ones(len(used)), jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(used))
    return np.asarray(found.x / spread)


def sample_queries(some: Sequence[Example]) -> list[Example]:
    """The queries that can be learnt from, a bounded number of them."""
    usable = [example for example in some if example.answerable and example.relevant.any()]
    if len(usable) <= MOST_QUERIES:
        return usable
    chosen = np.random.default_rng(0).choice(len(usable), MOST_QUERIES, replace=False)
    return [usable[number] for number in chosen]


def choose_likeliest(example: Example, used: Sequence[int]) -> npt.NDArray[np.int64]:
    """The documents that could come first, by all signals alike; a relevant one is always among them."""
    values = example.values[:, used]
    order = np.argsort(-(values / (values.std(axis=0) + 1e-6)).sum(axis=1), kind="stable")
    relevant = np.flatnonzero(example.relevant)[:3]
    return np.concatenate([relevant, order[~np.isin(order, relevant)]])


def _softmax(scores: Floats) -> tuple[Floats, Floats]:
    top = scores.max(axis=1, keepdims=True)
    powers = np.exp(scores - top)
    total = powers.sum(axis=1, keepdims=True)
    return (np.log(total) + top)[:, 0], powers / total


# -- confidence -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Case:
    """A query of a set, or of a cutting of it: the features of what comes first, whether that is right, and whether
    anything is. `fold` is which part of the set it is in, all questions of a site in one."""

    set: str
    fold: int
    whole: bool
    features: tuple[float, ...]
    right: bool
    answerable: bool


def list_features(used: Sequence[str]) -> list[str]:
    """The names of a case's features, for a profile that weighs these signals: of the signals few, since by all of them
    sets that were left out are judged worse."""
    near = [name for name in used if name.startswith("cos_best")]
    near = near or [name for name in used if name.startswith(("cos_question", "cos_wordings"))]
    return [*FEATURES, *(near or used)]


def make_cases(
    name: str, some: Sequence[Example], used: Sequence[int], told: Sequence[int], weights: Floats
) -> Iterator[Case]:
    """A set's queries, and those of its cuttings; `told` are the columns of the signals among the features."""
    random = np.random.default_rng(zlib.crc32(name.encode()))
    ordered = {id(example): np.argsort(-(example.values[:, used] @ weights), kind="stable") for example in some}

    def case(example: Example, kept: npt.NDArray[np.bool_] | None) -> Case | None:
        order = ordered[id(example)]
        if kept is not None:
            order = order[kept[example.documents[order]]]
        if not len(order):
            return None
        scores = example.values[order][:, used] @ weights
        lead = -np.log(np.exp(scores[1:] - scores[0]).sum() + ALONE)
        first = order[0]
        values, misses = example.values[first, told].tolist(), example.near_misses[first].tolist()
        few = 1 / (example.count if kept is None else np.count_nonzero(kept))
        features = (
            lead,
            few,
            np.log1p(example.tokens),
            float(example.bare[first]),
            float(example.covered[first]),
            *misses,
            *values,
        )
        answerable = example.answerable and bool(example.relevant[order].any())
        fold = zlib.crc32((example.room or example.id).encode()) % FOLDS
        return Case(name, fold, kept is None, features, bool(example.relevant[first]), answerable)

    for example in some:
        if (made := case(example, None)) is not None:
            yield made
    for room in dict.fromkeys(example.room for example in some):
        asked = [example for example in some if example.room == room]
        for kept in _draw_cuttings(asked[0], random):
            for example in _draw_unanswered(asked, kept, random):
                if (made := case(example, kept)) is not None:
                    yield made


def _draw_cuttings(example: Example, random: np.random.Generator) -> Iterator[npt.NDArray[np.bool_]]:
    for size, times in SIZES if len(example.documents) == example.count else ():
        count = int(size * example.count) if size < 1 else int(size)
        for _ in range(times if 1 <= count < 0.8 * example.count else 0):
            kept = np.zeros(example.count, bool)
            kept[random.choice(example.count, count, replace=False)] = True
            yield kept


def _draw_unanswered(
    asked: Sequence[Example], kept: npt.NDArray[np.bool_], random: np.random.Generator
) -> list[Example]:
    """As many that nothing answers as are answered; none where hardly any is."""
    there = [(example, bool((example.relevant & kept[example.documents]).any())) for example in asked]
    answered, others = ([example for example, is_there in there if is_there is wanted] for wanted in (True, False))
    most = min(MOST_OF_CUTTING, len(answered))
    return [some[n] for some in (answered, others) for n in random.permutation(len(some))[:most]] if most > 2 else []


def fit_confidence(cases: Sequence[Case], own: Collection[str]) -> Floats:
    """-> coefficients of the features, then the intercept; `own` are the sets that the profile is for."""
    features = np.array([case.features for case in cases], float)
    right = np.array([float(case.right) for case in cases])
    shares = _compute_shares(cases, own)
    centre = shares @ features
    spread = np.sqrt(shares @ (features - centre) ** 2) + 1e-9
    inputs = np.column_stack([(features - centre) / spread, np.ones(len(cases))])
    # Signs of a near miss are rare, so a penalty on them, in standard deviations, leaves nothing of them.
    rare = [name in NEAR_MISSES for name in FEATURES]
    penalised = np.array([*(0.0 if each else 1.0 for each in rare), *[1.0] * (inputs.shape[1] - len(rare) - 1), 0.0])

    def loss(slopes: Floats) -> tuple[float, Floats]:
        z = inputs @ slopes
        ridge = CONFIDENCE_RIDGE * penalised * slopes
        gradient = inputs.T @ (shares * (1 / (1 + np.exp(-z)) - right))
        return float(shares @ (np.logaddexp(0, z) - right * z) + ridge @ slopes), gradient + 2 * ridge

    slopes = minimize(loss, np.zeros(inputs.shape[1]), jac=True, method="L-BFGS-B", bounds=_bounds(inputs.shape[1])).x
    raw = slopes[:-1] / spread
    return np.append(raw, slopes[-1] - raw @ centre)


def _bounds(count: int) -> list[tuple[float | None, float | None]]:
    """No likeness lowers the confidence, and no sign of a near miss raises it."""
    of: dict[str, tuple[float | None, float | None]] = {"length": (None, None), "bare": (None, 0), "few": (None, 0)}
    of |= dict.fromkeys(NEAR_MISSES, (None, 0))
    named = [of.get(name, (0, None)) for name in FEATURES]
    return [*named, *[(0, None)] * (count - 1 - len(named)), (None, None)]


def _compute_shares(cases: Sequence[Case], own: Collection[str]) -> Floats:
    """-> (cases,) what each counts; 1 in all."""
    kinds = [(case.set, case.whole) for case in cases]
    counts = {kind: kinds.count(kind) for kind in set(kinds)}
    shares = np.array(
        [
            COUNTS.get(name, 1.0)
            * (1.0 if whole else CUTTING)
            * (1.0 if name in own else STRANGER)
            / counts[name, whole]
            for name, whole in kinds
        ]
    )
    return np.asarray(shares / shares.sum())


def apply_confidence(cases: Sequence[Case], coefficients: Floats) -> Floats:
    """-> (cases,) the confidence of each."""
    z = np.array([case.features for case in cases], float) @ coefficients[:-1] + coefficients[-1]
    return np.asarray(1 / (1 + np.exp(-np.clip(z, -30, 30))))


def choose_thresholds(cases: Sequence[Case], confidences: Floats, own: Collection[str]) -> tuple[float, float]:
    """-> the lowest confidence from which on PRECISION of the answers are right, by the sets whose labels are sound,
    and the lowest at which at most SUGGESTED of what nothing answers is shown something; every set that can tell counts
    alike. `confidences` are of sets left out."""
    shares = _compute_shares(cases, own)
    sound = shares * [case.set not in DOUBTED for case in cases]
    order = np.argsort(-confidences)
    given = np.cumsum(sound[order])
    right = np.cumsum((sound * [case.right for case in cases])[order])
    precise = np.flatnonzero((given > 0) & (right >= PRECISION * given))
    answer = float(confidences[order][precise[-1]]) if len(precise) else 1.0
    vain = {case.set for case in cases if case.set in ASKED_IN_VAIN}
    outside = np.array([not case.answerable and (not vain or case.set in vain) for case in cases])
    shown = np.cumsum((shares * outside)[order]) / max(float((shares * outside).sum()), 1e-9)
    few = np.flatnonzero(shown <= SUGGESTED)
    return round(answer, 3), round(min(answer, float(confidences[order][few[-1]])), 3)


# -- all of it --------------------------------------------------------------------------------------------------------


def family(name: str) -> str:
    """Sets of one family share questions, so that neither may be learnt from to judge the other."""
    first = name.split("_")[0]
    return first if first in {"stackfaq", "sites"} else name


def fit_plan(plan: Plan, sets: Sets, names: Sequence[str], models: Sequence[str]) -> dict[str, Any]:
    """One profile of the file; prints how it does on each set left out."""
    used_names = [name_signal(signal, models[number]) for number, some in plan.signals for signal in some]
    used_names += plan.words
    used = [names.index(name) for name in used_names]
    told = [names.index(name) for name in list_features(used_names)[len(FEATURES) :]]
    help_sites = [example for example in sets.get("help", ()) if plan.help(example)]
    learnt = {name: sets[name] for name in plan.learnt_on if name in sets} | (
        {"help": help_sites} if help_sites else {}
    )
    judged = [name for name in (*plan.judged_on, "help") if name in learnt]
    own_sets = {*judged, *ALSO}

    def others(name: str) -> Sets:
        return {other: some for other, some in learnt.items() if family(other) != family(name)} or learnt

    weights = fit_weights(list(learnt.values()), used)
    of_others = {name: fit_weights(list(others(name).values()), used) for name in judged}
    cases = {name: list(make_cases(name, some, used, told, weights)) for name, some in learnt.items()}
    # They are made to be near: the weights learn nothing of them, the confidence what it cannot learn elsewhere.
    near_misses = [example for example in sets.get("near misses", ()) if plan.help(example)]
    near = list(make_cases("near misses", near_misses, used, told, weights))
    everything = [*near, *(case for some in cases.values() for case in some)]
    print(f"\n{plan.name}: " + ", ".join(f"{n} {w:.1f}" for n, w in zip(used_names, weights, strict=True)))
    for name in judged:
        own = list(make_cases(name, learnt[name], used, told, of_others[name]))
        learned = [*near, *(case for other in others(name) for case in cases[other])]
        coefficients = fit_confidence(learned, own_sets)
        sure = apply_confidence(own, coefficients)
        whole = [(case, value) for case, value in zip(own, sure, strict=True) if case.whole]
        report_set(name, whole)
    answer, suggest = choose_thresholds(*predict_folds(everything, judged, own_sets), own_sets)
    coefficients = fit_confidence(everything, own_sets)
    # By the coefficients of the folds a profile of one small set is less sure than by its own.
    asked = [case for case in everything if case.whole and case.set in judged]
    answer = max(answer, choose_thresholds(asked, apply_confidence(asked, coefficients), own_sets)[0])
    print(f"  answers from {answer}, suggests from {suggest}")
    features = [*list_features(used_names), INTERCEPT]
    return {
        "name": plan.name,
        "query": sorted(plan.query) if plan.query else None,
        "documents": sorted(plan.documents) if plan.documents else None,
        "same_language": plan.same_language,
        "worded": plan.worded,
        "after": plan.after,
        "answer": answer,
        "suggest": suggest,
        "weights": {name: round(float(value), 3) for name, value in zip(used_names, weights, strict=True)},
        "confidence": {name: round(float(value), 4) for name, value in zip(features, coefficients, strict=True)},
    }


def predict_folds(cases: Sequence[Case], judged: Sequence[str], own: Collection[str]) -> tuple[list[Case], Floats]:
    """-> the queries of the sets that a profile is judged on, with confidences by coefficients of the other folds."""
    found: list[Case] = []
    confidences: list[Floats] = []
    for fold in range(FOLDS):
        asked = [case for case in cases if case.whole and case.fold == fold and case.set in judged]
        if asked:
            found += asked
            coefficients = fit_confidence([case for case in cases if case.fold != fold], own)
            confidences.append(apply_confidence(asked, coefficients))
    return found, np.concatenate(confidences)


def report_set(name: str, whole: Sequence[tuple[Case, float]]) -> None:
    """Print the figures of a set by weights and coefficients that were fitted without it."""
    outcomes = [
        Outcome(("right" if case.right else "wrong",), frozenset({"right"}), case.answerable, value, False)
        for case, value in whole
    ]
    values = compute_figures(outcomes)
    wanted = ("P@1", "AUROC", "cov@P95", "cov@P90", "ECE")
    print(f"  {name:14} " + "  ".join(f"{key} {values[key]:.3f}" for key in wanted if key in values), flush=True)


def main() -> None:
    """Fit and print; write the file where that is wished."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.fit", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--write", action="store_true", help="write the file that the search reads")
    parser.add_argument("--sites", nargs=2, type=Path, metavar=("QUESTIONS", "DATA"), help="questions about help sites")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where vectors are kept from run to run")
    options = parser.parse_args()
    models = remembering_models(options.cache)
    names = signal_names(models)
    sets: Sets = dict(load_sets(models))
    sets["near misses"] = list(load_near_misses(models))
    if options.sites:
        sets["help"] = list(load_sites(models, *options.sites))
    save_vectors(models)
    own = [name_model(model.fingerprint) for model in models.models]
    profiles = [fit_plan(plan, sets, names, own) for plan in make_plans()]
    choose_second_looks(profiles, sets, names)
    if options.write:
        write_fit(name_fit(own), own, profiles)
        background = measure_background(models.models[0])
        write_fit(GENERIC, [ANY_MODEL], make_generic(profiles, own[0], background))


def choose_second_looks(profiles: Sequence[dict[str, Any]], sets: Sets, names: Sequence[str]) -> None:
    """Set `tried_from` of the profiles that are tried after another: the highest confidence of that one below which
    they would have shown at most LOST of any set's questions rightly."""
    plans = {plan.name: plan for plan in make_plans()}
    by_name = {profile["name"]: profile for profile in profiles}
    for profile in profiles:
        if not (first := by_name.get(profile["after"])):
            continue
        plan, lost_from = plans[profile["name"]], []
        for name in (*plan.judged_on, "help"):
            some = [each for each in sets.get(name, ()) if name != "help" or plan.help(each)]
            if some:
                lost_from.append(_lost_from(first, profile, name, some, names))
        profile["tried_from"] = round(min([*lost_from, first["answer"]]), 3)
        print(f"{profile['name']}: tried from {profile['tried_from']}")


def _lost_from(
    first: dict[str, Any], then: dict[str, Any], name: str, some: Sequence[Example], names: Sequence[str]
) -> float:
    sure, cases = _apply_profile(first, name, some, names)
    again, after = _apply_profile(then, name, some, names)
    shown = (again >= then["suggest"]) & np.array([case.right for case in after]) & (sure < first["answer"])
    lost = np.sort(sure[shown])
    allowed = int(LOST * len(cases))
    return float(lost[allowed]) if len(lost) > allowed else 1.0


def _apply_profile(
    profile: dict[str, Any], name: str, some: Sequence[Example], names: Sequence[str]
) -> tuple[Floats, list[Case]]:
    used = [names.index(signal) for signal in profile["weights"]]
    told = [names.index(feature) for feature in list(profile["confidence"])[len(FEATURES) : -1]]
    cases = list(make_cases(name, some, used, told, np.array(list(profile["weights"].values()))))
    whole = [case for case in cases if case.whole]
    return apply_confidence(whole, np.array(list(profile["confidence"].values()))), whole


def make_generic(profiles: Sequence[dict[str, Any]], model: str, background: Background) -> list[dict[str, Any]]:
    """The profile of the first model alone for any model, in standard deviations of its cosines, and that of words."""
    by_name = {profile["name"]: profile for profile in profiles}
    generic = {**by_name["english"], "name": "any", "query": None, "documents": None, "worded": None}
    for part in ("weights", "confidence"):
        generic[part] = {
            name.replace(model, ANY_MODEL): value * (background.spread if model in name else 1)
            for name, value in generic[part].items()
        }
    cosines = sum(value for name, value in by_name["english"]["confidence"].items() if model in name)
    generic["confidence"][INTERCEPT] += cosines * background.mean
    return [generic, by_name["words"]]


def write_fit(name: str, models: Sequence[str], profiles: Sequence[dict[str, Any]]) -> None:
    """Write a file that the search reads."""
    update_fit(name, models=models, made_with="python -m benchmarks.fit --write", profiles=profiles)


def update_fit(name: str, **changed: Any) -> None:
    """Write these parts of a file that the search reads; the others stay, which other benchmarks wrote."""
    path = FITTED / f"{name}.json"
    held: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    path.write_text(json.dumps(held | changed, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"\nWritten: {path}")


def save_vectors(models: EmbeddingModels) -> None:
    """Keep what was embedded."""
    for model in models.models:
        model.save()  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
