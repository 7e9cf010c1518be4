"""Commands that look back: log, explain."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from bot.cli.output import AsJson, console, print_json, print_table, run

if TYPE_CHECKING:
    from bot.bootstrap import Application
    from bot.conversation import Feedback, Turn

log_app = typer.Typer(no_args_is_help=True)

Days = Annotated[float | None, typer.Option(min=0, help="Only the last so many days.")]
TurnId = Annotated[str, typer.Argument(help="A turn's id, or its first digits (at least 4).", metavar="TURN")]


class Format(StrEnum):
    """What `log export` writes."""

    JSONL = "jsonl"
    CSV = "csv"


class Outcome(StrEnum):
    """The decisions a log can be narrowed to."""

    ANSWER = "answer"
    ABSTAIN = "abstain"
    CLARIFY = "clarify"
    CHITCHAT = "chitchat"


@log_app.command("list")
def list_(
    days: Days = None,
    decision: Annotated[Outcome | None, typer.Option(help="Only turns of this outcome.")] = None,
    conversation: Annotated[str, typer.Option(help="Only this conversation.", metavar="ID")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many, newest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the last turns, newest first."""
    turns = run(
        lambda application: application.conversations.turns(
            since=_since(days),
            decision=decision.value if decision else None,
            conversation_id=conversation or None,
            limit=limit,
        )
    )
    if as_json:
        print_json([turn_as_dict(turn) for turn in turns])
        return
    print_table(
        "Turns",
        ["turn", "when (UTC)", "decision", ">conf.", "question", "answer"],
        [
            (
                t.id[:8],
                f"{t.created_at:%m-%d %H:%M}",
                t.decision,
                f"{t.confidence:.2f}",
                _short(t.question),
                _short(t.answer),
            )
            for t in turns
        ],
        empty="Nothing was asked yet: try 'frontdesk ask \"How do I return goods?\"'.",
    )


@log_app.command("show")
def show(turn_id: TurnId, as_json: AsJson = False) -> None:
    """Show the whole conversation a turn belongs to."""

    async def work(application: Application) -> list[tuple[Turn, tuple[Feedback, ...]]]:
        turn = await application.conversations.turn(turn_id)
        conversation = await application.conversations.load(turn.conversation_id, limit=1000)
        return [(t, tuple(await application.conversations.feedback(t.id))) for t in conversation.turns]

    pairs = run(work)
    if as_json:
        print_json([turn_as_dict(turn) | {"feedback": [_feedback(f) for f in votes]} for turn, votes in pairs])
        return
    from rich.markdown import Markdown
    from rich.text import Text

    out = console()
    for turn, votes in pairs:
        out.print(Text(f"\n{turn.created_at:%Y-%m-%d %H:%M} UTC  {turn.id[:8]}  {turn.decision}", style="dim"))
        out.print(Text(f"› {turn.question}", style="bold cyan"))
        out.print(Markdown(turn.answer, hyperlinks=False))
        for citation in turn.citations:
            out.print(Text(f"[{citation.number}] {citation.title}  {citation.url}", style="dim"))
        for vote in votes:
            out.print(Text(f"{vote.vote} by {vote.user or 'unknown'} {vote.reason}", style="yellow"))


@log_app.command("export")
def export(
    days: Days = None,
    format_: Annotated[Format, typer.Option("--format", help="One JSON object a line, or CSV.")] = Format.JSONL,
    out: Annotated[
        Path | None, typer.Option(help="The file to write. Default: standard output.", dir_okay=False)
    ] = None,
) -> None:
    """Write every turn, oldest first."""

    async def work(application: Application) -> int:
        with _writing(out) as stream:
            write = _row_writer(stream, format_)
            count = 0
            async for turn in application.conversations.export(since=_since(days)):
                write(turn)
                count += 1
            return count

    count = run(work)
    typer.echo(f"{count} turns exported{f' to {out}' if out else ''}.", err=True)


def explain(turn_id: TurnId, as_json: AsJson = False) -> None:
    """Why a turn was answered as it was: passages, each signal, the threshold, the version, the crawl date."""
    turn = run(lambda application: application.conversations.turn(turn_id))
    if as_json:
        print_json(turn_as_dict(turn))
        return
    from rich.table import Table
    from rich.text import Text

    facts = Table(show_header=False, box=None, pad_edge=False)
    verdict = "reaches" if turn.confidence >= turn.threshold else "is below"
    for key, value in (
        ("question", turn.question),
        ("searched as", turn.standalone_question),
        ("language", turn.language),
        ("decision", f"{turn.decision}: confidence {turn.confidence:.3f} {verdict} the threshold {turn.threshold:.3f}"),
        ("version", turn.index_version or "-"),
        ("written by", turn.model),
        ("took", ", ".join(f"{stage} {ms:.1f} ms" for stage, ms in turn.timings_ms.items())),
        ("features", ", ".join(f"{name} {value:.3f}" for name, value in turn.features.items())),
    ):
        facts.add_row(Text(key, style="dim"), Text(str(value)))
    console().print(facts)
    cited = {citation.passage_id: f"[{citation.number}]" for citation in turn.citations}
    signals = sorted({name for passage in turn.passages for name in passage.signals})
    print_table(
        "Passages",
        [">rank", "cited", "title", "url", ">score", *(f">{name}" for name in signals), "crawled"],
        [
            (
                p.rank,
                cited.get(p.passage_id, ""),
                _short(p.title),
                p.url,
                f"{p.score:.3f}",
                *(f"{p.signals[name]:.3f}" if name in p.signals else "" for name in signals),
                p.crawled_at[:16].replace("T", " "),
            )
            for p in turn.passages
        ],
        empty="No passage was looked at.",
    )


def turn_as_dict(turn: Turn) -> dict[str, Any]:
    """A turn with everything that is logged of it, JSON-ready."""
    return {
        "turn_id": turn.id,
        "conversation_id": turn.conversation_id,
        "created_at": turn.created_at.isoformat(),
        "platform": turn.platform,
        "user": turn.user,
        "question": turn.question,
        "standalone_question": turn.standalone_question,
        "language": turn.language,
        "decision": turn.decision.value,
        "answer": turn.answer,
        "confidence": turn.confidence,
        "threshold": turn.threshold,
        "features": dict(turn.features),
        "citations": [
            {"number": c.number, "title": c.title, "url": c.url, "passage_id": c.passage_id} for c in turn.citations
        ],
        "passages": [
            {
                "passage_id": p.passage_id,
                "rank": p.rank,
                "title": p.title,
                "url": p.url,
                "text": p.text,
                "score": p.score,
                "signals": dict(p.signals),
                "crawled_at": p.crawled_at,
            }
            for p in turn.passages
        ],
        "index_version": turn.index_version,
        "model": turn.model,
        "timings_ms": dict(turn.timings_ms),
    }


_CSV_COLUMNS = (
    "turn_id",
    "conversation_id",
    "created_at",
    "platform",
    "user",
    "question",
    "standalone_question",
    "language",
    "decision",
    "answer",
    "confidence",
    "threshold",
    "index_version",
    "model",
)


def _row_writer(stream: TextIO, format_: Format) -> Any:
    if format_ is Format.JSONL:
        return lambda turn: stream.write(json.dumps(turn_as_dict(turn), ensure_ascii=False) + "\n")
    writer = csv.DictWriter(stream, [*_CSV_COLUMNS, "cited_urls"], extrasaction="ignore")
    writer.writeheader()

    def write(turn: Turn) -> None:
        row = {name: _no_formula(value) for name, value in turn_as_dict(turn).items()}
        writer.writerow(row | {"cited_urls": " ".join(c.url for c in turn.citations)})

    return write


def _no_formula(value: object) -> object:
    """A spreadsheet would run a customer's text that begins like a formula (OWASP: CSV injection)."""
    return f"'{value}" if isinstance(value, str) and value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


@contextmanager
def _writing(path: Path | None) -> Iterator[TextIO]:
    if path is None:
        yield sys.stdout
        return
    from bot.errors import InputError

    try:
        with path.open("w", encoding="utf-8", newline="") as stream:
            yield stream
    except OSError as error:
        raise InputError(
            f"Cannot write {path} ({error.strerror}): name a file in a folder you may write to."
        ) from error


def _since(days: float | None) -> datetime | None:
    return None if days is None else datetime.now(UTC) - timedelta(days=min(days, 36_500))


def _feedback(feedback: Feedback) -> dict[str, str]:
    return {"user": feedback.user, "vote": feedback.vote.value, "reason": feedback.reason}


def _short(text: str, limit: int = 60) -> str:
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


COMMANDS = (explain,)
