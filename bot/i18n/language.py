"""Which language a message is in, and so which of Frontdesk's own words answer it."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cache
from typing import TYPE_CHECKING

from bot.i18n import DEFAULT, Words, list_languages, words_for
from retrieval.text.languages import detect_language, script_language

if TYPE_CHECKING:
    from opencc import OpenCC

# Fewer Latin words than this ("ok", "iPhone 15") say nothing about the language of a conversation held in another.
_TELLING_WORDS = 3
_WORD = re.compile(r"[^\W\d_]+")


def reply_language(
    text: str,
    conversation_language: str = "",
    site_languages: Sequence[str] = (),
    page_languages: Collection[str] = (),
) -> str:
    """The tag of the language to reply in: "en", "zh", "zh-Hant", "ja" …

    A text that does not tell takes the conversation's language, else the first of the site's.
    `page_languages` only tell Chinese from Japanese without kana.
    """
    fallback = conversation_language or next(iter(site_languages), DEFAULT)
    if script_language(text, ""):
        pages = page_languages or site_languages
        language = detect_language(text, primary_subtag(fallback), _list_primary_tags(), pages)
        return _choose_script(text, conversation_language) if language == "zh" else language
    few = len(_WORD.findall(text)) < _TELLING_WORDS
    if few and conversation_language:
        return conversation_language
    found = detect_language(text, "")  # of all languages: Dutch is replied to in English, not in German
    if not found and not few:
        found = detect_language(text, primary_subtag(fallback), _list_primary_tags())
    return found if found and found != primary_subtag(fallback) else fallback


def words_for_text(text: str) -> Words:
    """The words to reply to `text` in, where nothing else is known of its author."""
    return words_for(reply_language(text))


def primary_subtag(tag: str) -> str:
    """The primary subtag, which retrieval speaks in: "zh-Hant" -> "zh"."""
    return tag.partition("-")[0]


def _list_primary_tags() -> list[str]:
    return [primary_subtag(tag) for tag in list_languages()]


def _choose_script(text: str, conversation_language: str) -> str:
    traditional, simplified = _count_changed(text, "t2s"), _count_changed(text, "s2t")
    if traditional == simplified == 0 and conversation_language.startswith("zh"):
        return conversation_language  # written alike in both scripts
    return "zh-Hant" if traditional > simplified else "zh"


def _count_changed(text: str, conversion: str) -> int:
    """How many characters a conversion between the scripts changes: those that belong to the script it starts from."""
    return sum(a != b for a, b in zip(text, _load_converter(conversion).convert(text), strict=False))


@cache
def _load_converter(conversion: str) -> OpenCC:
    from opencc import OpenCC

    return OpenCC(conversion)
