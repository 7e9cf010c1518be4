"""The language that a person has set a platform to, as a tag of ours."""

from __future__ import annotations

from bot.i18n import DEFAULT
from bot.i18n.language import primary_subtag


def language_of_locale(locale: str) -> str:
    """A platform's locale as one of our tags: "pt-BR" -> "pt", "zh-TW" -> "zh-Hant", "zh-CN" -> "zh"; English where it
    names no language. There need be no words of ours in it."""
    tag = locale.strip().replace("_", "-")
    primary = primary_subtag(tag).lower()
    if not primary.isalpha():
        return DEFAULT
    return "zh-Hant" if primary == "zh" and _is_traditional(tag) else primary


def name_language(tag: str) -> str:
    """What a tag of ours is called in English: "zh-Hant" -> "Chinese (Traditional)"; "" for what names no language."""
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(tag, sep="-").get_display_name(DEFAULT) or ""
    except (UnknownLocaleError, ValueError):
        return ""


def _is_traditional(tag: str) -> bool:
    """Whether Chinese is written in the traditional script there: where a region is named alone, by what is likely."""
    from babel import Locale, UnknownLocaleError

    try:
        return Locale.parse(tag, sep="-").script == "Hant"
    except (UnknownLocaleError, ValueError):
        return False
