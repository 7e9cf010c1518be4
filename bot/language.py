"""Which language a message is in, and so which of Frontdesk's own words answer it."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from bot.words import DEFAULT
from retrieval.text import detect_language

if TYPE_CHECKING:
    from opencc import OpenCC

# Fewer Latin words than this ("ok", "iPhone 15") say nothing about the language of a conversation held in another.
_TELLING_WORDS = 3
_WORD = re.compile(r"[^\W\d_]+")


def reply_language(text: str, conversation_language: str = "") -> str:
    """The tag of the language to reply in: "en", "zh", "zh-Hant", "ja" …

    The script tells; a text that is too short to tell takes the conversation's language.
    """
    language = detect_language(text, "")
    if language == "zh":
        traditional, simplified = _changed(text, "t2s"), _changed(text, "s2t")
        if traditional == simplified == 0 and conversation_language.startswith("zh"):
            return conversation_language  # written alike in both scripts
        return "zh-Hant" if traditional > simplified else "zh"
    if language:
        return language
    if conversation_language and len(_WORD.findall(text)) < _TELLING_WORDS:
        return conversation_language
    return DEFAULT


def primary(tag: str) -> str:
    """The primary subtag, which retrieval speaks in: "zh-Hant" -> "zh"."""
    return tag.partition("-")[0]


def _changed(text: str, conversion: str) -> int:
    """How many characters a conversion between the scripts changes: those that belong to the script it starts from."""
    return sum(a != b for a, b in zip(text, _converter(conversion).convert(text), strict=False))


@cache
def _converter(conversion: str) -> OpenCC:
    from opencc import OpenCC

    return OpenCC(conversion)
