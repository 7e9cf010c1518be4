"""Whether wordings that a model writes help: question sets asked of the same entries without and with them.

    python -m benchmarks.wordings --url http://127.0.0.1:8000 [--sets NAME …] [--written FILE]

What the model of the server writes is kept in the file and not written again. Printed for each set, without wordings,
with all that were written, and with those that the product keeps (the search finds their entry, and nothing else):

wordings  how many, and of how many entries
P@1       of the questions that an entry answers, the share that finds it first
answered  the share of these that are answered, and of those answered the share that is answered rightly
else      of the questions that no entry answers, the share that is answered all the same
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.question_sets import CACHE, folder, remembering_models
from bot.answering.decide import make_decision
from bot.chat.conversation import Decision
from bot.evaluation.question_files import Row, read_rooms
from bot.wordings.models import Written
from bot.wordings.service import check_wordings
from bot.wordings.writer import ModelWordings
from inference.errors import GeneratorError
from inference.interfaces import Limits
from inference.vllm import VllmGenerator
from retrieval.documents import Document
from retrieval.models.embedding_models import EmbeddingModels
from retrieval.refresh.wordings import add_wordings
from retrieval.search.retriever import LiveRetriever, retriever_over

SETS = ("sites_en", "stackfaq_ood")
AT_ONCE = 2  # requests: a benchmark keeps nobody waiting
SHOWN = {Decision.ANSWER, Decision.SUGGEST}


@dataclass
class Counts:
    """Of a set's questions."""

    wordings: int = 0
    entries: int = 0
    answerable: int = 0
    first: int = 0
    answered: int = 0
    right: int = 0
    others: int = 0
    wrongly: int = 0


class Notebook:
    """What the model wrote, by entry, in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
        self.written: dict[str, list[str]] = {row["entry"]: row["questions"] for row in map(json.loads, lines)}

    def keep(self, document: Document, questions: Sequence[str]) -> None:
        """Note what was written for an entry."""
        self.written[document.entry_id] = list(questions)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("a", encoding="utf-8") as file:
            row = {"entry": document.entry_id, "title": document.question, "questions": self.written[document.entry_id]}
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


async def write_all(documents: Sequence[Document], writer: ModelWordings, notes: Notebook) -> None:
    """Have written what is missing."""
    limit = asyncio.Semaphore(AT_ONCE)

    async def write(document: Document) -> None:
        async with limit:
            try:
                said = await writer.write_questions(document)
            except GeneratorError as error:
                print(f"nothing was written for “{document.question}”: {error}")
                return
            notes.keep(document, said.questions if said else ())

    await asyncio.gather(*(write(each) for each in documents if each.entry_id not in notes.written))


async def choose_kept(documents: Sequence[Document], retriever: LiveRetriever, notes: Notebook) -> dict[str, list[str]]:
    """What the product keeps."""

    async def find_meant(question: str) -> str:
        found = await retriever.retrieve(question)
        return found.passages[0].passage.document.entry_id if make_decision(found).decision in SHOWN else ""

    kept = {}
    for document in documents:
        written = Written("", notes.written.get(document.entry_id, ()))
        if fit := await check_wordings(document, written, find_meant):
            kept[document.entry_id] = [each.text for each in fit]
    return kept


async def count_answers(retriever: LiveRetriever, queries: Sequence[Row], counts: Counts) -> None:
    """Ask a room's questions."""
    for row in queries:
        found = await retriever.retrieve(row["text"])
        answered = make_decision(found).decision is Decision.ANSWER
        if not row.get("answerable", True) or not row["relevant"]:
            counts.others += 1
            counts.wrongly += answered
            continue
        wanted = {f"eval:{faq}" for faq in row["relevant"]}
        first = bool(found.passages) and found.passages[0].passage.document.url in wanted
        counts.answerable += 1
        counts.first += first
        counts.answered += answered
        counts.right += answered and first


async def measure_set(
    name: str, models: EmbeddingModels, writer: ModelWordings, notes: Notebook
) -> Mapping[str, Counts]:
    """One set, in the three ways."""
    told = {"without": Counts(), "written": Counts(), "kept": Counts()}
    path = folder() / name
    for documents, queries in read_rooms(path / "faqs.jsonl", path / "queries.jsonl"):
        bare = [replace(each, alternatives=()) for each in documents]  # as a page has them: without other wordings
        await write_all(bare, writer, notes)
        plain = retriever_over(bare, models)
        kept = await choose_kept(bare, plain, notes)
        for way, wordings in (("without", {}), ("written", notes.written), ("kept", kept)):
            worded = add_wordings(bare, wordings)
            counts = told[way]
            counts.wordings += sum(len(each.written) for each in worded)
            counts.entries += sum(bool(each.written) for each in worded)
            await count_answers(retriever_over(worded, models), queries, counts)
    return told


def print_counts(name: str, told: Mapping[str, Counts]) -> None:
    """A set's lines."""
    for way, each in told.items():
        asked, others = max(1, each.answerable), max(1, each.others)
        print(
            f"{name:14}{way:9}wordings {each.wordings:4} of {each.entries:3} entries   P@1 {each.first / asked:.3f} of "
            f"{each.answerable}   answered {each.answered / asked:.3f}, right {each.right / max(1, each.answered):.3f}"
            f"   else {each.wrongly / others:.3f} of {each.others}"
        )


async def run(options: argparse.Namespace) -> None:
    """All sets."""
    models, notes = remembering_models(options.cache), Notebook(options.written)
    generator = VllmGenerator([options.url], limits=Limits(first=300, between=300, total=600))
    try:
        for name in options.sets:
            print_counts(name, await measure_set(name, models, ModelWordings(generator), notes))
    finally:
        await generator.close()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.wordings",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--url", required=True, help="of the vLLM server")
    parser.add_argument("--sets", nargs="+", default=list(SETS), help="names of question sets")
    parser.add_argument("--written", type=Path, default=CACHE / "wordings.jsonl", help="where what was written is kept")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where vectors are kept from run to run")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
