"""Delivery by HTTP: signed requests to the app's own address, as with Socket Mode switched off."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

import aiohttp

from tests.support.slack.delivery import COMMANDS, EVENTS, Delivery, Outbox

CONCURRENT = 50
_FORM, _JSON = "application/x-www-form-urlencoded", "application/json"


class Answer(NamedTuple):
    """What the app answered to a request."""

    status: int
    text: str
    headers: Mapping[str, str]


class HttpPosts:
    """Posts deliveries to `urls` (by kind; events_api's is used where there is no other)."""

    def __init__(self, outbox: Outbox, signing_secret: str, urls: Mapping[str, str]) -> None:
        self._outbox, self._secret, self._urls = outbox, signing_secret, urls
        self._session: aiohttp.ClientSession | None = None
        self._posts: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(CONCURRENT)

    def send(self, delivery: Delivery) -> bool:
        """Post it; there is always somewhere to post to."""
        task = asyncio.create_task(self._post(delivery))
        self._posts.add(task)
        task.add_done_callback(self._posts.discard)
        return True

    async def post(
        self,
        body: str,
        content_type: str = _JSON,
        *,
        kind: str = EVENTS,
        secret: str | None = None,
        timestamp: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Any body, signed with any secret for any time: what a forger or a replayer would send."""
        stamp = str(int(time.time()) if timestamp is None else timestamp)
        signed = {
            "Content-Type": content_type,
            "User-Agent": "Slackbot 1.0 (+https://api.slack.com/robots)",
            "X-Slack-Request-Timestamp": stamp,
            "X-Slack-Signature": signature(self._secret if secret is None else secret, stamp, body),
        }
        self._session = self._session or aiohttp.ClientSession()
        async with self._session.post(
            self._urls.get(kind, self._urls[EVENTS]),
            data=body.encode(),
            headers={**signed, **(headers or {})},
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=self._outbox.ack_deadline),
        ) as response:
            return Answer(response.status, await response.text(), dict(response.headers))

    async def close(self) -> None:
        """Post nothing more."""
        for task in list(self._posts):
            task.cancel()
        await asyncio.gather(*self._posts, return_exceptions=True)
        if self._session:
            await self._session.close()

    async def _post(self, delivery: Delivery) -> None:
        body, content_type = encoded(delivery)
        retry = {"X-Slack-Retry-Num": str(delivery.attempt), "X-Slack-Retry-Reason": delivery.reason}
        async with self._room:
            self._outbox.sent(delivery, timed=False)
            try:
                answer = await self.post(
                    body, content_type, kind=delivery.kind, headers=retry if delivery.attempt else None
                )
            except TimeoutError:
                self._outbox.failed(delivery.envelope_id, "http_timeout")
            except aiohttp.ClientError:
                self._outbox.failed(delivery.envelope_id, "connection_failed")
            else:
                if answer.status == 200:
                    self._outbox.acked(delivery.envelope_id, _payload(answer))
                else:
                    wanted = answer.headers.get("X-Slack-No-Retry") != "1"
                    self._outbox.failed(delivery.envelope_id, "http_error", retry=wanted)


def signature(secret: str, timestamp: str, body: str) -> str:
    """Slack's signature, version 0."""
    digest = hmac.new(secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()
    return f"v0={digest}"


def encoded(delivery: Delivery) -> tuple[str, str]:
    """Body and content type: events are JSON, commands a form, interactions a form with JSON in `payload`."""
    if delivery.kind == EVENTS:
        return json.dumps(delivery.payload), _JSON
    if delivery.kind == COMMANDS:
        return urlencode(delivery.payload), _FORM
    return urlencode({"payload": json.dumps(delivery.payload)}), _FORM


def _payload(answer: Answer) -> Any:
    if not answer.text:
        return None
    if answer.headers.get("Content-Type", "").startswith(_JSON):
        return json.loads(answer.text)
    return {"text": answer.text}
