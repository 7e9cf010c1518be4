"""A refresh shown in one message, to its end, whatever becomes of the process."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

from bot.chat.message import MessageRef
from bot.sources.models import RefreshRun
from bot.sources.refresh import DIED, RefreshRequest
from tests.support.steering import SHOP, FakeScreen, Office, gone

MESSAGE = MessageRef("slack", "T1", "C1", "1.5")
OTHER = replace(MESSAGE, channel="C2")


def watchers(*messages: MessageRef) -> tuple[Mapping[str, str], ...]:
    return tuple(asdict(message) for message in messages)


def ended(seconds: float, **changes: object) -> RefreshRun:
    now = datetime.now(UTC)
    run = RefreshRun("a" * 32, now - timedelta(minutes=5), beat_at=now - timedelta(seconds=seconds))
    return replace(run, **changes)  # type: ignore[arg-type]


async def kept(office: Office, run: RefreshRun, *messages: MessageRef, minutes: float = 1) -> None:
    """In the log, with those who watch it, and over since so long unless it runs."""
    await office.runs.start(replace(run, outcome="running", finished_at=None))
    for message in messages:
        await office.runs.watch(run.id, message)
    if run.outcome != "running":
        await office.runs.finish(replace(run, finished_at=datetime.now(UTC) - timedelta(minutes=minutes)))


async def watched(office: Office) -> tuple[Mapping[str, str], ...]:
    run = (await office.runs.list())[0]
    return run.watchers


async def test_a_message_is_watched_while_its_run_goes_on_and_no_longer(office: Office) -> None:
    await office.source_store.add(SHOP)
    office.crawl.held = True
    run, _ = await office.refresh_service.begin(RefreshRequest())
    screen = FakeScreen(MESSAGE)
    following = asyncio.create_task(office.refresh_watch.follow(run, screen))
    while not await watched(office):  # noqa: ASYNC110 (what it waits for sets no event)
        await asyncio.sleep(0.01)
    assert await watched(office) == watchers(MESSAGE)
    office.crawl.held = False
    await asyncio.wait_for(following, 5)
    assert await watched(office) == ()
    assert screen.cards[-1].title == "Re-crawl done"


async def test_who_joins_a_run_is_told_so_and_watches_beside_the_first(office: Office) -> None:
    await office.source_store.add(SHOP)
    office.crawl.held = True
    run, _ = await office.refresh_service.begin(RefreshRequest())
    screens = [FakeScreen(MESSAGE), FakeScreen(OTHER)]
    following = [
        asyncio.create_task(office.refresh_watch.follow(run, screen, joined=screen is screens[1])) for screen in screens
    ]
    while len(await watched(office)) < 2:  # noqa: ASYNC110 (what it waits for sets no event)
        await asyncio.sleep(0.01)
    office.crawl.held = False
    await asyncio.wait_for(asyncio.gather(*following), 5)
    assert [screen.cards[0].text for screen in screens] == [
        "",
        "This one runs already; yours was not started. Call again when it has ended.",
    ]
    assert [screen.cards[-1].title for screen in screens] == ["Re-crawl done"] * 2
    assert await watched(office) == ()


async def test_an_end_that_cannot_be_shown_is_left_to_be_shown_later(office: Office) -> None:
    await kept(office, ended(0, outcome="unchanged"))
    run = await office.runs.get("a" * 32)
    assert run
    screen = FakeScreen(MESSAGE)
    show = screen.show_card

    async def once(card: object, *, public: bool = False) -> MessageRef | None:
        if screen.cards:
            raise gone(permanent=False)
        return await show(card, public=public)  # type: ignore[arg-type]

    screen.show_card = once  # type: ignore[method-assign,assignment]
    await asyncio.wait_for(office.refresh_watch.follow(run, screen), 5)
    assert await watched(office) == watchers(MESSAGE)


async def test_messages_that_a_dead_process_left_are_brought_to_their_end(office: Office) -> None:
    await kept(office, ended(0, outcome="unchanged"), MESSAGE, OTHER)
    await office.refresh_watch.settle()
    assert [message for message, _ in office.posters["slack"].updates] == [MESSAGE, OTHER]
    assert await watched(office) == ()


async def test_messages_of_a_run_that_ended_just_now_are_left_to_who_shows_them(office: Office) -> None:
    await kept(office, ended(0, outcome="unchanged"), MESSAGE, minutes=0)
    await office.refresh_watch.settle()
    assert office.posters["slack"].updates == []


async def test_messages_of_a_run_that_lives_elsewhere_are_left_alone(office: Office) -> None:
    await kept(office, ended(1), MESSAGE)
    await office.refresh_watch.settle()
    assert office.posters["slack"].updates == []
    assert (await office.runs.list())[0].outcome == "running"


async def test_a_run_whose_process_died_is_noticed(office: Office) -> None:
    await kept(office, ended(60), MESSAGE)
    await office.refresh_watch.settle()
    assert (await office.runs.list())[0].error == DIED


async def test_a_message_that_is_gone_is_given_up_and_one_that_cannot_be_reached_now_is_not(office: Office) -> None:
    await kept(office, ended(0, outcome="unchanged"), MESSAGE, OTHER)
    office.posters["slack"].broken = {"C1": gone(permanent=True), "C2": gone(permanent=False)}
    await office.refresh_watch.settle()
    assert await watched(office) == watchers(OTHER)
    office.posters["slack"].broken = {}
    await office.refresh_watch.settle()
    assert await watched(office) == ()


async def test_a_message_of_a_platform_that_is_away_waits_for_it(office: Office) -> None:
    elsewhere = replace(MESSAGE, platform="discord")
    await kept(office, ended(0, outcome="unchanged"), elsewhere)
    await office.refresh_watch.settle()
    assert await watched(office) == watchers(elsewhere)
