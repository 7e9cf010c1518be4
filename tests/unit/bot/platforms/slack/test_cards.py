"""Cards and forms in Block Kit: what Slack takes, whatever stands in them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bot.chat.card import Button, Card, Field, Form, Line, Style, Table
from bot.platforms.slack.cards import card_blocks, card_text, form_view, read_form
from tests.support.slack.checks import check_message_blocks, check_view, texts_of

HOSTILE = [
    "<!channel> <!everyone> <@U123> <https://evil.example|click>",
    "a" * 20_000,
    "&lt;!here&gt; & < >",
    "*bold* _it_ `code` ~no~",
    "line\nbreak\r\n\ttab",
    "你好" * 4_000,
    "\ud800 lone \0 nul",
    "",
    "   ",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_card_of_anything_is_taken_and_rings_nobody(text: str) -> None:
    card = Card(
        title=text,
        text=text,
        markdown=text,
        facts={text: text, "b": text},
        bar=0.4,
        lines=tuple(Line(text, "https://example.com/" + text[:50], text) for _ in range(60)),
        table=Table((text, ">" + text), tuple((text, text) for _ in range(200))),
        footnote=text,
        buttons=(Button("go", "v", text or "x", Style.DANGER, text), Button("go", "w", "y", Style.PRIMARY)),
    )
    blocks = card_blocks(card)
    check_message_blocks(json.loads(json.dumps(blocks).encode("utf-8", "replace")))
    marked = [block["text"]["text"] for block in blocks if block["type"] == "section"]
    marked = [each for each, block in zip(marked, sections(blocks), strict=True) if block["text"]["type"] == "mrkdwn"]
    assert not any("<!" in each or "<@" in each for each in marked)
    assert "<!" not in card_text(card) and len(card_text(card)) <= 1_000


def sections(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [block for block in blocks if block["type"] == "section"]


def test_an_empty_card_is_still_a_message() -> None:
    check_message_blocks(card_blocks(Card()))
    assert card_text(Card()) == "…"


def test_a_bar_shows_its_share() -> None:
    assert any("▰▰▰▰▰▰▰▰▰▰▱▱▱▱▱▱▱▱▱▱  50 %" in text for text in texts_of(card_blocks(Card(bar=0.5))))
    for share in (-1.0, 0.0, 1.0, 2.0):
        check_message_blocks(card_blocks(Card(bar=share)))


def test_only_web_addresses_become_links() -> None:
    for url in ("javascript:alert(1)", "/etc/passwd", "ftp://x", "", "https://e.example/|x>"):
        (section,) = [block for block in card_blocks(Card(lines=(Line("here", url),))) if block["type"] == "section"]
        linked = "<http" in section["text"]["text"]
        assert linked is url.startswith("https://"), section
        assert section["text"]["text"].count("|") == (1 if linked else 0)


def test_buttons_of_one_card_have_ids_of_their_own() -> None:
    (actions,) = card_blocks(Card(buttons=(Button("go", "a", "A"), Button("go", "b", "B"))))
    assert [each["action_id"] for each in actions["elements"]] == ["do:go:0", "do:go:1"]


def test_a_form_is_a_modal_that_reads_back() -> None:
    fields = (Field("question", "Q" * 3_000, "x" * 9_000, longest=1_000), Field("expires", "Until", required=False))
    view = form_view(Form("edit", "abc", "A title that is far too long for Slack", "Save", fields), {"channel": "C1"})
    check_view(view, {"modal"})
    assert json.loads(view["private_metadata"]) == {"channel": "C1", "value": "abc"}
    state = {"values": {"question": {"question": {"value": "why"}}, "expires": {"expires": {"value": None}}}}
    assert read_form(view | {"state": state}) == {"question": "why", "expires": ""}
