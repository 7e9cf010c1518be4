"""Where notices and handoffs stand in Slack: against the strict stand-in."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.card import Card, File, Line, Table
from bot.chat.message import ThreadRef
from bot.chat.people import Role
from bot.errors import DeliveryError
from bot.platforms.slack.channels import SlackChannels
from tests.support.slack import SlackStandIn


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    async with SlackStandIn() as slack:
        slack.add_channel("C1", ["U1", "U2"])
        slack.add_channel("C2", ["U2"], "private")
        yield slack


@pytest.fixture
def rooms(slack: SlackStandIn) -> SlackChannels:
    return SlackChannels(AsyncWebClient(slack.bot_token, base_url=slack.api_url), slack.team, ["C2", ""])


def place(slack: SlackStandIn, thread: str = "") -> ThreadRef:
    return ThreadRef("slack", slack.team, "C1", thread)


async def test_a_long_text_is_said_whole_in_as_many_messages_as_it_takes(
    slack: SlackStandIn, rooms: SlackChannels
) -> None:
    words = [f"word{number}" for number in range(2_000)]
    first = await rooms.post_card(place(slack), Card(title="Ann", text=" ".join(words)))
    posted = slack.bot_messages("C1")
    assert posted[0].ts == first.message_id and len(posted) > 3
    assert all(word in " ".join(message.shown for message in posted) for word in words)


async def test_a_thread_is_answered_in_and_linked_to(slack: SlackStandIn, rooms: SlackChannels) -> None:
    message = await rooms.post_card(place(slack), Card(text="packet"))
    thread = await rooms.ensure_thread(message, "Ann")
    await rooms.post_card(thread, Card(text="reply", file=File("a.csv", "x")))
    assert [m.shown for m in slack.bot_messages("C1", message.message_id)] == ["packet", "reply"]
    assert message.message_id.replace(".", "") in await rooms.fetch_link(message)
    assert [file.name for file in slack.workspace.files.values()] == ["a.csv"]


async def test_a_private_conversation_with_the_bot_is_one_and_a_private_channel_is_not(
    slack: SlackStandIn, rooms: SlackChannels
) -> None:
    assert rooms.is_direct(await rooms.open_direct_thread("", "U1"))
    assert not rooms.is_direct(ThreadRef("slack", slack.team, "C2", "1.0"))


async def test_a_card_whose_blocks_are_refused_is_said_in_bare_text(slack: SlackStandIn, rooms: SlackChannels) -> None:
    slack.refuse("invalid_blocks", lambda args: bool(args.get("blocks")) and args["blocks"] != "[]")
    table = Table(("state", "question"), (("open", "Why?"),))
    lines = (Line("Returns", "https://shop.example/r", "a note"), Line("<!channel> *x*"))
    card = Card("Ann", "first\nsecond", facts={"Language": "German"}, lines=lines, table=table, footnote="Claim it.")
    message = await rooms.post_card(place(slack), card)
    said = slack.workspace.message("C1", message.message_id)
    assert not said.blocks
    for part in ("*Ann*", "first\nsecond", "*Language:* German", "open · Why?", "|Returns>", "a note", "Claim it."):
        assert part in said.text
    assert "<!channel>" not in said.text
    await rooms.update_card(message, Card("Ann", "third"))
    assert said.text == "*Ann*\nthird"


async def test_an_update_of_what_is_gone_does_nothing(slack: SlackStandIn, rooms: SlackChannels) -> None:
    message = await rooms.post_card(place(slack), Card(text="packet"))
    slack.delete_message(slack.workspace.message("C1", message.message_id))
    await rooms.update_card(message, Card(text="again"))
    with pytest.raises(DeliveryError):
        await rooms.post_card(ThreadRef("slack", slack.team, "C404", ""), Card(text="x"))


async def test_a_public_channel_makes_nobody_a_teammate_and_holds_no_question(slack: SlackStandIn) -> None:
    slack.add_channel("C3", ["U1", "U2"], "public")
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    rooms = SlackChannels(client, slack.team, ["C3", "C404"])
    assert await rooms.find_role("U2") is Role.CUSTOMER
    assert not await rooms.is_teammate(slack.team, "U2")
    slack.workspace.users["U1"].is_admin = True
    assert await rooms.find_role("U1") is Role.ADMIN, "who manages the workspace needs no channel"
    with pytest.raises(DeliveryError, match="C3 is public"):
        await rooms.post_card(ThreadRef("slack", slack.team, "C3", ""), Card(text="what a customer asked"))
    assert not slack.bot_messages("C3")
    faults = dict(await rooms.find_faults())
    public, unknown = faults.pop("C3"), faults.pop("C404")
    assert not faults
    assert "C3 is public" in public and "private" in public
    assert "C404" in unknown and "invite the bot" in unknown
    slack.workspace.channel("C3").kind = "private"
    both = SlackChannels(client, slack.team, ["C3"])
    assert await both.find_role("U2") is Role.TEAMMATE and await both.find_faults() == {}


async def test_a_channel_that_takes_no_message_is_a_fault_until_it_does(slack: SlackStandIn) -> None:
    channel = slack.add_channel("C3", ["U1"], "private")
    rooms = SlackChannels(AsyncWebClient(slack.bot_token, base_url=slack.api_url), slack.team, ["C3"])
    assert await rooms.find_faults() == {}
    channel.archived = True
    assert "C3 is archived" in (await rooms.find_faults())["C3"]
    channel.archived = False
    channel.kind = "public"
    channel.members.remove(slack.bot_user)
    assert "not in the channel C3" in (await rooms.find_faults())["C3"]
    channel.members.append(slack.bot_user)
    channel.kind = "private"
    assert await rooms.find_faults() == {}


async def test_one_of_two_channels_being_public_takes_nothing_from_the_other(slack: SlackStandIn) -> None:
    slack.add_channel("C3", ["U1", "U2"], "public")
    rooms = SlackChannels(AsyncWebClient(slack.bot_token, base_url=slack.api_url), slack.team, ["C3", "C2"])
    assert (await rooms.find_role("U1"), await rooms.find_role("U2")) == (Role.CUSTOMER, Role.TEAMMATE)


async def test_a_role_is_what_slack_says_now(slack: SlackStandIn, rooms: SlackChannels) -> None:
    assert (await rooms.find_role("U1"), await rooms.find_role("U2")) == (Role.CUSTOMER, Role.TEAMMATE)
    slack.workspace.users["U1"].is_admin = True
    slack.workspace.channel("C2").members.remove("U2")
    assert (await rooms.find_role("U1"), await rooms.find_role("U2")) == (Role.ADMIN, Role.CUSTOMER)
    slack.workspace.users["U1"].team = "T9OTHER"
    assert await rooms.find_role("U1") is Role.CUSTOMER, "an admin of somebody else's workspace"
    assert await rooms.fetch_user_name("", "U1") == "u1"
    assert (await rooms.open_direct_thread("", "U1")).thread == ""
