"""What a page's own styles say of its elements: by the `style` attribute, and by rules for classes in <style>."""

from __future__ import annotations

import re
from collections.abc import Callable

from bs4 import BeautifulSoup, Tag

from retrieval.extraction.elements import find_tags_with, get_attribute
from retrieval.extraction.shown.style_rules import (
    Cascade,
    Declared,
    Rule,
    is_hiding,
    read_declared,
    split_declarations,
)

_CLASS = re.compile(r"\.([\w-]+)\s*(?:,|$)")
_NAME = re.compile(r"[.#]((?:[\w-]|\\.)+)")


def find_styled(soup: BeautifulSoup, applies: Callable[[str], bool]) -> list[Tag]:
    """The elements to which a style applies; `applies` is asked of each style in lower case without spaces."""
    classes = {
        name
        for sheet in soup.find_all("style")
        for block in sheet.get_text().split("}")
        if applies(fold_style(block.rpartition("{")[2]))
        for name in _CLASS.findall(block.rpartition("{")[0].rpartition("{")[2].strip())
    }
    return [
        tag
        for tag in soup.find_all(True)
        if (classes and classes & set(get_attribute(tag, "class").split()))
        or applies(fold_style(get_attribute(tag, "style")))
    ]


def fold_style(style: str) -> str:
    """A style in lower case without spaces."""
    return "".join(style.split()).lower()


def is_invisible(tag: Tag) -> bool:
    """Whether the element itself is marked as not shown."""
    own = _read_own(tag)
    return _hides(own) or (tag.has_attr("hidden") and "display" not in own)


def find_hidden(soup: BeautifulSoup, rules: list[Rule]) -> list[Tag]:
    """The elements that are marked as not shown, by themselves or by a rule of the page's own, in document order."""
    cascade = Cascade(soup, rules)
    hidden = [tag for tag in soup.find_all(True) if _is_hidden(tag, cascade)]
    return [tag for tag in hidden if not _shows_part(tag)]


def find_revealed_names(rules: list[Rule]) -> frozenset[str]:
    """The classes and ids that a rule of the page's own shows, if not always: on another screen, or beside a button
    that is pressed."""
    showing = (rule.selector for rule in rules if any(not is_hiding(*item) for item in rule.declared.items()))
    return frozenset(name.replace("\\", "") for selector in showing for name in _NAME.findall(selector))


def _read_own(tag: Tag) -> Declared:
    style = get_attribute(tag, "style")
    return read_declared(split_declarations(style)) if ":" in style else {}


def _hides(declared: Declared) -> bool:
    return any(is_hiding(*item) for item in declared.items())


def _is_hidden(tag: Tag, cascade: Cascade) -> bool:
    """What the element says of itself goes before the sheets, and these before the attribute `hidden`."""
    own = _read_own(tag)
    ruled = {name: (value, False) for name in ("display", "visibility") if (value := cascade.value(tag, name))}
    told = {**ruled, **own}
    return _hides(told) or (tag.has_attr("hidden") and "display" not in told)


def _shows_part(tag: Tag) -> bool:
    """Whether only its visibility is gone, and a part of it has it back."""
    if _read_own(tag).get("display", ("", False))[0] == "none" or tag.has_attr("hidden"):
        return False
    return any(_read_own(part).get("visibility", ("", False))[0] == "visible" for part in find_tags_with(tag, "style"))
