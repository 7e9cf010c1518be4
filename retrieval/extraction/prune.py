"""Take away what is no content: menus, banners, scripts, permalinks, layout tables."""

from __future__ import annotations

import re
from itertools import islice

from bs4 import BeautifulSoup, Comment, Tag
from bs4.element import PreformattedString

from retrieval.extraction import phrases, wording
from retrieval.extraction.elements import (
    BLOCKS,
    HEADINGS,
    class_words,
    find_ancestor,
    find_first,
    find_links,
    find_tags,
    get_attribute,
    is_decomposed,
    leads_somewhere,
    tags_in,
    text_of,
    texts_in,
)
from retrieval.extraction.reshape import shape_tree
from retrieval.extraction.shown.cells import repeat_merged_cells
from retrieval.extraction.shown.never_shown import remove_never_shown
from retrieval.extraction.slugs import words_of_purpose
from retrieval.text.cleaning import collapse_whitespace


def _split_words(words: str) -> frozenset[str]:
    return frozenset(words.split())


_NEVER = _split_words(
    """script style template noscript svg math iframe object embed canvas audio video map select textarea input option
    datalist title link meta dialog img picture source"""
)
_PAGE_PARTS = _split_words("nav header footer aside address menu")
_MENU_ROLES = _split_words("navigation dialog alertdialog search contentinfo menu menubar")
_ROLES = _MENU_ROLES | _split_words("banner tooltip alert status")
_BANNERS = _split_words("cookie cookies cookiebar cookieconsent gdpr onetrust cookiebot consent cookiebanner")
_FOOTERS = _split_words("footer breadcrumb breadcrumbs navfooter navheader sphinxsidebar")
_FURNITURE = _FOOTERS | _split_words(
    """navbar navigation nav sidebar sidenav pagination pager menu toc tocs contents related share social skip topbar
    offcanvas masthead newsletter"""
)
_BYLINES = _split_words(
    "article-meta article-author meta-data post-meta entry-meta byline post-author post-date entry-date"
)
_LONGEST_NOTE = 120  # characters
_FEEDBACK = _split_words("helpful feedback vote votes rating upvote")
_NAMED_BY_PURPOSE = _BANNERS | _FEEDBACK | _FURNITURE
_ICONS = _split_words("icon icons fa fas far glyphicon material chevron arrow caret lucide bi dashicons iconfont")
_PANELS = _split_words("faq faqs accordion question answer qa collapse panel toggle")
_PERMALINK = re.compile(
    r"[¶#§🔗\s]*|(permalink|permanent link|link|anchor|toc|direct link.*|\[?link\]?)", re.IGNORECASE
)
_SPOKEN = re.compile("mw-editsection|sr-only|visually-?hidden|screen-reader")
_PERMALINK_WORDS = {"headerlink", "permalink", "anchorjs", "sectionlink", "copiable", "editsection"}


def prune_tree(soup: BeautifulSoup) -> Tag:
    """Remove what is no content and return the root of what is left. Structured data must have been read before, and
    what is shown brought into the tree (`show_as_read`)."""
    root = soup.html or soup  # not <body>: where its tag is left out, libxml2 leaves HTML5 elements in the head
    for tag in find_tags(root, _NEVER):
        if not is_decomposed(tag):
            tag.decompose()
    remove_never_shown(root)
    for text in texts_in(root):
        if isinstance(text, (Comment, PreformattedString)):
            text.extract()
    shape_tree(soup, root)
    _unfold_layout_tables(root)
    repeat_merged_cells(root)
    for tag in find_tags(root, ("font", "center")):
        tag.name = "div" if tag.name == "center" else "span"
    _remove_furniture(root)
    _remove_permalinks(root)
    _remove_notes(root)
    return root


def _unfold_layout_tables(root: Tag) -> None:
    """Tables that only place things on the page (they hold tables, headings or one cell) become plain boxes."""
    for table in root.find_all("table"):
        rows = table.find_all("tr")
        if find_first(table, ("table", *HEADINGS)) is None and len(find_tags(table, ("td", "th"))) > 1:
            continue
        for part in (table, *rows, *find_tags(table, ("tbody", "thead", "tfoot", "td", "th"))):
            if part is table or find_ancestor(part, ("table",)) is table or find_ancestor(part, ("table",)) is None:
                part.name = "div"


def find_main_part(root: Tag) -> Tag:
    """The page's <main> where it holds most of the text outside links, else the root."""
    mains: list[Tag] = [tag for tag in tags_in(root) if tag.name == "main" or get_attribute(tag, "role") == "main"]
    if len(mains) == 1 and _count_prose(mains[0]) >= 0.6 * _count_prose(root):
        return mains[0]
    return root


def _count_prose(tag: Tag) -> int:
    return len(tag.get_text()) - sum(len(link.get_text()) for link in find_links(tag))


def remove_menus(root: Tag) -> None:
    """Remove lists and boxes of which nearly every word is a link: what is left beside them is what a page says. A box
    with a text that is longer than any of its links (a book's title page) is no menu, though a list in it may be one.
    """
    for tag in find_tags(root, ("ul", "ol", "dl", "table", "div", "p")):
        if is_decomposed(tag):
            continue
        links = [link for link in find_links(tag) if leads_somewhere(link)]
        lengths = [len(text_of(link)) for link in links]
        if len(links) >= 4 and sum(lengths) > 0.8 * len(text_of(tag)) and not _holds_text(tag, max(lengths)):
            tag.decompose()


def _holds_text(box: Tag, longer_than: int) -> bool:
    """Whether paragraphs in it say more than so many letters that are no links."""
    texts = find_tags(box, ("p", "pre", "blockquote"))
    unlinked = (len(text_of(text)) - sum(len(text_of(link)) for link in text.find_all("a")) for text in texts)
    return sum(unlinked) > longer_than


def _remove_furniture(root: Tag) -> None:
    total = max(1, len(root.get_text()))
    for tag in tags_in(root):
        if is_decomposed(tag) or tag.name in HEADINGS:
            continue
        words = class_words(tag)
        if words & _NAMED_BY_PURPOSE:
            words = words_of_purpose(tag)
        named = words & _FURNITURE or tag.name in _PAGE_PARTS
        role = get_attribute(tag, "role")
        if tag.name in ("i", "span", "em") and words & _ICONS and len(tag.get_text()) < 25:
            if not any(isinstance(child, Tag) for child in tag.contents) or not text_of(tag) or " " not in text_of(tag):
                tag.decompose()
        elif _BYLINES & set(get_attribute(tag, "class").lower().split()):
            if len(tag.get_text()) < _LONGEST_NOTE and not find_first(tag, HEADINGS):
                tag.decompose()
        elif words & _BANNERS or (words & _FEEDBACK and tag.name in BLOCKS):
            if len(tag.get_text()) < min(3000, total * 0.5) and not _is_panel(tag, words):
                tag.decompose()
        elif (role in _ROLES or named) and not _is_panel(tag, words) and _is_furniture(tag, words, role, total):
            tag.decompose()


def _is_panel(tag: Tag, words: set[str]) -> bool:
    """Whether the element's names say that it belongs to an accordion or a question, whatever else they say."""
    return bool(words & _PANELS)


def _is_furniture(tag: Tag, words: set[str], role: str, total: int) -> bool:
    text = len(tag.get_text())
    if tag.name in ("body", "html", "main", "article") or text > 0.6 * total:
        return False
    linked = sum(len(a.get_text()) for a in find_links(tag))
    if tag.name == "nav":
        return linked > 0.3 * text or text < 20
    if role in _MENU_ROLES:
        return True
    nested = any(parent.name in ("article", "main", "li", "dd", "details") for parent in tag.parents)
    if tag.name == "address" or (tag.name == "footer" and (not nested or text < 500)):
        return True
    if words & _FOOTERS and (not nested or linked > 0.3 * text):
        return not find_first(tag, ("dt", "summary")) or linked > 0.5 * text
    if tag.name == "header" and find_first(tag, ("h1",)) and linked < 0.3 * text:
        return False
    headings = sum(len(heading.get_text()) for heading in find_tags(tag, HEADINGS) if not find_first(heading, ("a",)))
    return linked > 0.5 * (text - headings)


def _is_in_sentence(link: Tag, text: str) -> bool:
    """Whether a link that only says "link" is part of a sentence and not a sign after a heading or a question."""
    parent = link.parent
    if parent is None or not text.isalpha() or find_ancestor(link, (*HEADINGS, "dt", "summary")) is not None:
        return False
    before = collapse_whitespace(
        "".join(str(node.get_text()) for node in reversed(list(islice(link.previous_siblings, 3))))
    )
    return before[-1:].isalnum() or before.endswith(",")


def _remove_notes(root: Tag) -> None:
    """Remove lines that ask for a vote on the page or date it, whatever their element is called."""
    for text in texts_in(root):
        if 4 < len(text) < _LONGEST_NOTE and phrases.is_note(collapse_whitespace(text)):
            text.extract()


def _remove_permalinks(root: Tag) -> None:
    for link in root.find_all("a"):
        words, text = class_words(link), text_of(link)
        local = get_attribute(link, "href").startswith("#") or bool(words & _PERMALINK_WORDS)
        if "sr-only" in get_attribute(link, "class") or not text:
            if text:
                link.clear()
            continue
        sign = _PERMALINK.fullmatch(text) and not _is_in_sentence(link, text)
        if local and (words & _PERMALINK_WORDS or sign or wording.is_back_to_top(text)):
            link.clear()
            del link["href"]
    for tag in find_tags(root, ("span", "div", "p", "sup")):
        if not is_decomposed(tag) and _SPOKEN.search(get_attribute(tag, "class")) and len(tag.get_text()) < 60:
            tag.decompose()
