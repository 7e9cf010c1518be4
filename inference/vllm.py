"""The client of vLLM servers through their OpenAI-compatible API.

Several servers stand behind one name: the one with the fewest requests is asked, another if it fails before its first
token. https://docs.vllm.ai/en/stable/serving/openai_compatible_server/
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from aiohttp import StreamReader

from inference.breaker import Breaker
from inference.completion_stream import CompletionReader
from inference.connection import Connection, Refusal, translate_faults
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
from inference.speed import AnswerTimer, Speed, SpeedRecord

T = TypeVar("T")

_PROBE_SECONDS = 2.0
_NONE_IS_WELL = "No vLLM server is well: see its log, or FRONTDESK_VLLM_URL."
_UNTHINKING = {"chat_template_kwargs": {"enable_thinking": False}}  # where a template knows of it
_COUNTED = {"include_usage": True, "continuous_usage_stats": True}  # one event may bring several tokens
_MEASURED_NUMBERS, _MEASURED_TOKENS = 150, 24  # of a prompt as long as one with a passage or two; of what is written
_USUAL_CONTEXT = 4096  # where a server does not tell
_SIGHT_SECONDS = 5.0  # in which a server says whether it takes pictures
_BLIND_SECONDS = 3600.0  # after which one that took none is asked again: it may have another model by now
_NO_SUCH_REQUEST = {400, 422}  # what a server answers that knows no such request
_NONE_SEES = "No vLLM server that is well takes pictures."
# Grey, 64 by 64: some models refuse what is smaller than the patches that they look at.
_GREY = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAAAAACPAi4CAAAAKUlEQVR42u3MQREAAAwCIKMb3RD77SAA6VEEAoFAIBAIBAKBQCAQfA8G320AeXC6"
    "efoAAAAASUVORK5CYII="
)
_REQUESTS = re.compile(r"^vllm:num_requests_(?:running|waiting)(?:\{[^}\n]*\})? (\d+(?:\.\d+)?)", re.MULTILINE)
_THINKING = re.compile(r"<think>.*?(?:</think>\s*|\Z)", re.DOTALL)


class VllmGenerator:
    """Implements `inference.interfaces.Generator`. `urls` are servers' addresses, with or without /v1; without a
    `model` the first that a server names is used."""

    def __init__(
        self, urls: Sequence[str], *, model: str = "", api_key: str = "", limits: Limits | None = None
    ) -> None:
        self._limits = limits or Limits()
        self._servers = [_Server(url, model, api_key, self._limits) for url in urls]
        self._slots = asyncio.Semaphore(self._limits.concurrency)
        self._asked = 0  # requests that generate, or wait until they may

    async def close(self) -> None:
        """Close every connection."""
        for server in self._servers:
            await server.connection.close()

    async def stream_text(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        temperature: float = 0.0,
        seconds: float | None = None,
    ) -> AsyncGenerator[str, None]:
        until = time.monotonic() + min(self._limits.total, self._limits.total if seconds is None else seconds)
        async with self._hold_slot(self._limits.first):
            fault: GeneratorError = GeneratorUnavailable(_NONE_IS_WELL)
            for server in await self._list_candidates():
                words = server.stream_text(messages, max_tokens=max_tokens, temperature=temperature, until=until)
                try:
                    async for piece in words:
                        yield piece
                except (GeneratorRefused, GeneratorTooLong):
                    server.record_answer()
                    raise
                except GeneratorError as error:
                    server.record_failure()
                    if error.begun:
                        raise
                    fault = error
                else:
                    server.breaker.record_success()
                    return
                finally:
                    await words.aclose()
            raise fault

    async def generate_json(
        self,
        messages: Sequence[Message],
        schema: Mapping[str, Any],
        *,
        max_tokens: int,
        seconds: float | None = None,
    ) -> Any:
        limit = self._limits.first + self._limits.between if seconds is None else seconds
        each = limit / len(self._servers)  # a server that hangs leaves time for the others
        async with self._hold_slot(limit):
            return await self._ask_servers(
                lambda server: server.generate_json(messages, schema, max_tokens, each),
                slow_is_failing=each >= self._limits.first,
            )

    async def takes_pictures(self) -> bool:
        return bool(await self._find_seeing())

    async def describe_pictures(self, messages: Sequence[Message], *, max_tokens: int, seconds: float) -> str:
        """What becomes of a picture, which anybody may send, says nothing of a server's health."""
        try:
            async with asyncio.timeout(seconds), self._hold_slot(seconds):
                servers = await self._find_seeing()
                fault: GeneratorError = GeneratorUnavailable(_NONE_SEES)
                for server in servers:
                    try:
                        return await server.describe_pictures(messages, max_tokens, seconds / len(servers))
                    except GeneratorRefused:
                        server.forget_sight()  # it may have another model by now
                        raise
                    except GeneratorError as error:
                        fault = error
                raise fault
        except TimeoutError as error:
            raise GeneratorSlow("No vLLM server described the picture in time.") from error

    def expect_seconds(self, tokens: int) -> float | None:
        speed = self._estimate_speed()
        return speed.expect_seconds(tokens) if speed else None

    async def measure_speed(self, seconds: float) -> Speed | None:
        """That of the server that would be asked now: where it is not known, it writes a little, for so many seconds at
        the most. Raises GeneratorError."""
        if self._estimate_speed() is None:
            begin = time.time_ns() % 10**9  # never the same twice, which the server would remember
            listed = " ".join(str(begin + number) for number in range(_MEASURED_NUMBERS))
            words = self.stream_text(
                [Message(Role.USER, f"{listed}\nGo on counting.")], max_tokens=_MEASURED_TOKENS, seconds=seconds
            )
            async with aclosing(words):
                with suppress(GeneratorTooLong, GeneratorSlow, GeneratorBroken):
                    async for _ in words:
                        pass
        return self._estimate_speed()

    def list_speeds(self) -> list[Speed | None]:
        """How fast each server was of late, if that is known, in their order."""
        return [server.speed.estimate() for server in self._servers]

    def _estimate_speed(self) -> Speed | None:
        """That of the server that would be asked now."""
        well = [server for server in self._servers if not server.breaker.open]
        return min(well, key=lambda server: server.busy).speed.estimate() if well else None

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        return int(await self._ask_servers(lambda server: server.count_tokens(messages)))

    async def context_length(self) -> int:
        return int(await self._ask_servers(lambda server: server.context_length()))

    async def model_name(self) -> str:
        return str(await self._ask_servers(lambda server: server.model_name()))

    async def count_requests(self) -> int:
        """The requests that are worked on or wait now: of this process, or by the servers' own count, which knows those
        of others, if that is more."""
        counted = await asyncio.gather(*(server.count_requests() for server in await self._list_candidates()))
        return max(self._asked, sum(counted))

    async def _ask_servers(self, call: Any, *, slow_is_failing: bool = True) -> Any:
        """What the first server says that is able to; what generates nothing waits for nobody else's answer. One that
        had less time than a server may take for a first word, and was too slow for it, is not well where another was
        not too slow."""
        fault: GeneratorError = GeneratorUnavailable(_NONE_IS_WELL)
        slow: list[_Server] = []
        for server in await self._list_candidates():
            try:
                answer = await call(server)
            except (GeneratorRefused, GeneratorUndecided):
                server.record_answer()
                raise
            except GeneratorError as error:
                if slow_is_failing or not isinstance(error, GeneratorSlow):
                    server.record_failure()
                else:
                    slow.append(server)
                fault = error
            else:
                server.breaker.record_success()
                for each in slow:
                    each.record_failure()
                return answer
        raise fault

    async def _list_candidates(self) -> list[_Server]:
        """Servers to try in order; one that has failed is asked for its health first, when it is time."""
        for server in self._servers:
            if server.breaker.may_probe():
                await server.probe_health()
        well = [server for server in self._servers if not server.breaker.open]
        return sorted(well, key=lambda server: server.busy)

    async def _find_seeing(self) -> list[_Server]:
        """Servers that take pictures, in order; one that does not tell is none."""
        servers = await self._list_candidates()
        sees = await asyncio.gather(*(server.takes_pictures() for server in servers))
        return [server for server, each in zip(servers, sees, strict=True) if each]

    @asynccontextmanager
    async def _hold_slot(self, seconds: float) -> AsyncIterator[None]:
        """One of the requests that may generate at once, waited for so long."""
        self._asked += 1
        try:
            try:
                async with asyncio.timeout(seconds):
                    await self._slots.acquire()
            except TimeoutError as error:
                raise GeneratorSlow("The vLLM servers are busy: add one, or raise the limit on requests.") from error
            try:
                yield
            finally:
                self._slots.release()
        finally:
            self._asked -= 1


@dataclass(frozen=True, slots=True)
class _Served:
    id: str
    context: int


class _Server:
    def __init__(self, url: str, model: str, api_key: str, limits: Limits) -> None:
        self.url = url.rstrip("/").removesuffix("/v1")  # a password in it stays out of messages: see Settings
        self.breaker = Breaker()
        self.speed = SpeedRecord()
        self.busy = 0
        self._limits = limits
        self._model = model
        self._found: _Served | None = None
        self._folds = False  # whether its chat template knows no system message
        self._sees: bool | None = None  # whether its model takes pictures, as far as that was learned
        self._looked_at = 0.0  # when that was
        self._looking = asyncio.Lock()
        self.connection = Connection(self.url, api_key, limits)

    async def model_name(self) -> str:
        """The model to name in requests."""
        return (await self._find_served()).id

    async def context_length(self) -> int:
        """Tokens of a prompt and its answer; what vLLM calls max_model_len."""
        return (await self._find_served()).context

    async def _find_served(self) -> _Served:
        if self._found:
            return self._found
        with translate_faults(self.url):
            async with asyncio.timeout(self._limits.first):
                listed = await self.connection.get("/v1/models")
            models = [model for model in listed["data"] if isinstance(model["id"], str)]
        for model in models:
            if not self._model or model["id"] == self._model:
                context = model.get("max_model_len")
                known = isinstance(context, int) and context > 0
                self._found = _Served(model["id"], context if known else _USUAL_CONTEXT)
                return self._found
        if models:
            raise GeneratorRefused(f"{self.url} does not serve {self._model}: check FRONTDESK_VLLM_MODEL.")
        raise GeneratorBroken(f"{self.url} serves no model: see its log.")

    def record_answer(self) -> None:
        """It is well, if not willing: what it serves may have changed."""
        self.breaker.record_success()
        self._found = None
        self.forget_sight()

    def record_failure(self) -> None:
        """It may be another one when it is back, with another model."""
        self.breaker.record_failure()
        self._found = None
        self.forget_sight()

    def forget_sight(self) -> None:
        """Ask it again whether it takes pictures."""
        self._sees = None

    async def takes_pictures(self) -> bool:
        """Whether its model takes pictures: learned from it, once; False as long as it does not tell."""
        async with self._looking:
            old = time.monotonic() > self._looked_at + _BLIND_SECONDS
            if self._sees is None or (old and not self._sees):
                self._sees, self._looked_at = await self._takes_a_picture(), time.monotonic()
            return bool(self._sees)

    async def _takes_a_picture(self) -> bool | None:
        """Whether it takes a tiny one, which a model that reads text alone refuses; None: it does not tell."""
        asked = [Message(Role.USER, "What is this?", (Picture("image/png", _GREY),))]
        try:
            with translate_faults(self.url):
                async with asyncio.timeout(_SIGHT_SECONDS):
                    await self._request_completion(self.connection.post, asked, max_tokens=1, temperature=0.0)
        except GeneratorError as error:
            refusal = error.__cause__
            return False if isinstance(refusal, Refusal) and refusal.status in _NO_SUCH_REQUEST else None
        return True

    async def probe_health(self) -> None:
        """Ask for its health."""
        try:
            with translate_faults(self.url):
                async with asyncio.timeout(_PROBE_SECONDS):
                    await self.connection.probe("/health")
        except GeneratorError:
            self.breaker.record_failure()
        else:
            self.breaker.record_success()

    async def count_requests(self) -> int:
        """The requests that it works on or holds back, whosever they are; 0 where it does not tell."""
        try:
            with translate_faults(self.url):
                async with asyncio.timeout(_PROBE_SECONDS):
                    told = await self.connection.get_text("/metrics")
        except GeneratorError:
            return 0
        return round(sum(float(count) for count in _REQUESTS.findall(told)))

    async def stream_text(
        self, messages: Sequence[Message], *, max_tokens: int, temperature: float, until: float
    ) -> AsyncGenerator[str, None]:
        self.busy += 1
        answer = None
        try:
            with self.speed.time_answer() as timer:
                with translate_faults(self.url):
                    async with asyncio.timeout(min(self._limits.first, until - time.monotonic())):
                        answer = await self._request_completion(
                            self.connection.open_stream,
                            messages,
                            max_tokens=max_tokens,
                            temperature=temperature,
                            stream=True,
                            stream_options=_COUNTED,
                        )
                arriving = answer.content
                async with aclosing(self._read_stream(arriving, timer, max_tokens, until)) as texts:
                    async for text in texts:
                        yield text
        finally:
            self.busy -= 1
            if answer is not None:
                answer.close()  # the server stops working on it

    async def _read_stream(
        self, arriving: StreamReader, timer: AnswerTimer, max_tokens: int, until: float
    ) -> AsyncGenerator[str, None]:
        reader = CompletionReader()
        silent_until = time.monotonic() + self._limits.first
        while True:
            with translate_faults(self.url, begun=timer.has_begun):
                async with asyncio.timeout(max(0.0, min(silent_until, until) - time.monotonic())):
                    arrived = await arriving.readany()  # of however many tokens
                text = reader.feed(arrived) if arrived else reader.finish()
            if reader.spoke:  # what is empty is no sign of life
                silent_until = time.monotonic() + self._limits.between
            if text:
                timer.note_tokens(reader.tokens)
                yield text
            if not arrived:
                break
        if not timer.has_begun:
            raise GeneratorBroken(f"{self.url} answered with nothing.")
        if reader.ended == "length":
            raise GeneratorTooLong(f"The answer reached {max_tokens} tokens.", begun=True)
        if reader.ended != "stop":
            raise GeneratorBroken(f"{self.url} broke the answer off ({reader.ended or 'no reason'}).", begun=True)

    async def generate_json(
        self, messages: Sequence[Message], schema: Mapping[str, Any], max_tokens: int, seconds: float
    ) -> Any:
        form = {"name": "decision", "schema": dict(schema), "strict": True}
        self.busy += 1
        try:
            with translate_faults(self.url):
                async with asyncio.timeout(seconds):
                    answer = await self._request_completion(
                        self.connection.post,
                        messages,
                        max_tokens=max_tokens,
                        temperature=0.0,
                        response_format={"type": "json_schema", "json_schema": form},
                    )
                said = _read_answer(answer)
            try:
                return json.loads(_THINKING.sub("", said))
            except ValueError as error:
                raise GeneratorUndecided(f"The model of {self.url} answers with something that is no JSON.") from error
        finally:
            self.busy -= 1

    async def describe_pictures(self, messages: Sequence[Message], max_tokens: int, seconds: float) -> str:
        self.busy += 1
        try:
            with translate_faults(self.url):
                async with asyncio.timeout(seconds):
                    answer = await self._request_completion(
                        self.connection.post, messages, max_tokens=max_tokens, temperature=0.0
                    )
                said = _read_answer(answer)
        finally:
            self.busy -= 1
        if text := _THINKING.sub("", said).strip():
            return text
        raise GeneratorBroken(f"{self.url} answered with nothing.")

    async def _request_completion(
        self, send: Callable[[str, Mapping[str, Any]], Awaitable[T]], messages: Sequence[Message], **options: Any
    ) -> T:
        """Ask for a completion; a template without system messages gets them as part of the first user message."""
        for _ in range(2):
            asked = {"model": await self.model_name(), "messages": _to_api_messages(messages, self._folds)}
            try:
                return await send("/v1/chat/completions", asked | _UNTHINKING | options)
            except Refusal as refusal:
                has_system = messages[0].role is Role.SYSTEM
                told = refusal.status == 400 and re.search(r"system|roles? must", str(refusal), re.IGNORECASE)
                if self._folds or not has_system or not told:
                    raise
                self._folds = True
        raise AssertionError("unreachable")

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        with translate_faults(self.url):
            async with asyncio.timeout(self._limits.first):
                body = {
                    "model": await self.model_name(),
                    "messages": _to_api_messages(messages, self._folds),
                    **_UNTHINKING,
                }
                counted = await self.connection.post("/tokenize", body)
        try:
            return int(counted["count"])
        except (KeyError, TypeError, ValueError) as error:
            raise GeneratorBroken(f"{self.url} does not count tokens: is it a vLLM server?") from error


def _read_answer(answer: Any) -> str:
    """The words of a whole completion."""
    return str(answer["choices"][0]["message"].get("content") or "") if answer["choices"] else ""


def _to_api_messages(messages: Sequence[Message], folds: bool) -> Any:
    if folds and len(messages) > 1 and messages[0].role is Role.SYSTEM:
        system, first, *others = messages
        messages = [replace(first, content=f"{system.content}\n\n{first.content}"), *others]
    return [{"role": message.role.value, "content": _to_api_content(message)} for message in messages]


def _to_api_content(message: Message) -> Any:
    if not message.pictures:
        return message.content
    parts: list[Any] = [{"type": "text", "text": message.content}]
    for picture in message.pictures:
        url = f"data:{picture.type};base64,{base64.b64encode(picture.body).decode()}"
        parts.append({"type": "image_url", "image_url": {"url": url}})
    return parts
