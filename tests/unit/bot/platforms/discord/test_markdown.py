"""What Frontdesk's Markdown becomes in Discord."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.platforms.discord.markdown import to_discord, to_literal

LINKS = frozenset({"https://shop.test/a", "https://shop.test/a.png", "https://shop.test/b"})


@pytest.mark.parametrize(
    ("markdown", "discord"),
    [
        ("Plain **bold** and `code`.", "Plain **bold** and `code`."),
        ("A [page](https://shop.test/a) [1]", "A [page](https://shop.test/a) [1]"),
        ("![a picture](https://shop.test/a.png)", "[a picture](https://shop.test/a.png)"),
        ("See https://shop.test/a.", "See <https://shop.test/a>."),
        ("A [page](https://shop.test/other)", "A page"),
        ("[https://shop.test/a](https://shop.test/a)", "<https://shop.test/a>"),
        ("3 &lt; 5 &amp; 7", "3 \\< 5 & 7"),
        ("`a &lt; b` stays", "`a &lt; b` stays"),
        ("<t:0:R> and <id:home>", "\\<t:0:R> and \\<id:home>"),
        ("||hidden||", r"\|\|hidden\|\|"),
        ("-# small\n>>> endless", "\\-# small\n\\>>> endless"),
        ("#### Deep\ntext", "**Deep**\ntext"),
        ("## Two", "## Two"),
        ("one\n\n---\n\ntwo", "one\n\ntwo"),
        ("```\n#### no heading\n| a | b |\n|---|---|\n```", "```\n#### no heading\n| a | b |\n|---|---|\n```"),
    ],
)
def test_it_is_what_discord_shows_well(markdown: str, discord: str) -> None:
    assert to_discord(markdown, LINKS) == discord


def test_a_table_is_drawn_in_columns_chinese_ones_too() -> None:
    table = "| 尺寸 | Weight |\n|---|---|\n| 大号 | **3 kg** |\n| S | 1 kg |"
    assert to_discord(table) == "```\n尺寸  Weight\n────  ──────\n大号  3 kg\nS     1 kg\n```"


def test_a_table_that_is_wide_or_holds_links_is_a_list_of_rows() -> None:
    wide = "| Plan | Terms |\n|---|---|\n| Basic | " + "word " * 20 + "|\n| Pro | short |"
    assert to_discord(wide) == "- **Basic** · **Terms:** " + ("word " * 20).strip() + "\n- **Pro** · **Terms:** short"
    linked = "| Plan | Page |\n|---|---|\n| Basic | [here](https://shop.test/b) |"
    assert to_discord(linked, LINKS) == "- **Basic** · **Page:** [here](https://shop.test/b)"
    bare = "| Plan | Page |\n|---|---|\n| Basic | https://shop.test/b |"
    assert to_discord(bare, LINKS) == "- **Basic** · **Page:** <https://shop.test/b>"


@pytest.mark.parametrize("text", ["@everyone", "<@1234567>", "**bold** [a](b)", "# heading", "- item", "1 < 2"])
def test_literal_text_forms_nothing(text: str) -> None:
    shown = to_literal(text)
    assert "<@" not in shown and "**" not in shown and "](" not in shown
    assert re.sub("[\\\\\u200b\u2060]", "", shown) == text


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=300))
def test_no_text_makes_a_mention_or_a_timestamp(text: str) -> None:
    outside_code = to_discord(text.replace("`", "").replace("~", ""))
    for place in range(len(outside_code) - 1):
        if outside_code[place] == "<":
            assert (place and outside_code[place - 1] == "\\") or "http" in outside_code


@given(st.text(max_size=400))
def test_any_text_is_translated(text: str) -> None:
    assert isinstance(to_discord(text), str)
