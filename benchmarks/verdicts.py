"""Whether a model tells contradictions from pairs that only look like one.

    python -m benchmarks.verdicts --url http://127.0.0.1:8000 [--pairs N] [--cache FOLDER]

The rooms are those of `benchmarks.contradictions`. So many planted pairs that the measure finds are asked about, and as
many harmless ones, those that the measure holds likeliest to contradict each other. Printed: what the model said of
either, "ignored" where it did not quote both entries word for word; and how often a planted pair would stand before a
harmless one, by the measure alone and with those behind that the model holds harmless (.5 is chance).
"""

from __future__ import annotations

import argparse
import asyncio
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.contradictions import make_rooms
from benchmarks.question_sets import CACHE, remembering_models
from bot.freshness.judge import ModelJudge
from bot.freshness.models import Verdict
from inference.interfaces import Limits
from inference.vllm import VllmGenerator
from retrieval.documents import Document
from retrieval.index.build import build_index
from retrieval.models.embedding_models import EmbeddingModels
from retrieval.search.contradictions import describe_pairs, estimate_probability

AT_ONCE = 2  # requests
PAIRS = 60


@dataclass(frozen=True, slots=True)
class Pair:
    """Two entries that were compared."""

    one: Document
    other: Document
    planted: bool
    probability: float


def list_pairs(models: EmbeddingModels, language: str) -> Iterator[Pair]:
    """Every pair of the rooms that was made, and compared."""
    for room in make_rooms():
        if room.language != language:
            continue
        index = build_index(room.documents, models)
        for pair, _, values in describe_pairs(index, range(len(index.documents))):
            one, other = (index.documents[number] for number in pair)
            if frozenset((one.id, other.id)) in room.pairs:
                yield Pair(one, other, room.planted, estimate_probability(values))


def choose_pairs(pairs: Sequence[Pair], count: int) -> list[Pair]:
    """Planted ones by lot, harmless ones by how likely they look."""
    planted = [each for each in pairs if each.planted and each.probability >= 0.5]
    harmless = sorted((each for each in pairs if not each.planted), key=lambda each: -each.probability)
    return [*random.Random(5).sample(planted, min(count, len(planted))), *harmless[:count]]


async def judge_pairs(pairs: Sequence[Pair], judge: ModelJudge) -> list[Verdict]:
    """What the model says of each."""
    limit = asyncio.Semaphore(AT_ONCE)

    async def ask(pair: Pair) -> Verdict:
        async with limit:
            return (await judge.judge_pair(pair.one, pair.other)).verdict

    return list(await asyncio.gather(*map(ask, pairs)))


def measure_order(pairs: Sequence[Pair], behind: Sequence[bool]) -> float:
    """How often a planted pair stands before a harmless one; ties count half."""
    ranks = [(not late, each.probability) for each, late in zip(pairs, behind, strict=True)]
    planted = [rank for rank, each in zip(ranks, pairs, strict=True) if each.planted]
    harmless = [rank for rank, each in zip(ranks, pairs, strict=True) if not each.planted]
    won = sum((one > other) + 0.5 * (one == other) for one in planted for other in harmless)
    return won / max(1, len(planted) * len(harmless))


async def run(options: argparse.Namespace) -> None:
    """Ask, and print."""
    models = remembering_models(options.cache)
    generator = VllmGenerator([options.url], limits=Limits(first=300, between=300, total=600))
    try:
        for language in ("en", "zh"):
            pairs = choose_pairs(list(list_pairs(models, language)), options.pairs)
            said = await judge_pairs(pairs, ModelJudge(generator))
            for planted in (True, False):
                own = Counter(verdict for pair, verdict in zip(pairs, said, strict=True) if pair.planted == planted)
                told = "  ".join(f"{verdict.value or 'ignored'} {own[verdict]}" for verdict in Verdict)
                print(f"{language} {'planted' if planted else 'harmless':9} {own.total():3}: {told}")
            alone = measure_order(pairs, [False] * len(pairs))
            with_model = measure_order(pairs, [verdict.is_harmless for verdict in said])
            print(f"{language} planted before harmless: {alone:.3f}, with the model {with_model:.3f}")
    finally:
        await generator.close()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.verdicts",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--url", required=True, help="of the vLLM server")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="of each kind")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where vectors are kept from run to run")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
