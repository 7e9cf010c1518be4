"""Commands that answer: ask, chat."""

from __future__ import annotations

import sys
import uuid
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.output import AsJson, make_console, print_json, run_on_application

if TYPE_CHECKING:
    from bot.app import Application
    from bot.chat.conversation import Turn

USER = "terminal"  # whose questions these are, as in the chat: `frontdesk forget` finds them by it

ConversationId = Annotated[
    str, typer.Option("--conversation", help="Go on with this conversation. Default: a new one.", metavar="ID")
]


def ask_question(
    question: Annotated[str, typer.Argument(help="The question; '-' reads it from standard input.")],
    conversation: ConversationId = "",
    groups: Annotated[
        str,
        typer.Option(
            "--as",
            help="As a customer of these groups is answered: slack:C0123456789,slack:workspace:T0123456789 … or "
            "everybody, for one of none. Without it: from all that is known.",
            metavar="GROUPS",
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Answer one question, with its sources. In --json `answer` is Markdown, with special characters escaped."""
    from bot.chat.conversation import IncomingMessage
    from bot.chat.groups import read_audience
    from bot.chat.reply_stream import follow_answer
    from bot.errors import InputError
    from bot.platforms.terminal.answers import AnswerPrinter
    from retrieval.audiences import EVERYTHING, Viewer

    text = sys.stdin.read() if question == "-" else question
    if not text.strip():
        raise InputError('The question is empty: write it in quotes, e.g. frontdesk ask "How do I return goods?".')

    async def answer_message(application: Application) -> Turn:
        viewer = Viewer(read_audience(groups, application.platforms.declared)) if groups else EVERYTHING
        # The conversation's id is short, for a person may type it again.
        message = IncomingMessage(conversation or uuid.uuid4().hex[:12], text, user=USER, viewer=viewer)
        await application.load_beside()
        events = application.answer_pipeline.answer_message(message)
        return await (follow_answer(events) if as_json else AnswerPrinter().show_answer(events))

    turn = run_on_application(answer_message)
    if as_json:
        print_json(answer_as_dict(turn))
    else:
        _print_trace(turn)


def start_chat(conversation: ConversationId = "") -> None:
    """Talk to Frontdesk in the terminal. /help lists what you can type."""

    from bot.app import hold_chat

    nobody_else_waits = {"user_budget": 0, "workspace_budget": 0}
    run_on_application(partial(hold_chat, conversation_id=conversation), **nobody_else_waits)


def _print_trace(turn: Turn) -> None:
    """How to go on from here: the turn, its conversation, and why it was answered so."""
    from rich.text import Text

    short, thread = turn.id[:8], " ".join(turn.conversation_id.split())
    line = f"turn {short} · conversation {thread} · frontdesk explain {short}"
    make_console().print(Text(f"\n{line}", style="dim"), soft_wrap=True)


def answer_as_dict(turn: Turn) -> dict[str, object]:
    """The shape of `ask --json`, which scripts rely on; `answer` is Markdown, its special characters escaped. `options`
    is what there is to choose: beside the entry that a suggestion shows, its first citation."""
    from bot.answering.clarify import list_choices

    return {
        "turn_id": turn.id,
        "conversation_id": turn.conversation_id,
        "decision": turn.decision.value,
        "answer": turn.answer,
        "confidence": turn.confidence,
        "citations": [
            {"number": c.number, "title": c.title, "url": c.url, "passage_id": c.passage_id}
            | ({"author": c.author, "date": c.date} if c.author else {})
            for c in turn.citations
        ],
        "options": [{"number": c.number, "title": c.label, "gist": c.gist} for c in list_choices(turn)]
        if turn.decision.offers
        else [],
        "index_version": turn.index_version,
        "model": turn.model,
        "timings_ms": dict(turn.timings_ms),
    }


COMMANDS = {"ask": ask_question, "chat": start_chat}
