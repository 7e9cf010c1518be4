"""What the interfaces of help centres have in common: articles in lists, the last changed first. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Any, Protocol


class NotAsDocumented(Exception):
    """An answer that is not what the interface's documentation says."""


@dataclass(frozen=True, slots=True)
class Article:
    """One text of one language; `item` is the id that its translations share. `updated` is a moment, comparable as text
    with those of the same list; `is_public` is False for drafts and for what only some readers may see."""

    item: str
    url: str
    title: str
    body: str
    updated: str
    language: str = ""
    is_public: bool = True

    def to_html(self) -> bytes:
        """The article as a page, for the extractor."""
        title = escape(self.title)
        head = f'<html lang="{escape(self.language)}"><head><meta charset="utf-8"><title>{title}</title></head>'
        body = f"<body><main><article><h1>{title}</h1>{self.body}</article></main></body></html>"
        return f"<!doctype html>{head}{body}".encode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class ListPage:
    """One answer of a list: its articles, at least one of each item, how many items the whole list has, and whether
    more follow."""

    articles: Sequence[Article]
    total: int
    has_more: bool


@dataclass(frozen=True, slots=True)
class Ask:
    """A request to an interface."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


class HelpCentre(Protocol):
    """One maker's interface."""

    def build_languages_request(self) -> Ask | None:
        """What tells of the centre's languages; None where there is nothing to ask."""

    def read_languages(self, answer: Any) -> list[str]:
        """Raises NotAsDocumented."""

    @property
    def languages(self) -> Sequence[str]:
        """The lists to read where nothing had to be asked."""

    def build_list_request(self, language: str, page: int) -> Ask:
        """Of a list, the page of this number (from 1)."""

    def read_list(self, answer: Any, language: str) -> ListPage:
        """Raises NotAsDocumented."""

    def explain_refusal(self, status: int) -> tuple[str, str]:
        """Why the interface answers 401, 403 or 404, and what to do about it."""


def take_field(answer: Any, name: str, kind: type[Any]) -> Any:
    """A field of a JSON object. Raises NotAsDocumented where it is missing or of another type."""
    value = answer.get(name) if isinstance(answer, dict) else None
    if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
        raise NotAsDocumented(f"its answer has no {name!r}")
    return value


def take_text(answer: dict[str, Any], name: str) -> str:
    """A field that may be null."""
    value = answer.get(name)
    return value if isinstance(value, str) else ""
