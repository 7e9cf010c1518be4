"""How texts and times are shown in little room. Titles: pages number their sections, repeat their headings, and name
things by address."""

from __future__ import annotations

import re
from datetime import UTC, datetime

# "3.2.1 Export", "3.2 Export", "§ 4 Fees", "1) Fees", "1. Fees", "1、费用". A number that a word follows in lower case
# belongs to the title: "10.5 inch screens", "3 ways to pay".
_SECTION_NUMBER = re.compile(
    r"^(?:§+\s*\d+(?:\.\d+)*[.:)]?|\(?\d{1,3}(?:\.\d{1,3})*\)|\d{1,3}(?:\.\d{1,3})*\.(?=\s)|\d{1,3}(?:\.\d{1,3}){2,}"
    r"|\d{1,3}\.\d{1,3}(?=\s+(?![a-z\d]))|\d{1,3}、)\s*(?=\S)"
)
LONGEST_TITLE = 300  # characters; what is longer is a paragraph that a page calls a heading
_ADDRESS = re.compile(r"(?:https?://|www\.)\S+", re.IGNORECASE)
_SEAM = 0.5  # of a label: a word's end before that would leave too little
_ENDS = " ,;:.，、；：。"
_LONG = 300  # characters of a line


def without_section_number(title: str) -> str:
    """`title` without the number that only its page's table of contents needs."""
    return _SECTION_NUMBER.sub("", title.lstrip())


def shorten_title(title: str) -> str:
    """`title` as a person reads it: without its section's number, and no longer than a title is."""
    return shorten_text(without_section_number(title), LONGEST_TITLE)


def is_address(title: str) -> bool:
    """Whether a title is a URL, which tells nobody what stands there."""
    return bool(_ADDRESS.fullmatch(title.strip()))


def shorten_text(text: str, limit: int, ends: str = _ENDS) -> str:
    """At most `limit` characters of a line, ended by "…" at a word's end where there is one; of `ends`, nothing stands
    before that."""
    if len(text) <= limit:
        return text
    head = text[: limit - 1]
    seam = head.rfind(" ")
    if text[limit - 1] != " " and seam >= limit * _SEAM:
        head = head[:seam]
    return head.rstrip(ends) + "…"


def cut_text(text: str, limit: int) -> str:
    """At most `limit` characters of a text, ended by "…" wherever that is."""
    text = text.strip()
    return text if len(text) <= limit else text[: limit - 1] + "…"


def short(text: str, longest: int = _LONG) -> str:
    """`text` in one line of at most so many characters."""
    return cut_text(" ".join(text.split()), longest)


def ago(moment: datetime | None) -> str:
    """How long ago, or in how long, in the largest fitting unit."""
    if moment is None:
        return "never"
    ahead = (moment - datetime.now(UTC)).total_seconds()
    return f"in {_format_span(ahead)}" if ahead > 0 else f"{_format_span(-ahead)} ago"


def format_age(moment: datetime, now: datetime | None = None) -> str:
    """How long ago, in the largest fitting unit: "5 min", "3 h", "12 d"; "0 min" for what is still to come."""
    return _format_span(max(0.0, ((now or datetime.now(moment.tzinfo)) - moment).total_seconds()))


def _format_span(seconds: float) -> str:
    minutes = int(seconds // 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h" if minutes < 2880 else f"{minutes // 1440} d"
