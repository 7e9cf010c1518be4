"""Dialogs and popovers: what a press of a control lays over the page."""

from __future__ import annotations

from bs4 import BeautifulSoup, Tag

from retrieval.extraction import wording
from retrieval.extraction.elements import BLOCKS, get_attribute, is_decomposed, tags_in, text_of

# Attributes of a control that name what it shows: HTML's own, ARIA's, and those of common kits.
TARGETS = (
    "aria-controls",
    "popovertarget",
    "commandfor",
    "data-target",
    "data-bs-target",
    "data-collapse-target",
    "data-accordion-target",
    "data-mdb-target",
    "data-modal-target",
)
_DIALOG_ROLES = ("dialog", "alertdialog")
_LIKELY = 0.4  # of a question
_CLOSING = ("hide", "close", "hide-popover", "request-close")


def place_overlays(soup: BeautifulSoup) -> None:
    """Dialogs that questions open become boxes like any other, the others (cookies, letters, logins) go; a popover
    stands behind the line with its control, for its place in the source tells nothing."""
    overlays = [tag for tag in tags_in(soup) if _is_overlay(tag)]
    controls = _find_controls(soup, overlays) if overlays else {}
    asking = [text for control in controls.values() if (text := text_of(control)) and _asks(text)]
    for overlay in overlays:
        if is_decomposed(overlay):
            continue
        control = controls.get(id(overlay))
        if _is_dialog(overlay):
            if control is None or 2 * len(asking) < len(controls):
                overlay.decompose()
                continue
            overlay.name = "div"
            for name in ("role", "open", "aria-modal"):
                del overlay[name]
        elif control is not None:
            _move_behind(control, overlay)


def _asks(text: str) -> bool:
    return wording.question_likeness(text) > _LIKELY


def _is_overlay(tag: Tag) -> bool:
    return _is_dialog(tag) or tag.has_attr("popover")


def _is_dialog(tag: Tag) -> bool:
    return tag.name == "dialog" or get_attribute(tag, "role") in _DIALOG_ROLES


def _find_controls(soup: BeautifulSoup, overlays: list[Tag]) -> dict[int, Tag]:
    """The first control that opens each overlay, by the overlay's identity; it stands outside of it."""
    named = {name: overlay for overlay in overlays if (name := get_attribute(overlay, "id"))}
    found: dict[int, Tag] = {}
    for tag in tags_in(soup):
        if tag.attrs.keys().isdisjoint((*TARGETS, "href")):
            continue
        if get_attribute(tag, "command") in _CLOSING or get_attribute(tag, "popovertargetaction") in _CLOSING:
            continue
        for key in (*TARGETS, "href"):
            overlay = named.get(get_attribute(tag, key).removeprefix("#"))
            if overlay is not None and all(parent is not overlay for parent in tag.parents):
                found.setdefault(id(overlay), tag)
    return found


def _move_behind(control: Tag, overlay: Tag) -> None:
    block = next((parent for parent in control.parents if parent.name in BLOCKS), None)
    if block is None or block.name in ("body", "html") or any(parent is block for parent in overlay.parents):
        return
    if any(parent is overlay for parent in block.parents):
        return
    overlay.extract()
    if block.name in ("td", "th", "li", "dt", "dd", "caption", "summary"):
        block.append(overlay)
    else:
        block.insert_after(overlay)
