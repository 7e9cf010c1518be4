"""The widget's parts by themselves: the script's size and texts, its settings, who visits, and how often."""

from __future__ import annotations

import re
import tomllib

import pytest

from bot.errors import SettingsError
from bot.i18n import list_languages
from bot.platforms.registry import load_platforms
from bot.platforms.widget.limits import CallLimit
from bot.platforms.widget.script import CLIENT, LARGEST, load_script
from bot.platforms.widget.settings import WidgetSettings
from bot.platforms.widget.visits import VISITOR, BadRequest, read_body, read_message, read_visit
from bot.sections import load_section

SECRET = "Bearer " + "x" * 43


def test_the_script_is_small_whole_and_parses_nothing_as_markup() -> None:
    script, tag = load_script()
    text = script.decode()
    assert len(script) <= LARGEST
    assert "{{" not in text and tag.startswith('"')
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\b|new Function|DOMParser", text
    )
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)\w", text)  # it calls nobody but its own server


def test_the_widget_speaks_every_language_in_the_same_texts() -> None:
    texts = tomllib.loads((CLIENT / "texts.toml").read_text(encoding="utf-8"))
    source = (CLIENT / "frontdesk.js").read_text(encoding="utf-8")
    assert set(texts) == set(list_languages())
    used = set(re.findall(r"\bsay\.(\w+)", source))
    for language, each in texts.items():
        assert set(each) == used and all(each.values()), language


def test_origins_are_read_as_browsers_send_them() -> None:
    settings = load_section(
        WidgetSettings, origins=" https://Shop.example/ ,http://127.0.0.1:8420,https://shop.example"
    )
    assert settings.allowed_origins == {"https://shop.example", "http://127.0.0.1:8420"}
    assert settings.is_configured and not load_section(WidgetSettings, origins="").is_configured


@pytest.mark.parametrize("origins", ["shop.example", "https://shop.example/path", "*", "null", "https://*.example"])
def test_what_is_no_origin_is_refused_by_name(origins: str) -> None:
    with pytest.raises(SettingsError, match=re.escape("FRONTDESK_WIDGET_ORIGINS")):
        load_section(WidgetSettings, origins=origins)


def test_a_visitor_is_the_hash_of_a_secret_and_no_other_platforms_user() -> None:
    visit = read_visit(SECRET)
    assert VISITOR.fullmatch(visit.visitor) and "xxx" not in visit.visitor
    assert read_visit(SECRET) == visit != read_visit("Bearer " + "y" * 43)
    assert load_platforms().find_by_user(visit.visitor) == "widget"
    for wrong in ("", "Bearer ", "x" * 43, SECRET + "x", "Bearer " + "x" * 42 + "="):
        with pytest.raises(BadRequest):
            read_visit(wrong)


@pytest.mark.parametrize(
    "body",
    [{}, {"id": "x" * 20}, {"id": "x" * 20, "text": " "}, {"id": "x" * 20, "text": "y" * 4001}, {"id": 1, "text": "y"}],
)
def test_what_is_no_message_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(BadRequest):
        read_message(read_visit(SECRET), body)


@pytest.mark.parametrize("body", [b"[]", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        read_body(body)


def test_calls_are_taken_up_to_a_limit_of_each_caller() -> None:
    limit = CallLimit(2)
    assert [limit.take_call("ann") for _ in range(2)] == [0.0, 0.0]
    assert 0 < limit.take_call("ann") <= 30
    assert limit.take_call("ben") == 0.0
