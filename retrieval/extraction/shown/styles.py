"""What a page's own styles say of its elements: by the `style` attribute, and by rules for classes in <style>."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import soupsieve
from bs4 import BeautifulSoup, Tag

from retrieval.extraction.elements import get_attribute

_CLASS = re.compile(r"\.([\w-]+)\s*(?:,|$)")
_NAME = re.compile(r"[.#]((?:[\w-]|\\.)+)")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_SHOWING = re.compile(r"display:(?!none)|visibility:visible")
_MOST_RULES = 100  # that hide something, in a page


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
    if not tag.has_attr("style"):
        return tag.has_attr("hidden")
    style = fold_style(get_attribute(tag, "style"))
    return tag.has_attr("hidden") or "display:none" in style or "visibility:hidden" in style


@dataclass(frozen=True, slots=True)
class _Rule:
    selector: str
    style: str  # in lower case without spaces
    always: bool  # whatever the screen


def find_hidden(soup: BeautifulSoup) -> list[Tag]:
    """The elements that are marked as not shown, by themselves or by a rule of the page's own, in document order."""
    rules = [rule.selector for rule in _read_rules(soup) if rule.always and "display:none" in rule.style]
    ruled = {id(tag) for selector in rules[:_MOST_RULES] for tag in _select(soup, selector)}
    return [tag for tag in soup.find_all(True) if is_invisible(tag) or id(tag) in ruled]


def find_revealed_names(soup: BeautifulSoup) -> frozenset[str]:
    """The classes and ids that a rule of the page's own shows, if not always: on another screen, or beside a button
    that is pressed."""
    rules = (rule.selector for rule in _read_rules(soup) if _SHOWING.search(rule.style))
    return frozenset(name.replace("\\", "") for selector in rules for name in _NAME.findall(selector))


def _read_rules(soup: BeautifulSoup) -> Iterator[_Rule]:
    for sheet in soup.find_all("style"):
        text = _COMMENT.sub("", sheet.get_text())
        around: list[str] = []
        start = 0
        for place, sign in ((match.start(), match[0]) for match in re.finditer(r"[{}]", text)):
            if sign == "{":
                around.append(text[start:place].rpartition(";")[2].strip())
            elif around:
                selector = around.pop()
                if not selector.startswith("@"):
                    yield _Rule(selector, fold_style(text[start:place]), always=not around)
            start = place + 1


def _select(soup: BeautifulSoup, selector: str) -> list[Tag]:
    try:
        return list(soupsieve.select(selector, soup))
    except (soupsieve.SelectorSyntaxError, NotImplementedError):  # of a state that no page as served has
        return []
