"""Cards, as every surface shows them, drawn for a terminal of any width; piped, they are plain lines."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from bot.cli.output import fit_table, make_console

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.live import Live
    from rich.style import Style
    from rich.text import Text

    from bot.chat.card import Card, Line
    from bot.chat.message import MessageRef

_BAR = 40  # characters
# What a button does, as it is typed here.
_COMMANDS = {
    "approve": "frontdesk taught approve {}",
    "edit": "frontdesk taught edit {}",
    "dismiss": "frontdesk taught dismiss {}",
    "cancel": "frontdesk recrawl --cancel",
    "force": "frontdesk recrawl --force",
    "rollback": "frontdesk rollback",
    "keep_first": "frontdesk contradictions settle {} --keep first",
    "keep_second": "frontdesk contradictions settle {} --keep second",
    "keep_both": "frontdesk contradictions settle {} --keep both",
    "reopen_contradiction": "frontdesk contradictions reopen {}",
    "gap_restore": "frontdesk gaps restore {}",
}


def print_card(card: Card) -> None:
    """Print a card on stdout."""
    out = make_console()
    for part in _render_parts(card, terminal=out.is_terminal):
        out.print(part)


def to_terminal_line(text: str) -> str:
    """Frontdesk's own words with commands as they are typed here."""
    return text.replace("/faq ", "frontdesk ")


class TerminalScreen:
    """An `AdminReply`: what goes on is shown on stderr, in place on a terminal; what came of it is
    printed on stdout."""

    def __init__(self) -> None:
        self._live: Live | None = None
        self._line = ""

    async def show_card(self, card: Card, *, public: bool = False) -> MessageRef | None:
        """A card with a bar is of something that goes on, one that is not `public` a notice."""
        if card.bar is not None:
            self._update_progress(card)
            return None
        self.stop_progress()
        if public:
            print_card(card)
        else:
            make_console(stderr=True).print(_to_terminal_text(card.text), style="dim")
        return None

    async def follow_task(self, work: asyncio.Task[Any]) -> None:
        """To its end: nobody else is waited for here."""
        try:
            await work
        finally:
            self.stop_progress()

    def stop_progress(self) -> None:
        """Leave the place where progress was drawn."""
        if self._live:
            self._live.stop()
            self._live = None

    def _update_progress(self, card: Card) -> None:
        from rich.console import Group
        from rich.live import Live

        err = make_console(stderr=True)
        if not err.is_terminal:
            line = ", ".join(
                [_to_terminal_text(card.title).plain, *(f"{name} {value}" for name, value in card.facts.items())]
            )
            if line != self._line:
                err.print(_to_terminal_text(line), soft_wrap=True)
            self._line = line
            return
        if self._live is None:
            self._live = Live(console=err, transient=True, refresh_per_second=4)
            self._live.start()
        self._live.update(Group(*_render_parts(card, terminal=True)))


def _render_parts(card: Card, *, terminal: bool) -> Iterator[RenderableType]:
    from rich.markdown import Markdown
    from rich.progress_bar import ProgressBar
    from rich.text import Text

    if card.title:
        yield _to_terminal_text(card.title, "bold")
    if card.text:
        yield _to_terminal_text(card.text)
    if card.facts:
        yield _render_facts(card)
    if card.bar is not None:
        yield ProgressBar(total=1.0, completed=card.bar, width=_BAR)
    if card.markdown:
        from retrieval.text.cleaning import clean_text

        yield Markdown(clean_text(card.markdown), hyperlinks=False) if terminal else Text(clean_text(card.markdown))
    if card.table:
        yield fit_table("", card.table.columns, card.table.rows, make_console())
    yield from map(_render_line, card.lines)
    if card.footnote:
        yield _to_terminal_text(card.footnote, "dim")
    typed = [_COMMANDS[each.action].format(each.value[:8]) for each in card.buttons if each.action in _COMMANDS]
    if typed:
        yield Text(" · ".join(typed), style="dim")


def _render_facts(card: Card) -> RenderableType:
    from rich.table import Table

    grid = Table.grid(padding=(0, 2))
    for name, value in card.facts.items():
        grid.add_row(_to_terminal_text(name, "dim"), _to_terminal_text(value))
    return grid


def _render_line(line: Line) -> Text:
    from rich.text import Text

    from retrieval.text.cleaning import collapse_whitespace

    address = collapse_whitespace(line.url)
    return Text.assemble(
        "· ",
        (collapse_whitespace(line.text), _link_style(line.url)),
        (f"  {collapse_whitespace(line.note)}" if line.note else "", "dim"),
        (f"  {address}" if address and address not in line.text else "", "dim"),
    )


def _to_terminal_text(text: str, style: str = "") -> Text:
    """Frontdesk's own words, with commands as they are typed here. No text of a card is read as markup."""
    from rich.text import Text

    from retrieval.text.cleaning import clean_text

    return Text(to_terminal_line(clean_text(text)), style=style)


def _link_style(url: str) -> Style:
    """Makes text a link, if a terminal may be handed the address: it is page data."""
    from rich.style import Style

    from retrieval.text.cleaning import collapse_whitespace

    return Style(link=url) if url.startswith(("https://", "http://")) and url == collapse_whitespace(url) else Style()
