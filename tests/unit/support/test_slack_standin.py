"""The stand-in for Slack, used by the unmodified slack-bolt and slack_sdk over real sockets."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncBoltRequest
from slack_sdk.web.async_client import AsyncWebClient

from tests.support.slack import AppFailure, CannotDo, SlackStandIn
from tests.support.slack.apps import collector, http_mode, make_app, socket_mode
from tests.support.slack.samples import MODAL

# Events


async def test_a_mention_arrives_as_two_events_of_one_message_and_is_answered_in_its_thread(
    slack: SlackStandIn,
) -> None:
    app = make_app(slack)
    seen = collector(app, "message")

    @app.event("app_mention")
    async def answer(event: dict[str, Any], body: dict[str, Any], say: Any) -> None:
        seen.append(body)
        await say(text="Within 30 days.", thread_ts=event["ts"])

    async with socket_mode(slack, app):
        ts = await slack.say("C1", "U1", "Returns & refunds <30 days?", mention=True)
        await slack.settled()
    mine = [body for body in seen if body["event"].get("user") == "U1"]
    assert sorted(body["event"]["type"] for body in mine) == ["app_mention", "message"]
    assert {body["event"]["ts"] for body in mine} == {ts}
    assert len({body["event_id"] for body in mine}) == 2
    assert mine[0]["event"]["text"] == "<@U0BOT> Returns &amp; refunds &lt;30 days?"
    assert [reply.text for reply in slack.bot_messages("C1", ts)] == ["Within 30 days."]
    assert all(ack.seconds < 3 and not ack.late for ack in slack.acks)
    assert len(slack.acks) == 3  # the app's own message comes back as an event, too


async def test_edits_deletions_reactions_and_previews_are_told(slack: SlackStandIn) -> None:
    app = make_app(slack)
    seen = collector(app, "message", "reaction_added", "reaction_removed")
    async with socket_mode(slack, app):
        ts = await slack.say("C1", "U1", "old https://example.com/a")
        await slack.unfurl("C1", ts)
        await slack.edit("C1", ts, "new")
        await slack.react("C1", ts, "U2", "mute")
        await slack.unreact("C1", ts, "U2", "mute")
        await slack.delete("C1", ts)
        await slack.settled()
    events = [body["event"] for body in seen]
    assert [event.get("subtype", event["type"]) for event in events] == [
        "message",
        "message_changed",
        "message_changed",
        "reaction_added",
        "reaction_removed",
        "message_deleted",
    ]
    preview, edit = events[1], events[2]
    assert preview["message"]["text"] == preview["previous_message"]["text"] == "old <https://example.com/a>"
    assert edit["message"]["text"] == "new" and edit["message"]["edited"]["user"] == "U1"
    assert events[3]["item"] == {"type": "message", "channel": "C1", "ts": ts}
    assert events[5]["deleted_ts"] == ts
    assert slack.messages("C1") == []


async def test_a_question_with_answers_leaves_a_tombstone(slack: SlackStandIn, client: AsyncWebClient) -> None:
    ts = await slack.say("C1", "U1", "question")
    await client.chat_postMessage(channel="C1", thread_ts=ts, text="answer")
    app = make_app(slack)
    seen = collector(app, "message")
    async with socket_mode(slack, app):
        await slack.settled()
        seen.clear()
        await slack.delete("C1", ts)
        await slack.settled()
    assert [(body["event"]["subtype"], body["event"]["message"]["subtype"]) for body in seen] == [
        ("message_changed", "tombstone")
    ]


async def test_the_app_hears_nothing_where_it_is_not_and_no_mention_events_in_private(slack: SlackStandIn) -> None:
    slack.add_channel("C2", ["U1"], bot=False)
    app = make_app(slack)
    seen = collector(app, "message", "app_mention", "member_joined_channel")
    async with socket_mode(slack, app):
        await slack.say("C2", "U1", "hello", mention=True)
        await slack.say(slack.dm("U1"), "U1", "hello", mention=True)
        await slack.join("C2", slack.bot_user)
        await slack.settled()
    kinds = [(body["event"]["type"], body["event"].get("channel_type")) for body in seen]
    assert kinds == [("message", "im"), ("member_joined_channel", "C")]
    with pytest.raises(CannotDo):
        await slack.say("C2", "U2", "I am not in there")


async def test_an_app_without_scope_or_subscription_gets_no_events(slack: SlackStandIn) -> None:
    slack.scopes.discard("channels:history")
    slack.subscriptions.discard("reaction_added")
    app = make_app(slack)
    async with socket_mode(slack, app):
        ts = await slack.say("C1", "U1", "hello")
        await slack.react("C1", ts, "U1", "wave")
        await slack.settled()
    assert slack.deliveries == []


# Delivery


async def test_an_event_without_acknowledgement_is_delivered_again_and_then_given_up(slack: SlackStandIn) -> None:
    slack.ack_deadline, slack.retry_schedule = 0.1, (0, 0.1, 0.2)
    app = make_app(slack, process_before_response=True)
    retries: list[Any] = []

    @app.event("message")
    async def never_in_time(request: AsyncBoltRequest, body: dict[str, Any]) -> None:
        retries.append((body["event_id"], body["event"]["ts"], request.headers.get("x-slack-retry-num", ["0"])[0]))
        await asyncio.sleep(0.3)

    async with socket_mode(slack, app):
        ts = await slack.say("C1", "U1", "hello")
        await slack.wait_for(lambda: slack.given_up)
    assert [number for _, _, number in retries] == ["0", "1", "2", "3"]
    assert len({event_id for event_id, _, _ in retries}) == 1
    assert {said for _, said, _ in retries} == {ts}
    assert [delivery.reason for delivery in slack.deliveries] == ["", "timeout", "timeout", "timeout"]
    assert all(ack.late for ack in slack.acks)


async def test_what_happens_while_nothing_is_connected_arrives_later_as_a_retry(slack: SlackStandIn) -> None:
    app = make_app(slack)
    seen = collector(app, "message")
    await slack.say("C1", "U1", "anybody?")
    with pytest.raises(AppFailure, match="dispatch_failed"):
        await slack.command("/ask", "U1", "C1", "anybody?")
    async with socket_mode(slack, app):
        await slack.wait_for(lambda: seen)
    assert [delivery.attempt for delivery in slack.deliveries] == [1]


@pytest.mark.parametrize("reason", ["refresh_requested", "warning", "drop"])
async def test_the_app_reconnects_and_misses_nothing(slack: SlackStandIn, reason: str) -> None:
    app = make_app(slack)
    seen = collector(app, "message")
    async with socket_mode(slack, app):
        if reason == "drop":
            await slack.drop_sockets()
        else:
            await slack.disconnect_sockets(reason, after=0.1)
        await slack.say("C1", "U1", "between two sockets")
        await slack.wait_for(lambda: slack.sockets.opened == 2 and seen)
        await slack.settled()
    assert [body["event"]["text"] for body in seen] == ["between two sockets"]


async def test_a_cut_socket_gives_back_what_it_had_not_acknowledged(slack: SlackStandIn) -> None:
    app = make_app(slack, process_before_response=True)
    seen: list[str] = []

    @app.event("message")
    async def slow(body: dict[str, Any]) -> None:
        seen.append(body["event_id"])
        if len(seen) == 1:
            await slack.drop_sockets()
            await asyncio.sleep(0.1)

    async with socket_mode(slack, app):
        await slack.say("C1", "U1", "hello")
        await slack.wait_for(lambda: len(seen) == 2)
    assert seen[0] == seen[1]


async def test_a_lost_acknowledgement_can_be_played(slack: SlackStandIn) -> None:
    app = make_app(slack)
    seen = collector(app, "message")
    async with socket_mode(slack, app):
        await slack.say("C1", "U1", "hello")
        await slack.settled()
        await slack.deliver_again()
        await slack.wait_for(lambda: len(seen) == 2)
    assert seen[0] == seen[1]


async def test_envelopes_are_shared_among_sockets_and_an_eleventh_is_turned_away(slack: SlackStandIn) -> None:
    app = make_app(slack)
    seen = collector(app, "message")
    async with socket_mode(slack, app, sockets=3):
        for number in range(30):
            await slack.say("C1", "U1", str(number))
        await slack.settled()
        assert len(seen) == 30
        assert sorted({delivery.connection for delivery in slack.deliveries}) == [1, 2, 3]
    async with aiohttp.ClientSession() as session:
        client = AsyncWebClient(base_url=slack.api_url)
        sockets = []
        for _ in range(11):
            url = (await client.apps_connections_open(app_token="xapp-test"))["url"]
            sockets.append(await session.ws_connect(url))
        hellos = [await socket.receive_json() for socket in sockets]
        assert [hello["type"] for hello in hellos] == ["hello"] * 10 + ["disconnect"]
        assert hellos[10]["reason"] == "too_many_websockets"
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await session.ws_connect(url)  # a ticket is good once
        for socket in sockets:
            await socket.close()


async def test_a_burst_of_2000_events_is_delivered_quickly(slack: SlackStandIn) -> None:
    slack.ack_deadline = 30  # the app shares this process, and needs its time
    app = make_app(slack)
    seen = collector(app, "message")
    async with socket_mode(slack, app, ping=10):
        began = time.monotonic()
        for number in range(2000):
            await slack.say("C1", "U1", f"question {number}")
        assert time.monotonic() - began < 2
        await slack.wait_for(lambda: len(slack.acks) == 2000, timeout=30)
    assert len({body["event_id"] for body in seen}) == len(slack.deliveries) == 2000


# HTTP


async def test_http_mode_delivers_signed_requests_that_bolt_accepts(slack: SlackStandIn) -> None:
    app = make_app(slack)
    seen = collector(app, "app_mention", "message")

    @app.command("/ask")
    async def ask(ack: Any, command: dict[str, Any]) -> None:
        await ack(f"You asked: {command['text']}")

    @app.view("why")
    async def why(ack: Any) -> None:
        await ack(response_action="errors", errors={"reason": "Say more"})

    async with http_mode(slack, app) as url:
        await slack.say("C1", "U1", "hello ✓", mention=True)
        await slack.settled()
        assert sorted(body["event"]["type"] for body in seen) == ["app_mention", "message"]
        answer = await slack.command("/ask", "U1", "C1", "über & <b>")
        assert answer == {"text": "You asked: über & <b>"}
        assert slack.messages("C1")[-1].ephemeral_to == "U1"
        client = AsyncWebClient(token="xoxb-test", base_url=slack.api_url)
        await client.views_open(trigger_id=slack.new_trigger("U1"), view=MODAL)
        answer = await slack.submit_view("U1", slack.modal("U1"), {"text": "wrong"})
        assert answer["response_action"] == "errors"

        challenge = json.dumps({"type": "url_verification", "token": "t", "challenge": "c0ffee"})
        assert "c0ffee" in (await slack.post(challenge)).text
        assert (await slack.post(challenge, secret="forged")).status == 401
        assert (await slack.post(challenge, timestamp=int(time.time()) - 301)).status == 401
        async with aiohttp.ClientSession() as session, session.post(url, data=challenge) as unsigned:
            assert unsigned.status == 401
    assert len(slack.acks) == 4


async def test_http_retries_carry_their_headers_and_a_command_in_vain_fails(slack: SlackStandIn) -> None:
    slack.ack_deadline, slack.retry_schedule = 0.2, (0, 0.1, 0.1)
    seen: list[tuple[str, str, str]] = []

    async def app(request: web.Request) -> web.Response:
        body = await request.text()
        if "command=" in body:
            await asyncio.sleep(0.5)
        headers = request.headers
        seen.append((headers.get("X-Slack-Retry-Num", ""), headers.get("X-Slack-Retry-Reason", ""), body))
        if len(seen) == 1:
            await asyncio.sleep(0.5)
        return web.Response(status=200 if len(seen) == 3 else 500)

    server = web.Application()
    server.router.add_post("/", app)
    runner = web.AppRunner(server, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    slack.http_mode(f"http://127.0.0.1:{runner.addresses[0][1]}/")
    await slack.say("C1", "U1", "hello")
    await slack.wait_for(lambda: slack.acks)
    assert [(number, reason) for number, reason, _ in seen] == [("", ""), ("1", "http_timeout"), ("2", "http_error")]
    assert len({json.loads(body)["event_id"] for _, _, body in seen}) == 1
    with pytest.raises(AppFailure, match="operation_timeout"):
        await slack.command("/ask", "U1", "C1")
    await runner.cleanup()
