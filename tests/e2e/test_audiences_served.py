"""A source for some only, in the running service: said on the command line, heard by the process that answers."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from simcord.actors import _autocomplete_result

from tests.support.bots import Bot, Knowledge
from tests.support.discord import DiscordStandIn
from tests.support.discord.standin import shown
from tests.support.guilds import SECONDS, Den
from tests.support.rooms import Direct, Room
from tests.support.slack import SlackStandIn

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="module")]

DELIVERY = "How long does delivery take?"
TOLD = "working days"
NOTICED = 2.5  # seconds after which every process knows


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(shop: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bot]:
    folder = tmp_path_factory.mktemp("audiences")
    async with (
        SlackStandIn() as slack,
        DiscordStandIn(limits=False) as discord,
        Bot(slack, shop, folder, discord=discord) as bot,
    ):
        bot.discord = discord  # type: ignore[attr-defined]
        yield bot


async def limit(bot: Bot, groups: str) -> None:
    listed = await bot.command("sources", "list", "--json")
    [source] = json.loads(listed.out)
    done = await bot.command("sources", "audience", source["name"], *groups.split())
    assert done.code == 0, done.err
    await asyncio.sleep(NOTICED)


async def test_a_channel_s_source_is_for_that_channel_of_slack(bot: Bot) -> None:
    room, other, direct = Room(bot), Room(bot), Direct(bot)
    await limit(bot, f"slack:{room.channel}")
    assert TOLD in (await room.answer(await room.ask(DELIVERY))).shown
    assert TOLD not in (await other.answer(await other.ask(DELIVERY))).shown
    assert TOLD not in (await direct.answer(await direct.ask(DELIVERY))).shown
    asked = await bot.command("ask", DELIVERY, "--json", "--as", f"slack:{other.channel}")
    assert TOLD not in asked.out and json.loads(asked.out)["decision"] != "answer"
    for seen in ([], ["--as", f"slack:{room.channel}"]):
        assert TOLD in (await bot.command("ask", DELIVERY, "--json", *seen)).out
    table = (await bot.command("sources", "list")).out
    assert f"slack:channel:{room.channel}" in table


async def test_a_workspace_s_source_is_for_its_people_in_private_too(bot: Bot) -> None:
    direct = Direct(bot)
    await limit(bot, f"slack:workspace:{bot.slack.team}")
    assert TOLD in (await direct.answer(await direct.ask(DELIVERY))).shown
    await limit(bot, "slack:workspace:T0ELSEWHERE")
    assert TOLD not in (await direct.answer(await direct.ask(DELIVERY))).shown


async def test_a_role_s_source_is_for_who_has_it_in_discord(bot: Bot) -> None:
    discord: DiscordStandIn = bot.discord  # type: ignore[attr-defined]
    role = discord.guild.create_role("partners")
    den = Den(bot, discord)
    partner = discord.guild.add_member(discord.world.create_user("pat"), roles=[role])
    await limit(bot, f"discord:role:{role.id}")
    assert TOLD in shown(await den.one_answer(await den.ask(DELIVERY, user=partner)))
    assert TOLD not in shown(await den.one_answer(await den.ask(DELIVERY)))
    for who, seen in ((partner, True), (den.asker, False)):
        answer = await den.response(await who.slash(den.channel, "ask", question=DELIVERY, private=True))
        assert (TOLD in shown(answer)) is seen
        assert bool(await _offered(den, who)) is seen


async def test_a_channel_s_source_is_seen_in_its_threads(bot: Bot) -> None:
    discord: DiscordStandIn = bot.discord  # type: ignore[attr-defined]
    den, other = Den(bot, discord), Den(bot, discord)
    await limit(bot, f"discord:channel:{den.channel.id}")
    asked = await den.ask(DELIVERY)
    assert TOLD in shown(await den.one_answer(asked))
    again = await den.ask("Which payment methods do you accept?", thread=asked)
    assert "PayPal" in shown(await den.one_answer(again, asked))
    answer = await den.response(await den.asker.slash(discord.channel(asked), "ask", question=DELIVERY, private=True))
    assert TOLD in shown(answer)
    assert TOLD not in shown(await other.one_answer(await other.ask(DELIVERY)))


async def _offered(den: Den, who: Any) -> list[Any]:
    result = await _autocomplete_result(who, den.channel, "ask", "question", "gift c", {})
    await den.discord.wait_for(lambda: result.autocomplete_choices is not None, SECONDS)
    return list(result.autocomplete_choices or ())


async def test_a_source_is_added_for_some_and_listed_so(bot: Bot, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text("# Is there a sauna?\n\nYes.", encoding="utf-8")
    for groups, told in (("nonsense", "names no group"), ("discord:5", "may be several things")):
        refused = await bot.command("sources", "add", str(tmp_path), "--name", "sauna", "--audience", groups)
        assert refused.code == 2 and told in refused.err and "Traceback" not in refused.err
    done = await bot.command(
        "sources", "add", str(tmp_path), "--name", "sauna", "--audience", "slack:CSAUNA,discord:role:4"
    )
    assert done.code == 0, done.err
    listed = json.loads((await bot.command("sources", "list", "--json")).out)
    assert [each["audience"] for each in listed if each["name"] == "sauna"] == [
        ["discord:role:4", "slack:channel:CSAUNA"]
    ]
    told = await bot.command("sources", "audience", "sauna")
    assert "discord:role:4 slack:channel:CSAUNA" in told.out
    await bot.command("sources", "remove", "sauna")
