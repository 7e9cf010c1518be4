"""When the first useful line goes out while a model writes, and what becomes of a draft that comes later."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager

import pytest

from bot.answering.first_line import Patience, says_more
from bot.answering.generate import GeneratedWriter
from bot.answering.quote import ExtractiveWriter
from bot.chat.conversation import AnswerChunk, WritingRequest
from bot.platforms.web.metrics import Metrics
from inference.interfaces import Limits
from inference.vllm import VllmGenerator
from retrieval.documents import Document
from tests.fakes import found, passage
from tests.support.openai_server import HANG, OpenAiServer, Script

RETURNS = Document(
    "https://shop.example/returns",
    "How do I return goods?",
    "Send goods back within 30 days of delivery. The refund takes 5 working days.",
    language="en",
)
SHIPPING = Document("https://shop.example/shipping", "What does shipping cost?", "Shipping costs €4.90.", language="en")
QUESTION, QUOTE = RETURNS.question, "Send goods back within 30 days of delivery. The refund takes 5 working days. [1]"
SAME = "You can send goods back within 30 days of delivery [1]."
MORE = f"{SAME} Shipping costs €4.90 [2]."
REPLACED = "This replaces"
LIMITS = Limits(connect=0.5, first=5, between=5, total=10)


# the decisions


def test_a_model_is_asked_as_long_as_it_comes_in_five_times_the_wait_or_nobody_knows() -> None:
    patience = Patience(6)
    assert patience.is_worth_asking(None) and patience.is_worth_asking(30) and not patience.is_worth_asking(30.1)
    assert not patience.is_worth_asking(float("inf"))


@pytest.mark.parametrize(("expected", "limit"), [(None, 24), (1, 2), (4, 8), (12, 24), (20, 24)])
def test_a_draft_is_waited_for_as_long_as_the_servers_own_speed_allows(expected: float | None, limit: float) -> None:
    assert Patience(6).limit_draft(6, expected) == limit


def test_what_is_read_before_an_answer_leaves_time_for_it() -> None:
    assert Patience(6).limit_reading(5) == 3 and Patience(60).limit_reading(5) == 5


@pytest.mark.parametrize(
    ("draft", "language", "more"),
    [
        (SAME, "en", False),
        ("Goods can be sent back, and the refund takes five working days [1].", "en", False),
        (MORE, "en", True),
        ("Sie können Waren innerhalb von 30 Tagen zurückgeben [1].", "de", True),
        ("It is a pleasure to help: goods go back within 30 days [1].", "en", False),
    ],
)
def test_more_is_what_the_pages_say_and_the_quote_does_not(draft: str, language: str, more: bool) -> None:
    cited = [passage(RETURNS), passage(SHIPPING)]
    assert says_more(draft, cited, QUOTE, cited[0], QUESTION, language) is more


def test_what_a_quote_had_to_leave_out_is_more() -> None:
    cited = [passage(RETURNS)]
    quote = "Send goods back within 30 days of delivery."
    assert says_more("The refund takes 5 working days [1].", cited, quote, cited[0], QUESTION, "en")


# the writer, against a server that follows a script


@asynccontextmanager
async def writer(
    *scripts: Script, first_line: float = 0.3
) -> AsyncIterator[tuple[GeneratedWriter, OpenAiServer, Metrics]]:
    metrics = Metrics()
    async with OpenAiServer(*scripts) as server:
        generator = VllmGenerator([server.url], limits=LIMITS)
        yield (
            GeneratedWriter(generator, ExtractiveWriter(), metrics, seconds=8, patience=Patience(first_line)),
            server,
            metrics,
        )
        await generator.close()


def request(*, language: str = "en", waited: float = 0.0, editable: bool = True) -> WritingRequest:
    return WritingRequest(QUESTION, language, found(RETURNS, SHIPPING), waited=waited, editable=editable)


async def written(
    *scripts: Script, first_line: float = 0.3, brief: WritingRequest | None = None
) -> tuple[list[AnswerChunk], list[float], str]:
    """The pieces, when each came, and what the metrics call it."""
    pieces, times, begun = [], [], time.monotonic()
    async with writer(*scripts, first_line=first_line) as (subject, _, metrics):
        async for piece in subject.write_answer(brief or request()):
            pieces.append(piece)
            times.append(time.monotonic() - begun)
        return pieces, times, outcome_of(metrics)


def outcome_of(metrics: Metrics) -> str:
    lines = metrics.render_metrics().decode().splitlines()
    found = [line for line in lines if line.startswith("frontdesk_generations_total{")]
    return ",".join(line.split('"')[1] for line in found)


def drip(text: str, *, first: float = 0.0, between: float = 0.0) -> Script:
    return Script([text[at : at + 7] for at in range(0, len(text), 7)], first=first, between=between)


async def test_a_sentence_in_time_goes_out_and_no_quote() -> None:
    pieces, _, outcome = await written(drip(MORE), first_line=5)
    assert "".join(piece.text for piece in pieces) == MORE and outcome == "written"
    assert not any(piece.interim or piece.anew for piece in pieces)


async def test_while_the_model_is_silent_the_quote_goes_out_in_one_piece_and_a_draft_that_says_more_replaces_it() -> (
    None
):
    pieces, times, outcome = await written(drip(MORE, first=0.7))
    quote, draft = pieces
    assert (quote.text, quote.model, quote.interim, quote.anew) == (QUOTE, "extractive", True, False)
    assert 0.25 < times[0] < 0.65, "not before the patience ends, and not with the draft"
    assert draft.anew and draft.model == "tiny" and draft.text.startswith(MORE) and REPLACED in draft.text
    assert outcome == "replaced"


async def test_a_draft_whose_first_sentence_dribbles_is_late_as_well() -> None:
    pieces, times, outcome = await written(drip(MORE, between=0.06), first_line=0.4)
    assert [piece.interim for piece in pieces] == [True, False] and times[0] < 0.7 and outcome == "replaced"


async def test_a_late_draft_that_says_the_same_is_dropped() -> None:
    pieces, _, outcome = await written(drip(SAME, first=0.6))
    assert [piece.text for piece in pieces] == [QUOTE] and outcome == "kept"


async def test_a_late_draft_in_the_customers_language_says_more() -> None:
    draft = "您可以在送达后30天内退货 [1]。"
    pieces, _, outcome = await written(drip(draft, first=0.6), brief=request(language="zh"))
    assert pieces[-1].text.startswith(draft) and "替换" in pieces[-1].text and outcome == "replaced"


async def test_a_draft_that_does_not_end_in_time_is_dropped_and_aborted() -> None:
    begun = time.monotonic()
    async with writer(Script([f"{SAME} ", "Shipping"], first=0.5, between=HANG)) as (subject, server, metrics):
        pieces = [piece async for piece in subject.write_answer(request())]
        assert 1.3 < time.monotonic() - begun < 3, "five times the wait"
        for _ in range(50):
            if server.aborted:
                break
            await asyncio.sleep(0.02)
        assert server.aborted == 1 and server.running == 0
    assert [piece.text for piece in pieces] == [QUOTE] and outcome_of(metrics) == "kept"


async def test_a_server_that_breaks_off_after_the_quote_leaves_the_quote() -> None:
    pieces, _, outcome = await written(Script([f"{SAME} ", "Shipping costs"], first=0.6, cut=1))
    assert [piece.text for piece in pieces] == [QUOTE] and outcome == "kept"


async def test_a_late_refusal_takes_the_quotes_place() -> None:
    pieces, _, outcome = await written(Script(["NO_ANSWER"], first=0.6))
    assert pieces[0].interim and pieces[1].refused and pieces[1].anew and outcome == "refused"


async def test_a_second_draft_that_comes_late_counts_like_a_first() -> None:
    lie = drip("You can send goods back within 45 days [1].", first=0.4)
    pieces, _, outcome = await written(lie, drip(MORE, first=0.4), first_line=0.6)
    assert pieces[0].interim and pieces[1].text.startswith(MORE) and outcome == "replaced"
    assert not any("45" in piece.text for piece in pieces)


async def test_what_was_waited_before_counts() -> None:
    pieces, times, _ = await written(drip(MORE, first=0.5), first_line=3, brief=request(waited=2.9))
    assert pieces[0].interim and times[0] < 0.45


async def test_where_nothing_can_be_replaced_the_quote_stays_and_the_model_is_stopped() -> None:
    async with writer(Script([MORE], first=HANG)) as (subject, server, metrics):
        pieces = [piece async for piece in subject.write_answer(request(editable=False))]
        assert "".join(piece.text for piece in pieces) == QUOTE and not any(piece.interim for piece in pieces)
        for _ in range(50):
            if server.aborted:
                break
            await asyncio.sleep(0.02)
        assert server.aborted == 1 and outcome_of(metrics) == "quoted"


@pytest.mark.parametrize("when", ["before the quote", "after it"])
@pytest.mark.parametrize("how", ["closed", "cancelled"])
async def test_an_answer_that_is_given_up_is_aborted_on_the_server(how: str, when: str) -> None:
    async with writer(Script([MORE], first=HANG), first_line=0.3 if when == "after it" else 3) as (subject, server, _):
        quoted = asyncio.Event()

        async def listen() -> None:
            async with aclosing(subject.write_answer(request())) as pieces:  # type: ignore[type-var]
                async for _ in pieces:
                    quoted.set()
                    if how == "closed":
                        return

        listening = asyncio.create_task(listen())
        for _ in range(100):
            if server.running:
                break
            await asyncio.sleep(0.01)
        if when == "after it":
            await asyncio.wait_for(quoted.wait(), 2)
        if how == "cancelled" or when != "after it":
            listening.cancel()
        await asyncio.wait({listening}, timeout=2)
        assert listening.done()
        for _ in range(50):
            if server.aborted:
                break
            await asyncio.sleep(0.02)
        assert server.aborted == 1 and server.running == 0


async def test_a_server_known_to_be_too_slow_is_not_asked_and_the_quote_comes_at_once() -> None:
    slow = Script(["Send", " goods", " back."], between=0.3)  # 100 tokens would take half a minute
    async with writer(slow, first_line=1) as (subject, server, metrics):
        _ = [piece async for piece in subject.write_answer(request())]
        assert outcome_of(metrics) in {"kept", "quoted"}
        asked, begun = len(server.requests), time.monotonic()
        pieces = [piece async for piece in subject.write_answer(request())]
        assert time.monotonic() - begun < 0.2 and len(server.requests) == asked
        assert "".join(piece.text for piece in pieces) == QUOTE and "too_slow" in outcome_of(metrics)


async def test_a_fast_server_stays_asked() -> None:
    async with writer(drip(MORE)) as (subject, server, _):
        for _ in range(3):
            _ = [piece async for piece in subject.write_answer(request())]
        assert len(server.requests) == 3


async def test_a_draft_that_goes_round_in_circles_is_ended() -> None:
    loop = Script(["The passage is not cited. "] * 200, between=0.01)
    begun = time.monotonic()
    pieces, _, outcome = await written(loop, loop, first_line=5)
    assert "".join(piece.text for piece in pieces) == QUOTE and outcome == "quoted"
    assert time.monotonic() - begun < 2, "400 sentences would take four seconds"
