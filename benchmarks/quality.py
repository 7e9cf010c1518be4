"""`make quality`: extraction and retrieval measured on a folder of real pages and question sets, where one is present.

    python -m benchmarks.quality [--pages] [--sets [NAME …]] [--cache FOLDER]

The folder (FRONTDESK_QUALITY_DIR, default ../shared/faq) holds `pages/<site>/*.html`, question sets in `sets/<name>/`
and the scorer `score_pages.py`. What is measured is the product itself: `frontdesk extract`, and what `frontdesk eval`
does. Beside each set stands a plain search of the same run: the first embedding model alone; an entry is as like a
question as the likeliest of its wordings, or of question and text together; its threshold answers as many of the
answerable as the product does. docs/quality.md reads the table.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from benchmarks.fit import save_vectors
from benchmarks.question_sets import CACHE, remembering_models
from bot.app import reranking_for
from bot.chat.conversation import Decision
from bot.evaluation.judge import Judged, Verdict
from bot.evaluation.metrics import Outcome, compute_figures
from bot.evaluation.question_files import RANKED, Row, evaluate_queries, read_rooms
from bot.evaluation.questions import Expected, GoldenQuestion
from bot.evaluation.sample import bootstrap_intervals
from bot.settings import Settings, load_settings
from retrieval.documents import Document
from retrieval.index.build import build_index
from retrieval.interfaces import Embedder
from retrieval.models.embedding_models import EmbeddingModels
from retrieval.search.retriever import retriever_over

FRONTDESK = str(Path(sys.executable).parent / "frontdesk")
COLUMNS = ("P@1", "R@5", "AUROC", "cov@P95", "cov@P90", "ECE", "answered", "right_of_answered", "false_answers")
WIDTH = 180  # of the table: a narrow terminal rather breaks its lines than cuts its figures
SAMPLED = ("P@1", "right_of_answered")  # shown with their intervals


def main() -> None:
    """Print both tables, or the one asked for; say so and stop where there is nothing to measure on."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description="Figures on real material.")
    parser.add_argument("--pages", action="store_true", help="only the pages")
    parser.add_argument("--sets", nargs="*", metavar="NAME", help="only the question sets, or these of them")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where vectors are kept from run to run")
    wanted = parser.parse_args()
    root = Path(os.environ.get("FRONTDESK_QUALITY_DIR", "../shared/faq"))
    console = Console(width=max(Console().width, WIDTH))
    if not root.is_dir():
        console.print(f"{root} is not present: set FRONTDESK_QUALITY_DIR to a folder with pages/ and sets/.")
        return
    if wanted.pages or wanted.sets is None:
        with tempfile.TemporaryDirectory() as temporary:
            measure_pages(console, root, Path(temporary))
    if wanted.sets is not None or not wanted.pages:
        names = wanted.sets or sorted(path.name for path in (root / "sets").iterdir() if path.is_dir())
        models = remembering_models(wanted.cache)
        measure_sets(console, [root / "sets" / name for name in names], models)
        save_vectors(models)


def measure_pages(console: Console, root: Path, out: Path) -> None:
    """`frontdesk extract` on every site's pages, judged by the folder's own scorer."""
    for site in sorted(path for path in (root / "pages").iterdir() if path.is_dir()):
        pages = [str(page) for page in sorted(site.glob("*.html"))]
        command = [FRONTDESK, "extract", *pages, "--out", str(out / site.name), "--json"]
        subprocess.run(command, check=True, capture_output=True)
    scorer = [sys.executable, str(root / "score_pages.py"), str(root / "pages"), str(out)]
    console.print(subprocess.run(scorer, check=True, capture_output=True, text=True).stdout, highlight=False)


def measure_sets(console: Console, folders: Sequence[Path], models: EmbeddingModels) -> None:
    """The product and the plain search on question sets, as a Markdown table."""
    settings = load_settings()
    table = Table(box=box.MARKDOWN)
    for column in ("set", "n", "", *COLUMNS):
        table.add_column(column, justify="left" if column in {"set", ""} else "right", no_wrap=True)
    for folder in folders:
        with console.status(f"measuring {folder.name} …"):
            own = by_product(folder, models, settings)
            answered = sum(each.answered for each in own if each.answerable)
            beside = by_similarity(folder, models.models[0], answered=answered)
            counts = f"{sum(each.answerable for each in own)} / {sum(not each.answerable for each in own)}"
            table.add_row(folder.name, counts, "Frontdesk", *format_row(own))
            table.add_row("", "", "plain", *format_row(beside, without=("ECE",)))
    console.print(table)


def by_product(folder: Path, models: EmbeddingModels, settings: Settings) -> list[Outcome]:
    """What the product makes of every query of a set."""
    files = folder / "faqs.jsonl", folder / "queries.jsonl"
    reranking, threshold = reranking_for(settings), settings.answer_threshold
    rows = evaluate_queries(
        *files, lambda documents: retriever_over(documents, models, reranking), threshold=threshold
    ).rows
    results: dict[object, Mapping[str, Any]] = {each["id"]: each for each in rows}
    return [
        Outcome(
            ranked=tuple(results[query["id"]]["ranked"]),
            relevant=relevant_ids(query),
            answerable=is_answerable(query),
            confidence=results[query["id"]]["confidence"],
            answered=results[query["id"]]["decision"] == "answer",
        )
        for _, asked in read_rooms(*files)
        for query in asked
    ]


def by_similarity(folder: Path, model: Embedder, answered: int) -> list[Outcome]:
    """What a plain search makes of them, its threshold such that `answered` of the answerable are answered. Of a
    conversation it reads the last message alone."""
    found: list[tuple[tuple[str, ...], frozenset[str], bool, float]] = []
    for documents, asked in read_rooms(folder / "faqs.jsonl", folder / "queries.jsonl"):
        index = build_index(documents, model)
        of_row = index.passage_document[index.row_passage]
        names = [document.url.removeprefix("eval:") for document in index.documents]
        for query in asked:
            likeness = np.full(len(names), -1, np.float32)
            np.maximum.at(likeness, of_row, index.fields[0].rows @ model.embed_queries([query["text"]])[0])
            order = np.argsort(-likeness, kind="stable")[:RANKED]
            ranked = tuple(names[place] for place in order.tolist())
            found.append((ranked, relevant_ids(query), is_answerable(query), float(likeness.max())))
    inside = sorted((each[3] for each in found if each[2]), reverse=True)
    needed = inside[answered - 1] if answered else np.inf
    return [Outcome(*each, answered=bool(each[3] >= needed)) for each in found]


def relevant_ids(query: Row) -> frozenset[str]:
    """The ids of the entries that answer it."""
    return frozenset(map(str, query["relevant"]))


def is_answerable(query: Row) -> bool:
    """Whether one does."""
    return bool(query.get("answerable", True))


def format_row(outcomes: Sequence[Outcome], without: Sequence[str] = ()) -> list[str]:
    """The figures of COLUMNS as text; "" where there is none."""
    values, between = compute_figures(outcomes), bootstrap_intervals([as_judged(outcome) for outcome in outcomes])
    shown = []
    for name in COLUMNS:
        text = "" if name in without or np.isnan(values.get(name, np.nan)) else f"{values[name]:.3f}"
        if text and name in SAMPLED:
            text += f" ({between[name].low:.2f}–{between[name].high:.2f})"
        shown.append(text)
    return shown


def as_judged(outcome: Outcome) -> Judged:
    """An outcome as the bootstrap of `frontdesk eval` takes it."""
    ranked = tuple(Document(faq, "", "") for faq in outcome.ranked[:1])
    return Judged(
        golden=GoldenQuestion("", (Expected(text="the answer"),) if outcome.answerable else ()),
        decision=Decision.ANSWER if outcome.answered else Decision.ABSTAIN,
        confidence=outcome.confidence,
        ranked=ranked,
        fitting=frozenset(document.id for document in ranked if document.url in outcome.relevant),
        missing=(),
        verdict=Verdict.RIGHT if outcome.answered and outcome.right else Verdict.UNANSWERED,
    )


if __name__ == "__main__":
    main()
