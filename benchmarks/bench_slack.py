"""Slack under load: `frontdesk serve` in a process of its own, Socket Mode, against the tests' stand-in over loopback.

At 1, 50 and 500 conversations at once: how soon an event is acknowledged, how many answers a second come out, and what
an answer costs in processor time: of the server, which travels better than seconds, and of the stand-in with those who
ask, which share this process. All questions of a level are asked at the same moment, so the slowest acknowledgement of
500 is that of a burst. They are four questions; `different` are figures where no two are the same: a message is read
before it is acknowledged, and one that was read before is not read again.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from examples.serve import serving
from tests.support.bots import FRONTDESK, Bot, Knowledge
from tests.support.slack import SlackStandIn

LEVELS = (1, 50, 500)
QUESTIONS = (
    "How long does delivery take?",
    "Which payment methods do you accept?",
    "如何退货？",
    "Do gift cards expire?",
)
ROUNDS = {1: 20, 50: 4, 500: 1}
_TICKS = os.sysconf("SC_CLK_TCK")  # a second


def run() -> dict[str, float]:
    """-> for each level, of the same questions and of different ones: acks p50 and p99 in milliseconds, answers a
    second, and milliseconds of processor time an answer."""
    with tempfile.TemporaryDirectory() as folder, serving() as site:
        return asyncio.run(_measure(crawl_shop(Path(folder) / "data", site.url), Path(folder) / "bot"))


def crawl_shop(data: Path, url: str) -> Knowledge:
    """A data folder that knows the example shop, with the model that is installed."""
    settings = {"FRONTDESK_DATA_DIR": str(data), "FRONTDESK_CRAWL_ALLOW": "127.0.0.0/8", "FRONTDESK_CRAWL_DELAY": "0"}
    subprocess.run([*FRONTDESK, "crawl", f"{url}/"], env=os.environ | settings, check=True, capture_output=True)
    return Knowledge(data, url)


async def _measure(shop: Knowledge, folder: Path) -> dict[str, float]:
    figures: dict[str, float] = {}
    settings = {"FRONTDESK_USER_BUDGET": "0", "FRONTDESK_LOG_LEVEL": "WARNING", "FRONTDESK_LEASE_SECONDS": "15"}
    async with SlackStandIn() as slack, Bot(slack, shop, folder, **settings) as bot:
        slack.ack_deadline = 60  # late acknowledgements are to be measured, not repeated
        for different in (False, True):
            for level in LEVELS:
                measured = await _measure_level(slack, bot, level, different=different)
                figures |= {
                    f"{name}_at_{level}{'_different' if different else ''}": each for name, each in measured.items()
                }
    return figures


async def _measure_level(slack: SlackStandIn, bot: Bot, level: int, *, different: bool) -> dict[str, float]:
    users = [f"U{level}N{number}{'D' if different else ''}" for number in range(level)]
    for user in users:
        slack.add_user(user)
    people = {user: slack.dm(user) for user in users}
    asked: set[str] = set()
    served, own, started = _processor_seconds(bot.pid), time.process_time(), time.perf_counter()
    for turn in range(ROUNDS[level]):
        asked |= await _ask_all(slack, people, turn, different=different)
    seconds, own = time.perf_counter() - started, time.process_time() - own
    served = _processor_seconds(bot.pid) - served
    events = {sent.payload["event_id"] for sent in slack.deliveries if sent.payload["event"].get("ts") in asked}
    acks = sorted(ack.seconds for ack in slack.acks if ack.event_id in events)
    return {
        "ack_p50_ms": statistics.median(acks) * 1000,
        "ack_p99_ms": acks[int(len(acks) * 0.99)] * 1000,
        "answers_per_second": len(asked) / seconds,
        "server_cpu_ms": served * 1000 / len(asked),
        "stand_in_cpu_ms": own * 1000 / len(asked),
    }


async def _ask_all(slack: SlackStandIn, people: dict[str, str], turn: int, *, different: bool) -> set[str]:
    """Everybody asks at once; -> the questions' ids, when everybody has an answer."""
    waiting = []
    for number, (user, channel) in enumerate(people.items()):
        question = QUESTIONS[(number + turn) % len(QUESTIONS)]
        text = f"{question[:-1]} ({turn}/{number}){question[-1]}" if different else question
        waiting.append((await slack.say(channel, user, text), channel))
    asked = {ts for ts, _ in waiting}

    def done() -> bool:
        while waiting and any(
            reply.metadata and not reply.streaming for reply in slack.bot_messages(*waiting[-1][::-1])
        ):
            waiting.pop()  # who is answered is looked at no more: the server has the same two cores
        return not waiting

    await slack.wait_for(done, 240)
    return asked


def _processor_seconds(pid: int) -> float:
    """What a process has had so far, in all its threads (Linux)."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
