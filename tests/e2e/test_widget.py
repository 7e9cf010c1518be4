"""`frontdesk serve` with the widget, by its requests: what was taken is answered, once, to its own visitor alone."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path

import aiohttp
import pytest

from tests.support.bots import Bot, Knowledge
from tests.support.slack import SlackStandIn
from tests.support.widget import SECONDS, Visitor, visiting, words_of

pytestmark = pytest.mark.slow

SITE = "https://shop.example"
RETURNS = "How long do I have to return something?"
ORIGINS = {"FRONTDESK_WIDGET_ORIGINS": f"{SITE}, https://www.shop.example"}
TEAMMATE, SUPPORT = "U0TEAM", "C0SUPPORT"


async def test_a_question_is_answered_with_its_source_and_stays(shop: Knowledge, tmp_path: Path) -> None:
    async with Bot(None, shop, tmp_path, **ORIGINS) as bot:
        async with visiting(bot.port, SITE) as ann, visiting(bot.port, SITE) as ben:
            await ann.ask(RETURNS)
            name, body = await ann.wait_for("30 days")
            assert body["sources"]["list"][0]["url"].startswith(f"{shop.site}/help/returns.html")
            told = [data["body"] for event, data in ann.events if event == "progress" and data["name"] == name]
            assert {"status", "answer"} >= {each["kind"] for each in told} and told
            assert await ann.post("votes", turn=body["turn"], vote="up") == 204
            assert await ben.post("votes", turn=body["turn"], vote="down") == 404  # another's answer
            assert await ben.post("choices", turn=body["turn"], number=1) == 404
            assert await ben.post("handoffs", turn=body["turn"]) == 404
            assert bot.sql("SELECT vote FROM feedback") == [("up",)]
            assert ben.shown == {}
        async with visiting(bot.port, SITE, ann.secret) as again:  # another day
            assert [words_of(each)[:8] for each in again.shown.values()] == [RETURNS[:8], words_of(body)[:8]]
            assert again.shown[name]["votes"]["done"] == "up"
        assert ann.secret not in bot.log and RETURNS not in bot.log
        assert not any(ann.secret in str(row) for row in bot.sql("SELECT * FROM inbox"))


async def test_the_same_message_is_answered_once_however_often_it_is_sent(shop: Knowledge, tmp_path: Path) -> None:
    async with Bot(None, shop, tmp_path, **ORIGINS) as bot, visiting(bot.port, SITE) as ann:
        message_id = await ann.ask(RETURNS)
        await asyncio.gather(*(ann.ask(RETURNS, message_id) for _ in range(3)))
        await ann.wait_for("30 days")
        await ann.ask(RETURNS, message_id)
        assert len(bot.states()) == 1 and len(ann.shown) == 2


async def test_what_was_taken_is_answered_after_a_kill(shop: Knowledge, tmp_path: Path) -> None:
    async with Bot(None, shop, tmp_path, **ORIGINS) as bot:
        async with visiting(bot.port, SITE) as ann:
            await ann.ask(RETURNS)
            await bot.kill()
        await bot.start()
        async with visiting(bot.port, SITE, ann.secret) as ann:
            await ann.wait_for("30 days")
            await ann.wait_until(lambda: list(bot.states().values()) == ["answered"])
        assert len(bot.sql("SELECT name FROM posted_messages")) == 2
        async with visiting(bot.port, SITE, ann.secret) as ann:  # a stream does not keep the process from ending
            assert await bot.terminate() == 0


async def test_a_suggestion_is_confirmed_by_its_button(shop: Knowledge, tmp_path: Path) -> None:
    async with Bot(None, shop, tmp_path, **ORIGINS) as bot, visiting(bot.port, SITE) as ann:
        await ann.ask("Do you have support for PayPal?")
        name, body = await ann.wait_for("nearest thing")
        yes = body["verdicts"][0]
        assert await ann.post("choices", turn=body["turn"], number=yes["number"]) == 202
        await ann.wait_for("glad that helped")
        await ann.wait_until(lambda: not ann.shown[name]["verdicts"])
        assert await ann.post("choices", turn=body["turn"], number=0) in {202, 409}
        assert len(bot.states()) == 2


async def test_foreign_sites_strangers_and_floods_are_refused(shop: Knowledge, tmp_path: Path) -> None:
    async with Bot(None, shop, tmp_path, FRONTDESK_WIDGET_VISITOR_LIMIT="3", **ORIGINS) as bot:
        server = f"http://127.0.0.1:{bot.port}"
        async with aiohttp.ClientSession() as http:
            ann, body = Visitor(http, server, SITE), {"id": secrets.token_urlsafe(18), "text": RETURNS}
            for origin in ("https://evil.example", "null", "", f"{SITE}.evil.example", SITE.replace("https", "http")):
                headers = ann.make_headers(Origin=origin)
                assert await ann.post("messages", headers, **body) == 403, origin
                assert await ann.post("events", headers) == 403, origin
                preflight = headers | {"Access-Control-Request-Method": "POST"}
                async with http.options(f"{server}/widget/messages", headers=preflight) as answer:
                    assert answer.status == 403 and "Access-Control-Allow-Origin" not in answer.headers
            for secret in ("", "Bearer short", f"Basic {ann.secret}"):
                assert await ann.post("messages", ann.make_headers(Authorization=secret), **body) == 400
            assert await ann.post("messages", id="x", text="y") == 400
            headers = ann.make_headers()
            async with http.post(f"{server}/widget/messages", data=b"x" * 40_000, headers=headers) as answer:
                assert answer.status == 413
            async with http.post(f"{server}/widget/messages", data=b"[" * 9_000, headers=headers) as answer:
                assert answer.status == 400
            async with http.post(f"{server}/widget/messages", json=body, headers=headers) as answer:
                assert answer.status == 429 and int(answer.headers["Retry-After"]) > 0
                assert answer.headers["Access-Control-Allow-Origin"] == SITE
            assert await Visitor(http, server, SITE).post("messages", **body) == 202  # somebody else
        assert bot.running


async def test_people_answer_in_slack_and_the_visitor_reads_it(shop: Knowledge, tmp_path: Path) -> None:
    async with SlackStandIn() as slack:
        slack.add_user(TEAMMATE, "mei")
        slack.add_channel(SUPPORT, [TEAMMATE], "private")
        async with Bot(slack, shop, tmp_path, FRONTDESK_SLACK_SUPPORT_CHANNEL=SUPPORT, **ORIGINS) as bot:
            async with visiting(bot.port, SITE) as ann:
                await ann.ask("Do you sell live penguins?")
                _, body = await ann.wait_for("found nothing")
                assert body["human"]
                assert await ann.post("handoffs", turn=body["turn"]) == 202
                await ann.wait_for("told our team")

                def find_packet() -> object:
                    there = slack.bot_messages(SUPPORT, None)
                    return next((each for each in there if "asked for a person" in each.shown), None)

                packet = await slack.wait_for(find_packet, SECONDS, "the packet")
                await ann.ask("It is the blue one")

                def is_relayed() -> bool:
                    return any("It is the blue one" in each.shown for each in slack.bot_messages(SUPPORT, packet.ts))

                await slack.wait_for(is_relayed, SECONDS, "the visitor's words")
            await slack.say(SUPPORT, TEAMMATE, "Only plush ones: see https://shop.example/plush", packet.ts)
            async with visiting(bot.port, SITE, ann.secret) as ann:  # who was away meanwhile
                _, told = await ann.wait_for("Only plush ones")
                assert told["author"] == "mei"
                assert {"t": "a", "h": "https://shop.example/plush", "c": ["https://shop.example/plush"]} in (
                    told["tree"][0]["c"]
                )


async def test_a_visitor_who_has_it_deleted_is_forgotten(shop: Knowledge, tmp_path: Path) -> None:
    async with Bot(None, shop, tmp_path, **ORIGINS) as bot, visiting(bot.port, SITE) as ann:
        await ann.ask(RETURNS)
        await ann.wait_for("30 days")
        assert await ann.post("forget", language="de") == 204
        await ann.wait_until(lambda: not ann.shown)
        for table in ("inbox", "turns", "posted_messages"):
            assert bot.sql(f"SELECT count(*) FROM {table}") == [(0,)], table
