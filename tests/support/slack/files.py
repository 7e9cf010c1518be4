"""Sharing files: an address to upload to, the upload, and its completion in a channel."""

from __future__ import annotations

from dataclasses import dataclass
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
