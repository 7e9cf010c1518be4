"""An answer as plain text: Markdown as a person reads it, with its sources below."""

from __future__ import annotations

import re

from bot.chat.conversation import Citation, Turn
from bot.chat.links import defuse_text
from bot.chat.markdown import Dialect, render_text
from bot.chat.markup import escape_url
from bot.chat.origins import describe_origin
from bot.i18n import Words, words_for
from retrieval.text.cleaning import collapse_whitespace

_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")


def format_answer(turn: Turn) -> str:
    """The answer and, where it has any, its sources, a line each."""
    words = words_for(turn.language)
    sources = [f"[{citation.number}] {format_source(citation, words)}" for citation in turn.citations]
    return "\n".join([format_text(turn), *(["", words.labels["sources"], *sources] if sources else [])])


def format_text(turn: Turn) -> str:
    """The answer alone: outside of code and addresses, each escaped character is itself."""
    return render_text(turn.answer, _PLAIN, turn.links)


def format_source(citation: Citation, words: Words) -> str:
    """Its title, who wrote it if a person did, or its place in a document, and its address."""
    origin = describe_origin(citation, words)
    behind = f" · {defuse_text(collapse_whitespace(origin))}" if origin else ""
    address = f"  {collapse_whitespace(citation.url)}" if citation.url else ""
    return f"{defuse_text(collapse_whitespace(citation.label))}{behind}{address}"


def _unescape_text(text: str) -> str:
    return _ESCAPED.sub(r"\1", text)


def _format_link(label: str, url: str) -> str:
    return f"[{_unescape_text(label)}]({escape_url(url)})" if label else escape_url(url)


_PLAIN = Dialect(_format_link, _unescape_text, apart=" ", angles=("<", ">", "&"))
