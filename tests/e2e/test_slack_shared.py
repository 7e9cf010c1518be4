"""Slack Connect and installations of a whole organisation: whatever workspace a payload names, all that happens belongs
to the one that the bot is installed in, and one gesture is answered once."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import AsyncIterator
from itertools import count
from pathlib import Path

import pytest
import pytest_asyncio

from tests.support.bots import Bot, Knowledge
from tests.support.rooms import SECONDS, Room
from tests.support.slack import SlackStandIn
from tests.support.slack.delivery import COMMANDS, EVENTS, INTERACTIVE, Delivery

pytestmark = pytest.mark.asyncio(loop_scope="module")

SUPPORT, PARTNER = "C0SUPPORT", "T0PARTNER"
DELIVERY, GIFTS, UNKNOWN = "How long does delivery take?", "Do gift cards expire?", "What is the airspeed of a swallow?"
_numbers = count(1)


class Connect(Room):
    """A channel shared with a partner: the `asker` is theirs (an organisation's, with a W…), the `teammate` ours."""

    def __init__(self, bot: Bot) -> None:
        number = next(_numbers)
        super().__init__(bot)
        self.asker = f"W{number:04}P"
        self.slack.add_user(self.asker, team=PARTNER)
        self.channel = f"C{number:04}CONNECT"
        self.slack.add_channel(self.channel, [self.asker, self.teammate, self.other], partner=PARTNER)


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=[False, True], ids=["workspace", "organisation"])
async def bot(
    request: pytest.FixtureRequest, shop: Knowledge, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bot]:
    async with SlackStandIn() as slack:
        slack.org_wide = request.param
        slack.add_channel(SUPPORT, ["U0AGENT"], "private")
        folder = tmp_path_factory.mktemp("shared")
        async with Bot(slack, shop, folder, FRONTDESK_SLACK_SUPPORT_CHANNEL=SUPPORT) as bot:
            yield bot


@pytest.fixture
def room(bot: Bot) -> Connect:
    return Connect(bot)


async def test_one_message_in_envelopes_of_several_workspaces_is_answered_once(room: Connect) -> None:
    slack = room.slack
    ts = await room.ask(DELIVERY)
    await room.answer(ts)
    told = next(each.payload for each in slack.deliveries if each.payload.get("event", {}).get("ts") == ts)
    for team in (PARTNER, slack.team, "T0THIRD"):
        slack.outbox.send(Delivery(EVENTS, copy.deepcopy(told) | {"team_id": team}))
    await slack.settled(SECONDS, 0.5)
    assert len(room.said(ts)) == 1


async def test_one_writing_under_two_ids_is_answered_once(room: Connect) -> None:
    slack = room.slack
    ts = await room.ask(DELIVERY)
    await room.answer(ts)
    first = slack.workspace.message(room.channel, ts)
    again = copy.deepcopy(first)
    again.ts, again.thread_ts = slack.workspace.next_ts(), ""
    slack.workspace.put(again)
    slack.announce(again)
    other = copy.deepcopy(again)
    other.ts, other.extra = slack.workspace.next_ts(), {"client_msg_id": "another"}
    slack.workspace.put(other)
    slack.announce(other)
    await room.answer(other.ts)
    await slack.settled(SECONDS, 0.3)
    assert [len(room.said(each)) for each in (ts, again.ts, other.ts)] == [1, 0, 1]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a database that two processes share."""
    return request.getfixturevalue("postgres_url") if request.param == "postgresql" else f"sqlite:///{tmp_path}/both.db"


@pytest.mark.slow
async def test_of_two_processes_one_answers_a_writing_under_two_ids_and_a_command_told_to_both(
    shop: Knowledge, database: str, tmp_path: Path
) -> None:
    settings = {"FRONTDESK_DATABASE_URL": database}
    async with (
        SlackStandIn() as slack,
        Bot(slack, shop, tmp_path / "one", **settings) as bot,
        Bot(slack, shop, tmp_path / "two", **settings),
    ):
        await slack.wait_for(lambda: slack.connections == 2, SECONDS)
        room = Room(bot)
        people = [f"U7{number:03}" for number in range(8)]
        slack.workspace.channel(room.channel).members.extend(people)
        for user in people:
            slack.add_user(user)
        pairs = []
        for user in people:  # what is said goes to each process in turn
            first = slack.workspace.message(room.channel, await room.ask(DELIVERY, user=user))
            copied = copy.deepcopy(first)
            copied.ts, copied.thread_ts = slack.workspace.next_ts(), ""
            slack.workspace.put(copied)
            slack.announce(copied)
            pairs.append((first.ts, copied.ts))
        for pair in pairs:
            await slack.wait_for(lambda pair=pair: any(room.finished(ts) for ts in pair), SECONDS)
        await slack.settled(SECONDS, 0.5)
        assert [sum(len(room.said(ts)) for ts in pair) for pair in pairs] == [1] * len(pairs)

        shown = lambda: [m for m in slack.bot_messages(room.channel) if m.ephemeral_to == room.teammate]  # noqa: E731
        await slack.command("/ask", room.teammate, room.channel, DELIVERY)
        await slack.wait_for(shown, SECONDS)
        command = next(each for each in reversed(slack.deliveries) if each.kind == COMMANDS)
        for _ in range(2):
            answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
            slack.outbox.send(Delivery(COMMANDS, dict(command.payload), answer))
            await answer
        await slack.settled(SECONDS, 0.5)
        assert len(shown()) == 1

        await slack.click(room.teammate, room.channel, shown()[0].ts, "share")
        press = next(each for each in reversed(slack.deliveries) if each.kind == INTERACTIVE)
        for number in range(3):  # told anew, even as another press of the same button
            answer = asyncio.get_running_loop().create_future()
            slack.outbox.send(Delivery(INTERACTIVE, press.payload | {"trigger_id": f"9.{number}"}, answer))
            await answer
        await slack.settled(SECONDS, 0.5)
        shared = [
            m for m in slack.bot_messages(room.channel) if room.teammate.lower() in m.shown and not m.ephemeral_to
        ]
        assert len(shared) == 1
        assert {each.connection for each in slack.deliveries} == {1, 2}


async def test_a_partner_is_answered_in_a_stream_of_their_own(room: Connect) -> None:
    ts = await room.ask(DELIVERY)
    await room.one_answer(ts)
    (started,) = [call for call in room.slack.called("chat.startStream") if call.args["thread_ts"] == ts]
    assert started.ok and started.args["recipient_team_id"] == PARTNER


async def test_follow_ups_help_channels_and_people_s_talk(bot: Bot, room: Connect) -> None:
    assert (await bot.command("channels", "help", room.channel)).code == 0
    for user in (room.asker, room.teammate):
        root = await room.ask(DELIVERY, user=user, mention=False)
        await room.answer(root)
        follow = await room.ask(GIFTS, user=user, thread=root, mention=False)
        await room.answer(follow, root)
        others = await room.ask("I am looking into this", user=room.other, thread=root, mention=False)
        await room.silence(others, root)
        await room.silence(await room.ask(GIFTS, user=user, thread=root, mention=False), root)


async def test_a_quiet_mark_an_edit_and_a_deletion(room: Connect) -> None:
    slack = room.slack
    root = await room.ask(DELIVERY)
    await room.answer(root)
    await slack.edit(room.channel, root, f"<@{slack.bot_user}> {GIFTS}")
    await room.answer(root, containing="expire")
    assert len(room.said(root)) == 1
    await slack.react(room.channel, root, room.teammate, "mute")
    await slack.settled(SECONDS, 0.3)
    await room.silence(await room.ask(DELIVERY, thread=root, mention=False), root)
    await slack.delete(room.channel, root)
    await slack.wait_for(lambda: not room.said(root), SECONDS, "the answer to go")


@pytest.mark.parametrize("partner", [True, False])
async def test_a_handoff_goes_both_ways(room: Connect, partner: bool) -> None:
    slack, user = room.slack, room.asker if partner else room.other
    root = await room.ask(UNKNOWN, user=user)
    answer = await room.answer(root)
    await slack.click(user, room.channel, answer.ts, "ask_human")
    asked = f"p{root.replace('.', '')}"
    packet = await slack.wait_for(
        lambda: next((m for m in slack.bot_messages(SUPPORT) if asked in str(m.blocks)), None), SECONDS, "a packet"
    )
    await room.ask("It is an African one", user=user, thread=root, mention=False)
    told = lambda: [m.shown for m in slack.bot_messages(SUPPORT, packet.ts)]  # noqa: E731
    await slack.wait_for(lambda: any("African" in each for each in told()), SECONDS, "the customer's words")
    await slack.say(SUPPORT, "U0AGENT", "About eleven metres a second", packet.ts)
    await slack.wait_for(lambda: any("eleven" in each for each in room.shown(root)), SECONDS, "the team's words")


async def test_votes_and_reasons(bot: Bot, room: Connect) -> None:
    slack = room.slack
    answer = await room.answer(await room.ask(DELIVERY))
    ((turn,),) = bot.sql("SELECT turn_id FROM inbox WHERE channel = ?", room.channel)
    await slack.click(room.asker, room.channel, answer.ts, "feedback", f"down:{turn}")
    await slack.wait_for(lambda: slack.workspace.modals.get(room.asker), SECONDS)
    await slack.submit_view(room.asker, slack.modal(room.asker), {"why": "too short"})
    assert bot.sql("SELECT vote, reason FROM feedback WHERE turn_id = ?", turn) == [("down", "too short")]


async def test_a_command_and_a_shortcut_are_answered_once_however_often_they_are_told(room: Connect) -> None:
    slack = room.slack
    ts = await room.ask(f"Hello all. {DELIVERY}", mention=False)
    await slack.command("/ask", room.teammate, room.channel, DELIVERY)
    await slack.shortcut(room.teammate, room.channel, ts, "answer_message")
    shown = lambda: [m.shown for m in slack.bot_messages(room.channel) if m.ephemeral_to == room.teammate]  # noqa: E731
    await slack.wait_for(lambda: len(shown()) == 2, SECONDS, "both answers")
    assert all("working days" in each for each in shown())
    gestures = [each for each in slack.deliveries if each.kind in {COMMANDS, INTERACTIVE}][-2:]
    for each in gestures:
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        slack.outbox.send(Delivery(each.kind, dict(each.payload), answer))
        await answer
    await slack.settled(SECONDS, 0.5)
    assert len(shown()) == 2


async def test_what_admins_do_counts_for_the_one_workspace(bot: Bot, room: Connect) -> None:
    slack = room.slack
    slack.workspace.users[room.teammate].is_admin = True
    slack.workspace.users[room.asker].is_admin = True  # of the partner's
    await slack.command("/faq", room.asker, room.channel, "channel help on")
    await room.silence(await room.ask(DELIVERY, mention=False))
    await slack.command("/faq", room.teammate, room.channel, "channel help on")
    await slack.settled(SECONDS, 0.3)
    await room.answer(await room.ask(DELIVERY, mention=False))
    ((workspace,),) = bot.sql("SELECT DISTINCT workspace FROM inbox")
    ((marked,),) = bot.sql("SELECT DISTINCT workspace FROM help_channels")
    assert workspace == marked
