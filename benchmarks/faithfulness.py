"""Is what a real model writes true to the pages, once the check has read it?

    python -m benchmarks.faithfulness write --server URL --to FILE [--sample N]
    python -m benchmarks.faithfulness draw --of FILE --to SHEET
    python -m benchmarks.faithfulness report --of FILE

`write` takes the questions about real help sites (../shared/useful, see its README) that the product would have a model
look at: answered firmly, or doubtful. The product's own writer has a vLLM server answer them from what its search
finds, and what became of that is appended to FILE; a run that was broken off goes on where it was. `draw` takes a
seeded sample of the sentences that went out, each beside the passages that it cites, to be judged by reading. Verdicts
are kept in `data/faithfulness.json` by a hash of question and sentence: neither the pages' texts nor what a model made
of them is ours. `report` prints how many replies were written, what was withheld and why, and the verdicts.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import random
import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.progress import Progress

from benchmarks.fit import save_vectors
from benchmarks.question_sets import CACHE, remembering_models
from benchmarks.site_pages import read_site
from bot.answering.attribution.attributor import Attributor
from bot.answering.decide import is_doubtful, make_decision
from bot.answering.first_line import Patience
from bot.answering.generate import PASSAGES, GeneratedWriter
from bot.answering.grounding import Fault
from bot.answering.quote import ExtractiveWriter
from bot.app import embedding_models_for
from bot.app.factories import attributor_for
from bot.chat.conversation import AnswerChunk, Decision, WritingRequest
from bot.i18n.language import reply_language
from bot.settings import load_settings
from inference.interfaces import Limits
from inference.vllm import VllmGenerator
from retrieval.documents import Passage, RetrievalResult
from retrieval.models.embedding_models import EmbeddingModels
from retrieval.search.retriever import LiveRetriever, retriever_over
from tests.support.vllm.overheard import ListedMeter, Overheard

VERDICTS = Path(__file__).parent / "data" / "faithfulness.json"
# A passage that it cites says it; none does, or says otherwise; it says nothing (a lead-in, a title, the question).
KINDS = ("carried", "wrong", "empty")
SEED = 20_261_130
DRAWN = 100
SECONDS = 300.0  # for a reply: a small machine writes slowly, and nobody waits
WRITTEN = ("written", "rewritten", "cut_off")
_MARKERS = re.compile(r"\[(\d{1,3})\]")


@dataclass(frozen=True, slots=True)
class Reply:
    """A question, how the writer's work on it ended, the reasons for which sentences were withheld, the model's drafts,
    and what of them went out, each sentence by itself. `passages` are as they are numbered in the prompt."""

    id: str
    site: str
    language: str
    question: str
    answerable: bool
    firm: bool
    outcome: str
    faults: Sequence[str]
    drafts: Sequence[str]
    sentences: Sequence[str]
    passages: Sequence[str]
    seconds: float


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of the set, and what the search found for it."""

    row: Mapping[str, str]
    result: RetrievalResult
    firm: bool


def folder() -> Path:
    """Where sites and questions lie: FRONTDESK_USEFUL_DIR, else ../shared/useful beside the project."""
    return Path(os.environ.get("FRONTDESK_USEFUL_DIR", "../shared/useful"))


def load_replies(file: Path) -> list[Reply]:
    """What was written so far."""
    if not file.exists():
        return []
    return [Reply(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]


def select_questions(sample: int) -> list[Mapping[str, str]]:
    """All questions, or so many of them by chance."""
    path = folder() / "questions.jsonl"
    if not path.exists():
        raise SystemExit(f"No questions in {path}: set FRONTDESK_USEFUL_DIR to the folder that holds questions.jsonl.")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return random.Random(SEED).sample(rows, sample) if 0 < sample < len(rows) else rows


async def search_site(site: str, rows: Sequence[Mapping[str, str]], models: EmbeddingModels) -> list[Asked]:
    """Those of a site's questions that a model would get to see, with what is found for them."""
    documents = await asyncio.to_thread(read_site, folder() / "sites" / site)
    retriever: LiveRetriever = await asyncio.to_thread(retriever_over, documents, models)
    asked = []
    for row in rows:
        result = await retriever.retrieve(row["text"])
        decided = make_decision(result)
        firm = decided.decision is Decision.ANSWER
        if firm or is_doubtful(result, decided.threshold):
            asked.append(Asked(row, result, firm))
    return asked


async def write_replies(server: str, file: Path, sample: int, at_once: int) -> None:
    """Have every question answered that is not in `file` yet, while further sites are read."""
    done, settings = {reply.id for reply in load_replies(file)}, load_settings()
    rows = [row for row in select_questions(sample) if row["id"] not in done]
    models = remembering_models(CACHE)
    attributor = attributor_for(settings, embedding_models_for(settings))
    generator = VllmGenerator([server], limits=Limits(first=SECONDS, between=60, total=SECONDS))
    slots = asyncio.Semaphore(at_once)
    with file.open("a", encoding="utf-8") as kept, Progress() as bars:
        bar = bars.add_task("writing", total=len(rows))

        async def answer(asked: Asked) -> None:
            async with slots:
                reply = await write_reply(asked, generator, attributor)
            kept.write(json.dumps(asdict(reply), ensure_ascii=False) + "\n")
            kept.flush()
            bars.advance(bar)

        async with asyncio.TaskGroup() as answering:
            for site in sorted({row["site"] for row in rows}):
                own = [row for row in rows if row["site"] == site]
                asked = await search_site(site, own, models)
                save_vectors(models)
                bars.advance(bar, len(own) - len(asked))
                for each in asked:
                    answering.create_task(answer(each))
    await generator.close()


async def write_reply(asked: Asked, generator: VllmGenerator, attributor: Attributor) -> Reply:
    """By the product's own writer, whom nobody hurries."""
    model, meter, patience = Overheard(generator), ListedMeter(), Patience(SECONDS)
    writer = GeneratedWriter(
        model, ExtractiveWriter(), meter, seconds=SECONDS, attributor=attributor, patience=patience
    )
    text, begun = asked.row["text"], time.monotonic()
    language = reply_language(text, site_languages=(asked.result.language,))
    chunks = [chunk async for chunk in writer.write_answer(WritingRequest(text, language, asked.result))]
    outcome = meter.outcomes[-1]
    return Reply(
        id=asked.row["id"],
        site=asked.row["site"],
        language=language,
        question=text,
        answerable=bool(asked.row["answerable"]),
        firm=asked.firm,
        outcome=outcome,
        faults=meter.faults,
        drafts=model.drafts,
        sentences=[chunk.text.strip() for chunk in chunks if _is_sentence(chunk)] if outcome in WRITTEN else (),
        passages=[
            f"{each.passage.document.question}\n{each.passage.text}" for each in asked.result.passages[:PASSAGES]
        ],
        seconds=round(time.monotonic() - begun, 1),
    )


def _show_passage(passage: Passage) -> str:
    return f"{passage.document.question}\n{passage.text}"


def _is_sentence(chunk: AnswerChunk) -> bool:
    """Of the model's; the notes that the product adds begin a paragraph."""
    return not chunk.text.startswith("\n\n") and bool(re.search(r"\w", _MARKERS.sub("", chunk.text)))


def name_sentence(reply: Reply, sentence: str) -> str:
    """What a sentence is called in the file of verdicts, which holds none."""
    return f"{reply.id}:{hashlib.sha256(sentence.encode()).hexdigest()[:16]}"


def draw_sentences(replies: Sequence[Reply]) -> list[tuple[Reply, str]]:
    """A sample of those that went out, the same each time."""
    every = [(reply, sentence) for reply in sorted(replies, key=lambda each: each.id) for sentence in reply.sentences]
    return random.Random(SEED).sample(every, min(DRAWN, len(every)))


def format_sheet(drawn: Sequence[tuple[Reply, str]]) -> Iterator[str]:
    """Each sentence with its question and the passages that it cites, to be read."""
    for reply, sentence in drawn:
        yield f"## {name_sentence(reply, sentence)}\n\nQ: {reply.question}\nS: {sentence}\n"
        for number in dict.fromkeys(map(int, _MARKERS.findall(sentence))):
            yield f"[{number}] {reply.passages[number - 1]}\n"


def report_replies(replies: Sequence[Reply]) -> Iterator[str]:
    """How many were written, what was withheld and why, and what of the rest was judged to be what."""
    for title, part in (
        ("all", replies),
        ("answered firmly", [each for each in replies if each.firm]),
        ("with an answer on the site", [each for each in replies if each.answerable]),
    ):
        outcomes = Counter(each.outcome for each in part)
        written = sum(outcomes[outcome] for outcome in WRITTEN)
        yield f"{title}: {len(part)} questions, {_share(written, len(part))} written; {_list_counts(outcomes)}"
        faults = Counter(fault for each in part for fault in each.faults)
        reasons = Counter({fault: count for fault, count in faults.items() if fault in set(Fault)})
        dropped, out = reasons.total(), sum(len(each.sentences) for each in part)
        yield f"  {dropped + out} sentences judged, {_share(dropped, dropped + out)} withheld; {_list_counts(reasons)}"
        yield f"  the server's faults: {_list_counts(faults - reasons) or 'none'}"
    verdicts = json.loads(VERDICTS.read_text(encoding="utf-8"))["verdicts"] if VERDICTS.exists() else {}
    drawn = [name_sentence(reply, sentence) for reply, sentence in draw_sentences(replies)]
    judged = Counter(verdicts[name] for name in drawn if name in verdicts)
    yield f"of {len(drawn)} sentences drawn {judged.total()} were judged: {_list_counts(judged)}"


def _share(part: int, whole: int) -> str:
    return f"{part} ({part / whole:.0%})" if whole else "0"


def _list_counts(counts: Counter[str]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.most_common())


def main() -> None:
    """Write, draw or report."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.faithfulness",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    verbs = parser.add_subparsers(dest="verb", required=True)
    write = verbs.add_parser("write", help="have the questions answered")
    write.add_argument("--server", required=True, help="a vLLM server's URL")
    write.add_argument("--to", type=Path, required=True, help="a file of JSON lines; goes on where it ends")
    write.add_argument("--sample", type=int, default=0, help="so many of the questions, by chance (default: all)")
    write.add_argument("--at-once", type=int, default=4, help="questions that are answered at once")
    draw = verbs.add_parser("draw", help="take a sample of the sentences, to be judged")
    draw.add_argument("--of", type=Path, required=True)
    draw.add_argument("--to", type=Path, required=True)
    verbs.add_parser("report", help="print the figures").add_argument("--of", type=Path, required=True)
    options = parser.parse_args()
    if options.verb == "write":
        asyncio.run(write_replies(options.server, options.to, options.sample, options.at_once))
    elif options.verb == "draw":
        sheet = "\n".join(format_sheet(draw_sentences(load_replies(options.of))))
        options.to.write_text(sheet, encoding="utf-8")
    else:
        print("\n".join(report_replies(load_replies(options.of))))


if __name__ == "__main__":
    main()
