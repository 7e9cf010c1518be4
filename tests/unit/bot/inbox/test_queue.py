"""The queue's fairness and bounds, and budgets by a clock of the tests' own."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.message import Disposition, Job
from bot.inbox.queue import Budget, FairQueue, Full, lane_of
from tests.fakes import said


def item(user: str, id: str = "", workspace: str = "T1") -> Job:
    message = said(user=user, id=id, workspace=workspace)
    return Job(message.id, message, Disposition.ANSWER, "c", datetime.now(UTC))


async def filled(*items: Job, limit: int = 1000, per_user: int = 1000) -> FairQueue:
    queue = FairQueue(limit, per_user)
    for each in items:
        await queue.put(each)
    return queue


async def served(queue: FairQueue, count: int) -> list[Job]:
    """The next items, each done before the next is taken."""
    items = []
    for _ in range(count):
        items.append(await asyncio.wait_for(queue.get(), 1))
        await queue.release_lane(items[-1])
    return items


async def nothing_comes(queue: FairQueue) -> bool:
    try:
        await asyncio.wait_for(queue.get(), 0.02)
    except TimeoutError:
        return True
    return False


async def test_fifty_questions_of_one_user_delay_nobody_else() -> None:
    queue = await filled(*(item("ann") for _ in range(50)), item("ben"), item("cleo"))
    users = [each.message.user for each in await served(queue, 6)]
    assert users == ["ann", "ben", "cleo", "ann", "ann", "ann"]


async def test_users_take_turns() -> None:
    queue = await filled(*(item(user) for user in "aaabbbccc"))
    assert "".join(each.message.user for each in await served(queue, 9)) == "abcabcabc"


async def test_one_item_of_a_user_is_worked_on_at_a_time() -> None:
    queue = await filled(item("ann", "1"), item("ann", "2"))
    first = await queue.get()
    assert await nothing_comes(queue)
    await queue.release_lane(first)
    assert (await queue.get()).id == "2"


async def test_a_question_put_while_its_user_is_served_waits_for_that() -> None:
    queue = await filled(item("ann", "1"))
    first = await queue.get()
    await queue.put(item("ann", "2"))
    assert await nothing_comes(queue)
    await queue.release_lane(first)
    assert (await asyncio.wait_for(queue.get(), 1)).id == "2"


async def test_who_waits_for_an_item_gets_it_when_it_comes() -> None:
    queue = FairQueue(10, 10)
    waiting = [asyncio.create_task(queue.get()) for _ in range(2)]
    await asyncio.sleep(0)
    await queue.put(item("ann", "1"))
    await queue.put(item("ben", "2"))
    assert {(await asyncio.wait_for(each, 1)).id for each in waiting} == {"1", "2"}


async def test_the_same_name_in_another_workspace_is_another_user() -> None:
    queue = await filled(item("ann", "1"), item("ann", "2", workspace="T2"))
    assert [(await queue.get()).id, (await queue.get()).id] == ["1", "2"]


async def test_the_queue_takes_no_more_than_its_limit() -> None:
    queue = await filled(item("ann"), item("ben"), limit=2)
    with pytest.raises(Full) as full:
        await queue.put(item("cleo"))
    assert not full.value.user
    assert len(queue) == 2


async def test_a_user_may_have_only_so_many_waiting() -> None:
    queue = await filled(item("ann"), item("ann"), per_user=2)
    with pytest.raises(Full) as full:
        await queue.put(item("ann"))
    assert full.value.user
    await queue.put(item("ben"))


async def test_what_is_owed_from_before_is_taken_over_every_bound() -> None:
    queue = await filled(item("ann"), limit=1, per_user=1)
    await queue.put(item("ann"), owed=True)
    assert len(queue) == 2


async def test_what_is_removed_does_not_come() -> None:
    queue = await filled(item("ann", "1"), item("ann", "2"), item("ben", "3"))
    await queue.remove_job("1")
    await queue.remove_job("3")
    await queue.remove_job("unknown")
    assert len(queue) == 1
    assert [each.id for each in await served(queue, 1)] == ["2"]
    assert await nothing_comes(queue)


async def test_a_user_whose_only_item_was_removed_can_ask_again() -> None:
    queue = await filled(item("ann", "1"))
    await queue.remove_job("1")
    await queue.put(item("ann", "2"))
    assert [each.id for each in await served(queue, 1)] == ["2"]


async def test_removing_what_waits_behind_work_leaves_the_user_free_afterwards() -> None:
    queue = await filled(item("ann", "1"), item("ann", "2"))
    first = await queue.get()
    await queue.remove_job("2")
    await queue.release_lane(first)
    assert await nothing_comes(queue)
    await queue.put(item("ann", "3"))
    assert (await queue.get()).id == "3"


async def test_positions_are_of_each_users_first_item_in_the_order_of_turns() -> None:
    queue = await filled(item("ann", "1"), item("ann", "2"), item("ben", "3"), item("cleo", "4"))
    assert [(each.id, ahead) for each, ahead in queue.list_positions()] == [("1", 0), ("3", 1), ("4", 2)]
    await queue.get()  # ann's second now waits for her first
    assert [(each.id, ahead) for each, ahead in queue.list_positions()] == [("3", 0), ("4", 1), ("2", 2)]


async def test_positions_of_thousands_are_told_at_once() -> None:
    queue = await filled(*(item(f"user {number}") for number in range(5000)), limit=5000)
    started = asyncio.get_running_loop().time()
    assert [ahead for _, ahead in queue.list_positions()] == list(range(5000))
    assert asyncio.get_running_loop().time() - started < 0.2


async def test_a_cleared_queue_is_empty_and_takes_items_again() -> None:
    queue = await filled(item("ann", "1"), item("ben", "2"))
    assert {each.id for each in queue.take_all()} == {"1", "2"}
    assert len(queue) == 0
    assert list(queue.list_positions()) == []
    await queue.put(item("ann", "3"))
    assert (await queue.get()).id == "3"


@given(
    users=st.lists(st.sampled_from("abcd"), max_size=40), workers=st.integers(1, 4), removed=st.sets(st.integers(0, 39))
)
def test_whatever_is_asked_each_comes_once_in_its_users_order_and_nobody_is_served_twice_while_others_wait(
    users: Sequence[str], workers: int, removed: set[int]
) -> None:
    asyncio.run(_check(users, workers, removed))


async def _check(users: Sequence[str], workers: int, removed: set[int]) -> None:
    items = [item(user, str(number)) for number, user in enumerate(users)]
    queue = await filled(*items)
    for number in removed:
        await queue.remove_job(str(number))
    kept = [each for number, each in enumerate(items) if number not in removed]
    assert len(queue) == len(kept)
    busy: list[Job] = []
    out: list[Job] = []
    left = Counter(lane_of(each) for each in kept)
    while len(out) < len(kept):
        free = [lane for lane, count in left.items() if count and lane not in {lane_of(each) for each in busy}]
        if free and len(busy) < workers:
            got = await asyncio.wait_for(queue.get(), 1)
            assert lane_of(got) not in {lane_of(each) for each in busy}
            left[lane_of(got)] -= 1
            busy.append(got)
            out.append(got)
        else:
            await queue.release_lane(busy.pop(0))
    assert len(queue) == 0
    for user in set(users):
        mine = [int(each.id) for each in out if each.message.user == user]
        assert mine == sorted(mine)
    if workers == 1:
        for position, each in enumerate(out[1:], start=1):
            others_left = {other.message.user for other in out[position:]} - {each.message.user}
            assert not others_left or out[position - 1].message.user != each.message.user


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_budget_allows_so_many_at_once_and_tells_how_long_to_wait() -> None:
    clock = Clock()
    budget = Budget(3, 3600, clock)
    assert [budget.take_question("ann") for _ in range(3)] == [0.0, 0.0, 0.0]
    assert budget.take_question("ann") == pytest.approx(1200)
    assert budget.take_question("ben") == 0.0


def test_a_budget_refills_steadily() -> None:
    clock = Clock()
    budget = Budget(3, 3600, clock)
    for _ in range(3):
        budget.take_question("ann")
    clock.now += 600
    assert budget.take_question("ann") == pytest.approx(600)
    clock.now += 600
    assert budget.take_question("ann") == 0.0
    assert budget.take_question("ann") == pytest.approx(1200)


def test_a_refusal_costs_nothing() -> None:
    clock = Clock()
    budget = Budget(1, 60, clock)
    budget.take_question("ann")
    for _ in range(10):
        budget.take_question("ann")
    clock.now += 60
    assert budget.take_question("ann") == 0.0


def test_who_looks_how_long_to_wait_takes_nothing() -> None:
    clock = Clock()
    budget = Budget(1, 60, clock)
    assert [budget.find_wait("ann") for _ in range(3)] == [0.0, 0.0, 0.0]
    budget.take_question("ann")
    clock.now += 20
    assert [budget.find_wait(key) for key in ("ann", "ann", "ben")] == [pytest.approx(40), pytest.approx(40), 0.0]
    assert Budget(0, 60, clock).find_wait("ann") == 0.0


def test_no_budget_is_no_limit() -> None:
    budget = Budget(0, 3600, Clock())
    assert {budget.take_question("ann") for _ in range(1000)} == {0.0}


def test_a_budget_forgets_keys_whose_bucket_is_full_again() -> None:
    clock = Clock()
    budget = Budget(1, 60, clock)
    for number in range(10_001):
        budget.take_question(f"user {number}")
    clock.now += 61
    budget.take_question("one more")
    assert len(budget._full_at) == 1


@given(st.integers(1, 20), st.lists(st.floats(0, 500), max_size=60))
def test_within_any_window_of_its_length_no_more_than_twice_the_budget_is_taken(most: int, pauses: list[float]) -> None:
    clock = Clock()
    budget = Budget(most, 100, clock)
    taken = []
    for pause in pauses:
        clock.now += pause
        if budget.take_question("ann") == 0.0:
            taken.append(clock.now)
    for start in taken:
        assert sum(start <= at < start + 100 for at in taken) <= 2 * most
