"""The words of a message as features: what an embedding blurs ("I'll", "do you", a question mark) they keep."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

from retrieval.text.scripts import HAN, HANGUL, KANA

_READ = 60  # words; who asks, thanks or refuses does so within them
_CHARACTERS = f"{HAN}{KANA}{HANGUL}"  # read one by one, as they have no spaces or many endings
_WORD = re.compile(
    rf"https?://\S+|[{_CHARACTERS}]|[^\W\d_{_CHARACTERS}]+(?:'[^\W\d_{_CHARACTERS}]+)*|\d+|[^\w\s]", re.IGNORECASE
)
_ALIKE = str.maketrans({"’": "'", "？": "?", "！": "!", "؟": "?", "՞": "?", ";": "?"})


def list_words(text: str) -> list[str]:
    """The words and pairs of neighbouring words of `text`, its beginning and its end being words; marks but for
    question and exclamation marks, at-signs and pictures are left out, and a number or a link is as good as another."""
    found = [_normalise_word(word) for word in _WORD.findall(text.lower().translate(_ALIKE))]
    line = ["^", *[word for word in found if word][:_READ], "$"]
    return line[1:-1] + [f"{one} {other}" for one, other in pairwise(line)]


def _normalise_word(word: str) -> str:
    if word[0].isdigit():
        return "#"
    if word.startswith("http") and "://" in word:
        return "://"
    if word[0].isalpha() or word in {"?", "!", "@"} or unicodedata.category(word[0]) == "So":
        return word
    return ""
