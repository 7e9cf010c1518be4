"""The HTTP API does what its OpenAPI document says, whatever is sent: schemathesis makes requests of it."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

from bot.api.operations import OPERATIONS
from bot.api_keys.models import Scope
from tests.support.api import copy_knowledge
from tests.support.bots import Bot, Knowledge

pytestmark = pytest.mark.slow

EXAMPLES = 40  # of each operation, in each phase


async def run_schemathesis(url: str, key: str, folder: Path, *arguments: str) -> tuple[int, str]:
    """Its exit status, and what it says."""
    command = [str(Path(sys.executable).parent / "schemathesis"), "run", f"{url}/api/v1/openapi.json"]
    command += ["--header", f"Authorization:Bearer {key}", "--max-examples", str(EXAMPLES), "--seed", "1", "--no-color"]
    process = await asyncio.create_subprocess_exec(
        *command, *arguments, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    said, _ = await asyncio.wait_for(process.communicate(), 900)
    return process.returncode or 0, said.decode()


async def test_nothing_that_can_be_sent_is_answered_otherwise_than_the_document_says(
    shop: Knowledge, tmp_path: Path
) -> None:
    own = copy_knowledge(shop, tmp_path)
    unlimited = {"FRONTDESK_API_PER_MINUTE": "0", "FRONTDESK_USER_BUDGET": "0", "FRONTDESK_QUEUE_PER_USER": "1000"}
    async with Bot(None, own, tmp_path / "bot", FRONTDESK_API="true", **unlimited) as bot:
        made = await bot.command("keys", "add", "tester", "--scope", ",".join(Scope), "--json")
        key = json.loads(made.out)["key"]
        code, said = await run_schemathesis(f"http://127.0.0.1:{bot.port}", key, tmp_path, "--checks", "all")
        assert code == 0, said
        assert f"{len(OPERATIONS)} selected / {len(OPERATIONS)} total" in said and "3 covered / 3 selected" in said, (
            said
        )
        assert "Traceback" not in bot.log and "fault=" not in bot.log, bot.log
        assert key not in bot.log
