"""Commands that look back: log, explain."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from bot.chat.markup import in_one_line
from bot.cli.commands import Given, TerminalForm, call_on_console
from bot.cli.output import AsJson, make_console, open_output, print_json, print_line, run_on_application
from bot.cli.turns import Format, row_writer, turn_as_dict, with_votes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bot.app import Application
    from bot.chat.card import Card
    from bot.chat.conversation import Feedback, Turn

log_app = typer.Typer(no_args_is_help=True)

Days = Annotated[float | None, typer.Option(min=0, help="Only the last so many days.")]

_NOTHING = "Nothing was asked yet: try 'frontdesk ask \"How do I return goods?\"'."


class Outcome(StrEnum):
    """The decisions a log can be narrowed to."""

    ANSWER = "answer"
    SUGGEST = "suggest"
    ABSTAIN = "abstain"
    CLARIFY = "clarify"
    CHITCHAT = "chitchat"
    HUMAN = "human"


@log_app.command("list")
def list_turns(
    days: Days = None,
    decision: Annotated[Outcome | None, typer.Option(help="Only turns of this outcome.")] = None,
    conversation: Annotated[str, typer.Option(help="Only this conversation.", metavar="ID")] = "",
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="At most so many, newest first.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List the last turns, newest first."""
    turns = run_on_application(
        lambda application: application.conversations.list_turns(
            since=_to_start_time(days),
            decision=decision.value if decision else None,
            conversation_id=conversation or None,
            limit=limit,
        )
    )
    if as_json:
        print_json([turn_as_dict(turn) for turn in turns])
    elif turns:
        for turn in turns:
            _print_short(turn)
    else:
        make_console().print(_NOTHING)


@log_app.command("show")
def show_conversation(
    which: Annotated[
        str, typer.Argument(help="A turn's id or its first digits, or a conversation's id.", metavar="ID")
    ],
    as_json: AsJson = False,
) -> None:
    """Show a conversation, named by its own id or by one of its turns."""

    async def load_conversation(application: Application) -> list[tuple[Turn, Sequence[Feedback]]]:
        store = application.conversations
        conversation = await store.load_conversation(which, limit=1000)
        if not conversation.turns:
            conversation = await store.load_conversation((await store.find_turn(which)).conversation_id, limit=1000)
        return [(turn, await store.list_feedback(turn.id)) for turn in conversation.turns]

    pairs = run_on_application(load_conversation)
    if as_json:
        print_json([with_votes(turn, votes) for turn, votes in pairs])
        return
    from rich.markdown import Markdown
    from rich.text import Text

    out = make_console()
    out.print(Text(f"conversation {pairs[0][0].conversation_id}", style="dim"))
    for turn, votes in pairs:
        out.print(Text(f"\n{turn.created_at:%Y-%m-%d %H:%M} UTC  {turn.id[:8]}  {turn.decision}", style="dim"))
        out.print(Text(f"› {turn.question}", style="bold cyan"))
        out.print(Markdown(turn.answer, hyperlinks=False))
        for citation in turn.citations:
            origin = "  ".join(filter(None, [citation.byline, citation.url]))
            out.print(Text(f"[{citation.number}] {citation.title}  {origin}", style="dim"))
        for vote in votes:
            out.print(Text(f"{vote.vote} by {vote.user or 'unknown'} {vote.reason}", style="yellow"))


@log_app.command("export")
def export_turns(
    days: Days = None,
    format_: Annotated[
        Format | None, typer.Option("--format", help="One JSON object a line (the default), or CSV.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="The file to write. Default: standard output.", dir_okay=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format jsonl.")] = False,
) -> None:
    """Write every turn, oldest first."""
    from bot.errors import InputError

    if as_json and format_ is Format.CSV:
        raise InputError("--json and --format csv contradict each other: leave one out.")

    async def write_turns(application: Application) -> int:
        store = application.conversations
        with open_output(out) as stream:
            write = row_writer(stream, format_ or Format.JSONL)
            count = 0
            async for turn, votes in store.export_turns(since=_to_start_time(days)):
                write(turn, votes)
                count += 1
            return count

    count = run_on_application(write_turns)
    print_line(f"{count} turns exported{f' to {out}' if out else ''}.", err=True)


async def _explain_turn(application: Application, name: str, given: Given) -> Card | None:
    """The turn that is named, or the last."""
    from bot.errors import UnknownTurn

    wanted = given["answer"]
    if not wanted:
        turns = await application.conversations.list_turns(limit=1)
        if not turns:
            raise UnknownTurn(_NOTHING)
        wanted = turns[0].id
    return await call_on_console(application, name, {"answer": wanted})


def _show_explanation(card: Card) -> None:
    from bot.app import explanation

    make_console().print(explanation(cast("Turn", card.data)))


def _print_short(turn: Turn) -> None:
    """Two lines, whatever the width: the question, and below it the answer."""
    from rich.text import Text

    confidence = "    " if not turn.decision.searched else f"{turn.confidence:.2f}"
    facts = f"{turn.id[:8]}  {turn.created_at:%m-%d %H:%M}  {turn.decision:<8}  {confidence}  "
    question = Text.assemble((facts, "dim"), (" ".join(turn.question.split()), "bold"))
    for line in (question, Text(" " * 10 + in_one_line(turn.answer))):
        make_console().print(line, no_wrap=True, overflow="ellipsis")


def _to_start_time(days: float | None) -> datetime | None:
    return None if days is None else datetime.now(UTC) - timedelta(days=min(days, 36_500))


FORMS = {"explain": TerminalForm(call=_explain_turn, show=_show_explanation, as_json=turn_as_dict)}
