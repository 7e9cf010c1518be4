"""What taught answers do to ranking and confidence, on the question sets that `make quality` measures.

    python -m benchmarks.taught [fit [--write]] [--sets NAME …] [--cache FOLDER]

A fifth of each set's entries, drawn anew three times, gets a taught answer beside it: its question or one of its other
wordings, and the first sentence of its answer (a sentence of ours where it has no second). Printed by set:

above    of the queries answered by such an entry, the share that finds the taught answer above the crawled one
lost     the P@1 that all other queries lose against the crawled entries alone
P@1      of the queries answered by such an entry: before; as shipped
sure     their mean confidence: before; with twins counted as two; as shipped. Then the share answered, likewise.

In the second table the crawled entry does not have the wording that was taught: what only its meaning tells to be the
same question. `fit` finds for each model the lowest cosine of two questions from which PRECISION of the pairs that it
holds as near ask the same, on the sets that `benchmarks.gaps` tunes on, and prints what comes of it there and
elsewhere.
"""

from __future__ import annotations

import argparse
import math
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.fit import save_vectors, update_fit
from benchmarks.gaps import TUNED, entries
from benchmarks.question_sets import CACHE, folder, remembering_models, single_turn
from bot.evaluation.question_files import Row, read_rooms
from retrieval.documents import Document
from retrieval.index.build import build_index
from retrieval.index.index import Index
from retrieval.models.embedding_models import EmbeddingModels, name_model
from retrieval.search.fitted import load_fitted, name_fit
from retrieval.search.generic_profile import ANY_MODEL, measure_background
from retrieval.search.profiles import GENERIC
from retrieval.search.query_vectors import QuestionVectors
from retrieval.search.retriever import choose_profiles, detect_query_language
from retrieval.search.same_question import find_same_question_pairs
from retrieval.search.search import Search
from retrieval.text.analysis import analyse_text

SHARE, DRAWS = 0.2, 3
PRECISION = 0.97  # of the pairs that one model finds: what is wrongly one loses an answer
LEAST = 0.95  # the lowest cosine that is tried: with .90 other questions lost their answers
MOST, MOST_WORDINGS = 200, 3  # wordings of one firm, and of one entry, in a fit
NO_TWINS = np.zeros((0, 2), np.int64)
_SENTENCE = re.compile(r"(?<=[。！？])|(?<=[.!?])\s+")
_OURS = {
    "en": "Our team looked into this: write to us, and a colleague takes care of it within a day.",
    "zh": "我们确认过了：请联系客服，同事会在一天之内为您处理。",
}

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Found:
    """What a query found: documents best first, how sure the first is, and whether that suffices."""

    documents: tuple[int, ...]
    confidence: float
    answered: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """One query in one draw. `pairs` are (crawled, taught) that answer it, `right` all documents that do."""

    pairs: tuple[Pair, ...]
    right: frozenset[int]
    before: Found
    apart: Found
    shipped: Found


@dataclass(frozen=True, slots=True)
class Draw:
    """Entries of a room with taught answers beside some of them: `added` by the number of the crawled one."""

    crawled: Index
    extra: Index
    added: dict[int, Document]


class Searcher:
    """The product's search, as the retriever runs it."""

    def __init__(self, models: EmbeddingModels) -> None:
        self.models = models
        self._fitted = load_fitted(models)
        self._vectors = QuestionVectors(models)

    def ask(self, index: Index, text: str) -> Found:
        """Search `index`, by a second profile where the first is not sure."""
        language = detect_query_language(text, index)
        search = Search(index, text, language, (), (), self._vectors)
        for profile in choose_profiles(self._fitted, language, index):
            found = search.search_by(profile)
            answered = found.confidence >= profile.answer
            if answered:
                break
        documents = found.candidates.documents[found.ranking].tolist()
        return Found(tuple(documents), found.confidence, answered)


def to_taught(document: Document, rng: random.Random) -> Document:
    """A teammate's answer to the same question."""
    question = rng.choice([document.question, rng.choice(document.alternatives or (document.question,))])
    sentences = [sentence for sentence in _SENTENCE.split(document.answer.strip()) if sentence.strip()]
    answer = sentences[0] if len(sentences) > 1 else _OURS["zh" if document.language == "zh" else "en"]
    return Document("", question, answer, language=document.language, author="Mei Lin", crawled_at="2026-11-26")


def make_draws(
    documents: Sequence[Document], base: Index, models: EmbeddingModels, seed: str, *, reworded: bool
) -> Iterator[Draw]:
    """Every draw of a room, its entries with or without the wording that is taught."""
    for number in range(DRAWS):
        rng = random.Random(f"{seed}{number}")
        chosen = rng.sample(range(len(documents)), max(1, round(SHARE * len(documents))))
        added = {number: to_taught(documents[number], rng) for number in chosen}
        crawled = build_index(_drop_taught(documents, added), models, previous=base) if reworded else base
        yield Draw(crawled, build_index(list(added.values()), models), added)


def _drop_taught(documents: Sequence[Document], added: dict[int, Document]) -> list[Document]:
    """`documents`, each without the other wording that was taught for it."""
    return [
        replace(d, alternatives=tuple(a for a in d.alternatives if a != added[number].question))
        if number in added
        else d
        for number, d in enumerate(documents)
    ]


def select_rooms(name: str, *, reworded: bool) -> Iterator[tuple[list[Document], list[Row]]]:
    """The rooms of a set; if `reworded`, those whose entries have several wordings."""
    for documents, rows in read_rooms(folder() / name / "faqs.jsonl", folder() / name / "queries.jsonl"):
        if not reworded or any(document.alternatives for document in documents):
            yield documents, [row for row in rows if row.get("answerable", True)]


def measure(name: str, searcher: Searcher, *, reworded: bool) -> Iterator[Asked]:
    """Every answerable query of a set, in every draw."""
    for room, (documents, rows) in enumerate(select_rooms(name, reworded=reworded)):
        base = build_index(documents, searcher.models)
        before = [searcher.ask(base, row["text"]) for row in rows]
        for draw in make_draws(documents, base, searcher.models, f"{name}{room}", reworded=reworded):
            place = {document.id: len(documents) + number for number, document in enumerate(draw.extra.documents)}
            apart = draw.crawled.with_additions(draw.extra, NO_TWINS)
            shipped = draw.crawled.with_additions(draw.extra, find_same_question_pairs(draw.crawled, draw.extra))
            for row, first in zip(rows, before, strict=True):
                wanted = {f"eval:{faq}" for faq in row["relevant"]}
                answers = {number for number, document in enumerate(documents) if document.url in wanted}
                pairs = tuple((number, place[draw.added[number].id]) for number in sorted(answers & draw.added.keys()))
                yield Asked(
                    pairs,
                    frozenset(answers) | {twin for _, twin in pairs},
                    first,
                    searcher.ask(apart, row["text"]),
                    searcher.ask(shipped, row["text"]),
                )


def print_report(title: str, some: Sequence[Asked]) -> None:
    """Print one set's figures."""
    own, others = [a for a in some if a.pairs], [a for a in some if not a.pairs]
    ranks = [_best_pair(asked) for asked in own]
    above = _mean([taught < crawled for crawled, taught in filter(None, ranks)])
    lost = _mean([_is_right(asked, asked.before) for asked in others]) - _mean(
        [_is_right(a, a.shipped) for a in others]
    )
    first = " ".join(f"{_mean([_is_right(a, found) for a, found in stage]):.3f}" for stage in _split_stages(own)[::2])
    sure = " ".join(f"{_mean([found.confidence for _, found in stage]):.3f}" for stage in _split_stages(own))
    answered = " ".join(f"{_mean([found.answered for _, found in stage]):.3f}" for stage in _split_stages(own))
    print(f"{title:34} {len(own):5} queries, {len(others):5} others  above {above:.3f}  lost {lost:+.4f}  P@1 {first}")
    print(f"    sure {sure}   answered {answered}", flush=True)


def _split_stages(some: Sequence[Asked]) -> list[list[tuple[Asked, Found]]]:
    return [[(a, a.before) for a in some], [(a, a.apart) for a in some], [(a, a.shipped) for a in some]]


def _best_pair(asked: Asked) -> Pair | None:
    """The ranks of the pair that is found first."""
    rank = {document: number for number, document in enumerate(asked.shipped.documents)}
    last = len(rank)
    found = [(rank.get(one, last), rank.get(other, last)) for one, other in asked.pairs if rank.keys() & {one, other}]
    return min(found, key=min, default=None)


def _is_right(asked: Asked, found: Found) -> bool:
    return bool(found.documents) and found.documents[0] in asked.right


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


# -- which questions are one -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Near:
    """Two wordings with their cosine by each model, and whether one entry answers both. `share` is what they count:
    every set alike."""

    cosines: tuple[float, ...]
    same: bool
    share: float


def near_pairs(name: str, models: EmbeddingModels) -> list[Near]:
    """The pairs of wordings of a set, as `benchmarks.gaps` reads them, that any of the models holds near."""
    found: list[tuple[tuple[float, ...], bool]] = []
    for firm in entries(name).values():
        chosen = [firm[place] for place in np.random.default_rng(0).permutation(len(firm)).tolist()]
        wordings = [(text, number) for number, entry in enumerate(chosen) for text in entry[:MOST_WORDINGS]][:MOST]
        texts, labels = [text for text, _ in wordings], np.array([number for _, number in wordings])
        rows = [model.embed_documents(texts) for model in models.models]
        cosines = np.stack([vectors @ vectors.T for vectors in rows], -1)
        near = np.triu(cosines.max(axis=-1) >= LEAST, 1)
        tokens = [frozenset(analyse_text(text)) for text in texts]
        near &= ~np.array([[one == other for other in tokens] for one in tokens])  # the words tell these
        same = labels[:, None] == labels
        found += zip(map(tuple, cosines[near].tolist()), same[near].tolist(), strict=True)
    return [Near(values, same, 1 / len(found)) for values, same in found]


def fit(models: EmbeddingModels, names: Sequence[str]) -> dict[str, float]:
    """The threshold of each model, by its name; prints what they find."""
    pairs = {name: near_pairs(name, models) for name in names}
    chosen = [pair for name in names if name in TUNED["en"] for pair in pairs[name]]
    least = tuple(find_least(chosen, number) for number in range(len(models.models)))
    alone = [(model.fingerprint, [number]) for number, model in enumerate(models.models)]
    for name in names:
        print(f"{name:14} {'chosen on' if name in TUNED['en'] else 'confirming'}", flush=True)
        for title, by in [*alone, ("all", list(range(len(least))))]:
            told = [pair for pair in pairs[name] if all(pair.cosines[number] >= least[number] for number in by)]
            right, same = sum(pair.same for pair in told), sum(pair.same for pair in pairs[name])
            precision = right / len(told) if told else float("nan")
            print(f"    {name_model(title):22} precision {precision:.3f} of {len(told)}, found {right} of {same} near")
    return {name_model(model.fingerprint): value for model, value in zip(models.models, least, strict=True)}


def find_least(pairs: Sequence[Near], model: int) -> float:
    """The lowest cosine of LEAST and more from which on PRECISION of the pairs ask the same."""
    ordered = sorted((pair for pair in pairs if pair.cosines[model] >= LEAST), key=lambda pair: -pair.cosines[model])
    shares = np.array([pair.share for pair in ordered])
    right = np.cumsum(shares * [pair.same for pair in ordered]) / np.cumsum(shares)
    precise = np.flatnonzero(right >= PRECISION)
    return math.ceil(ordered[precise[-1]].cosines[model] * 1000) / 1000 if len(precise) else 1.0


def main() -> None:
    """Print both tables, or fit. Exits kindly where the sets are absent."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.taught", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="?", choices=["fit"], help="rather than printing the tables")
    parser.add_argument("--write", action="store_true", help="of a fit: write the files that the product reads")
    parser.add_argument("--sets", nargs="+", default=(), metavar="NAME", help="of these sets alone")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where vectors are kept from run to run")
    options = parser.parse_args()
    if not folder().is_dir():
        raise SystemExit(f"No question sets in {folder()}: set FRONTDESK_QUALITY_DIR to the folder that holds sets/.")
    models = remembering_models(options.cache)
    names = options.sets or sorted(path.name for path in folder().iterdir() if single_turn(path.name))
    if options.what == "fit":
        found = fit(models, names)
        print(found)
        if options.write:
            write(models, found)
    for reworded in (False, True) if options.what is None else ():
        print(f"\nTaught in a wording {'that the crawled entry lacks' if reworded else 'of the crawled entry'}")
        for name in names:
            print_report(name, list(measure(name, Searcher(models), reworded=reworded)))
    save_vectors(models)


def write(models: EmbeddingModels, found: dict[str, float]) -> None:
    """Write the thresholds; for models that nobody fitted a part of the way from what unrelated questions have to 1."""
    update_fit(name_fit(list(found)), same_question=found)
    least, background = next(iter(found.values())), measure_background(models.models[0])
    update_fit(GENERIC, same_question={ANY_MODEL: round((least - background.mean) / (1 - background.mean), 3)})


if __name__ == "__main__":
    main()
