"""The client against a server that follows a script, over real HTTP."""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Any

import pytest
from PIL import Image

from inference import vllm
from inference.breaker import Breaker
from inference.connection import Connection
from inference.errors import (
    GeneratorBroken,
    GeneratorError,
    GeneratorRefused,
    GeneratorSlow,
    GeneratorTooLong,
    GeneratorUnavailable,
    GeneratorUndecided,
)
from inference.interfaces import Limits, Message, Picture, Role
from inference.vllm import VllmGenerator
from tests.support.openai_server import HANG, OpenAiServer, Script, pictures

QUESTION = [Message(Role.SYSTEM, "Be brief."), Message(Role.USER, "How long does delivery take?")]
STEADY = Limits(connect=10, first=20, between=20, total=60, concurrency=4)
QUICK = Limits(connect=0.5, first=0.4, between=0.3, total=2.0, concurrency=4)  # where a limit is to be met
NOWHERE = "http://127.0.0.1:9"


@asynccontextmanager
async def generator(
    *servers: OpenAiServer | str, limits: Limits = STEADY, model: str = "", api_key: str = ""
) -> AsyncIterator[VllmGenerator]:
    urls = [server if isinstance(server, str) else server.url for server in servers]
    made = VllmGenerator(urls, model=model, api_key=api_key, limits=limits)
    try:
        yield made
    finally:
        await made.close()


async def said(generator: VllmGenerator) -> str:
    return "".join([piece async for piece in generator.stream_text(QUESTION, max_tokens=50)])


async def test_words_come_as_they_are_made() -> None:
    async with OpenAiServer(Script(["Three ", "days."], between=0.2)) as server, generator(server) as client:
        times = [time.monotonic() async for _ in client.stream_text(QUESTION, max_tokens=50, temperature=0.2)]
        assert len(times) == 2 and times[1] - times[0] > 0.1
        (asked,) = server.requests
        assert asked["model"] == "tiny" and asked["stream"] and asked["max_tokens"] == 50
        assert asked["messages"][0] == {"role": "system", "content": "Be brief."}


async def test_words_that_have_arrived_together_are_handed_on_together() -> None:
    words = "".join(f'data: {{"choices": [{{"delta": {{"content": "word{n} "}}}}]}}\n\n' for n in range(50))
    end = 'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\ndata: [DONE]\n\n'
    async with OpenAiServer(Script(raw=(words + end).encode())) as server, generator(server) as client:
        pieces = [piece async for piece in client.stream_text(QUESTION, max_tokens=50)]
        assert len(pieces) == 1 and pieces[0].endswith("word49 ")


async def test_a_connection_is_used_again() -> None:
    async with OpenAiServer(Script(["Yes."])) as server, generator(server) as client:
        for _ in range(5):
            await said(client)
        assert len(server.connections) == 1


async def test_a_model_and_a_key_of_the_settings_are_used() -> None:
    async with OpenAiServer(api_key="secret", model="big") as server:
        async with generator(server, model="big", api_key="secret") as client:
            assert await said(client) == "Hello." and server.requests[0]["model"] == "big"
            assert await client.model_name() == "big"
        async with generator(server, api_key="other") as client:
            with pytest.raises(GeneratorRefused, match="FRONTDESK_VLLM_API_KEY"):
                await said(client)
        async with generator(server, model="small", api_key="secret") as client:
            with pytest.raises(GeneratorRefused, match="does not serve small: check FRONTDESK_VLLM_MODEL"):
                await said(client)


async def test_tokens_are_counted_by_the_server() -> None:
    async with OpenAiServer() as server, generator(f"{server.url}/v1") as client:
        assert await client.count_tokens(QUESTION) == 7


async def test_a_decision_is_json_of_a_schema() -> None:
    schema = {"type": "object", "properties": {"answerable": {"type": "boolean"}}}
    async with (
        OpenAiServer(Script(['<think>hm</think>\n{"answerable": true}'])) as server,
        generator(server) as client,
    ):
        assert await client.generate_json(QUESTION, schema, max_tokens=20) == {"answerable": True}
        assert server.requests[0]["response_format"]["json_schema"]["schema"] == schema
        server.scripts = [Script(["certainly!"])]
        for _ in range(5):
            with pytest.raises(GeneratorUndecided, match="JSON"):
                await client.generate_json(QUESTION, schema, max_tokens=20)
        server.scripts = [Script(["Hello."])]
        assert await said(client) == "Hello.", "a model that says nonsense leaves its server well"


async def test_a_server_that_hangs_while_it_decides_is_left_for_another() -> None:
    async with (
        OpenAiServer(Script(["{}"], first=HANG)) as hangs,
        OpenAiServer(Script(["{}"])) as well,
        generator(hangs, well, limits=QUICK) as client,
    ):
        for _ in range(4):
            assert await client.generate_json(QUESTION, {"type": "object"}, max_tokens=20, seconds=0.6) == {}
        assert len(hangs.requests) == 3, "it is left alone after three failures"


async def test_a_server_that_is_too_slow_for_a_hurried_decision_still_writes() -> None:
    async with OpenAiServer(Script(["{}"], first=HANG)) as server, generator(server, limits=QUICK) as client:
        for _ in range(4):
            with pytest.raises(GeneratorSlow):
                await client.generate_json(QUESTION, {"type": "object"}, max_tokens=20, seconds=0.2)
        server.scripts = [Script(["Hello."])]
        assert await said(client) == "Hello."
        server.scripts = [Script(["{}"], first=HANG)]
        for _ in range(3):
            with pytest.raises(GeneratorSlow):
                await client.generate_json(QUESTION, {"type": "object"}, max_tokens=20, seconds=0.4)
        with pytest.raises(GeneratorUnavailable):
            await said(client)


async def test_a_chat_template_without_a_system_role_gets_the_text_with_the_first_question() -> None:
    def of(body: dict[str, Any]) -> Script:
        roles = [message["role"] for message in body["messages"]]
        return Script(["Hello."]) if "system" not in roles else Script(status=400, message="System role not supported")

    async with OpenAiServer() as server, generator(server) as client:
        server.answer = of
        assert await said(client) == await said(client) == "Hello."
        assert len(server.requests) == 3, "it is found out once"
        assert server.requests[-1]["messages"] == [
            {"role": "user", "content": "Be brief.\n\nHow long does delivery take?"}
        ]


async def test_an_answer_that_fills_its_tokens_is_told_and_blames_nobody() -> None:
    async with OpenAiServer(Script(["So ", "long"], finish="length")) as server, generator(server) as client:
        for _ in range(5):
            words = []
            with pytest.raises(GeneratorTooLong) as fault:
                async for piece in client.stream_text(QUESTION, max_tokens=2):
                    words.append(piece)  # noqa: PERF401 (what came before the fault)
            assert "".join(words) == "So long" and fault.value.begun


@pytest.mark.parametrize(
    "models",
    [
        b"<html>log in</html>",
        b"[]",
        b"null",
        b'"x"',
        b'{"data": null}',
        b'{"data": [null]}',
        b'{"data": ["t"]}',
        b'{"data": {"a": 1}}',
        b'{"data": [{"id": null}]}',
        b'{"data": []}',
    ],
)
async def test_a_list_of_models_that_is_none_is_a_known_fault(models: bytes) -> None:
    async with OpenAiServer() as server, generator(server) as client:
        server.models = models
        with pytest.raises(GeneratorBroken):
            await said(client)


@pytest.mark.parametrize("length", ['"big"', "[1]", "0", "-1", "1e400", "null"])
async def test_a_length_that_is_none_is_the_usual_one(length: str) -> None:
    async with OpenAiServer() as server, generator(server) as client:
        server.models = f'{{"data": [{{"id": "tiny", "max_model_len": {length}}}]}}'.encode()
        assert await client.context_length() == 4096 and await said(client) == "Hello."


@pytest.mark.parametrize(
    "chunk",
    [
        '{"choices": [{"delta": null}]}',
        '{"choices": [{}]}',
        '{"choices": "x"}',
        '{"choices": {"a": 1}}',
        '{"choices": [{"delta": {"content": 5}}]}',
        '{"choices": [{"delta": {"content": ["x"]}}]}',
        "[1]",
        "5",
        "[" * 3000,
        '{"choices": [{"delta": {"content": "So "}}]}',
        '{"choices": [{"delta": {"content": "So "}, "finish_reason": "content_filter"}]}',
    ],
    ids=lambda chunk: chunk[:40],
)
async def test_a_stream_of_garbage_or_without_an_end_is_a_known_fault(chunk: str) -> None:
    raw = f"data: {chunk}\n\n".encode()
    async with OpenAiServer(Script(raw=raw)) as server, generator(server) as client:
        with pytest.raises(GeneratorBroken):
            await said(client)


async def test_chunks_without_words_are_no_sign_of_life() -> None:
    async with OpenAiServer(Script([""] * 1000, between=0.02)) as server, generator(server, limits=QUICK) as client:
        started = time.monotonic()
        with pytest.raises(GeneratorSlow):
            await said(client)
        assert time.monotonic() - started < 1


async def test_a_redirect_is_not_followed() -> None:
    async with OpenAiServer() as elsewhere, OpenAiServer(Script(status=307)) as server, generator(server) as client:
        server.location = f"{elsewhere.url}/v1/chat/completions"
        with pytest.raises(GeneratorRefused, match="elsewhere"):
            await said(client)
        assert not elsewhere.requests and len(server.requests) == 1


async def test_another_model_after_a_restart_is_found() -> None:
    async with OpenAiServer() as server, generator(server) as client:
        await said(client)
        server.model = "other"
        server.scripts = [Script(status=404), Script(["Hello."])]
        with pytest.raises(GeneratorRefused):
            await said(client)
        assert await said(client) == "Hello." and server.requests[-1]["model"] == "other"


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["<think>", "so", "</think>", "\n\nYes."], "Yes."),
        (["<thi", "nk>a</th", "ink> Yes."], "Yes."),
        (["<b>bold</b>"], "<b>bold</b>"),
        (["<th"], "<th"),
        (["\n", "Yes ", "</think>"], "\nYes </think>"),
    ],
)
async def test_what_a_model_thinks_is_hidden(pieces: list[str], text: str) -> None:
    async with OpenAiServer(Script(pieces)) as server, generator(server) as client:
        assert await said(client) == text


# limits


async def test_giving_an_answer_up_ends_the_work_on_the_server() -> None:
    async with OpenAiServer(Script(["word "] * 1000, between=0.05)) as server, generator(server) as client:
        async with aclosing(client.stream_text(QUESTION, max_tokens=1000)) as words:
            await anext(words)
            assert server.running == 1
        for _ in range(100):
            if server.aborted:
                break
            await asyncio.sleep(0.01)
        assert (server.aborted, server.running) == (1, 0)


@pytest.mark.parametrize(
    ("script", "begun"),
    [(Script(["late"], first=HANG), False), (Script(["on ", "time"], between=HANG), True)],
    ids=["first token", "between tokens"],
)
async def test_a_server_that_stalls_is_left_in_time(script: Script, begun: bool) -> None:
    async with OpenAiServer(script) as server, generator(server, limits=QUICK) as client:
        started = time.monotonic()
        with pytest.raises(GeneratorSlow) as slow:
            await said(client)
        assert slow.value.begun is begun and time.monotonic() - started < 1.5


async def test_an_endless_answer_ends_at_the_limit() -> None:
    async with (
        OpenAiServer(Script(["word "] * 10_000, between=0.02)) as server,
        generator(server, limits=QUICK) as client,
    ):
        started = time.monotonic()
        with pytest.raises(GeneratorSlow):
            await said(client)
        assert 1.8 < time.monotonic() - started < 3


async def test_no_more_requests_run_at_once_than_allowed() -> None:
    script = Script(["a", "b"], between=0.1)
    limits = Limits(first=5, concurrency=2)
    async with OpenAiServer(script) as server, generator(server, limits=limits) as client:
        await asyncio.gather(*(said(client) for _ in range(6)))
        assert server.most_running == 2 and len(server.requests) == 6


# faults


@pytest.mark.parametrize(
    ("script", "kind"),
    [
        (Script(status=500), GeneratorUnavailable),
        (Script(status=503), GeneratorUnavailable),
        (Script(status=429), GeneratorUnavailable),
        (Script(status=400), GeneratorRefused),
        (Script(status=404), GeneratorRefused),
        (Script([]), GeneratorBroken),
        (Script(["", ""]), GeneratorBroken),
        (Script(["<think>on and on"]), GeneratorBroken),
        (Script(raw=b"data: {not json\n\n"), GeneratorBroken),
        (Script(raw=b"<html>gateway</html>"), GeneratorBroken),
        (Script(["a", "b"], cut=0), GeneratorError),
        (Script(["a", "b", "c"], cut=2), GeneratorError),
    ],
)
async def test_whatever_a_server_does_is_one_known_error(script: Script, kind: type[GeneratorError]) -> None:
    async with OpenAiServer(script) as server, generator(server) as client:
        with pytest.raises(kind) as fault:
            await said(client)
        assert "\n" not in str(fault.value) and fault.value.begun is (script.cut == 2)


async def test_another_server_answers_where_one_fails_before_its_first_token() -> None:
    async with (
        OpenAiServer(Script(status=500)) as one,
        OpenAiServer(Script(["Yes."])) as two,
        generator(one, NOWHERE, two) as client,
    ):
        assert await said(client) == "Yes."
        assert len(one.requests) == 1


async def test_nothing_is_tried_again_after_the_first_token() -> None:
    async with (
        OpenAiServer(Script(["a", "b"], cut=1)) as one,
        OpenAiServer(Script(["Yes."])) as two,
        generator(one, two) as client,
    ):
        with pytest.raises(GeneratorError) as fault:
            await said(client)
        assert fault.value.begun and two.requests == []


async def test_the_less_busy_server_is_asked() -> None:
    script = Script(["a", "b"], between=0.2)
    async with OpenAiServer(script) as one, OpenAiServer(script) as two, generator(one, two) as client:
        await asyncio.gather(*(said(client) for _ in range(4)))
        assert (len(one.requests), len(two.requests)) == (2, 2)


async def test_a_server_that_fails_is_left_alone_probed_and_taken_back() -> None:
    async with OpenAiServer(Script(status=500)) as server, generator(server) as client:
        server.well = False
        breaker = client._servers[0].breaker
        breaker._pause = breaker._first_pause = 0.1
        for _ in range(3):
            with pytest.raises(GeneratorUnavailable):
                await said(client)
        with pytest.raises(GeneratorUnavailable, match="No vLLM server is well"):
            await said(client)
        assert len(server.requests) == 3  # it is not asked any more
        await asyncio.sleep(0.15)
        with pytest.raises(GeneratorUnavailable):
            await said(client)
        assert (server.probes, len(server.requests)) == (1, 3)
        server.well, server.scripts = True, [Script(["Yes."])]
        await asyncio.sleep(0.3)
        assert await said(client) == "Yes." and server.probes == 2


def test_a_breaker_asks_ever_more_rarely() -> None:
    now = 0.0
    breaker = Breaker(failures=2, pause=1, longest=3, clock=lambda: now)
    breaker.record_failure()
    assert not breaker.open
    breaker.record_failure()
    probes = []
    for tick in range(120):
        now = tick / 10
        if breaker.may_probe():
            probes.append(now)
            breaker.record_failure()
    assert probes == [1.0, 3.0, 6.0, 9.0]
    breaker.record_success()
    assert not breaker.open and not breaker.may_probe()


async def test_what_generates_nothing_waits_for_no_slot() -> None:
    one = Limits(connect=0.5, first=0.4, between=2, total=5, concurrency=1)
    async with (
        OpenAiServer(Script(["word "] * 100, between=0.05)) as server,
        generator(server, limits=one) as client,
        aclosing(client.stream_text(QUESTION, max_tokens=50)) as words,
    ):
        await anext(words)
        assert (await client.model_name(), await client.context_length(), await client.count_tokens(QUESTION)) == (
            "tiny",
            4096,
            7,
        )
        with pytest.raises(GeneratorSlow, match="busy"):
            await client.generate_json(QUESTION, {"type": "object"}, max_tokens=5, seconds=0.1)


# pictures

SHOWN = [Message(Role.SYSTEM, "Say what it shows."), Message(Role.USER, "?", (Picture("image/png", b"\x89PNG shot"),))]


async def described(client: VllmGenerator, seconds: float = 1.0) -> str:
    return await client.describe_pictures(SHOWN, max_tokens=20, seconds=seconds)


async def test_a_picture_is_described_by_a_model_that_takes_them() -> None:
    async with OpenAiServer(Script(["<think>hm</think>\nAn error."])) as server, generator(server) as client:
        server.sees = True
        assert await client.takes_pictures() and await client.takes_pictures()
        assert len(server.requests) == 1 and server.requests[0]["max_tokens"] == 1, "it is asked once"
        tiny = Image.open(io.BytesIO(server.pictures[0]))
        assert tiny.size == (64, 64) and tiny.format == "PNG"
        assert await described(client) == "An error." and server.pictures[1:] == [b"\x89PNG shot"]
        assert server.requests[1]["messages"][1]["content"][0] == {"type": "text", "text": "?"}


async def test_that_a_model_reads_text_alone_is_learned_once() -> None:
    async with OpenAiServer() as server, generator(server) as client:
        assert not any(await asyncio.gather(*(client.takes_pictures() for _ in range(5)))) and len(server.requests) == 1
        with pytest.raises(GeneratorUnavailable, match="takes pictures"):
            await described(client)
        assert server.pictures == [] and len(server.requests) == 1
        assert await said(client) == "Hello.", "a picture that is refused leaves its server well"


@pytest.mark.parametrize(
    "fault", [Script(status=500), Script(status=404), Script(status=401), Script(status=429), Script(first=HANG)]
)
async def test_a_server_that_does_not_tell_is_asked_again(fault: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vllm, "_SIGHT_SECONDS", 2.0)
    async with OpenAiServer(fault, Script(["Hello."])) as server, generator(server, limits=QUICK) as client:
        server.sees = True
        assert not await client.takes_pictures()
        assert await client.takes_pictures() and len(server.requests) == 2


async def test_another_model_is_asked_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    async with OpenAiServer() as server, generator(server) as client:
        assert not await client.takes_pictures()
        server.sees = True
        server.scripts = [Script(status=503), Script(["Hello."])]
        with pytest.raises(GeneratorUnavailable):
            await said(client)
        assert await client.takes_pictures(), "it may have been started anew"
        server.sees = False
        with pytest.raises(GeneratorRefused):
            await described(client)
        assert not await client.takes_pictures(), "what it refuses it may not take any more"
        server.sees = True
        assert not await client.takes_pictures()
        monkeypatch.setattr(vllm, "_BLIND_SECONDS", 0.0)
        assert await client.takes_pictures(), "a no holds for a while"


async def test_of_several_servers_those_are_asked_that_see() -> None:
    async with (
        OpenAiServer(Script(["blind"])) as blind,
        OpenAiServer(Script(["A mug."])) as one,
        OpenAiServer(Script(["A mug."])) as other,
        generator(NOWHERE, blind, one, other) as client,
    ):
        one.sees = other.sees = True
        assert await client.takes_pictures()
        one.scripts = [Script(status=500)]
        assert [await described(client) for _ in range(4)] == ["A mug."] * 4
        assert blind.pictures == []


@pytest.mark.parametrize("fault", [Script(first=HANG), Script(status=500), Script([""]), Script(status=400)])
async def test_pictures_that_go_wrong_keep_nobody_from_being_answered(fault: Script) -> None:
    def of(body: dict[str, Any]) -> Script:
        return fault if pictures(body) and body["max_tokens"] > 1 else Script(["Hello."])

    async with OpenAiServer() as server, generator(server, limits=QUICK) as client:
        server.sees, server.answer = True, of
        for _ in range(5):
            begun = time.monotonic()
            with pytest.raises(GeneratorError):
                await described(client, seconds=0.3)
            assert time.monotonic() - begun < 5
        assert await said(client) == "Hello."
    assert server.running == 0


async def test_a_body_without_measure_is_not_read_whole() -> None:
    async with OpenAiServer(Script(raw=b"{" + b" " * 20 * 2**20 + b"}")) as server:
        connection = Connection(server.url, "", Limits())
        with pytest.raises(ValueError, match="a body of more than"):
            await connection.post("/v1/chat/completions", {"stream": True, "messages": [], "model": "tiny"})
        await connection.close()
