"""A refresh's report as a person reads it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from bot.cli.output import make_console, print_table

if TYPE_CHECKING:
    from retrieval.coverage import PageCoverage
    from retrieval.refresh import PageLine, RefreshReport, TrialReport

_SHOWN = 10  # lines a list; the rest is counted, and --json has all
_NAMED = 3  # pages in a sentence


def show_report(report: RefreshReport) -> None:
    """Print what was added, changed, removed, failed and not understood, whom it touches, and which version answers."""
    from rich.text import Text

    from bot.cli.cards import to_terminal_line
    from bot.sources.cards import contradictions_line, repeated_line, summary_line, touched_line, wordings_line

    for title, style, documents in (
        ("added", "green", report.added),
        ("changed", "yellow", report.changed),
        ("removed", "red", report.removed),
    ):
        _print_list(title, style, [(line.question, line.url) for line in documents])
    told = report.as_dict()
    touched = cast("Sequence[Mapping[str, Any]]", told.get("touched", ()))
    _print_list("asked", "yellow", [(each["question"], touched_line(each)) for each in touched])
    for title, style, pages in (("gone", "red", report.gone), ("failed", "bold red", report.failed)):
        _print_list(title, style, [(_format_page(line), line.reason) for line in pages])
    below = report.coverage.below
    nothing = [page for page in below if page.is_fault]
    _print_list("nothing", "bold red", [_describe_coverage(page) for page in nothing])
    _print_list("in part", "yellow", [_describe_coverage(page) for page in below if not page.is_fault])
    print_table(
        "Refresh",
        ["", ">read", ">added", ">changed", ">removed", ">unchanged", ">failed"],
        [
            (
                "documents",
                "",
                len(report.added),
                len(report.changed),
                len(report.removed),
                report.documents_unchanged,
                "",
            ),
            ("pages", report.pages_fetched, "", "", len(report.gone), report.pages_unchanged, len(report.failed)),
        ],
        empty="",
    )
    out = make_console()
    if report.trial:
        show_trial(report.trial)
    if line := contradictions_line(told):
        out.print(Text(f"Contradictions: {to_terminal_line(line)}", style="yellow"))
    if line := wordings_line(told):
        out.print(Text(f"Wordings by the model: {to_terminal_line(line)}."))
    _print_list("scripts", "yellow", [(_format_page(line), line.reason) for line in report.scripted])
    if report.coverage.measured:
        known = report.coverage
        look = ": frontdesk sources pages" if below else "."
        out.print(Text(f"Known: {summary_line(known)}{look}"))
        if repeated := repeated_line([each.as_dict() for each in known.repeated]):
            out.print(Text(f"Left out, as they stand on nearly every page: {repeated}."))
    named = {(page.source, page.url) for page in below}
    if links := [line for line in report.empty if (line.source, line.url) not in named]:
        out.print(
            Text(_describe_pages(links, "page holds", "pages hold", "nothing but links and frame"), style="yellow")
        )
    if report.skipped:
        out.print(Text(_describe_pages(report.skipped, "page was", "pages were", "left out"), style="yellow"))
    size = f"{report.bytes_received / 1024:.0f} kB read, {report.texts_embedded} texts embedded"
    out.print(Text(f"{_describe_outcome(report)} {size}, {report.seconds:.1f} s."))


def show_trial(trial: TrialReport) -> None:
    """Print what came of the golden questions: those that are answered worse, and the sum."""
    from rich.text import Text

    from bot.sources.cards import golden_line

    _print_list("worse", "red", [(line.question, f"was: {line.before}; new: {line.after}") for line in trial.worse])
    _print_list("no entry", "yellow", [(missing, "") for missing in trial.missing])
    make_console().print(Text(f"Golden questions: {golden_line(trial.as_dict())}."))


def _format_page(line: PageLine) -> str:
    return line.source if line.url in line.reason else f"{line.source}: {line.url}"  # a whole source's names it


def _describe_coverage(page: PageCoverage) -> tuple[str, str]:
    share = page.coverage.share if page.coverage else 0.0
    return f"{page.source}: {page.url}", f"{share:.0%} known: {page.coverage.explain_loss() if page.coverage else ''}"


def _describe_outcome(report: RefreshReport) -> str:
    if report.outcome == "activated":
        return f"Version {report.version} answers now."
    answers = f"version {report.version} goes on answering" if report.version else "no version answers yet"
    what = "A dry run: nothing was changed; " if report.outcome == "dry_run" else "Nothing changed: "
    return f"{what}{answers}."


def _describe_pages(pages: Sequence[PageLine], one: str, many: str, what: str) -> str:
    """ "3 pages hold no text that could be used: a, b, c"."""
    named = ", ".join(line.url for line in pages[:_NAMED])
    more = f" … and {len(pages) - _NAMED} more" if len(pages) > _NAMED else ""
    return f"{len(pages)} {one if len(pages) == 1 else many} {what}: {named}{more}"


def _print_list(title: str, style: str, lines: Sequence[tuple[str, str]]) -> None:
    from rich.text import Text

    out = make_console()
    for first, second in lines[:_SHOWN]:
        out.print(
            Text.assemble((f"{title:>8} ", style), " ".join(first.split()), "  ", (second, "dim")), soft_wrap=True
        )
    if len(lines) > _SHOWN:
        out.print(Text(f"{title:>8} … and {len(lines) - _SHOWN} more", style="dim"))
