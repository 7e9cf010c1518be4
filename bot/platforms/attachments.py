"""Files that people attach, text and pictures: fetched from the platform's own hosts, behind the address guard."""

from __future__ import annotations

import re
import socket
from collections.abc import Collection, Mapping, Sequence
from pathlib import PurePath

import aiohttp
import structlog
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from bot.chat.message import Attachment, MessageFile
from inference.interfaces import Picture
from retrieval.crawling.addresses import AddressGuard, parse_host
from retrieval.errors import AddressRefused
from retrieval.extraction.decode import detect_encoding

log = structlog.get_logger(__name__)

FILES = 3  # of a message that are read
BYTES = 64 * 1024  # of a file that is read
PICTURE_BYTES = 5 * 1024 * 1024
_SECONDS = 8
_TYPES = frozenset({"application/json", "application/xml", "application/x-yaml", "application/yaml"})
_SUFFIXES = frozenset(
    {".log", ".txt", ".md", ".csv", ".tsv", ".json", ".yaml", ".yml", ".xml", ".ini", ".conf", ".cfg", ".toml", ".out"}
)
_PICTURES = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}
_SHAPE = re.compile(
    rb"(?P<png>\x89PNG\r\n\x1a\n)|(?P<jpeg>\xff\xd8\xff)|(?P<gif>GIF8[79]a)|(?P<webp>RIFF.{4}WEBP)", re.DOTALL
)


class Attachments:
    """`hosts` are those that files may be fetched from ("slack.com" stands for all below it, too), by https; from
    `own`, the address of the API where that is set, as it is. `headers` go to them and nowhere else."""

    def __init__(
        self, hosts: Collection[str], own: str = "", allow: Sequence[str] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        self._hosts = hosts
        self._own = URL(own).origin() if own else None
        self._guard = AddressGuard(allow)
        self._headers = headers or {}

    async def read_files(self, files: Sequence[MessageFile]) -> list[Attachment]:
        """The files of a message, with the texts of the first that are one."""
        read: list[Attachment] = []
        for file in files:
            wanted = sum(each.text is not None for each in read) < FILES and is_text(file.name, file.type)
            text = await self._fetch_text(file.url, file.type) if wanted and file.size <= BYTES else None
            picture = is_picture(file.name, file.type) and file.size <= PICTURE_BYTES
            read.append(Attachment(file.name, text, file.url if picture else ""))
        return read

    async def fetch_picture(self, file: Attachment) -> Picture | None:
        """The picture that a file is; None where it cannot be had, or is none that models take, by its first bytes."""
        body = await self._fetch_body(file.picture, "", PICTURE_BYTES)
        shape = _SHAPE.match(body or b"")
        return Picture(f"image/{shape.lastgroup}", body) if shape and body else None

    async def _fetch_text(self, url: str, kind: str) -> str | None:
        body = await self._fetch_body(url, kind, BYTES)
        if body is None:
            return None
        text = body.decode(detect_encoding(body), "replace")
        return None if "\0" in text else text.strip()

    async def _fetch_body(self, address: str, kind: str, limit: int) -> bytes | None:
        host = None
        try:
            url = URL(address)
            host = url.host
            return await self._fetch_bytes(url, kind, limit)
        except (aiohttp.ClientError, TimeoutError, OSError, AddressRefused, ValueError) as error:
            log.warning("file not read", host=host, cause=type(error).__name__)
            return None

    async def _fetch_bytes(self, url: URL, kind: str, limit: int) -> bytes | None:
        """The bytes; None where they are no file that we may have: a redirect leads to a page to log in on."""
        if not self.may_fetch(url):
            log.warning("file not read", host=url.host, cause="not a host of the platform's")
            return None
        if parse_host(url.host or ""):
            self._guard.check_address(str(parse_host(url.host or "")))
        connector = aiohttp.TCPConnector(resolver=_Guarded(self._guard))
        timeout = aiohttp.ClientTimeout(total=_SECONDS)
        async with (
            aiohttp.ClientSession(connector=connector, timeout=timeout) as session,
            session.get(url, headers=self._headers, allow_redirects=False) as response,
        ):
            page = response.content_type == "text/html" and kind != "text/html"
            if response.status != 200 or page:
                log.warning("file not read", host=url.host, status=response.status)
                return None
            body = bytearray()
            async for piece in response.content.iter_any():
                body += piece
                if len(body) > limit:
                    return None
            return bytes(body)

    def may_fetch(self, url: URL) -> bool:
        """Whether a file may be fetched from there, and the headers sent along."""
        host = (url.host or "").lower()
        below = any(host == each or host.endswith(f".{each}") for each in self._hosts)
        return (url.scheme == "https" and below) or (self._own is not None and url.origin() == self._own)


def is_text(name: str, kind: str) -> bool:
    """Whether a file of this name and media type is one of text."""
    kind = kind.partition(";")[0].strip().lower()
    return kind.startswith("text/") or kind in _TYPES or PurePath(name.lower()).suffix in _SUFFIXES


def is_picture(name: str, kind: str) -> bool:
    """Whether a file is said to be a picture that models take: by its media type, else by its name."""
    kind = kind.partition(";")[0].strip().lower()
    return (kind or _PICTURES.get(PurePath(name.lower()).suffix)) in _PICTURES.values()


class _Guarded(AbstractResolver):
    """Names that lead to addresses which are none of ours to reach do not resolve."""

    def __init__(self, guard: AddressGuard) -> None:
        self._guard = guard
        self._names = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """See the library. Raises AddressRefused."""
        found = await self._names.resolve(host, port, family)
        for each in found:
            self._guard.check_address(each["host"], host)
        return found

    async def close(self) -> None:
        """See the library."""
        await self._names.close()
