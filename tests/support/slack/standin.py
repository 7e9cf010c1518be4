"""The stand-in itself: a server on loopback that the unmodified slack-bolt and slack_sdk talk to."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any

from aiohttp import web

from tests.support.slack import chat, files, lookups, streams, surfaces  # noqa: F401 - they enter their methods
from tests.support.slack.delivery import EVENTS, Ack, Delivered, Delivery
from tests.support.slack.errors import CannotDo
from tests.support.slack.faults import Fault, Hold
from tests.support.slack.httpmode import Answer, HttpPosts
from tests.support.slack.interactions import Interactions
from tests.support.slack.rendered import Mention
from tests.support.slack.webapi import WebApi
from tests.support.slack.workspace import Message


class SlackStandIn(Interactions):
    """`async with SlackStandIn() as slack:` point the app at `slack.api_url`, let people act, look at what it did.

    It is strict: what Slack refuses, it refuses. Rate limits alone come only when ordered (`rate_limit`). It runs in
    the test's event loop; the app may run there too, or in another process.
    """

    def __init__(
        self,
        bot_token: str = "xoxb-test",
        app_token: str = "xapp-test",
        signing_secret: str = "shh",
        port: int = 0,
    ) -> None:
        super().__init__(bot_token, app_token, signing_secret)
        self._port = port
        self._runner: web.AppRunner | None = None
        self._http: list[HttpPosts] = []  # the last one is in use

    async def __aenter__(self) -> SlackStandIn:
        app = web.Application(client_max_size=8 * 1024**2)
        api = WebApi(self)
        app.router.add_route("*", "/api/{method}", api.call)
        app.router.add_get("/link/", self.sockets.link)
        app.router.add_post("/respond/{team}/{key}", self.responses.serve)
        app.router.add_post("/upload/{file}", files.Uploads(self).serve)
        app.router.add_get("/files-pri/{file}/{name}", files.Downloads(self).serve)
        app.router.add_get("/login", files.log_in)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", self._port)
        await site.start()
        self._port = self._runner.addresses[0][1]
        self.base_url = f"http://127.0.0.1:{self._port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.outbox.close()
        await self.sockets.close()
        for posts in self._http:
            await posts.close()
        if self._runner:
            await self._runner.cleanup()

    @property
    def api_url(self) -> str:
        """What AsyncWebClient takes as base_url."""
        return f"{self.base_url}/api/"

    # How events travel

    def http_mode(self, events_url: str, commands_url: str = "", interactivity_url: str = "") -> None:
        """From now on, deliver by signed POST."""
        urls = {EVENTS: events_url, "slash_commands": commands_url, "interactive": interactivity_url}
        named = {kind: url for kind, url in urls.items() if url}
        self._http.append(HttpPosts(self.outbox, self.signing_secret, named))
        self.outbox.transport = self._http[-1]
        self.outbox.connected()

    def socket_mode(self) -> None:
        """From now on, deliver over the sockets again."""
        self.outbox.transport = self.sockets
        if self.sockets.connections:
            self.outbox.connected()

    async def post(self, body: str, content_type: str = "application/json", **forged: Any) -> Answer:
        """A request in HTTP mode with any `secret`, `timestamp` and `headers`: what a forger or replayer would send."""
        if not self._http:
            raise CannotDo("call http_mode() first")
        return await self._http[-1].post(body, content_type, **forged)

    async def deliver_again(self, event_id: str = "") -> None:
        """Deliver an event (the last one, without an id) once more, as after a lost acknowledgement."""
        for sent in reversed(self.outbox.deliveries):
            if sent.kind == EVENTS and event_id in {"", sent.payload["event_id"]}:
                self.outbox.send(Delivery(EVENTS, sent.payload, attempt=sent.attempt + 1, reason="timeout"))
                return
        raise CannotDo("there was no such event")

    @property
    def connections(self) -> int:
        """How many sockets are connected."""
        return len(self.sockets.connections)

    async def disconnect_sockets(self, reason: str = "refresh_requested", after: float = 0.2) -> None:
        """Ask the app to reconnect, then close after a moment. `warning` is the other reason."""
        await self.sockets.disconnect(reason, after)

    async def drop_sockets(self) -> None:
        """Cut every connection."""
        self.sockets.drop()

    @property
    def retry_schedule(self) -> Sequence[float]:
        """Seconds before each retry."""
        return self.outbox.retry_schedule

    @retry_schedule.setter
    def retry_schedule(self, seconds: Sequence[float]) -> None:
        self.outbox.retry_schedule = seconds

    @property
    def ack_deadline(self) -> float:
        """Seconds that the app has for an acknowledgement."""
        return self.outbox.ack_deadline

    @ack_deadline.setter
    def ack_deadline(self, seconds: float) -> None:
        self.outbox.ack_deadline = seconds

    # Faults

    def rate_limit(self, method: str, times: int = 1, retry_after: int = 1) -> None:
        """The next calls of a method (`*`: of any) answer 429."""
        self.faults.order(Fault(method, times, retry_after=retry_after))

    def fail(
        self, method: str, error: str = "internal_error", times: int = 1, *, status: int = 200, drop: str = ""
    ) -> None:
        """The next calls answer this error, or an HTTP `status`, or lose the connection (`drop="before"|"after"`)."""
        self.faults.order(Fault(method, times, error="" if drop else error, status=status, drop=drop))

    def refuse(self, error: str, where: Callable[[Mapping[str, Any]], bool], method: str = "*") -> Fault:
        """Every call that is so is refused, until `faults.lift()` or `faults.clear()`, whatever else was ordered."""
        return self.faults.order(Fault(method, 1_000_000, error=error, where=where), first=True)

    def slow(self, method: str, seconds: float, times: int = 1) -> None:
        """The next calls take this long."""
        self.faults.order(Fault(method, times, delay=seconds))

    def hold(self, method: str) -> Hold:
        """The next call waits, before Slack does anything, until it is released."""
        hold = Hold()
        self.faults.order(Fault(method, hold=hold))
        return hold

    def expire_streams(self, after_appends: int | None = None, seconds: float | None = None) -> None:
        """End streams after so many appends or seconds; without either, end those that are open now."""
        if after_appends is None and seconds is None:
            for message in self._all():
                if message.stream:
                    message.stream.stopped = True
        self.workspace.stream_limits.appends = after_appends
        if seconds is not None:
            self.workspace.stream_limits.seconds = seconds

    # What there is to see

    def messages(self, channel: str, thread_ts: str | None = None) -> list[Message]:
        """The messages of a channel or of one thread as they stand now, ephemeral ones too."""
        found = self.workspace.channel(channel).messages.values()
        return [message for message in found if thread_ts is None or thread_ts in {message.ts, message.thread_ts}]

    def bot_messages(self, channel: str, thread_ts: str | None = None) -> list[Message]:
        """Those of them that the app wrote."""
        return [message for message in self.messages(channel, thread_ts) if message.bot_id == self.bot_id]

    def home(self, user: str) -> dict[str, Any] | None:
        """A person's Home tab."""
        return self.workspace.homes.get(user)

    def status(self, channel: str, thread_ts: str) -> str:
        """The status that shows in a thread."""
        return self.workspace.status(channel, thread_ts)

    def prompts(self, channel: str, thread_ts: str = "") -> list[dict[str, str]]:
        """The prompts that are offered."""
        return self.workspace.prompts.get((channel, thread_ts), [])

    def title(self, channel: str, thread_ts: str) -> str:
        """The name of an agent's thread."""
        return self.workspace.titles.get((channel, thread_ts), "")

    def mentions(self) -> list[Mention]:
        """Every mention in anything the app has posted or changed that would notify people."""
        return [mention for sent in self.workspace.outgoing for mention in sent.mentions()]

    def links(self) -> list[str]:
        """Every link in anything the app has posted or changed."""
        return [link for sent in self.workspace.outgoing for link in sent.links()]

    def called(self, method: str) -> list[Any]:
        """The calls of one method."""
        return [call for call in self.calls if call.method == method]

    @property
    def acks(self) -> list[Ack]:
        """Every acknowledgement."""
        return self.outbox.acks

    @property
    def deliveries(self) -> list[Delivered]:
        """Every attempt at delivering something."""
        return self.outbox.deliveries

    @property
    def given_up(self) -> list[Delivery]:
        """Events that were never acknowledged."""
        return self.outbox.given_up

    async def wait_for(self, predicate: Callable[[], object], timeout: float = 5.0, what: str = "") -> Any:  # noqa: ASYNC109
        """Wait until the predicate holds, and return what it gave."""
        until = time.monotonic() + timeout
        while not (value := predicate()):
            if time.monotonic() > until:
                last = [(call.method, call.error) for call in self.calls[-5:]]
                raise TimeoutError(f"{what or 'this'} did not happen within {timeout} s; last calls: {last}")
            await asyncio.sleep(0.01)
        return value

    async def settled(self, timeout: float = 5.0, quiet: float = 0.2) -> None:  # noqa: ASYNC109
        """Wait until all is delivered, no stream is open, and the app has called nothing for a while."""
        since, seen = time.monotonic(), (-1, -1)

        def calm() -> bool:
            nonlocal since, seen
            now = (len(self.calls), len(self.acks))
            if now != seen or self.outbox.pending or any(message.streaming for message in self._all()):
                since, seen = time.monotonic(), now
            return time.monotonic() - since >= quiet

        await self.wait_for(calm, timeout, "settling")

    def _all(self) -> list[Message]:
        return [message for channel in self.workspace.channels.values() for message in channel.messages.values()]
