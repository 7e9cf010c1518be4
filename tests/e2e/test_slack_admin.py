"""What an admin and an operator do and see: the manifest, tokens, help channels, health and metrics."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bot.platforms.slack.manifest import SCOPES
from tests.support.bots import Bot, Knowledge
from tests.support.rooms import Room
from tests.support.slack import SlackStandIn

pytestmark = pytest.mark.slow  # minutes of processes

DELIVERY = "How long does delivery take?"


async def test_health_readiness_and_metrics_tell_of_the_service(shop: Knowledge, tmp_path: Path) -> None:
    async with SlackStandIn() as slack, Bot(slack, shop, tmp_path) as bot:
        assert (await bot.get("/healthz"))[0] == 200
        status, parts = await bot.get("/readyz")
        assert status == 200 and json.loads(parts) == {
            "ready": True,
            "parts": {"database": "", "index": "", "slack": ""},
        }
        room = Room(bot)
        await room.one_answer(await room.ask(DELIVERY))
        metrics = (await bot.get("/metrics"))[1]
        assert 'frontdesk_messages_ended_total{decision="answer",platform="slack",state="answered"} 1.0' in metrics
        assert 'frontdesk_adapter_up{platform="slack"} 1.0' in metrics
        assert DELIVERY not in metrics + bot.log and slack.bot_token not in bot.log


async def test_help_channels_are_marked_listed_and_unmarked(shop: Knowledge, tmp_path: Path) -> None:
    async with SlackStandIn() as slack:
        bot = Bot(slack, shop, tmp_path)
        assert (await bot.command("channels", "help", "C1")).code == 0
        listed = json.loads((await bot.command("channels", "list", "--json")).out)
        assert listed == [{"platform": "slack", "workspace": slack.team, "channel": "C1", "kind": "help"}]
        assert (await bot.command("channels", "unhelp", "C1")).code == 0
        assert json.loads((await bot.command("channels", "list", "--json")).out) == []


async def test_the_doctor_tells_of_missing_scopes_and_wrong_tokens(shop: Knowledge, tmp_path: Path) -> None:
    async with SlackStandIn() as slack:
        bot = Bot(slack, shop, tmp_path)

        async def finding(**settings: str) -> tuple[bool, str]:
            checks = json.loads((await bot.command("doctor", "--json", **settings)).out)
            (check,) = [check for check in checks if check["part"] == "slack"]
            return check["ok"], check["finding"]

        slack.scopes = set(SCOPES)
        assert (await finding())[0] is True
        slack.scopes = set(SCOPES) - {"chat:write"}
        well, told = await finding()
        assert not well and "chat:write" in told
        well, told = await finding(SLACK_BOT_TOKEN="xoxb-other")
        assert not well and "SLACK_BOT_TOKEN" in told


@pytest.mark.parametrize(
    ("missing", "named"),
    [
        ({"SLACK_BOT_TOKEN": ""}, "SLACK_BOT_TOKEN"),
        ({"SLACK_APP_TOKEN": ""}, "SLACK_APP_TOKEN"),
        ({"FRONTDESK_SLACK_MODE": "http"}, "SLACK_SIGNING_SECRET"),
        ({"FRONTDESK_PORT": "99999"}, "FRONTDESK_PORT"),
    ],
)
async def test_a_missing_token_is_one_line(
    shop: Knowledge, tmp_path: Path, missing: dict[str, str], named: str
) -> None:
    async with SlackStandIn() as slack:
        done = await Bot(slack, shop, tmp_path).command("serve", **missing)
        assert done.code == 2 and named in done.err and len(done.err.strip().splitlines()) == 1


async def test_the_manifest_fits_both_modes(shop: Knowledge, tmp_path: Path) -> None:
    async with SlackStandIn() as slack:
        bot = Bot(slack, shop, tmp_path)
        socket = json.loads((await bot.command("slack", "manifest")).out)
        http = json.loads((await bot.command("slack", "manifest", "--url", "https://bot.example/")).out)
    assert socket["settings"]["socket_mode_enabled"] and not http["settings"]["socket_mode_enabled"]
    assert http["settings"]["event_subscriptions"]["request_url"] == "https://bot.example/slack/events"
    assert http["features"]["slash_commands"][0]["url"] == "https://bot.example/slack/events"
    assert set(socket["oauth_config"]["scopes"]["bot"]) == SCOPES
