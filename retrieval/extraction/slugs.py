"""Names made of an element's own title (`<section id="does-it-set-cookies">`): they say nothing of what it is for."""

from __future__ import annotations

import re
import unicodedata

from bs4 import NavigableString, PageElement, Tag

from retrieval.extraction import phrases
from retrieval.extraction.elements import (
    BLOCKS,
    class_names,
    class_words,
    find_ancestor,
    get_attribute,
    heading_level,
    split_name,
    text_of,
)

_TITLES = ("dt", "summary", "legend", "th", "b", "strong")
_LONGEST = 300  # characters of a title
_STEM = 4  # letters by which a word in a name is known again in the title: "cookie", "cookies"
_SERIES = 3  # elements of one build, at least
_COMPARED = 50  # of them


def words_of_purpose(tag: Tag) -> set[str]:
    """The words of the element's class names and id without those that only repeat its own title, or tell it from its
    like: in a row of sections each has an id of its own."""
    title = _find_title(tag)
    words = class_words(tag)
    if title is None or phrases.is_furniture(text_of(title)) or _has_other_button(tag, title):
        return words
    said = _fold_words(text_of(title))
    kept = [name for name in class_names(tag) if not _repeats(split_name(name), said)]
    if get_attribute(tag, "id") and _is_of_series(tag, title):
        given = len(get_attribute(tag, "class").split())
        kept = [name for name in class_names(tag)[:given] if name in kept]
    return set().union(*map(split_name, kept))


def _find_title(tag: Tag) -> Tag | None:
    """The heading, term or bold line that the element's text begins with, or its first block where that asks."""
    first = next((text for text in tag.descendants if _is_said(text)), None)
    if first is None:
        return None
    block: Tag | None = None
    for parent in first.parents:
        if parent.name in _TITLES or heading_level(parent):
            return parent if len(parent.get_text()) <= _LONGEST else None
        block = block or (parent if parent.name in BLOCKS else None)
        if parent is tag:
            break
    if block is None or len(block.get_text()) > _LONGEST or not phrases.plainly_asks(text_of(block)):
        return None
    return block


def _is_said(node: PageElement) -> bool:
    return isinstance(node, NavigableString) and any(char.isalnum() for char in node)


def _has_other_button(tag: Tag, title: Tag) -> bool:
    """Whether there is something to press, as in a banner or a form, beside what unfolds the element or copies code."""
    return any(
        text_of(button)
        and text_of(button) != text_of(title)
        and find_ancestor(button, ("pre",)) is None
        and not any(parent is title for parent in button.parents)
        for button in tag.find_all("button")
    )


def _fold_words(text: str) -> set[str]:
    plain = unicodedata.normalize("NFKD", text.lower())
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    return {word for form in (plain, re.sub(r"['’]", "", plain)) for word in re.split(r"[\W_]+", form) if word}


def _repeats(words: set[str], said: set[str]) -> bool:
    """Whether all of the words, numbers apart, stand in the title."""
    names = {word for word in words if not word.isdigit()}
    return bool(names) and all(
        any(word == other or (len(word) >= _STEM and other.startswith(word)) for other in said) for word in names
    )


def _is_of_series(tag: Tag, title: Tag) -> bool:
    """Whether the element stands in a row of such as have its name, its classes and a title of the same kind."""
    if tag.parent is None:
        return False
    alike = [
        other
        for other in tag.parent.find_all(tag.name, recursive=False, limit=_COMPARED)
        if get_attribute(other, "class") == get_attribute(tag, "class")
        and (found := _find_title(other)) is not None
        and found.name == title.name
    ]
    return len(alike) >= _SERIES
