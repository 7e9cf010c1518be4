"""Reading aids above words (furigana, Bopomofo, Pinyin)."""

from __future__ import annotations

from bs4 import BeautifulSoup

from retrieval.extraction.elements import find_ancestor, find_tags, is_decomposed

_READINGS = ("rt", "rp", "rtc")


def remove_readings(soup: BeautifulSoup) -> None:
    """Leave the words alone: a reading within a word is neither read nor found.

    A base text that the parser took for a part of the reading before it (HTML lets end tags out) stays.
    """
    readings = find_tags(soup, _READINGS)
    for reading in readings:
        for base in reading.find_all("rb"):
            if find_ancestor(base, _READINGS) is reading:
                reading.insert_before(base.extract())
    for reading in readings:
        if not is_decomposed(reading):
            reading.decompose()
