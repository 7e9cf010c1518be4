"""How long a person waits: `frontdesk --help`, `frontdesk ask` in a fresh process, the first answer of a warm chat.

UNSURE are questions that the first embedding model is not sure of, so that a second one is loaded for them.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from examples.serve import serving

RUNS = 5
QUESTIONS = (
    "How do I return goods?",
    "How long does delivery take?",
    "Do you ship abroad?",
    "Can I pay by card?",
)
UNSURE = ("Is there a way to get a job at your place?", "Do you sell bicycles for children?", "Where can I park?")
CHINESE = ("如何退货？", "配送需要多久？", "可以开发票吗？")


def run() -> dict[str, float]:
    """-> medians: seconds for whole processes, milliseconds for answers in a warm one."""
    frontdesk = str(Path(sys.executable).parent / "frontdesk")
    with tempfile.TemporaryDirectory() as temporary, serving() as site:
        environment = {k: v for k, v in os.environ.items() if not k.startswith("FRONTDESK_")} | {
            "FRONTDESK_DATA_DIR": temporary,
            "FRONTDESK_CRAWL_ALLOW": "127.0.0.0/8",
            "FRONTDESK_CRAWL_DELAY": "0",
        }

        def seconds(*arguments: str) -> float:
            started = time.perf_counter()
            subprocess.run([frontdesk, *arguments], env=environment, check=True, capture_output=True)
            return time.perf_counter() - started

        seconds("crawl", f"{site.url}/")
        return {
            "help_seconds": statistics.median(seconds("--help") for _ in range(RUNS)),
            "fresh_ask_seconds": statistics.median(seconds("ask", question) for question in QUESTIONS),
            "fresh_unsure_ask_seconds": statistics.median(seconds("ask", question) for question in UNSURE),
            "fresh_chinese_ask_seconds": statistics.median(seconds("ask", question) for question in CHINESE),
            **asyncio.run(_warm(temporary)),
        }


async def _warm(data_dir: str) -> dict[str, float]:
    """The first answer after the greeting that a chat opens with, and the median of the next."""
    from bot.app import open_application
    from bot.chat.conversation import IncomingMessage
    from bot.settings import load_settings

    async with open_application(load_settings(data_dir=data_dir)) as application:
        await application.warm_up()
        took = []
        for number, question in enumerate(QUESTIONS):
            started = time.perf_counter()
            async for _ in application.answer_pipeline.answer_message(IncomingMessage(f"bench-{number}", question)):
                pass
            took.append((time.perf_counter() - started) * 1000)
    return {"warm_first_answer_ms": took[0], "warm_answer_ms": statistics.median(took[1:])}


if __name__ == "__main__":
    print(json.dumps(run(), indent=2))
