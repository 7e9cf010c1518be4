"""Tabs: each panel is headed by its label, and the row of labels goes.

Read are ARIA's roles (Docusaurus, Sphinx, Starlight, Elementor), Bootstrap's and jQuery's attributes, and the radio
buttons with labels of MkDocs Material, sphinx-design and VitePress.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import islice

from bs4 import BeautifulSoup, Tag

from retrieval.extraction import wording
from retrieval.extraction.elements import (
    BLOCKS,
    HEADINGS,
    class_words,
    find_ancestor,
    find_first,
    find_tags,
    find_tags_with,
    get_attribute,
    heading_level,
    is_decomposed,
    tags_in,
    text_of,
)

_LONGEST_LABEL = 200  # characters
_LIKELY = 0.4  # of a question
_TARGETS = ("aria-controls", "data-bs-target", "data-target", "data-tabs-target", "href")
_TOGGLES = ("data-bs-toggle", "data-toggle")

_Pair = tuple[Tag, Tag]  # a label and its panel


def label_tabs(soup: BeautifulSoup) -> None:
    """Head each panel by its label: by <details> where the labels ask, by a heading where panels have some or unfold,
    else by a line in bold."""
    for group in [*_find_tab_groups(soup), *_find_radio_groups(soup)]:
        labels = [text_of(tab) for tab, _ in group]
        asking = 2 * sum(wording.question_likeness(label) > _LIKELY for label in labels) > len(labels)
        level = _choose_level([panel for _, panel in group])
        for (_, panel), label in zip(group, labels, strict=True):
            if 0 < len(label) <= _LONGEST_LABEL and text_of(panel) and not _is_headed(panel, label):
                _head_panel(soup, panel, label, "summary" if asking else f"h{level}" if level else "p")
        for tab, panel in group:
            _remove_label(tab, panel)


def _find_tab_groups(soup: BeautifulSoup) -> list[list[_Pair]]:
    """Tabs with their panels: those that name them, by the box of the panels, and those that stand in their order."""
    ids = {get_attribute(tag, "id"): tag for tag in find_tags_with(soup, "id")}
    panels = _find_panels(soup)
    labelled = {get_attribute(panel, "aria-labelledby"): panel for panel in panels}
    named: defaultdict[int, list[_Pair]] = defaultdict(list)
    loose: defaultdict[int, list[Tag]] = defaultdict(list)
    taken: set[int] = set()
    for tab in filter(_is_tab, tags_in(soup)):
        panel = _find_named_panel(tab, ids) or labelled.get(get_attribute(tab, "id") or "-")
        if panel is None:
            loose[id(tab.find_parent(attrs={"role": "tablist"}) or tab.parent)].append(tab)
        elif id(panel) not in taken and all(parent is not panel for parent in tab.parents):
            taken.add(id(panel))
            named[id(panel.parent)].append((tab, panel))
    groups = list(named.values())
    for tabs, found in _match_by_order(loose.values(), panels):
        if all(id(panel) not in taken for panel in found):
            groups.append(list(zip(tabs, found, strict=True)))
    return groups


def _match_by_order(rows: Iterable[list[Tag]], panels: list[Tag]) -> Iterator[tuple[list[Tag], list[Tag]]]:
    """Rows of tabs, each with as many panels of the nearest box around it that holds some, which no other row has."""
    holding = {id(parent) for panel in panels for parent in panel.parents}
    boxes: defaultdict[int, list[tuple[list[Tag], Tag]]] = defaultdict(list)
    for tabs in rows:
        box = next((parent for parent in tabs[0].parents if id(parent) in holding), None)
        if box is not None:
            boxes[id(box)].append((tabs, box))
    for (tabs, box), *others in boxes.values():
        inner = [] if others else _find_outermost_panels(box)
        if len(inner) == len(tabs):
            yield tabs, inner


def _is_tab(tag: Tag) -> bool:
    if get_attribute(tag, "role") == "tab" or any(get_attribute(tag, key) in ("tab", "pill") for key in _TOGGLES):
        return True
    if tag.name != "a" or not get_attribute(tag, "href").startswith("#"):
        return False
    row = find_ancestor(tag, ("ul", "ol"))  # jQuery UI and its like: the row, or the box around it, is called tabs
    boxes = (row, row.parent) if row is not None else ()
    return any(box is not None and class_words(box) & {"tab", "tabs"} for box in boxes)


def _find_panels(box: Tag) -> list[Tag]:
    return [tag for tag in find_tags_with(box, "role") if get_attribute(tag, "role") == "tabpanel"]


def _find_named_panel(tab: Tag, ids: dict[str, Tag]) -> Tag | None:
    for key in _TARGETS:
        name = get_attribute(tab, key)
        panel = ids.get(name.removeprefix("#")) if key != "href" or name.startswith("#") else None
        if panel is not None and panel is not tab and panel.name in BLOCKS and not heading_level(panel):
            return panel
    return None


def _find_outermost_panels(box: Tag) -> list[Tag]:
    panels = _find_panels(box)
    known = {id(panel) for panel in panels}
    return [panel for panel in panels if all(id(parent) not in known for parent in panel.parents)]


def _find_radio_groups(soup: BeautifulSoup) -> list[list[_Pair]]:
    """Boxes whose radio buttons choose what is shown: labels each before its panel, or all before all panels."""
    radios_of_page = [tag for tag in soup.find_all("input") if get_attribute(tag, "type") == "radio"]
    boxes = {id(radio.parent): radio.parent for radio in radios_of_page}
    groups = []
    for box in boxes.values():
        if box is None:
            continue
        radios = {get_attribute(radio, "id") for radio in box.find_all("input", type="radio", recursive=False)}
        labels = [label for label in box.find_all("label") if get_attribute(label, "for") in radios - {""}]
        panels = next((rest for rest in _list_radio_panels(box, labels) if len(rest) == len(labels) > 1), [])
        if panels:
            groups.append(list(zip(labels, panels, strict=True)))
    return groups


def _list_radio_panels(box: Tag, labels: list[Tag]) -> Iterator[list[Tag]]:
    """Where the panels of radio buttons may stand: behind the labels, side by side, in one box, in the next box."""
    around = {id(tag) for label in labels for tag in (label, *label.parents)}
    if all(label.parent is box for label in labels):
        following = [label.find_next_sibling() for label in labels]
        yield [tag for tag in following if isinstance(tag, Tag) and _may_be_panel(tag, around)]
    others = [tag for tag in box.find_all(True, recursive=False) if _may_be_panel(tag, around)]
    yield others
    for holder in (*others, box.find_next_sibling()):
        if holder is not None:
            yield holder.find_all(True, recursive=False)


def _may_be_panel(tag: Tag, around: set[int]) -> bool:
    return tag.name not in ("input", "label") and id(tag) not in around


def _choose_level(panels: list[Tag]) -> int:
    """Of headings over the panels: one above the highest in them, or below the one before them; 0 where panels have
    nothing to head, or such a heading would end what the tabs stand in."""
    before = panels[0].find_previous(HEADINGS)
    outer = heading_level(before) if isinstance(before, Tag) else 1
    within = [heading_level(tag) for panel in panels for tag in find_tags(panel, HEADINGS)]
    if not within and not any(find_first(panel, ("details",)) for panel in panels):
        return 0
    level = min(within) - 1 if within else min(6, outer + 1)
    return level if level > outer else 0


def _is_headed(panel: Tag, label: str) -> bool:
    """Whether the panel begins with its label already."""
    return any(
        text_of(tag) == label for tag in islice((node for node in panel.descendants if isinstance(node, Tag)), 3)
    )


def _head_panel(soup: BeautifulSoup, panel: Tag, label: str, name: str) -> None:
    head = soup.new_tag(name)
    if name == "summary":
        panel.name = "details"
        del panel["role"]
    if name == "p":
        head.append(soup.new_tag("strong"))
    (head.strong or head).string = label
    panel.insert(0, head)


def _remove_label(tab: Tag, panel: Tag) -> None:
    if is_decomposed(tab) or any(parent is tab for parent in panel.parents):
        return
    before = panel.find_previous_sibling()
    if isinstance(before, Tag) and before is not tab and get_attribute(before, "role") == "tab":
        before.decompose()  # the same label again, for narrow screens
    item = tab.parent
    tab.decompose()
    if item is not None and item.name == "li" and not text_of(item):
        item.decompose()
