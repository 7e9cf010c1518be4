"""HTTP to one server of a model; whatever goes wrong with it is raised as a GeneratorError."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from inference.errors import (
    GeneratorBroken,
    GeneratorError,
    GeneratorRefused,
    GeneratorSlow,
    GeneratorUnavailable,
)
from inference.interfaces import Limits

_IDLE_SECONDS = 4.0  # for which a connection is kept: vLLM closes it after 5, and a request must not meet that
_TOLD = 2000  # bytes of what a server says to a request that it refuses
_MOST = 8 * 2**20  # bytes of what it answers at once


class Refusal(Exception):
    """A server answered with this status."""

    def __init__(self, status: int, said: str) -> None:
        self.status = status
        super().__init__(said)


class Connection:
    """`url` is the server's address, without a path; a name and password in it go before the key."""

    def __init__(self, url: str, api_key: str, limits: Limits) -> None:
        self._url = url
        self._headers = {"Authorization": f"Bearer {api_key}"} if api_key and not urlsplit(url).username else {}
        self._timeout = aiohttp.ClientTimeout(total=limits.total, sock_connect=limits.connect)
        self._opened: aiohttp.ClientSession | None = None  # by the first request, in its loop

    async def close(self) -> None:
        """Close every connection."""
        if self._opened:
            await self._opened.close()

    async def get(self, path: str) -> Any:
        """The JSON that stands there. Raises Refusal, and what the client raises."""
        async with self._request("GET", path) as response:
            return json.loads(await _read_whole(response))

    async def get_text(self, path: str) -> str:
        """The text that stands there. Raises as `get` does."""
        async with self._request("GET", path) as response:
            return (await _read_whole(response)).decode("utf-8", "replace")

    async def probe(self, path: str) -> None:
        """Whether it answers there: raises as `get` does."""
        async with self._request("GET", path):
            pass

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """The JSON that comes back. Raises as `get` does."""
        async with self._request("POST", path, body) as response:
            return json.loads(await _read_whole(response))

    async def open_stream(self, path: str, body: Mapping[str, Any]) -> aiohttp.ClientResponse:
        """An answer to be read as it arrives, and closed: the server stops working on it then. Raises as `get` does."""
        return await self._send("POST", path, body)

    @asynccontextmanager
    async def _request(
        self, method: str, path: str, body: Mapping[str, Any] | None = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        async with await self._send(method, path, body) as response:
            yield response

    async def _send(self, method: str, path: str, body: Mapping[str, Any] | None) -> aiohttp.ClientResponse:
        # What a customer wrote goes to the servers that were named, and nowhere else.
        response = await self._session.request(method, f"{self._url}{path}", json=body, allow_redirects=False)
        if response.ok and response.status < 300:
            return response
        async with response:
            raise Refusal(response.status, (await response.content.read(_TOLD)).decode("utf-8", "replace"))

    @property
    def _session(self) -> aiohttp.ClientSession:
        if self._opened is None or self._opened.closed:
            self._opened = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_IDLE_SECONDS),
                headers=self._headers,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=self._timeout,
                trust_env=True,
            )
        return self._opened


async def _read_whole(response: aiohttp.ClientResponse) -> bytes:
    """Raises ValueError for more than a server has to say."""
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > _MOST:
            raise ValueError(f"a body of more than {_MOST} bytes")
    return bytes(body)


# What reading garbage raises, ours and the library's.
_GARBAGE = (aiohttp.ClientError, ValueError, OSError, TypeError, AttributeError, LookupError, RecursionError)


class translate_faults:
    """Raises GeneratorError for whatever the client, the network or a time limit raises. `url` is named in it."""

    def __init__(self, url: str, *, begun: bool = False) -> None:
        self._url, self._begun = url, begun

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if error is None or isinstance(error, GeneratorError):
            return
        if isinstance(error, TimeoutError):
            raise GeneratorSlow(f"{self._url} took too long.", begun=self._begun) from error
        if isinstance(error, (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError)):
            raise GeneratorUnavailable(f"{self._url} does not answer: is it running?", begun=self._begun) from error
        if isinstance(error, Refusal):
            raise self._judge_status(error.status) from error
        if isinstance(error, _GARBAGE):
            raise GeneratorBroken(f"{self._url} broke off or answered garbage.", begun=self._begun) from error

    def _judge_status(self, status: int) -> GeneratorError:
        if 300 <= status < 400:
            return GeneratorRefused(f"{self._url} sends us elsewhere ({status}): name the server itself.")
        if status in {429} or status >= 500:
            return GeneratorUnavailable(f"{self._url} fails ({status}).", begun=self._begun)
        mend = "check FRONTDESK_VLLM_API_KEY" if status in {401, 403} else "check FRONTDESK_VLLM_MODEL"
        return GeneratorRefused(f"{self._url} refuses the request ({status}): {mend}.")
