"""The bot asks back in Slack: a button is an answer, given once, by whom it was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from tests.support.bots import Bot, Knowledge
from tests.support.pairs import VAGUE
from tests.support.rooms import SECONDS, Direct, Room
from tests.support.slack import SlackStandIn
from tests.support.slack.workspace import Message

pytestmark = pytest.mark.asyncio(loop_scope="module")

SUPPORT = "C0SUPPORT"
KETTLE, LAMP = "red lever", "knob twice"  # of the answers


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def bot(pairs: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bot]:
    settings = {"FRONTDESK_SLACK_SUPPORT_CHANNEL": SUPPORT}
    async with SlackStandIn() as slack, Bot(slack, pairs, tmp_path_factory.mktemp("choices"), **settings) as bot:
        slack.add_channel(SUPPORT, [], "private")
        yield bot


UNSURE = {"FRONTDESK_ANSWER_THRESHOLD": "1", "FRONTDESK_SUGGEST_THRESHOLD": "0"}  # of whatever it finds


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def unsure(pairs: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bot]:
    settings = UNSURE | {"FRONTDESK_SLACK_SUPPORT_CHANNEL": SUPPORT}
    async with SlackStandIn() as slack, Bot(slack, pairs, tmp_path_factory.mktemp("unsure"), **settings) as bot:
        slack.add_channel(SUPPORT, [], "private")
        yield bot


@pytest.fixture
def room(bot: Bot) -> Room:
    return Room(bot)


def buttons(message: Message) -> dict[str, str]:
    """The action of each button of a message, by its label."""
    elements = [element for block in message.all_blocks for element in block.get("elements", ())]
    return {e["text"]["text"]: e["action_id"] for e in elements if e.get("type") == "button"}


def action(message: Message, containing: str) -> str:
    """The action of the button whose label contains a text."""
    return next(action for label, action in buttons(message).items() if containing in label)


async def asked_back(room: Room) -> tuple[str, Message]:
    """A thread in which the bot has just asked which is meant."""
    ts = await room.ask(VAGUE)
    return ts, await room.one_answer(ts, containing="Which of these do you mean?")


async def test_the_question_is_words_and_a_button_for_each_choice(bot: Bot, room: Room) -> None:
    _, question = await asked_back(room)
    labels = list(buttons(question))
    assert sorted(labels[:2]) == [
        "How do I reset the Ember kettle?",
        "How do I reset the Frost lamp? @everyone <!channel>",
    ]
    assert labels[2:] == ["None of these"]
    assert "Sources" not in question.shown and "Helpful" not in question.shown
    lines = question.text.splitlines()
    assert [line[:2] for line in lines[1:]] == ["1.", "2.", "3."] and "Ember kettle" in question.text
    assert bot.slack.mentions() == []


async def test_a_press_is_answered_with_its_source_and_logged_and_the_buttons_go(bot: Bot, room: Room) -> None:
    ts, question = await asked_back(room)
    await room.slack.click(room.asker, room.channel, question.ts, action(question, "Ember"))
    answer = await room.one_answer(question.ts, ts, containing=KETTLE)
    assert "[1] <http" in answer.shown and "Helpful" in answer.shown
    assert buttons(question) == {} and "Chose: How do I reset the Ember kettle?" in question.shown
    turns = bot.sql(
        "SELECT question, standalone_question, decision FROM turns WHERE user_id = ? ORDER BY created_at", room.asker
    )
    assert turns[1] == ("Chose: How do I reset the Ember kettle?", "How do I reset the Ember kettle?", "answer")
    follow_up = await room.ask("How often is it descaled?", thread=ts, mention=False)
    await room.answer(follow_up, ts, containing="Every two months")
    await room.slack.shortcut(room.asker, room.channel, question.ts, "explain_answer")
    await room.slack.settled(SECONDS)
    assert "none of my answers" not in "".join(m.shown for m in room.slack.bot_messages(room.channel))


async def test_a_double_press_is_answered_once(bot: Bot, room: Room) -> None:
    ts, question = await asked_back(room)
    kettle, lamp = action(question, "Ember"), action(question, "Frost")
    await asyncio.gather(
        *(room.slack.click(room.asker, room.channel, question.ts, each) for each in (kettle, kettle, lamp, kettle))
    )
    await room.one_answer(question.ts, ts)
    ((count,),) = bot.sql("SELECT count(*) FROM turns WHERE user_id = ?", room.asker)
    assert count == 2


async def test_another_person_is_refused_in_private_and_nothing_else_happens(bot: Bot, room: Room) -> None:
    ts, question = await asked_back(room)
    await room.slack.click(room.other, room.channel, question.ts, action(question, "Ember"))

    def told() -> list[Message]:
        return [m for m in room.slack.bot_messages(room.channel) if m.ephemeral_to == room.other]

    (refusal,) = await room.slack.wait_for(told, SECONDS)
    assert "Only who asked may choose here" in refusal.shown
    await room.slack.settled(SECONDS)
    assert [m.ts for m in room.said(ts) if not m.ephemeral_to] == [question.ts] and len(buttons(question)) == 3
    await room.slack.click(room.asker, room.channel, question.ts, action(question, "Frost"))
    await room.slack.wait_for(lambda: any(LAMP in m.shown for m in room.said(ts)), SECONDS)


@pytest.mark.parametrize(
    ("reply", "answered"), [("the first one", True), ("What is the Ember kettle descaled with?", 0)]
)
async def test_what_is_typed_instead_is_answered_and_takes_the_buttons_off(
    room: Room, reply: str, answered: bool
) -> None:
    ts, question = await asked_back(room)
    first = next(iter(buttons(question)))
    typed = await room.ask(reply, thread=ts, mention=False)
    await room.one_answer(typed, ts)
    assert buttons(question) == {}
    assert (
        "Chose: " + first.replace("<", "&lt;").replace(">", "&gt;") in question.shown.replace("\u200b", "")
    ) == bool(answered)
    assert answered or "1. " in question.shown  # what could have been chosen


async def test_what_a_command_is_asked_back_has_numbers_where_slack_takes_no_buttons(bot: Bot, unsure: Bot) -> None:
    for room, question in ((Room(bot), VAGUE), (Room(unsure), "How do I reset the kettle?")):
        room.slack.refuse("invalid_blocks", lambda args: bool(args.get("blocks")), "response_url")
        await room.slack.command("/ask", room.asker, room.channel, question)
        (shown,) = await room.slack.wait_for(lambda room=room: room.slack.bot_messages(room.channel), SECONDS)
        room.slack.faults.clear()
        assert "2. " in shown.shown and not shown.blocks and shown.ephemeral_to == room.asker


async def test_none_of_these_is_an_abstention_with_the_way_to_a_person(bot: Bot, room: Room) -> None:
    ts, question = await asked_back(room)
    await room.slack.click(room.asker, room.channel, question.ts, action(question, "None of these"))
    answer = await room.one_answer(question.ts, ts, containing="I can get you a person")
    assert buttons(question) == {} and "Chose: None of these" in question.shown
    await room.slack.click(room.asker, room.channel, answer.ts, "ask_human")
    await room.slack.wait_for(lambda: any("a person will reply here" in text for text in room.shown(ts)), SECONDS)
    (packet,) = [message for message in room.slack.bot_messages(SUPPORT) if "asked for a person" in message.shown]
    assert VAGUE in packet.shown.partition("Asked in")[0]  # what it is about
    assert bot.sql("SELECT decision FROM turns WHERE standalone_question = ? AND question <> ?", VAGUE, VAGUE)


async def suggested(room: Room) -> tuple[str, Message]:
    """A thread in which an entry has just been shown as the nearest thing found, with the other beside it."""
    ts = await room.ask("How do I reset the kettle?")
    return ts, await room.one_answer(ts, containing="This is the nearest thing I found")


async def test_the_nearest_entry_is_shown_with_what_confirms_it_and_what_refuses_it(unsure: Bot) -> None:
    room = Room(unsure)
    ts, shown = await suggested(room)
    lamp, _, *ways = buttons(shown)
    assert ways == ["That's it", "Not it", "Ask a human"] and lamp.startswith("How do I reset the Frost lamp?")
    assert KETTLE in shown.shown and "[1] <http" in shown.shown
    assert LAMP not in shown.shown and "[2]" not in shown.shown and unsure.slack.mentions() == []
    await room.slack.click(room.asker, room.channel, shown.ts, action(shown, "That's it"))
    await room.one_answer(shown.ts, ts, containing="Good, glad that helped.")
    assert buttons(shown) == {} and "That's it" in shown.shown and "[1] <http" in shown.shown
    rows = unsure.sql(
        "SELECT t.decision, f.vote FROM turns t LEFT JOIN feedback f ON f.turn_id = t.id WHERE t.user_id = ?"
        " ORDER BY t.created_at",
        room.asker,
    )
    assert rows == [("suggest", "up"), ("chitchat", None)]


def has_blocks(args: Mapping[str, Any]) -> bool:
    return str(args.get("blocks") or "[]") != "[]"


@pytest.mark.parametrize("offer", ["suggestion", "clarification"])
async def test_where_slack_takes_no_blocks_the_choices_are_listed_and_a_number_chooses(
    bot: Bot, unsure: Bot, offer: str
) -> None:
    room = Room(unsure if offer == "suggestion" else bot)
    fault = room.slack.refuse("invalid_blocks", lambda args: args.get("channel") == room.channel and has_blocks(args))
    try:
        ts = await room.ask("How do I reset the kettle?" if offer == "suggestion" else VAGUE)
        shown = await room.one_answer(ts, containing="Answer with its number")
        assert not shown.blocks
        [lamp] = [line for line in shown.text.splitlines() if "Frost lamp" in line]
        assert lamp.startswith("2. " if offer == "suggestion" else ("1. ", "2. "))
        said = await room.ask(lamp[0], thread=ts)
        answer = await room.answer(said, ts, containing=LAMP)
        assert LAMP in answer.shown
    finally:
        room.slack.faults.lift(fault)


async def test_what_is_not_it_brings_a_person_and_another_option_its_answer(unsure: Bot) -> None:
    room = Room(unsure)
    ts, shown = await suggested(room)
    await asyncio.gather(*(room.slack.click(room.asker, room.channel, shown.ts, action(shown, "Not it")) for _ in "ab"))
    answer = await room.one_answer(shown.ts, ts, containing="I can get you a person")
    assert "Ask a human" in buttons(answer) and buttons(shown) == {}

    room = Room(unsure)
    ts, shown = await suggested(room)
    await room.slack.click(room.asker, room.channel, shown.ts, action(shown, "Frost"))
    answer = await room.one_answer(shown.ts, ts, containing=LAMP)
    assert "Helpful" in answer.shown and buttons(shown) == {} and "Chose: How do I reset the" in shown.shown


async def test_a_private_conversation_and_a_command_have_the_buttons_too(bot: Bot) -> None:
    direct = Direct(bot)
    ts = await direct.ask(VAGUE)
    question = await direct.one_answer(ts)
    await direct.slack.click(direct.asker, direct.channel, question.ts, action(question, "Frost"))
    await direct.one_answer(question.ts, ts, containing=LAMP)
    assert buttons(question) == {}

    room = Room(bot)
    await room.slack.command("/ask", room.asker, room.channel, VAGUE)
    (question,) = await room.slack.wait_for(lambda: room.slack.bot_messages(room.channel), SECONDS)
    await room.slack.click(room.asker, room.channel, question.ts, action(question, "Ember"))

    def answers() -> list[Message]:
        return [m for m in room.slack.bot_messages(room.channel) if KETTLE in m.shown and m is not question]

    (answer,) = await room.slack.wait_for(answers, SECONDS)
    await room.slack.settled(SECONDS)
    assert answer.ephemeral_to == room.asker and "Share in channel" in answer.shown
    assert buttons(question) == {} and "Chose: " in question.shown


@pytest.mark.slow
async def test_a_press_is_answered_though_the_process_is_killed(pairs: Knowledge, tmp_path: Path) -> None:
    async with SlackStandIn() as slack, Bot(slack, pairs, tmp_path) as bot:
        before, unheard = Room(bot), Room(bot)
        asked = [await asked_back(room) for room in (before, unheard)]
        hold = slack.hold("chat.update")  # the buttons
        holds = [slack.hold("chat.startStream")]
        await slack.click(before.asker, before.channel, asked[0][1].ts, action(asked[0][1], "Ember"))
        await holds[0].begun()
        holds.append(slack.hold("chat.startStream"))
        await slack.click(unheard.asker, unheard.channel, asked[1][1].ts, action(asked[1][1], "Ember"))
        await holds[1].begun()
        await bot.kill()
        holds[1].release()  # Slack does it, and nobody hears of it
        await slack.wait_for(lambda: len(unheard.said(asked[1][0])) == 2, SECONDS)
        del hold
        await bot.start()
        for room, (ts, question) in zip((before, unheard), asked, strict=True):
            await room.one_answer(question.ts, ts, containing=KETTLE)
            await slack.wait_for(lambda question=question: not buttons(question), SECONDS)
            assert "Chose: " in question.shown
