"""Text that is hidden, and that nothing on the page can reveal: an old price, a draft, an entry that was taken out.

What waits behind an accordion, a tab or a "Show more" is hidden in the same ways, so a text counts as never shown only
where nothing names it and nothing that could open it stands beside it.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator

from bs4 import BeautifulSoup, Tag

from retrieval.extraction import wording
from retrieval.extraction.elements import (
    class_names,
    find_first,
    find_tags_with,
    get_attribute,
    heading_level,
    is_decomposed,
    tags_in,
    text_of,
)
from retrieval.extraction.shown.overlays import TARGETS
from retrieval.extraction.shown.siblings import Shape, Siblings
from retrieval.extraction.shown.style_rules import Rule, read_rules
from retrieval.extraction.shown.styles import find_hidden, find_revealed_names

NEVER_SHOWN = "data-never-shown"
"""The attribute that marks them; what is left out of a page's text is told by it."""

_TOKEN = re.compile(r"[\w:.-]+")
_NAMING = ("id", "class", "style", "name", "src", "content")  # attributes that open nothing
_PANELS = ("tabpanel", "region", "dialog", "alertdialog", "tooltip")
_OPENERS = ("button", "summary", "label", "input", "select")
_OPENING = ("onclick", "aria-expanded", "aria-controls", "data-toggle", "data-bs-toggle", "data-target", "tabindex")
_PAGE = ("main", "h1", "article")  # what a page is about stands in one of them
_LIKELY = 0.4  # of a question
_LONGEST_LABEL = 200  # characters
_LONGEST_SIGN = 10  # beside a title: "+", "Show"


def mark_never_shown(soup: BeautifulSoup) -> None:
    """Mark the outermost elements of this kind by `NEVER_SHOWN`; `remove_never_shown` takes them away."""
    rules = read_rules(soup)
    hidden = {id(tag): tag for tag in find_hidden(soup, rules) if _is_text(tag)}
    outermost = [tag for tag in hidden.values() if not any(id(parent) in hidden for parent in tag.parents)]
    if outermost:
        signs = _Signs(soup, rules, hidden, outermost)
        for tag in [tag for tag in outermost if not signs.may_be_revealed(tag)]:
            tag[NEVER_SHOWN] = ""


def remove_never_shown(root: Tag) -> None:
    """Take away what was marked."""
    for tag in find_tags_with(root, NEVER_SHOWN):
        if not is_decomposed(tag):
            tag.decompose()


def _is_text(tag: Tag) -> bool:
    """Whether it is an element of the text, and no part of a form, a drawing or what a browser never draws."""
    return tag.name not in ("html", "body", "head", "script", "style", "template", "input", "dialog", "link", "meta")


class _Signs:
    """What a page says of how its hidden elements come to light."""

    def __init__(self, soup: BeautifulSoup, rules: list[Rule], hidden: dict[int, Tag], outermost: list[Tag]) -> None:
        self._hidden = hidden
        self._headed = any(tag.name in _PAGE and text_of(tag) for tag in _list_shown(soup, outermost))
        self._ids = {get_attribute(tag, "id") for tag in find_tags_with(soup, "id")}
        self._named = Counter(_list_names(soup))
        self._revealed = find_revealed_names(rules)
        self._texts: dict[int, str] = {}
        self._openers: dict[int, bool] = {}
        self._siblings: dict[int, Siblings] = {}
        self._closed = Counter(self._list_closed(outermost))

    def may_be_revealed(self, tag: Tag) -> bool:
        """Whether something names it, a style or script may show it, or it stands as what a control opens does."""
        return (
            self._is_named(tag)
            or self._is_panel(tag)
            or self._stands_behind_opener(tag)
            or self._is_of_series(tag)
            or self._is_page(tag)
        )

    def _is_named(self, tag: Tag) -> bool:
        own = Counter(name for each in (tag, *tags_in(tag)) for name in _list_attribute_names(each))
        around = itertools.takewhile(lambda parent: self._text_of(parent) == self._text_of(tag), tag.parents)
        ids = {get_attribute(each, "id") for each in (tag, *find_tags_with(tag, "id"), *around)} - {""}
        if any(self._named[name] > own[name] for name in ids):
            return True
        return bool(self._revealed & {get_attribute(tag, "id"), *get_attribute(tag, "class").split()} - {""})

    def _is_panel(self, tag: Tag) -> bool:
        return (
            get_attribute(tag, "role") in _PANELS
            or tag.has_attr("aria-labelledby")
            or tag.has_attr("popover")
            or tag.has_attr("itemprop")  # stated of the page, as by JSON-LD
            or tag.has_attr("itemscope")
            or get_attribute(tag, "hidden").lower() == "until-found"
        )

    def _stands_behind_opener(self, tag: Tag) -> bool:
        """Whether a control or, with nothing else below it that is shown, a title or a question stands before it."""
        outer, before = self._find_before(tag)
        if before is None:
            return False
        if self._opens_other(before, tag):
            return False
        if before.name == outer.name and _is_entry(before) and _is_entry(outer):
            return False  # beside its like, which is shown as a whole
        if self._opens(before):
            return True
        alike = self._closed[_shape(before), _shape(tag)]
        if _titles(before):
            return alike > 0
        return alike > 1 and len(self._text_of(before)) <= _LONGEST_LABEL

    def _is_of_series(self, tag: Tag) -> bool:
        """Whether it is one of several alike, before or behind all of which a control stands."""
        if tag.parent is None or self._list_siblings(tag.parent).count_alike(tag) < 2:
            return False
        outer, shape = tag, _shape(tag)
        for _ in range(3):
            if outer.parent is None:
                return False
            for other in self._list_siblings(outer.parent).others(outer):
                if id(other) not in self._hidden and self._opens(other) and _shape(other) != shape:
                    return True
            if outer.parent.name in ("body", "html", "[document]"):
                return False
            outer = outer.parent
        return False

    def _is_page(self, tag: Tag) -> bool:
        """Whether it holds what the page is about, as nothing that is shown does: a script shows it once it is
        loaded."""
        return not self._headed and (tag.name in _PAGE or find_first(tag, _PAGE) is not None)

    def _list_closed(self, tags: list[Tag]) -> Iterator[tuple[Shape, Shape]]:
        """What stands before hidden elements, and these, wherever nothing else that is shown stands below it: the next
        title or control comes, or the box ends."""
        for tag in tags:
            outer, before = self._find_before(tag)
            if before is not None:
                after = self._after(outer)
                if after is None or _shape(after) == _shape(before) or self._opens(after) or _titles(after):
                    yield _shape(before), _shape(tag)

    def _find_before(self, tag: Tag) -> tuple[Tag, Tag | None]:
        """What is shown directly before the element, or before the box of which it is all; with that box."""
        outer = tag
        while (before := self._before(outer)) is None:
            parent = outer.parent
            if (
                parent is None
                or parent.name in ("body", "html", "[document]")
                or self._text_of(parent) != self._text_of(outer)
            ):
                break
            outer = parent
        return outer, before

    def _opens_other(self, before: Tag, tag: Tag) -> bool:
        """Whether the control names what it opens, and that is something else."""
        targets = {get_attribute(before, key).removeprefix("#") for key in (*TARGETS, "href")} & self._ids
        return bool(targets) and not targets & {get_attribute(each, "id") for each in (tag, *find_tags_with(tag, "id"))}

    def _before(self, tag: Tag) -> Tag | None:
        """What is shown directly before it, in the same box."""
        return self._list_siblings(tag.parent).before[id(tag)] if tag.parent is not None else None

    def _after(self, tag: Tag) -> Tag | None:
        return self._list_siblings(tag.parent).after[id(tag)] if tag.parent is not None else None

    def _list_siblings(self, parent: Tag) -> Siblings:
        if (found := self._siblings.get(id(parent))) is None:
            found = Siblings(parent, self._is_shown, lambda tag: bool(self._text_of(tag)), _shape)
            self._siblings[id(parent)] = found
        return found

    def _is_shown(self, tag: Tag) -> bool:
        return id(tag) not in self._hidden and (bool(self._text_of(tag)) or self._opens(tag))

    def _text_of(self, tag: Tag) -> str:
        if (text := self._texts.get(id(tag))) is None:
            text = self._texts[id(tag)] = text_of(tag)
        return text

    def _opens(self, tag: Tag) -> bool:
        """Whether it is something that can be pressed, and leads to no other page, or holds such a thing."""
        if (opens := self._openers.get(id(tag))) is None:
            opens = self._openers[id(tag)] = _is_opener(tag) or any(map(_is_opener, tags_in(tag)))
        return opens


def _list_shown(soup: BeautifulSoup, outermost: list[Tag]) -> Iterator[Tag]:
    """The elements of the page's text that stand in none of these."""
    apart = {id(tag) for tag in outermost}
    stack: list[Tag] = [soup]
    while stack:
        tag = stack.pop()
        yield tag
        stack.extend(child for child in tag.contents if isinstance(child, Tag) and id(child) not in apart)


def _list_names(soup: BeautifulSoup) -> Iterator[str]:
    """Every name that an attribute or a script of the page mentions."""
    for tag in soup.find_all(True):
        yield from _list_attribute_names(tag)
        if tag.name == "script" and "json" not in get_attribute(tag, "type"):
            yield from _TOKEN.findall(tag.get_text())


def _list_attribute_names(tag: Tag) -> Iterator[str]:
    for key in tag.attrs:
        if key not in _NAMING:
            value = get_attribute(tag, key)
            yield from _TOKEN.findall(value.partition("#")[2] if key == "href" else value)


def _shape(tag: Tag) -> Shape:
    return tag.name, frozenset(class_names(tag))


def _is_opener(tag: Tag) -> bool:
    if tag.name in _OPENERS or get_attribute(tag, "role") in ("button", "tab", "switch"):
        return get_attribute(tag, "type") != "hidden"
    if tag.name == "a" and get_attribute(tag, "href").strip().lower() in ("", "#", "#!"):
        return bool(text_of(tag))
    return get_attribute(tag, "href").lower().startswith("javascript:") or any(tag.has_attr(key) for key in _OPENING)


def _is_entry(tag: Tag) -> bool:
    """Whether it holds a title or a control, and what belongs to that."""
    head = tag.find(lambda each: _is_opener(each) or bool(heading_level(each)) or each.name == "dt")
    return isinstance(head, Tag) and len(text_of(tag)) > len(text_of(head)) + _LONGEST_SIGN


def _titles(tag: Tag) -> bool:
    """Whether it is a title or a question, as an accordion's answers stand under."""
    return bool(heading_level(tag)) or tag.name in ("dt", "th", "summary") or _asks(tag)


def _asks(tag: Tag) -> bool:
    text = text_of(tag)
    return len(text) <= _LONGEST_LABEL and wording.question_likeness(text) > _LIKELY
