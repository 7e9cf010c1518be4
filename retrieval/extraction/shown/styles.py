"""What a page's own styles say of its elements: by the `style` attribute, and by rules for classes in <style>."""

from __future__ import annotations

import re
from collections.abc import Callable

from bs4 import BeautifulSoup, Tag

from retrieval.extraction.elements import get_attribute

_CLASS = re.compile(r"\.([\w-]+)\s*(?:,|$)")


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
    style = fold_style(get_attribute(tag, "style"))
    return tag.has_attr("hidden") or "display:none" in style or "visibility:hidden" in style
