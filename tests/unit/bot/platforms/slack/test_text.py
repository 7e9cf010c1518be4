"""Slack's encoding as the words that people saw: of texts, blocks and what a message shares."""

from __future__ import annotations

import html
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.chat.message import ChatMessage
from bot.platforms.slack.events import Edited, Home, read_event, team_of_author, text_of
from bot.platforms.slack.text import encoded_blocks, find_permalinks, names_group, to_readable
from tests.support.slack.typed import encoded, rich_text

HOME = Home("T0TEAM", "U0BOT", "https://standin.slack.com/")
ADDRESS = "https://standin.slack.com/archives/C1/p1795000000000100"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<@U0BOT> how do I pay?", "how do I pay?"),
        ("<@U0BOT|frontdesk> how do I pay?", "how do I pay?"),
        ("ask <@W1234> or <@U99|sam>", "ask @… or @…"),
        ("<!here> <!channel> <!everyone|everyone> hi", "@here @channel @everyone hi"),
        ("<!subteam^S1|@helpers> <!subteam^S1> hi", "@helpers @ hi"),
        ("by <!date^1392734382^{date_short} at {time}|18 February> at last", "by 18 February at last"),
        ("by <!date^1392734382^{date}^https://example.com/|then>", "by then"),
        ("by <!date^1392734382^{date}>", "by …"),
        ("<https://x.co/a?b=1&amp;c=2>", "https://x.co/a?b=1&c=2"),
        ("<https://x.co|a|b>", "a|b"),
        ("<mailto:a@x.co|a@x.co> <mailto:a@x.co>", "a@x.co a@x.co"),
        ("<tel:+1234|call us> <tel:+1234>", "call us +1234"),
        ("<slack://user?team=T1&amp;id=U1|Sam> <slack://app?id=A1>", "Sam slack://app?id=A1"),
        ("<#C1|help> <#C2>", "#help #"),
        ("1 &lt; 2 &amp; 3 &gt; 2 &lt;@U0BOT&gt;", "1 < 2 & 3 > 2 <@U0BOT>"),
        ("如何退货？", "如何退货？"),
    ],
)
def test_what_is_encoded_reads_as_its_author_saw_it(text: str, words: str) -> None:
    assert to_readable(text, "U0BOT") == words


@given(some.text(max_size=60))
def test_whatever_is_typed_reads_the_same_from_text_and_from_blocks(typed: str) -> None:
    text = encoded(typed)
    told = {"text": text}, {"text": "", "blocks": rich_text(text)}
    assert text_of(told[0], HOME).split() == text_of(told[1], HOME).split()
    if "http" not in typed:
        assert text_of(told[0], HOME).split() == html.unescape(typed).split() or "&" in typed or "<" in typed


def test_blocks_of_all_kinds_are_read() -> None:
    section: dict[str, Any] = {"type": "rich_text_section", "elements": [{"type": "text", "text": "one & "}]}
    section["elements"] += [{"type": "user", "user_id": "U9"}, {"type": "emoji", "name": "wave"}]
    section["elements"] += [
        {"type": "date", "timestamp": 1, "fallback": "today"},
        {"type": "broadcast", "range": "here"},
    ]
    item = {"type": "rich_text_section", "elements": [{"type": "link", "url": "https://x.co", "text": "two"}]}
    parts = [section, {"type": "rich_text_list", "elements": [item, item]}]
    parts.append({"type": "rich_text_quote", "elements": [{"type": "text", "text": "three\nfour"}]})
    parts.append({"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "a < b"}]})
    blocks = [
        {"type": "rich_text", "elements": parts},
        {"type": "header", "text": {"type": "plain_text", "text": "five"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": "*six*"}, "fields": [{"type": "mrkdwn", "text": "7"}]},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": "eight"}, {"type": "image", "image_url": "x"}]},
        {"type": "divider"},
    ]
    words = to_readable(encoded_blocks(blocks), "U0BOT").split("\n")
    assert words == [
        "one & @…:wave:today@here", "two", "two", "> three", "> four", "a < b", "five", "*six*", "7", "eight",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"see <{ADDRESS}>", ["C1/1795000000.000100"]),
        (f"<{ADDRESS}?thread_ts=1794000000.000200&amp;cid=C1|this>", ["C1/1795000000.000100/1794000000.000200"]),
        (f"<{ADDRESS}> <{ADDRESS}>", ["C1/1795000000.000100"]),
        ("<https://other.slack.com/archives/C1/p1795000000000100>", []),
        ("<https://standin.slack.com.evil.example/archives/C1/p1795000000000100>", []),
        ("<https://standin.slack.com/archives/C1>", []),
        (" ".join(f"<{ADDRESS[:-1]}{n}>" for n in range(5)), [f"C1/1795000000.00010{n}" for n in range(3)]),
    ],
)
def test_addresses_of_this_workspace_s_messages_are_found(text: str, found: list[str]) -> None:
    assert find_permalinks(text, HOME.url) == found
    assert find_permalinks(text, "") == []


def message(**more: Any) -> dict[str, Any]:
    """A message's event."""
    event = {"type": "message", "channel": "C1", "user": "U1", "ts": "1.000001", "text": "", "channel_type": "channel"}
    return {"team_id": "T0PARTNER", "event": event | more}


def share(text: str, **more: Any) -> dict[str, Any]:
    return {"is_share": True, "is_msg_unfurl": True, "text": text, "fallback": f"[1 Jan] u: {text}"} | more


def read(**more: Any) -> ChatMessage:
    told = read_event(message(**more), HOME)
    assert isinstance(told, ChatMessage)
    return told


def test_what_is_shared_stands_alone_or_quoted_below_the_comment() -> None:
    assert read(attachments=[share("How?")]).text == "How?"
    assert read(text="this one", attachments=[share("How?\nWhy?"), share("When?")]).text == (
        "this one\n\n> How?\n> Why?\n>\n> When?"
    )
    assert read(text="see", attachments=[{"title": "A page", "text": "words"}]).text == "see"
    assert read(attachments=[share("", fallback="[1 Jan] u: How?")]).text == "[1 Jan] u: How?"
    inner = {"message": {"blocks": rich_text("From blocks?")}}
    assert read(attachments=[share("", message_blocks=[inner])]).text == "From blocks?"


def test_who_is_named_in_what_is_shared_is_not_addressed() -> None:
    told = read(text="look", attachments=[share("<@U0BOT> <@U2> <!subteam^S1> hello?")])
    assert not told.names_others and told.audience.value == "channel"
    assert read(text="<!subteam^S1> hello?").names_others and names_group("<!subteam^S1|@h>")
    assert not read(text="<!here> hello?").names_others


def test_an_edit_is_one_of_all_that_is_said() -> None:
    def edit(before: dict[str, Any], now: dict[str, Any]) -> Any:
        base = {"user": "U1", "ts": "1.000001", "text": "see"}
        changed = {"subtype": "message_changed", "message": base | now, "previous_message": base | before}
        return read_event(message(**changed), HOME)

    assert edit({}, {"attachments": [{"title": "A page"}]}) is None
    told = edit({}, {"attachments": [share("How?")]})
    assert isinstance(told, Edited) and told.message.text == "see\n\n> How?"
    assert edit({"attachments": [share("How?")]}, {"attachments": [share("How?"), {"title": "A page"}]}) is None


@pytest.mark.parametrize(
    ("event", "team"),
    [
        ({"user_team": "T1", "team": "T2"}, "T1"),
        ({"user_team": "E1", "team": "T2"}, "T2"),
        ({"user_team": "E1", "team": "E1", "source_team": "T3"}, "T3"),
        ({"team": None}, "T0TEAM"),
        ({}, "T0TEAM"),
    ],
)
def test_whom_a_stream_is_for(event: dict[str, Any], team: str) -> None:
    assert team_of_author(event, HOME) == team
    assert read(**event).place.workspace == "T0TEAM"
