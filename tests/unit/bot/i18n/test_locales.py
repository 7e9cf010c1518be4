"""Platforms' locales -> languages of ours."""

from __future__ import annotations

import discord
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.i18n import list_languages, words_for
from bot.i18n.locales import language_of_locale, name_language

# https://api.slack.com/methods/users.info: IETF tags of the languages that Slack can be used in.
SLACK = (
    *("de-DE", "en-GB", "en-US", "es-ES", "es-LA", "fr-FR", "it-IT", "pt-BR", "ru-RU"),
    *("ja-JP", "zh-CN", "zh-TW", "ko-KR"),
)


@pytest.mark.parametrize(
    ("locale", "language"),
    [
        ("en-US", "en"),
        ("en_GB", "en"),
        ("pt-BR", "pt"),
        ("es-LA", "es"),
        ("es-419", "es"),
        ("sv-SE", "sv"),
        ("ja", "ja"),
        ("zh-CN", "zh"),
        ("zh-SG", "zh"),
        ("zh", "zh"),
        ("zh-Hans-HK", "zh"),
        ("zh-TW", "zh-Hant"),
        ("zh-HK", "zh-Hant"),
        ("zh-MO", "zh-Hant"),
        ("zh_TW", "zh-Hant"),
        ("zh-Hant", "zh-Hant"),
        ("zh-Hant-TW", "zh-Hant"),
        ("zh-nowhere-at-all", "zh"),
        ("", "en"),
        ("  ", "en"),
        ("-", "en"),
        ("12", "en"),
    ],
)
def test_a_locale_is_a_language_of_ours(locale: str, language: str) -> None:
    assert language_of_locale(locale) == language


@pytest.mark.parametrize("locale", sorted({*SLACK, *map(str, discord.Locale)}))
def test_whoever_uses_a_platform_in_one_of_our_languages_reads_it(locale: str) -> None:
    language = language_of_locale(locale)
    known = {tag.partition("-")[0] for tag in list_languages()}
    expected = locale.partition("-")[0]
    assert words_for(language).language.partition("-")[0] == (expected if expected in known else "en")


@given(st.text(max_size=20))
def test_whatever_a_platform_says_there_is_a_language(locale: str) -> None:
    assert language_of_locale(locale)


@pytest.mark.parametrize("tag", list_languages())
def test_every_language_of_ours_has_an_english_name(tag: str) -> None:
    assert name_language(tag).replace("(", "").replace(")", "").replace(" ", "").isalpha()


@pytest.mark.parametrize("tag", ["", "-", "no language", "\0"])
def test_what_names_no_language_has_no_name(tag: str) -> None:
    assert name_language(tag) == ""
