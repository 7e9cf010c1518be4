"""A visitor of a page with the widget: by its requests alone, and a shop that shows it in a browser."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

SECONDS = 60.0


def words_of(body: dict[str, Any]) -> str:
    """All that a message says."""

    def read_nodes(nodes: list[Any]) -> str:
        return "".join(node if isinstance(node, str) else read_nodes(node["c"]) for node in nodes)

    return " ".join([body.get("text", ""), body.get("author", ""), read_nodes(body.get("tree", []))]).strip()


@dataclass
class Visitor:
    """`shown` is what stands on an open page, by name; `events` all that was told to it."""

    http: aiohttp.ClientSession
    server: str
    origin: str
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    shown: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    ready: asyncio.Event = field(default_factory=asyncio.Event)

    def make_headers(self, **headers: str) -> dict[str, str]:
        """Those of a page of the site."""
        return {"Origin": self.origin, "Authorization": f"Bearer {self.secret}"} | headers

    async def post(self, name: str, headers: dict[str, str] | None = None, **body: Any) -> int:
        """-> the status."""
        url, sent = f"{self.server}/widget/{name}", self.make_headers() if headers is None else headers
        async with self.http.post(url, json=body, headers=sent) as answer:
            await answer.read()
            return answer.status

    async def ask(self, text: str, message_id: str = "") -> str:
        """-> the message's id; it was taken."""
        message_id = message_id or secrets.token_urlsafe(18)
        assert await self.post("messages", id=message_id, text=text) == 202
        return message_id

    async def watch(self) -> None:
        """Look on, as an open page, until cancelled or ended."""
        no_end = aiohttp.ClientTimeout(total=None)
        stream = self.http.post(f"{self.server}/widget/events", headers=self.make_headers(), timeout=no_end)
        async with stream as answer:
            assert answer.status == 200, answer.status
            event = ""
            async for line in answer.content:
                told = line.decode().rstrip("\n")
                if told.startswith("event: "):
                    event = told.removeprefix("event: ")
                elif told.startswith("data: "):
                    self._receive(event, json.loads(told.removeprefix("data: ")))

    def _receive(self, event: str, data: dict[str, Any]) -> None:
        self.events.append((event, data))
        if event == "message":
            self.shown[data["name"]] = data["body"]
        elif event == "gone":
            del self.shown[data["name"]]
        elif event == "ready":
            self.ready.set()

    async def wait_until(self, condition: Callable[[], object]) -> None:
        """Wait until it holds of what is shown."""
        async with asyncio.timeout(SECONDS):
            while not condition():  # noqa: ASYNC110 (what happens is in another process)
                await asyncio.sleep(0.05)

    def find_message(self, containing: str) -> tuple[str, dict[str, Any]] | None:
        """The name and body of a reply that stands and says this."""
        replies = ((name, body) for name, body in self.shown.items() if not name.startswith("question:"))
        return next(((name, body) for name, body in replies if containing in words_of(body)), None)

    async def wait_for(self, containing: str) -> tuple[str, dict[str, Any]]:
        """The same, once it stands."""
        await self.wait_until(lambda: self.find_message(containing))
        found = self.find_message(containing)
        assert found
        return found


@asynccontextmanager
async def visiting(port: int, origin: str, secret: str = "") -> AsyncIterator[Visitor]:
    """A visitor whose page is open."""
    async with aiohttp.ClientSession() as http:
        visitor = Visitor(http, f"http://127.0.0.1:{port}", origin, secret or secrets.token_urlsafe(32))
        watching = asyncio.create_task(visitor.watch())
        try:
            async with asyncio.timeout(SECONDS):
                await visitor.ready.wait()
            yield visitor
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
