"""Clients of the MCP server by the SDK's own: over a real socket, with a key, and to a process of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TextIO

import httpx2
from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.client.streamable_http import streamable_http_client

from tests.support.bots import FRONTDESK

SECONDS = 60.0
ERAS = ("legacy", "auto")  # with a handshake, as most clients do it, and without one
TOOLS = {"search_help", "ask_help", "read_page"}


@asynccontextmanager
async def http_client(url: str, key: str, mode: Any = "auto", **headers: str) -> AsyncIterator[Client]:
    """Connected to the server at `url`."""
    given = {"Authorization": f"Bearer {key}"} | headers
    async with (
        httpx2.AsyncClient(headers=given, timeout=SECONDS) as client,
        Client(streamable_http_client(url, http_client=client), mode=mode, read_timeout_seconds=SECONDS) as connected,
    ):
        yield connected


@asynccontextmanager
async def process_client(
    environment: Mapping[str, str], folder: Path, log: TextIO, mode: Any = "auto"
) -> AsyncIterator[Client]:
    """Connected to a `frontdesk mcp` that it starts, whose standard error goes to `log`."""
    command, *arguments = (*FRONTDESK, "mcp")
    parameters = StdioServerParameters(command=command, args=arguments, env=dict(environment), cwd=folder)
    async with Client(stdio_client(parameters, log), mode=mode, read_timeout_seconds=SECONDS) as connected:
        yield connected


async def call(client: Client, tool: str, **arguments: Any) -> Any:
    """What a tool gives."""
    result = await client.call_tool(tool, arguments)
    assert not result.is_error, result.content
    assert result.structured_content is not None
    return result.structured_content


async def refusal(client: Client, tool: str, **arguments: Any) -> str:
    """Why a tool gives nothing."""
    result = await client.call_tool(tool, arguments)
    assert result.is_error and result.structured_content is None
    return result.content[0].text
