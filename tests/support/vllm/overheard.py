"""What becomes of a model's drafts, kept as it happens."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from inference.interfaces import Generator, Message


@dataclass
class ListedMeter:
    """A GenerationMeter that keeps what was withheld, and how answers ended."""

    faults: list[str] = field(default_factory=list)
    outcomes: list[str] = field(default_factory=list)

    def generated(self, outcome: str, seconds: float) -> None:
        self.outcomes.append(outcome)

    def shown(self, seconds: float) -> None: ...

    def withheld(self, fault: str) -> None:
        self.faults.append(fault)

    def generator_fault(self, kind: str) -> None:
        self.faults.append(kind)


@dataclass
class Overheard:
    """The model, whose drafts are kept; where there is something that it is `asked`, it is that in any case."""

    generator: Generator
    asked: Sequence[Message] = ()
    drafts: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.generator, name)

    async def stream_text(self, messages: Sequence[Message], **options: Any) -> AsyncGenerator[str, None]:
        self.drafts.append("")
        pieces = self.generator.stream_text(self.asked or messages, **options)
        async with aclosing(pieces):
            async for piece in pieces:
                self.drafts[-1] += piece
                yield piece
