"""How titles are shown."""

import pytest

from bot.chat.conversation import Citation
from bot.chat.text import LONGEST_TITLE, shorten_text, shorten_title, without_section_number


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
