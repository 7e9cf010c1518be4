"""Frontdesk in a terminal: one answer, and a chat. Piped, it reads lines and writes Markdown for the eye."""

from __future__ import annotations

import asyncio
import re
import signal
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from rich.console import Console, RenderableType
from rich.live import Live
from rich.markdown import Markdown
from rich.spinner import Spinner
from rich.text import Text

from bot.answering.pipeline import AnswerPipeline
from bot.answering.ports import LearnsWordings
from bot.chat.conversation import AnswerEvent, Citation, Feedback, IncomingMessage, Stage, Turn, Vote
from bot.chat.links import defuse_text
from bot.chat.markdown import Dialect, render_text
from bot.chat.markup import Token, escape_url
from bot.chat.ports import ConversationStore
from bot.chat.reply_stream import AnswerView, drain_events, follow_to_final
from bot.errors import BotError
from bot.i18n import words_for
from bot.i18n.language import reply_language
from bot.platforms.terminal.explanation import draw_explanation, is_followable, link_style
from bot.platforms.terminal.printing import safe_console
from retrieval.errors import RetrievalError
from retrieval.text import collapse_whitespace

T = TypeVar("T")

HELP = """\
Ask a question in your own words. These are commands:

  /new             start a new conversation
  /why             why the last question was answered as it was
  /good, /bad      vote on the last answer; a reason may follow
  /help            this list
  /quit            leave (also Ctrl-D); Ctrl-C stops an answer
"""
_PROMPT = "› "
_USER = "terminal"
_FRAMES_PER_SECOND = 12
_EXPLAINED = 5  # passages; `frontdesk explain` shows all
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_ESCAPED_MARK = r"\\\1"
_MARKS = re.compile(r"([*_~`\[\]\\])")


class Terminal:
    """`history` is the file that keeps what was typed, for the arrow keys; None keeps it for one chat."""

    def __init__(
        self,
        answering: AnswerPipeline,
        conversations: ConversationStore,
        *,
        console: Console | None = None,
        history: Path | None = None,
        mask: Callable[[str], str] = lambda text: text,
        learning: LearnsWordings | None = None,
    ) -> None:
        self._answering = answering
        self._conversations = conversations
        self._console = console or safe_console()
        self._history = history
        self._mask = mask
        self._learning = learning

    async def show_answer(self, events: AsyncIterator[AnswerEvent], language: str = "") -> Turn:
        """Draw an answer as it comes; `language` is that of the status line. Raises what the answering raises."""
        with self._redraw_live() as update:
            turn = await follow_to_final(events, _RedrawnView(update, language))
        self.print_answer(turn)
        await drain_events(events)  # a turn that could not be stored is reported after its answer
        return turn

    def print_answer(self, turn: Turn) -> None:
        """The answer with its sources: laid out on a terminal, Markdown without its escapes elsewhere."""
        heading = words_for(turn.language).labels["sources"]
        if self._console.is_terminal:
            self._console.print(Markdown(_link_markers(turn)))
        else:
            self._console.print(Text(_unescape_answer(turn)), soft_wrap=True)
        if turn.citations:
            self._console.print(Text(f"\n{heading}", style="dim"))
            for citation in turn.citations:
                self._console.print(_format_source(citation), soft_wrap=True)

    def explain_turn(self, turn: Turn) -> None:
        """Why the turn was answered as it was."""
        self._console.print(draw_explanation(turn, passages=_EXPLAINED))

    async def run_chat(self, conversation_id: str) -> None:
        """Converse until /quit or the end of the input."""
        interactive = self._console.is_terminal and sys.stdin.isatty()
        self._answering.warm_up()
        last = await self._show_welcome(conversation_id, interactive)
        async for line in self._read_lines(interactive):
            command, _, rest = line.partition(" ")
            if command in {"/quit", "/exit", "/q"}:
                return
            if command == "/new":
                conversation_id, last = uuid.uuid4().hex, None
                self._show_notice("A new conversation.")
            elif line.startswith("/"):
                await self._run_command(command, rest.strip(), last)
            else:
                last = await self._answer_line(conversation_id, line, last)

    async def _show_welcome(self, conversation_id: str, interactive: bool) -> Turn | None:
        turns = (await self._conversations.load_conversation(conversation_id)).turns
        if interactive:
            self._show_notice("Ask a question, or type /help for the commands.")
        if turns:
            self._show_notice(f"Going on after: {collapse_whitespace(turns[-1].question)}")
        return turns[-1] if turns else None

    async def _answer_line(self, conversation_id: str, text: str, last: Turn | None) -> Turn | None:
        """Answer one line. A fault is shown and the chat goes on; -> the conversation's last turn."""
        language = reply_language(text, last.language if last else "")
        events = self._answering.answer_message(IncomingMessage(conversation_id, text, user=_USER))
        try:
            turn = await _run_interruptible(self.show_answer(events, language))
            if turn is None:
                self._show_notice("Stopped.")
            last = turn or last
        except (BotError, RetrievalError) as error:
            self._console.print(Text(f"frontdesk: {collapse_whitespace(str(error))}", style="red"), soft_wrap=True)
        finally:
            await events.aclose()
        self._console.print()
        return last

    async def _run_command(self, command: str, rest: str, last: Turn | None) -> None:
        if command == "/help":
            self._show_notice(HELP)
        elif command in {"/why", "/good", "/bad"} and last is None:
            self._show_notice("Nothing was asked in this conversation yet.")
        elif command == "/why" and last:
            self.explain_turn(last)
        elif command in {"/good", "/bad"} and last:
            vote = Vote.UP if command == "/good" else Vote.DOWN
            await self._conversations.record_vote(Feedback(last.id, _USER, vote, rest))
            if self._learning:
                await self._learning.record_vote(last, vote, _USER)
            self._show_notice("Noted, thank you.")
        else:
            self._show_notice(f"There is no command {collapse_whitespace(command)}: type /help for the list.")

    async def _read_lines(self, interactive: bool) -> AsyncIterator[str]:
        read = self._read_typed() if interactive else _read_piped()
        async for line in read:
            if not interactive:
                self._console.print(Text(f"{_PROMPT}{collapse_whitespace(line)}", style="bold"), soft_wrap=True)
            if line.strip():
                yield line.strip()

    async def _read_typed(self) -> AsyncIterator[str]:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.history import FileHistory, InMemoryHistory

        if self._history:
            self._history.parent.mkdir(parents=True, exist_ok=True)
            self._history.touch(mode=0o600)  # it holds what people asked
        history = FileHistory(str(self._history)) if self._history else InMemoryHistory()
        store, mask = history.store_string, self._mask

        def store_masked(string: str) -> None:
            store(mask(string))

        history.store_string = store_masked  # type: ignore[method-assign]
        session: PromptSession[str] = PromptSession(history=history)
        while True:
            try:
                yield await session.prompt_async(_PROMPT)
            except KeyboardInterrupt:  # as in a shell: the line is thrown away
                continue
            except EOFError:
                return

    def _show_notice(self, text: str) -> None:
        self._console.print(Text(text, style="dim"))

    @contextmanager
    def _redraw_live(self) -> Iterator[Callable[[RenderableType], None]]:
        """Redraws in place on a terminal; elsewhere only the finished answer is printed."""
        if not self._console.is_terminal:
            yield lambda _: None
            return
        with Live(
            console=self._console, transient=True, refresh_per_second=_FRAMES_PER_SECOND, vertical_overflow="ellipsis"
        ) as live:
            yield live.update


class _RedrawnView(AnswerView):
    """Redraws, by `update`, all that is known of an answer; `language` is that of the status line."""

    def __init__(self, update: Callable[[RenderableType], None], language: str) -> None:
        self._update = update
        self._language = language

    async def show_stage(self, stage: Stage) -> None:
        self._update(Spinner("dots", Text(words_for(self._language).labels[stage.value], style="dim")))

    async def show_text(self, text: str, links: frozenset[str]) -> None:
        self._update(Markdown(render_text(text, _TERMINAL, links), hyperlinks=False))


def _link_markers(turn: Turn) -> str:
    """The answer with each marker a link to its source."""
    urls = {citation.number: citation.url for citation in turn.citations if is_followable(citation.url)}

    def link_marker(token: Token) -> str:
        space = token.text[: len(token.text) - len(token.text.lstrip())]
        return space + "".join(
            f"[\\[{n}\\]]({escape_url(urls[n])})" if n in urls else f"\\[{n}\\]" for n in token.numbers
        )

    return render_text(turn.answer, replace(_TERMINAL, marker=link_marker), turn.links)


def _format_link(label: str, url: str) -> str:
    """For Rich; what a terminal may not be handed is text."""
    shown = label or _MARKS.sub(_ESCAPED_MARK, url.replace("&", "&amp;"))
    return f"[{shown}]({escape_url(url)})" if is_followable(url) or url.startswith("mailto:") else shown


def _escape_prose(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _unescape_answer(turn: Turn) -> str:
    """The answer's Markdown as a person reads it: outside of code and addresses, each escaped character as itself."""
    return render_text(turn.answer, _PIPED, turn.links)


def _unescape_text(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _format_plain_link(label: str, url: str) -> str:
    return f"[{_unescape_text(label)}]({escape_url(url)})" if label else escape_url(url)


def _format_source(citation: Citation) -> Text:
    return Text.assemble(
        (f"[{citation.number}] ", "bold"),
        (defuse_text(collapse_whitespace(citation.label)), link_style(citation.url)),
        f" · {defuse_text(collapse_whitespace(citation.byline))}" if citation.byline else "",
        (f"  {collapse_whitespace(citation.url)}" if citation.url else "", "dim"),
    )


# A terminal looks for addresses itself, and would take in what follows.
_TERMINAL = Dialect(_format_link, _escape_prose, apart=" ")
_PIPED = Dialect(_format_plain_link, _unescape_text, apart=" ", angles=("<", ">", "&"))


async def _read_piped() -> AsyncIterator[str]:
    while line := await asyncio.to_thread(sys.stdin.readline):
        yield line


async def _run_interruptible(work: Coroutine[Any, Any, T]) -> T | None:
    """Await `work`; Ctrl-C stops it alone, and then there is no result."""
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    before = signal.getsignal(signal.SIGINT)
    try:
        loop.add_signal_handler(signal.SIGINT, task.cancel)
    except (NotImplementedError, RuntimeError, ValueError):  # Windows, or not the main thread
        return await task
    try:
        await asyncio.wait({task})
        return None if task.cancelled() else task.result()
    finally:
        task.cancel()
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, before)
