"""The port to a language model, and its data."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol


class Role(StrEnum):
    """Who speaks."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


@dataclass(frozen=True, slots=True)
class Picture:
    """A file that shows something, of a media type like "image/png"."""

    type: str
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of what the model reads; `pictures` stand behind its words."""

    role: Role
    content: str
    pictures: tuple[Picture, ...] = ()


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: to `connect`, to the `first` token, `between` two tokens, in `total`. At most `concurrency` requests
    generate at once; further ones wait, at most for the time in which a first token or a decision is due."""

    connect: float = 2.0
    first: float = 15.0
    between: float = 10.0
    total: float = 60.0
    concurrency: int = 32


class Generator(Protocol):
    """A model behind a server. Every method raises GeneratorError."""

    def stream_text(
        self,
        messages: Sequence[Message],
        *,
        max_tokens: int,
        temperature: float = 0.0,
        seconds: float | None = None,
    ) -> AsyncGenerator[str, None]:
        """The model's words as they come, within `seconds` if that is less than the limit in total; closing it ends the
        work on the server. Raises GeneratorTooLong after the last word that `max_tokens` leaves room for."""

    async def generate_json(
        self,
        messages: Sequence[Message],
        schema: Mapping[str, Any],
        *,
        max_tokens: int,
        seconds: float | None = None,
    ) -> Any:
        """What the model says, within `seconds`, as JSON of a schema, which the server enforces."""

    async def takes_pictures(self) -> bool:
        """Whether a server that is well has a model that takes pictures. Raises nothing: one that does not tell is
        asked again next time."""

    async def describe_pictures(self, messages: Sequence[Message], *, max_tokens: int, seconds: float) -> str:
        """What a model that takes pictures says of those in the messages, within `seconds`, cut off at `max_tokens`."""

    def expect_seconds(self, tokens: int) -> float | None:
        """In which an answer of so many tokens would be written now, by what was written of late; None where nothing
        was."""

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        """Tokens that the messages take in the model's own prompt."""

    async def context_length(self) -> int:
        """Tokens that a prompt and its answer may have together."""

    async def model_name(self) -> str:
        """The name of the model that answers."""


class ModelInSpareTime(Protocol):
    """A model for what nobody waits for. Every method raises GeneratorError."""

    async def generate_json(
        self,
        messages: Sequence[Message],
        schema: Mapping[str, Any],
        *,
        max_tokens: int,
        seconds: float | None = None,
    ) -> Any:
        """As a `Generator`'s, in time that the servers have to spare. Raises GeneratorSlow where they had none."""

    async def model_name(self) -> str:
        """The name of the model that answers."""
