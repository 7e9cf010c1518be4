"""What admins are shown of the glossary. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from bot.chat.card import Card, Line, Table

if TYPE_CHECKING:
    from bot.glossary.service import AddResult
    from retrieval.search.synonym_suggestions import Suggestion
    from retrieval.search.synonyms import Entry

_ROWS, _SUGGESTED = 40, 10
_ID = 8  # digits shown of an id
_NOW = "Used from the next question on."


def shown(entry: Entry) -> str:
    """A group in one line."""
    return " = ".join(entry.terms) + (f" ({entry.source})" if entry.source else "")


def glossary_card(entries: Sequence[Entry]) -> Card:
    """The groups in use."""
    if not entries:
        return Card(title="Glossary", text="Nothing yet: /faq glossary add AP = access point, or /faq glossary suggest")
    rows = tuple(
        (each.id[:_ID], " = ".join(each.terms), each.source or "all", "the pages" if each.suggested else "an admin")
        for each in entries[:_ROWS]
    )
    left = len(entries) - len(rows)
    return Card(
        title="Glossary",
        table=Table(("id", "terms", "source", "given by"), rows),
        footnote=f"And {left} more: /faq glossary export" if left else "",
    )


def put_card(put: AddResult) -> Card:
    """What became of terms that were added."""
    merged = "; ".join(map(shown, put.merged))
    return Card(text=f"{shown(put.entry)}. {_NOW}", footnote=f"Joined with what was there: {merged}" if merged else "")


def suggestions_card(suggestions: Sequence[Suggestion]) -> Card:
    """What the pages say to mean the same, and where."""
    if not suggestions:
        return Card(title="Suggested by the pages", text="No suggestions left to decide on.")
    lines = tuple(
        Line(f"{each.id[:_ID]} {shown(each.entry)}", each.url, each.excerpt) for each in suggestions[:_SUGGESTED]
    )
    left = len(suggestions) - len(lines)
    return Card(
        title="Suggested by the pages",
        lines=lines,
        footnote="/faq glossary approve <id> to use one, /faq glossary dismiss <id> to see it no more."
        + (f" {left} more come after these." if left else ""),
    )
