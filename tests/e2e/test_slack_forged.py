"""Buttons, forms and shortcuts that nobody was shown: by customers, strangers and other workspaces, with any value.
Nothing happens, nothing is told that they may not know, and nothing breaks."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from itertools import count, product
from typing import Any

import pytest
import pytest_asyncio

from bot.app.commands import GROUPS
from bot.chat.people import Role
from bot.commands.registry import declared_buttons, declared_forms
from bot.platforms.slack import blocks, choices
from bot.platforms.slack.commands import EXPLAIN, SAVE
from tests.support.bots import Bot, Knowledge
from tests.support.rooms import SECONDS, Room
from tests.support.slack import SlackStandIn
from tests.support.slack.delivery import INTERACTIVE, Delivery

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

SUPPORT, ADMIN = "C0SUPPORT", "U0ADMIN"
CLICKS = {name: action.role for name, action in declared_buttons(GROUPS).items()}
FORMS = {name: action.role for name, action in declared_forms(GROUPS).items()}
OURS = (blocks.FEEDBACK, blocks.SHARE, blocks.ASK_HUMAN, f"{choices.CHOOSE}:0", f"{choices.CHOOSE}:7")
KEPT = ("handoffs", "taught", "sources", "admins", "channels", "glossary", "feedback", "turns", "learned_choices")
GARBAGE = (
    "",
    "a" * 32,
    "../..",
    "%s%n",
    "\0",
    "x" * 3_000,
    "null",
    "9" * 5_000,
    ":" + "9" * 5_000,
    "up:",
    ":-1",
    "' OR 1",
)
SHAPES = (
    "",
    "{",
    "[]",
    "7",
    "null",
    '"x"',
    '{"channel": 7, "value": []}',
    "[" * 2_900,
    "\0",
    f'{{"channel": "{SUPPORT}"}}',
)
FIELDS = (blocks.WHY, "question", "answer", "expires")

_asked = count(1)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(shop: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bot]:
    async with SlackStandIn() as slack:
        slack.add_user(ADMIN, "ann", is_admin=True)
        slack.add_user("U9STRANGER", "mallory", team="T9OTHER", is_admin=True)
        slack.add_channel(SUPPORT, [ADMIN], "private")
        folder = tmp_path_factory.mktemp("forged")
        async with Bot(slack, shop, folder, FRONTDESK_SLACK_SUPPORT_CHANNEL=SUPPORT) as bot:
            yield bot
            log = bot.log
            assert "Traceback" not in log and not re.findall(r"\berror\s", log), log[-3_000:]


def tables(bot: Bot) -> dict[str, int]:
    """How many rows there are of what can be changed."""
    known = {name for (name,) in bot.sql("SELECT name FROM sqlite_master WHERE type = 'table'")}
    return {name: bot.sql(f"SELECT count(*) FROM {name}")[0][0] for name in KEPT if name in known}


async def send(bot: Bot, kind: str, user: str, more: dict[str, Any], team: str = "") -> None:
    """An interaction that Slack signs, of whatever."""
    slack = bot.slack
    payload = slack._interaction(kind, user) | more
    if team:
        payload |= {"team": {"id": team, "domain": "evil"}}
        payload["user"] = payload["user"] | {"team_id": team}
    answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    slack.outbox.send(Delivery(INTERACTIVE, payload, answer))
    await asyncio.wait_for(answer, SECONDS)


def click(room: Room, ts: str, action_id: str, value: str) -> dict[str, Any]:
    message = room.slack.body(room.slack.workspace.message(room.channel, ts))
    return {
        "container": {"type": "message", "message_ts": ts, "channel_id": room.channel, "is_ephemeral": False},
        "channel": {"id": room.channel, "name": "help"},
        "message": message,
        "state": {"values": {}},
        "response_url": room.slack.responses.new(room.channel, room.other, ts),
        "actions": [{"type": "button", "action_id": action_id, "block_id": "b", "value": value, "action_ts": "1.0"}],
    }


def view(callback_id: str, metadata: str) -> dict[str, Any]:
    values = {name: {name: {"type": "plain_text_input", "value": "x"}} for name in FIELDS}
    body = {"id": f"V{next(_asked)}", "type": "modal", "callback_id": callback_id, "private_metadata": metadata}
    return {"view": body | {"blocks": [], "state": {"values": values}}, "response_urls": []}


WHO = (("other", ""), ("U9STRANGER", ""), ("other", "T9OTHER"), ("U9STRANGER", "T9OTHER"))


async def ready(bot: Bot) -> tuple[Room, str]:
    """A room where somebody was answered, and the answer's message."""
    room = Room(bot)
    answer = await room.one_answer(await room.ask("How long does delivery take?"))
    return room, answer.ts


def users(room: Room) -> list[tuple[str, str]]:
    return [(room.other if user == "other" else user, team) for user, team in WHO]


async def unchanged(bot: Bot, room: Room, before: dict[str, int]) -> None:
    await room.slack.settled(SECONDS)
    assert tables(bot) == before
    assert not room.slack.bot_messages(SUPPORT), "nobody is asked for help"


async def test_no_button_that_was_never_shown_does_anything(bot: Bot) -> None:
    room, ts = await ready(bot)
    before = tables(bot)
    steering = [f"do:{action}:0" for action, role in CLICKS.items() if role > Role.CUSTOMER]
    for action_id, (user, team) in product([*steering, "do::", "do:nobody_knows:0"], users(room)):
        await send(bot, "block_actions", user, click(room, ts, action_id, "a" * 32), team)
    for action_id, value in product([*steering, *(f"do:{action}:0" for action in CLICKS), *OURS, "anything"], GARBAGE):
        if action_id != "do:forget_me:0" or value:
            await send(bot, "block_actions", room.other, click(room, ts, action_id, value))
    await unchanged(bot, room, before)
    refused = {row[0] for row in bot.sql("SELECT action FROM audit WHERE outcome = 'refused'")}
    done = bot.sql("SELECT action FROM audit WHERE outcome = 'done' AND platform = 'slack'")
    assert {action for action, role in CLICKS.items() if role > Role.CUSTOMER} <= refused
    assert {action for (action,) in done} <= {action for action, role in CLICKS.items() if role is Role.CUSTOMER}


async def test_no_form_that_was_never_opened_does_anything(bot: Bot) -> None:
    room, _ = await ready(bot)
    before = tables(bot)
    for name, (user, team) in product([*FORMS, "nobody_knows", ""], users(room)):
        for metadata in (json.dumps({"channel": SUPPORT, "thread": "", "value": "a" * 32, "message": ""}), *SHAPES):
            await send(bot, "view_submission", user, view(f"form:{name}", metadata), team)
    for metadata in (*SHAPES, *GARBAGE):
        await send(bot, "view_submission", room.other, view(blocks.WHY, metadata))
    await unchanged(bot, room, before)


async def test_no_shortcut_tells_a_customer_more_than_they_may_know(bot: Bot) -> None:
    room, ts = await ready(bot)
    before = tables(bot)
    message = room.slack.body(room.slack.workspace.message(room.channel, ts))
    for callback, (user, team) in product((EXPLAIN, SAVE), users(room)):
        more = {
            "callback_id": callback,
            "channel": {"id": room.channel, "name": "help"},
            "message": message,
            "message_ts": ts,
            "response_url": room.slack.responses.new(room.channel, user),
        }
        await send(bot, "message_action", user, more, team)
    await unchanged(bot, room, before)
    told = [m.shown for m in room.slack.workspace.channel(room.channel).messages.values() if m.ephemeral_to]
    assert not any("confidence" in text.lower() for text in told)
