"""Hostile pages, questions and models, through `frontdesk serve` on both platforms at once: nothing of it is seen."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple

import pytest
import pytest_asyncio

from tests.e2e.conftest import crawled
from tests.support.bots import Bot, Knowledge
from tests.support.discord import DiscordStandIn
from tests.support.discord.standin import shown
from tests.support.guilds import Den
from tests.support.hostile import ANSWER, CASES, QUESTION, Case
from tests.support.openai_server import OpenAiServer, Script
from tests.support.rooms import SECONDS, Room
from tests.support.site import Site
from tests.support.slack import SlackStandIn

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

# What would ring a bell or pose as one of the model's structures, wherever it stands.
RINGS = re.compile(r"@(everyone|here|channel)\b|<!(channel|here|everyone|subteam)|<@[!&]?U?0?123456|<#C?0?123456")
SHOWN_HIDDEN = re.compile("[\U000e0000-\U000e007f\u202a-\u202e\u2066-\u2069\x00\x07\x1b]")


class Stage(NamedTuple):
    bot: Bot
    room: Room
    den: Den


def _question(case: Case) -> str:
    return f"How do I return the parcel {case.key}?" if case.kind == "page" else f"{case.question} ({case.key})"


def _draft(body: dict[str, Any]) -> Script:
    key = re.findall(r"zq\d{4}", body["messages"][1]["content"].rpartition("<question>")[2])[-1]
    draft = CASES[int(key[2:])].draft
    return Script([draft[at : at + 200] for at in range(0, len(draft), 200)])


@pytest.fixture(scope="module")
def knowledge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Knowledge]:
    def escaped(text: str) -> str:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

    pairs = [(QUESTION, ANSWER), *((_question(case), case.page) for case in CASES if case.kind == "page")]
    items = "".join(f"<details><summary>{escaped(q)}</summary><p>{escaped(a)}</p></details>" for q, a in pairs)
    with Site() as site:
        site.html("/", f"<h1>Returns</h1>{items}")
        yield crawled(tmp_path_factory.mktemp("hostile") / "data", site.url("/"))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(knowledge: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stage]:
    async with OpenAiServer() as server, SlackStandIn() as slack, DiscordStandIn(limits=False) as discord:
        server.answer = _draft
        settings = {
            "FRONTDESK_VLLM_URL": server.url,
            "FRONTDESK_ANSWER_THRESHOLD": "0",
            "FRONTDESK_USER_BUDGET": "0",
            "FRONTDESK_QUEUE_PER_USER": "1000",
        }
        async with Bot(slack, knowledge, tmp_path_factory.mktemp("bot"), discord=discord, **settings) as bot:
            yield Stage(bot, Room(bot), Den(bot, discord))


def _harmless(case: Case, text: str) -> None:
    assert text.strip(), "never silently nothing"
    assert not RINGS.search(text), RINGS.search(text)
    assert not SHOWN_HIDDEN.search(text)
    for never in case.never:
        assert never not in text, (never, case.key, text)


def _ended(bot: Bot, messages: list[str]) -> set[str]:
    """What became of messages, once none is owed any more."""
    states = bot.states()
    found = {states[message] for message in messages}
    return set() if "owed" in found else found


@pytest.mark.parametrize("kind", sorted({case.kind for case in CASES}))
async def test_nothing_hostile_is_seen_in_slack(stage: Stage, kind: str) -> None:
    cases = [case for case in CASES if case.kind == kind]
    asked = [await stage.room.ask(_question(case)) for case in cases]
    for case, ts in zip(cases, asked, strict=True):
        for answer in await stage.room.answers(ts):
            assert answer.shown.strip()
            _harmless(case, json.dumps(answer.as_slack("T1"), ensure_ascii=False))
    states = await stage.room.slack.wait_for(lambda: _ended(stage.bot, asked), SECONDS, "an end of all")
    assert states == {"answered"}


@pytest.mark.parametrize("kind", sorted({case.kind for case in CASES}))
async def test_nothing_hostile_is_seen_in_discord(stage: Stage, kind: str) -> None:
    cases = [case for case in CASES if case.kind == kind]
    asked = [await stage.den.ask(_question(case)) for case in cases]
    ended = await asyncio.gather(*(stage.den.done(message) for message in asked))
    assert set(ended) == {"answered"}
    await stage.den.discord.settled()
    for case, message in zip(cases, asked, strict=True):
        said = [each for each in stage.den.said(message) if each.id > message]
        assert said
        for each in said:
            _harmless(case, shown(each).replace("\\<", ""))


async def test_what_was_withheld_is_counted_by_its_reason(stage: Stage) -> None:
    _, metrics = await stage.bot.get("/metrics")
    counted = dict(re.findall(r'frontdesk_sentences_withheld_total\{fault="(\w+)"\} (\d+)', metrics))
    assert {case.fault.value for case in CASES if case.fault} <= set(counted)
    log = stage.bot.log
    assert "internal error" not in log and "Traceback" not in log
