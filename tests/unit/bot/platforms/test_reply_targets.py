"""What platforms need to reply, as it is kept with a message."""

from __future__ import annotations

from dataclasses import fields, replace
from enum import StrEnum
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some

from bot.chat.reply_target import read_reply_target, write_reply_target
from bot.inbox.message_json import OWN_KEYS
from bot.platforms.discord import events as discord
from bot.platforms.discord.reply_target import DiscordReplyTarget, MessageKind
from bot.platforms.slack import events as slack
from bot.platforms.slack.reply_target import SlackReplyTarget

TARGETS = [SlackReplyTarget, DiscordReplyTarget]
each_target = pytest.mark.parametrize("kind", TARGETS)


def any_of(kind: type[Any]) -> some.SearchStrategy[Any]:
    return some.builds(kind, **{field.name: some.from_type(type(field.default)) for field in fields(kind)})


@each_target
@given(some.data())
def test_all_of_a_target_comes_back_and_nothing_empty_is_kept(kind: type[Any], data: some.DataObject) -> None:
    target = data.draw(any_of(kind))
    kept = write_reply_target(target)
    assert read_reply_target(kind, kept) == target
    assert all(type(text) is str and text for text in kept.values())


@each_target
def test_a_target_without_anything_is_kept_as_nothing(kind: type[Any]) -> None:
    assert write_reply_target(kind()) == {} and read_reply_target(kind, {}) == kind()


@each_target
def test_what_another_version_kept_is_passed_over(kind: type[Any]) -> None:
    enums = [field.name for field in fields(kind) if isinstance(field.default, StrEnum)]
    assert enums
    assert read_reply_target(kind, {"mood": "good"} | dict.fromkeys(enums, "of later")) == kind()


@each_target
def test_no_target_uses_a_name_that_is_a_messages_own(kind: type[Any]) -> None:
    """They are kept side by side."""
    assert not {field.name for field in fields(kind)} & OWN_KEYS


@given(any_of(SlackReplyTarget), some.booleans())
def test_what_a_press_in_slack_does_not_tell_is_not_the_questions(asked: SlackReplyTarget, bare: bool) -> None:
    body = {"user": {"id": "U1", "team_id": "T2"}}
    told = {} if bare else {"container": {"message_ts": "2.0"}, "response_url": "https://hooks.slack.com/2"}
    retarget = slack.read_press(body | told, slack.Home("T1"))
    pressed = read_reply_target(SlackReplyTarget, retarget(write_reply_target(asked)))
    below, url = ("", "") if bare else ("2.0", "https://hooks.slack.com/2")
    assert pressed == replace(asked, below=below, response_url=url, recipient_team="T2")


@given(any_of(DiscordReplyTarget), some.booleans())
def test_a_press_in_discord_is_as_private_as_what_it_is_below(asked: DiscordReplyTarget, private: bool) -> None:
    message = SimpleNamespace(id=72, flags=SimpleNamespace(ephemeral=private))
    interaction: Any = SimpleNamespace(channel_id=5, message=message, token="t2", application_id=4)
    pressed = read_reply_target(DiscordReplyTarget, discord.read_press(interaction)(write_reply_target(asked)))
    told = {"where": "5", "below": "72", "token": "t2", "application": "4", "private": private}
    assert pressed == replace(asked, **told)


@pytest.mark.parametrize("kind", MessageKind)
def test_the_words_that_are_kept_are_those_of_the_versions_before(kind: MessageKind) -> None:
    known = {"", "channel", "thread", "direct", "interaction"}
    assert {each.value for each in MessageKind} == known
    assert write_reply_target(DiscordReplyTarget(kind)).get("kind", "") == kind.value
