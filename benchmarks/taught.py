"""What taught answers do to ranking and confidence, on the question sets that `make quality` measures.

    python -m benchmarks.taught

A fifth of each set's entries, drawn anew three times, gets a taught answer beside it: its question or one of its other
wordings, and the first sentence of its answer (a sentence of ours where it has no second). Printed by set:

above    of the queries answered by such an entry, the share that finds the taught answer above the crawled one
lost     the P@1 that all other queries lose against the crawled entries alone
P@1      of the queries answered by such an entry, before and after
sure     their mean confidence: before; with twins counted as two; as shipped. Then the share answered, likewise.

`bonus b` adds b to the score of every taught answer and knows no twins; `twins` is what is shipped. In the second table
the crawled entry does not have the wording that was taught: what only its meaning tells to be the same question.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from benchmarks.question_sets import folder, single_turn
from bot.answers.evaluation import read_rooms
from bot.bootstrap import embedder_for
from bot.settings import load_settings
from retrieval.documents import Document
from retrieval.indexing.building import build_index
from retrieval.indexing.index import Index
from retrieval.interfaces import Embedder
from retrieval.languages import script_language
from retrieval.searching import calibration, fusion, signals
from retrieval.searching.languages import LanguageProbe
from retrieval.searching.retriever import choose_profile
from retrieval.searching.twins import find_twins

SHARE, DRAWS = 0.2, 3
BONUSES = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0)
CHOSEN_ON = ("atec_zh", "covid_deepset", "hint3", "sites_zh", "stackfaq", "stackfaq_ood")  # the others confirm
NO_TWINS = np.zeros((0, 2), np.int64)
_SENTENCE = re.compile(r"(?<=[。！？])|(?<=[.!?])\s+")
_OURS = {
    "en": "Our team looked into this: write to us, and a colleague takes care of it within a day.",
    "zh": "我们确认过了：请联系客服，同事会在一天之内为您处理。",
}


@dataclass(frozen=True, slots=True)
class Found:
    """What a query found: documents best first, their scores, which are taught, and the confidence."""

    documents: tuple[int, ...]
    scores: npt.NDArray[np.float32]
    taught: npt.NDArray[np.bool_]
    confidence: float
    profile: str


@dataclass(frozen=True, slots=True)
class Asked:
    """One query in one draw. `pairs` are (crawled, taught) that answer it, `right` all documents that do."""

    pairs: tuple[tuple[int, int], ...]
    right: frozenset[int]
    before: Found
    apart: Found
    shipped: Found


class Searcher:
    """The product's search, with what it computes on the way."""

    def __init__(self, embedder: Embedder) -> None:
        self.embedder = embedder
        self.probe = LanguageProbe(embedder)

    def ask(self, index: Index, text: str, vector: npt.NDArray[np.float32]) -> Found:
        """Search `index` as LiveRetriever does."""
        profile = choose_profile(self.probe, script_language(text), index)
        query = signals.prepare(index, text, vector, profile)
        found = signals.gather(index, query, index.dense.search(vector[None], signals.NEAREST)[0])
        scores = fusion.fuse(found, profile)
        preferred = fusion.prefer(found, scores, index.twins)
        ranking = fusion.rank(found, preferred)
        features = calibration.describe(index, query, found, ranking, scores)
        documents = found.documents[ranking].tolist()
        return Found(
            tuple(documents),
            preferred[ranking],
            np.array([bool(index.documents[place].author) for place in documents], bool),
            calibration.confidence(features, profile),
            profile.name,
        )


def taught(document: Document, rng: random.Random) -> Document:
    """A teammate's answer to the same question."""
    question = rng.choice([document.question, rng.choice(document.alternatives or (document.question,))])
    sentences = [sentence for sentence in _SENTENCE.split(document.answer.strip()) if sentence.strip()]
    answer = sentences[0] if len(sentences) > 1 else _OURS["zh" if document.language == "zh" else "en"]
    return Document("", question, answer, language=document.language, author="Mei Lin", crawled_at="2026-11-26")


def measure(name: str, searcher: Searcher, *, reworded: bool) -> Iterator[Asked]:
    """Every answerable query of a set, in every draw."""
    path, embedder = folder() / name, searcher.embedder
    for room, (documents, queries) in enumerate(read_rooms(path / "faqs.jsonl", path / "queries.jsonl")):
        if reworded and not any(document.alternatives for document in documents):
            continue
        rows = [row for row in queries if row.get("answerable", True)]
        vectors = [embedder.embed_queries([row["text"]])[0] for row in rows]
        base = build_index(documents, embedder)
        before = [searcher.ask(base, row["text"], vector) for row, vector in zip(rows, vectors, strict=True)]
        for draw in range(DRAWS):
            rng = random.Random(f"{name}{room}{draw}")
            chosen = rng.sample(range(len(documents)), max(1, round(SHARE * len(documents))))
            added = {number: taught(documents[number], rng) for number in chosen}
            crawled = base
            if reworded:
                crawled = build_index(_without(documents, added), embedder, previous=base)
            extra = build_index(list(added.values()), embedder)
            place = {document.id: len(documents) + number for number, document in enumerate(extra.documents)}
            apart = crawled.extended(extra, NO_TWINS)
            shipped = crawled.extended(extra, find_twins(crawled, extra, searcher.probe))
            for row, vector, first in zip(rows, vectors, before, strict=True):
                wanted = {f"eval:{faq}" for faq in row["relevant"]}
                answers = {number for number, document in enumerate(documents) if document.url in wanted}
                pairs = tuple((number, place[added[number].id]) for number in sorted(answers & added.keys()))
                yield Asked(
                    pairs,
                    frozenset(answers) | {twin for _, twin in pairs},
                    first,
                    searcher.ask(apart, row["text"], vector),
                    searcher.ask(shipped, row["text"], vector),
                )


def _without(documents: Sequence[Document], added: dict[int, Document]) -> list[Document]:
    """`documents`, each without the other wording that was taught for it."""
    return [
        replace(d, alternatives=tuple(a for a in d.alternatives if a != added[number].question))
        if number in added
        else d
        for number, d in enumerate(documents)
    ]


def figures(some: Sequence[Asked], bonus: float | None) -> tuple[float, float, float]:
    """-> above, lost, P@1 of the queries that a taught answer answers; with a bonus, or (None) as shipped."""
    above, lost, right = [], [], []
    for asked in some:
        order: Sequence[int] = asked.shipped.documents
        if bonus is not None:
            scores = asked.apart.scores + bonus * asked.apart.taught
            order = [asked.apart.documents[n] for n in np.argsort(-scores, kind="stable")]
        hit = bool(order) and order[0] in asked.right
        if not asked.pairs:
            lost.append(int(_right(asked, asked.before)) - int(hit))
            continue
        right.append(hit)
        rank = {document: number for number, document in enumerate(order)}
        found = [pair for pair in asked.pairs if rank.keys() & set(pair)]
        if found:
            crawled, twin = min(found, key=lambda pair: min(rank.get(document, len(rank)) for document in pair))
            above.append(rank.get(twin, len(rank)) < rank.get(crawled, len(rank)))
    return _mean(above), _mean(lost), _mean(right)


def _right(asked: Asked, found: Found) -> bool:
    return bool(found.documents) and found.documents[0] in asked.right


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if values else float("nan")


def report(title: str, some: Sequence[Asked]) -> None:
    """Print one set's figures."""
    own = [asked for asked in some if asked.pairs]
    trials = [(f"bonus {bonus:<4}", figures(some, bonus)) for bonus in BONUSES] + [("twins     ", figures(some, None))]
    before = _mean([_right(asked, asked.before) for asked in own])
    print(f"{title}: {len(own)} queries, {len(some) - len(own)} others; P@1 before {before:.3f}")
    for name, (above, lost, right) in trials:
        print(f"    {name} above {above:.3f}  lost {lost:+.4f}  P@1 {right:.3f}")
    stages = [[a.before for a in own], [a.apart for a in own], [a.shipped for a in own]]
    limit = calibration.DEFAULT_THRESHOLD
    sure = " ".join(f"{_mean([f.confidence for f in stage]):.3f}" for stage in stages)
    answered = " ".join(f"{_mean([f.confidence >= limit for f in stage]):.3f}" for stage in stages)
    print(f"    sure {sure}   answered {answered}")


def main() -> None:
    """Print both tables."""
    if not folder().is_dir():
        raise SystemExit(f"No question sets in {folder()}: set FRONTDESK_QUALITY_DIR to the folder that holds sets/.")
    searcher = Searcher(embedder_for(load_settings()))
    names = sorted(path.name for path in folder().iterdir() if single_turn(path.name))
    for reworded in (False, True):
        print(
            "\nTaught in a wording that the crawled entry lacks"
            if reworded
            else "Taught in a wording of the crawled entry"
        )
        halves: dict[str, list[Asked]] = {}
        for name in sorted(names, key=lambda name: (name not in CHOSEN_ON, name)):
            some = list(measure(name, searcher, reworded=reworded))
            for profile in sorted({asked.before.profile for asked in some}):
                part = [asked for asked in some if asked.before.profile == profile]
                half = "chosen on" if name in CHOSEN_ON else "confirming"
                report(f"{profile}, {half}: {name}", part)
                halves.setdefault(f"{profile}, {half}", []).extend(part)
        for title, part in sorted(halves.items()):
            report(f"{title}, all", part)


if __name__ == "__main__":
    main()
