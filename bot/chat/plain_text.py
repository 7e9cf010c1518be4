"""An answer as plain text: Markdown as a person reads it, with its sources below."""

from __future__ import annotations

import re

from bot.chat.conversation import Citation, Turn
from bot.chat.links import defuse_text
from bot.chat.markdown import Dialect, render_text
from bot.chat.markup import escape_url
from bot.i18n import words_for
from retrieval.text.cleaning import collapse_whitespace

_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def format_answer(turn: Turn) -> str:
    """The answer and, where it has any, its sources, a line each."""
    sources = [f"[{citation.number}] {format_source(citation)}" for citation in turn.citations]
    heading = words_for(turn.language).labels["sources"]
    return "\n".join([format_text(turn), *(["", heading, *sources] if sources else [])])


def format_text(turn: Turn) -> str:
    """The answer alone: outside of code and addresses, each escaped character is itself."""
    return render_text(turn.answer, _PLAIN, turn.links)


def format_source(citation: Citation) -> str:
    """Its title, who wrote it if a person did, and its address."""
    byline = f" · {defuse_text(collapse_whitespace(citation.byline))}" if citation.byline else ""
    address = f"  {collapse_whitespace(citation.url)}" if citation.url else ""
    return f"{defuse_text(collapse_whitespace(citation.label))}{byline}{address}"


def _unescape_text(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _format_link(label: str, url: str) -> str:
    return f"[{_unescape_text(label)}]({escape_url(url)})" if label else escape_url(url)


_PLAIN = Dialect(_format_link, _unescape_text, apart=" ", angles=("<", ">", "&"))
