"""What Frontdesk shows to admins and teammates, whatever the platform. Pure data: adapters draw it in their best form.

Every text is plain and is shown literally, but for `Card.markdown`, which is Markdown of Frontdesk's own kind. Nothing
in it is linked to but where a line leads, and the addresses that a card's `links` name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum


class Style(StrEnum):
    """How a button looks."""

    PLAIN = "plain"
    PRIMARY = "primary"
    DANGER = "danger"


@dataclass(frozen=True, slots=True)
class Button:
    """Calls `Console.click(action, value)`. `action` is [a-z_]+, `value` at most 64 characters without ":"; with a
    `confirm` text the platform asks first, where it can."""

    action: str
    value: str
    label: str
    style: Style = Style.PLAIN
    confirm: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a list; `url` makes it a link, `note` is small print behind it."""

    text: str
    url: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns whose name begins with ">" are aligned to the right."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class File:
    """Something to download: UTF-8."""

    name: str
    content: str


@dataclass(frozen=True, slots=True)
class Card:
    """One message. `facts` are names with values; `bar` is the share (0..1) that a progress bar shows; `fault`: what
    was asked for was not done, for the reason in `text`; `links`: the addresses in `text` and `markdown` that may be
    linked to; `anywhere`: nothing of customers' is in it, so that it may stand in a team's channel that everybody sees.
    `data` is what the card was made from: scripts read it, and nothing of it is drawn."""

    title: str = ""
    text: str = ""
    markdown: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    bar: float | None = None
    lines: tuple[Line, ...] = ()
    table: Table | None = None
    footnote: str = ""
    buttons: tuple[Button, ...] = ()
    file: File | None = None
    fault: bool = False
    links: frozenset[str] = frozenset()
    anywhere: bool = False
    data: object = field(default=None, compare=False, repr=False)

    def with_data(self, data: object) -> Card:
        """The same, with what it was made from."""
        return replace(self, data=data)


@dataclass(frozen=True, slots=True)
class Field:
    """A text field of a form. `longest` is in characters."""

    name: str
    label: str
    value: str = ""
    multiline: bool = False
    required: bool = True
    longest: int = 3000


@dataclass(frozen=True, slots=True)
class Form:
    """A dialogue of at most 5 fields; sent, it calls `Console.submit(action, value, fields)`."""

    action: str
    value: str
    title: str
    send: str
    fields: tuple[Field, ...]
