"""Who reads a follow-up best: nobody, the rules, or a language model?

    python -m benchmarks.followups [SET ...] [--model URL] [--questions N] [--seconds S]

Of each set of conversations (../shared/faq/sets, see `benchmarks.question_sets`) the last messages, searched alone,
with what the rules take of the conversation, and as a model behind a vLLM server rewrites them (by the rules where it
does not tell). Printed: the share that finds a right entry first, and among the first five. What proves best is the
default of FRONTDESK_VLLM_FOLLOWUPS.
"""

from __future__ import annotations

import argparse
import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from benchmarks.attribution import Unmetered
from benchmarks.question_sets import folder
from bot.answering import followups
from bot.answering.model_reader import ModelReader
from bot.app import embedding_models_for
from bot.chat.conversation import Decision, Turn
from bot.evaluation.question_files import read_rooms, turns_of
from bot.settings import load_settings
from inference.interfaces import Limits
from inference.vllm import VllmGenerator
from retrieval.documents import Document
from retrieval.search.retriever import retriever_over
from retrieval.text.languages import detect_language

SETS = ("sites_mt", "dstc10_mt")
AMONG = 5

Understood = tuple[str, tuple[str, ...]]  # a question to search, and the earlier texts to search it with


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A message, its language, the (customer, bot) turns before it, and the entries that answer it."""

    text: str
    language: str
    earlier: Sequence[tuple[str, str]]
    relevant: frozenset[str]


async def read_alone(message: FollowUp) -> Understood:
    """The message as if nothing had been said before."""
    return message.text, ()


async def read_by_rules(message: FollowUp) -> Understood:
    """As without a language model."""
    return followups.contextualise_question(message.text, message.language, message.earlier)


def read_by_model(reader: ModelReader, told: Counter[str]) -> Callable[[FollowUp], Awaitable[Understood]]:
    """As `MessageInterpreter` has it; `told` counts how often the model did tell."""

    async def read(message: FollowUp) -> Understood:
        turns = [_build_turn(asked, said, message.language) for asked, said in message.earlier]
        reading = await reader.read_question(message.text, message.language, turns)
        told["asked"] += 1
        told["told"] += reading is not None
        return (reading.question, ()) if reading else await read_by_rules(message)

    return read


def _build_turn(asked: str, said: str, language: str) -> Turn:
    return Turn("", "", datetime.now(UTC), asked, asked, language, Decision.ANSWER, said, 1.0, 0.5)


async def measure_readings(
    rooms: Sequence[tuple[Sequence[Document], Sequence[FollowUp]]],
    readings: dict[str, Callable[[FollowUp], Awaitable[Understood]]],
) -> dict[str, Counter[str]]:
    """By reading how many messages there were, and found a right entry first, and among the first."""
    counts = {name: Counter[str]() for name in readings}
    for documents, messages in rooms:
        retriever = retriever_over(documents, embedding_models_for(load_settings()))
        for message in messages:
            for name, read in readings.items():
                question, context = await read(message)
                result = await retriever.retrieve(question, context=context)
                found = [scored.passage.document.url.removeprefix("eval:") for scored in result.passages]
                entries = list(dict.fromkeys(found))
                counts[name]["all"] += 1
                counts[name]["first"] += bool(message.relevant & {*entries[:1]})
                counts[name]["among"] += bool(message.relevant & {*entries[:AMONG]})
    return counts


def load_rooms(name: str, most: int) -> list[tuple[list[Document], list[FollowUp]]]:
    """The documents of each room of a set, and at most so many follow-ups in all."""
    rooms, left = [], most
    for documents, rows in read_rooms(folder() / name / "faqs.jsonl", folder() / name / "queries.jsonl"):
        asked = [row for row in rows if row.get("answerable", True) and row.get("history")][:left]
        left -= len(asked)
        rooms.append((documents, [_read_row(row) for row in asked]))
    return rooms


def _read_row(row: Any) -> FollowUp:
    text = row["text"]
    return FollowUp(text, detect_language(text), turns_of(row["history"]), frozenset(row["relevant"]))


async def compare_readings(name: str, most: int, url: str, seconds: float) -> None:
    """Print a line a reading."""
    told: Counter[str] = Counter()
    readings: dict[str, Callable[[FollowUp], Awaitable[Understood]]] = {"alone": read_alone, "rules": read_by_rules}
    generator = VllmGenerator([url], limits=Limits(total=seconds)) if url else None
    if generator:
        readings["model"] = read_by_model(ModelReader(generator, Unmetered(), seconds=seconds), told)
    try:
        counts = await measure_readings(load_rooms(name, most), readings)
    finally:
        if generator:
            await generator.close()
    for reading, count in counts.items():
        every = max(1, count["all"])
        note = f"   told {told['told']} of {told['asked']}" if reading == "model" else ""
        print(f"{name:12}{reading:8}{count['all']:6}{count['first'] / every:8.2f}{count['among'] / every:8.2f}{note}")


def main() -> None:
    """Print what each reading finds."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.followups",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("sets", nargs="*", default=SETS, metavar="SET")
    parser.add_argument("--model", default="", metavar="URL", help="of the vLLM server whose model is compared")
    parser.add_argument("--questions", type=int, default=1000, help="at most so many of a set")
    parser.add_argument("--seconds", type=float, default=60, help="that one reading may take")
    options = parser.parse_args()
    print(f"{'set':12}{'read by':8}{'asked':>6}{'first':>8}{f'of {AMONG}':>8}")
    for name in options.sets:
        asyncio.run(compare_readings(name, options.questions, options.model, options.seconds))


if __name__ == "__main__":
    main()
