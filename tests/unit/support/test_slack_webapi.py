"""The stand-in's Web API, called by the unmodified slack_sdk: what it answers, and what it refuses."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.models.blocks import SectionBlock
from slack_sdk.models.messages.chunk import MarkdownTextChunk
from slack_sdk.web.async_client import AsyncWebClient

from tests.support.slack import SlackStandIn
from tests.support.slack.rendered import links_in
from tests.support.slack.samples import VOTES, button, refused, section
from tests.support.slack.typed import encoded

# The Web API


async def test_every_method_takes_query_form_and_json(slack: SlackStandIn) -> None:
    headers = {"Authorization": "Bearer xoxb-test"}
    url = f"{slack.api_url}chat.postMessage"
    blocks = [{"type": "divider"}]
    async with aiohttp.ClientSession() as session:

        async def answer(**request: Any) -> dict[str, Any]:
            verb = request.pop("verb", "POST")
            async with session.request(verb, request.pop("url", url), **request) as response:
                assert response.status == 200
                return dict(await response.json())

        assert (await answer(verb="GET", params={"channel": "C1", "text": "a"}, headers=headers))["ok"]
        form = {"channel": "C1", "text": "b", "blocks": json.dumps(blocks), "token": "xoxb-test"}
        assert (await answer(data=form))["message"]["blocks"][0]["type"] == "divider"
        assert (await answer(json={"channel": "C1", "blocks": blocks}, headers=headers))["ok"]
        assert (await answer(data=b"[]", headers={"Content-Type": "application/json"}))["error"] == "json_not_object"
        assert (await answer(params={"token": "xoxb-test", "channel": "C1"}))["error"] == "not_authed"
        assert (await answer(json={}, headers={"Authorization": "Bearer xoxb-other"}))["error"] == "invalid_auth"
        assert (await answer(url=f"{slack.api_url}chat.sing", headers=headers))["error"] == "unknown_method"


async def test_tokens_and_scopes_are_checked(slack: SlackStandIn, client: AsyncWebClient) -> None:
    auth = await client.auth_test()
    assert (auth["user_id"], auth["bot_id"], auth["team_id"]) == (slack.bot_user, slack.bot_id, slack.team)
    assert "chat:write" in auth.headers["x-oauth-scopes"].split(",")
    assert await refused(client.apps_connections_open(app_token="xoxb-test")) == "not_allowed_token_type"
    assert await refused(client.api_call("users.info", params={"user": "U1", "token": "xapp-test"})) == (
        "not_allowed_token_type"
    )
    slack.scopes.discard("chat:write")
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="C1", text="hello")
    assert caught.value.response["needed"] == "chat:write"
    assert "chat:write" not in caught.value.response["provided"].split(",")
    slack.app_scopes.clear()
    assert await refused(client.apps_connections_open(app_token="xapp-test")) == "missing_scope"


async def test_channels_messages_and_texts_are_checked(slack: SlackStandIn, client: AsyncWebClient) -> None:
    slack.add_channel("C2", ["U1"], bot=False)
    slack.add_channel("G1", ["U1"], kind="private", bot=False)
    theirs = await slack.say("C1", "U1", "hello")
    ours = (await client.chat_postMessage(channel="C1", text="hello", thread_ts=theirs))["ts"]
    post, update = client.chat_postMessage, client.chat_update
    assert await refused(post(channel="C9", text="a")) == "channel_not_found"
    assert await refused(post(channel="G1", text="a")) == "channel_not_found"
    assert await refused(post(channel="C2", text="a")) == "not_in_channel"
    assert await refused(client.api_call("chat.postMessage", json={"channel": "C1", "text": " "})) == "no_text"
    assert await refused(post(channel="C1", text="a" * 40_001)) == "msg_too_long"
    assert await refused(post(channel="C1", markdown_text="a" * 12_001)) == "msg_too_long"
    assert await refused(post(channel="C1", markdown_text="a", text="b")) == "markdown_text_conflict"
    assert await refused(post(channel="C1", text="a", thread_ts="1.2")) == "thread_not_found"
    assert await refused(post(channel="C1", text="a", thread_ts=ours)) == "cannot_reply_to_message"
    assert await refused(update(channel="C1", ts=theirs, text="a")) == "cant_update_message"
    assert await refused(update(channel="C1", ts="1.2", text="a")) == "message_not_found"
    assert await refused(update(channel="C1", ts=ours, text="ä" * 2001)) == "msg_too_long"
    assert await refused(client.chat_delete(channel="C1", ts=theirs)) == "cant_delete_message"
    await client.chat_delete(channel="C1", ts=ours)
    assert await refused(client.chat_delete(channel="C1", ts=ours)) == "message_not_found"


@pytest.mark.parametrize(
    ("error", "blocks"),
    [
        ("invalid_blocks", [section()] * 51),
        ("invalid_blocks", [section("a" * 3001)]),
        ("invalid_blocks", [section("")]),
        ("invalid_blocks", [section(colour="red")]),
        ("invalid_blocks", [section(fields=[{"type": "mrkdwn", "text": "a"}] * 11)]),
        ("invalid_blocks", [section(fields=[{"type": "mrkdwn", "text": "a" * 2001}])]),
        ("invalid_blocks", [{"type": "header", "text": {"type": "plain_text", "text": "a" * 151}}]),
        ("invalid_blocks", [{"type": "header", "text": {"type": "mrkdwn", "text": "a"}}]),
        ("invalid_blocks", [{"type": "context", "elements": [{"type": "mrkdwn", "text": "a"}] * 11}]),
        ("invalid_blocks", [{"type": "actions", "elements": [button(action_id=str(n)) for n in range(26)]}]),
        ("invalid_blocks", [{"type": "actions", "elements": [button(), button()]}]),
        ("invalid_blocks", [{"type": "actions", "elements": [button(text={"type": "plain_text", "text": "a" * 76})]}]),
        ("invalid_blocks", [{"type": "actions", "elements": [button(value="a" * 2001)]}]),
        ("invalid_blocks", [{"type": "actions", "elements": [button(action_id="a" * 256)]}]),
        ("invalid_blocks", [{"type": "actions", "elements": [{"type": "lever"}]}]),
        ("invalid_blocks", [section(block_id="a" * 256)]),
        ("invalid_blocks", [section(block_id="a"), section(block_id="a")]),
        ("invalid_blocks", [{"type": "poem", "text": "a"}]),
        ("invalid_blocks", [{"type": "context_actions", "elements": [button()]}]),
        ("invalid_blocks", [{"type": "context_actions", "elements": [{"type": "feedback_buttons", "action_id": "a"}]}]),
        ("invalid_blocks_format", {"type": "divider"}),
        ("msg_blocks_too_long", [{"type": "markdown", "text": "a" * 6001}, {"type": "markdown", "text": "a" * 6000}]),
        ("msg_blocks_too_long", [section("a" * 3000)] * 5),
    ],
)
async def test_blocks_beyond_the_limits_are_refused(
    slack: SlackStandIn, client: AsyncWebClient, error: str, blocks: Any
) -> None:
    with pytest.raises(SlackApiError) as caught:
        await client.chat_postMessage(channel="C1", text="a", blocks=blocks)
    assert caught.value.response["error"] == error
    assert slack.bot_messages("C1") == []


async def test_blocks_within_the_limits_pass(slack: SlackStandIn, client: AsyncWebClient) -> None:
    blocks = [
        section("a" * 3000, fields=[{"type": "plain_text", "text": "a", "emoji": True}] * 10, accessory=button()),
        {"type": "actions", "elements": [button(action_id=str(n), value="v" * 2000) for n in range(25)]},
        {"type": "table", "rows": [[{"type": "raw_text", "text": "a"}] * 20] * 5},
        {"type": "context", "elements": [{"type": "image", "image_url": "https://x/y.png", "alt_text": "a"}]},
        {"type": "markdown", "text": "a" * 9000},
        *[{"type": "divider"}] * 44,
        VOTES,
    ]
    message = (await client.chat_postMessage(channel="C1", text="a", blocks=blocks))["message"]
    assert len(message["blocks"]) == 50 and all(block["block_id"] for block in message["blocks"])


async def test_histories_come_in_pages(slack: SlackStandIn, client: AsyncWebClient) -> None:
    root = await slack.say("C1", "U1", "question")
    for number in range(4):
        await slack.say("C1", "U2", str(number), thread_ts=root)
    await client.chat_postEphemeral(channel="C1", user="U1", thread_ts=root, text="only you")
    texts = []
    async for page in await client.conversations_replies(channel="C1", ts=root, limit=2):
        texts += [message["text"] for message in page["messages"]]
    assert texts == ["question", "0", "1", "2", "3"]
    (message,) = (await client.conversations_history(channel="C1"))["messages"]
    assert message["reply_count"] == 4
    assert [member["id"] for member in (await client.users_conversations(types="public_channel"))["channels"]] == ["C1"]
    assert (await client.users_info(user="U1"))["user"]["name"] == "u1"
    assert (await client.conversations_open(users=["U1"]))["channel"]["id"] == slack.dm("U1")
    link = (await client.chat_getPermalink(channel="C1", message_ts=root))["permalink"]
    assert link.endswith(f"/archives/C1/p{root.replace('.', '')}")


async def test_rate_limits_are_waited_out_by_the_retry_handler(slack: SlackStandIn, client: AsyncWebClient) -> None:
    slack.rate_limit("chat.postMessage", times=2)
    assert await refused(client.chat_postMessage(channel="C1", text="first")) == "ratelimited"
    client.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=2))
    began = time.monotonic()
    await client.chat_postMessage(channel="C1", text="second")
    assert time.monotonic() - began >= 1
    assert [call.error for call in slack.called("chat.postMessage")] == ["ratelimited", "ratelimited", ""]


async def test_faults_can_be_ordered(slack: SlackStandIn, client: AsyncWebClient) -> None:
    slack.fail("chat.postMessage", "fatal_error")
    assert await refused(client.chat_postMessage(channel="C1", text="a")) == "fatal_error"
    slack.fail("*", status=503)
    with pytest.raises(SlackApiError) as caught:
        await client.auth_test()
    assert caught.value.response.status_code == 503
    # The SDK's default handler repeats a call whose connection broke: what Slack had done already is done twice.
    slack.fail("chat.postMessage", drop="after")
    await client.chat_postMessage(channel="C1", text="twice")
    assert [message.text for message in slack.bot_messages("C1")] == ["twice", "twice"]
    slack.fail("chat.postMessage", drop="before", times=2)
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel="C1", text="never")
    hold = slack.hold("chat.postMessage")
    held = asyncio.create_task(client.chat_postMessage(channel="C1", text="held"))
    await hold.begun()
    assert slack.bot_messages("C1")[-1].text == "twice"
    hold.release()
    assert (await held)["message"]["text"] == "held"
    slack.slow("auth.test", 0.2)
    began = time.monotonic()
    await client.auth_test()
    assert time.monotonic() - began >= 0.2


# Streams


async def test_the_stream_helper_writes_an_answer_with_its_sources_below(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    ts = await slack.say("C1", "U1", "question", mention=True)
    await client.assistant_threads_setStatus(
        channel_id="C1", thread_ts=ts, status="is reading…", loading_messages=["Looking it up"]
    )
    assert slack.status("C1", ts) == "is reading…"
    stream = await client.chat_stream(
        channel="C1", thread_ts=ts, recipient_user_id="U1", recipient_team_id=slack.team, buffer_size=4
    )
    await stream.append(markdown_text="**Within")
    (message,) = slack.bot_messages("C1", ts)
    assert message.streaming and slack.status("C1", ts) == ""
    assert await refused(client.chat_update(channel="C1", ts=message.ts, text="a")) == "streaming_state_conflict"
    await stream.append(markdown_text=" 30 days**")
    await stream.stop(blocks=[SectionBlock(text="<https://example.com/returns|Returns>"), VOTES])
    assert message.text == message.markdown == "**Within 30 days**"
    assert [block["type"] for block in message.blocks] == ["section", "context_actions"]
    assert not message.streaming and message.chunks[0]["type"] == "markdown_text"
    assert slack.called("chat.startStream")[0].args["chunks"] == [{"type": "markdown_text", "text": "**Within"}]
    late = client.chat_appendStream(channel="C1", ts=message.ts, markdown_text="more")
    assert await refused(late) == "message_not_in_streaming_state"


async def test_streams_are_refused_without_thread_recipient_or_ownership(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    theirs = await slack.say("C1", "U1", "question")
    both = {"recipient_user_id": "U1", "recipient_team_id": slack.team}

    def start(**args: Any) -> Any:
        return client.api_call("chat.startStream", json={"channel": "C1", "thread_ts": theirs, **args})

    assert await refused(start(recipient_team_id=slack.team)) == "missing_recipient_user_id"
    assert await refused(start(recipient_user_id="U1")) == "missing_recipient_team_id"
    assert await refused(start(**both, thread_ts="")) == "invalid_arguments"
    assert await refused(start(**both, markdown_text="a", chunks=[{"type": "markdown_text", "text": "b"}])) == (
        "cannot_provide_both_markdown_text_and_chunks"
    )
    assert await refused(start(**both, markdown_text="a" * 12_001)) == "msg_too_long"
    assert await refused(start(**both, chunks=[{"type": "song"}])) == "invalid_chunks"
    append = client.chat_appendStream
    assert await refused(append(channel="C1", ts=theirs, markdown_text="a")) == "message_not_owned_by_app"
    ts = (await start(**both, markdown_text="a"))["ts"]
    await append(channel="C1", ts=ts, markdown_text="b")
    mixed = append(channel="C1", ts=ts, chunks=[MarkdownTextChunk(text="c")])
    assert await refused(mixed) == "streaming_mode_mismatch"
    many = [section()] * 51
    assert await refused(client.chat_stopStream(channel="C1", ts=ts, blocks=many)) == "invalid_blocks"
    await client.chat_stopStream(channel="C1", ts=ts)
    assert slack.bot_messages("C1")[0].text == "ab"
    direct = await slack.say(slack.dm("U1"), "U1", "question")
    assert (await start(channel=slack.dm("U1"), thread_ts=direct))["ok"]  # in private nobody need be named
    slack.channel_streams = True
    assert (await start(**both, thread_ts=""))["ok"]


async def test_a_stream_that_dies_is_finished_by_an_update(slack: SlackStandIn, client: AsyncWebClient) -> None:
    ts = await slack.say(slack.dm("U1"), "U1", "question")
    slack.expire_streams(after_appends=1)
    stream = await client.chat_stream(channel=slack.dm("U1"), thread_ts=ts, buffer_size=1)
    await stream.append(markdown_text="one ")
    await stream.append(markdown_text="two ")
    assert await refused(stream.append(markdown_text="three")) == "message_not_in_streaming_state"
    assert await refused(stream.stop(blocks=[VOTES])) == "message_not_in_streaming_state"
    await client.chat_update(channel=slack.dm("U1"), ts=str(stream.ts), markdown_text="one two three")
    (message,) = slack.bot_messages(slack.dm("U1"))
    assert message.shown == "one two three"
    slack.expire_streams(seconds=0.05)
    ts = str((await client.chat_startStream(channel=slack.dm("U1"), thread_ts=ts))["ts"])
    await asyncio.sleep(0.1)
    stop = client.chat_stopStream(channel=slack.dm("U1"), ts=ts)
    assert await refused(stop) == "message_not_in_streaming_state"


# What a text does


async def test_mentions_that_would_notify_and_links_are_found_wherever_they_stand(
    slack: SlackStandIn, client: AsyncWebClient
) -> None:
    ts = await slack.say("C1", "U1", "question <!channel>", mention=True)  # what people write does not count
    await client.chat_postMessage(channel="C1", text="&lt;!channel&gt; @here `a`", blocks=[section("plain")])
    header = {"type": "header", "text": {"type": "plain_text", "text": "<!here> is plain text"}}
    await client.chat_postMessage(channel="C1", text="<!date^1392734382^{date}|then>", blocks=[header])
    assert slack.mentions() == [] and slack.links() == []
    first = await client.chat_postMessage(channel="C1", text="<!channel>")
    await client.chat_update(channel="C1", ts=first["ts"], text="taken back <https://a.example/?b=1&amp;c=2|c>")
    await client.chat_postMessage(channel="C1", blocks=[section("<@U1>")], text="a")
    await client.chat_postMessage(channel="C1", markdown_text="<!here> [a](javascript:alert) https://b.example/x.")
    await client.chat_postEphemeral(channel="C1", user="U1", text="<!subteam^S1|all>")
    await client.chat_postMessage(channel="C1", text="@everyone", parse="full")
    stream = await client.chat_stream(
        channel="C1", thread_ts=ts, recipient_user_id="U1", recipient_team_id=slack.team, buffer_size=1
    )
    await stream.append(markdown_text="<!every")
    await stream.stop(markdown_text="one>", blocks=[{"type": "actions", "elements": [button(url="https://c.example")]}])
    found = [mention.text for mention in slack.mentions()]
    assert found == ["<!channel>", "<@U1>", "<!here>", "<!subteam^S1|all>", "@everyone", "<!everyone>"]
    assert slack.links() == [
        "https://a.example/?b=1&c=2",
        "javascript:alert",
        "https://b.example/x",
        "https://c.example",
    ]


def test_links_and_typed_texts_are_read_as_slack_reads_them() -> None:
    text = "see [a](https://x.example/a_(b)), (https://y.example/c) and <mailto:a@b.example|a@b.example>"
    assert list(links_in(text)) == ["https://x.example/a_(b)", "https://y.example/c"]
    assert encoded("<@U1> a<b & https://x.example/?a=1&b=2.") == (
        "<@U1> a&lt;b &amp; <https://x.example/?a=1&amp;b=2>."
    )
