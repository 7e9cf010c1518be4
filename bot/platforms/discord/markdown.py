"""Frontdesk's Markdown -> what Discord shows well. Pure.

Discord draws no tables, no rules and three levels of headings, and shows HTML entities as they are written.
https://support.discord.com/hc/en-us/articles/210298617
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from rich.cells import cell_len

from bot.chat.links import BREAK, defuse_text
from bot.chat.markdown import Dialect, render_text
from bot.chat.markup import escape_url
from retrieval.text.cleaning import clean_text, collapse_whitespace

WIDEST = 60  # columns of a table drawn in a code block: wider ones break on a phone
_DELIMITER = re.compile(r" {0,3}\|?[ :]*-{2,}[-| :]*\|?[-| :]*$")
_FENCE = re.compile(r" {0,3}(?:`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#{4,6} +(?P<text>.*?) *#*$")
_RULE = re.compile(r" {0,3}(?:(?:- *){3,}|(?:\* *){3,}|(?:_ *){3,})$")
_OWN = re.compile(r"(?<=\n)([ \t]*)(?=-# |>>> )")  # small print and endless quotes are Discord's own: data stays data
_CELL = re.compile(r"(?<!\\)\|")
_URL = re.compile(r"(?<!\S)https?://[\w.~%/?#&=+,;:-]+(?!\S)", re.ASCII)  # a word, with nothing to form in it
_ADDRESS = re.compile(r"https?:", re.IGNORECASE)
_FOLLOWED = ("https://", "http://")  # what Discord links to
_MADE = re.compile(r"\]\(|(?<!\\)<http")
_INLINE = re.compile(r"\*\*|__|~~|`")


def to_discord(markdown: str, links: Collection[str] = ()) -> str:
    """A whole text, or as much of one as there is so far; `links` are the addresses that may be linked to."""
    lines = _draw_tables(render_text(markdown, _DISCORD, links).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def to_literal(text: str) -> str:
    """Plain text in one line as Discord shows it literally."""
    return re.sub(r"([\\*_~`|<>\[\]()#@:-])", r"\\\1", defuse_text(collapse_whitespace(text)))


def to_literal_lines(text: str, links: Collection[str] = ()) -> str:
    """Plain text of several lines as Discord shows it literally; those of `links` in it can be clicked."""
    lines = [_literal_but_links(line, links) for line in clean_text(text).strip().splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def format_link(text: str, url: str) -> str:
    """Plain text that leads to a page, as far as its address is one that Discord links to; else the text alone."""
    shown, target = to_literal(text) or to_literal(url), escape_url(url)
    return f"[{shown}]({target})" if url.startswith(_FOLLOWED) and len(target) < 500 else shown


def _literal_but_links(line: str, links: Collection[str]) -> str:
    shown, at = [], 0
    for match in _URL.finditer(line):
        if match[0] in links:
            shown += [to_literal(line[at : match.start()]), f"<{match[0]}>"]
            at = match.end()
    return " ".join(part for part in [*shown, to_literal(line[at:])] if part)


def _format_markdown_link(label: str, url: str) -> str:
    """A label that is an address itself Discord shows as it is written, brackets and all."""
    if not url.lower().startswith(_FOLLOWED):
        return label or url  # an address to write to: text
    return f"[{label}]({escape_url(url)})" if label and not _ADDRESS.search(label) else f"<{escape_url(url)}>"


def _escape_prose(text: str) -> str:
    """`<` would begin a mention, a time or an emoji."""
    return _OWN.sub(r"\1\\", text).replace("<", r"\<").replace("||", r"\|\|")


_DISCORD = Dialect(_format_markdown_link, _escape_prose, angles=(r"\<", ">", "&"))


def _draw_tables(lines: Sequence[str]) -> Iterator[str]:
    fenced, number = False, 0
    while number < len(lines):
        line = lines[number]
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced and "|" in line and number + 1 < len(lines) and _DELIMITER.fullmatch(lines[number + 1]):
            end = number + 2
            while end < len(lines) and "|" in lines[end]:
                end += 1
            yield from _draw_table([_split_cells(row) for row in (line, *lines[number + 2 : end])])
            number = end
            continue
        elif not fenced and (heading := _HEADING.fullmatch(line)):
            line = f"**{heading['text'].replace('**', '')}**"
        elif not fenced and _RULE.fullmatch(line):
            line = ""
        yield line
        number += 1


def _split_cells(row: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in _CELL.split(row.strip().strip("|"))]


def _draw_table(rows: list[list[str]]) -> Iterator[str]:
    """In columns where they fit and hold no links, else as a list of rows."""
    width = max(map(len, rows))
    rows = [row + [""] * (width - len(row)) for row in rows]
    bare = [[_INLINE.sub("", cell).replace("\\", "").replace("](", f"]{BREAK}(") for cell in row] for row in rows]
    widths = [max(cell_len(row[column]) for row in bare) for column in range(width)]
    if sum(widths) + 2 * (width - 1) <= WIDEST and not any(_MADE.search(cell) for row in rows for cell in row):
        yield "```"
        for number, row in enumerate(bare):
            yield "  ".join(pad_cell(cell, size) for cell, size in zip(row, widths, strict=True)).rstrip()
            if number == 0:
                yield "  ".join("─" * size for size in widths)
        yield "```"
        return
    for row in rows[1:]:
        told = [
            f"**{head}:** {cell}" if head else cell for head, cell in zip(rows[0][1:], row[1:], strict=True) if cell
        ]
        yield " · ".join([f"- **{row[0]}**" if row[0] else "-", *told])


def pad_cell(cell: str, size: int, *, right: bool = False) -> str:
    """A cell of a table in a code block, as wide as its column."""
    space = " " * (size - cell_len(cell))
    return space + cell if right else cell + space
