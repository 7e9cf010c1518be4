"""Slack under load: `frontdesk serve` in a process of its own, Socket Mode, against the tests' stand-in over loopback.

At 1, 50 and 500 conversations at once: how soon an event is acknowledged, and how many answers a second come out. All
questions of a level are asked at the same moment, so the slowest acknowledgement of 500 is that of a burst.
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


def run() -> dict[str, float]:
    """-> for each level: acks p50 and p99 in milliseconds, and answers a second."""
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
    async with SlackStandIn() as slack, Bot(slack, shop, folder, **settings):
        slack.ack_deadline = 60  # late acknowledgements are to be measured, not repeated
        for level in LEVELS:
            users = [f"U{level}N{number}" for number in range(level)]
            for user in users:
                slack.add_user(user)
            people = {user: slack.dm(user) for user in users}
            asked: set[str] = set()
            started = time.perf_counter()
            for turn in range(ROUNDS[level]):
                asked |= await _ask_all(slack, people, turn)
            seconds = time.perf_counter() - started
            events = {sent.payload["event_id"] for sent in slack.deliveries if sent.payload["event"].get("ts") in asked}
            acks = sorted(ack.seconds for ack in slack.acks if ack.event_id in events)
            figures[f"ack_p50_ms_at_{level}"] = statistics.median(acks) * 1000
            figures[f"ack_p99_ms_at_{level}"] = acks[int(len(acks) * 0.99)] * 1000
            figures[f"answers_per_second_at_{level}"] = level * ROUNDS[level] / seconds
    return figures


async def _ask_all(slack: SlackStandIn, people: dict[str, str], turn: int) -> set[str]:
    """Everybody asks at once; -> the questions' ids, when everybody has an answer."""
    asked = {
        await slack.say(channel, user, QUESTIONS[(number + turn) % len(QUESTIONS)]): channel
        for number, (user, channel) in enumerate(people.items())
    }

    def done() -> bool:
        return all(
            any(reply.metadata and not reply.streaming for reply in slack.bot_messages(channel, ts))
            for ts, channel in asked.items()
        )

    await slack.wait_for(done, 120)
    return set(asked)


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
