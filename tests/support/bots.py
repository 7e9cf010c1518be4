"""`frontdesk serve` as a process of its own, answering in stand-ins for Slack and Discord."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import aiohttp

from tests.support.discord import DiscordStandIn
from tests.support.embedding import give_model
from tests.support.postgres import Rows
from tests.support.slack import SlackStandIn

ROOT = Path(__file__).parents[2]
FRONTDESK = (str(Path(sys.executable).parent / "frontdesk"),)
SLOW_FRONTDESK = (sys.executable, "-m", "tests.support.slow_frontdesk")
LATER_FRONTDESK = (sys.executable, "-m", "tests.support.later_frontdesk")
START_SECONDS = 90.0


class Done(NamedTuple):
    """What a command printed."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Knowledge:
    """A data folder with an index, and the address of the site it was read from. Tests only read it."""

    data: Path
    site: str = ""


def crawled(data: Path, url: str) -> Knowledge:
    """A data folder that knows a site."""
    give_model(data)
    clean = {key: value for key, value in os.environ.items() if not key.startswith("FRONTDESK_")}
    settings = {
        "FRONTDESK_DATA_DIR": str(data),
        "FRONTDESK_CRAWL_ALLOW": "127.0.0.0/8",
        "FRONTDESK_CRAWL_DELAY": "0",
        "NO_PROXY": "127.0.0.1",
    }
    data.parent.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [*FRONTDESK, "crawl", url], env=clean | settings, cwd=data.parent, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return Knowledge(data, url.rstrip("/"))


class Bot:
    """`async with Bot(slack, knowledge, tmp_path) as bot:` a process that is ready.

    It has a database of its own (a copy of the crawl's, so that it knows its sources), unless one is named. Killed or
    terminated, it may be started again: port, database and settings stay. `settings` are environment variables.
    """

    def __init__(
        self,
        slack: SlackStandIn | None,
        knowledge: Knowledge,
        folder: Path,
        *,
        mode: str = "socket",
        database: str = "",
        discord: DiscordStandIn | None = None,
        program: Sequence[str] = FRONTDESK,
        **settings: str,
    ) -> None:
        self.mode, self.program = mode, program
        if slack is not None:
            self.slack = slack
        self.port = free_port()
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.sqlite = folder / "frontdesk.db"
        if not database and not self.sqlite.exists():
            shutil.copy(knowledge.data / "frontdesk.db", self.sqlite)
        self.settings = {
            "FRONTDESK_DATA_DIR": str(knowledge.data),
            "FRONTDESK_DATABASE_URL": database or f"sqlite:///{self.sqlite}?timeout=1",
            "FRONTDESK_PORT": str(self.port),
            "FRONTDESK_LEASE_SECONDS": "1",
            "FRONTDESK_LOG_LEVEL": "INFO",
            "PYTHONPATH": str(ROOT),
            "COLUMNS": "200",
        }
        if slack is not None:
            self.settings |= {
                "FRONTDESK_SLACK_MODE": mode,
                "FRONTDESK_SLACK_API_URL": slack.api_url,
                "SLACK_BOT_TOKEN": slack.bot_token,
                "SLACK_APP_TOKEN": slack.app_token if mode == "socket" else "",
                "SLACK_SIGNING_SECRET": slack.signing_secret if mode == "http" else "",
            }
        if discord is not None:
            self.settings |= {
                "DISCORD_TOKEN": discord.token,
                "FRONTDESK_DISCORD_API_URL": discord.api_url,
                "FRONTDESK_DISCORD_GATEWAY_URL": discord.gateway.url,
            }
        self.settings |= settings
        self._postgres = Rows(database) if database else None
        self._log = folder / "bot.log"
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Bot:
        try:
            await self.start()
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.running:
            await self.kill()
        if self._postgres:
            self._postgres.close()

    # its life

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.returncode is None

    @property
    def pid(self) -> int:
        """The process's id."""
        assert self._process
        return self._process.pid

    async def launch(self) -> None:
        """Start the process, and do not wait."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self.program, "serve", env=self._environment(), cwd=self.folder, stdout=log, stderr=log
            )

    async def start(self) -> None:
        """Start the process; in HTTP mode Slack sends to it from the moment it is ready."""
        await self.launch()
        await self.ready()
        if self.mode == "http" and hasattr(self, "slack"):
            self.slack.http_mode(self.events_url)

    async def ready(self, timeout: float = START_SECONDS) -> None:  # noqa: ASYNC109
        """Wait until /readyz says yes."""
        try:
            async with asyncio.timeout(timeout):
                while (await self.get("/readyz"))[0] != 200:
                    assert self.running, f"frontdesk serve ended:\n{self.log}"
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise AssertionError(f"not ready within {timeout} s:\n{self.log}") from None

    async def kill(self) -> None:
        """SIGKILL."""
        assert self._process
        self._process.kill()
        await self._process.wait()

    async def terminate(self, timeout: float = 30) -> int:  # noqa: ASYNC109
        """SIGTERM; the exit status."""
        assert self._process
        self._process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(timeout):
                return await self._process.wait()
        except TimeoutError:
            await self.kill()
            raise AssertionError(f"did not end within {timeout} s of SIGTERM:\n{self.log}") from None

    # what it says

    @property
    def events_url(self) -> str:
        """Where Slack sends signed requests."""
        return f"http://127.0.0.1:{self.port}/slack/events"

    @property
    def log(self) -> str:
        """What it has logged so far, over all its lives."""
        return self._log.read_text(encoding="utf-8", errors="replace") if self._log.exists() else ""

    async def get(self, path: str) -> tuple[int, str]:
        """Status and text of a page of its web server; (0, "") while nothing answers."""
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.get(f"http://127.0.0.1:{self.port}{path}") as response,
            ):
                return response.status, await response.text()
        except aiohttp.ClientError:
            return 0, ""

    async def command(self, *arguments: str, **settings: str) -> Done:
        """Another `frontdesk` command with the same settings."""
        process = await asyncio.create_subprocess_exec(
            *FRONTDESK,
            *arguments,
            env=self._environment() | settings,
            cwd=self.folder,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await asyncio.wait_for(process.communicate(), 60)
        return Done(process.returncode or 0, out.decode(), err.decode())

    def sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement on its database; the rows."""
        if self._postgres:
            return self._postgres(statement, *values)
        with closing(sqlite3.connect(self.sqlite, timeout=5)) as connection, connection:
            return connection.execute(statement, values).fetchall()

    def states(self) -> dict[str, str]:
        """What became of each claimed message, by its id."""
        return dict(self.sql("SELECT message_id, state FROM inbox"))  # type: ignore[arg-type]

    def _environment(self) -> dict[str, str]:
        proxies = {"http_proxy", "https_proxy", "all_proxy"}
        own = ("FRONTDESK_", "SLACK_", "DISCORD_")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(own)}
        return {key: value for key, value in kept.items() if key.lower() not in proxies} | self.settings


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
