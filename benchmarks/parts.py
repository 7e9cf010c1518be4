"""Is a message that asks two things answered twice, and one that asks one thing once?

    python -m benchmarks.parts [SET ...]

Of each set (../shared/faq/sets, see `benchmarks.question_sets`) its questions, and pairs of them from the same room
joined in the ways people join them. Printed: the share of the single ones that is taken for two, of the pairs the share
that is taken for two, how many of the entries shown for them are right ones, and the share of the pairs of which a
model would read both entries, by the whole message alone and as it is put together. Nothing is fitted.
"""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Sequence
from typing import Any

from benchmarks.question_sets import folder
from bot.answering import followups
from bot.answering.generate import PASSAGES
from bot.answering.parts import Found, find_parts
from bot.app import embedding_models_for
from bot.evaluation.question_files import read_rooms
from bot.settings import load_settings
from retrieval.documents import Document, RetrievalResult
from retrieval.search.retriever import LiveRetriever, retriever_over

SETS = ("stackfaq_ood", "sites_en", "covid_jhu", "sites_zh", "telecom_zh")
SINGLES, PAIRS = 150, 100  # of a set
JOINS = (" and ", "? ", ", ", " and also ")
UNSPACED_JOINS = ("，", "？", "和", "还有", "，另外")
SEED = 20_261_129


async def find_in_parts(text: str, retriever: LiveRetriever) -> tuple[Found, RetrievalResult]:
    """As `PassageFinder` has it; -> also what the whole message finds."""

    async def search(question: str, context: Sequence[str] = ()) -> RetrievalResult:
        return await retriever.retrieve(question, context=context)

    async def search_after(question: str, before: str, found: RetrievalResult) -> RetrievalResult:
        told = [(before, found.passages[0].passage.document.answer)]
        return await search(*followups.contextualise_question(question, found.language, told))

    whole = await search(text)
    return await find_parts(text, whole, (None, None), search, search_after), whole


async def measure_parts(
    documents: Sequence[Document], rows: Sequence[Any], share: float, draws: random.Random
) -> list[int]:
    """-> singles, of which taken for two; pairs, of which taken for two; right entries of those shown;
    pairs of which both entries are in a prompt, by the whole message alone and as they are put into it."""
    retriever = retriever_over(documents, embedding_models_for(load_settings()))
    singles = draws.sample(rows, min(len(rows), max(2, round(SINGLES * share))))
    counts = [len(singles), 0, 0, 0, 0, 0, 0]
    for row in singles:
        counts[1] += (await find_in_parts(row["text"], retriever))[0].parts is not None
    for _ in range(max(1, round(PAIRS * share))):
        one, other = draws.sample(rows, 2)
        if set(one["relevant"]) & set(other["relevant"]):
            continue
        counts[2] += 1
        join = draws.choice(JOINS if one["text"].isascii() else UNSPACED_JOINS)
        found, whole = await find_in_parts(f"{one['text'].rstrip(' .?!。？！')}{join}{other['text']}", retriever)
        counts[5] += _prompts_both(whole, one, other)
        counts[6] += _prompts_both(found.parts.result if found.parts else found.whole, one, other)
        if found.parts:
            counts[3] += 1
            shown = [scored.passage.document.url for scored in found.parts.result.passages[:2]]
            for url, row in zip(shown, (one, other), strict=True):
                counts[4] += url.removeprefix("eval:") in row["relevant"]
    return counts


def _prompts_both(result: RetrievalResult, one: Any, other: Any) -> bool:
    """Whether an entry that answers each is among the passages that a model would read."""
    read = {scored.passage.document.url.removeprefix("eval:") for scored in result.passages[:PASSAGES]}
    return all(not read.isdisjoint(row["relevant"]) for row in (one, other))


def main() -> None:
    """Print a line a set."""
    read = f"{'read whole':>12}{'read':>7}"
    print(f"{'set':14}{'singles':>9}{'as two':>8}{'pairs':>7}{'as two':>8}{'right of shown':>16}{read}")
    for name in sys.argv[1:] or SETS:
        rooms = [
            (documents, [row for row in rows if row.get("answerable", True) and not row.get("history")])
            for documents, rows in read_rooms(folder() / name / "faqs.jsonl", folder() / name / "queries.jsonl")
        ]
        total, draws = sum(len(rows) for _, rows in rooms), random.Random(SEED)
        sums = [0] * 7
        for documents, rows in rooms:
            if len(rows) > 1:
                counts = asyncio.run(measure_parts(documents, rows, len(rows) / total, draws))
                sums = [a + b for a, b in zip(sums, counts, strict=True)]
        singles, split, pairs, both, right, whole, read = sums
        shares = f"{right / max(1, 2 * both):16.2f}{whole / max(1, pairs):12.2f}{read / max(1, pairs):7.2f}"
        print(f"{name:14}{singles:9}{split:8}{pairs:7}{both:8}{shares}", flush=True)


if __name__ == "__main__":
    main()
