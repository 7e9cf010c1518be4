"""Reading aids above words (furigana, Bopomofo, Pinyin)."""

from __future__ import annotations

from bs4 import BeautifulSoup

_READINGS = ("rt", "rp", "rtc")


def remove_readings(soup: BeautifulSoup) -> None:
    """Leave the words alone: a reading within a word is neither read nor found.

    A base text that the parser took for a part of the reading before it (HTML lets end tags out) stays.
    """
    readings = soup.find_all(_READINGS)
    for reading in readings:
        for base in reading.find_all("rb"):
            if base.find_parent(_READINGS) is reading:
                reading.insert_before(base.extract())
    for reading in readings:
        if not reading.decomposed:
            reading.decompose()
