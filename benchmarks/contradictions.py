"""Are pages that contradict each other found, and pages that do not left alone?

    python -m benchmarks.contradictions [--wrong] [--sites] [--pages FOLDER …] [--cache FOLDER]
    python -m benchmarks.contradictions fit [--write]

Rooms are made of `data/contradictions.json`: in each, every item stands twice, as two pages that contradict each other
(in the page's words, in others, under another question, as a taught answer) or that do not (the same in other words, of
another product, plan or country, under a question that only lies near); in some it stands thrice. Whatever pair is
found in a room and was not planted there is a false one. The question sets of real sites (FRONTDESK_QUALITY_DIR), where
they are at hand, hold what pages are really like: a number is changed in a copy of some of their entries, and all other
pairs count as harmless.
So do the pages of real sites: of LEARNED_SITES in FRONTDESK_QUALITY_DIR, and of those whose pages lie in `--pages`.

`fit` learns the weights on the open halves and LEARNED_SITES; the sealed halves, the rooms of kinds UNSEEN and the
sites in `--pages` are what is measured, and nothing is learned from them.
"""

from __future__ import annotations

import argparse
import itertools
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
from benchmarks.site_pages import list_sites, read_site
from bot.evaluation.question_files import read_rooms
from retrieval.documents import Document, DocumentKind
from retrieval.index.build import build_index
from retrieval.models.embedding_models import EmbeddingModels
from retrieval.search import contradictions
from retrieval.search.contradictions import FEATURES, choose_weights, describe_pairs, estimate_probability
from retrieval.text.content_words import content_tokens

DATA = Path(__file__).parent / "data" / "contradictions.json"
WEIGHTS = Path(contradictions.__file__).parent / "contradictions.json"
SITE = "https://shop.example"
PLANTED = (
    "same words",
    "other answer",
    "other question",
    "taught",
    "other page title",
    "longer",
    "other folder",
    "copied page",
    "product on both",
    "three pages",
)
HARMLESS = (
    "agrees",
    "agrees, other question",
    "agrees, longer",
    "product",
    "product alone",
    "product in question",
    "three products",
    "plan",
    "plan by address",
    "country",
    "near question",
    "taught, agrees",
    "taught, near question",
    "series",
    "series of sections",
)
UNSEEN = ("country", "series of sections", "product on both")  # rooms that nothing is learned from
PRECISION = 0.95  # of the pairs found on the open half
SITES_COUNT = 4.0  # what a pair of a real site counts, where nearly all pairs are harmless
REGULAR = 1.0  # inverse of the ridge
SETS = ("sites_en", "sites_zh", "stackfaq", "esun_zh", "covid_jhu", "covid_deepset")
LEARNED = ("open", "learned")  # what is learned from
LEARNED_SITES = ("doxygen", "ffmpeg", "git", "putty", "python")
MOST_ENTRIES = 250  # of one site
_NUMBER = re.compile(r"(?<![\w.,-])\d{1,3}(?![\w.,-])")


@dataclass(frozen=True, slots=True)
class Room:
    """The pages of one company. `pairs` are the ids of the entries of each item; they contradict each other if
    `planted`. `kinds` are the items' kinds; `half` is "open" or "sealed", or where a real site's pages lie."""

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
                if name.startswith("series"):
                    yield _make_series(items, name, data, rng)
                    continue
                made = [_make_entries(item, name, data, rng) for item in items]
                pairs = [
                    (frozenset((one.id, other.id)), item["kind"])
                    for entries, item in zip(made, items, strict=True)
                    for one, other in itertools.combinations(entries, 2)
                ]
                near = [
                    Document(f"{SITE}/more", *item["near"], heading_path=("More",), language=language)
                    for item in items
                    if "near question" not in name
                ]
                if name == "copied page":  # what else stands there is the same
                    near += [
                        replace(entry, question=item["near"][0], answer=item["near"][1])
                        for entries in made
                        for item in rng.sample(items, 3)
                        for entry in entries
                    ]
                yield Room(
                    name,
                    half,
                    language,
                    (*(entry for entries in made for entry in entries), *near),
                    tuple(pair for pair, _ in pairs),
                    tuple(kind for _, kind in pairs),
                    name in PLANTED,
                )


def _make_entries(item: dict[str, Any], name: str, data: dict[str, Any], rng: random.Random) -> tuple[Document, ...]:
    """The entries of an item in a room of that name: two, and three where that can be."""
    language = item["language"]
    if name in HARMLESS and name.startswith(("product", "plan", "country", "three")):
        return _make_siblings(item, name, data, rng)
    if name == "three pages":
        return _make_three_pages(item, data, rng)
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
    thing = rng.choice([each for pair in data["things"][language]["product"] for each in pair])
    named = data["naming"][language].format(question=questions[0], name=thing)
    if name == "other folder":  # the words and headings are the same, the addresses differ in one part
        one = replace(one, url=f"{SITE}/help/{number}")
    if name == "copied page":
        one = replace(one, url=f"{SITE}/faq/{number}", heading_path=("FAQ",))
    if name == "product on both":
        one = replace(one, url=f"{SITE}/{_to_slug(thing)}", heading_path=(thing,))
    other = {
        "other folder": replace(one, url=f"{SITE}/info/{number}", answer=others[0]),
        "copied page": replace(one, url=f"{SITE}/print/faq/{number}", answer=others[0]),
        "product on both": replace(page, question=named, answer=others[rng.randrange(2)]),
        "same words": replace(page, answer=others[0], heading_path=one.heading_path),
        "other answer": replace(page, answer=others[1]),
        "other question": replace(page, question=questions[1], answer=others[rng.randrange(2)]),
        "taught": Document("", rng.choice(questions), others[1], language=language, author="Mei Lin"),
        "other page title": replace(page, answer=others[0]),
        "longer": replace(page, answer=f"{longer_too} {others[rng.randrange(2)]}"),
        "agrees": replace(page, answer=answers[1]),
        "agrees, other question": replace(page, question=questions[1], answer=answers[1]),
        "agrees, longer": replace(page, answer=f"{longer_too} {answers[1]}"),
        "taught, agrees": Document("", rng.choice(questions), answers[1], language=language, author="Mei Lin"),
        "taught, near question": Document("", *item["near"], language=language, author="Mei Lin"),
        "near question": replace(page, question=item["near"][0], answer=item["near"][1]),
    }[name]
    return one, other


def _make_three_pages(item: dict[str, Any], data: dict[str, Any], rng: random.Random) -> tuple[Document, ...]:
    """The same question on three pages, each with a value of its own; on two where there are but two values."""
    titles = rng.sample(data["pages"][item["language"]], 3)
    places = rng.sample(["faq", "help", "terms", "support"], 3)
    number = rng.randrange(10_000)
    return tuple(
        Document(
            f"{SITE}/{place}/{number + step}",
            item["questions"][0],
            answer,
            heading_path=tuple(title),
            language=item["language"],
        )
        for step, (title, place, answer) in enumerate(zip(titles, places, _list_values(item), strict=False))
    )


def _list_values(item: dict[str, Any]) -> list[str]:
    """An item's answer with one value, with the other, and with a third one if it is a number."""
    one, other = item["answers"][0], item["other_answers"][0]
    third = _NUMBER.sub(lambda match: str(int(match.group()) + 7), other, count=1)
    return list(dict.fromkeys((one, other, third)))


def _make_siblings(item: dict[str, Any], room: str, data: dict[str, Any], rng: random.Random) -> tuple[Document, ...]:
    """The same question about two things, or three with a page each."""
    three = room == "three products"
    what, _, how = ("product", "", "alone") if three else room.partition(" ")
    things = data["things"][item["language"]][what]
    names = rng.sample([name for pair in things for name in pair], 3) if three else rng.choice(things)
    number = rng.randrange(10_000) if how == "alone" else ""
    entries = []
    answers = _list_values(item) if three else (item["answers"][0], item["other_answers"][rng.randrange(2)])
    for name, answer in zip(names, answers, strict=not three):
        question, path = item["questions"][0], _to_slug(name)
        if how == "in question":
            question = data["naming"][item["language"]].format(question=question, name=name)
        headings = ("FAQ",) if how in ("in question", "by address") else ("FAQ", name)
        url = f"{SITE}/{path}/faq{number}"
        entries.append(Document(url, question, answer, heading_path=headings, language=item["language"]))
    return tuple(entries)


def _make_series(items: Sequence[dict[str, Any]], room: str, data: dict[str, Any], rng: random.Random) -> Room:
    """Four things with a page each, on which the same is asked of each of them; three items a series."""
    language, half = items[0]["language"], items[0]["half"]
    documents, pairs, kinds = [], [], []
    shuffled = rng.sample(items, len(items))
    for start in range(0, len(shuffled), 3):
        what = rng.choice(["product", "plan"])
        things = rng.sample([name for pair in data["things"][language][what] for name in pair], 4)
        for item in shuffled[start : start + 3]:
            section = room == "series of sections"
            asked = item["near"][0] if section else item["questions"][0]
            entries = [
                Document(
                    f"{SITE}/{what}s/{_to_slug(thing)}-{start}",
                    asked,
                    _NUMBER.sub(lambda match, add=3 * place: str(int(match.group()) + add), answer, count=1),
                    DocumentKind.SECTION if section else DocumentKind.FAQ,
                    (thing,) if section else ("FAQ", thing),
                    language,
                )
                for place, (thing, answer) in enumerate(
                    zip(things, rng.choices([item["answers"][0], *item["other_answers"]], k=4), strict=True)
                )
            ]
            documents += entries
            pairs += [frozenset((one.id, other.id)) for one, other in itertools.combinations(entries, 2)]
            kinds += [item["kind"]] * 6
    return Room(room, half, language, tuple(documents), tuple(pairs), tuple(kinds), False)


def _to_slug(name: str) -> str:
    return re.sub(r"\W+", "-", name.lower())


def measure_room(room: Room, models: EmbeddingModels) -> Iterator[Example]:
    """Every pair of a room that the product compares."""
    index = build_index(room.documents, models)
    kinds = dict(zip(room.pairs, room.kinds, strict=True))
    for pair, difference, values in describe_pairs(index, range(len(index.documents))):
        one, other = (index.documents[number] for number in pair)
        ids = frozenset((one.id, other.id))
        text = f"{difference.kind}: {one.question} {one.answer} | {other.question} {other.answer}"
        yield Example(room, kinds.get(ids, "-"), values, room.planted and ids in kinds, text)


def fit(examples: Sequence[Example]) -> dict[str, Any]:
    """The weights of pairs that differ in facts and of those that differ in words alone, and the least probability from
    which PRECISION of the pairs found were planted."""
    table, planted = np.array([each.values for each in examples]), np.array([each.planted for each in examples])
    made = {*PLANTED, *HARMLESS}
    counts = np.array([1.0 if each.planted or each.room.name in made else SITES_COUNT for each in examples])
    kinds = np.array([choose_weights(each.values) for each in examples])
    chances = np.zeros(len(examples))
    weights: dict[str, Any] = {}
    for kind in ("facts", "words"):
        own = kinds == kind
        scale = np.maximum(table[own].std(axis=0), 1e-6)
        model = LogisticRegression(C=REGULAR, max_iter=5000).fit(table[own] / scale, planted[own], counts[own])
        chances[own] = model.predict_proba(table[own] / scale)[:, 1]
        named = dict(zip(FEATURES, (model.coef_[0] / scale).round(3).tolist(), strict=True))
        weights[kind] = {"intercept": round(float(model.intercept_[0]), 3)} | named
    order = np.argsort(-chances)
    precision = np.cumsum(planted[order]) / np.cumsum(counts[order])
    least = float(chances[order][np.flatnonzero(precision >= PRECISION)[-1]])
    return {"least": round(max(0.5, least), 3)} | weights


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
    for unseen in (False, True):
        names = [name for name in PLANTED if (name in UNSEEN) == unseen]
        for half in ("open", "sealed"):
            planted = sum(len(room.pairs) for room in rooms if room.half == half and room.name in names)
            own = [each for each in examples if each.planted and each.room.half == half and each.room.name in names]
            hit = sum(estimate_probability(each.values) >= least for each in own)
            print(f"kinds {'not ' * unseen}learned from, {half}: recall {hit / max(1, planted):.3f} of {planted}")
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
                yield plant_in_site(name, some, half)


def print_sites(rooms: Sequence[Room], examples: Sequence[Example], least: float, *, listed: bool) -> None:
    """What was found on real sites, to be judged by hand, and how many of the numbers that were planted there."""
    for half in dict.fromkeys(room.half for room in rooms):
        own = [room for room in rooms if room.half == half]
        compared = [each for each in examples if each.room in own]
        found = [each for each in compared if estimate_probability(each.values) >= least]
        hit = sum(each.planted for each in found)
        planted, entries = sum(len(room.pairs) for room in own), sum(len(room.documents) for room in own)
        others = len(found) - hit
        print(
            f"sites, {half}: {len(own)} sites, {entries} entries, {len(compared)} pairs compared; found {hit} of "
            f"{planted} planted numbers, and {others} other pairs ({1000 * others / max(1, entries):.1f} in 1,000 "
            f"entries, {1000 * others / max(1, len(compared)):.1f} in 1,000 pairs)"
        )
        for each in sorted(found, key=lambda each: -estimate_probability(each.values)) if listed else ():
            if not each.planted:
                print(f"  {estimate_probability(each.values):.2f} {each.room.name} {each.text}")


def plant_in_site(name: str, documents: Sequence[Document], half: str) -> Room:
    """A real site in which some entries stand once more with another number, on another page of it: the whole entry, or
    its one sentence with the number."""
    rng = random.Random(name)
    planted = _plant_numbers(documents, rng)
    pairs = tuple(frozenset((documents[number].id, other.id)) for number, other in planted.items())
    return Room(
        name, half, documents[0].language, (*documents, *planted.values()), pairs, ("number",) * len(pairs), True
    )


def _plant_numbers(documents: Sequence[Document], rng: random.Random) -> dict[int, Document]:
    """Copies of a tenth of the entries that have a short number in their answer, with another number in its place, on
    another page: by the number of the entry."""
    fit = [
        number
        for number, each in enumerate(documents)
        if _NUMBER.search(each.answer)
        and len(each.answer) < 600
        and len(content_tokens(each.question, each.language)) > 1
    ]
    planted = {}
    for number in rng.sample(fit, min(len(fit), max(3, len(fit) // 10))):
        entry, there = documents[number], rng.choice(documents)
        changed = _NUMBER.sub(lambda match: str(int(match.group()) + rng.randint(1, 4)), entry.answer, count=1)
        if rng.random() < 0.5:
            changed = _sentence_with(changed, next(iter(_NUMBER.findall(changed)), ""))
        planted[number] = replace(
            entry, url=f"{there.url.partition('#')[0]}#planted", answer=changed, heading_path=there.heading_path
        )
    return planted


def _sentence_with(text: str, part: str) -> str:
    """The first sentence or line of `text` that holds `part`."""
    return next(each for each in re.split(r"(?<=[.!?])\s+|(?<=[。！？])|\n+", text) if part in each)


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
    parser.add_argument("--pages", type=Path, nargs="+", default=[], help="folders with a folder of pages a site")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where vectors are kept from run to run")
    options = parser.parse_args()
    if options.what == "fit" and not folder().is_dir():
        parser.error(
            f"a fit learns from real sites, too, and there are none in {folder().parent}: set FRONTDESK_QUALITY_DIR"
        )
    models = remembering_models(options.cache)
    rooms, sites = list(make_rooms()), list(site_rooms())
    learned = [folder().parent / "pages" / name for name in LEARNED_SITES]
    for half, homes in (("learned", learned), ("pages", list_sites(options.pages))):
        sites += [plant_in_site(home.name, read_site(home), half) for home in homes if home.is_dir()]
    examples = [example for room in (*rooms, *sites) for example in measure_room(room, models)]
    save_vectors(models)
    if options.what == "fit":
        weights = fit([each for each in examples if each.room.half in LEARNED and each.room.name not in UNSEEN])
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
