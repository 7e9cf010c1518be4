"""Answers, drawn on a terminal: live while they come, then whole with their sources. Piped, they are plain text."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from rich.console import Console, RenderableType
from rich.live import Live
from rich.markdown import Markdown
from rich.spinner import Spinner
from rich.text import Text

from bot.chat.conversation import AnswerEvent, Citation, Stage, Turn
from bot.chat.links import defuse_text
from bot.chat.markdown import Dialect, render_text
from bot.chat.markup import Token, escape_url
from bot.chat.origins import describe_origin
from bot.chat.plain_text import format_text
from bot.chat.reply_stream import AnswerView, drain_events, follow_to_final
from bot.i18n import Words, words_for
from bot.platforms.terminal.explanation import draw_explanation, is_followable, link_style
from bot.platforms.terminal.printing import safe_console
from retrieval.text.cleaning import collapse_whitespace

_FRAMES_PER_SECOND = 12
_EXPLAINED = 5  # passages; `frontdesk explain` shows all
_ESCAPED_MARK = r"\\\1"
_MARKS = re.compile(r"([*_~`\[\]\\])")


class AnswerPrinter:
    """Prints to `console`, by default to standard output."""

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or safe_console()

    async def show_answer(self, events: AsyncIterator[AnswerEvent], language: str = "") -> Turn:
        """Draw an answer as it comes; `language` is that of the status line. Raises what the answering raises."""
        with self._redraw_live() as update:
            turn = await follow_to_final(events, _RedrawnView(update, language))
        self.print_answer(turn)
        await drain_events(events)  # a turn that could not be stored is reported after its answer
        return turn

    def print_answer(self, turn: Turn) -> None:
        """The answer with its sources: laid out on a terminal, Markdown without its escapes elsewhere."""
        words = words_for(turn.language)
        if self.console.is_terminal:
            self.console.print(Markdown(_link_markers(turn)))
        else:
            self.console.print(Text(format_text(turn)), soft_wrap=True)
        if turn.citations:
            self.console.print(Text(f"\n{words.labels['sources']}", style="dim"))
            for citation in turn.citations:
                self.console.print(_format_source(citation, words), soft_wrap=True)

    def explain_turn(self, turn: Turn) -> None:
        """Why the turn was answered as it was."""
        self.console.print(draw_explanation(turn, passages=_EXPLAINED))

    @contextmanager
    def _redraw_live(self) -> Iterator[Callable[[RenderableType], None]]:
        """Redraws in place on a terminal; elsewhere only the finished answer is printed."""
        if not self.console.is_terminal:
            yield lambda _: None
            return
        with Live(
            console=self.console, transient=True, refresh_per_second=_FRAMES_PER_SECOND, vertical_overflow="ellipsis"
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


def _format_source(citation: Citation, words: Words) -> Text:
    origin = describe_origin(citation, words)
    return Text.assemble(
        (f"[{citation.number}] ", "bold"),
        (defuse_text(collapse_whitespace(citation.label)), link_style(citation.url)),
        f" · {defuse_text(collapse_whitespace(origin))}" if origin else "",
        (f"  {collapse_whitespace(citation.url)}" if citation.url else "", "dim"),
    )


# A terminal looks for addresses itself, and would take in what follows.
_TERMINAL = Dialect(_format_link, _escape_prose, apart=" ")
