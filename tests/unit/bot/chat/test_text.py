"""How titles, other texts and times are shown in little room."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat import text as shown_as
from bot.chat.conversation import Citation
from bot.chat.text import (
    LONGEST_TITLE,
    ago,
    cut_text,
    format_age,
    short,
    shorten_text,
    shorten_title,
    without_section_number,
)


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("3.2.1 Export a file", "Export a file"),
        ("3.2 Export", "Export"),
        ("4. Fees", "Fees"),
        ("1) Fees", "Fees"),
        ("(2) Fees", "Fees"),
        ("§ 4 Fees", "Fees"),
        ("§4.2 Fees", "Fees"),
        ("2.1. 如何退货？", "如何退货？"),
        ("3.2 如何退货？", "如何退货？"),
        ("1、如何退货？", "如何退货？"),
    ],
)
def test_a_section_s_number_is_no_part_of_its_title(title: str, shown: str) -> None:
    assert without_section_number(title) == shown


@pytest.mark.parametrize(
    "title",
    [
        "3 ways to pay",
        "10.5 inch screens",
        "2FA",
        "24/7 support",
        "1.5 l kettle",
        "365 days",
        "2024 prices",
        "3.2.1",
        "§",
    ],
)
def test_a_number_that_says_something_stays(title: str) -> None:
    assert without_section_number(title) == title


def test_no_address_is_a_label() -> None:
    address = "https://shop.example/a/b"
    assert Citation(1, address, address, "p", gist="Two years.").label == "Two years."
    assert Citation(1, address, address, "p", gist="Two years.", under="Kettles").label == "Kettles"
    assert Citation(1, "2. Fees", address, "p", under="Cards").label == "Fees (Cards)"


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("How do I reset it?", 75, "How do I reset it?"),
        ("How do I reset it, and when?", 20, "How do I reset it…"),
        ("How do I resettle anywhere?", 14, "How do I…"),
        ("如何重置我的第一台厨房电热水壶的温度", 10, "如何重置我的第一台…"),
        ("Donaudampfschifffahrtsgesellschaft", 12, "Donaudampfs…"),
    ],
)
def test_a_label_is_cut_at_a_word_where_there_is_one(text: str, limit: int, expected: str) -> None:
    assert shorten_text(text, limit) == expected and len(shorten_text(text, limit)) <= limit


def test_a_heading_of_a_paragraphs_length_is_cut() -> None:
    shown = shorten_title("3.2.1 " + "very " * 200)
    assert len(shown) <= LONGEST_TITLE and shown.startswith("very very") and shown.endswith("very…")


@pytest.mark.parametrize(
    ("ends", "expected"),
    [(" ,;:.", "Is it really?…"), (" ,;:.?", "Is it really…")],
)
def test_what_stands_before_the_ellipsis_depends_on_the_reader(ends: str, expected: str) -> None:
    assert shorten_text("Is it really? Then tell me how.", 15, ends) == expected


@given(st.text(max_size=60), st.integers(1, 40))
def test_a_text_that_is_cut_begins_as_it_did_and_says_that_more_follows(text: str, limit: int) -> None:
    for cut, whole in (
        (cut_text(text, limit), text.strip()),
        (short(text, limit), " ".join(text.split())),
        (shorten_text(text, limit), text),
    ):
        assert len(cut) <= limit
        assert cut == whole or (len(whole) > limit and cut.endswith("…") and whole.startswith(cut[:-1]))
    assert "\n" not in short(text, limit)


AGES = [
    (0, "0 min"),
    (59, "0 min"),
    (60, "1 min"),
    (3_599, "59 min"),
    (3_600, "1 h"),
    (47 * 3_600 + 3_599, "47 h"),
    (48 * 3_600, "2 d"),
    (400 * 86_400, "400 d"),
]


@pytest.mark.parametrize(("seconds", "age"), AGES)
def test_an_age_is_told_in_the_largest_fitting_unit(seconds: int, age: str, monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    class Stopped(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
            return now if tz else now.replace(tzinfo=None)

    monkeypatch.setattr(shown_as, "datetime", Stopped)
    past, future = now - timedelta(seconds=seconds), now + timedelta(seconds=seconds)
    assert format_age(past) == format_age(past, now) == format_age(past.replace(tzinfo=None)) == age
    assert ago(past) == f"{age} ago"
    assert format_age(future) == "0 min"
    assert ago(future) == (f"in {age}" if seconds else f"{age} ago")


def test_what_never_was_is_said_so() -> None:
    assert ago(None) == "never"
