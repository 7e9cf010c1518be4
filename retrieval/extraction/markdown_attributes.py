"""Attribute lists of Markdown's dialects: `{#id .class}` behind headings, `{: .class}` below blocks, `{/* #id */}`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it.rules_core import StateCore
    from markdown_it.token import Token

_ONE = r"(?:#[^\s{}]+|\.[^\s{}]+|-|[\w:-]+=(?:\"[^\"]*\"|'[^']*'|[^\s{}\"']+))"
_LIST = re.compile(rf"\\?\{{:?\s*{_ONE}(?:\s+{_ONE})*\s*\}}")
_COMMENT_ID = re.compile(r"\{/\*\s*(#[^\s{}*]+)\s*\*/\}")
_TOC = re.compile(r"\{:\s*toc\s*\}")
_CLOSING = re.compile(r"(?:^|\s+)#+$")
_ID = re.compile(r"(?<![^\s{:\\])#([^\s{}*]+)")
_AFTER = ("link_close", "image", "code_inline", "strong_close", "em_close")


def take_block_attributes(state: StateCore) -> None:
    """Take attribute lists from headings and from below blocks, before inline markup is read; headings get ids."""
    tokens = state.tokens
    for index, token in enumerate(tokens):
        if token.type != "inline":
            continue
        opening = tokens[index - 1]
        text, taken = _cut_at_end(token.content)
        if opening.type == "heading_open":
            if taken:
                token.content = _CLOSING.sub("", text)
                _give_id(opening, taken)
        elif opening.type == "paragraph_open":
            if taken and (not text or text.endswith("\n")):
                token.content = text.rstrip()
            heading = tokens[index - 4] if index >= 4 and tokens[index - 2].type == "heading_close" else None
            if heading is None or (heading.map or [0, 0])[1] != (opening.map or [0])[0]:
                continue
            if taken and not token.content:
                _give_id(heading, taken)
            elif (first := _LIST.match(token.content)) and token.content[first.end() : first.end() + 1] == "\n":
                token.content = token.content[first.end() + 1 :]
                _give_id(heading, first[0])


def drop_inline_attributes(inline: Sequence[Token]) -> None:
    """Take away the lists that stand right behind a link, an image, code or emphasis."""
    for before, token in pairwise(inline):
        if token.type == "text" and before.type in _AFTER and (found := _LIST.match(token.content)):
            token.content = token.content[found.end() :]


def _cut_at_end(text: str) -> tuple[str, str]:
    """The text without the list at its end, and that list ("": none)."""
    stripped = text.rstrip()
    if not stripped.endswith("}"):
        return text, ""
    start = stripped.rfind("{")
    if stripped[start - 1 : start] == "\\":
        start -= 1
    for pattern in (_LIST, _COMMENT_ID, _TOC):
        if pattern.fullmatch(stripped, start):
            return stripped[:start].rstrip(" \t"), stripped[start:]
    return text, ""


def _give_id(heading: Token, attributes: str) -> None:
    if found := _ID.search(attributes):
        heading.attrSet("id", found[1])
