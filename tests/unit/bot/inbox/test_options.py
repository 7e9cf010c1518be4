"""A button below a clarification is a message: claimed once, judged by the policy, answered, and then gone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bot.chat.conversation import Citation, Decision, OptionPress, Turn
from bot.chat.message import (
    Audience,
    Channel,
    ChannelKind,
    ChatMessage,
    Disposition,
    Job,
    JobState,
    MessageFile,
    Party,
    Thread,
)
from bot.database.database import Database
from bot.inbox.assembly import build_inbox
from bot.inbox.limits import InboxLimits
from bot.inbox.options import OptionPresses, press_id
from bot.inbox.policy import classify_message, update_thread
from bot.inbox.store import SqlInboxStore
from tests.fakes import (
    CountingMeter,
    FakeIntents,
    FakeMessenger,
    MemoryConversations,
    ScriptedAnswering,
    said,
    undeliverable,
)
from tests.support.turns import make_turn

OPTIONS = (Citation(1, "Gift?", "https://shop.example/g", "p1"), Citation(2, "Order?", "https://shop.example/o", "p2"))


class Office:
    """A desk that has just asked ann back, below `question`."""

    def __init__(self, database: Database) -> None:
        self.store, self.messenger, self.meter = MemoryConversations(), FakeMessenger(), CountingMeter()
        self.inbox = SqlInboxStore(database, update_thread, "one", 1)
        self.answering = ScriptedAnswering(self.store)
        limits = InboxLimits(workers=2, user_budget=2, pause=0.01)
        self.desk = build_inbox(self.answering, self.store, self.inbox, self.meter, limits, intents=FakeIntents())
        self.desk.add_platform("test", self.messenger)

    async def asked_back(self, question: ChatMessage, asked_by: str = "") -> Turn:
        """The question is answered by a clarification; `asked_by`: it only called the bot to this one's."""
        item = await self.inbox.claim_message(question, classify_message)
        assert item
        turn = make_turn(
            conversation_id=item.conversation_id,
            language="en",
            decision=Decision.CLARIFY,
            answer="Which?\n\n1. Gift? [1]\n2. Order? [2]",
            citations=OPTIONS,
            platform="test",
            user=question.user,
        )
        await self.store.add_turn(turn)
        await self.inbox.record_turn(replace(item, message=replace(item.message, asked_by=asked_by)), turn.id)
        await self.inbox.record_reply(item, [{"post": "p"}])
        await self.inbox.finish_job(item, JobState.ANSWERED)
        return turn

    async def press(self, turn: Turn, number: int = 2, user: str = "ann", **gained: str) -> Job | None:
        return await self.desk.receive_press(turn.id, number, user, lambda kept: {**kept, **gained})

    async def until(self, *ends: tuple[str, str, str]) -> None:
        async with asyncio.timeout(30):
            while self.meter.ends != list(ends):  # noqa: ASYNC110 (what it waits for sets no event)
                await asyncio.sleep(0.005)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[Office]:
    database = await Database.open(f"sqlite:///{tmp_path / 'desk.db'}")
    office = Office(database)
    running = asyncio.create_task(office.desk.run())
    yield office
    await office.desk.drain(0)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await database.close()


ANSWERED = ("test", "answered", "answer")


async def test_a_press_is_answered_where_it_was_asked_and_the_buttons_go(office: Office) -> None:
    question = said("How do I return it?", thread="t1", id="m1")
    turn = await office.asked_back(question)
    item = await office.press(turn, response_url="u")
    assert item and item.message.place == question.place
    assert item.message.reply_target == {"team": "T1", "response_url": "u"}
    assert item.message.written == question.key
    await office.until(ANSWERED)
    [asked] = office.answering.asked
    assert asked.text == "Chose: Order?" and asked.chosen == OptionPress(turn.id, 2, "ann", "m1")
    assert asked.conversation_id == turn.conversation_id == item.conversation_id
    assert ("settled", "m1", "2") in office.messenger.history
    assert await office.desk.explain_refusal(turn.id, "ann") == ""


async def test_presses_at_once_are_answered_once(office: Office) -> None:
    turn = await office.asked_back(said())
    claimed = await asyncio.gather(*(office.press(turn, number) for number in (1, 2, 2, 0)))
    assert sum(item is not None for item in claimed) == 1
    await office.until(ANSWERED)
    assert await office.press(turn) is None and len(office.answering.asked) == 1


async def test_somebody_else_may_not_press_unless_the_bot_answers_them_there(office: Office) -> None:
    question = said(thread="t1")
    turn = await office.asked_back(question)
    assert await office.press(turn, user="bob") is None
    assert (await office.desk.explain_refusal(turn.id, "bob")).startswith("Only who asked may choose here")
    assert office.answering.asked == []
    await office.desk.receive_message(said("And I?", user="bob", thread="t1"))  # names the bot
    assert await office.press(turn, user="bob")
    await office.until(ANSWERED, ANSWERED)
    assert await office.press(turn) is None
    assert (await office.desk.explain_refusal(turn.id, "ann")) == "Somebody has chosen here already."


@pytest.mark.parametrize("presser", ["ann", "mate"])
async def test_whose_question_it_is_may_press_as_who_called_the_bot_to_it_and_nobody_else(
    office: Office, presser: str
) -> None:
    """The bot asked back below ann's question, to which mate had called it."""
    turn = await office.asked_back(said("@Frontdesk", user="mate", thread="t1"), asked_by="ann")
    assert await office.press(turn, user="bob") is None
    assert (await office.desk.explain_refusal(turn.id, "bob")).startswith("Only who asked may choose here")
    assert await office.press(turn, user=presser)
    await office.until(ANSWERED)
    [asked] = office.answering.asked
    assert (asked.user, asked.text) == (presser, "Chose: Order?")


async def test_whose_question_it_is_hears_that_a_choice_is_not_taken_now(office: Office) -> None:
    turn = await office.asked_back(said("@Frontdesk", user="mate"), asked_by="ann")
    await office.inbox.mark_channel(Channel("test", "T1", "C1"), ChannelKind.QUIET)
    assert await office.press(turn, user="ann") is None
    assert "ask your question again" in await office.desk.explain_refusal(turn.id, "ann")


async def test_what_is_not_known_any_more_is_said_in_the_person_s_language(office: Office) -> None:
    turn = await office.asked_back(said())
    assert await office.press(turn, number=7) is None  # no button of ours
    office.store.stored.clear()
    assert await office.press(turn) is None
    assert await office.desk.explain_refusal(turn.id, "ann", "zh") == "我已经找不到那条回答了。"


async def test_in_a_channel_that_was_made_quiet_nothing_is_said_but_to_the_presser(office: Office) -> None:
    turn = await office.asked_back(said())
    await office.inbox.mark_channel(Channel("test", "T1", "C1"), ChannelKind.QUIET)
    assert await office.press(turn) is None
    assert "ask your question again" in await office.desk.explain_refusal(turn.id, "ann")


async def test_a_press_counts_for_the_budget(office: Office) -> None:
    turn = await office.asked_back(said())
    for _ in range(2):
        await office.desk.receive_message(said())
    await office.until(ANSWERED, ANSWERED)
    await office.press(turn)
    await office.until(ANSWERED, ANSWERED, ("test", "excused", ""))
    done, _, text = office.messenger.history[-1]
    assert done == "said" and "more questions than I may answer" in text
    assert office.messenger.history[-2][0] == "settled"  # no button that would do nothing


async def test_buttons_that_cannot_be_taken_off_at_once_are_tried_again_and_stop_no_answer(office: Office) -> None:
    turn = await office.asked_back(said(id="m1"))

    async def fails_once(item: Job, settled: object, by: Job, seen: list[int] = []) -> None:  # noqa: B006
        seen.append(1)
        if len(seen) == 1:
            raise undeliverable(permanent=False)
        office.messenger.history.append(("settled", item.message.id, "again"))

    office.messenger.close_clarification = fails_once  # type: ignore[method-assign,assignment]
    await office.press(turn)
    await office.until(ANSWERED)
    assert ("settled", "m1", "again") in office.messenger.history


async def test_what_a_press_answers_is_known_by_itself(office: Office) -> None:
    found_out: Mapping[str, Any] = {"in_help_channel": True, "side": Party.CUSTOMER, "handoff_id": "h"}
    brought: Mapping[str, Any] = {"files": (MessageFile("a.log", "", 1, "u"),), "unseen": "no intent"}
    question = replace(said(), author="Ann", link="https://chat.test/1", **found_out, **brought)
    turn = await office.asked_back(question)
    presses = OptionPresses(office.store, office.inbox)
    message = await presses.build_message(turn.id, 0, "bob", lambda kept: {"was": kept["team"], "team": "T2"}, "Bob")
    assert message and message.reply_target == {"was": "T1", "team": "T2"} and message.text == "Chose: None of these"
    assert (message.user, message.author, message.link) == ("bob", "Bob", question.link)
    assert not (message.in_help_channel or message.side or message.handoff_id or message.files or message.unseen)
    assert message.id == press_id(turn.id) and not message.opens_thread


def pressed(user: str = "ann", audience: Audience = Audience.CHANNEL) -> ChatMessage:
    """A press below what ann was asked."""
    return replace(said("Chose: X", user=user, thread="t", audience=audience), chosen=OptionPress("t1", 1, "ann", "m1"))


@pytest.mark.parametrize(
    ("message", "thread", "judgement"),
    [
        (pressed(), {}, Disposition.ANSWER),
        (pressed(), {"muted": True, "human": True}, Disposition.ANSWER),  # as whoever names the bot
        (pressed("bob"), {}, Disposition.SILENT),
        (pressed("bob"), {"askers": frozenset({"bob"})}, Disposition.ANSWER),
        (pressed("bob", Audience.COMMAND), {}, Disposition.SILENT),
        (pressed(audience=Audience.COMMAND), {"quiet": True}, Disposition.ANSWER),
        (pressed(), {"quiet": True}, Disposition.SILENT),
        (pressed(), {"side": Party.CUSTOMER}, Disposition.ANSWER),
        (pressed(), {"side": Party.CUSTOMER, "claimed": True}, Disposition.RELAY),
        (pressed("bob"), {"side": Party.CUSTOMER, "claimed": True}, Disposition.SILENT),
    ],
)
def test_who_may_press(message: ChatMessage, thread: Mapping[str, object], judgement: Disposition) -> None:
    assert classify_message(message, replace(Thread(answering=True), **thread), False) is judgement  # type: ignore[arg-type]
