"""Steering that outlives its process: re-crawls, schedules, handoffs, with `frontdesk serve` killed in the middle; and
what happens by itself when its time has come."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.conftest import crawled
from tests.support.bots import LATER_FRONTDESK, Bot, Knowledge
from tests.support.rooms import SECONDS, Room
from tests.support.site import Page, Site
from tests.support.slack import Message, SlackStandIn

pytestmark = pytest.mark.slow
ADMIN, TEAMMATE, SUPPORT, OFFICE = "U0ADMIN", "U0TEAM", "C0SUPPORT", "C0OFFICE"
SLOW_SECONDS = 90.0
FAQ = "<h1>FAQ</h1><dl><dt>How long is the warranty?</dt><dd>The warranty lasts two years.</dd></dl>"


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        site.html("/help/", '<p><a href="/help/faq">faq</a></p>')
        site.html("/help/faq", FAQ)
        yield site


@pytest.fixture
def knowledge(site: Site, tmp_path: Path) -> Knowledge:
    return crawled(tmp_path / "data", site.url("/help/"))


def bot_of(slack: SlackStandIn, knowledge: Knowledge, folder: Path, **settings: str) -> Bot:
    slack.add_user(ADMIN, "ann", is_admin=True)
    slack.add_user(TEAMMATE, "mei")
    slack.add_channel(SUPPORT, [ADMIN, TEAMMATE], "private")
    slack.add_channel(OFFICE, [ADMIN], "private")
    own = {
        "FRONTDESK_SLACK_SUPPORT_CHANNEL": SUPPORT,
        "FRONTDESK_CRAWL_ALLOW": "127.0.0.0/8",
        "FRONTDESK_CRAWL_DELAY": "0",
        "NO_PROXY": "127.0.0.1",
    }
    return Bot(slack, knowledge, folder / "bot", **own | settings)


async def shown(slack: SlackStandIn, channel: str, containing: str, seconds: float = SECONDS) -> Message:
    def found() -> Message | None:
        return next((m for m in slack.bot_messages(channel) if containing in m.shown), None)

    return await slack.wait_for(found, seconds, f"{containing!r} in {channel}")  # type: ignore[no-any-return]


async def test_a_recrawl_whose_process_is_killed_comes_to_its_end_in_its_message(
    knowledge: Knowledge, site: Site, tmp_path: Path
) -> None:
    site.pages["/help/faq"] = Page(FAQ.encode(), delay=20)
    async with SlackStandIn() as slack, bot_of(slack, knowledge, tmp_path) as bot:
        await slack.command("/faq", ADMIN, OFFICE, "recrawl")
        message = await shown(slack, OFFICE, "Re-crawl of")
        await asyncio.sleep(1.5)  # so that the row knows of the message
        await bot.kill()
        site.html("/help/faq", FAQ)
        await bot.start()
        room = Room(bot)
        assert "two years" in (await room.one_answer(await room.ask("How long is the warranty?"))).shown
        await slack.wait_for(lambda: "its process died" in message.shown, SLOW_SECONDS, "the end of a dead re-crawl")
        assert "see status" in message.shown
        await slack.command("/faq", ADMIN, OFFICE, "recrawl")
        await shown(slack, OFFICE, "nothing changed")


async def test_a_source_is_read_by_itself_and_the_admins_hear_once_of_its_failure(
    knowledge: Knowledge, site: Site, tmp_path: Path
) -> None:
    async with SlackStandIn() as slack, bot_of(slack, knowledge, tmp_path) as bot:
        ((name,),) = bot.sql("SELECT name FROM sources")
        assert (await bot.command("sources", "every", name, "24")).code == 0

        def due() -> None:
            past = (datetime.now(UTC) - timedelta(minutes=1)).strftime("%Y-%m-%d %H:%M:%S.%f")
            bot.sql("UPDATE sources SET next_at = ?", past)

        def runs() -> list[str]:
            return [row[0] for row in bot.sql("SELECT outcome FROM refresh_runs WHERE asked_by = 'schedule'")]

        site.html("/help/faq", FAQ.replace("two years", "three years"))
        due()
        await slack.wait_for(lambda: runs() == ["activated"], SLOW_SECONDS, "a scheduled re-crawl")
        room = Room(bot)
        assert "three years" in (await room.one_answer(await room.ask("How long is the warranty?"))).shown
        for count in (1, 2):
            site.pages = {"/help/": Page(b"broken", status=500), "/help/faq": Page(b"broken", status=500)}
            due()
            await slack.wait_for(lambda count=count: len(runs()) == 1 + count, SLOW_SECONDS, "a failing re-crawl")
            await slack.wait_for(
                lambda count=count: bot.sql("SELECT failures FROM sources") == [(count,)], SECONDS, "a count"
            )
        told = [m.shown for m in slack.bot_messages(SUPPORT) if "could not be read" in m.shown]
        assert len(told) == 1 and "500" in told[0], told
        ((next_at,),) = bot.sql("SELECT next_at FROM sources")
        pause = datetime.fromisoformat(next_at).replace(tzinfo=UTC) - datetime.now(UTC)
        assert timedelta(hours=80) < pause < timedelta(hours=110), "four times 24 hours, give or take a tenth"
        again = Room(bot)
        assert "three years" in (await again.one_answer(await again.ask("How long is the warranty?"))).shown


async def test_what_is_said_in_a_handoff_survives_a_kill(knowledge: Knowledge, tmp_path: Path) -> None:
    async with SlackStandIn() as slack, bot_of(slack, knowledge, tmp_path) as bot:
        room = Room(bot)
        ts = await room.ask("I want to talk to a human")
        packet = await shown(slack, SUPPORT, "asked for a person")
        await slack.say(SUPPORT, TEAMMATE, "Mei here.", packet.ts)
        await slack.wait_for(lambda: any("Mei here" in text for text in room.shown(ts)), SECONDS, "a relay")
        hold = slack.hold("chat.postMessage")
        said = await room.ask("My parcel never came", thread=ts, mention=False)
        await hold.begun()
        await bot.kill()
        hold.release()
        await bot.start()
        await slack.wait_for(lambda: bot.states().get(said) == "relayed", SECONDS, "the relay")
        assert any("My parcel never came" in m.shown for m in slack.bot_messages(SUPPORT, packet.ts))
        await slack.settled(SECONDS)
        assert not any("no answer" in text for text in room.shown(ts)), "the bot is quiet"


async def test_nobody_claims_and_the_channel_is_reminded(knowledge: Knowledge, tmp_path: Path) -> None:
    async with (
        SlackStandIn() as slack,
        bot_of(slack, knowledge, tmp_path, FRONTDESK_HANDOFF_REMIND_MINUTES="0.03") as bot,
    ):
        room = Room(bot)
        ts = await room.ask("I want to talk to a human")
        await shown(slack, SUPPORT, "Nobody has claimed this yet")
        await slack.wait_for(lambda: any("still in line" in text for text in room.shown(ts)), SECONDS, "a word")


async def test_the_week_s_gaps_are_posted_on_monday_once(shop: Knowledge, tmp_path: Path) -> None:
    async with (
        SlackStandIn() as slack,
        bot_of(slack, shop, tmp_path, FRONTDESK_SLACK_ADMIN_CHANNEL=OFFICE) as bot,
    ):
        for words in ("Do you sell live penguins?", "Can I buy a live penguin?"):
            room = Room(bot)
            await room.one_answer(await room.ask(words))
        await bot.terminate()
        bot.program = LATER_FRONTDESK
        bot.settings["FRONTDESK_GAPS_WEEKLY"] = "true"
        await bot.start()
        posted = await shown(slack, OFFICE, "Gaps of the last 7 days")
        assert "live penguin" in posted.shown and "2 people" in posted.shown, posted.shown
        # Its URL is asked for first, what it holds is sent to that URL afterwards.
        file = await slack.wait_for(
            lambda: next((f for f in slack.workspace.files.values() if f.content), None), SECONDS, "the file"
        )
        assert file.name.endswith(".csv") and file.content.decode("utf-8-sig").count("live penguin") >= 2
        await bot.terminate()
        await bot.start()
        await asyncio.sleep(1)  # it looks five times
        assert [m for m in slack.bot_messages(OFFICE) if "Gaps of" in m.shown] == [posted]
        assert not any("Gaps of" in m.shown for m in slack.bot_messages(SUPPORT))


async def test_a_taught_answer_that_expires_is_used_no_more(shop: Knowledge, tmp_path: Path) -> None:
    question, told = "Do you engrave teapots?", "Yes, up to 20 letters."

    async def faq(slack: SlackStandIn, line: str, containing: str) -> str:
        """What the admin alone is shown of a command."""

        def found() -> Message | None:
            seen = slack.workspace.channel(OFFICE).messages.values()
            return next((m for m in seen if m.ephemeral_to == ADMIN and containing in m.shown), None)

        await slack.command("/faq", ADMIN, OFFICE, line)
        return (await slack.wait_for(found, SECONDS, containing)).shown  # type: ignore[no-any-return]

    async with SlackStandIn() as slack, bot_of(slack, shop, tmp_path) as bot:
        taught = await bot.command("teach", "--question", question, "--answer", told, "--expires", "2")
        assert taught.code == 0, taught.err
        await asyncio.sleep(3)  # every process looks each second, and indexes it
        before = Room(bot)
        answer = await before.one_answer(await before.ask(question))
        assert told in answer.shown, answer.shown
        assert f"{datetime.now(UTC) + timedelta(days=2):%Y-%m-%d}" in await faq(slack, "taught", "approved")
        bot.sql("UPDATE taught SET expires_at = ?", (datetime.now(UTC)).strftime("%Y-%m-%d %H:%M:%S.%f"))
        await asyncio.sleep(3)
        after = Room(bot)
        assert "20 letters" not in (await after.one_answer(await after.ask(question))).shown
        assert "expired" in await faq(slack, "taught", "expired")


async def test_an_abstention_in_a_help_channel_calls_people_if_set_so(shop: Knowledge, tmp_path: Path) -> None:
    async with (
        SlackStandIn() as slack,
        bot_of(slack, shop, tmp_path, FRONTDESK_HANDOFF_ON_ABSTENTION="true") as bot,
    ):
        room = Room(bot)
        slack.workspace.channel(room.channel).members.append(ADMIN)
        await slack.command("/faq", ADMIN, room.channel, "channel help on")
        await slack.settled(SECONDS, 0.5)
        ts = await room.ask("Do you sell live penguins?", mention=False)
        assert "found nothing" in (await room.answer(ts)).shown
        packet = await shown(slack, SUPPORT, "was told that the pages hold no answer")
        assert "live penguins" in packet.shown
        await slack.wait_for(lambda: any("told our team" in text for text in room.shown(ts)), SECONDS, "a word")


async def test_without_a_support_channel_the_customer_is_told_where_to_turn(
    knowledge: Knowledge, tmp_path: Path
) -> None:
    async with (
        SlackStandIn() as slack,
        bot_of(slack, knowledge, tmp_path, FRONTDESK_SLACK_SUPPORT_CHANNEL="") as bot,
    ):
        room = Room(bot)
        answer = await room.one_answer(await room.ask("I want to talk to a human"))
        assert "this calls for a person" in answer.shown


async def test_a_support_channel_that_is_gone_is_told_to_the_customer(knowledge: Knowledge, tmp_path: Path) -> None:
    async with (
        SlackStandIn() as slack,
        bot_of(slack, knowledge, tmp_path, FRONTDESK_SLACK_SUPPORT_CHANNEL="C0NOWHERE") as bot,
    ):
        room = Room(bot)
        ts = await room.ask("I want to talk to a human")
        await slack.wait_for(lambda: any("can't reach our team" in text for text in room.shown(ts)), SECONDS)
        again = await room.ask("How long is the warranty?", thread=ts)
        assert "two years" in (await room.answer(again, ts, "two years")).shown
