"""What strangers send to `frontdesk serve` in HTTP mode: the process stays small, prompt and silent."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import aiohttp

from tests.support.bots import Bot, Knowledge
from tests.support.rooms import Room
from tests.support.slack import SlackStandIn

MORE_BYTES = 60_000_000  # of memory than before: sockets and one body, and not what is sent
PIECE = b"8000\r\n" + b"x" * 0x8000 + b"\r\n"


def _resident(bot: Bot) -> int:
    assert bot._process
    status = Path(f"/proc/{bot._process.pid}/status").read_text()
    return int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) * 1_000


async def _flood(port: int, head: bytes, pieces: int) -> int:
    """How much of it is sent before we are cut off."""
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(head)
    sent = 0
    try:
        for _ in range(pieces):
            writer.write(PIECE)
            await writer.drain()
            sent += len(PIECE)
    except ConnectionError:
        pass
    writer.close()
    return sent


async def test_what_strangers_send_costs_next_to_nothing(shop: Knowledge, tmp_path: Path) -> None:
    async with SlackStandIn() as slack, Bot(slack, shop, tmp_path, mode="http") as bot:
        room = Room(bot)
        await room.one_answer(await room.ask("How long does delivery take?"))  # models are loaded
        before = _resident(bot)
        head = b"POST /slack/events HTTP/1.1\r\nHost: bot\r\nTransfer-Encoding: chunked\r\n\r\n"
        sent = await asyncio.gather(*(_flood(bot.port, head, 32_768) for _ in range(3)))  # 1 GiB each
        assert max(sent) < 50_000_000
        assert _resident(bot) - before < MORE_BYTES
        async with aiohttp.ClientSession() as session:
            for body in (b"{", b"[" * 100_000, b"\xff", b"payload=%7B"):
                headers = {"Content-Type": "application/json"}
                async with session.post(bot.events_url, data=body, headers=headers) as unsigned:
                    assert unsigned.status == 401
        assert (await slack.post("{")).status == 400
        await room.one_answer(await room.ask("Which payment methods do you accept?"))
        log = bot.log
        assert len(re.findall("request turned away", log)) == 3 + 4 + 1
        assert "Traceback" not in log and " 500 " not in log
