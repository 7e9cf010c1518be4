"""What unfolds: <details>, and triggers that say which panel they open (ARIA, Bootstrap, Webflow)."""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Iterator

from bs4 import Tag

from retrieval.extraction.candidates import Evidence, Group, Marker
from retrieval.extraction.elements import ancestors, attribute, words_of
from retrieval.extraction.page import Page

_TARGETS = (
    "aria-controls",
    "data-target",
    "data-bs-target",
    "data-collapse-target",
    "data-accordion-target",
    "data-mdb-target",
)
_TRIGGER_WORDS = {"collapse", "collapsed", "accordion", "toggle", "faq", "expand", "fold", "dropdown"}


def groups(page: Page) -> Iterator[Group]:
    """<details> in one group for each depth they are nested at; triggers with panels; triggers that only unfold."""
    nested: defaultdict[int, list[Marker]] = defaultdict(list)
    for details in page.tags:
        if details.name == "details" and isinstance(summary := details.find("summary", recursive=False), Tag):
            depth = sum(parent.name == "details" for parent in details.parents)
            rest = tuple(node for node in details.contents if node is not summary)
            nested[depth].append(Marker(summary, rest))
    for depth in sorted(nested, reverse=True):
        yield Group(nested[depth], Evidence.UNFOLDS)
    controlled, bare = _triggers(page)
    yield from _by_section(page, controlled)
    yield from _by_section(page, bare)


def _triggers(page: Page) -> tuple[list[Marker], list[Marker]]:
    controlled, bare, seen = [], [], set()
    for tag in page.tags:
        panel = _panel(page, tag)
        if panel is not None and id(panel) not in seen and attribute(tag, "role") != "tab":
            question = _label(page, tag, panel)
            if question is not None:
                seen.add(id(panel))
                controlled.append(Marker(question, (panel,)))
        elif panel is None and (tag.has_attr("aria-expanded") or _is_webflow(tag)) and page.has_text(tag):
            bare.append(Marker(tag))
    return controlled, bare


def _panel(page: Page, tag: Tag) -> Tag | None:
    """The element that the tag says it opens, when that is elsewhere on the page and holds text."""
    names = [attribute(tag, name) for name in _TARGETS]
    href = attribute(tag, "href")
    toggles = attribute(tag, "data-toggle") or attribute(tag, "data-bs-toggle") or attribute(tag, "role") == "button"
    if href.startswith("#") and (toggles or tag.has_attr("aria-expanded") or words_of(tag) & _TRIGGER_WORDS):
        names.append(href)
    for name in names:
        panel = page.by_id.get(name.lstrip("#")) if name else None
        if (
            panel is not None
            and page.has_text(panel)
            and not page.contains(panel, tag)
            and not page.contains(tag, panel)
        ):
            return panel
    return None


def _label(page: Page, trigger: Tag, panel: Tag) -> Tag | None:
    """The element that holds the trigger's question: itself, what names the panel, or the row it stands in."""
    if page.has_text(trigger):
        return trigger
    named = page.by_id.get(attribute(panel, "aria-labelledby"))
    if named is not None and page.has_text(named) and not page.contains(panel, named):
        return named
    for parent in ancestors(trigger, page.root):
        if page.contains(parent, panel):
            return None
        if page.has_text(parent):
            return parent
    return None


def _is_webflow(tag: Tag) -> bool:
    return "w-dropdown-toggle" in attribute(tag, "class").split()


def _by_section(page: Page, markers: list[Marker]) -> Iterator[Group]:
    """One group for each heading the markers stand under, so that a menu beside an FAQ does not weaken it; what lies
    in another's panel apart from it, and first."""
    sections: defaultdict[tuple[int, int], list[Marker]] = defaultdict(list)
    inner = sorted(page.span(marker.question)[0] for marker in markers)
    for marker, depth in zip(markers, _depths(page, markers), strict=True):
        above = next((tag for tag in page.above(marker.question) if not _holds(page, tag, inner)), None)
        sections[-depth, id(above)].append(marker)
    for _, section in sorted(sections.items(), key=lambda entry: entry[0][0]):
        yield Group(section, Evidence.UNFOLDS)


def _depths(page: Page, markers: list[Marker]) -> list[int]:
    """In how many of the markers' panels each marker stands: categories unfold around the questions that unfold."""
    spans = sorted(page.span(panel) for marker in markers for panel in marker.answer or ())
    depths, open_, at = {}, list[int](), 0
    for start in sorted(page.span(marker.question)[0] for marker in markers):
        while at < len(spans) and spans[at][0] <= start:
            open_.append(spans[at][1])
            at += 1
        open_ = [end for end in open_ if end > start]
        depths[start] = len(open_)
    return [depths[page.span(marker.question)[0]] for marker in markers]


def _holds(page: Page, heading: Tag, starts: list[int]) -> bool:
    start, end = page.span(heading)
    return bisect.bisect_left(starts, end) > bisect.bisect_left(starts, start)
