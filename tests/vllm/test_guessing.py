"""A server that guesses tokens from the prompt (`frontdesk vllm --speculate`) writes what it would have written."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from inference.vllm import VllmGenerator
from tests.support.vllm.chain_model import write_chain_model
from tests.support.vllm.server import GENERATED, GUESSED_RIGHT, VllmServer
from tests.vllm.conftest import CHAINS, RETURNS
from tests.vllm.test_server import asked, metrics, said

pytestmark = pytest.mark.vllm

SCHEMA = {
    "type": "object",
    "properties": {
        "answerable": {"type": "boolean"},
        "passages": {"type": "array", "items": {"type": "integer", "enum": [1, 2, 3]}, "maxItems": 3},
    },
    "required": ["answerable", "passages"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def guessing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VllmServer]:
    folder = tmp_path_factory.mktemp("guessing")
    with VllmServer(write_chain_model(folder / "model", CHAINS), folder, speculate=True) as server:
        yield server


@pytest.fixture
async def guesser(guessing: VllmServer) -> AsyncIterator[VllmGenerator]:
    made = VllmGenerator([guessing.url])
    yield made
    await made.close()


async def test_no_word_is_another_for_being_guessed(guesser: VllmGenerator, guessing: VllmServer) -> None:
    before = await metrics(guessing)
    assert await said(guesser, "How do I return goods?") == "".join(RETURNS)
    pieces = []
    async for piece in guesser.stream_text(asked("zebra"), max_tokens=3000):  # which goes round in circles
        pieces.append(piece)
        if len("".join(pieces)) > 2000:
            break
    text = "".join(pieces)
    assert text.startswith("Some word after another" * 20)
    after = await metrics(guessing)
    right, made = after[GUESSED_RIGHT] - before[GUESSED_RIGHT], after[GENERATED] - before[GENERATED]
    assert right > made / 2, "most of a text that repeats itself is guessed"


async def test_json_of_many_at_once_keeps_to_its_schema(guesser: VllmGenerator) -> None:
    decided = await asyncio.gather(
        *(guesser.generate_json(asked(f"Question {number}?"), SCHEMA, max_tokens=60, seconds=60) for number in range(8))
    )
    for each in decided:
        assert isinstance(each["answerable"], bool) and set(each["passages"]) <= {1, 2, 3}
