"""A chat platform that Frontdesk does not come with: declared, connected and answered on by this file alone.

It speaks JSON lines over TCP: {"user": …, "text": …} comes, {"to": …, "text": …} goes.
"""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from aiohttp import ClientSession
from pydantic_settings import SettingsConfigDict

from bot.app import open_application, serve_application
from bot.chat.message import Audience, ChatMessage, Job, ThreadRef
from bot.chat.plain_replies import PlainReplies
from bot.chat.platform import Finding
from bot.platforms.registry import load_platforms
from bot.platforms.services import PlatformServices
from bot.sections import PlatformSettings
from bot.settings import load_settings
from tests.support.bots import Knowledge, free_port

# -- the platform -----------------------------------------------------------------------------------------------------


class LinesSettings(PlatformSettings):
    model_config = SettingsConfigDict(env_prefix="FRONTDESK_LINES_")
    port: int = 0

    @property
    def is_configured(self) -> bool:
        return self.port > 0


class LinesAdapter:
    platform, routes = "lines", ()

    def __init__(self, settings: LinesSettings, services: PlatformServices) -> None:
        self._port, self._services, self.connected = settings.port, services, False
        self._writers: dict[str, asyncio.StreamWriter] = {}

    async def run(self) -> None:
        self._services.add_platform("lines", PlainReplies(self._send))
        async with await asyncio.start_server(self._read, "127.0.0.1", self._port) as server:
            self.connected = True
            await server.serve_forever()

    async def close(self) -> None:
        self.connected = False
        self._services.remove_platform("lines")

    async def _read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async for line in reader:
            told, name = json.loads(line), uuid.uuid4().hex
            self._writers[told["user"]] = writer
            place = ThreadRef("lines", "", told["user"], name)
            await self._services.inbox.receive_message(
                ChatMessage(place, name, told["user"], told["text"], Audience.DIRECT)
            )

    async def _send(self, job: Job, text: str) -> None:
        writer = self._writers[job.message.user]
        writer.write(json.dumps({"to": job.message.user, "text": text}).encode() + b"\n")
        await writer.drain()


class LinesPlatform:
    name, section = "lines", LinesSettings
    user_id = channel_id = workspace_id = re.compile("[a-z]+")
    role_id = re.compile("(?!)")
    born_admins, needs, how_to_begin = "", "FRONTDESK_LINES_PORT", "no FRONTDESK_LINES_PORT"

    async def check(self, settings: LinesSettings) -> Sequence[Finding]:
        return [Finding(True, f"port {settings.port}")]

    async def find_workspace(self, settings: LinesSettings, channel: str = "") -> str:
        return ""

    def connect(self, settings: LinesSettings, services: PlatformServices) -> LinesAdapter:
        return LinesAdapter(settings, services)


# -- its test ---------------------------------------------------------------------------------------------------------


async def ask(port: int, user: str, *questions: str) -> list[str]:
    """What comes to a user's questions, one after the other."""
    async with asyncio.timeout(30):
        while True:
            with suppress(ConnectionRefusedError):
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                break
            await asyncio.sleep(0.05)
        answers = []
        for text in questions:
            writer.write(json.dumps({"user": user, "text": text}).encode() + b"\n")
            told = json.loads(await reader.readline())
            assert told["to"] == user
            answers.append(told["text"])
        writer.close()
        return answers


async def test_a_platform_of_somebody_elses_is_served_beside_no_other(
    shop: Knowledge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, web = free_port(), free_port()
    monkeypatch.setenv("FRONTDESK_LINES_PORT", str(port))
    settings = load_settings(data_dir=shop.data, database_url=f"sqlite:///{tmp_path / 'lines.db'}", port=web)
    async with open_application(settings, load_platforms([LinesPlatform()])) as application:
        serving = asyncio.create_task(serve_application(application))
        try:
            ann, ben = await asyncio.gather(
                ask(port, "ann", "How long do I have to return something?", "thanks"), ask(port, "ben", "如何退货？")
            )
            async with ClientSession() as client, client.get(f"http://127.0.0.1:{web}/readyz") as ready:
                assert (await ready.json())["parts"] == {"database": "", "index": "", "lines": ""}
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
        turns = await application.conversations.list_turns()
    assert "30 days" in ann[0] and "Sources\n[1] " in ann[0] and shop.site in ann[0]
    assert "来源" in ben[0] and "http" not in ann[1]
    assert {(turn.platform, turn.user) for turn in turns} == {("lines", "ann"), ("lines", "ben")}
