"""Who has asked too much is told so, once, and costs the others nothing."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from bot.chat.message import Audience, JobState
from bot.database.database import Database
from bot.handoff.models import HandoffState
from bot.i18n import words_for
from tests.fakes import (
    said,
)
from tests.support.inbox import (
    EN,
    QUICK,
    FakeHanding,
    Opens,
    handed,
    settled,
    until,
)


async def test_edits_count_for_the_budget(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, user_budget=2))
    question = said()
    await office.inbox.receive_message(question)
    await settled(office)
    for number in range(2):
        await office.inbox.receive_edit(replace(question, text=f"Where is order {number}?"))
        await settled(office, number + 2)
    assert len(office.answering.asked) == 2
    [line] = office.messenger.said_to(question)
    assert line.startswith("That's more questions")


async def test_how_long_somebody_has_to_wait_can_be_looked_up_before_they_ask(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, user_budget=2, workspace_budget=3))
    question, other = said(), said(user="ben")

    def waits() -> list[float]:
        return [office.inbox.find_wait(each.place, each.user) for each in (question, other)]

    assert waits() == [0.0, 0.0]
    for each in (question, said()):
        await office.inbox.receive_message(each)
    assert waits() == [pytest.approx(1800, abs=60), 0.0]
    await office.inbox.receive_message(other)
    assert waits() == [pytest.approx(1800, abs=60), pytest.approx(1200, abs=60)]
    await settled(office, 3)
    elsewhere = replace(other.place, workspace="T9")
    assert office.inbox.find_wait(elsewhere, "ben") == 0.0


async def test_who_asks_too_much_at_once_is_told_so(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, per_user=2))
    office.answering.go.clear()
    await office.inbox.receive_message(said())
    await until(lambda: office.answering.running)
    questions = [said() for _ in range(3)]
    for question in questions:
        await office.inbox.receive_message(question)
    await settled(office)
    assert office.messenger.said_to(questions[2]) == [EN.say("too_many_of_yours")]
    assert await office.state_of(questions[2]) is JobState.EXCUSED
    other = said(user="ben")
    await office.inbox.receive_message(other)
    office.answering.go.set()
    await settled(office, 5)
    assert office.messenger.said_to(other) == [f"Re: {other.text}"]


async def test_who_comes_when_the_queue_is_full_is_told_so(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, workers=1, queue=1))
    office.answering.go.clear()
    await office.inbox.receive_message(said(user="ann"))
    await until(lambda: office.answering.running)
    await office.inbox.receive_message(said(user="ben"))
    late = said("请问怎么退货", user="cleo")
    await office.inbox.receive_message(late)
    await settled(office)
    assert office.messenger.said_to(late) == [words_for("zh").say("too_many")]
    assert office.meter.faults == [("test", "too_many")]


@pytest.mark.parametrize("budget", ["user_budget", "workspace_budget"])
async def test_who_is_over_a_budget_is_told_when_to_come_back(opens: Opens, budget: str) -> None:
    office = await opens(limits=replace(QUICK, **{budget: 2}))
    questions = [said() for _ in range(3)]
    for question in questions:
        await office.inbox.receive_message(question)
    await settled(office, 3)
    assert office.messenger.said_to(questions[2]) == [EN.say("over_budget", minutes=30)]
    other = said(user="ben")
    await office.inbox.receive_message(other)
    await settled(office, 4)
    free = budget == "user_budget"
    assert (await office.state_of(other)) is (JobState.ANSWERED if free else JobState.EXCUSED)


async def test_who_goes_on_over_budget_is_told_once_and_nobody_waits_for_that(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, user_budget=5))
    many = [said(f"Question {number}?") for number in range(200)]
    await asyncio.gather(*(office.inbox.receive_message(question) for question in many))
    other = said(user="bob")
    await office.inbox.receive_message(other)
    await until(lambda: office.messenger.said_to(other) == [f"Re: {other.text}"])
    await settled(office, 201)
    excuses = [question for question in many if any("an hour" in text for text in office.messenger.said_to(question))]
    assert len(excuses) == 1
    states = Counter([await office.state_of(question) for question in many])
    assert states == {JobState.ANSWERED: 5, JobState.EXCUSED: 195}


async def test_quiet_is_heard_from_who_has_no_budget_left(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, user_budget=1))
    await office.inbox.receive_message(said())
    await office.inbox.receive_message(wish := said("quiet"))
    await settled(office, 2)
    assert office.messenger.said_to(wish) == [EN.say("quieted")]


async def test_an_excuse_for_an_adapter_that_is_away_waits_for_it_too(opens: Opens) -> None:
    office = await opens(joined=False, limits=replace(QUICK, user_budget=1))
    await office.inbox.receive_message(said())
    await office.inbox.receive_message(question := said())
    await asyncio.sleep(0.05)
    office.inbox.add_platform("test", office.messenger)
    await settled(office, 2)
    assert len(office.messenger.said_to(question)) == 1


async def test_what_is_said_to_people_counts_in_no_budget(opens: Opens, database: Database) -> None:
    handing = FakeHanding()
    office = await opens(handing=handing, limits=replace(QUICK, user_budget=1))
    place = said(thread="t1").place
    await handed(database, place, HandoffState.CLAIMED)
    for number in range(5):
        await office.inbox.receive_message(said(f"{number}", thread="t1", audience=Audience.CHANNEL))
    await settled(office, 5)
    assert sorted(text for _, text in handing.relayed) == ["0", "1", "2", "3", "4"]
