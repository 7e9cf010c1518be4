"""An answer as server-sent events, while it comes; and requests whose callers go away."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

from pydantic import BaseModel
from starlette.requests import ClientDisconnect, Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from bot.api import models
from bot.api.answers import build_answer, render_markdown
from bot.api.asking import Answered, Excused, PendingReply, Queued, ReplyEvent, TextSoFar
from bot.api.problems import say_unavailable
from bot.chat.conversation import Stage

MEDIA_TYPE = "text/event-stream"
_PING_SECONDS = 15.0  # proxies cut what is silent for long; and a caller who has gone is noticed
_PING = ": still here\n\n"
_Result = TypeVar("_Result")


class CallerGone(Exception):
    """Whoever sent the request has left: there is nobody to answer."""


async def await_for_caller(request: Request, work: Coroutine[Any, Any, _Result]) -> _Result:
    """Do the work for as long as its caller waits. Raises CallerGone, and what the work raises."""
    working, leaving = asyncio.ensure_future(work), asyncio.ensure_future(_wait_until_gone(request))
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise CallerGone
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


async def stream_reply(pending: PendingReply, first: ReplyEvent, conversation: str) -> AsyncIterator[str]:
    """The events of an answer, of which `first` has come."""
    event, shown = first, ""
    while True:
        if isinstance(event, TextSoFar):
            text = render_markdown(event.text, event.links)
            if text.startswith(shown) and text != shown:  # else what was shown has changed: `final` has it all
                yield encode_event("delta", models.DeltaEvent(text=text[len(shown) :]))
                shown = text
        else:
            yield _encode_reply(event, conversation)
        if isinstance(event, Answered | Excused):
            return
        async for ping in _keep_alive(waiting := asyncio.ensure_future(pending.next_event())):
            yield ping
        event = waiting.result()


def encode_event(name: str, data: BaseModel) -> str:
    """One event. JSON has no line breaks, so that its data is one line."""
    return f"event: {name}\ndata: {data.model_dump_json(exclude_none=name != 'final')}\n\n"


class ReplyStream(StreamingResponse):
    """A stream of events that calls `on_end` however it ends, also where nobody is there to hear its beginning."""

    def __init__(self, events: AsyncIterator[str], on_end: Callable[[], Coroutine[Any, Any, None]]) -> None:
        super().__init__(
            events, media_type=MEDIA_TYPE, headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        )
        self._on_end = on_end

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        try:
            with suppress(ClientDisconnect):
                await super().__call__(scope, receive, send)
        finally:
            await self._on_end()


def _encode_reply(event: Queued | Stage | Answered | Excused, conversation: str) -> str:
    if isinstance(event, Queued):
        return encode_event("status", models.StatusEvent(stage=models.StageName.WAITING, ahead=event.ahead))
    if isinstance(event, Stage):
        return encode_event("status", models.StatusEvent(stage=models.StageName(event.value)))
    if isinstance(event, Answered):
        return encode_event("final", build_answer(event.turn, conversation))
    return encode_event("error", say_unavailable(event.line).body)


async def _keep_alive(waiting: asyncio.Future[ReplyEvent]) -> AsyncIterator[str]:
    """Comments until something comes. Left early, it stops the waiting."""
    try:
        while not (await asyncio.wait({waiting}, timeout=_PING_SECONDS))[0]:
            yield _PING
    finally:
        if not waiting.done():
            waiting.cancel()


async def _wait_until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
