"""Are pages that contradict each other found, and pages that do not left alone?

    python -m benchmarks.contradictions [fit [--write]] [--wrong] [--sites] [--cache FOLDER]

Rooms are made of `data/contradictions.json`: in each, every item stands twice, as two pages that contradict each other
(in the page's words, in others, under another question, as a taught answer) or that do not (the same in other words, of
another product, plan or country, under a question that only lies near). Whatever pair is found in a room and was not
planted there is a false one. The question sets of real sites (FRONTDESK_QUALITY_DIR), where they are at hand, hold what
pages are really like: a number is changed in a copy of some of their entries, and all other pairs count as harmless.
`fit` learns the weights on the open halves; the sealed ones are what is measured.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression

from benchmarks.fit import save_vectors
from benchmarks.question_sets import CACHE, folder, remembering_models
from bot.evaluation.question_files import read_rooms
from retrieval.documents import Document
from retrieval.index.build import build_index
from retrieval.models.embedding_models import EmbeddingModels
from retrieval.search import contradictions
from retrieval.search.contradictions import FEATURES, describe_pairs, estimate_probability

DATA = Path(__file__).parent / "data" / "contradictions.json"
WEIGHTS = Path(contradictions.__file__).parent / "contradictions.json"
SITE = "https://shop.example"
PLANTED = ("same words", "other answer", "other question", "taught", "other page title", "longer")
HARMLESS = (
    "agrees",
    "agrees, other question",
    "agrees, longer",
    "product",
    "product alone",
    "product in question",
    "plan",
    "plan by address",
    "country",
    "near question",
)
PRECISION = 0.95  # of the pairs found on the open half
SITES_COUNT = 4.0  # what a pair of a real site counts, where nearly all pairs are harmless
REGULAR = 1.0  # inverse of the ridge
SETS = ("sites_en", "sites_zh", "stackfaq", "esun_zh", "covid_jhu", "covid_deepset")
MOST_ENTRIES = 250  # of one site
_NUMBER = re.compile(r"(?<![\w.,-])\d{1,3}(?![\w.,-])")


@dataclass(frozen=True, slots=True)
class Room:
    """The pages of one company. `pairs` are the ids of the entries of each item; they contradict each other if
    `planted`. `kinds` are the items' kinds."""

    name: str
    half: str
    language: str
    documents: tuple[Document, ...]
    pairs: tuple[frozenset[str], ...]
    kinds: tuple[str, ...]
    planted: bool


@dataclass(frozen=True, slots=True)
class Example:
    """A pair of a room that was compared: its values, and whether it was planted."""

    room: Room
    kind: str
    values: tuple[float, ...]
    planted: bool
    text: str


def make_rooms() -> Iterator[Room]:
    """Every variant of both halves in each language."""
    data = json.loads(DATA.read_text(encoding="utf-8"))
    for half in ("open", "sealed"):
        for language in ("en", "zh"):
            items = [each for each in data["items"] if (each["half"], each["language"]) == (half, language)]
            for name in (*PLANTED, *HARMLESS):
                rng = random.Random(f"{half}{language}{name}")
                made = [_make_entries(item, name, data, rng) for item in items]
                near = [
                    Document(f"{SITE}/more", *item["near"], heading_path=("More",), language=language)
                    for item in items
                    if name != "near question"
                ]
                yield Room(
                    name,
                    half,
                    language,
                    (*(entry for entries in made for entry in entries), *near),
                    tuple(frozenset(entry.id for entry in entries) for entries in made),
                    tuple(item["kind"] for item in items),
                    name in PLANTED,
                )


def _make_entries(
    item: dict[str, Any], name: str, data: dict[str, Any], rng: random.Random
) -> tuple[Document, Document]:
    """The two entries of an item in a room of that name."""
    language = item["language"]
    if name.startswith(("product", "plan", "country")):
        return _make_siblings(item, name, data, rng)
    questions, answers, others = item["questions"], item["answers"], item["other_answers"]
    titles = rng.sample(data["pages"][language], 2)
    number = rng.randrange(10_000)
    one = Document(f"{SITE}/faq/{number}", questions[0], answers[0], heading_path=tuple(titles[0]), language=language)
    place = rng.choice(["faq", "help", "terms", "support"])
    page = replace(one, url=f"{SITE}/{place}/{number + 1}", heading_path=tuple(titles[1]))
    others_near = [each["near"][1] for each in data["items"] if each["language"] == language and each is not item]
    longer, longer_too = (" ".join(rng.sample(others_near, rng.randint(1, 3))) for _ in range(2))
    if name.endswith("longer"):
        one = replace(one, answer=f"{one.answer} {longer}")
    other = {
        "same words": replace(page, answer=others[0], heading_path=one.heading_path),
        "other answer": replace(page, answer=others[1]),
        "other question": replace(page, question=questions[1], answer=others[rng.randrange(2)]),
        "taught": Document("", rng.choice(questions), others[1], language=language, author="Mei Lin"),
        "other page title": replace(page, answer=others[0]),
        "longer": replace(page, answer=f"{longer_too} {others[rng.randrange(2)]}"),
        "agrees": replace(page, answer=answers[1]),
        "agrees, other question": replace(page, question=questions[1], answer=answers[1]),
        "agrees, longer": replace(page, answer=f"{longer_too} {answers[1]}"),
        "near question": replace(page, question=item["near"][0], answer=item["near"][1]),
    }[name]
    return one, other


def _make_siblings(
    item: dict[str, Any], room: str, data: dict[str, Any], rng: random.Random
) -> tuple[Document, Document]:
    """The same question about two things."""
    what, _, how = room.partition(" ")
    names = rng.choice(data["things"][item["language"]][what])
    number = rng.randrange(10_000) if how == "alone" else ""
    entries = []
    for name, answer in zip(names, (item["answers"][0], item["other_answers"][rng.randrange(2)]), strict=True):
        question, path = item["questions"][0], re.sub(r"\W+", "-", name.lower())
        if how == "in question":
            question = data["naming"][item["language"]].format(question=question, name=name)
        headings = ("FAQ",) if how in ("in question", "by address") else ("FAQ", name)
        url = f"{SITE}/{path}/faq{number}"
        entries.append(Document(url, question, answer, heading_path=headings, language=item["language"]))
    return entries[0], entries[1]


def measure_room(room: Room, models: EmbeddingModels) -> Iterator[Example]:
    """Every pair of a room that the product compares."""
    index = build_index(room.documents, models)
    kinds = dict(zip(room.pairs, room.kinds, strict=True))
    for pair, difference, values in describe_pairs(index, range(len(index.documents))):
        one, other = (index.documents[number] for number in pair)
        ids = frozenset((one.id, other.id))
        text = f"{difference.kind}: {one.question} {one.answer} | {other.question} {other.answer}"
        yield Example(room, kinds.get(ids, "-"), values, room.planted and ids in kinds, text)


def fit(examples: Sequence[Example]) -> dict[str, float]:
    """The weights, and the least probability from which PRECISION of the pairs found were planted."""
    table, planted = np.array([each.values for each in examples]), np.array([each.planted for each in examples])
    scale = np.maximum(table.std(axis=0), 1e-6)
    made = {*PLANTED, *HARMLESS}
    counts = np.array([1.0 if each.planted or each.room.name in made else SITES_COUNT for each in examples])
    model = LogisticRegression(C=REGULAR, max_iter=5000).fit(table / scale, planted, counts)
    chances = model.predict_proba(table / scale)[:, 1]
    order = np.argsort(-chances)
    precision = np.cumsum(planted[order]) / np.cumsum(counts[order])
    least = float(chances[order][np.flatnonzero(precision >= PRECISION)[-1]])
    weights = dict(zip(FEATURES, (model.coef_[0] / scale).round(3).tolist(), strict=True))
    return {"intercept": round(float(model.intercept_[0]), 3), "least": round(max(0.5, least), 3)} | weights


def print_report(rooms: Sequence[Room], examples: Sequence[Example], least: float, *, wrong: bool) -> None:
    """Precision and recall by half, and what was found by room and by kind."""
    for half in ("open", "sealed"):
        some = [each for each in rooms if each.half == half]
        found = [each for each in examples if each.room in some and estimate_probability(each.values) >= least]
        right = sum(each.planted for each in found)
        planted = sum(len(room.pairs) for room in some if room.planted)
        harmless = sum(len(room.pairs) for room in some if not room.planted)
        print(
            f"{half}: {planted} planted, {harmless} harmless; found {len(found)}: "
            f"precision {right / max(1, len(found)):.3f} recall {right / planted:.3f}"
        )
        for name in (*PLANTED, *HARMLESS):
            for language in ("en", "zh"):
                own = [r for r in some if (r.name, r.language) == (name, language)]
                total = sum(len(room.pairs) for room in own)
                mine = [each for each in found if each.room in own]
                kinds = Counter(kind for room in own for kind in room.kinds)
                hit = Counter(each.kind for each in mine)
                by_kind = "  ".join(f"{kind} {hit[kind] / count:.2f}" for kind, count in kinds.items())
                print(f"  {name:24}{language}  n {total:3}  found {len(mine) / total:.2f}  {by_kind}  else {hit['-']}")
    if wrong:
        for each in examples:
            probability = estimate_probability(each.values)
            if each.room in rooms and each.room.half == "open" and each.planted != (probability >= least):
                print(f"{'missed' if each.planted else 'false':7}{probability:.2f} {each.room.name}: {each.text}")


def site_rooms() -> Iterator[Room]:
    """The open question sets of real sites where they are at hand, each in two halves. Whatever is found there, but for
    the numbers that are planted, is counted as false."""
    for name in SETS if folder().is_dir() else ():
        path = folder() / name
        for documents, _ in read_rooms(path / "faqs.jsonl", path / "queries.jsonl"):
            middle = min(len(documents) // 2, MOST_ENTRIES)
            for half, some in (("open", documents[:middle]), ("sealed", documents[middle : middle + MOST_ENTRIES])):
                if not some:
                    continue
                planted = _plant_numbers(some, random.Random(name))
                pairs = tuple(frozenset((some[number].id, other.id)) for number, other in planted.items())
                kinds = ("number",) * len(pairs)
                yield Room(name, half, some[0].language, (*some, *planted.values()), pairs, kinds, True)


def print_sites(rooms: Sequence[Room], examples: Sequence[Example], least: float, *, listed: bool) -> None:
    """What was found on real sites, to be judged by hand, and how many of the numbers that were planted there."""
    for half in ("open", "sealed"):
        own = [room for room in rooms if room.half == half]
        found = [each for each in examples if each.room in own and estimate_probability(each.values) >= least]
        hit = sum(each.planted for each in found)
        planted, entries = sum(len(room.pairs) for room in own), sum(len(room.documents) for room in own)
        others = len(found) - hit
        print(f"sites, {half}: {entries} entries; found {hit} of {planted} planted numbers, and {others} other pairs")
        for each in sorted(found, key=lambda each: -estimate_probability(each.values)) if listed else ():
            if not each.planted:
                print(f"  {estimate_probability(each.values):.2f} {each.room.name} {each.text}")


def _plant_numbers(documents: Sequence[Document], rng: random.Random) -> dict[int, Document]:
    """Copies of a tenth of the entries that have a short number in their answer, with another number in its place, on
    another page: by the number of the entry."""
    fit = [number for number, each in enumerate(documents) if _NUMBER.search(each.answer) and len(each.answer) < 600]
    planted = {}
    for number in rng.sample(fit, min(len(fit), max(3, len(fit) // 10))):
        entry = documents[number]
        changed = _NUMBER.sub(lambda match: str(int(match.group()) + rng.randint(1, 4)), entry.answer, count=1)
        planted[number] = replace(entry, url=f"{SITE}/other", answer=changed)
    return planted


def main() -> None:
    """Print the figures, or fit."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.contradictions",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", nargs="?", choices=["fit"], help="rather than printing the table")
    parser.add_argument("--write", action="store_true", help="of a fit: write the file that the product reads")
    parser.add_argument("--wrong", action="store_true", help="also what was missed or found wrongly in the open half")
    parser.add_argument("--sites", action="store_true", help="also what was found on real sites, to be judged by hand")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where vectors are kept from run to run")
    options = parser.parse_args()
    models = remembering_models(options.cache)
    rooms, sites = list(make_rooms()), list(site_rooms())
    examples = [example for room in (*rooms, *sites) for example in measure_room(room, models)]
    save_vectors(models)
    if options.what == "fit":
        weights = fit([each for each in examples if each.room.half == "open"])
        print(json.dumps(weights, indent=1))
        if options.write:
            WEIGHTS.write_text(json.dumps(weights, indent=1) + "\n", encoding="utf-8")
            contradictions.load_weights.cache_clear()
    least = json.loads(WEIGHTS.read_text(encoding="utf-8"))["least"]
    print_report(rooms, examples, least, wrong=options.wrong)
    if sites:
        print_sites(sites, examples, least, listed=options.sites)


if __name__ == "__main__":
    main()
