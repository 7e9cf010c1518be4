"""Addresses that are written for a script or the eye alone, to keep robots that gather them away."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from itertools import islice

from bs4 import BeautifulSoup, NavigableString, PageElement, Tag

from retrieval.extraction.elements import find_links, find_tags, find_tags_with, get_attribute
from retrieval.extraction.shown.styles import find_styled, is_invisible

_PROTECTED = "/cdn-cgi/l/email-protection"  # where Cloudflare's links lead that its script has not rewritten
_ADDRESS = re.compile(r"[^\s<>\"@]+@[^\s<>\"@]+")
_INLINE = ("span", "b", "i", "em", "small", "strong")


def reveal_addresses(soup: BeautifulSoup) -> None:
    """Write out addresses that Cloudflare encoded, a style turns round, or hidden letters stand in."""
    for tag in find_tags_with(soup, "data-cfemail"):
        if address := _decode(get_attribute(tag, "data-cfemail")):
            tag.string = address
            if tag.name == "a":
                tag["href"] = f"mailto:{address}"
    for link in find_links(soup):
        if _PROTECTED not in get_attribute(link, "href"):
            continue
        address = _decode(get_attribute(link, "href").partition("#")[2])
        if address:
            link["href"] = f"mailto:{address}"
        else:
            del link["href"]  # it would lead nowhere
    _turn_reversed_text(soup)
    for tag in find_tags(soup, _INLINE):
        if _is_decoy(tag):
            tag.decompose()


def _decode(code: str) -> str:
    """Cloudflare's hexadecimal code -> the address, "" where it is none: each byte is XORed with the first."""
    try:
        key, *rest = bytes.fromhex(code)
        address = bytes(byte ^ key for byte in rest).decode()
    except ValueError:
        return ""
    return address if _ADDRESS.fullmatch(address) else ""


def _turn_reversed_text(soup: BeautifulSoup) -> None:
    """Letters that run from left to right, but are made to be shown from right to left."""
    overridden = [tag for tag in soup.find_all("bdo") if get_attribute(tag, "dir").lower() == "rtl"]
    for tag in overridden + find_styled(soup, _turns_round):
        text = tag.get_text()
        if not any(unicodedata.bidirectional(char) in ("R", "AL") for char in text):
            tag.string = text[::-1]


def _turns_round(style: str) -> bool:
    return "bidi-override" in style and "direction:rtl" in style


def _is_decoy(tag: Tag) -> bool:
    """Whether it holds letters in the midst of an address that no reader sees."""
    if not is_invisible(tag):
        return False
    head, tail = _read_text(reversed(list(islice(tag.previous_siblings, 3)))), _read_text(islice(tag.next_siblings, 3))
    return bool(head[-1:].strip() and tail[:1].strip()) and "@" in head.split()[-1] + tail.split()[0]


def _read_text(nodes: Iterable[PageElement]) -> str:
    return "".join(node for node in nodes if type(node) is NavigableString)
