"""The console speaks each of its languages wholly."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from bot.console import app, views

TEMPLATES = Path(views.__file__).parent / "templates"


def _list_texts() -> set[str]:
    found = extract_from_dir(
        TEMPLATES, [("**.html", "jinja2")], {"**.html": {"extensions": "jinja2.ext.i18n", "silent": "false"}}
    )
    texts = {message if isinstance(message, str) else message[0] for _, _, message, _, _ in found}
    return texts | {text for pair in app.REFUSALS.values() for text in pair}


@pytest.mark.parametrize("language", [each for each in views.LANGUAGES if each != "en"])
def test_every_text_of_the_pages_is_translated_and_nothing_else_is(language: str) -> None:
    translated = views._load_texts(language)
    missing = _list_texts() - {text for text, other in translated.items() if other}
    assert (missing, len(translated) > 30) == (set(), True)


@pytest.mark.parametrize(
    ("wanted", "accepted", "language"),
    [
        ("", "", "en"),
        ("", "de-DE,de;q=0.9,zh;q=0.5", "zh"),
        ("", "zh-CN,zh;q=0.9", "zh"),
        ("en", "zh-CN", "en"),
        ("xx", "yy", "en"),
    ],
)
def test_a_page_is_in_the_language_that_was_chosen_or_the_browser_asks_for(
    wanted: str, accepted: str, language: str
) -> None:
    assert views.choose_language(wanted, accepted) == language


@pytest.mark.parametrize("language", [each for each in views.LANGUAGES if each != "en"])
def test_a_translation_takes_what_its_text_takes(language: str) -> None:
    class Anything(dict[str, str]):
        def __missing__(self, name: str) -> str:
            return f"<{name}>"

    for text, other in views._load_texts(language).items():
        names = re.findall(r"%\((\w+)\)s", text)
        assert sorted(names) == sorted(re.findall(r"%\((\w+)\)s", other)), text
        assert (text % Anything()) and (other % Anything())
