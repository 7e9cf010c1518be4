"""How well `retrieval/search/clusters.py` finds the questions that mean the same, on made-up weeks.

    python -m benchmarks.gaps [fit [--write]] [--weeks N] [--cache FOLDER]

A week is some questions of some entries of the question sets; two belong together when one entry answers both. Each
model's weights are fitted on the sets of TUNED; those of CONFIRMED have no part in it.
"""

from __future__ import annotations

import argparse
import json
import resource
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from benchmarks import question_sets
from benchmarks.fit import save_vectors, update_fit
from benchmarks.question_sets import CACHE, remembering_models
from bot.app import embedding_models_for
from bot.settings import load_settings
from retrieval.models.embedding_models import EmbeddingModels, name_model
from retrieval.search.clusters import Clustering, Likeness, cluster_texts
from retrieval.search.fitted import name_fit
from retrieval.search.generic_profile import ANY_MODEL
from retrieval.search.profiles import GENERIC

# stackfaq_ood is left out: it holds the questions of stackfaq.
TUNED = {"en": ("stackfaq", "banking77", "covid_jhu", "sites_en"), "zh": ("atec_zh", "telecom_zh")}
CONFIRMED = {"en": ("clinc150_oos", "hint3", "covid_deepset"), "zh": ("esun_zh", "sites_zh")}
ACROSS = "sites_xl"  # Chinese questions about English entries, too few to be halved: every other site
WEEKS = 40  # of each kind
MOST = 8  # questions of one entry in a week
PRECISION = 0.92  # of the pairs of tuned weeks put together; those of other sets come out a little worse

Entry = tuple[str, ...]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Week:
    """`labels` tell which entry answers each of `texts`."""

    texts: tuple[str, ...]
    labels: tuple[int, ...]


@dataclass(frozen=True)
class Figures:
    """Of the pairs put together, the part that belongs together; of these, the part put together; and the part of the
    texts that are of their group's most frequent entry."""

    precision: float
    recall: float
    purity: float


@cache
def entries(name: str) -> dict[str, list[Entry]]:
    """The wordings of each entry of a set, by site. Questions that are mere labels of an entry are no wordings."""
    faqs, queries = (_rows(name, file) for file in ("faqs.jsonl", "queries.jsonl"))
    labelled = any("alt_questions" in faq for faq in faqs)
    same: dict[str, str] = {}  # entries that answer one question are one

    def find(key: str) -> str:
        while same.setdefault(key, key) != key:
            key = same[key]
        return key

    for faq in faqs:
        same[find(faq["id"])] = find(f"group {faq.get('group', faq['id'])}")
    for query in queries:
        for other in query["relevant"][1:]:
            same[find(other)] = find(query["relevant"][0])
    wordings: dict[tuple[str, str], dict[str, None]] = defaultdict(dict)
    for row in queries:
        if of := row["relevant"] or [removed for removed in [row.get("removed")] if removed]:
            wordings[row.get("site", ""), find(of[0])][row["text"]] = None
    for row in faqs if not labelled else ():
        wordings[row.get("site", ""), find(row["id"])][row["question"]] = None
    sites: dict[str, list[Entry]] = defaultdict(list)
    for (site, _), texts in wordings.items():
        sites[site].append(tuple(texts))
    return sites


def _rows(name: str, file: str) -> list[dict[str, list[str]]]:  # the fields that count here
    with (question_sets.folder() / name / file).open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def draw_week(firms: Sequence[Sequence[Entry]], rng: np.random.Generator) -> Week:
    """Questions of 20 to 60 entries of these firms, 200 at most; one entry in four was asked for once."""
    wanted = int(rng.integers(20, 61))
    chosen: list[Entry] = []
    for firm in firms:
        often = [entry for entry in firm if len(entry) > 1]
        once = [entry for entry in firm if len(entry) == 1]
        share = max(2, wanted // len(firms))
        for some, count in ((often, round(share * 0.75)), (once, share - round(share * 0.75))):
            picked = rng.choice(len(some), min(count, len(some)), replace=False) if some else []
            chosen += [some[int(place)] for place in picked]
    pairs = []
    for label, entry in enumerate(chosen):
        count = min(len(entry), MOST, 1 + int(rng.geometric(0.3)))
        pairs += [(entry[int(place)], label) for place in rng.choice(len(entry), count, replace=False)]
    pairs = pairs[:200]
    return Week(tuple(text for text, _ in pairs), tuple(label for _, label in pairs))


def firms_of(names: Sequence[str], rng: np.random.Generator) -> list[list[Entry]]:
    """A firm of each set."""
    sites = [list(entries(name).values()) for name in names]
    return [some[int(rng.integers(len(some)))] for some in sites]


def draw_weeks(names: Sequence[str], seed: int, count: int) -> list[Week]:
    """Weeks of the firms of these sets together."""
    rng = np.random.default_rng(seed)
    return [draw_week(firms_of(names, rng), rng) for _ in range(count)]


def weeks_across(half: int, seed: int, count: int) -> list[Week]:
    """Weeks of one site in two languages."""
    rng = np.random.default_rng(seed)
    sites = [firm for _, firm in sorted(entries(ACROSS).items())][half::2]
    return [draw_week([sites[int(rng.integers(len(sites)))]], rng) for _ in range(count)]


def measure_grouping(some: Sequence[Week], group: Callable[[Week], Sequence[Sequence[int]]]) -> Figures:
    """Over all pairs of all weeks; purity over the texts."""
    right = together = belong = pure = texts = 0
    for each in some:
        labels = np.array(each.labels)
        groups = np.empty(len(labels), int)
        for number, positions in enumerate(group(each)):
            groups[list(positions)] = number
            pure += int(np.bincount(labels[list(positions)]).max())
        upper = np.triu_indices(len(labels), 1)
        same = (labels[:, None] == labels)[upper]
        found = (groups[:, None] == groups)[upper]
        right, together, belong = (
            right + int((same & found).sum()),
            together + int(found.sum()),
            belong + int(same.sum()),
        )
        texts += len(labels)
    return Figures(right / max(1, together), right / max(1, belong), pure / max(1, texts))


def table(models: EmbeddingModels, count: int) -> Iterator[str]:
    """The figures of every kind of week."""
    yield f"{'':34} {'pairs right':>11} {'pairs found':>11} {'purity':>7}"
    both = [TUNED["en"] + TUNED["zh"], CONFIRMED["en"] + CONFIRMED["zh"]]
    for title, halves in (
        ("English", [TUNED["en"], CONFIRMED["en"]]),
        ("Chinese", [TUNED["zh"], CONFIRMED["zh"]]),
        ("both", both),
    ):
        for half, names in zip(("tuned", "confirmed"), halves, strict=True):
            yield _line(f"{title}, {half}", draw_weeks(names, 11, count), models)
    for half, name in ((1, "tuned"), (0, "confirmed")):
        yield _line(f"one site in both, {name}", weeks_across(half, 11, count), models)


def _line(title: str, some: Sequence[Week], models: EmbeddingModels) -> str:
    figures = measure_grouping(some, lambda each: cluster_texts(each.texts, models))
    return f"{title:34} {figures.precision:11.3f} {figures.recall:11.3f} {figures.purity:7.3f}"


def fit(models: EmbeddingModels, count: int) -> Iterator[tuple[str, list[float]]]:
    """-> the name of the model that compares English, and of the one that compares everything else, with the weights
    that describe the tuned pairs best and the highest bias by which PRECISION of the pairs put together are right."""
    for model, language in zip(models.models[:: max(1, len(models.models) - 1)], ("en", "zh"), strict=False):
        some, alone = draw_weeks(TUNED[language], 2, count), EmbeddingModels((model,))
        of_vectors, of_tokens, likeliest = fit_weights(some, alone)
        precise = (
            [of_vectors, of_tokens, round(bias, 1)]
            for bias in np.arange(likeliest + 1, likeliest - 5, -0.5).tolist()
            if judge_weights(some, alone, (of_vectors, of_tokens, bias)).precision >= PRECISION
        )
        yield name_model(model.fingerprint), next(precise, [of_vectors, of_tokens, likeliest])


def judge_weights(some: Sequence[Week], models: EmbeddingModels, weights: Sequence[float]) -> Figures:
    """The figures of clustering with these weights."""
    return measure_grouping(some, lambda each: Clustering(each.texts, models, weights).groups)


def fit_weights(some: Sequence[Week], models: EmbeddingModels) -> list[float]:
    """Weights of the signals and a bias, by logistic regression on the pairs."""
    rows, right = [], []
    for each in some:
        labels = np.array(each.labels)
        upper = np.triu_indices(len(labels), 1)
        rows.append(np.stack(Likeness(each.texts, models).measure_signals(slice(None)), -1)[upper])
        right.append((labels[:, None] == labels)[upper])
    x, y = np.concatenate(rows).astype(float), np.concatenate(right)
    x = np.column_stack([x, np.ones(len(x))])

    def loss(weights: Floats) -> tuple[float, Floats]:
        logits = np.where(y, 1, -1) * (x @ weights)
        gradient = -(np.where(y, 1, -1) / (1 + np.exp(logits))) @ x / len(x)
        return float(np.logaddexp(0, -logits).mean()), gradient

    found = minimize(loss, np.zeros(3), jac=True, method="L-BFGS-B", bounds=[(0, None), (0, None), (None, None)]).x
    weights: list[float] = np.round(found, 1).tolist()
    return weights


def measure_speed(models: EmbeddingModels) -> str:
    """How long 5,000 different texts take."""
    firms = [
        firm for names in (*TUNED.values(), *CONFIRMED.values()) for name in names for firm in entries(name).values()
    ]
    texts = sorted({text for firm in firms for entry in firm for text in entry})
    order = np.random.default_rng(0).permutation(len(texts))[:5000]
    started = time.perf_counter()
    cluster_texts([texts[place] for place in order.tolist()], models)
    spent = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return f"{len(order):,} texts in {spent:.1f} s, {peak:.2f} GiB at most in all"


def main() -> None:
    """Print the figures, or fit. Exits kindly where the sets are absent."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.gaps", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="?", choices=["fit", "speed"], help="rather than printing the figures")
    parser.add_argument("--write", action="store_true", help="of a fit: write the files that the product reads")
    parser.add_argument("--weeks", type=int, default=WEEKS, help=f"of each kind (default: {WEEKS})")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where vectors are kept from run to run")
    options = parser.parse_args()
    if not question_sets.folder().is_dir():
        raise SystemExit(f"No question sets in {question_sets.folder()}: set FRONTDESK_QUALITY_DIR.")
    if options.what == "speed":
        print(measure_speed(embedding_models_for(load_settings())))
        return
    models = remembering_models(options.cache)
    if options.what == "fit":
        found = dict(fit(models, options.weeks))
        print(found)
        if options.write:
            update_fit(name_fit([name_model(model.fingerprint) for model in models.models]), clustering=found)
            update_fit(GENERIC, clustering={ANY_MODEL: next(iter(found.values()))})
    for line in table(models, options.weeks) if options.what is None else ():
        print(line, flush=True)
    save_vectors(models)


if __name__ == "__main__":
    main()
