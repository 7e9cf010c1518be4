"""Pictures that say something, and films: by their alternative text, and by their title and address."""

from __future__ import annotations

import re

from bs4 import BeautifulSoup, NavigableString, Tag

from retrieval.extraction.elements import BLOCKS, find_ancestor, find_tags, get_attribute, is_decomposed
from retrieval.extraction.shown.styles import is_invisible

_CELLS = ("td", "th", "dd", "li")
_ALONE = ("p", "figure", *_CELLS)
_SOURCES = ("src", "data-src", "data-lazy-src")
_NO_WORDS = re.compile(
    r"(?:image|img|photo|picture|logo|icon|screenshot|banner|avatar|thumbnail|spacer|dsc|placeholder)?[\s_\-\d.]*"
    r"|\S+\.(?:png|jpe?g|gif|svg|webp|avif|bmp)",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?:;。！？：；…]$")
_LONGEST = 300  # characters
_FEWEST_LETTERS = 8  # of a picture that stands alone as a paragraph
_FRAMES = ("header", "nav", "footer", "aside", "a", "button", "h1", "h2", "h3", "h4", "h5", "h6")


def describe_media(soup: BeautifulSoup) -> None:
    """Put alternative texts where pictures stand for words (a sign in a sentence, all that a cell, an item or a
    paragraph holds), and a link with its title where a film or another page is shown. Other pictures go."""
    telling: set[int] = set()  # blocks that show text beside their pictures
    for image in soup.find_all("img"):
        if not is_decomposed(image):
            _describe_picture(image, telling)
    for frame in find_tags(soup, ("iframe", "video", "audio", "object", "embed")):
        if not is_decomposed(frame):
            _link_frame(soup, frame)


def _describe_picture(image: Tag, telling: set[int]) -> None:
    alternative = _read_alternative(image)
    if 0 < len(alternative) <= 2 and not alternative.isascii():
        image.replace_with(NavigableString(alternative))  # an emoji
    elif alternative and _stands_in_sentence(image):
        image.replace_with(NavigableString(alternative))
    else:
        block = next((parent for parent in image.parents if parent.name in BLOCKS), None)
        if block is not None and id(block) not in telling and _shows_text(block):
            telling.add(id(block))
        alone = block is not None and block.name in _ALONE and id(block) not in telling
        pictures = block.find_all("img") if block is not None and alone else [image]
        names = list(dict.fromkeys(filter(None, map(_read_alternative, pictures))))
        if block is not None and alone and _tell_enough(names, block):
            image.insert_before(NavigableString(", ".join(names)))
        for picture in pictures:
            picture.decompose()


def _read_alternative(image: Tag) -> str:
    """What the picture says in words, "" where it says nothing or only what its file is called."""
    words = " ".join(get_attribute(image, "alt").split())
    hidden = get_attribute(image, "aria-hidden") == "true" or get_attribute(image, "role") in ("presentation", "none")
    return "" if hidden or len(words) > _LONGEST or _NO_WORDS.fullmatch(words) else words


def _stands_in_sentence(image: Tag) -> bool:
    """Whether words go on behind the picture that end in no full stop before it."""
    before, after = image.previous_sibling, image.next_sibling
    if not isinstance(before, NavigableString) or not isinstance(after, NavigableString):
        return False
    head, tail = before.strip(), after.strip()
    return any(char.isalnum() for char in head) and tail[:1].isalnum() and not _SENTENCE_END.search(head)


def _shows_text(tag: Tag) -> bool:
    return any(not text.isspace() for text in tag.strings)


def _tell_enough(names: list[str], block: Tag) -> bool:
    """Whether pictures that are all of a cell, an item or a paragraph say in words what it says."""
    figure = block if block.name == "figure" else find_ancestor(block, ("figure",))
    if find_ancestor(block, _FRAMES) is not None or (figure is not None and _shows_text(figure)):
        return False  # a caption says it
    return bool(names) and (block.name in _CELLS or sum(map(str.isalpha, "".join(names))) >= _FEWEST_LETTERS)


def _link_frame(soup: BeautifulSoup, frame: Tag) -> None:
    title = next((name for key in ("title", "aria-label") if (name := get_attribute(frame, key).strip())), "")
    address = _find_source(frame)
    if not title or not address.startswith(("http://", "https://", "//", "/", ".")) or _is_unseen(frame):
        return
    link = soup.new_tag("a", attrs={"href": address})
    link.string = title
    box = soup.new_tag("p")
    box.append(link)
    frame.replace_with(box)


def _find_source(frame: Tag) -> str:
    for tag in (frame, *frame.find_all("source")):
        for key in (*_SOURCES, "data"):
            if address := get_attribute(tag, key).strip():
                return address
    return ""


def _is_unseen(frame: Tag) -> bool:
    """Whether nobody sees the frame: it counts visitors, or speaks to another page."""
    sizes = (get_attribute(frame, "width"), get_attribute(frame, "height"))
    return (
        is_invisible(frame)
        or get_attribute(frame, "aria-hidden") == "true"
        or any(size in ("0", "1") for size in sizes)
    )
