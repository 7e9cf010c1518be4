"""schema.org/Question as microdata (or RDFa's typeof) on the visible page."""

from __future__ import annotations

from collections.abc import Iterator

from bs4 import Tag

from retrieval.extraction.candidates import Evidence, Group, Marker
from retrieval.extraction.elements import get_attribute, tags_in
from retrieval.extraction.page import Page
from retrieval.extraction.structured import bare_name


def find_groups(page: Page) -> Iterator[Group]:
    """Each element of type Question with its `name` and the `text` of its accepted (else first suggested) answer."""
    markers = [
        marker
        for item in page.tags
        if is_of_type(item, "Question") and (marker := read_question(page, item)) is not None
    ]
    if markers:
        yield Group(markers, Evidence.NAMED)


def read_question(page: Page, item: Tag) -> Marker | None:
    """The Question element's own question and answer."""
    names = _find_properties(page, item, "name") or _find_properties(page, item, "headline")
    answers = _find_properties(page, item, "acceptedAnswer") or _find_properties(page, item, "suggestedAnswer")
    if not names or not answers:
        return None
    return Marker(names[0], tuple(_find_properties(page, answers[0], "text")) or (answers[0],))


def is_of_type(tag: Tag, kind: str) -> bool:
    """Whether the element is an item of the schema.org type."""
    named = get_attribute(tag, "itemtype") or get_attribute(tag, "typeof")
    return any(bare_name(name) == kind for name in named.split())


def _find_properties(page: Page, item: Tag, name: str) -> list[Tag]:
    """The outermost elements of that property with text: the item's own, or, for want of them, one further in."""
    found = [tag for tag in _iterate_parts(page, item) if name in _extract_names(tag) and page.has_text(tag)]
    own = [tag for tag in found if _find_owner(tag) is item] or found[:1]
    return [tag for tag in own if not any(parent is other for other in own for parent in tag.parents)]


def _iterate_parts(page: Page, item: Tag) -> Iterator[Tag]:
    """The elements in the item and in those elsewhere on the page that it refers to (`itemref`)."""
    yield from tags_in(item)
    for name in get_attribute(item, "itemref").split():
        part = page.tags_by_id.get(name)
        if part is not None and not page.holds_node(part, item):
            yield part
            yield from tags_in(part)


def _extract_names(tag: Tag) -> list[str]:
    return [bare_name(name) for name in f"{get_attribute(tag, 'itemprop')} {get_attribute(tag, 'property')}".split()]


def _find_owner(tag: Tag) -> Tag | None:
    """The item that a property on the element belongs to."""
    return next(
        (parent for parent in tag.parents if parent.has_attr("itemscope") or parent.has_attr("typeof")),
        None,
    )
