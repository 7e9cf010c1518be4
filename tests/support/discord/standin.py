"""A Discord to test against: SimCord's rules behind real sockets, with the limits that SimCord leaves out.

Added here: authorisation, the close codes of the gateway, 429s and rate-limit headers (5 messages or edits in 5 s a
channel), the length of a body and of a nonce, `enforce_nonce` (no message that is read again tells its nonce), and a
record of every call. SimCord itself checks the 3 seconds of an interaction, a second acknowledgement, the limits of
messages and components, permissions and intents.
"""

from __future__ import annotations

import asyncio
import fnmatch
import json
import re
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType
from typing import IO, Any, NamedTuple

from aiohttp import web
from simcord.actors import MemberActor
from simcord.backend import serializers
from simcord.backend.errors import BackendError
from simcord.backend.models import Message
from simcord.builders import ChannelHandle, GuildHandle
from simcord.http import router

from tests.support.discord.gateway import NOWHERE, Gateway
from tests.support.discord.world import World

_CHANNEL = re.compile(r"/channels/(?P<id>\d+)")
_THREAD = re.compile(r"/channels/\d+/messages/(?P<message>\d+)/threads")
MESSAGES, WINDOW = 5, 5.0  # messages or edits a channel in so many seconds
BODY = 10_170  # bytes of a message's body
NONCE = 25  # characters
TOO_LARGE = {"message": "Invalid Form Body", "code": 50035, "errors": {}}


class Call(NamedTuple):
    """One request to the API and what came of it."""

    method: str
    path: str
    body: Any
    status: int
    code: int
    at: float
    made: str = ""  # the id of what it answered with


@dataclass
class Hold:
    """A call that waits until it is released."""

    _begun: asyncio.Event = field(default_factory=asyncio.Event)
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    async def begun(self, seconds: float = 20) -> None:
        """Wait until the call has come."""
        await asyncio.wait_for(self._begun.wait(), seconds)

    def release(self) -> None:
        """Let it go on."""
        self._released.set()

    async def wait(self) -> None:
        """The call's side."""
        self._begun.set()
        await self._released.wait()


@dataclass(eq=False)
class Fault:
    """What the next calls that match `METHOD /path` meet. `drop`: the line is cut `before` Discord acts, or `after`."""

    pattern: str
    times: int = 1
    status: int = 0
    retry_after: float = 0.0
    drop: str = ""
    hold: Hold | None = None
    code: int = 0
    where: Callable[[Any], bool] = lambda _body: True
    among: Callable[[int], bool] = lambda _channel: True


class Upload(NamedTuple):
    """A file that the bot sends, as SimCord takes it."""

    filename: str
    fp: IO[bytes]
    description: str | None = None


class DiscordStandIn:
    """`async with DiscordStandIn() as discord:`. `content`: whether the application has the message content intent."""

    def __init__(self, *, content: bool = True, limits: bool = True) -> None:
        self.token = "MTE.stand-in.token"
        self.world = World()
        self.backend = self.world.backend
        self.calls: list[Call] = []
        self.limits = limits
        self.limited = 0  # 429s that a bot ran into by itself
        self._faults: list[Fault] = []
        self._recent: dict[str, deque[float]] = {}
        self._nonces: dict[tuple[str, str], str] = {}
        self.gateway = Gateway(self.backend, self.token, {"message_content"} if content else set())
        self.guild: GuildHandle = self.world.create_guild("Persimmon Lane")
        self._runner: web.AppRunner | None = None
        self.api_url = ""

    async def __aenter__(self) -> DiscordStandIn:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_get("/gateway", self.gateway.serve)
        app.router.add_get("/gateway/", self.gateway.serve)
        app.router.add_route("*", "/api/v10/{path:.*}", self._api)
        app.router.add_get("/attachments/{path:.*}", self._download)
        self._runner = web.AppRunner(app, shutdown_timeout=0.2)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.api_url = f"http://127.0.0.1:{port}/api/v10"
        self.backend.cdn.base = f"http://127.0.0.1:{port}"
        self.gateway.url = f"ws://127.0.0.1:{port}/gateway"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for fault in self._faults:
            if fault.hold:
                fault.hold.release()
        if self._runner:
            await self._runner.cleanup()

    async def _download(self, request: web.Request) -> web.Response:
        """A file, which needs no token: that one is sent is a leak."""
        assert "Authorization" not in request.headers
        body = self.backend.cdn.get(f"http://{request.host}{request.path}")
        return web.Response(body=body) if body is not None else web.Response(status=404)

    # the API

    async def _api(self, request: web.Request) -> web.StreamResponse:
        method, path = request.method, "/" + request.match_info["path"]
        body, files = await _read(request)
        fault = self._fault(f"{method} {path}", body)
        if fault and fault.hold:
            await fault.hold.wait()
        if fault and fault.drop == "before":
            return _cut(request)
        if fault and fault.retry_after:
            return self._refuse(request, body, 429, fault.retry_after)
        if fault and fault.status:
            return self._done(request, body, fault.status, {"message": "injected", "code": fault.code})
        open_path = path.startswith(("/webhooks/", "/interactions/"))
        if not open_path and request.headers.get("Authorization") != f"Bot {self.token}":
            return self._done(request, body, 401, {"message": "401: Unauthorized", "code": 0})
        bucket = _bucket(method, path)
        if self.limits and bucket and (wait := self._wait(bucket)):
            self.limited += 1
            return self._refuse(request, body, 429, wait)
        if _is_message(method, path) and _length(body) > BODY:
            return self._done(request, body, 400, TOO_LARGE)
        status, answer = self._dispatch(method, path, body, dict(request.query), files, request)
        if fault and fault.drop == "after":
            return _cut(request)
        return self._done(request, body, status, answer, bucket)

    def _dispatch(
        self, method: str, path: str, body: Any, query: dict[str, str], files: list[Any], request: web.Request
    ) -> tuple[int, Any]:
        if (method, path) == ("GET", "/gateway/bot"):
            gateway = self.gateway
            reset = int(gateway.reset_seconds * 1000)
            limit = {"total": 1000, "remaining": gateway.session_starts, "reset_after": reset, "max_concurrency": 1}
            return 200, {"url": NOWHERE, "shards": 1, "session_start_limit": limit}
        if (method, path.rpartition("/")[2]) == ("POST", "threads") and self._talks(path):
            return 400, {"message": "Cannot execute action on this channel type", "code": 50024}
        opened = _THREAD.fullmatch(path)
        if method == "POST" and opened and int(opened["message"]) in self.backend.channels:  # SimCord makes another
            return 400, {"message": "A thread has already been created for this message", "code": 160004}
        if isinstance(body, dict) and len(str(body.get("nonce") or "")) > NONCE:
            return 400, TOO_LARGE
        nonce = (path, str(body.get("nonce"))) if isinstance(body, dict) and body.get("enforce_nonce") else None
        if nonce and nonce in self._nonces:
            method, path, body = "GET", f"{path}/{self._nonces[nonce]}", None
        try:
            answer = router.dispatch(
                self.backend,
                method,
                path,
                json=body,
                params=query,
                files=files,
                reason=request.headers.get("X-Audit-Log-Reason"),
                message_content_access="message_content" in self.gateway.approved,
            )
        except BackendError as error:
            return error.status, error.to_json()
        if path == "/oauth2/applications/@me":
            answer = dict(answer) | {"flags": 1 << 19 if "message_content" in self.gateway.approved else 0}
        if nonce and isinstance(answer, dict):
            self._nonces.setdefault(nonce, str(answer["id"]))
        return (204, None) if answer is None else (200, answer)

    def _talks(self, path: str) -> bool:
        """Whether a path leads to a channel for voices, whose chat has no threads."""
        channel = self.backend.channels.get(int(path.split("/")[2])) if path.startswith("/channels/") else None
        return channel is not None and channel.type in (2, 13)

    def _done(self, request: web.Request, body: Any, status: int, answer: Any, bucket: str = "") -> web.Response:
        code = int(answer.get("code", 0)) if isinstance(answer, dict) and status >= 400 else 0
        made = str(answer.get("id") or "") if isinstance(answer, dict) else ""
        path, now = "/" + request.match_info["path"], time.monotonic()
        self.calls.append(Call(request.method, path, body, status, code, now, made))
        headers = {"Via": "1.1 stand-in"}
        if bucket:
            recent = self._recent.get(bucket) or deque()
            reset = max(0.0, WINDOW - (time.monotonic() - recent[0])) if recent else WINDOW
            headers |= {
                "X-RateLimit-Limit": str(MESSAGES),
                "X-RateLimit-Remaining": str(max(0, MESSAGES - len(recent))) if self.limits else "5",
                "X-RateLimit-Reset": f"{time.time() + reset:.3f}",
                "X-RateLimit-Reset-After": f"{reset:.3f}",
                "X-RateLimit-Bucket": "messages",
            }
        if answer is None:
            return web.Response(status=status, headers=headers)
        return web.Response(
            status=status, body=json.dumps(answer).encode(), headers=headers | {"Content-Type": "application/json"}
        )

    def _refuse(self, request: web.Request, body: Any, status: int, wait: float) -> web.Response:
        response = self._done(
            request, body, status, {"message": "You are being rate limited.", "retry_after": wait, "global": False}
        )
        response.headers["Retry-After"] = str(wait)
        return response

    def _wait(self, bucket: str) -> float:
        """Seconds until the channel takes another message; 0.0 counts this one."""
        now, recent = time.monotonic(), self._recent.setdefault(bucket, deque())
        while recent and now - recent[0] >= WINDOW:
            recent.popleft()
        if len(recent) >= MESSAGES:
            return round(WINDOW - (now - recent[0]) + 0.01, 3)
        recent.append(now)
        return 0.0

    def _fault(self, call: str, body: Any) -> Fault | None:
        for fault in self._faults:
            channel = _CHANNEL.search(call)
            inside = fault.among(int(channel["id"]) if channel else 0)
            if fnmatch.fnmatch(call, fault.pattern) and fault.where(body) and inside:
                fault.times -= 1
                if fault.times <= 0:
                    self._faults.remove(fault)
                return fault
        return None

    # what a test orders

    def hold(self, pattern: str) -> Hold:
        """The next call that matches `METHOD /path` waits, before Discord does anything, until it is released."""
        hold = Hold()
        self._faults.append(Fault(pattern, hold=hold))
        return hold

    def fail(
        self,
        pattern: str,
        times: int = 1,
        *,
        status: int = 500,
        code: int = 0,
        drop: str = "",
        where: Callable[[Any], bool] = lambda _body: True,
        among: Callable[[int], bool] = lambda _channel: True,
        first: bool = False,
    ) -> Fault:
        """Calls fail: with a status and an error code, or the connection is cut `before` or `after` Discord did what
        was asked. `where`: only those whose body is so; `among`: only in such channels; `first`: before
        what was ordered already."""
        fault = Fault(pattern, times, 0 if drop else status, drop=drop, code=code, where=where, among=among)
        self._faults.insert(0 if first else len(self._faults), fault)
        return fault

    def lift(self, fault: Fault) -> None:
        """It happens no more."""
        if fault in self._faults:
            self._faults.remove(fault)

    def mend(self) -> None:
        """All is well again."""
        self._faults.clear()

    def rate_limit(self, pattern: str, retry_after: float = 1.0, times: int = 1) -> None:
        """Calls are refused with a 429."""
        self._faults.append(Fault(pattern, times, retry_after=retry_after))

    # what there is to see

    def messages(self, channel_id: int, author_id: int | None = None) -> list[Message]:
        """What stands in a channel or thread, oldest first."""
        found = sorted(self.backend.messages.get(channel_id, {}).values(), key=lambda message: message.id)
        return [message for message in found if author_id is None or message.author_id == author_id]

    def bot_messages(self, channel_id: int) -> list[Message]:
        """Those of them that the bot wrote; not Discord's own note that a thread was made."""
        written = self.messages(channel_id, self.backend.bot_user.id)
        return [message for message in written if message.type not in (18, 21)]

    def channel(self, channel_id: int) -> ChannelHandle:
        """A channel or thread of the guild as actors take it."""
        return ChannelHandle(self.world, self.guild, self.backend.get_channel(channel_id))

    # what people do that SimCord's actors cannot

    def post(self, member: MemberActor, forum: ChannelHandle, title: str, text: str) -> Message:
        """A member opens a post in a forum: a thread whose first message has the thread's id."""
        self.backend.require_permissions(self.guild.id, member.id, forum.id, "send_messages")
        thread = self.backend.create_thread(forum.id, title, member.id, broadcast=False)
        starter = self.backend.prepare_message(thread.id, member.id, text)
        starter.id = thread.id
        forum._channel.last_message_id = thread.id
        self.backend.announce_thread_create(thread)
        return self.backend.commit_message(starter)

    def tag(self, thread_id: int, *names: str) -> None:
        """The tags of a post are set; the forum offers those already."""
        thread = self.backend.get_channel(thread_id)
        forum = self.backend.get_channel(thread.parent_id or 0)
        thread.applied_tags = [int(tag["id"]) for tag in forum.available_tags if tag["name"] in names]
        self.backend.emit("THREAD_UPDATE", serializers.channel_payload(self.backend, thread))

    def show(self, channel_id: int, *custom_ids: str) -> Message:
        """A message of the bot's with those buttons, as if it had been shown there before."""
        row = [{"type": 2, "style": 2, "label": name[-80:], "custom_id": name} for name in custom_ids]
        rows = [{"type": 1, "components": row[start : start + 5]} for start in range(0, len(row), 5)]
        me = self.backend.bot_user.id
        text = {"type": 10, "content": "Buttons"}
        return self.backend.create_message(channel_id, me, components=[text, *rows], flags=1 << 15)

    async def wait_for(self, predicate: Callable[[], Any], timeout: float = 20.0, what: str = "") -> Any:  # noqa: ASYNC109
        """Wait until the predicate holds, and return what it gave."""
        until = time.monotonic() + timeout
        while not (value := predicate()):
            if time.monotonic() > until:
                last = [f"{call.method} {call.path} {call.status}" for call in self.calls[-6:]]
                raise TimeoutError(f"{what or 'this'} did not happen within {timeout} s; last calls: {last}")
            await asyncio.sleep(0.01)
        return value

    async def settled(self, timeout: float = 20.0, quiet: float = 0.3) -> None:  # noqa: ASYNC109
        """Wait until no call has come for a moment."""
        count, since, until = len(self.calls), time.monotonic(), time.monotonic() + timeout
        while time.monotonic() - since < quiet:
            if time.monotonic() > until:
                raise TimeoutError(f"calls go on after {timeout} s: {self.calls[-3:]}")
            await asyncio.sleep(0.02)
            if len(self.calls) != count:
                count, since = len(self.calls), time.monotonic()


def shown(message: Message) -> str:
    """All that a message shows, in order."""
    return "\n".join(filter(None, [message.content, *_texts(message.components)]))


def labels(message: Message) -> list[str]:
    """The labels of a message's buttons."""
    return [part.get("label", "") for part in _walk(message.components) if part.get("type") == 2]


def _texts(components: Sequence[dict[str, Any]]) -> list[str]:
    return [str(part["content"]) for part in _walk(components) if part.get("type") == 10]


def _walk(components: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for part in components:
        found += [part, *_walk(part.get("components") or [])]
    return found


def _length(body: Any) -> int:
    """Bytes of a body as discord.py writes it."""
    return len(json.dumps(body, separators=(",", ":"), ensure_ascii=True))


def _is_message(method: str, path: str) -> bool:
    """Whether a call writes a message: in a channel, by a webhook's token, or in answer to an interaction."""
    return method in {"POST", "PATCH"} and bool(re.search(r"/messages(/|$)|^/webhooks/|/callback$", path))


def _bucket(method: str, path: str) -> str:
    parts = path.strip("/").split("/")
    if parts[0] == "channels" and len(parts) >= 3 and parts[2] == "messages" and method in {"POST", "PATCH"}:
        return f"{method}:{parts[1]}" if not (method == "POST" and len(parts) > 3) else ""
    return ""


async def _read(request: web.Request) -> tuple[Any, list[Any]]:
    if request.content_type.startswith("multipart/"):
        form = await request.post()
        uploads = [Upload(part.filename, part.file) for part in form.values() if isinstance(part, web.FileField)]
        return json.loads(str(form["payload_json"])), uploads
    raw = await request.read()
    return (json.loads(raw) if raw else None), []


def _cut(request: web.Request) -> web.Response:
    if request.transport:
        request.transport.abort()
    return web.Response(status=500)


__all__ = ["Call", "DiscordStandIn", "Hold", "labels", "shown"]
