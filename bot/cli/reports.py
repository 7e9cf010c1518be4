"""A refresh's report as a person reads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.cli.output import console, print_table

if TYPE_CHECKING:
    from retrieval.refresh import RefreshReport

_SHOWN = 10  # lines a list; the rest is counted, and --json has all

_OUTCOMES = {
    "activated": "Version {version} answers now.",
    "unchanged": "Nothing changed: version {version} goes on answering.",
    "dry_run": "A dry run: nothing was changed; version {version} goes on answering.",
}


def show_report(report: RefreshReport) -> None:
    """Print what was added, changed, removed and failed, and which version answers."""
    from rich.text import Text

    for title, style, documents in (
        ("added", "green", report.added),
        ("changed", "yellow", report.changed),
        ("removed", "red", report.removed),
    ):
        _list(title, style, [(line.question, line.url) for line in documents])
    for title, style, pages in (("gone", "red", report.gone), ("failed", "bold red", report.failed)):
        _list(title, style, [(f"{line.source}: {line.url}", line.reason) for line in pages])
    print_table(
        "Refresh",
        ["", ">added", ">changed", ">removed", ">unchanged", ">failed"],
        [
            (
                "documents",
                len(report.added),
                len(report.changed),
                len(report.removed),
                report.documents_unchanged,
                "",
            ),
            ("pages", report.pages_fetched, "", len(report.gone), report.pages_unchanged, len(report.failed)),
        ],
        empty="",
    )
    version = report.version or "none"
    line = _OUTCOMES[report.outcome].format(version=version)
    size = f"{report.bytes_received / 1024:.0f} kB read, {report.texts_embedded} texts embedded"
    console().print(Text(f"{line} {size}, {report.seconds:.1f} s."))


def _list(title: str, style: str, lines: Sequence[tuple[str, str]]) -> None:
    from rich.text import Text

    out = console()
    for first, second in lines[:_SHOWN]:
        out.print(
            Text.assemble((f"{title:>8} ", style), " ".join(first.split()), "  ", (second, "dim")), soft_wrap=True
        )
    if len(lines) > _SHOWN:
        out.print(Text(f"{title:>8} … and {len(lines) - _SHOWN} more", style="dim"))
