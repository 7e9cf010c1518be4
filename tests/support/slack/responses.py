"""response_url: answering a command or a click without a token, up to 5 times within 30 minutes."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from tests.support.slack.chat import read_content
from tests.support.slack.core import Call, Core
from tests.support.slack.errors import Refused
from tests.support.slack.faults import RESPONSE_URL
from tests.support.slack.webapi import Args
from tests.support.slack.workspace import Message, new_id, with_ids

USES, SECONDS = 5, 1800.0


@dataclass
class Response:
    """An address to respond to. `original` is the message that was clicked, or that the last answer made."""

    channel: str
    user: str
    original: str = ""
    uses: int = 0
    made: float = 0.0


class ResponseUrls:
    """The response_urls handed out. Their calls appear among `calls` as `response_url`."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._responses: dict[str, Response] = {}

    def new(self, channel: str, user: str, original: str = "") -> str:
        """An address for what this person has just done."""
        key = new_id("R")
        self._responses[key] = Response(channel, user, original, made=time.monotonic())
        return f"{self._core.base_url}/respond/{self._core.team}/{key}"

    def find(self, url: str) -> Response:
        """What an address stands for."""
        return self._responses[url.rsplit("/", 1)[-1]]

    def expire(self) -> None:
        """Let the half hour of every address be over."""
        for response in self._responses.values():
            response.made = -SECONDS

    async def serve(self, request: web.Request) -> web.StreamResponse:
        """The app posts JSON."""
        at = time.time()
        body: dict[str, Any] = {}
        try:
            try:
                body = json.loads(await request.text())
            except ValueError:
                raise Refused("invalid_payload") from None
            response = self._responses.get(request.match_info["key"])
            if response is None or time.monotonic() - response.made > SECONDS:
                raise Refused("expired_url")
            if response.uses >= USES:
                raise Refused("used_url")
            response.uses += 1
            if fault := self._core.faults.take(RESPONSE_URL, body | {"channel": response.channel}):
                raise Refused(fault.error)
            self.apply(response, body)
        except Refused as refused:
            self._core.calls.append(Call(RESPONSE_URL, body, at, False, refused.error, refused.answer()))
            status = 404 if refused.error.endswith("_url") else 400
            return web.json_response(refused.answer(), status=status)
        self._core.calls.append(Call(RESPONSE_URL, body, at, True, "", {}))
        return web.Response(text="ok", content_type="text/html")

    def apply(self, response: Response, body: dict[str, Any]) -> None:
        """Post, replace or delete as the body says. An address works in channels that the app is not in, too."""
        core = self._core
        original = core.workspace.channel(response.channel).messages.get(response.original)
        if body.get("delete_original"):
            if original:
                core.delete_message(original)
            return
        content = read_content(Args(body))
        if body.get("replace_original") and original:
            before = core.body(original)
            original.text, original.markdown = content["text"], content["markdown"]
            original.blocks, original.attachments = with_ids(content["blocks"]), content["attachments"]
            core.record(original)
            if not original.ephemeral_to:
                core.announce_change(original, before)
            return
        kind = body.get("response_type", "ephemeral")
        if kind not in {"ephemeral", "in_channel"}:
            raise Refused("invalid_payload")
        message = Message(core.workspace.next_ts(), response.channel, core.bot_user, **content)
        message.bot_id, message.app_id = core.bot_id, core.app_id
        message.thread_ts = str(body.get("thread_ts") or "")
        message.ephemeral_to = response.user if kind == "ephemeral" else ""
        core.workspace.put(message)
        core.record(message)
        response.original = response.original or message.ts
        if not message.ephemeral_to:
            core.announce(message)
