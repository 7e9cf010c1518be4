"""Words that only say how something is asked ("how", "can", "the"): the stop words that bm25s carries."""

from __future__ import annotations

import runpy
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

_NAMES = {
    "da": "DANISH",
    "de": "GERMAN",
    "en": "EN_PLUS",
    "es": "SPANISH",
    "fr": "FRENCH",
    "it": "ITALIAN",
    "ko": "KOREAN",
    "nl": "DUTCH",
    "no": "NORWEGIAN",
    "pt": "PORTUGUESE",
    "ru": "RUSSIAN",
    "sv": "SWEDISH",
    "tr": "TURKISH",
    "zh": "CHINESE",
}


def function_words(language: str) -> Sequence[str]:
    """The function words of a language; none for one that the library does not know, as Japanese."""
    words: Sequence[str] = _load_lists().get(f"STOPWORDS_{_NAMES.get(language)}", ())
    return words


@cache
def _load_lists() -> dict[str, Sequence[str]]:
    """That module alone: its package would import scipy.sparse, in a third of a second that a first question waits."""
    package = find_spec("bm25s")
    return runpy.run_path(str(Path(package.origin or "").parent / "stopwords.py")) if package else {}
