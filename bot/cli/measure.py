"""Commands that measure: extract, eval."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from bot.cli.options import AnswerCss, ItemCss, QuestionCss, read_selectors
from bot.cli.output import AsJson, console, print_json, print_table


def extract(
    inputs: Annotated[list[str], typer.Argument(metavar="FILE|URL…", help="HTML, Markdown or text files, or URLs.")],
    out: Annotated[Path, typer.Option(help="The folder for <file name>.jsonl.", file_okay=False)],
    question_css: QuestionCss = "",
    answer_css: AnswerCss = "",
    item_css: ItemCss = "",
    as_json: AsJson = False,
) -> None:
    """Write the question/answer pairs of pages, one {"question","answer","url"} a line."""
    from rich.progress import track

    from bot.bootstrap import read_page
    from bot.errors import InputError
    from bot.settings import load_settings
    from retrieval.errors import RetrievalError

    settings = load_settings()
    selectors = read_selectors(question_css, answer_css, item_css)
    names = _output_names(inputs)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"Cannot make {out} ({error.strerror}): name a folder you may write to.") from error
    rows: list[dict[str, object]] = []
    err = console(stderr=True)
    pages = names.items()  # a bar that nobody watches would leave a blank line behind
    for page, name in track(pages, "extracting", console=err, transient=True) if err.is_interactive else pages:
        row: dict[str, object] = {"input": page, "pairs": 0, "sections": 0, "error": ""}
        try:
            documents = read_page(page, settings, selectors)
        except RetrievalError as error:
            documents = []
            row["error"] = str(error)
        pairs = [d for d in documents if d.kind == "faq"]
        lines = [{"question": d.question, "answer": d.answer, "url": d.url} for d in pairs]
        (out / name).write_text("".join(json.dumps(x, ensure_ascii=False) + "\n" for x in lines), encoding="utf-8")
        rows.append(row | {"pairs": len(pairs), "sections": len(documents) - len(pairs), "output": str(out / name)})
    if as_json:
        print_json(rows)
    else:
        print_table(
            "Extracted",
            ["input", ">pairs", ">sections", "written to / fault"],
            [(r["input"], r["pairs"], r["sections"], r["error"] or r["output"]) for r in rows],
            empty="Nothing to extract.",
        )
    if any(row["error"] for row in rows):
        raise typer.Exit(1)


def _output_names(inputs: list[str]) -> dict[str, str]:
    """Each input's output name. Raises InputError for a missing file, or when two inputs share a name."""
    from urllib.parse import urlsplit

    from bot.errors import InputError

    names: dict[str, str] = {}
    for page in inputs:
        if "://" in page:
            parts = urlsplit(page)
            stem = parts.path.rstrip("/").rpartition("/")[2] or parts.hostname or "page"
        elif Path(page).is_file():
            stem = Path(page).name
        else:
            raise InputError(f"{page} is neither a file nor a URL: check the path, or begin a URL with https://.")
        if f"{stem}.jsonl" in names.values() and page not in names:
            raise InputError(f"Two inputs are named {stem}: extract them in two calls, each with its own --out folder.")
        names[page] = f"{stem}.jsonl"
    return names


def evaluate(
    faqs: Annotated[Path, typer.Option(help='FAQs, one {"id","question","answer"} a line.', dir_okay=False)],
    queries: Annotated[Path, typer.Option(help='Questions, one {"id","text","relevant","answerable"} a line.')],
    out: Annotated[Path, typer.Option(help="Where to write the result rows.", dir_okay=False)],
    as_json: AsJson = False,
) -> None:
    """Measure the product's own retrieval and decision on questions whose answers are known."""
    from bot.bootstrap import evaluate_files

    evaluation = evaluate_files(faqs, queries, out)
    if as_json:
        print_json(evaluation.figures)
        return
    print_table(
        f"{faqs.parent.name or faqs.name}: {evaluation.figures['n']} answerable questions",
        ["figure", ">value"],
        [(name, f"{value:.3f}" if isinstance(value, float) else value) for name, value in evaluation.figures.items()],
        empty="No question to measure.",
    )


COMMANDS = (extract, evaluate)
