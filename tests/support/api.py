"""`frontdesk serve` with nothing but the HTTP API, on a port of its own, and clients that call it over real sockets."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from bot.api_keys.models import Scope
from bot.app import Application, open_application, serve_application
from bot.settings import load_settings
from tests.support.bots import Knowledge, free_port

SECONDS = 60.0


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Any
    text: str

    @property
    def data(self) -> Any:
        """The body, as JSON."""
        return json.loads(self.text)


@dataclass(frozen=True)
class Event:
    """A server-sent event."""

    name: str
    data: Any


class ApiClient:
    """Calls `/api/v1` with a key."""

    def __init__(self, base: str, key: str) -> None:
        self.base = base
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}

    async def send(self, method: str, path: str, **given: Any) -> Reply:
        headers = self.headers | given.pop("headers", {})
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(SECONDS)) as session,
            session.request(method, self.base + path, headers=headers, **given) as response,
        ):
            return Reply(response.status, response.headers, await response.text())

    async def get(self, path: str) -> Reply:
        return await self.send("GET", path)

    async def post(self, path: str, **body: Any) -> Reply:
        return await self.send("POST", path, json=body)

    async def ask(self, question: str, **more: Any) -> Any:
        """An answer."""
        reply = await self.post("/ask", question=question, **more)
        assert reply.status == 200, reply.text
        return reply.data

    @asynccontextmanager
    async def stream(self, question: str, **more: Any) -> AsyncIterator[AsyncIterator[Event]]:
        """The events of an answer, as they come; left early, the connection is closed."""
        headers = self.headers | {"Accept": "text/event-stream"}
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(SECONDS)) as session,
            session.post(f"{self.base}/ask", json={"question": question, **more}, headers=headers) as response,
        ):
            assert response.status == 200, await response.text()
            assert response.content_type == "text/event-stream"
            yield _read_events(response)


@dataclass(frozen=True)
class ServedApi:
    """The application that serves, and where."""

    application: Application
    url: str

    @property
    def base(self) -> str:
        return f"{self.url}/api/v1"

    async def client(self, name: str, scopes: Collection[Scope] = tuple(Scope)) -> ApiClient:
        """One with a new key of that name."""
        made = await self.application.api_keys.create_key(name, scopes)
        return ApiClient(self.base, made.token)


def copy_knowledge(knowledge: Knowledge, folder: Path) -> Knowledge:
    """A data folder of the test's own; the models, which nobody writes to, are the same."""
    data = folder / "data"
    shutil.copytree(knowledge.data, data, symlinks=True, ignore=shutil.ignore_patterns("models"))
    (data / "models").symlink_to(knowledge.data / "models")
    return Knowledge(data, knowledge.site)


@asynccontextmanager
async def served_api(knowledge: Knowledge, **settings: Any) -> AsyncIterator[ServedApi]:
    """It listens, and ends when this does. Its database lies in the data folder."""
    port = free_port()
    settings = {"api": True, "api_per_minute": 0, "user_budget": 0, "port": port, "lease_seconds": 1} | settings
    async with open_application(load_settings(data_dir=knowledge.data, **settings)) as application:
        serving = asyncio.create_task(serve_application(application))
        api = ServedApi(application, f"http://127.0.0.1:{port}")
        try:
            await _wait_until_ready(api, serving)
            yield api
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)


async def _wait_until_ready(api: ServedApi, serving: asyncio.Task[None]) -> None:
    async with asyncio.timeout(SECONDS), aiohttp.ClientSession() as session:
        while not serving.done():
            with suppress(aiohttp.ClientError):
                async with session.get(f"{api.url}/readyz") as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(0.05)
        serving.result()


async def _read_events(response: aiohttp.ClientResponse) -> AsyncIterator[Event]:
    name = ""
    async for line in response.content:
        field, _, value = line.decode().rstrip("\n").partition(": ")
        if field == "event":
            name = value
        elif field == "data":
            yield Event(name, json.loads(value))
