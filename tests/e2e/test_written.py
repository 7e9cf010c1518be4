"""The command line with a model behind it: `ask` and `doctor` as processes, against a scripted server."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.bots import Bot, Done, Knowledge
from tests.support.openai_server import OpenAiServer, Script

pytestmark = pytest.mark.slow  # minutes of processes

QUESTION = "How do I return something?"
ANSWER = "You have 30 days from the day it arrived, as long as it is unused"
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def bot(shop: Knowledge, tmp_path: Path) -> Bot:
    """Its settings, for commands; it is not started."""
    return Bot(None, shop, tmp_path)


def line(done: Done, part: str) -> str:
    return next(check["finding"] for check in json.loads(done.out) if check["part"] == part)


async def test_ask_prints_what_the_model_wrote_with_its_source(bot: Bot) -> None:
    async with OpenAiServer(Script([ANSWER[:17], f"{ANSWER[17:]} [1]."])) as server:
        done = await bot.command("ask", QUESTION, "--json", FRONTDESK_VLLM_URL=server.url)
    turn = json.loads(done.out)
    assert turn["answer"] == f"{ANSWER} [1]."
    assert turn["model"] == "tiny"
    assert turn["citations"][0]["title"] == QUESTION


async def test_a_model_that_sets_no_marker_is_shown_with_the_source_that_carries_it(bot: Bot) -> None:
    async with OpenAiServer(Script([ANSWER[:17], f"{ANSWER[17:]}."])) as server:
        done = await bot.command("ask", QUESTION, "--json", FRONTDESK_VLLM_URL=server.url)
    turn = json.loads(done.out)
    assert turn["answer"].strip() == f"{ANSWER}. [1]"
    assert turn["citations"][0]["title"] == QUESTION and turn["model"] == "tiny"


@pytest.mark.parametrize("url", [NOWHERE, f"{NOWHERE},http://127.0.0.1:10/v1"])
async def test_without_a_server_that_answers_the_passage_is_quoted(bot: Bot, url: str) -> None:
    done = await bot.command("ask", QUESTION, "--json", FRONTDESK_VLLM_URL=url, FRONTDESK_LOG_LEVEL="ERROR")
    assert json.loads(done.out)["model"] == "extractive" and done.code == 0
    assert "generator fault" in done.err and "is it running?" in done.err and QUESTION not in done.err


async def test_doctor_tells_what_each_server_serves_or_lacks(bot: Bot) -> None:
    assert "docs/vllm.md" in line(await bot.command("doctor", "--json"), "vllm")
    async with OpenAiServer(api_key="k3y-0f-0urs") as server:
        done = await bot.command(
            "doctor", "--json", FRONTDESK_VLLM_URL=server.url, FRONTDESK_VLLM_API_KEY="k3y-0f-0urs"
        )
        assert line(done, "vllm").startswith(f"{server.url} serves tiny, 4096 tokens; 0.")
        done = await bot.command("doctor", "--json", FRONTDESK_VLLM_URL=server.url, FRONTDESK_VLLM_API_KEY="wrong")
        assert "FRONTDESK_VLLM_API_KEY" in line(done, "vllm") and done.code == 1 and "k3y-0f-0urs" not in done.out


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("localhost:8000", lambda err: "http://" in err),
        ("http://user:hunter2@127.0.0.1:8000", lambda err: "FRONTDESK_VLLM_API_KEY" in err and "hunter2" not in err),
    ],
)
async def test_an_address_that_cannot_be_used_is_one_clear_line(
    bot: Bot, url: str, says: Callable[[str], bool]
) -> None:
    done = await bot.command("ask", QUESTION, FRONTDESK_VLLM_URL=url)
    assert done.code == 2 and "FRONTDESK_VLLM_URL" in done.err and says(done.err) and done.err.count("\n") == 1
