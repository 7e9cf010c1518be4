"""Commands that measure: extract, eval."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.options import AnswerCss, ItemCss, QuestionCss, read_selectors
from bot.cli.output import (
    AsJson,
    check_output,
    format_figure,
    json_figure,
    make_console,
    print_json,
    print_line,
    print_table,
    write_rows,
)

if TYPE_CHECKING:
    from retrieval.coverage import Coverage
    from retrieval.documents import Document


def extract_pairs(
    inputs: Annotated[list[str], typer.Argument(metavar="FILE|URL…", help="Pages, documents, or URLs.")],
    out: Annotated[Path, typer.Option(help="The folder for <file name>.jsonl.", file_okay=False)],
    question_css: QuestionCss = "",
    answer_css: AnswerCss = "",
    item_css: ItemCss = "",
    as_json: AsJson = False,
) -> None:
    """Write the question/answer pairs of pages, one {"question","answer","url"} a line."""
    from rich.progress import track

    from bot.app import read_page
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
    covered: list[tuple[str, Coverage]] = []
    err = make_console(stderr=True)
    pages = names.items()  # a bar that nobody watches would leave a blank line behind
    for page, name in track(pages, "extracting", console=err, transient=True) if err.is_interactive else pages:
        row: dict[str, object] = {"input": page, "pairs": 0, "sections": 0, "error": ""}
        documents: Sequence[Document] = ()
        try:
            found = read_page(page, settings, selectors)
        except RetrievalError as error:
            row["error"] = str(error)
        else:
            documents = found.documents
            row["coverage"] = found.coverage.as_dict() | {"texts": found.coverage.list_lost_texts()}
            covered.append((page, found.coverage))
        pairs = [d for d in documents if d.kind == "faq"]
        lines = [{"question": d.question, "answer": d.answer, "url": d.url} for d in pairs]
        (out / name).write_text("".join(json.dumps(x, ensure_ascii=False) + "\n" for x in lines), encoding="utf-8")
        rows.append(row | {"pairs": len(pairs), "sections": len(documents) - len(pairs), "output": str(out / name)})
    shares: dict[object, str] = {page: f"{coverage.share:.0%}" for page, coverage in covered}
    if as_json:
        print_json(rows)
    else:
        print_table(
            "Extracted",
            ["input", ">pairs", ">sections", ">of its text", "written to / fault"],
            [
                (r["input"], r["pairs"], r["sections"], shares.get(r["input"], ""), r["error"] or r["output"])
                for r in rows
            ],
            empty="Nothing to extract.",
        )
        for page, coverage in covered:
            if reason := coverage.explain_loss():
                print_line(f"{page}: left out: {reason}")
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


def evaluate_questions(
    questions: Annotated[
        Path | None,
        typer.Option(
            help="Your own questions: CSV or JSON lines with the columns question and expected.", dir_okay=False
        ),
    ] = None,
    from_log: Annotated[bool, typer.Option("--from-log", help="Ask the log's voted turns.")] = False,
    days: Annotated[float | None, typer.Option(min=0, help="With --from-log: only the last so many days.")] = None,
    write: Annotated[
        Path | None, typer.Option(help="With --from-log: write them as CSV for you to correct.", dir_okay=False)
    ] = None,
    version: Annotated[str, typer.Option(help="The version of the index to ask. Default: the active one.")] = "",
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="A setting for this measurement.", metavar="NAME=VALUE")
    ] = None,
    against: Annotated[str, typer.Option(help="Compare with this version.", metavar="VERSION")] = "",
    against_set: Annotated[
        list[str] | None, typer.Option(help="Compare with this setting.", metavar="NAME=VALUE")
    ] = None,
    fit: Annotated[
        bool,
        typer.Option("--fit", help="With --questions: fit confidence and thresholds to them, from the next start on."),
    ] = False,
    curve: Annotated[
        Path | None, typer.Option(help="Draw the coverage/accuracy curve as .png or .svg.", dir_okay=False)
    ] = None,
    faqs: Annotated[
        Path | None, typer.Option(help='FAQs of a file, one {"id","question","answer"} a line.', dir_okay=False)
    ] = None,
    queries: Annotated[
        Path | None, typer.Option(help='Questions on --faqs, one {"id","text","relevant","answerable"} a line.')
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write the result rows.", dir_okay=False)] = None,
    progress: Annotated[
        bool | None, typer.Option("--progress/--no-progress", help="A progress bar. Default: on a terminal.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Measure the product's own retrieval and decision on questions whose answers are known.

    Your own, on what is indexed: --questions, or --from-log; compared with --against or --against-set; or fitted to
    them, --fit. Or those of a file on the FAQs of another: --faqs, --queries and --out.
    """
    from bot.cli.golden import Wanted, evaluate_golden
    from bot.cli.golden_fit import fit_to_golden
    from bot.errors import InputError

    on_files = faqs is not None or queries is not None
    if [questions is not None, from_log, on_files].count(True) != 1:
        raise InputError("Say which questions: --questions FILE, or --from-log, or --faqs, --queries and --out.")
    if not from_log:
        _refuse_options({"--days": days is not None, "--write": write}, "--from-log")
    if fit:
        _refuse_options({"--fit": questions is None}, "--questions")
        measuring = {"--against": against, "--against-set": against_set, "--curve": curve, "--out": out}
        _refuse_options(measuring, "measuring, not with --fit")
    if on_files:
        asked = {"--set": set_, "--against": against, "--against-set": against_set}
        _refuse_options({"--version": version, **asked, "--curve": curve}, "--questions or --from-log")
        if faqs is None or queries is None or out is None:
            raise InputError("--faqs, --queries and --out go together: name all three.")
        _evaluate_files(faqs, queries, out, progress, as_json)
        return
    work = fit_to_golden if fit else evaluate_golden
    work(
        Wanted(
            questions=questions,
            from_log=from_log,
            days=days,
            write=write,
            version=version,
            changes=set_ or (),
            against=against,
            against_changes=against_set or (),
            out=out,
            curve=curve,
            progress=progress,
            as_json=as_json,
        )
    )


def _refuse_options(given: Mapping[str, object], without: str) -> None:
    """Raises InputError for the first option that was given without what it goes with."""
    from bot.errors import InputError

    for option, value in given.items():
        if value:
            raise InputError(f"{option} goes with {without}.")


def _evaluate_files(faqs: Path, queries: Path, out: Path, progress: bool | None, as_json: bool) -> None:
    from bot.app import evaluate_files
    from bot.cli.golden import progress_bar

    check_output(out, faqs, queries)
    with progress_bar(progress) as on_done:
        evaluation = evaluate_files(faqs, queries, on_done=on_done)
    try:
        _show_figures(faqs, evaluation.figures, as_json)
    finally:  # though nobody reads on
        write_rows(out, evaluation.rows)


def _show_figures(faqs: Path, figures: Mapping[str, float | int], as_json: bool) -> None:
    if as_json:
        print_json({name: json_figure(value) for name, value in figures.items()})
        return
    print_table(
        f"{faqs.parent.name or faqs.name}: {figures['n']} answerable question{'s' * (figures['n'] != 1)}",
        ["figure", ">value"],
        [(name, format_figure(value)) for name, value in figures.items()],
        empty="No question to measure.",
    )


COMMANDS = {"extract": extract_pairs, "eval": evaluate_questions}
