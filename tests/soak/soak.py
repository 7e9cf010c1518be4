"""The soak itself: two processes that answer on both platforms from one database, people, and troubles."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg

from tests.soak.ledger import DISCORD, SLACK, Ledger
from tests.soak.people import DiscordPeople, People, SlackPeople
from tests.soak.troubles import Troubles
from tests.soak.verdict import Judge, Row, Verdict
from tests.support.bots import Bot, Knowledge
from tests.support.discord import DiscordStandIn
from tests.support.postgres import Cluster
from tests.support.slack import SlackStandIn
from tests.support.slack.delivery import EVENTS

ADMINS = "CADMINS"
_START_SECONDS = 120.0  # both load their models at once
_QUIET = 4.0  # seconds without a call, with nothing owed, after which nothing more comes
_RETRIES = (0, 1, 2, 4, 8, *(15,) * 40)  # Slack's 5 minutes, for those who cannot wait: it gives up as late
_COLUMNS = "platform, channel, message_id, id, state, judgement, user_id, attempts, received_at, replies::text"
Progress = Callable[[int, int], None]
"""(events so far, questions that are owed an answer)."""


@dataclass(frozen=True)
class Plan:
    """How much, how long and how bad: `events` of people's, for at most `seconds`; `open` questions at a time."""

    events: int = 20_000
    seconds: float = 1_500
    seed: int = 1
    open: int = 60
    kill_every: float = 30
    crash_every: float = 75
    lease: float = 15  # as it is set for everybody
    settle: float = 240


@dataclass
class Outcome:
    """What a soak tells of."""

    plan: Plan
    verdict: Verdict
    events: Counter[str]
    troubles: Counter[str]
    seconds: float  # in which people spoke
    settled: float  # until all was done
    acks: list[float]
    late: int
    given_up: int
    logs: list[Path] = field(default_factory=list)


class Soak:
    """`await Soak(plan, …).run()`."""

    def __init__(
        self, plan: Plan, shop: Knowledge, server: Cluster, folder: Path, progress: Progress = lambda *_: None
    ) -> None:
        self._plan, self._shop, self._server, self._folder, self._progress = plan, shop, server, folder, progress
        self._chance = random.Random(plan.seed)
        self._ledger = Ledger(self._chance)
        self._owed = 0

    async def run(self) -> Outcome:
        """Everything, from the start of the processes to the verdict."""
        async with AsyncExitStack() as stack:
            slack = await stack.enter_async_context(SlackStandIn())
            discord = await stack.enter_async_context(DiscordStandIn())
            slack.retry_schedule = _RETRIES
            slack.add_channel(ADMINS, [], "public")
            members = DiscordPeople(discord, self._ledger)
            people = {SLACK: SlackPeople(slack, self._ledger), DISCORD: members}
            bots = [self._bot(slack, discord, number) for number in (1, 2)]
            for bot in bots:
                stack.push_async_exit(bot)
                await bot.launch()
            for bot in bots:
                await bot.ready(_START_SECONDS)
            await members.introduce_themselves()
            await asyncio.sleep(6)  # Discord's side notes now and then until when it has heard everything
            troubles = Troubles(
                self._ledger,
                slack,
                discord,
                self._server,
                bots,
                admins=ADMINS,
                kill_every=self._plan.kill_every,
                crash_every=self._plan.crash_every,
            )
            counting = asyncio.create_task(self._count_owed())
            began = time.monotonic()
            making = asyncio.create_task(troubles.run())
            try:
                await self._speak(people, making)
            finally:
                making.cancel()
                await asyncio.gather(making, return_exceptions=True)
            spoke = time.monotonic()
            await troubles.mend()
            await self._settle(slack, discord, bots)
            counting.cancel()
            rows = await self._rows()
            verdict = Judge(self._ledger, slack, discord, rows, admins=ADMINS).judge()
            acks = sorted(ack.seconds for ack in slack.acks if ack.kind == EVENTS and not ack.late)
            return Outcome(
                self._plan,
                verdict,
                self._ledger.events,
                troubles.counts,
                spoke - began,
                time.monotonic() - spoke,
                acks,
                sum(ack.late for ack in slack.acks),
                len(slack.given_up),
                [bot.folder / "bot.log" for bot in bots],
            )

    def _bot(self, slack: SlackStandIn, discord: DiscordStandIn, number: int) -> Bot:
        return Bot(
            slack,
            self._shop,
            self._folder / f"bot-{number}",
            database=self._server.url,
            discord=discord,
            FRONTDESK_LEASE_SECONDS=str(self._plan.lease),
            FRONTDESK_USER_BUDGET="0",
            FRONTDESK_SLACK_ADMIN_CHANNEL=ADMINS,
        )

    # -- people ---------------------------------------------------------------------------------------------------

    async def _speak(self, people: dict[str, People], making: asyncio.Task[None]) -> None:
        """Until enough was said: as fast as the bot can, with as many questions open as the plan says."""
        until = time.monotonic() + self._plan.seconds
        while self._ledger.events.total() < self._plan.events and time.monotonic() < until:
            if making.done():
                making.result()
            self._progress(self._ledger.events.total(), self._owed)
            if self._owed >= self._plan.open:
                await asyncio.sleep(0.05)
                continue
            for _ in range(self._chance.randint(1, 6)):
                await self._act(people[SLACK if self._chance.random() < 0.55 else DISCORD])
            await asyncio.sleep(self._chance.uniform(0.02, 0.15))

    async def _act(self, people: People) -> None:
        """Somebody does something."""
        platform = SLACK if isinstance(people, SlackPeople) else DISCORD
        recent = self._ledger.recent(platform)
        dice = self._chance.random()
        if dice < 0.30 or not recent:
            await people.ask(private=self._chance.random() < 0.35)
        elif dice < 0.38:
            if not await people.follow_up(self._chance.choice(recent)):
                await people.ask(private=False)
        elif dice < 0.52:
            await people.edit(self._chance.choice(recent[-20:]))
        elif dice < 0.58:
            await people.delete(self._chance.choice(recent[-20:]))
        elif dice < 0.82 and platform == SLACK:
            await people.again()
        else:
            await people.talk()

    # -- the end --------------------------------------------------------------------------------------------------

    async def _settle(self, slack: SlackStandIn, discord: DiscordStandIn, bots: Sequence[Bot]) -> None:
        """Wait until nothing is owed, nothing under way, and nothing said for a while; or until that takes too long."""
        until = time.monotonic() + self._plan.settle
        with suppress(AssertionError):  # then what is not done tells so
            for bot in bots:
                await bot.ready(self._plan.settle / 2)
        quiet, calls = time.monotonic(), -1
        while time.monotonic() < until and time.monotonic() - quiet < _QUIET:
            self._progress(self._ledger.events.total(), self._owed)
            now = len(slack.calls) + len(discord.calls)
            if now != calls or self._owed or slack.outbox.pending:
                quiet, calls = time.monotonic(), now
            await asyncio.sleep(0.2)

    async def _count_owed(self) -> None:
        query = "SELECT count(*) FROM inbox WHERE state IN ('owed', 'retracting')"
        while True:
            with suppress(Exception):  # whatever a server that crashes makes of it
                connection = await asyncpg.connect(self._server.url, timeout=5)
                try:
                    while True:
                        self._owed = int(await connection.fetchval(query, timeout=5))
                        await asyncio.sleep(0.25)
                finally:
                    connection.terminate()
            await asyncio.sleep(0.25)

    async def _rows(self) -> list[Row]:
        connection: Any = await asyncpg.connect(self._server.url)
        try:
            return [Row(*row) for row in await connection.fetch(f"SELECT {_COLUMNS} FROM inbox")]
        finally:
            await connection.close()
