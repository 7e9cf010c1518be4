"""`frontdesk mcp`: a process of its own, and the SDK's client that starts it."""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

import pytest

from tests.support.bots import FRONTDESK, Bot, Knowledge
from tests.support.mcp_clients import ERAS, SECONDS, TOOLS, call, process_client, refusal

pytestmark = pytest.mark.slow

RETURN = "How do I return something?"
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}},
}


@pytest.fixture
def log(tmp_path: Path) -> Iterator[TextIO]:
    with (tmp_path / "mcp.log").open("w+") as file:
        yield file


@pytest.fixture
def bot(shop: Knowledge, tmp_path: Path) -> Bot:
    """Not started: its settings and its database."""
    return Bot(None, shop, tmp_path, FRONTDESK_LOG_LEVEL="DEBUG")


@pytest.mark.parametrize("era", ERAS)
async def test_an_assistant_that_starts_it_searches_asks_and_reads(
    bot: Bot, shop: Knowledge, tmp_path: Path, log: TextIO, era: str
) -> None:
    async with process_client(bot.settings, tmp_path, log, era) as client:
        assert {tool.name for tool in (await client.list_tools()).tools} == TOOLS
        found = await call(client, "search_help", query=RETURN, limit=2)
        assert found["passages"][0]["title"] == RETURN
        page = await call(client, "read_page", url=found["passages"][0]["url"])
        assert "30 days" in page["text"]
        answer = await call(client, "ask_help", question=RETURN)
        followed = await call(client, "ask_help", question="And if it is broken?", conversation=answer["conversation"])
        assert "limit: " in await refusal(client, "search_help", query="refund", limit=0)
    kept = bot.sql("SELECT id, platform, user_id FROM turns ORDER BY created_at")
    assert [row[0] for row in kept] == [answer["turn"], followed["turn"]]
    assert {row[1:] for row in kept} == {("mcp", f"_local:{answer['conversation']}")}
    log.seek(0)
    told = log.read()
    assert "Traceback" not in told and RETURN not in told  # at DEBUG, too


async def test_two_assistants_at_once_have_a_process_each_on_one_database(
    bot: Bot, tmp_path: Path, log: TextIO
) -> None:
    async def ask(question: str, times: int) -> list[str]:
        async with process_client(bot.settings, tmp_path, log) as client:
            return [(await call(client, "ask_help", question=question))["turn"] for _ in range(times)]

    turns = await asyncio.gather(ask(RETURN, 4), ask("How long does delivery take?", 4))
    kept = {row[0] for row in bot.sql("SELECT id FROM turns")}
    assert kept == {*turns[0], *turns[1]} and len(kept) == 8


async def test_nothing_but_messages_stands_on_standard_output(bot: Bot, tmp_path: Path) -> None:
    """Whatever is read: lines that are no messages, none that end, texts that are no UTF-8."""
    process = await asyncio.create_subprocess_exec(
        *FRONTDESK, "mcp", env={**bot.settings, "PATH": "/usr/bin:/bin"}, cwd=tmp_path,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    ready = {"jsonrpc": "2.0", "method": "notifications/initialized"}
    search = {"name": "search_help", "arguments": {"query": "refund"}}
    asked = [{"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": search} for number in (2, 3)]
    noise = [b"{", b"\xff\xfe\x00", b"[" * 5000, b"", b'{"jsonrpc": "1.0"}', b"x" * 100_000]
    lines = [
        json.dumps(HELLO).encode(),
        json.dumps(ready).encode(),
        *noise,
        *(json.dumps(each).encode() for each in asked),
    ]
    assert process.stdin and process.stdout
    process.stdin.write(b"\n".join(lines) + b"\n")
    await process.stdin.drain()
    answered: dict[object, object] = {}
    async with asyncio.timeout(SECONDS):
        while not {1, 2, 3} <= answered.keys():
            message = json.loads(await process.stdout.readline())
            assert message["jsonrpc"] == "2.0"
            answered[message.get("id")] = message
        process.stdin.close()
        rest, errors = await process.communicate()
    assert all(json.loads(line)["jsonrpc"] == "2.0" for line in rest.splitlines())
    assert process.returncode == 0 and b"refund" not in errors


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
async def test_who_interrupts_it_has_it_end_although_the_input_goes_on(
    bot: Bot, tmp_path: Path, signum: signal.Signals
) -> None:
    process = await asyncio.create_subprocess_exec(
        *FRONTDESK, "mcp", env={**bot.settings, "PATH": "/usr/bin:/bin"}, cwd=tmp_path,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    assert process.stdin and process.stdout
    process.stdin.write(json.dumps(HELLO).encode() + b"\n")
    async with asyncio.timeout(SECONDS):
        assert json.loads(await process.stdout.readline())["id"] == 1
        process.send_signal(signum)
        assert await process.wait() == -signum


async def test_while_nothing_is_indexed_the_process_says_so_and_ends(bot: Bot, tmp_path: Path) -> None:
    bot.settings |= {"FRONTDESK_DATA_DIR": str(tmp_path / "empty"), "FRONTDESK_DATABASE_URL": ""}
    done = await bot.command("mcp")
    assert done.code == 1 and done.out == "" and "frontdesk" in done.err and "Traceback" not in done.err
