"""What unfolds: <details>, and triggers that say which panel they open (ARIA, Bootstrap, Webflow)."""

from __future__ import annotations

import bisect
from collections import defaultdict
from collections.abc import Iterator

from bs4 import Tag

from retrieval.extraction.candidates import Evidence, Group, Marker
from retrieval.extraction.elements import class_words, get_attribute, iterate_ancestors
from retrieval.extraction.page import Page
from retrieval.extraction.shown.overlays import TARGETS

_TRIGGER_WORDS = {"collapse", "collapsed", "accordion", "toggle", "faq", "expand", "fold", "dropdown"}


def find_groups(page: Page) -> Iterator[Group]:
    """<details> in one group for each depth they are nested at; triggers with panels; triggers that only unfold."""
    nested: defaultdict[int, list[Marker]] = defaultdict(list)
    for details in page.tags:
        if details.name == "details" and isinstance(summary := details.find("summary", recursive=False), Tag):
            depth = sum(parent.name == "details" for parent in details.parents)
            rest = tuple(node for node in details.contents if node is not summary)
            nested[depth].append(Marker(summary, rest))
    for depth in sorted(nested, reverse=True):
        yield Group(nested[depth], Evidence.UNFOLDS)
    controlled, bare = _find_triggers(page)
    yield from _group_by_section(page, controlled)
    yield from _group_by_section(page, bare)


def _find_triggers(page: Page) -> tuple[list[Marker], list[Marker]]:
    controlled, bare, seen = [], [], set()
    for tag in page.tags:
        panel = _find_panel(page, tag)
        if panel is not None and id(panel) not in seen and get_attribute(tag, "role") != "tab":
            question = _find_question(page, tag, panel)
            if question is not None:
                seen.add(id(panel))
                controlled.append(Marker(question, (panel,)))
        elif panel is None and (tag.has_attr("aria-expanded") or _is_webflow(tag)) and page.has_text(tag):
            bare.append(Marker(tag))
    return controlled, bare


def _find_panel(page: Page, tag: Tag) -> Tag | None:
    """The element that the tag says it opens, when that is elsewhere on the page and holds text."""
    names = [get_attribute(tag, name) for name in TARGETS]
    href = get_attribute(tag, "href")
    toggles = (
        get_attribute(tag, "data-toggle")
        or get_attribute(tag, "data-bs-toggle")
        or get_attribute(tag, "role") == "button"
    )
    if href.startswith("#") and (toggles or tag.has_attr("aria-expanded") or class_words(tag) & _TRIGGER_WORDS):
        names.append(href)
    for name in names:
        panel = page.tags_by_id.get(name.lstrip("#")) if name else None
        if (
            panel is not None
            and page.has_text(panel)
            and not page.holds_node(panel, tag)
            and not page.holds_node(tag, panel)
        ):
            return panel
    return None


def _find_question(page: Page, trigger: Tag, panel: Tag) -> Tag | None:
    """The element that holds the trigger's question: itself, what names the panel, or the row it stands in."""
    if page.has_text(trigger):
        return trigger
    named = page.tags_by_id.get(get_attribute(panel, "aria-labelledby"))
    if named is not None and page.has_text(named) and not page.holds_node(panel, named):
        return named
    for parent in iterate_ancestors(trigger, page.root):
        if page.holds_node(parent, panel):
            return None
        if page.has_text(parent):
            return parent
    return None


def _is_webflow(tag: Tag) -> bool:
    return "w-dropdown-toggle" in get_attribute(tag, "class").split()


def _group_by_section(page: Page, markers: list[Marker]) -> Iterator[Group]:
    """One group for each heading the markers stand under, so that a menu beside an FAQ does not weaken it; what lies
    in another's panel apart from it, and first."""
    sections: defaultdict[tuple[int, int], list[Marker]] = defaultdict(list)
    inner = sorted(page.span_of(marker.question)[0] for marker in markers)
    for marker, depth in zip(markers, _measure_depths(page, markers), strict=True):
        above = next(
            (tag for tag in page.headings_above(marker.question) if not _holds_question(page, tag, inner)), None
        )
        sections[-depth, id(above)].append(marker)
    for _, section in sorted(sections.items(), key=lambda entry: entry[0][0]):
        yield Group(section, Evidence.UNFOLDS)


def _measure_depths(page: Page, markers: list[Marker]) -> list[int]:
    """In how many of the markers' panels each marker stands: categories unfold around the questions that unfold."""
    spans = sorted(page.span_of(panel) for marker in markers for panel in marker.answer or ())
    depths, open_, at = {}, list[int](), 0
    for start in sorted(page.span_of(marker.question)[0] for marker in markers):
        while at < len(spans) and spans[at][0] <= start:
            open_.append(spans[at][1])
            at += 1
        open_ = [end for end in open_ if end > start]
        depths[start] = len(open_)
    return [depths[page.span_of(marker.question)[0]] for marker in markers]


def _holds_question(page: Page, heading: Tag, starts: list[int]) -> bool:
    start, end = page.span_of(heading)
    return bisect.bisect_left(starts, end) > bisect.bisect_left(starts, start)
