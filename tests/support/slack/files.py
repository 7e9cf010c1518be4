"""Sharing files: an address to upload to, the upload, and its completion in a channel."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from tests.support.slack.core import Core
from tests.support.slack.errors import Refused
from tests.support.slack.webapi import Args, method, reach
from tests.support.slack.workspace import new_id


@dataclass
class File:
    """A file that was uploaded; `channel` is where it was shared."""

    name: str
    length: int
    content: bytes = b""
    channel: str = ""
    kind: str = ""
    asked: list[str] = field(default_factory=list)  # the tokens it was asked for with


@method("files.getUploadURLExternal", "files:write")
def get_upload_url(core: Core, args: Args) -> dict[str, Any]:
    """Where to send a file's bytes."""
    name, length = args.need("filename", "length")
    file_id = new_id("F")
    core.workspace.files[file_id] = File(name, int(length))
    return {"file_id": file_id, "upload_url": f"{core.base_url}/upload/{file_id}"}


@method("files.completeUploadExternal", "files:write")
def complete_upload(core: Core, args: Args) -> dict[str, Any]:
    """Share what was uploaded."""
    channel = reach(core, args.text("channel_id"), "write").id if args.text("channel_id") else ""
    shared = []
    for item in args.data("files") or []:
        file = core.workspace.files.get(item["id"])
        if file is None or len(file.content) != file.length:
            raise Refused("file_not_found")
        file.channel = channel
        shared.append({"id": item["id"], "title": item.get("title") or file.name})
    return {"files": shared}


class Uploads:
    """The addresses that `files.getUploadURLExternal` gives."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def serve(self, request: web.Request) -> web.Response:
        """The app posts a file's bytes."""
        file = self._core.workspace.files.get(request.match_info["file"])
        if file is None:
            return web.Response(status=404)
        file.content = await request.read()
        return web.Response(text=f"OK - {len(file.content)}")


class Downloads:
    """Serves files that people shared, to who may read them; others are led to a page to log in on, as Slack does."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def serve(self, request: web.Request) -> web.Response:
        """One download."""
        file = self._core.workspace.files.get(request.match_info["file"])
        if file is None:
            return web.Response(status=404)
        token = request.headers.get("Authorization", "").removeprefix("Bearer ")
        file.asked.append(token)
        if token != self._core.bot_token or "files:read" not in self._core.scopes:
            return web.Response(status=302, headers={"Location": "/login"})
        return web.Response(body=file.content, content_type=file.kind or "application/octet-stream")


async def log_in(_: web.Request) -> web.Response:
    """Where whoever may not read a file is led."""
    return web.Response(text="<html>Log in</html>", content_type="text/html")
