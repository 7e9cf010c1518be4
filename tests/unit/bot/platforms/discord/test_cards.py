"""Cards and forms as Discord takes them: nothing in them rings, forms markup, or is too long."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from simcord.components import validate_modal, walk_components

from bot.chat.card import Button, Card, Field, File, Form, Line, Style, Table
from bot.platforms.discord.buttons import CardButton, ConfirmButton
from bot.platforms.discord.cards import PAGE, Filled, collect_files, draw_layout, split_pages, values_of

HOSTILE = "@everyone <@1234567890> **bold** [bank](https://evil.test) # head\n> quote `code` ||spoiler|| -# small"


def components(card: Card) -> list[dict[str, Any]]:
    return list(walk_components(draw_layout(card).to_components()))


def shown(card: Card) -> str:
    return "\n".join(part["content"] for part in components(card) if part["type"] == 10)


def check(card: Card) -> None:
    """What Discord would refuse."""
    parts = components(card)
    texts = [part["content"] for part in parts if part["type"] == 10]
    assert len(parts) <= 40 and sum(map(len, texts)) <= 4_000 and all(text.strip() for text in texts)
    names = [part["custom_id"] for part in parts if part["type"] == 2]
    assert len(names) == len(set(names)) and all(len(name) <= 100 for name in names)
    assert all(1 <= len(part["label"]) <= 80 for part in parts if part["type"] == 2)


def test_every_part_of_a_card_is_shown_in_order() -> None:
    card = Card(
        title="Re-crawl",
        text="of help",
        markdown="Some **bold** words",
        facts={"Pages": "3 of 4"},
        bar=0.42,
        lines=(Line("added: Where?", "https://shop.test/a", "new"), Line("no link")),
        table=Table(("source", ">pairs"), (("help", "12"), ("退货", "3"))),
        footnote="by Ann",
        buttons=(Button("cancel", "abc", "Cancel", Style.DANGER),),
    )
    check(card)
    assert shown(card) == "\n".join(
        [
            "**Re\\-crawl**\nof help\n**Pages:** 3 of 4\n▰▰▰▰▱▱▱▱▱▱ 42 %",
            "Some **bold** words",
            "```\nsource  pairs\n──────  ─────\nhelp       12\n退货        3\n```",
            "• [added\\: Where?](https://shop.test/a)\n-# new\n• no link",
            "-# by Ann",
        ]
    )
    (button,) = [part for part in components(card) if part["type"] == 2]
    assert (button["label"], button["style"], button["custom_id"]) == ("Cancel", 4, "frontdesk:do:cancel:abc")


def test_an_empty_card_is_a_message_all_the_same() -> None:
    check(Card())
    assert shown(Card()) == "…"


@pytest.mark.parametrize("bar", [-1.0, 0.0, 1.0, 7.0])
def test_a_bar_stays_a_bar(bar: float) -> None:
    text = shown(Card(bar=bar))
    assert len(text.split()[0]) == 10 and text.endswith("100 %" if bar >= 1 else "0 %")


def test_what_people_and_pages_say_is_shown_literally() -> None:
    card = Card(
        title=HOSTILE,
        text=HOSTILE,
        facts={HOSTILE: HOSTILE},
        lines=(Line(HOSTILE, "javascript:alert(1)", HOSTILE), Line(HOSTILE, "https://shop.test/(a) b")),
        footnote=HOSTILE,
        buttons=(Button("cancel", "a", HOSTILE),),
    )
    check(card)
    text = shown(card)
    assert "@everyone" not in text.replace("\\@", "") and "<@" not in text
    assert "](https://evil" not in text and "javascript" not in text
    assert "||spoiler" not in text and "`code" not in text.replace("\\`", "")
    assert "(https://shop.test/%28a%29%20b)" in text


def test_a_table_s_cells_do_not_leave_their_code_block() -> None:
    text = shown(Card(table=Table(("a", "b"), (("``` @everyone", "x\ny"),))))
    assert text.count("```") == 2 and "''' @\u200beveryone  x y" in text


def test_a_wide_table_is_a_list_of_rows() -> None:
    rows = tuple((f"11-26 10:0{n}", f"discord:{10**17 + n}", "sources add " + "x" * 60, "done") for n in range(5))
    text = shown(Card(table=Table(("when", "who", "what", "outcome"), rows)))
    assert "```" not in text and text.count("• **11\\-26") == 5 and "outcome: done" in text


def test_lines_of_a_text_stay_and_the_addresses_that_it_may_link_to_can_be_clicked() -> None:
    written = "See https://shop.test/a_b?c=d\n\n\n\n* one\n(https://x.test)"
    text = shown(Card(title="Ann", text=written, links=frozenset({"https://shop.test/a_b?c=d"})))
    assert text == "**Ann**\nSee <https://shop.test/a_b?c=d>\n\n\\* one\n\\(https\\:\u2060//x.\u2060test\\)"
    assert "<" not in shown(Card(title="Ann", text=written))


def test_what_is_too_long_is_cut_and_says_so() -> None:
    long = "word * " * 2_000
    for card in (
        Card(title=long, text=long, footnote=long),
        Card(markdown=long),
        Card(markdown="```\n" + "code\n" * 2_000 + "```"),
        Card(facts={f"{n} {long}": long for n in range(30)}),
        Card(lines=tuple(Line(f"{n} {long}", "https://shop.test", long) for n in range(200))),
        Card(table=Table(("n", "x"), tuple((str(n), "x" * 20) for n in range(500)))),
    ):
        check(card)
        assert "…" in shown(card) and shown(card).count("```") % 2 == 0
    assert "more" in shown(Card(lines=tuple(Line(f"line {n} " + "x" * 90) for n in range(200))))


def test_a_relayed_message_loses_nothing_however_long() -> None:
    text = " ".join(f"word{n}" for n in range(2_000))
    cards = split_pages(Card(title="Ann", text=text, footnote="small", buttons=(Button("claim", "a", "Claim"),)))
    assert [card.title for card in cards] == ["Ann"] + [""] * (len(cards) - 1)
    assert [bool(card.buttons) for card in cards] == [False] * (len(cards) - 1) + [True]
    for card in cards:
        check(card)
        assert len(card.text) <= PAGE and "…" not in shown(card)
    assert " ".join(card.text for card in cards).split() == text.split()
    assert split_pages(Card(text="short")) == [Card(text="short")]


def test_buttons_that_ask_first_say_so_in_their_id() -> None:
    asking = CardButton(Button("force", "f" * 32, "Force", Style.DANGER, "This removes them from the index."))
    assert asking.custom_id == f"frontdesk:do:force:{'f' * 32}:This removes them from the index."
    long = CardButton(Button("force", "f" * 64, "Force", confirm="Really? " * 20))
    assert len(long.custom_id) == 100 and long.custom_id.endswith("…")
    assert (
        ConfirmButton("force", "f" * 32, "Force", "1" * 19).custom_id == f"frontdesk:sure:force:{'f' * 32}:{'1' * 19}"
    )
    assert (
        ConfirmButton("drop_source", "f" * 64, "Force", "1" * 19).custom_id == f"frontdesk:sure:drop_source:{'f' * 64}"
    )


def test_equal_buttons_are_shown_once_and_not_too_many() -> None:
    card = Card(buttons=tuple(Button("do", str(n % 30), "x" * 200) for n in range(60)))
    check(card)
    assert len([part for part in components(card) if part["type"] == 2]) == 15


def test_a_file_goes_along() -> None:
    card = Card(text="Here.", file=File("ga ps/2026.csv", "frage,退货\n"))
    check(card)
    (file,) = collect_files(card)
    assert file.filename == "ga-ps-2026.csv" and file.fp.read().decode() == "frage,退货\n"
    (part,) = [part for part in components(card) if part["type"] == 13]
    assert part["file"]["url"] == "attachment://ga-ps-2026.csv"
    assert collect_files(Card()) == []


def test_a_form_is_a_modal_that_discord_takes() -> None:
    long = "x" * 6_000
    fields = tuple(Field(f"f{n}", long, long, multiline=bool(n % 2), required=n < 2, longest=9_000) for n in range(7))
    modal = Filled(Form("teach", "f" * 64, long, "Save", fields)).to_dict()
    assert len(validate_modal(modal)["components"]) == 5
    named = Filled(Form("edit", "f" * 32, "Edit", "Save", (Field("question", "Question", "", longest=10),))).to_dict()
    assert named["custom_id"] == f"frontdesk:form:edit:{'f' * 32}"
    assert "value" not in named["components"][0]["component"]


def test_what_was_filled_in_is_read_however_it_is_nested() -> None:
    labelled = {"type": 18, "component": {"type": 4, "custom_id": "question", "value": "Where?"}}
    in_a_row = {"type": 1, "components": [{"type": 4, "custom_id": "answer", "value": "Here."}]}
    assert values_of([labelled, in_a_row]) == {"question": "Where?", "answer": "Here."}
    assert values_of(None) == {}


TEXT = st.text(max_size=600)


@settings(deadline=None, max_examples=150)
@given(
    title=TEXT,
    text=TEXT,
    markdown=st.text(max_size=6_000),
    facts=st.dictionaries(TEXT, TEXT, max_size=8),
    lines=st.lists(st.builds(Line, TEXT, TEXT, TEXT), max_size=30),
    rows=st.lists(st.lists(TEXT, max_size=4), max_size=30),
    footnote=TEXT,
)
def test_whatever_a_card_says_discord_takes_it(
    title: str,
    text: str,
    markdown: str,
    facts: dict[str, str],
    lines: list[Line],
    rows: list[list[str]],
    footnote: str,
) -> None:
    table = Table(("a", ">b", "c"), tuple(tuple(row) for row in rows))
    card = Card(title, text, markdown, facts, 0.5, tuple(lines), table, footnote)
    check(card)
    assert shown(card).encode()
