"""What goes wrong meanwhile: refusals of every kind, lost connections, a database that crashes, processes that die."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

import asyncpg

from tests.soak.ledger import Ledger
from tests.support.bots import Bot
from tests.support.discord import DiscordStandIn
from tests.support.postgres import Cluster
from tests.support.slack import SlackStandIn

Lift = Callable[[], None]
_AWAY = (0.3, 2.5)  # seconds that a crashed server is away
SLACK_BOT = ("token_revoked", "team_added_to_org", "message_limit_exceeded")
SLACK_PLACE = ("is_archived", "not_in_channel", "restricted_action", "restricted_action_read_only_channel")
DISCORD_PLACE = ((403, 50001), (403, 50013), (404, 10003))
DISCORD_LOCKED = ((403, 160005), (400, 50083))


class Troubles:
    """`run` makes trouble until cancelled; `mend` ends it. `admins` is the channel in Slack that is never refused."""

    def __init__(
        self,
        ledger: Ledger,
        slack: SlackStandIn,
        discord: DiscordStandIn,
        server: Cluster,
        bots: Sequence[Bot],
        *,
        admins: str,
        kill_every: float,
        crash_every: float,
    ) -> None:
        self.counts: Counter[str] = Counter()
        self._ledger, self._chance = ledger, random.Random(ledger.chance.random())
        self._slack, self._discord, self._server, self._bots = slack, discord, server, bots
        self._admins = admins
        self._kill_every, self._crash_every = kill_every, crash_every
        self._crashing = asyncio.Lock()
        self._starting = asyncio.Lock()  # else one is started twice, and the first is nobody's to stop

    async def run(self) -> None:
        """Make trouble of every kind at once."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._refusing(self._slack_windows(), "slack"))
            group.create_task(self._refusing(self._discord_windows(), "discord"))
            group.create_task(self._often((0.2, 1.5), self._hiccup))
            group.create_task(self._often((8.0, 20.0), self._cut_line))
            group.create_task(self._often((10.0, 30.0), self._cut_database))
            group.create_task(self._often((self._crash_every * 0.7, self._crash_every * 1.3), self.crash_database))
            group.create_task(self._often((self._kill_every, self._kill_every), self.kill))
            group.create_task(self._often((2.0, 2.0), self._start_again))

    async def mend(self) -> None:
        """All is well from now on."""
        self._slack.faults.clear()
        self._discord.mend()
        async with self._crashing:  # it is up again
            pass
        async with self._starting:
            for bot in self._bots:
                if not bot.running:
                    await bot.launch()

    async def kill(self) -> None:
        """One process dies, and is started again at once."""
        bot = self._chance.choice(self._bots)
        async with self._starting:
            if bot.running:
                await bot.kill()
                self.counts["kill -9"] += 1
                await bot.launch()

    async def _start_again(self) -> None:
        """As a service manager does where a process has ended: one does that is started while the database is away."""
        async with self._starting:
            for bot in self._bots:
                if not bot.running:
                    self.counts["started again"] += 1
                    await bot.launch()

    async def crash_database(self) -> None:
        """The server crashes and is started again."""
        async with self._crashing:
            self.counts["database crash"] += 1
            await asyncio.to_thread(self._server.stop)
            await asyncio.sleep(self._chance.uniform(*_AWAY))
            await asyncio.to_thread(self._server.start)

    async def _often(self, pause: tuple[float, float], act: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(self._chance.uniform(*pause))
            await asyncio.shield(asyncio.ensure_future(act()))  # never half a restart

    async def _cut_database(self) -> None:
        """Every connection to the database ends, as where a server hands over to another."""
        async with self._crashing:
            connection = await asyncpg.connect(self._server.url)
            try:
                others = "FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname <> ''"
                await connection.execute(f"SELECT pg_terminate_backend(pid) {others}")
                self.counts["database connections cut"] += 1
            finally:
                await connection.close()

    async def _cut_line(self) -> None:
        """A platform ends its connections, one way or another."""
        gateway = self._discord.gateway
        ways: dict[str, Callable[[], Awaitable[None]]] = {
            "slack socket dropped": self._slack.drop_sockets,
            "slack asks to reconnect": lambda: self._slack.disconnect_sockets("refresh_requested"),
            "slack warns of a reconnect": lambda: self._slack.disconnect_sockets("warning"),
            "discord line cut": lambda: gateway.drop(1006),
            "discord line closed": lambda: gateway.drop(4000),
            "discord asks to reconnect": gateway.ask_to_reconnect,
            "discord session invalid": gateway.invalidate,
        }
        name = self._chance.choice(sorted(ways))
        self.counts[name] += 1
        await ways[name]()

    async def _hiccup(self) -> None:
        """A single call fails, or a few do."""
        chance, times = self._chance, self._chance.randint(1, 3)
        slack = chance.choice(["chat.startStream", "chat.stopStream", "chat.postMessage", "chat.update", "chat.delete"])
        discord = chance.choice(["POST /channels/*/messages", "PATCH *", "POST /channels/*/threads", "DELETE *"])
        drop = chance.choice(["before", "after"])
        ways: dict[str, Callable[[], object]] = {
            "slack 429": lambda: self._slack.rate_limit(slack, times),
            "slack 503": lambda: self._slack.fail(slack, status=503, times=times),
            "slack internal_error": lambda: self._slack.fail(slack, times=times),
            f"slack reply lost {drop}": lambda: self._slack.fail(slack, drop=drop),
            "discord 429": lambda: self._discord.rate_limit(discord, 1.0, times),
            "discord 502": lambda: self._discord.fail(discord, times, status=502),
            f"discord reply lost {drop}": lambda: self._discord.fail(discord, drop=drop),
        }
        name = chance.choice(sorted(ways))
        self.counts[name] += 1
        ways[name]()

    async def _refusing(self, kinds: Mapping[str, tuple[float, Callable[[], Lift]]], platform: str) -> None:
        """One kind of refusal after the other, each for a while, with calm between them."""
        while True:
            await asyncio.sleep(self._chance.uniform(0.5, 3))
            kind = self._chance.choice(sorted(kinds))
            longest, begin = kinds[kind]
            self.counts[f"{platform} refuses: {kind}"] += 1
            lift = begin()
            await asyncio.sleep(self._chance.uniform(longest / 4, longest))
            lift()

    def _slack_windows(self) -> Mapping[str, tuple[float, Callable[[], Lift]]]:
        slack, chance = self._slack, self._chance

        def refuse(code: str, where: Callable[[Mapping[str, Any]], bool], method: str = "*") -> Lift:
            def outside(args: Mapping[str, Any]) -> bool:
                return args.get("channel") != self._admins and where(args)

            fault = slack.refuse(code, outside, method)
            return lambda: slack.faults.lift(fault)

        def some_channels(*kinds: str) -> frozenset[str]:
            found = [each.id for each in slack.workspace.channels.values() if each.kind in kinds]
            return frozenset(chance.sample(found, 4)) - {self._admins}

        def place(*kinds: str) -> Lift:
            closed = some_channels("public", *kinds)
            return refuse(chance.choice(SLACK_PLACE), lambda args: args.get("channel") in closed)

        def locked() -> Lift:
            closed = some_channels("public")
            code = "restricted_action_thread_locked"
            return refuse(code, lambda args: args.get("channel") in closed and bool(args.get("thread_ts")))

        def nowhere() -> Lift:
            one = place("im")
            other = refuse("user_disabled", lambda _: True, "conversations.open")
            return _all(one, other)

        return {
            "form": (4.0, lambda: refuse(chance.choice(["invalid_blocks", "a_code_of_tomorrow"]), _has_blocks)),
            "moment": (3.0, lambda: refuse(chance.choice(["internal_error", "service_unavailable"]), lambda _: True)),
            "place": (6.0, place),
            "thread": (6.0, locked),
            "everywhere": (4.0, nowhere),
            "bot": (4.0, lambda: refuse(chance.choice(SLACK_BOT), lambda _: True)),
        }

    def _discord_windows(self) -> Mapping[str, tuple[float, Callable[[], Lift]]]:
        discord, chance = self._discord, self._chance

        def refuse(pattern: str, status: int, code: int = 0, among: Callable[[int], bool] = lambda _: True) -> Lift:
            fault = discord.fail(pattern, 1_000_000, status=status, code=code, among=among, first=True)
            return lambda: discord.lift(fault)

        def layouts() -> Lift:
            fault = discord.fail("*/messages*", 1_000_000, status=400, code=50035, where=_has_components, first=True)
            return lambda: discord.lift(fault)

        def in_thread(channel: int) -> bool:
            known = discord.backend.channels.get(channel)
            return known is not None and known.is_thread

        def place() -> Lift:
            channels = [channel.id for channel in discord.backend.channels.values() if channel.type == 0]
            status, code = chance.choice(DISCORD_PLACE)
            lifts = [refuse(f"POST /channels/{channel}/*", status, code) for channel in chance.sample(channels, 4)]
            return _all(*lifts)

        def nowhere() -> Lift:
            one, other = place(), refuse("POST /users/@me/channels", 403, 50007)
            return _all(one, other)

        def locked() -> Lift:
            status, code = chance.choice(DISCORD_LOCKED)
            return refuse("POST /channels/*/messages", status, code, in_thread)

        return {
            "form": (4.0, layouts),
            "moment": (3.0, lambda: refuse("*", chance.choice([500, 502, 503]))),
            "place": (6.0, place),
            "thread": (6.0, locked),
            "everywhere": (4.0, nowhere),
            "bot": (4.0, lambda: refuse("*", 401)),
        }


def _all(*lifts: Lift) -> Lift:
    def lift() -> None:
        for each in lifts:
            each()

    return lift


def _has_blocks(args: Mapping[str, Any]) -> bool:
    blocks = args.get("blocks") or []
    return bool(json.loads(blocks) if isinstance(blocks, str) else blocks)


def _has_components(body: Any) -> bool:
    return isinstance(body, dict) and bool(body.get("components"))
