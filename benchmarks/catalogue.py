"""One question for several products (years, plans, countries): is one's value told to who named none?

    python -m benchmarks.catalogue [--wrong]

A catalogue is generated for every kind of name and page layout in `data/catalogue.json`, indexed and searched by the
product's own code, and decided at its own threshold. Printed by half (names and questions of `sealed` were not looked
at while the search was written) and by kind:

unnamed   no product is named and the answers differ: share answered with one value (asking back is right)
same      no product is named and every page says the same: share answered or asked back with the right question
named     in the page's words: share answered by the named product's page; `wrong` by another's
reworded  the same in other words, which a model may not know (those here are English)
missing   a product is named that there is no page of: share answered with one value
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.answering.decide import make_decision
from bot.app import embedding_models_for
from bot.chat.conversation import Decision
from bot.settings import load_settings
from retrieval.documents import Document
from retrieval.models.embedding_models import EmbeddingModels
from retrieval.search.retriever import retriever_over

DATA = Path(__file__).parent / "data" / "catalogue.json"
LAYOUTS = ("title", "question", "section")
SITE = "https://shop.example"
SEED = 12


@dataclass(frozen=True, slots=True)
class Ask:
    """A question put to one catalogue. `right` are the ids of the documents that answer it."""

    half: str
    kind: str
    layout: str
    how: str
    text: str
    right: frozenset[str]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The pages of one company, and what is asked of it."""

    documents: tuple[Document, ...]
    asks: tuple[Ask, ...]


def make_catalogues() -> Iterator[Catalogue]:
    """Every kind of name in every layout."""
    data = json.loads(DATA.read_text(encoding="utf-8"))
    for name, kind in data["kinds"].items():
        for layout in LAYOUTS:
            rng = random.Random(f"{SEED}{name}{layout}")
            pages = {
                (product, number): _make_entry(kind, layout, product, number)
                for product in kind["names"]
                for number in range(len(kind["questions"]))
            }
            asks = tuple(
                Ask(kind["half"], name, layout, how, text, right)
                for number in range(len(kind["questions"]))
                for how, text, right in _make_questions(kind, number, pages, rng)
            )
            filler = [
                Document(f"{SITE}/help", question, answer, heading_path=("Help",), language=kind["language"])
                for question, answer in data["filler"][kind["language"]]
            ]
            yield Catalogue((*pages.values(), *filler), asks)


def _make_entry(kind: dict[str, Any], layout: str, product: str, number: int) -> Document:
    """The entry that answers a question for one product. Products agree or differ as `answers` has it."""
    question = kind["questions"][number]
    place = kind["names"].index(product)
    answer = question["answers"][(place + number) % len(question["answers"])]
    wording = question["naming"].format(name=product) if layout == "question" else question["page"]
    url, headings = {
        "title": (f"{SITE}/p{place}", (product,)),
        "question": (f"{SITE}/faq", ("FAQ",)),
        "section": (f"{SITE}/products#s{place}", ("FAQ", product)),
    }[layout]
    return Document(url, wording, answer, heading_path=headings, language=kind["language"])


def _make_questions(
    kind: dict[str, Any], number: int, pages: dict[tuple[str, int], Document], rng: random.Random
) -> Iterator[tuple[str, str, frozenset[str]]]:
    question = kind["questions"][number]
    plain, naming = question["asks"]
    own = {product: frozenset([pages[product, number].id]) for product in kind["names"]}
    everyone = frozenset().union(*own.values())
    for text in (question["page"], plain):
        yield ("same" if question["same"] else "unnamed"), text, everyone
    for product in kind["names"]:
        right = everyone if question["same"] else own[product]
        template = question["naming"]
        yield "named", template.format(name=product), right
        yield "reworded", naming.format(name=product), right
        if partial := kind["partial"].get(product):
            yield "partial", template.format(name=partial), right
        if (other := rng.choice([product.lower(), product.upper()])) != product:
            yield "case", template.format(name=other), right
        if wrong := _misspell_name(product, rng):
            yield "misspelt", template.format(name=wrong), right
    for missing in kind["missing"]:
        yield "missing", rng.choice([question["naming"], naming]).format(name=missing), frozenset()


def _misspell_name(name: str, rng: random.Random) -> str:
    """`name` with two neighbouring letters of its longest word exchanged, or one left out; "" for short or odd ones."""
    word = max(name.split(), key=len)
    if len(word) < 5 or not (word.isascii() and word.isalpha()):
        return ""
    place = rng.choice([place for place in range(1, len(word) - 2) if word[place] != word[place + 1]])
    swapped = word[:place] + word[place + 1] + word[place] + word[place + 2 :]
    return name.replace(word, rng.choice([swapped, word[:place] + word[place + 1 :]]))


async def _measure_outcomes(catalogue: Catalogue, models: EmbeddingModels) -> list[tuple[Ask, str, str]]:
    """-> (what was asked, "right", "wrong" or "asked", a line that tells what was found)."""
    retriever = retriever_over(catalogue.documents, models)
    outcomes = []
    for ask in catalogue.asks:
        result = await retriever.retrieve(ask.text)
        decided = make_decision(result)
        first = result.passages[0].passage.document if result.passages else None
        outcome = "asked"
        if first and decided.decision is Decision.ANSWER:
            fits = first.id in ask.right and ask.how != "unnamed"
            outcome = "right" if fits else "wrong"
        found = f"{result.confidence:.2f} {first.heading_path} {first.question}" if first else "nothing"
        outcomes.append((ask, outcome, f"{decided.decision} {found}"))
    return outcomes


def print_report(title: str, outcomes: Sequence[tuple[Ask, str, str]]) -> None:
    """Print one line of figures."""
    named = ("named", "partial", "case", "misspelt")

    def share(hows: Sequence[str], outcome: str) -> str:
        some = [what for ask, what, _ in outcomes if ask.how in hows]
        return f"{sum(what == outcome for what in some) / len(some):.3f}" if some else "  -  "

    figures = {
        "unnamed": share(["unnamed"], "wrong"),
        "same": share(["same"], "right"),
        "named": share(named, "right"),
        "wrong": share(named, "wrong"),
        "reworded": share(["reworded"], "right"),
        "(wrong)": share(["reworded"], "wrong"),
        "missing": share(["missing"], "wrong"),
        **{f"- {how}": share([how], "right") for how in named},
    }
    print(f"{title:16} n {len(outcomes):4}  " + "  ".join(f"{name} {value}" for name, value in figures.items()))


def main() -> None:
    """Print the figures; with --wrong every question that was answered with a wrong value or, if named, not at all."""
    models = embedding_models_for(load_settings())
    outcomes = [each for catalogue in make_catalogues() for each in asyncio.run(_measure_outcomes(catalogue, models))]
    for half in ("open", "sealed"):
        some = [each for each in outcomes if each[0].half == half]
        print_report(half, some)
        for layout in LAYOUTS:
            print_report(f"  {layout}", [each for each in some if each[0].layout == layout])
        for kind in dict.fromkeys(ask.kind for ask, _, _ in some):
            print_report(f"  {kind}", [each for each in some if each[0].kind == kind])
    if "--wrong" in sys.argv:
        for ask, outcome, found in outcomes:
            if ask.half == "open" and (
                outcome == "wrong" or (outcome == "asked" and ask.how not in ("unnamed", "missing"))
            ):
                print(f"{outcome:6}{ask.kind:14}{ask.layout:9}{ask.how:9}{ask.text:60}{found}")


if __name__ == "__main__":
    main()
