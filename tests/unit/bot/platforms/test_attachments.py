"""Files are fetched from the platform's own hosts, behind the guard, and nothing else is told the token."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from aiohttp import web
from yarl import URL

from bot.chat.message import Attachment, MessageFile
from bot.platforms.attachments import BYTES, FILES, PICTURE_BYTES, Attachments, is_picture, is_text
from inference.interfaces import Picture

TOKEN = {"Authorization": "Bearer xoxb-secret"}
SHAPES = {
    "png": b"\x89PNG\r\n\x1a\n",
    "jpeg": b"\xff\xd8\xff\xe0",
    "gif": b"GIF89a",
    "webp": b"RIFF\n\0\x0a\0WEBPVP8 ",
}
Server = tuple[str, list[str]]


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Its address, and the tokens that it was sent."""
    told: list[str] = []
    bodies = {
        "a.txt": "grüße".encode(),
        "gbk.txt": "如何退货？请问运费谁出".encode("gbk"),
        "long.txt": b"x" * (BYTES + 1),
        **{f"a.{shape}": first + b"rest" for shape, first in SHAPES.items()},
        "whole.png": SHAPES["png"].ljust(PICTURE_BYTES, b"\0"),
        "large.png": SHAPES["png"].ljust(PICTURE_BYTES + 1, b"\0"),
        "script.png": b"<svg onload=alert(1)>",
        "empty.png": b"",
    }

    async def serve(request: web.Request) -> web.StreamResponse:
        told.append(request.headers.get("Authorization", ""))
        name = request.match_info["name"]
        if name == "away.txt":
            return web.Response(status=302, headers={"Location": "/a.txt"})
        if name == "login.txt":
            return web.Response(text="<html>Log in</html>", content_type="text/html")
        return web.Response(body=bodies[name]) if name in bodies else web.Response(status=404)

    app = web.Application()
    app.router.add_get("/{name}", serve)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", told
    await runner.cleanup()


def told_of(*urls: str, **more: Any) -> list[MessageFile]:
    return [replace(MessageFile(url.rpartition("/")[2], "text/plain", 10, url), **more) for url in urls]


async def texts(attachments: Attachments, files: Sequence[MessageFile]) -> list[str | None]:
    return [each.text for each in await attachments.read_files(files)]


async def test_files_are_read_up_to_a_number_and_a_size(server: Server) -> None:
    url, told = server
    reader = Attachments((), f"{url}/api/", ("127.0.0.0/8",), TOKEN)
    assert await texts(reader, told_of(f"{url}/a.txt", f"{url}/gbk.txt")) == ["grüße", "如何退货？请问运费谁出"]
    assert set(told) == {"Bearer xoxb-secret"}
    for name in ("long.txt", "away.txt", "login.txt", "gone.txt"):
        assert await texts(reader, told_of(f"{url}/{name}")) == [None]
    many = await texts(reader, told_of(*[f"{url}/a.txt"] * (FILES + 2)))
    assert many == ["grüße"] * FILES + [None] * 2
    told.clear()
    assert await texts(reader, told_of(f"{url}/a.txt", size=BYTES + 1)) == [None]
    assert await texts(reader, told_of(f"{url}/a.txt", name="a.png", type="image/png")) == [None] and told == []


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_picture_is_fetched_where_it_is_wanted_and_told_by_its_first_bytes(server: Server, shape: str) -> None:
    url, told = server
    reader = Attachments((), url, ("127.0.0.0/8",), TOKEN)
    [file] = await reader.read_files(told_of(f"{url}/a.{shape}", name="shot.png", type="image/png"))
    assert file == Attachment("shot.png", None, f"{url}/a.{shape}") and told == []
    assert await reader.fetch_picture(file) == Picture(f"image/{shape}", SHAPES[shape] + b"rest")
    assert told == ["Bearer xoxb-secret"]


async def test_what_is_no_picture_or_too_large_is_none(server: Server) -> None:
    url, told = server
    reader = Attachments((), url, ("127.0.0.0/8",), TOKEN)
    for name in ("large.png", "script.png", "empty.png", "a.txt", "away.txt", "login.txt", "gone.png"):
        [file] = await reader.read_files(told_of(f"{url}/{name}", name="a.png", type="image/png"))
        assert await reader.fetch_picture(file) is None, name
    whole = await reader.fetch_picture(Attachment("a.png", None, f"{url}/whole.png"))
    assert whole and len(whole.body) == PICTURE_BYTES
    [file] = await reader.read_files(told_of(f"{url}/a.png", type="image/png", size=PICTURE_BYTES + 1))
    assert file.picture == ""
    told.clear()
    assert await Attachments((), url, (), TOKEN).fetch_picture(Attachment("a.png", None, f"{url}/a.png")) is None
    assert await reader.fetch_picture(Attachment("a.png", None, "https://evil.example/a.png")) is None and told == []


@pytest.mark.parametrize("allow", [(), ("10.0.0.0/8",)])
async def test_the_guard_stands_before_a_fetch(server: Server, allow: tuple[str, ...]) -> None:
    url, told = server
    named = url.replace("127.0.0.1", "localhost")
    for own in (url, named):
        assert await texts(Attachments((), own, allow, TOKEN), told_of(f"{own}/a.txt")) == [None]
    assert told == []


@pytest.mark.parametrize(
    ("url", "may"),
    [
        ("https://files.slack.com/files-pri/T1-F1/a.log", True),
        ("https://files.slack.com:443/a.log", True),
        ("http://files.slack.com/a.log", False),
        ("https://evil.example/files.slack.com/a.log", False),
        ("https://files.slack.com.evil.example/a.log", False),
        ("https://files.slack.com@evil.example/a.log", False),
        ("https://evilfiles.slack.com/a.log", False),
        ("https://FILES.slack.com/a.log", True),
        ("file:///etc/passwd", False),
        ("", False),
    ],
)
def test_the_token_goes_to_the_platform_s_own_hosts_alone(url: str, may: bool) -> None:
    assert Attachments({"files.slack.com"}, headers=TOKEN).may_fetch(URL(url)) is may


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("a.log", "application/octet-stream", True),
        ("a", "text/plain; charset=utf-8", True),
        ("a.JSON", "", True),
        ("a.png", "image/png", False),
        ("a.pdf", "application/pdf", False),
        ("log", "", False),
    ],
)
def test_what_is_text(name: str, kind: str, text: bool) -> None:
    assert is_text(name, kind) is text


@pytest.mark.parametrize(
    ("name", "kind", "picture"),
    [
        ("a", "image/png", True),
        ("a.png", "IMAGE/JPEG; charset=binary", True),
        ("a.WEBP", "", True),
        ("a.svg", "image/svg+xml", False),
        ("a.heic", "image/heic", False),
        ("a.png", "text/plain", False),
        ("png", "", False),
    ],
)
def test_what_is_said_to_be_a_picture(name: str, kind: str, picture: bool) -> None:
    assert is_picture(name, kind) is picture
