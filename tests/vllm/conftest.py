"""One real vLLM server for the whole run: it takes most of a minute to start."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from inference.interfaces import Limits
from inference.vllm import VllmGenerator
from tests.support.vllm.chain_model import FOR_EVER, write_chain_model
from tests.support.vllm.server import VllmServer

# As the shop says: what leaves out its condition would not be shown.
RETURNS = ["You", " have", " 30", " days", " from", " the day", " it", " arrived", ", if it is unused", " [1]", "."]
CHAINS = {
    "": RETURNS,
    "zebra": ["Some", " word", " after", " another", FOR_EVER],
    "giraffe": [
        "It can be",
        " sent back within",
        " 30 days",
        " from the day it",
        " arrived if it is unused [1]",
        ". ",
        " On and",
        FOR_EVER,
    ],
    "退货": ["您可以", "在送达后", "三十天内", "退货", "[1]", "。"],
    "weather": ["NO_ANSWER"],
}


@pytest.fixture(scope="session")
def vllm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VllmServer]:
    folder = tmp_path_factory.mktemp("vllm")
    with VllmServer(write_chain_model(folder / "model", CHAINS), folder) as server:
        yield server


@pytest.fixture
async def generator(vllm: VllmServer) -> AsyncIterator[VllmGenerator]:
    made = VllmGenerator([vllm.url], limits=Limits(connect=2, first=30, between=10, total=90, concurrency=32))
    yield made
    await made.close()
