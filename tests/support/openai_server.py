"""A scripted server that speaks vLLM's OpenAI-compatible API over real HTTP, and misbehaves as told."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from aiohttp import web

HANG = 3600.0


@dataclass(frozen=True)
class Script:
    """What a completion is: `pieces` after `first` seconds, `between` each two; `cut` after so many pieces breaks the
    connection; a `status` other than 200 refuses; `raw` is sent in place of events; `finish` is why it ended."""

    pieces: Sequence[str] = ()
    first: float = 0.0
    between: float = 0.0
    cut: int | None = None
    status: int = 200
    raw: bytes = b""
    finish: str = "stop"
    message: str = "refused"


def pictures(body: dict[str, Any]) -> list[bytes]:
    """The pictures in a request's messages, from their data URLs."""
    found = []
    for message in body["messages"]:
        for part in message["content"] if isinstance(message["content"], list) else ():
            if part["type"] == "image_url":
                head, _, data = part["image_url"]["url"].partition(",")
                assert head.startswith("data:image/") and head.endswith(";base64"), head
                found.append(base64.b64decode(data, validate=True))
    return found


class OpenAiServer:
    """`async with OpenAiServer() as server:`. Completions follow `scripts` in order, the last one for ever."""

    def __init__(self, *scripts: Script, model: str = "tiny", api_key: str = "") -> None:
        self.scripts = list(scripts) or [Script(["Hello."])]
        self.model, self.api_key = model, api_key
        self.answer: Callable[[dict[str, Any]], Script] | None = None  # of a request, before the scripts
        self.models = b""  # in place of the list of models
        self.location = ""  # of a redirect
        self.well = True
        self.sees = False  # takes pictures, as a model that was made for them; else they are refused as vLLM does
        self.pictures: list[bytes] = []  # that it was shown
        self.requests: list[dict[str, Any]] = []
        self.connections: set[object] = set()  # that requests came by
        self.probes = 0
        self.counted = 0
        self.running = 0
        self.elsewhere = 0  # requests that somebody else has it hold back
        self.most_running = 0
        self.aborted = 0
        self.url = ""
        self._runner: web.AppRunner | None = None

    async def __aenter__(self) -> OpenAiServer:
        app = web.Application()
        app.router.add_get("/v1/models", self._models)
        app.router.add_post("/v1/chat/completions", self._complete)
        app.router.add_post("/tokenize", self._tokenize)
        app.router.add_get("/health", self._health)
        app.router.add_get("/metrics", self._metrics)
        self._runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runner:
            await self._runner.cleanup()

    async def _models(self, request: web.Request) -> web.Response:
        self._check(request)
        if self.models:
            return web.Response(body=self.models, content_type="application/json")
        return web.json_response({"object": "list", "data": [{"id": self.model, "object": "model"}]})

    async def _health(self, request: web.Request) -> web.Response:
        self.probes += 1
        return web.Response(status=200 if self.well else 503)

    async def _metrics(self, request: web.Request) -> web.Response:
        """As vLLM's, in which requests of others count."""
        counts = {"running": self.running, "waiting": self.elsewhere}
        lines = [f'vllm:num_requests_{name}{{engine="0",model_name="tiny"}} {n}.0' for name, n in counts.items()]
        return web.Response(text="\n".join(["# TYPE vllm:num_requests_running gauge", *lines, ""]))

    async def _tokenize(self, request: web.Request) -> web.Response:
        self._check(request)
        self.counted += 1
        messages = (await request.json())["messages"]
        count = sum(len(message["content"].split()) for message in messages)
        return web.json_response({"count": count, "tokens": [], "max_model_len": 4096})

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        self._check(request)
        self.connections.add(request.transport)
        body = await request.json()
        self.requests.append(body)
        shown = pictures(body)
        if shown and not self.sees:
            error = {"message": f"{self.model} is not a multimodal model", "type": "BadRequestError", "code": 400}
            return web.json_response({"error": error}, status=400)
        self.pictures += shown
        script = self.answer(body) if self.answer else self.scripts[0]
        if not self.answer and len(self.scripts) > 1:
            self.scripts.pop(0)
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await asyncio.sleep(script.first)
            if script.status != 200:
                error = {"message": script.message, "type": "error", "code": script.status}
                headers = {"Location": self.location} if self.location else {}
                return web.json_response({"error": error}, status=script.status, headers=headers)
            return await (self._stream if body.get("stream") else self._whole)(request, script)
        except (asyncio.CancelledError, ConnectionError):
            self.aborted += 1
            raise
        finally:
            self.running -= 1

    async def _whole(self, request: web.Request, script: Script) -> web.Response:
        message = {"role": "assistant", "content": "".join(script.pieces)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return web.json_response(self._body("chat.completion") | {"choices": [choice]})

    async def _stream(self, request: web.Request, script: Script) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        if script.raw:
            await response.write(script.raw)
            return response
        for number, piece in enumerate(script.pieces):
            if number == script.cut:
                assert request.transport
                request.transport.abort()
                return response
            if number:
                await asyncio.sleep(script.between)
            choice = {"index": 0, "delta": {"content": piece}, "finish_reason": None}
            event = self._body("chat.completion.chunk") | {"choices": [choice]}
            await response.write(f"data: {json.dumps(event)}\n\n".encode())
        last = self._body("chat.completion.chunk") | {
            "choices": [{"index": 0, "delta": {}, "finish_reason": script.finish}]
        }
        await response.write(f"data: {json.dumps(last)}\n\n".encode())
        await response.write(b"data: [DONE]\n\n")
        return response

    def _body(self, kind: str) -> dict[str, Any]:
        return {"id": "1", "object": kind, "created": 1, "model": self.model}

    def _check(self, request: web.Request) -> None:
        if self.api_key and request.headers.get("Authorization") != f"Bearer {self.api_key}":
            raise web.HTTPUnauthorized(text=json.dumps({"error": {"message": "wrong key"}}))
