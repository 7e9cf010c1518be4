"""The bot asks back in Discord: a button is an answer, given once, by whom it was asked for."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from simcord.backend.models import Message

from tests.support.bots import Bot, Knowledge
from tests.support.discord import DiscordStandIn
from tests.support.discord.standin import labels, shown
from tests.support.guilds import SECONDS, Den, create_team_channel
from tests.support.pairs import VAGUE

pytestmark = [pytest.mark.asyncio(loop_scope="module"), pytest.mark.slow]

KETTLE, LAMP = "red lever", "knob twice"  # of the answers
NONE = "None of these"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def discord() -> AsyncIterator[DiscordStandIn]:
    async with DiscordStandIn(limits=False) as discord:
        yield discord


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(
    discord: DiscordStandIn, pairs: Knowledge, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Bot]:
    support = create_team_channel(discord, "support")
    settings = {"FRONTDESK_DISCORD_SUPPORT_CHANNEL": str(support.id)}
    async with Bot(None, pairs, tmp_path_factory.mktemp("choices"), discord=discord, **settings) as bot:
        yield bot


@pytest.fixture
def den(bot: Bot, discord: DiscordStandIn) -> Den:
    return Den(bot, discord)


def label(message: Message, containing: str) -> str:
    """The label of the button that has a text in it."""
    return next(each for each in labels(message) if containing in each)


async def asked_back(den: Den) -> tuple[int, Message]:
    """A thread in which the bot has just asked which is meant."""
    asked = await den.ask(VAGUE)
    return asked, await den.one_answer(asked, containing="Which of these do you mean?")


async def press(den: Den, message: Message, containing: str, user: object = None) -> object:
    """Somebody presses the button that has a text in it."""
    return await (user or den.asker).click(den.actors(message), label=label(message, containing))  # type: ignore[attr-defined]


async def answer_below(den: Den, question: Message, thread: int, containing: str = "") -> Message:
    """The answer to a press: the only thing that the bot has said since the clarification."""
    answer = await den.says(thread, containing, question.id)
    await den.discord.settled()
    assert [m.id for m in den.said(thread) if m.id > question.id] == [answer.id]
    return answer


async def test_the_question_is_words_and_a_button_for_each_choice(den: Den) -> None:
    _, question = await asked_back(den)
    assert sorted(labels(question)[:2]) == [
        "How do I reset the Ember kettle?",
        "How do I reset the Frost lamp? @everyone <!channel>",
    ]
    assert labels(question)[2:] == [NONE]
    assert "Sources" not in shown(question) and not question.ping_user_ids and not question.ping_role_ids


async def test_a_press_is_answered_with_its_source_and_logged_and_the_buttons_go(bot: Bot, den: Den) -> None:
    thread, question = await asked_back(den)
    await press(den, question, "Ember")
    answer = await answer_below(den, question, thread, KETTLE)
    assert "Sources" in shown(answer) and "Helpful" in labels(answer)
    await den.discord.wait_for(lambda: labels(question) == [], SECONDS)
    assert "Chose: How do I reset the Ember kettle?" in shown(question).replace("\\", "")
    turns = bot.sql(
        "SELECT question, standalone_question, decision FROM turns WHERE user_id = ? ORDER BY created_at",
        str(den.asker.id),
    )
    assert turns[1] == ("Chose: How do I reset the Ember kettle?", "How do I reset the Ember kettle?", "answer")


async def test_a_double_press_is_answered_once(bot: Bot, den: Den) -> None:
    thread, question = await asked_back(den)
    await asyncio.gather(*(press(den, question, each) for each in ("Ember", "Ember", "Frost")))
    await answer_below(den, question, thread)
    ((count,),) = bot.sql("SELECT count(*) FROM turns WHERE user_id = ?", str(den.asker.id))
    assert count == 2


async def test_another_person_is_refused_in_private_and_nothing_else_happens(den: Den) -> None:
    thread, question = await asked_back(den)
    refused = await press(den, question, "Ember", den.other)
    await den.whispered(refused, "Only who asked may choose here")
    await den.discord.settled()
    assert [m.id for m in den.said(thread) if not m.flags & 64] == [question.id] and len(labels(question)) == 3
    await press(den, question, "Frost")
    await den.says(thread, LAMP)


@pytest.mark.parametrize(("reply", "chosen"), [("the first one", True), ("What is the kettle descaled with?", False)])
async def test_what_is_typed_instead_is_answered_and_takes_the_buttons_off(den: Den, reply: str, chosen: bool) -> None:
    thread, question = await asked_back(den)
    first = labels(question)[0]
    typed = await den.ask(reply, thread=thread, mention=False)
    await den.one_answer(typed, thread)
    await den.discord.wait_for(lambda: labels(question) == [], SECONDS)
    assert (f"Chose: {first}" in re.sub(r"[\\\u200b]", "", shown(question))) == chosen


async def test_none_of_these_is_an_abstention_with_the_way_to_a_person(den: Den) -> None:
    thread, question = await asked_back(den)
    await press(den, question, NONE)
    answer = await answer_below(den, question, thread, "I can get you a person")
    assert "Ask a human" in labels(answer)
    await den.discord.wait_for(lambda: labels(question) == [], SECONDS)
    assert f"Chose: {NONE}" in shown(question).replace("\\", "")


async def test_the_nearest_entry_is_confirmed_refused_or_passed_by_also_after_a_restart(
    pairs: Knowledge, tmp_path: Path
) -> None:
    unsure = {"FRONTDESK_ANSWER_THRESHOLD": "1", "FRONTDESK_SUGGEST_THRESHOLD": "0"}  # of whatever it finds
    async with DiscordStandIn(limits=False) as discord, Bot(None, pairs, tmp_path, discord=discord, **unsure) as bot:
        dens, shows = [Den(bot, discord) for _ in range(3)], []
        for den in dens:
            asked = await den.ask("How do I reset the kettle?")
            shows.append((asked, await den.one_answer(asked, containing="This is the nearest thing I found")))
        first = shows[0][1]
        assert labels(first)[2:] == ["That's it", "Not it"] and "Sources" in shown(first)
        assert KETTLE in shown(first) and LAMP not in shown(first)
        await bot.kill()
        await bot.start()
        expected = [("That's it", "Good, glad that helped."), ("Not it", "Then I found no answer"), ("Frost", LAMP)]
        for den, (thread, message), (pressed, said) in zip(dens, shows, expected, strict=True):
            await press(den, message, pressed)
            await answer_below(den, message, thread, said)
            await discord.wait_for(lambda message=message: labels(message) == [], SECONDS)
            assert KETTLE in shown(message)


def has_buttons(body: Any) -> bool:
    return "custom_id" in json.dumps(body)


def has_layout(body: Any) -> bool:
    return isinstance(body, dict) and bool(body.get("components"))


@pytest.mark.parametrize("refused", [has_buttons, has_layout])
async def test_where_discord_takes_no_buttons_the_choices_are_listed_and_a_number_chooses(
    pairs: Knowledge, tmp_path: Path, den: Den, refused: Callable[[Any], bool]
) -> None:
    unsure = {"FRONTDESK_ANSWER_THRESHOLD": "1", "FRONTDESK_SUGGEST_THRESHOLD": "0"}

    async def check(den: Den, question: str, numbers: tuple[str, ...]) -> None:
        den.discord.fail("*/messages*", 999, status=400, code=50035, where=refused)
        try:
            asked = await den.ask(question)
            message = await den.one_answer(asked, containing="Answer with its number")
            assert labels(message) == []
            [lamp] = [line for line in shown(message).splitlines() if "Frost lamp" in line]
            assert lamp.startswith(numbers)
            await den.ask(lamp[0], thread=asked)
            assert LAMP in shown(await den.says(asked, LAMP, message.id))
        finally:
            den.discord.mend()

    await check(den, VAGUE, ("1. ", "2. "))
    async with DiscordStandIn(limits=False) as discord, Bot(None, pairs, tmp_path, discord=discord, **unsure) as bot:
        await check(Den(bot, discord), "How do I reset the kettle?", ("2. ",))


async def test_a_direct_message_has_the_buttons_too(den: Den) -> None:
    sent = await den.asker.send_dm(VAGUE)
    question = await den.one_answer(sent.id, sent.channel.id)
    await press(den, question, "Frost", den.asker.user)
    await answer_below(den, question, sent.channel.id, LAMP)
    await den.discord.wait_for(lambda: labels(question) == [], SECONDS)


@pytest.mark.parametrize("private", [True, False])
async def test_a_command_s_buttons_are_answered_as_the_command_was(den: Den, private: bool) -> None:
    asked = await den.asker.slash(den.channel, "ask", question=VAGUE, private=private)
    question = await den.response(asked)
    twice = [await den.asker.click(asked.response, label=label(question, "Ember")) for _ in range(2)]

    def answers() -> list[Message]:
        responses = [each.response for each in twice if each.response]
        assert all(bool(each.ephemeral) == private for each in responses)
        return [each._message for each in responses if KETTLE in shown(each._message)]

    await den.discord.wait_for(answers, SECONDS)
    await den.discord.wait_for(lambda: labels(question) == [], SECONDS)
    await den.discord.settled()
    assert len(answers()) == 1 and all(each.response for each in twice)  # and nothing that goes on thinking


@pytest.mark.slow
async def test_a_press_is_answered_though_the_process_is_killed(pairs: Knowledge, tmp_path: Path) -> None:
    async with DiscordStandIn(limits=False) as discord, Bot(None, pairs, tmp_path, discord=discord) as bot:
        before, unheard = Den(bot, discord), Den(bot, discord)
        asked = [await asked_back(den) for den in (before, unheard)]
        holds = [discord.hold("PATCH /channels/*"), discord.hold("POST /channels/*/messages")]
        await press(before, asked[0][1], "Ember")
        await holds[1].begun()
        holds.append(discord.hold("POST /channels/*/messages"))
        await press(unheard, asked[1][1], "Ember")
        await holds[2].begun()
        await bot.kill()
        holds[2].release()  # Discord does it, and nobody hears of it
        await discord.wait_for(lambda: len(unheard.said(asked[1][0])) == 2, SECONDS)
        await bot.start()
        for den, (thread, question) in zip((before, unheard), asked, strict=True):
            await den.says(thread, KETTLE, question.id)
            await discord.wait_for(lambda question=question: not labels(question), SECONDS)
            await discord.settled()
            assert len(den.said(thread)) == 2
