"""What an element of a page is called, says and shows. Pure functions on BeautifulSoup's tags."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from urllib.parse import urljoin

from bs4 import NavigableString, PageElement, Tag

from retrieval.text.cleaning import collapse_whitespace

RUN = "data-run"  # marks a block that was put around a run of bare text
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "dir",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hgroup",
        "hr",
        "legend",
        "li",
        "main",
        "menu",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
    ]
)


def tags_in(tag: Tag) -> list[Tag]:
    """The elements within, in document order (a list: the tree may be changed while it is walked)."""
    return [node for node in tag.descendants if isinstance(node, Tag)]


def find_tags(root: Tag, names: Collection[str]) -> list[Tag]:
    """The elements of these names within, in document order. `find_all` of several names takes ten times as long: it
    asks each of its rules of each element."""
    return [node for node in root.descendants if isinstance(node, Tag) and node.name in names]


def find_first(root: Tag, names: Collection[str]) -> Tag | None:
    """The first element of these names within."""
    return next((node for node in root.descendants if isinstance(node, Tag) and node.name in names), None)


def find_tags_with(root: Tag, attribute: str) -> list[Tag]:
    """The elements within that have an attribute."""
    return [node for node in root.descendants if isinstance(node, Tag) and attribute in node.attrs]


def find_links(root: Tag) -> list[Tag]:
    """The links within."""
    return [node for node in root.descendants if isinstance(node, Tag) and node.name == "a" and "href" in node.attrs]


def find_ancestor(node: PageElement, names: Collection[str]) -> Tag | None:
    """The innermost element of these names around it."""
    around = node.parent
    while around is not None and around.name not in names:
        around = around.parent
    return around


def texts_in(root: Tag) -> list[NavigableString]:
    """The strings within, comments among them."""
    return [node for node in root.descendants if isinstance(node, NavigableString)]


def is_decomposed(tag: Tag) -> bool:
    """Whether the element was destroyed. Its own `decomposed`, where it was not, searches all of it for an element
    named `_decomposed`."""
    return bool(vars(tag).get("_decomposed"))


def get_attribute(tag: Tag, name: str) -> str:
    """The attribute's value as one string, "" when absent."""
    value = tag.get(name)
    if value is None:
        return ""
    return value if isinstance(value, str) else " ".join(value)


def leads_somewhere(tag: Tag) -> bool:
    """Whether the element is a link to a page or place: no script's handle, no address or number to write to."""
    href = get_attribute(tag, "href") if tag.name == "a" else ""
    return href not in ("", "#", "#!") and not href.lower().startswith(("javascript:", "mailto:", "tel:"))


def resolve_url(base: str, href: str) -> str:
    """The link made absolute, "" for one that is malformed."""
    try:
        return urljoin(base, href)
    except ValueError:
        return ""


def class_names(tag: Tag) -> list[str]:
    """The element's class names and id, camelCase split with hyphens, in lower case."""
    names = f"{get_attribute(tag, 'class')} {get_attribute(tag, 'id')}".split()
    return [re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower() for name in names]


def class_words(tag: Tag) -> set[str]:
    """The single words of the element's class names and id."""
    return {word for name in class_names(tag) for word in split_name(name)}


def split_name(name: str) -> set[str]:
    """The single words of a class name or id as `class_names` gives it."""
    return {word for word in re.split(r"[^a-z0-9]+", name) if word}


def text_of(node: PageElement) -> str:
    """The node's text on one line; blocks and line breaks part words, other elements do not."""
    if isinstance(node, NavigableString):
        return collapse_whitespace(str(node))
    parts = []
    for item in node.descendants if isinstance(node, Tag) else ():
        if isinstance(item, Tag):
            if item.name in BLOCKS or item.name in ("br", "button") or _is_beside_span(item):
                parts.append(" ")
        elif type(item) is NavigableString:
            parts.append(item)
    return collapse_whitespace("".join(parts))


def _is_beside_span(tag: Tag) -> bool:
    """Whether a <span> touches another, as badges and titles do that only style sheets part; in code they do not."""
    before = tag.previous_sibling
    if tag.name != "span" or not isinstance(before, Tag) or before.name != "span":
        return False
    return find_ancestor(tag, ("code", "pre", "tt", "kbd", "samp", "var")) is None


def heading_level(tag: Tag) -> int:
    """1 to 6 for a heading (also by ARIA role), 0 for anything else."""
    if tag.name in HEADINGS:
        return int(tag.name[1])
    if get_attribute(tag, "role") == "heading":
        level = get_attribute(tag, "aria-level")
        return int(level) if level in "123456" and level else 2
    return 0


def holds_button(node: PageElement) -> bool:
    """Whether there is a button in the node, or it is one."""
    return isinstance(node, Tag) and (node.name == "button" or find_first(node, ("button",)) is not None)


def iterate_ancestors(tag: Tag, root: Tag) -> Iterator[Tag]:
    """The element's ancestors from the nearest up to, without, the root."""
    for parent in tag.parents:
        if parent is root:
            return
        yield parent


def is_hidden(tag: Tag, root: Tag) -> bool:
    """Whether the element or one around it is marked as not shown (or not until clicked)."""
    return any(is_marked_hidden(node) for node in (tag, *iterate_ancestors(tag, root)))


def is_marked_hidden(tag: Tag) -> bool:
    """Whether the element itself is marked as not shown (or not until clicked)."""
    style = get_attribute(tag, "style").replace(" ", "").lower()
    return (
        tag.has_attr("hidden")
        or get_attribute(tag, "aria-hidden") == "true"
        or "display:none" in style
        or "visibility:hidden" in style
        or bool(
            set(get_attribute(tag, "class").lower().split())
            & {"hidden", "d-none", "hide", "is-hidden", "u-hidden", "invisible"}
        )
    )
