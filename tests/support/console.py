"""The console on a socket, in this process, and a real browser that looks at it."""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import uvicorn
from playwright.async_api import Browser, BrowserContext, async_playwright
from starlette.applications import Starlette

from bot.app import Application, open_application
from bot.app.console import make_console_link, make_console_routes
from bot.chat.people import Actor, Role
from bot.settings import load_settings
from tests.support.bots import Knowledge

ADMIN = Actor("console", "", "ann", "Ann", Role.ADMIN)
TEAMMATE = Actor("console", "", "tom", "Tom", Role.TEAMMATE)
CUSTOMER = Actor("console", "", "cat", "Cat", Role.CUSTOMER)


@dataclass(frozen=True)
class ConsoleServer:
    """`url` is that of the overview, with a slash at its end."""

    url: str
    port: int
    application: Application

    async def make_link(self, actor: Actor = ADMIN) -> str:
        """Signs in once."""
        return await make_console_link(self.application, actor, self.port)

    @asynccontextmanager
    async def sign_in(self, actor: Actor = ADMIN) -> AsyncIterator[Visitor]:
        """Without a browser."""
        async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as http:
            async with http.get(await self.make_link(actor), allow_redirects=False) as answer:
                assert answer.status == 303
            yield Visitor(http, self.url)


@dataclass(frozen=True)
class Visitor:
    """Somebody who has signed in, or has not."""

    http: aiohttp.ClientSession
    url: str

    async def get(self, path: str = "", **headers: str) -> tuple[int, str]:
        """-> status and text; redirects are not followed."""
        async with self.http.get(f"{self.url}{path}", headers=headers, allow_redirects=False) as answer:
            return answer.status, await answer.text()

    async def post(
        self, path: str, token: str, headers: dict[str, str] | None = None, **fields: str
    ) -> tuple[int, str]:
        """A form, with a token of ours or a wrong one."""
        form = {"form_token": token} | fields
        async with self.http.post(f"{self.url}{path}", data=form, headers=headers, allow_redirects=False) as answer:
            return answer.status, await answer.text()

    async def read_form_token(self) -> str:
        """That of the pages."""
        _, text = await self.get("commands")
        return text.split('name="form_token" value="')[1].partition('"')[0]


@asynccontextmanager
async def serving_console(
    knowledge: Knowledge, folder: Path, port: int = 0, **settings: Any
) -> AsyncIterator[ConsoleServer]:
    """On a database of its own, which knows what the knowledge's does."""
    database = folder / "console.db"
    if (knowledge.data / "frontdesk.db").exists():
        shutil.copy(knowledge.data / "frontdesk.db", database)
    listening = socket.create_server(("127.0.0.1", port))
    port = listening.getsockname()[1]
    chosen = load_settings(data_dir=knowledge.data, database_url=f"sqlite:///{database}", **settings)
    async with open_application(chosen) as application:
        app = Starlette(routes=make_console_routes(application))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", ws="none"))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield ConsoleServer(f"http://127.0.0.1:{port}/console/", port, application)
        finally:
            server.should_exit = True
            with suppress(asyncio.CancelledError):
                await serving
            listening.close()


@asynccontextmanager
async def opening_browser(**options: Any) -> AsyncIterator[tuple[Browser, BrowserContext]]:
    """The system's Chromium."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium") or "chromium", args=["--no-sandbox"]
        )
        try:
            yield browser, await browser.new_context(**options)
        finally:
            await browser.close()
