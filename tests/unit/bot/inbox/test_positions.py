"""Who waits is told how many come first."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot.chat.message import Job
from bot.chat.platform import KeepReplies
from tests.fakes import FakeMessenger, said
from tests.support.inbox import QUICK, LosesReplies, Office, Opens, settled, undeliverable, until


async def test_those_who_wait_are_told_how_many_come_first(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, workers=1))
    office.answering.go.clear()
    questions = [said(user=user) for user in ("ann", "ben", "cleo", "dan")]
    for question in questions:
        await office.inbox.receive_message(question)
    await until(lambda: len(office.messenger.told) >= 3)
    await asyncio.sleep(0.2)
    assert office.messenger.told == [(questions[1].id, 1), (questions[2].id, 2), (questions[3].id, 3)]  # once each


async def test_who_is_answered_at_once_is_told_of_no_queue(office: Office) -> None:
    await office.inbox.receive_message(said())
    await settled(office)
    await asyncio.sleep(0.1)
    assert office.messenger.told == []


async def test_a_courtesy_that_fails_stops_nothing(opens: Opens) -> None:
    office = await opens(limits=replace(QUICK, workers=1))
    office.messenger.broken_courtesy = True
    office.answering.go.clear()
    await office.inbox.receive_message(said())
    await office.inbox.receive_message(second := said(user="ben"))
    await until(lambda: office.meter.faults)
    office.answering.go.set()
    await settled(office, 2)
    assert office.messenger.said_to(second) == [f"Re: {second.text}"]


class LosesPositions(LosesReplies):
    """Shows a position, and says that it did not."""

    async def tell_position(self, item: Job, ahead: int, keep: KeepReplies) -> None:
        self.posts[f"{item.message.id}/0/position"] = "Waiting"
        raise undeliverable(permanent=False)


async def test_a_position_that_could_not_be_noted_is_removed_where_its_answer_goes_elsewhere(opens: Opens) -> None:
    platform = LosesPositions(closed=0, lost=0)
    office = await opens(messenger=platform, limits=replace(QUICK, workers=1))
    office.answering.go.clear()
    await office.inbox.receive_message(said())
    await office.inbox.receive_message(second := said(user="ben"))
    await until(lambda: platform.posts.get(f"{second.id}/0/position"))
    platform.closed = 1
    office.answering.go.set()
    await settled(office, 2)
    assert platform.said_to(second) == [f"Re: {second.text}"]


async def test_a_position_that_could_not_be_noted_is_removed_with_its_question(opens: Opens) -> None:
    platform = LosesPositions(closed=0, lost=0)
    office = await opens(messenger=platform, limits=replace(QUICK, workers=1))
    office.answering.go.clear()
    await office.inbox.receive_message(said())
    await office.inbox.receive_message(second := said(user="ben"))
    await until(lambda: platform.posts.get(f"{second.id}/0/position"))
    await asyncio.sleep(5 * QUICK.told_after)  # what was to be told next was told
    await office.inbox.receive_deletion(second.key)
    await until(lambda: not platform.said_to(second))
    office.answering.go.set()
    await settled(office)


async def test_nothing_is_begun_for_a_job_while_its_position_is_being_told_however_often_that_is_waited_for(
    opens: Opens,
) -> None:
    platform = SlowPositions()
    office = await opens(messenger=platform, limits=replace(QUICK, workers=1))
    office.answering.go.clear()
    await office.inbox.receive_message(said())
    await office.inbox.receive_message(second := said(user="ben"))
    await platform.begun.wait()
    edits = [replace(second, text=f"What about {fruit}?", edited_at=at) for at, fruit in enumerate(("figs", "nuts"), 1)]
    hearing = [asyncio.create_task(office.inbox.receive_edit(edit)) for edit in edits]
    office.answering.go.set()
    await asyncio.sleep(0.1)
    platform.go.set()
    await asyncio.gather(*hearing)
    await settled(office, 2)
    await office.inbox.until_idle()
    assert platform.said_to(second) == ["Re: What about nuts?"]


class SlowPositions(FakeMessenger):
    """Shows a position, in place of whatever stands, once it may `go` on."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go = asyncio.Event(), asyncio.Event()

    async def tell_position(self, item: Job, ahead: int, keep: KeepReplies) -> None:
        self.begun.set()
        await self.go.wait()
        post = next((post for post in self.posts if post.startswith(f"{item.message.id}/")), f"{item.message.id}/0")
        self.posts[post] = "Waiting"
        await keep([{"post": post}])
