"""Is what a model writes told to be carried by its passage exactly where it is?

    python -m benchmarks.attribution [fit [--write]] [--wrong] [--cache FOLDER]
    python -m benchmarks.attribution --judge URL [--calls N] [--seconds S]

`data/attribution.jsonl` holds sentences beside a help page's passage: faithful paraphrases, sentences that turn its
meaning around in one of eight ways, and sentences of which it says nothing. To them come the passage's own sentences,
each paraphrase beside another page's passage ("elsewhere"), and each joined to one of another page ("spliced"). Printed
by kind and language: how many faithful ones are dropped and how many others let through, and what other limits would
do.

Every figure is of passages that were left out of the fit (ten folds); "sealed" ones were not looked at while the
measure was written; "kind left out" means that no sentence of that kind was fitted on either.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from itertools import compress
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from benchmarks.fit import save_vectors
from benchmarks.question_sets import CACHE, remembering_models
from bot.answering.attribution import measure
from bot.answering.attribution.attributor import PassageReading, select_model
from bot.answering.attribution.comparison import MEANING, SUPPORT
from bot.answering.attribution.measure import NEARNESS, Limits, Scale, Weights
from bot.answering.attribution.statements import list_clauses, read_sentence
from bot.answering.evidence import Evidence
from bot.answering.judging import DraftJudge, Verdict
from inference.interfaces import Limits as VllmLimits
from inference.vllm import VllmGenerator
from retrieval.documents import Document, Passage
from retrieval.models.embedding_models import EmbeddingModels, name_model

DATA = Path(__file__).parent / "data" / "attribution.jsonl"
WEIGHTS = Path(measure.__file__).parent / "weights.json"
KINDS = ("negation", "modal", "order", "condition", "quantifier", "comparison", "subject", "number")
LEFT_OUT = ("order", "quantifier")  # kinds that are never fitted on, for a second look
FOLDS = 10
REGULAR = 0.3  # inverse of the ridge
COPIES_COUNT = 0.5
# Of the paraphrases that may be dropped, for lack of support, for their meaning, for a clause's lack of support: with
# more, each further one of them that is dropped holds back less than one that is turned around.
SHARES = (0.02, 0.12, 0.02)
SEED, IN_A_CALL = 20_261_130, 5  # sentences, as an answer has them
CURVE = (0.0, 0.02, 0.05, 0.08, 0.12, 0.16, 0.2, 0.3, 0.4, 0.5)  # of them, for their meaning
_LEAST_SPREAD = 0.05

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence beside a passage. `label`: faithful, turned or unsupported; `kind` of what is turned, else "",
    "copied", "elsewhere" or "spliced"."""

    passage_id: str
    half: str
    language: str
    question: str
    passage: str
    sentence: str
    label: str
    kind: str


@dataclass(frozen=True)
class Table:
    """A row an example: `values` by the names of SUPPORT and MEANING, those of each of the `clauses` that says
    something of its own, `factual` where the passage has its facts."""

    examples: Sequence[Example]
    values: Mapping[str, Floats]
    clauses: Sequence[Sequence[Mapping[str, float]]]
    factual: Mask

    def mark(self, test: Callable[[Example], bool]) -> Mask:
        """The rows of which `test` is true."""
        return np.array([test(example) for example in self.examples], bool)

    def select(self, rows: Mask) -> Table:
        """Those rows."""
        examples = list(compress(self.examples, rows))
        values = {name: column[rows] for name, column in self.values.items()}
        return Table(examples, values, list(compress(self.clauses, rows)), self.factual[rows])


def load_examples() -> list[Example]:
    """The examples of the file, and those that are made of them."""
    rows = [Example(**json.loads(line)) for line in DATA.read_text(encoding="utf-8").splitlines()]
    return [*rows, *_copy_passages(rows), *_place_elsewhere(rows), *_splice_sentences(rows)]


def _copy_passages(rows: Sequence[Example]) -> Iterator[Example]:
    for row in {row.passage_id: row for row in rows}.values():
        for sentence in PassageReading.of(row.passage, row.question, row.language).sentences:
            yield replace(row, sentence=sentence.text, label="faithful", kind="copied")


def _place_elsewhere(rows: Sequence[Example]) -> Iterator[Example]:
    """Each paraphrase beside another page of the same half and language."""
    for row, other in _pair_with_others(rows, {row.passage_id: row for row in rows}.values(), 7):
        yield replace(row, passage=other.passage, question=other.question, label="unsupported", kind="elsewhere")


def _splice_sentences(rows: Sequence[Example]) -> Iterator[Example]:
    """Each paraphrase with one of another page joined to it, of which its own passage says nothing."""
    faithful = [row for row in rows if row.label == "faithful"]
    for row, other in _pair_with_others(rows, faithful, 11):
        join, end = ("，", "。") if row.language == "zh" else (", and ", ".")
        further = other.sentence if row.language == "zh" else other.sentence[0].lower() + other.sentence[1:]
        sentence = f"{row.sentence.rstrip(end)}{join}{further}"
        yield replace(row, sentence=sentence, label="unsupported", kind="spliced")


def _pair_with_others(
    rows: Sequence[Example], among: Iterable[Example], step: int
) -> Iterator[tuple[Example, Example]]:
    """Each paraphrase with a row of another page in its half and language."""
    pool = list(among)
    for number, row in enumerate(row for row in rows if row.label == "faithful"):
        others = [
            other
            for other in pool
            if (other.half, other.language) == (row.half, row.language) and other.passage_id != row.passage_id
        ]
        yield row, others[step * number % len(others)]


def measure_scales(examples: Sequence[Example], models: EmbeddingModels) -> dict[str, Scale]:
    """How near paraphrases are to what they paraphrase, by the name of each model."""
    cosines: dict[str, list[float]] = {}
    for example in examples:
        if example.label == "faithful" and not example.kind:
            model = select_model(models, example.language)
            assert model is not None
            cosines.setdefault(name_model(model.fingerprint), []).append(max(_measure_cosines(example, models)))
    return {
        name: Scale(round(float(np.mean(found)), 4), round(float(np.std(found)), 4)) for name, found in cosines.items()
    }


def measure_examples(examples: Sequence[Example], models: EmbeddingModels, scales: Mapping[str, Scale]) -> Table:
    """Compare each sentence with its passage; by words alone where `scales` has none."""
    rows, clauses, factual = [], [], []
    for example in examples:
        rows.append(_compare_example(example, models, scales))
        parts = list_clauses(read_sentence(example.sentence, example.language), example.language)
        clauses.append([_compare_example(replace(example, sentence=part), models, scales) for part in parts])
        missing = Evidence(f"{example.question}\n{example.passage}").find_missing_facts(example.sentence)
        factual.append(not missing)
    values = {name: np.array([row[name] for row in rows], float) for name in (*SUPPORT, *MEANING)}
    return Table(examples, values, clauses, np.array(factual, bool))


def _compare_example(example: Example, models: EmbeddingModels, scales: Mapping[str, Scale]) -> dict[str, float]:
    model = select_model(models, example.language)
    assert model is not None
    scale = scales.get(name_model(model.fingerprint))
    nearness = scale.standardise_cosines(_measure_cosines(example, models)) if scale else ()
    reading = PassageReading.of(example.passage, example.question, example.language)
    return reading.compare(read_sentence(example.sentence, example.language), nearness)


def _measure_cosines(example: Example, models: EmbeddingModels) -> list[float]:
    model = select_model(models, example.language)
    assert model is not None
    reading = PassageReading.of(example.passage, example.question, example.language)
    vectors = model.embed_documents([*reading.texts, example.sentence])
    return replace(reading, vectors=vectors[:-1]).measure_cosines(vectors[-1])


def fit(table: Table, *, near: bool, shares: tuple[float, float, float] = SHARES) -> Weights:
    """Both regressions, and the limits at which these shares of the paraphrases fitted on are dropped."""
    support = [name for name in SUPPORT if near or name not in NEARNESS]
    told_of = table.select(table.mark(lambda each: each.label != "turned"))
    supported = table.select(table.mark(lambda each: each.label != "unsupported"))
    weights = Weights(_fit_regression(told_of, support), _fit_regression(supported, MEANING), Limits(0, 0, 0))
    paraphrases = table.mark(lambda each: each.label == "faithful" and not each.kind)
    odds = [column[paraphrases] for column in weigh(table, weights)]
    limits = (round(float(np.quantile(column, share)), 3) for column, share in zip(odds, shares, strict=True))
    return replace(weights, limits=Limits(*limits))


def _fit_regression(table: Table, names: Sequence[str]) -> dict[str, float]:
    """A ridge-penalised logistic regression on what is faithful. Nearness counts for it or not at all, every difference
    against it or not at all: what is fitted on some kinds of turning shall not make up for others."""
    faithful = table.mark(lambda each: each.label == "faithful")
    counts = np.where(table.mark(lambda each: each.kind == "copied"), COPIES_COUNT, 1.0)
    for side in (faithful, ~faithful):
        counts[side] *= len(faithful) / 2 / counts[side].sum()
    values = np.stack([table.values[name] for name in names], axis=1)
    scale = np.maximum(values.std(axis=0), _LEAST_SPREAD)
    values, sign = values / scale, np.where(faithful, 1.0, -1.0)

    def lose(parameters: Floats) -> tuple[float, Floats]:
        intercept, weights = parameters[0], parameters[1:]
        margin = sign * (intercept + values @ weights)
        slope = -sign * counts / (1 + np.exp(np.clip(margin, -40, 40)))
        loss = (counts * np.logaddexp(0, -margin)).sum() + weights @ weights / 2 / REGULAR
        return float(loss), np.concatenate([[slope.sum()], values.T @ slope + weights / REGULAR])

    bounds = [(None, None), *((0, None) if name in NEARNESS else (None, 0) for name in names)]
    found = minimize(lose, np.zeros(len(names) + 1), jac=True, bounds=bounds, method="L-BFGS-B").x
    weights = dict(zip(names, (found[1:] / scale).round(3).tolist(), strict=True))
    return {"intercept": round(float(found[0]), 3)} | {name: value for name, value in weights.items() if value}


def weigh(table: Table, weights: Weights) -> tuple[Floats, Floats, Floats]:
    """The log-odds of every row: of support, of meaning, and of its least supported clause."""
    rows = [
        weights.weigh_differences({name: column[row] for name, column in table.values.items()})
        for row in range(len(table.examples))
    ]
    support, meaning = np.array([row.support for row in rows]), np.array([row.meaning for row in rows])
    least = [
        min((weights.weigh_differences(clause).support for clause in clauses), default=whole)
        for clauses, whole in zip(table.clauses, support, strict=True)
    ]
    return support, meaning, np.array(least)


def let_through(table: Table, weights: Weights) -> Mask:
    """Which rows would go out."""
    support, meaning, clause = weigh(table, weights)
    limits = weights.limits
    return table.factual & (support >= limits.support) & (meaning >= limits.meaning) & (clause >= limits.clause)


def cross_validate(table: Table, *, near: bool, without: str = "", shares: tuple[float, float, float] = SHARES) -> Mask:
    """Which rows would go out by a fit that knew neither their passage nor any sentence of the kind `without`."""
    ids = list(dict.fromkeys(example.passage_id for example in table.examples))
    np.random.default_rng(1).shuffle(ids)
    fold = {passage: number % FOLDS for number, passage in enumerate(ids)}
    places = np.array([fold[example.passage_id] for example in table.examples])
    known = table.mark(lambda each: not without or each.kind != without)
    out = np.zeros(len(places), bool)
    for number in range(FOLDS):
        weights = fit(table.select((places != number) & known), near=near, shares=shares)
        out[places == number] = let_through(table.select(places == number), weights)
    return out


def print_report(table: Table, out: Mask, title: str) -> None:
    """Shares by half and language, and of what is turned by kind; `out` are the rows that would go out."""
    print(title)
    for half in ("open", "sealed", ""):
        for language in ("en", "zh", ""):
            print(f"  {half or 'all':7}{language or 'all':4}{_describe_part(table, out, half, language)}")
    for kind in KINDS:
        shares = "  ".join(f"{tag} {_describe_kind(table, out, kind, tag)}" for tag in ("en", "zh"))
        print(f"    {kind:11} let through: {shares}")


def print_curve(table: Table) -> None:
    """What is let through against what is dropped, by the share of the paraphrases fitted on that may be."""
    turned = table.mark(lambda each: each.label == "turned")
    faithful = table.mark(lambda each: each.label == "faithful" and not each.kind)
    print("faithful dropped -> turned let through, passages left out:")
    for share in CURVE:
        out = cross_validate(table, near=True, shares=(SHARES[0], share, SHARES[2]))
        print(f"  {1 - out[faithful].mean():.2f} -> {out[turned].mean():.2f}")


def _describe_part(table: Table, out: Mask, half: str, language: str) -> str:
    own = table.mark(lambda each: each.half in (half or each.half) and each.language in (language or each.language))

    def share(label: str, kind: str | None = "") -> str:
        rows = own & table.mark(lambda each: each.label == label and kind in (None, each.kind))
        passed = float(out[rows].mean())
        return f"{1 - passed if label == 'faithful' else passed:.3f} of {rows.sum():3}"

    return (
        f"dropped: faithful {share('faithful')}, copied {share('faithful', 'copied')}; let through: "
        f"turned {share('turned', None)}, unsupported {share('unsupported')}, "
        f"elsewhere {share('unsupported', 'elsewhere')}, spliced {share('unsupported', 'spliced')}"
    )


def _describe_kind(table: Table, out: Mask, kind: str, language: str) -> str:
    rows = table.mark(lambda each: (each.kind, each.language) == (kind, language))
    return f"{out[rows].mean():.2f} of {rows.sum()}"


def time_sentences(examples: Sequence[Example]) -> float:
    """Milliseconds that one sentence takes beside six passages, without its embedding."""
    readings = [PassageReading.of(each.passage, each.question, each.language) for each in examples[:600:100]]
    begun = time.perf_counter()
    for example in examples[:200]:
        for reading in readings:
            reading.compare(read_sentence(example.sentence, example.language))
    return (time.perf_counter() - begun) * 1000 / 200


async def judge_examples(examples: Sequence[Example], url: str, calls: int, seconds: float) -> None:
    """What a model behind a vLLM server says of the same sentences, those beside one passage in one call."""
    generator = VllmGenerator([url], limits=VllmLimits(total=seconds))
    judge = DraftJudge(generator, Unmetered())
    passages: dict[str, list[Example]] = {}
    for example in examples:
        if example.kind not in ("copied", "elsewhere", "spliced"):
            passages.setdefault(example.passage_id, []).append(example)
    names, told = list(passages), dict[str, list[bool]]()
    np.random.default_rng(SEED).shuffle(names)
    answered, spent = 0, 0.0
    try:
        for name in names[:calls]:
            rows = [
                passages[name][at] for at in np.random.default_rng(SEED).permutation(len(passages[name]))[:IN_A_CALL]
            ]
            document = Document("https://site.example/", rows[0].question, rows[0].passage, language=rows[0].language)
            begun = time.perf_counter()
            said = await judge.judge_sentences(
                [row.sentence for row in rows], [Passage(name, document, rows[0].passage)], seconds
            )
            spent += time.perf_counter() - begun
            answered += said is not None
            for row, verdict in zip(rows, said or (), strict=False):
                told.setdefault(row.label, []).append(verdict is Verdict.CARRIED)
    finally:
        await generator.close()
    print(f"calls {len(names[:calls])}, answered {answered}, {spent / max(1, len(names[:calls])):.1f} s a call")
    for label, carried in told.items():
        print(f"  {label}: taken to be carried {np.mean(carried):.2f} of {len(carried)}")


class Unmetered:
    """A GenerationMeter that counts nothing."""

    def generated(self, outcome: str, seconds: float) -> None: ...

    def shown(self, seconds: float) -> None: ...

    def withheld(self, fault: str) -> None: ...

    def generator_fault(self, kind: str) -> None:
        print(f"  not judged: {kind}")


def main() -> None:
    """Print the figures, or fit."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.attribution",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", nargs="?", choices=["fit"], help="rather than printing the table alone")
    parser.add_argument("--write", action="store_true", help="of a fit: write the file that the product reads")
    parser.add_argument("--wrong", action="store_true", help="also what was wrongly dropped or let through, if open")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where vectors are kept from run to run")
    parser.add_argument("--judge", metavar="URL", help="what the model of this vLLM server says of them, instead")
    parser.add_argument("--calls", type=int, default=1000, help="with --judge: at most so many, each for one passage")
    parser.add_argument("--seconds", type=float, default=60, help="with --judge: that one call may take")
    options = parser.parse_args()
    if options.judge:
        asyncio.run(judge_examples(load_examples(), options.judge, options.calls, options.seconds))
        return
    models, examples = remembering_models(options.cache), load_examples()
    scales = measure_scales(examples, models)
    tables = {"near": measure_examples(examples, models, scales), "words": measure_examples(examples, models, {})}
    save_vectors(models)
    if options.what == "fit":
        fitted: dict[str, Any] = {"scales": {name: asdict(scale) for name, scale in scales.items()}}
        fitted |= {name: asdict(fit(table, near=name == "near")) for name, table in tables.items()}
        print(json.dumps(fitted, indent=1))
        if options.write:
            WEIGHTS.write_text(json.dumps(fitted, indent=1) + "\n", encoding="utf-8")
    print_report(tables["near"], tables["near"].factual, "facts alone, without this measure")
    for name, table in tables.items():
        out = cross_validate(table, near=name == "near")
        print_report(table, out, "words and embeddings" if name == "near" else "words alone")
    table = tables["near"]
    print_curve(table)
    for kind in LEFT_OUT:
        out = cross_validate(table, near=True, without=kind)
        shares = "  ".join(f"{tag} {_describe_kind(table, out, kind, tag)}" for tag in ("en", "zh"))
        print(f"no {kind} fitted on: {kind} let through: {shares}")
    print(f"one sentence beside six passages: {time_sentences(examples):.2f} ms, without its embedding")
    if options.wrong:
        out = cross_validate(table, near=True)
        for example, passed in zip(table.examples, out, strict=True):
            if example.half == "open" and passed != (example.label == "faithful"):
                print(f"{'through' if passed else 'dropped'} {example.label} {example.kind}: {example.sentence}")


if __name__ == "__main__":
    main()
