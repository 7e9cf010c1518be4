"""Frontdesk's Markdown -> what Discord shows well. Pure.

Discord draws no tables, no rules and three levels of headings, and shows HTML entities as they are written.
https://support.discord.com/hc/en-us/articles/210298617
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from bot.answers.markup import Scanner, Token, href

WIDEST = 60  # columns of a table drawn in a code block: wider ones break on a phone
_DELIMITER = re.compile(r" {0,3}\|?[ :]*-{2,}[-| :]*\|?[-| :]*$")
_FENCE = re.compile(r" {0,3}(?:`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#{4,6} +(?P<text>.*?) *#*$")
_RULE = re.compile(r" {0,3}(?:(?:- *){3,}|(?:\* *){3,}|(?:_ *){3,})$")
_OWN = re.compile(r"(?m)^(\s*)(?=-# |>>> )")  # small print and endless quotes are Discord's own: data stays data
_CELL = re.compile(r"(?<!\\)\|")
_URL = re.compile(r"(?<!\S)https?://[\w.~%/?#&=+,;:-]+(?!\S)", re.ASCII)  # a word, with nothing to form in it
_INLINE = re.compile(r"\*\*|__|~~|`")


def to_discord(markdown: str) -> str:
    """A whole text, or as much of one as there is so far."""
    lines = _lines("".join(_of(token) for token in Scanner().scan(markdown)).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def literal(text: str) -> str:
    """Plain text in one line as Discord shows it literally."""
    line = " ".join(text.split())
    return re.sub(r"([\\*_~`|<>\[\]()#@:-])", r"\\\1", line)


def prose(text: str) -> str:
    """Plain text of several lines as Discord shows it literally; web addresses in it can be clicked."""
    lines = [_literal_but_urls(line) for line in text.strip().splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def link(text: str, url: str) -> str:
    """Plain text that leads to a page, as far as its address is one that Discord links to; else the text alone."""
    shown = literal(text) or literal(url)
    url = href(url).replace("(", "%28").replace(")", "%29").replace(" ", "%20")
    return f"[{shown}]({url})" if url.startswith(("https://", "http://")) and len(url) < 500 else shown


def _literal_but_urls(line: str) -> str:
    shown, at = [], 0
    for match in _URL.finditer(line):
        shown += [literal(line[at : match.start()]), match[0]]
        at = match.end()
    return " ".join(part for part in [*shown, literal(line[at:])] if part)


def _of(token: Token) -> str:
    if token.kind == "link":
        label = token.label.strip() or token.target
        return f"[{_plain(label)}]({token.target})"
    if token.kind in {"code", "fenced", "url"}:
        return token.text
    return _plain(token.text)


def _plain(text: str) -> str:
    """Entities as the characters they stand for; `<` would begin a mention, a time or an emoji."""
    text = _OWN.sub(r"\1\\", html.unescape(text))
    return re.sub(r"(?<!\\)<", r"\\<", text).replace("||", r"\|\|")


def _lines(lines: Sequence[str]) -> Iterator[str]:
    fenced, number = False, 0
    while number < len(lines):
        line = lines[number]
        if _FENCE.match(line):
            fenced = not fenced
        elif not fenced and "|" in line and number + 1 < len(lines) and _DELIMITER.fullmatch(lines[number + 1]):
            end = number + 2
            while end < len(lines) and "|" in lines[end]:
                end += 1
            yield from _table([_cells(row) for row in (line, *lines[number + 2 : end])])
            number = end
            continue
        elif not fenced and (heading := _HEADING.fullmatch(line)):
            line = f"**{heading['text'].replace('**', '')}**"
        elif not fenced and _RULE.fullmatch(line):
            line = ""
        yield line
        number += 1


def _cells(row: str) -> list[str]:
    return [cell.strip().replace("\\|", "|") for cell in _CELL.split(row.strip().strip("|"))]


def _table(rows: list[list[str]]) -> Iterator[str]:
    """In columns where they fit and hold no links, else as a list of rows."""
    width = max(map(len, rows))
    rows = [row + [""] * (width - len(row)) for row in rows]
    bare = [[html.unescape(_INLINE.sub("", cell)).replace("\\", "") for cell in row] for row in rows]
    widths = [max(cell_len(row[column]) for row in bare) for column in range(width)]
    if sum(widths) + 2 * (width - 1) <= WIDEST and not any("](" in cell for row in rows for cell in row):
        yield "```"
        for number, row in enumerate(bare):
            yield "  ".join(padded(cell, size) for cell, size in zip(row, widths, strict=True)).rstrip()
            if number == 0:
                yield "  ".join("─" * size for size in widths)
        yield "```"
        return
    for row in rows[1:]:
        told = [
            f"**{head}:** {cell}" if head else cell for head, cell in zip(rows[0][1:], row[1:], strict=True) if cell
        ]
        yield " · ".join([f"- **{row[0]}**" if row[0] else "-", *told])


def padded(cell: str, size: int, *, right: bool = False) -> str:
    """A cell of a table in a code block, as wide as its column."""
    space = " " * (size - cell_len(cell))
    return space + cell if right else cell + space
