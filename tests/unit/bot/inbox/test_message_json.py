"""The JSON of messages and moves: all of them comes back, and versions that follow each other read each other's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.chat.conversation import OptionPress
from bot.chat.message import Audience, ChatMessage, MessageFile, Move, Party, ThreadRef
from bot.inbox.message_json import OWN_KEYS, decode_message, decode_move, encode_message, encode_move

PLACES = some.builds(ThreadRef)
NAMES = some.text("abcdefghijklmnopqrstuvwxyz_", min_size=1).filter(lambda name: name not in OWN_KEYS)
REPLY_TARGETS = some.dictionaries(NAMES, some.text(min_size=1))
MESSAGES = some.builds(
    ChatMessage,
    reply_target=REPLY_TARGETS,
    chosen=some.none() | some.builds(OptionPress),
    edited_at=some.floats(allow_nan=False, allow_infinity=False),
    gesture=some.text(),
    author=some.text(),
    link=some.text(),
    links=some.lists(some.text("CD0123456789./", min_size=1)).map(tuple),
    files=some.lists(some.builds(MessageFile)).map(tuple),
    replies_to=some.text(),
    begins_thread=some.booleans(),
    unseen=some.text(),
    handoff_thread=some.none() | some.text(),
    in_help_channel=some.booleans(),
    handoff_id=some.text(),
    side=some.none() | some.sampled_from(Party),
    asked_by=some.text(),
    conversation_id=some.text(),
    language=some.text(),
)
MOVES = some.builds(
    Move, reply_target=REPLY_TARGETS, left=some.lists(some.dictionaries(some.text(), some.text())).map(tuple)
)

SLACK, DISCORD = ThreadRef("slack", "T1", "C1", "1718000000.000100"), ThreadRef("discord", "1", "5", "500")
LOG = MessageFile("build.log", "text/plain", 120, "https://files.slack.com/files-pri/T1-F1/build.log")

# Each as `asdict` wrote it while a message had a `context`, and which message that is.
WRITTEN: Mapping[str, tuple[str, ChatMessage]] = {
    "a mention in Slack that calls to somebody else's question, in a conversation that people have": (
        r"""{"place": {"platform": "slack", "workspace": "T1", "channel": "C1", "thread": "1718000000.000100"},
        "id": "1718000000.000200", "user": "U1", "text": "why does https://acme.slack.com/archives/C2/p3 fail?",
        "audience": "mention", "names_others": true, "context": {"recipient_team": "T9", "links": "C2/3.0 C4/5.0/4.0",
        "files": "[{\"name\": \"build.log\", \"type\": \"text/plain\", \"size\": 120, """
        r"""\"url\": \"https://files.slack.com/files-pri/T1-F1/build.log\"}, """
        r"""{\"name\": \"shot\", \"type\": \"image/png\", \"size\": 0, \"url\": \"\"}]",
        "help": "1", "handoff": "9a5b0c", "side": "customer", "asked_by": "U7", "named": "1"},
        "chosen": null, "edited_at": 1718000009.0, "gesture": "3f1c"}""",
        ChatMessage(
            SLACK,
            "1718000000.000200",
            "U1",
            "why does https://acme.slack.com/archives/C2/p3 fail?",
            Audience.MENTION,
            names_others=True,
            names_bot=True,
            reply_target={"recipient_team": "T9"},
            edited_at=1718000009.0,
            gesture="3f1c",
            links=("C2/3.0", "C4/5.0/4.0"),
            files=(LOG, MessageFile("shot", "image/png", 0, "")),
            in_help_channel=True,
            handoff_id="9a5b0c",
            side=Party.CUSTOMER,
            asked_by="U7",
        ),
    ),
    "a button pressed in Slack": (
        r"""{"place": {"platform": "slack", "workspace": "T1", "channel": "C1", "thread": "1718000000.000100"},
        "id": "choice:7be0", "user": "U1", "text": "Chose: Order?", "audience": "mention", "names_others": false,
        "context": {"recipient_team": "T9", "links": "C2/3.0", "below": "1718000001.000100",
        "response_url": "https://hooks.slack.com/actions/T1/2/y"},
        "chosen": {"turn_id": "7be0", "number": 2, "asker": "U1", "question": "1718000000.000200"},
        "edited_at": 0.0, "gesture": ""}""",
        ChatMessage(
            SLACK,
            "choice:7be0",
            "U1",
            "Chose: Order?",
            Audience.MENTION,
            reply_target={
                "recipient_team": "T9",
                "below": "1718000001.000100",
                "response_url": "https://hooks.slack.com/actions/T1/2/y",
            },
            chosen=OptionPress("7be0", 2, "U1", "1718000000.000200"),
            links=("C2/3.0",),
        ),
    ),
    "a reply in a thread of a Discord forum, which the bot is not shown": (
        r"""{"place": {"platform": "discord", "workspace": "1", "channel": "5", "thread": "500"}, "id": "600",
        "user": "9", "text": "And why?", "audience": "channel", "names_others": false, "context": {"kind": "thread",
        "name": "Ann", "link": "https://discord.com/channels/1/500/600", "links": "5/400 5/401",
        "files": "[{\"name\": \"a.log\", \"type\": \"\", \"size\": 7, \"url\": \"https://cdn.discordapp.com/a.log\"}]",
        "reply_to": "590", "forum": "1", "unseen": "I need the message content intent.", "first": "1", "help": "1"},
        "chosen": null, "edited_at": 0.0, "gesture": ""}""",
        ChatMessage(
            DISCORD,
            "600",
            "9",
            "And why?",
            Audience.CHANNEL,
            reply_target={"kind": "thread", "forum": "1"},
            author="Ann",
            link="https://discord.com/channels/1/500/600",
            links=("5/400", "5/401"),
            files=(MessageFile("a.log", "", 7, "https://cdn.discordapp.com/a.log"),),
            replies_to="590",
            begins_thread=True,
            unseen="I need the message content intent.",
            in_help_channel=True,
        ),
    ),
    "a private message in Discord": (
        r"""{"place": {"platform": "discord", "workspace": "@me", "channel": "55", "thread": "600"}, "id": "600",
        "user": "9", "text": "How do I return it?", "audience": "direct", "names_others": false,
        "context": {"kind": "direct", "name": "Ann", "link": "https://discord.com/channels/@me/55/600",
        "handoff_in": ""}, "chosen": null, "edited_at": 0.0, "gesture": ""}""",
        ChatMessage(
            ThreadRef("discord", "@me", "55", "600"),
            "600",
            "9",
            "How do I return it?",
            Audience.DIRECT,
            reply_target={"kind": "direct"},
            author="Ann",
            link="https://discord.com/channels/@me/55/600",
            handoff_thread="",
        ),
    ),
    "a command in Discord that was answered for all to see": (
        r"""{"place": {"platform": "discord", "workspace": "1", "channel": "5", "thread": "interaction:71"},
        "id": "interaction:71", "user": "9", "text": "How do I return it?", "audience": "command",
        "names_others": false, "context": {"kind": "interaction", "token": "aW50ZXI", "application": "4",
        "private": "", "name": "Ann"}, "chosen": null, "edited_at": 0.0, "gesture": ""}""",
        ChatMessage(
            ThreadRef("discord", "1", "5", "interaction:71"),
            "interaction:71",
            "9",
            "How do I return it?",
            Audience.COMMAND,
            reply_target={"kind": "interaction", "token": "aW50ZXI", "application": "4"},
            author="Ann",
        ),
    ),
    "a message of somebody with a role, who is a guest": (
        r"""{"place": {"platform": "discord", "workspace": "1", "channel": "5", "thread": "500"}, "id": "600",
        "user": "9", "text": "And why?", "audience": "channel", "names_others": false, "context": {"kind": "thread",
        "groups": "discord:channel:4 discord:role:42", "guest": "1"}, "chosen": null, "edited_at": 0.0,
        "gesture": ""}""",
        ChatMessage(
            DISCORD,
            "600",
            "9",
            "And why?",
            Audience.CHANNEL,
            reply_target={"kind": "thread"},
            groups=frozenset({"discord:role:42", "discord:channel:4"}),
            is_guest=True,
        ),
    ),
    "a question by the API": (
        r"""{"place": {"platform": "api", "workspace": "helpdesk", "channel": "helpdesk", "thread": "9f"}, "id": "9f",
        "user": "helpdesk:42", "text": "Wie?", "audience": "command", "names_others": false,
        "context": {"conversation": "api:helpdesk:7", "language": "de"}, "chosen": null, "edited_at": 0.0,
        "gesture": ""}""",
        ChatMessage(
            ThreadRef("api", "helpdesk", "helpdesk", "9f"),
            "9f",
            "helpdesk:42",
            "Wie?",
            Audience.COMMAND,
            conversation_id="api:helpdesk:7",
            language="de",
        ),
    ),
    "what was deleted before it was heard of": (
        r"""{"place": {"platform": "slack", "workspace": "T1", "channel": "C1", "thread": "1718000000.000100"},
        "id": "1718000000.000100", "user": "", "text": "", "audience": "channel", "names_others": false,
        "context": {}, "chosen": null, "edited_at": 0.0, "gesture": ""}""",
        ChatMessage(SLACK, "1718000000.000100", "", "", Audience.CHANNEL),
    ),
}
# A move as it was written, the reply target of its message, and that of the place it was moved to.
WRITTEN_MOVES: Mapping[str, tuple[str, Mapping[str, str], Move]] = {
    "into a private conversation of Slack": (
        r"""{"place": {"platform": "slack", "workspace": "T1", "channel": "D1", "thread": ""}, "audience": "channel",
        "context": {"response_url": "", "elsewhere": "direct", "asked_in": "C1"},
        "left": [{"channel": "C1", "ts": "1718000001.000200", "state": "streaming"}]}""",
        {"recipient_team": "T9", "below": "1718000001.000100", "response_url": "https://hooks.slack.com/x"},
        Move(
            ThreadRef("slack", "T1", "D1", ""),
            Audience.CHANNEL,
            {"recipient_team": "T9", "below": "1718000001.000100", "elsewhere": "direct", "asked_in": "C1"},
            ({"channel": "C1", "ts": "1718000001.000200", "state": "streaming"},),
        ),
    ),
    "into another channel of Discord": (
        r"""{"place": {"platform": "discord", "workspace": "1", "channel": "5", "thread": "500"},
        "audience": "channel", "context": {"elsewhere": "77"}, "left": []}""",
        {"kind": "channel"},
        Move(DISCORD, Audience.CHANNEL, {"kind": "channel", "elsewhere": "77"}),
    ),
}


def through_json(value: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(value))


def without_empty(context: Mapping[str, str]) -> Mapping[str, str]:
    """A `context` as it means the same: only of a handoff's thread is "" another than none."""
    return {name: text for name, text in context.items() if text or name == "handoff_in"}


@given(MESSAGES)
def test_all_of_a_message_comes_back(message: ChatMessage) -> None:
    assert decode_message(through_json(encode_message(message))) == message


def test_no_field_of_a_message_is_left_out() -> None:
    """Also none that is added: each has a value of its own in one of the messages above, and comes back."""
    blank = ChatMessage(ThreadRef("", "", "", ""), "", "", "", Audience.POST)
    values: dict[str, Any] = {"conversation_id": "c1"} | {
        field.name: value
        for field in fields(ChatMessage)
        for _, message in WRITTEN.values()
        if (value := getattr(message, field.name)) != getattr(blank, field.name)
    }
    assert values.keys() == {field.name for field in fields(ChatMessage)}
    assert decode_message(through_json(encode_message(ChatMessage(**values)))) == ChatMessage(**values)


@given(MESSAGES)
def test_the_version_before_takes_every_key_and_finds_strings(message: ChatMessage) -> None:
    kept = through_json(encode_message(message))
    before = {"place", "id", "user", "text", "audience", "names_others", "context", "chosen", "edited_at", "gesture"}
    assert kept.keys() == before and all(isinstance(text, str) for text in kept["context"].values())


@pytest.mark.parametrize("name", WRITTEN)
def test_what_the_version_before_wrote_is_read_and_written_alike(name: str) -> None:
    text, message = WRITTEN[name]
    kept = json.loads(text)
    assert decode_message(kept) == message
    assert through_json(encode_message(message)) == kept | {"context": without_empty(kept["context"])}


@pytest.mark.parametrize("lacking", ["chosen", "edited_at", "gesture"])
def test_a_message_from_before_there_was_a_key_is_read(lacking: str) -> None:
    kept = encode_message(ChatMessage(SLACK, "1", "U1", "Hello?", Audience.DIRECT))
    message = decode_message({key: value for key, value in kept.items() if key != lacking})
    assert encode_message(message) == kept


def test_what_a_later_version_says_besides_is_kept_with_the_reply_target() -> None:
    _, message = WRITTEN["a private message in Discord"]
    kept = encode_message(message)
    later = kept | {"mood": "good", "context": kept["context"] | {"mood": "good"}}
    read = decode_message(later)
    assert read == replace(message, reply_target={**message.reply_target, "mood": "good"})
    assert encode_message(read)["context"] == later["context"]


@given(MOVES, REPLY_TARGETS)
def test_all_of_a_move_comes_back(move: Move, asked: Mapping[str, str]) -> None:
    assert decode_move(through_json(encode_move(move, asked)), asked) == move


@given(MOVES, REPLY_TARGETS)
def test_the_version_before_finds_where_a_message_was_moved(move: Move, asked: Mapping[str, str]) -> None:
    """It puts a move's `context` on top of the message's, and takes what is "" for nothing."""
    kept = through_json(encode_move(move, asked))
    assert kept.keys() == {"place", "audience", "context", "left"}
    assert without_empty({**asked, **kept["context"]}) == move.reply_target


@pytest.mark.parametrize("name", WRITTEN_MOVES)
def test_what_the_version_before_wrote_of_a_move_is_read_and_written_alike(name: str) -> None:
    text, asked, move = WRITTEN_MOVES[name]
    assert decode_move(json.loads(text), asked) == move
    assert through_json(encode_move(move, asked)) == json.loads(text)
