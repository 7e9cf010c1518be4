"""What only a model that was trained can show: SmolLM2-135M-Instruct, a real writer and a poor one.

It mostly answers in sentences, forgets the markers that it is told to write, echoes the prompt and invents; so what it
says is not laid down here, but what may become of it. Its words differ between machines.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing

import pytest

from bot.answering.first_line import Patience
from bot.answering.generate import GeneratedWriter
from bot.answering.prompt import answer_prompt
from bot.answering.quote import MODEL as QUOTE
from bot.answering.quote import ExtractiveWriter
from bot.chat.conversation import AnswerChunk, WritingRequest
from inference.errors import GeneratorRefused, GeneratorTooLong, GeneratorUnavailable
from inference.interfaces import Limits, Message, Picture, Role
from inference.vllm import VllmGenerator
from retrieval.documents import Document
from tests.fakes import found, passage
from tests.support.turns import make_turn
from tests.support.vllm.install import MODEL
from tests.support.vllm.overheard import ListedMeter, Overheard
from tests.support.vllm.server import CACHE_HITS, CACHE_QUERIES, GENERATED, RUNNING, VllmServer, python
from tests.vllm.test_server import metrics, until

pytestmark = pytest.mark.vllm

NAME = "smollm2"
LIMITS = Limits(first=60, between=30, total=60)  # on two cores that others use it writes some 8 tokens a second


def page(path: str, question: str, answer: str) -> Document:
    return Document(f"https://shop.example/{path}", question, answer, language="en")


RETURNS = page(
    "returns",
    "How do I return goods?",
    "You can return goods within 30 days of delivery. The refund takes 5 working days.",
)
SHIPPING = page("shipping", "What does shipping cost?", "Shipping costs €4.90. It is free for orders above €50.")
HOURS = page("hours", "When are you open?", "The shop in Bremen is open from Monday to Friday, from 9 to 18 o'clock.")
PASSWORD = page(
    "password",
    "How do I reset my password?",
    "Open the login page and click Forgot password. We send a link by e-mail. The link works for 24 hours.",
)
PAGES = (RETURNS, SHIPPING, HOURS, PASSWORD)
# What came before: after it the model answers in sentences, where it would else echo the prompt.
EARLIER = make_turn(
    question="May I bring my dog?", language="en", answer="Dogs are welcome on the ground floor, on a lead [1]."
)


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[VllmServer]:
    folder = python().parents[1] / MODEL
    assert folder.exists(), f"there is no model at {folder}: run 'make vllm'"
    with VllmServer(folder, tmp_path_factory.mktemp("real"), name=NAME, dtype="bfloat16") as server:
        yield server


@pytest.fixture
async def generator(real: VllmServer) -> AsyncIterator[VllmGenerator]:
    made = VllmGenerator([real.url], limits=LIMITS)
    yield made
    await made.close()


async def write(
    model: Overheard, question: str, documents: Sequence[Document], meter: ListedMeter, *, seconds: float = 20
) -> list[AnswerChunk]:
    writer = GeneratedWriter(model, ExtractiveWriter(), meter, seconds=seconds, patience=Patience(seconds))
    brief = WritingRequest(question, "en", found(*documents), (EARLIER,))
    return [chunk async for chunk in writer.write_answer(brief)]


def text_of(chunks: Sequence[AnswerChunk]) -> str:
    return "".join(chunk.text for chunk in chunks)


def words_of(text: str) -> set[str]:
    return set(re.findall(r"\d+|[^\W\d_]{4,}", text.lower()))


def assert_carried(written: str, question: str, documents: Sequence[Document]) -> None:
    """Every sentence names passages that hold its numbers and most of its words."""
    assert written.strip() and re.search(r"\[\d\]", written), written
    for sentence, markers in re.findall(r"([^\[\]]+)((?:\[\d\])+)", written):
        cited = [documents[int(number) - 1] for number in re.findall(r"\d", markers)]
        held = words_of(" ".join(f"{each.question} {each.answer}" for each in cited))
        said = words_of(sentence)
        assert {word for word in said if word.isdigit()} <= held, sentence
        assert len(said & (held | words_of(question))) * 2 >= len(said), sentence


async def test_its_words_are_streamed(generator: VllmGenerator, real: VllmServer) -> None:
    assert await generator.model_name() == NAME and await generator.context_length() == 4096
    asked = [Message(Role.USER, "Write two sentences about the sea.")]
    pieces: list[str] = []
    with pytest.raises(GeneratorTooLong):
        async for piece in generator.stream_text(asked, max_tokens=16):
            pieces.append(piece)  # noqa: PERF401 - what came before the fault counts
    assert len(pieces) > 1 and len(words_of("".join(pieces))) > 4


async def test_an_answer_that_is_given_up_frees_the_server(generator: VllmGenerator, real: VllmServer) -> None:
    before = (await metrics(real))[GENERATED]
    asked = [Message(Role.USER, "Write a long story about the sea, with many people in it.")]
    async with aclosing(generator.stream_text(asked, max_tokens=2000)) as pieces:
        async for _ in pieces:
            break

    async def idle() -> bool:
        return (await metrics(real))[RUNNING] == 0

    assert await until(idle, 10)
    made = (await metrics(real))[GENERATED]
    assert made - before < 1000, "it was stopped before its end"
    await asyncio.sleep(1)
    assert (await metrics(real))[GENERATED] == made, "tokens were generated after the abort"


async def test_what_prompts_share_is_computed_once(generator: VllmGenerator, real: VllmServer) -> None:
    """Two customers' questions about the same pages: all but the question stands in the cache."""
    before = await metrics(real)
    for question in ("How do I return goods?", "Can goods be sent back?", "When is the refund paid?"):
        messages = answer_prompt(question, "en", [passage(page) for page in PAGES], [])
        with pytest.raises(GeneratorTooLong):
            _ = [piece async for piece in generator.stream_text(messages, max_tokens=1)]
    after = await metrics(real)
    share = (after[CACHE_HITS] - before[CACHE_HITS]) / (after[CACHE_QUERIES] - before[CACHE_QUERIES])
    assert share > 0.5, "two of three were served by the cache but for their ends"


async def test_it_tells_that_it_takes_no_pictures(generator: VllmGenerator, real: VllmServer) -> None:
    assert not await generator.takes_pictures()
    asked = [Message(Role.USER, "What is this?", (Picture("image/png", b"\x89PNG"),))]
    with pytest.raises(GeneratorUnavailable, match="takes pictures"):
        await generator.describe_pictures(asked, max_tokens=5, seconds=20)
    with pytest.raises(GeneratorRefused, match="refuses the request"):
        _ = [piece async for piece in generator.stream_text(asked, max_tokens=5)]


async def test_a_decision_is_json_of_its_schema(generator: VllmGenerator) -> None:
    schema = {
        "type": "object",
        "properties": {"answerable": {"type": "boolean"}, "passages": {"type": "array", "items": {"enum": [1, 2]}}},
        "required": ["answerable", "passages"],
        "additionalProperties": False,
    }
    asked = [Message(Role.USER, "Do the passages [1] “Shipping is free.” and [2] “We are closed.” say when you open?")]
    said = await generator.generate_json(asked, schema, max_tokens=100, seconds=60)
    assert isinstance(said["answerable"], bool) and set(said["passages"]) <= {1, 2}


async def test_whatever_goes_out_is_carried_by_what_it_cites(generator: VllmGenerator) -> None:
    """Its drafts are cut, withheld and written anew; the customer has an answer each time, and no word of the rest."""
    meter = ListedMeter()
    for asked in PAGES:
        documents = [asked, *(other for other in PAGES if other is not asked)][:3]
        model = Overheard(generator)
        chunks = await write(model, asked.question, documents, meter)
        assert model.drafts and any(model.drafts), "the model wrote"
        refused = [chunk for chunk in chunks if chunk.refused]
        if not refused:
            assert_carried(text_of(chunks), asked.question, documents)
        for machinery in ("<passage", "</passage", "NO_ANSWER"):
            assert machinery not in text_of(chunks)
    assert meter.faults, "of four of its drafts something must be withheld"
    assert len(meter.outcomes) == len(PAGES)


async def test_a_sentence_that_a_passage_carries_goes_out_with_that_passages_number(generator: VllmGenerator) -> None:
    """It is shown how four times, which a small model copies."""
    shown = {3: "Dogs are welcome on the ground floor", 1: "There are 40 parking spaces", 2: "Repairs take two weeks"}
    asked = [
        message
        for number, sentence in shown.items()
        for message in (
            Message(Role.USER, f"Passage [{number}]: {sentence}."),
            Message(Role.ASSISTANT, f"{sentence} [{number}]."),
        )
    ]
    asked.append(Message(Role.USER, "Passage [2]: You can return goods within 30 days of delivery."))
    documents, meter = [SHIPPING, RETURNS, HOURS], ListedMeter()
    chunks = await write(Overheard(generator, asked), RETURNS.question, documents, meter)
    assert {chunk.model for chunk in chunks} == {NAME} and meter.outcomes == ["written"]
    assert "30 days" in text_of(chunks) and "[2]" in text_of(chunks)
    assert_carried(text_of(chunks), RETURNS.question, documents)


async def test_what_it_makes_up_goes_out_in_no_word(generator: VllmGenerator) -> None:
    """It is asked for a tale, whatever the bot asks; the customer has the page's own words."""
    asked = [Message(Role.USER, "Write two sentences about the history of a bicycle shop in Bremen.")]
    model, meter = Overheard(generator, asked), ListedMeter()
    chunks = await write(model, HOURS.question, [HOURS, RETURNS], meter, seconds=60)
    assert len(words_of(model.drafts[0])) > 5, "it wrote a tale"
    assert meter.faults and meter.outcomes == ["quoted"]
    assert {chunk.model for chunk in chunks} == {QUOTE} and text_of(chunks) == f"{HOURS.answer} [1]"


async def test_its_speed_is_known_after_an_answer_however_the_server_packs_its_tokens(
    generator: VllmGenerator, real: VllmServer
) -> None:
    assert generator.expect_seconds(100) is None, "it has answered nothing that this client knows of"
    before, begun, first = (await metrics(real))[GENERATED], time.monotonic(), 0.0
    asked = [Message(Role.USER, "Write a long story about the sea, with many people in it.")]
    with pytest.raises(GeneratorTooLong):
        async for _ in generator.stream_text(asked, max_tokens=48):
            first = first or time.monotonic() - begun
    took, made = time.monotonic() - begun - first, (await metrics(real))[GENERATED] - before
    [speed] = generator.list_speeds()
    assert made == 48 and speed and speed.first == pytest.approx(first, abs=0.5)
    assert made / took / 2 < speed.rate < made / took * 2
    assert generator.expect_seconds(100) == pytest.approx(speed.first + 100 / speed.rate)


async def test_the_page_is_quoted_in_time_while_it_writes(generator: VllmGenerator) -> None:
    meter, begun = ListedMeter(), time.monotonic()
    writer = GeneratedWriter(generator, ExtractiveWriter(), meter, seconds=20, patience=Patience(0.2))
    brief = WritingRequest(HOURS.question, "en", found(HOURS, RETURNS), (EARLIER,))
    chunks = []
    async for chunk in writer.write_answer(brief):
        chunks.append(chunk)
        assert len(chunks) > 1 or time.monotonic() - begun < 1, "the quote is not held up"
    assert chunks[0].interim and chunks[0].text == f"{HOURS.answer} [1]"
    assert meter.outcomes in (["kept"], ["replaced"], ["refused"])
