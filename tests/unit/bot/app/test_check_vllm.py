"""What `doctor` and `status` tell of vLLM servers: what they serve, how fast they write, and which are too slow."""

from __future__ import annotations

import time

import pytest

from bot.app import operators
from bot.app.factories import generator_for
from bot.app.operators import check_vllm
from bot.settings import Settings, load_settings
from bot.sources.status import ServerHealth
from inference.interfaces import Message, Role
from tests.support.openai_server import HANG, OpenAiServer, Script

COUNTING = ["1", " 2", " 3", " 4", " 5"]


def settings_for(*servers: OpenAiServer) -> Settings:
    return load_settings(vllm_url=tuple(server.url for server in servers), _env_file=None)


@pytest.fixture(autouse=True)
def short_measurement(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operators, "_MEASURE_SECONDS", 1.0)


async def test_a_server_that_nobody_has_asked_yet_writes_a_little_for_its_speed() -> None:
    async with OpenAiServer(Script(COUNTING, first=0.1, between=0.02)) as server:
        [found] = await check_vllm(settings_for(server))
    assert not found.fault and not found.too_slow and found.serves == "tiny, 4096 tokens"
    assert "s to the first word" in found.speed and "tokens a second" in found.speed
    assert found.finding == f"tiny, 4096 tokens; {found.speed}"


async def test_what_is_known_from_answers_is_told_without_asking() -> None:
    async with OpenAiServer(Script(COUNTING, first=0.1, between=0.02)) as server:
        settings = settings_for(server)
        known = generator_for(settings)
        _ = [piece async for piece in known.stream_text([Message(Role.USER, "Hello?")], max_tokens=9)]
        [found] = await check_vllm(settings, known)
        await known.close()
        assert len(server.requests) == 1 and "tokens a second" in found.speed


@pytest.mark.parametrize(
    ("script", "told"),
    [
        (Script(COUNTING, first=0.1, between=0.4), "tokens a second"),  # 100 tokens would take 40 s
        (Script(COUNTING, first=HANG), "no word within 1 s"),
    ],
)
async def test_a_server_too_slow_to_write_answers_is_said_to_be(script: Script, told: str) -> None:
    async with OpenAiServer(script) as server:
        begun = time.monotonic()
        [found] = await check_vllm(settings_for(server))
        assert time.monotonic() - begun < 4
    assert found.too_slow and not found.fault and told in found.speed
    assert "too slow to write answers, which are quoted at once" in found.finding


async def test_one_that_is_away_stops_no_other() -> None:
    async with OpenAiServer() as server:
        settings = load_settings(vllm_url=("http://127.0.0.1:9", server.url), _env_file=None)
        away, well = await check_vllm(settings)
    assert "is it running" in away.fault and away.finding == away.fault
    assert well.serves and not well.fault


def test_a_finding_without_a_speed_is_what_is_served() -> None:
    assert ServerHealth("http://x", "tiny, 4096 tokens").finding == "tiny, 4096 tokens"
