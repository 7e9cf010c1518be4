"""Figures that only their place parts from those before them: cents of a price, exponents, indices, marks of notes."""

from __future__ import annotations

import re
import unicodedata
from itertools import islice
from typing import TYPE_CHECKING

from bs4 import BeautifulSoup, NavigableString, PageElement, Tag

from retrieval.extraction.elements import BLOCKS, class_words, find_ancestor, find_tags, get_attribute, texts_in

if TYPE_CHECKING:
    from babel import Locale

_RAISED = str.maketrans("0123456789+-\u2212=()in", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁱⁿ")
_LOWERED = str.maketrans("0123456789+-\u2212=()", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎")
_INLINE = ("sup", "sub", "small", "span", "b", "strong", "i", "em")
_CENTS = {"cent", "cents", "centimes", "fraction", "decimal", "decimals", "pence", "kopecks", "sup", "superscript"}
_PRICES = {"price", "prices", "amount", "cost", "money", "currency"}
_CODE = ("code", "pre", "kbd", "samp", "tt", "var")
_FIGURES = re.compile(r"\d+")
_FRACTION = re.compile(r"\d+[/\u2044]\d+")
_WHOLE = re.compile(r"(?P<before>\S{0,6}?)\s?(?P<units>\d[\d.,'\u2019\u00a0\u202f ]*)$")
_NEAR = 24  # characters


def write_raised_figures(soup: BeautifulSoup) -> None:
    """ "$19<sup>99</sup>" becomes $19.99, "10<sup>6</sup>" 10⁶, "H<sub>2</sub>O" H₂O; figures that only a style sheet
    parts get a space. Raised letters ("1st", "TM") stay as they are."""
    for tag in find_tags(soup, _INLINE):
        text = _read_short_text(tag)
        if not any(char.isdigit() for char in text) or find_ancestor(tag, _CODE) is not None:
            continue
        if (
            _FIGURES.fullmatch(text)
            and len(text) == 2
            and _is_raised(tag)
            and (sign := _find_price_sign(tag)) is not None
        ):
            tag.insert_before(sign)
            tag.unwrap()
        elif tag.name in ("sup", "sub"):
            _write_as_characters(tag, text)
        elif tag.name == "span" and text[0].isdigit() and _touches_figure(tag):
            tag.insert_before(" ")


def _read_short_text(tag: Tag) -> str:
    """The element's text, "" where that is longer than a figure and its unit."""
    text = ""
    for string in tag.strings:
        text += string
        if len(text) > _NEAR:
            return ""
    return text.strip()


def _is_raised(tag: Tag) -> bool:
    style = get_attribute(tag, "style").replace(" ", "").lower()
    return tag.name in ("sup", "small") or "vertical-align:super" in style or bool(_CENTS & class_words(tag))


def _find_price_sign(tag: Tag) -> str | None:
    """What stands between units and cents where money stands before the element: nothing in 19€99. None where the page
    does not tell by a currency, or by what it calls the element around it, that it is money."""
    locale, before = _find_locale(tag), _text_before(tag)
    after = (_text_after(tag).split() or [""])[0].rstrip(".,;:!?")
    if before[-1:] and before[:-1].rstrip()[-1:].isdigit() and _names_currency(before[-1], locale):
        return ""
    whole = _WHOLE.search(before)
    if whole is None or not before[-1:].isdigit():
        return None
    called_price = any(class_words(parent) & _PRICES for parent in islice(tag.parents, 3) if parent.name not in BLOCKS)
    if not called_price and not any(_names_currency(text, locale) for text in (whole["before"], after)):
        return None
    signs = [char for char in whole["units"] if char in ".,"]
    return {".": ",", ",": "."}[signs[-1]] if signs else str(locale.number_symbols["latn"]["decimal"])


def _names_currency(text: str, locale: Locale) -> bool:
    from babel.numbers import list_currencies

    signs = any(unicodedata.category(char) == "Sc" for char in text)
    return signs or (len(text) > 1 and (text in list_currencies() or text in locale.currency_symbols.values()))


def _find_locale(tag: Tag) -> Locale:
    """That of the language which the page says it is in, English where it says none that is known."""
    from babel import Locale, UnknownLocaleError

    declared = next((name for parent in tag.parents if (name := get_attribute(parent, "lang"))), "en")
    try:
        return Locale.parse(declared.replace("_", "-"), sep="-")
    except (ValueError, TypeError, UnknownLocaleError):
        return Locale("en")


def _write_as_characters(tag: Tag, text: str) -> None:
    """Raised or lowered characters where there are such ones for all of it, else a sign that it is raised."""
    table = _RAISED if tag.name == "sup" else _LOWERED
    if all(ord(char) in table or char.isspace() for char in text):
        for string in texts_in(tag):
            string.replace_with(str(string).translate(table))
    elif text[0].isdigit() and _text_before(tag)[-1:].isdigit():
        tag.insert_before(" " if _FRACTION.fullmatch(text) else "^" if tag.name == "sup" else "_")
    tag.unwrap()


def _touches_figure(tag: Tag) -> bool:
    before = tag.previous_sibling
    return isinstance(before, Tag) and before.name == "span" and before.get_text()[-1:].isdigit()


def _text_before(tag: Tag) -> str:
    return _text_beside(tag, forward=False)


def _text_after(tag: Tag) -> str:
    return _text_beside(tag, forward=True)


def _text_beside(tag: Tag, *, forward: bool) -> str:
    """Some characters of what is shown before or after the element on its line."""
    block, text = _find_block(tag), ""
    for node in tag.next_elements if forward else tag.previous_elements:
        if isinstance(node, Tag):
            if node.name == "br" or node.name in BLOCKS:
                break
        elif type(node) is NavigableString and not (forward and any(parent is tag for parent in node.parents)):
            if _find_block(node) is not block:
                break
            text = text + node if forward else node + text
        if len(text) >= _NEAR:
            break
    return text


def _find_block(node: PageElement) -> Tag | None:
    return next((parent for parent in node.parents if parent.name in BLOCKS), None)
