"""Commands, clicks, forms, Home tab and assistant of the stand-in, handled by unmodified slack-bolt apps."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from slack_sdk.models.blocks import ActionsBlock, ButtonElement
from slack_sdk.web.async_client import AsyncWebClient

from tests.support.slack import CannotDo, SlackStandIn
from tests.support.slack.apps import make_app, socket_mode
from tests.support.slack.samples import MODAL, VOTES, button, refused, section


async def test_a_command_is_answered_through_its_response_url_five_times(slack: SlackStandIn) -> None:
    app = make_app(slack)
    answers: list[int] = []

    @app.command("/ask")
    async def ask(ack: Any, respond: Any, command: dict[str, Any]) -> None:
        await ack()
        for body in (
            {"text": "working…"},
            {"text": command["text"], "replace_original": True},
            {"delete_original": True},
            {"text": "for all", "response_type": "in_channel"},
            {"text": "", "blocks": [{"type": "poem"}]},
            {"text": "once too often"},
        ):
            answer = await respond(body)
            answers.append(answer.status_code)

    async with socket_mode(slack, app):
        assert await slack.command("/ask", "U1", "C1", "returns?") == {}
        await slack.wait_for(lambda: len(answers) == 6)
    assert answers == [200, 200, 200, 200, 400, 404]
    assert [(message.text, message.ephemeral_to) for message in slack.messages("C1")] == [("for all", "")]
    assert [call.error for call in slack.called("response_url")] == ["", "", "", "", "invalid_blocks", "used_url"]


async def test_clicks_come_from_what_stands_in_the_message(slack: SlackStandIn, client: AsyncWebClient) -> None:
    app = make_app(slack)
    actions: list[dict[str, Any]] = []
    bodies: list[dict[str, Any]] = []

    @app.action("vote")
    @app.action("mute")
    async def act(ack: Any, action: dict[str, Any], body: dict[str, Any]) -> None:
        await ack()
        actions.append(action)
        bodies.append(body)

    root = await slack.say("C1", "U1", "question")
    blocks = [section(), VOTES, ActionsBlock(elements=[ButtonElement(text="Mute", action_id="mute", value="1")])]
    ts = (await client.chat_postMessage(channel="C1", thread_ts=root, text="answer", blocks=blocks))["ts"]
    async with socket_mode(slack, app):
        await slack.click("U2", "C1", ts, "vote", "down")
        await slack.click("U1", "C1", ts, "mute")
        for wrong in (("vote", "sideways"), ("mute", "2"), ("absent", None)):
            with pytest.raises(CannotDo):
                await slack.click("U1", "C1", ts, *wrong)
        hidden = (await client.chat_postEphemeral(channel="C1", user="U1", text="a", blocks=blocks))["message_ts"]
        with pytest.raises(CannotDo):
            await slack.click("U2", "C1", hidden, "mute")
        await slack.wait_for(lambda: len(actions) == 2)
    assert [(action["type"], action["value"]) for action in actions] == [("feedback_buttons", "down"), ("button", "1")]
    assert actions[0]["text"]["text"] == "Bad"
    assert bodies[0]["container"]["thread_ts"] == root and bodies[0]["message"]["ts"] == ts
    assert bodies[0]["user"]["id"] == "U2" and bodies[0]["response_url"].startswith(slack.base_url)


async def test_a_modal_opens_once_in_time_and_is_filled_in(slack: SlackStandIn, client: AsyncWebClient) -> None:
    app = make_app(slack)
    states: list[Any] = []

    @app.command("/why")
    async def why(ack: Any, body: dict[str, Any], client: AsyncWebClient) -> None:
        await ack()
        await client.views_open(trigger_id=body["trigger_id"], view={**MODAL, "private_metadata": "turn-1"})

    @app.view("why")
    async def submitted(ack: Any, view: dict[str, Any]) -> None:
        states.append((view["private_metadata"], view["state"]["values"]["reason"]["text"]["value"]))
        await (ack() if len(states) > 1 else ack(response_action="errors", errors={"reason": "Say more"}))

    async with socket_mode(slack, app):
        await slack.command("/why", "U1", "C1")
        view = await slack.wait_for(lambda: slack.workspace.modals.get("U1") and slack.modal("U1"))
        for values in ({}, {"text": "a" * 21}, {"text": "a", "other": "b"}):
            with pytest.raises(CannotDo):
                await slack.submit_view("U1", view, values)
        first = await slack.submit_view("U1", view, {"text": "old"})
        assert first == {"response_action": "errors", "errors": {"reason": "Say more"}}
        assert await slack.submit_view("U1", view["id"], {"reason": "outdated"}) == {}
    assert states == [("turn-1", "old"), ("turn-1", "outdated")]
    with pytest.raises(CannotDo):
        slack.modal("U1")

    trigger = slack.new_trigger("U1")
    await client.views_open(trigger_id=trigger, view=MODAL)
    assert await refused(client.views_open(trigger_id=trigger, view=MODAL)) == "exchanged_trigger_id"
    slack.trigger_seconds = 0
    assert await refused(client.views_open(trigger_id=slack.new_trigger("U1"), view=MODAL)) == "expired_trigger_id"
    title = {"type": "plain_text", "text": "a" * 25}
    for wrong in ({"title": title}, {"submit": title}, {"private_metadata": "a" * 3001}, {"blocks": [section()] * 101}):
        call = client.views_open(trigger_id=slack.new_trigger("U1"), view={**MODAL, **wrong})
        assert await refused(call) == "invalid_arguments"


async def test_home_prompts_and_status(slack: SlackStandIn, client: AsyncWebClient) -> None:
    app = make_app(slack)
    clicks: list[str] = []

    @app.event("app_home_opened")
    async def home(event: dict[str, Any], client: AsyncWebClient) -> None:
        if event["tab"] == "home":
            view = {"type": "home", "blocks": [section(accessory=button(action_id="reload"))]}
            await client.views_publish(user_id=event["user"], view=view)
        else:
            prompts = [{"title": "Returns", "message": "How do returns work?"}]
            await client.assistant_threads_setSuggestedPrompts(channel_id=event["channel"], prompts=prompts)

    @app.event("assistant_thread_started")
    async def started(event: dict[str, Any], client: AsyncWebClient) -> None:
        thread = event["assistant_thread"]
        place = {"channel_id": thread["channel_id"], "thread_ts": thread["thread_ts"]}
        await client.assistant_threads_setSuggestedPrompts(**place, prompts=[{"title": "Hours", "message": "Open?"}])
        await client.assistant_threads_setTitle(**place, title="Questions")

    @app.action("reload")
    async def reload(ack: Any, body: dict[str, Any]) -> None:
        await ack()
        clicks.append(body["container"]["type"])

    async with socket_mode(slack, app):
        await slack.open_home("U1")
        view = await slack.wait_for(lambda: slack.home("U1"))
        await slack.click_view("U1", view, "reload")
        direct = await slack.open_home("U1", tab="messages")
        channel, thread = await slack.open_assistant("U1")
        await slack.wait_for(lambda: slack.title(channel, thread))
        await slack.settled()
    assert clicks == ["view"]
    assert slack.prompts(direct)[0]["title"] == "Returns"
    assert slack.prompts(channel, thread) == [{"title": "Hours", "message": "Open?"}]

    status = client.assistant_threads_setStatus
    place = {"channel_id": channel, "thread_ts": thread}
    assert await refused(status(**place, status="a", loading_messages=["a"] * 11)) == "invalid_arguments"
    assert await refused(status(**place, status="a", loading_messages=["a" * 51])) == "invalid_arguments"
    five = [{"title": "a", "message": "b"}] * 5
    assert await refused(client.assistant_threads_setSuggestedPrompts(**place, prompts=five)) == "invalid_arguments"
    slack.status_seconds = 0.1
    await status(**place, status="thinks")
    assert slack.status(channel, thread) == "thinks"
    await asyncio.sleep(0.15)
    assert slack.status(channel, thread) == ""
