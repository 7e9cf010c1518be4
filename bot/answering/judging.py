"""Has what a draft was allowed to say judged once more, all of it in one call, by a model that reads the passages.

The call may only take from a draft, never add to it, and whatever goes wrong with it (no time, no server, a reply that
is none) leaves the draft as it was.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from enum import StrEnum

import structlog

from bot.answering.ports import GenerationMeter
from bot.answering.prompt import verify_prompt, verify_schema
from bot.chat.conversation import AnswerChunk
from bot.runtime.lookahead import Lookahead
from inference.errors import GeneratorError
from inference.interfaces import Generator
from retrieval.documents import Passage

_TOKENS_A_SENTENCE = 12  # of a verdict in JSON
_TOKENS = 24  # around the verdicts


class Verdict(StrEnum):
    """What the passages are to a sentence."""

    CARRIED = "carried"
    CONTRADICTED = "contradicted"
    NOT_THERE = "not in the passages"


class DraftJudge:
    """Judges drafts by a `generator`; one that would not say it in time is not asked."""

    def __init__(self, generator: Generator, meter: GenerationMeter) -> None:
        self._generator = generator
        self._meter = meter

    async def judge_draft(
        self,
        pieces: AsyncGenerator[AnswerChunk, None],
        passages: Sequence[Passage],
        seconds: float,
        on_held: Callable[[AnswerChunk], None],
    ) -> AsyncGenerator[AnswerChunk, None]:
        """The pieces of a draft that stand the judgement; of one that is not written, or not judged, within `seconds`
        all of them. `on_held` is told of each that is held back meanwhile."""
        until, held, whole = time.monotonic() + seconds, list[AnswerChunk](), False
        async with aclosing(Lookahead(pieces)) as ahead:
            rest = aiter(ahead)
            try:
                while not whole and await ahead.arrives_within(until - time.monotonic()):
                    if (piece := await anext(rest, None)) is None:
                        whole = True
                    else:
                        held.append(piece)
                        on_held(piece)
            except GeneratorError:
                for piece in held:
                    yield piece
                raise
            for piece in await self._select_carried(held, passages, until - time.monotonic()) if whole else held:
                yield piece
            async for piece in rest:
                yield piece

    async def _select_carried(
        self, pieces: Sequence[AnswerChunk], passages: Sequence[Passage], seconds: float
    ) -> Sequence[AnswerChunk]:
        said = [piece for piece in pieces if piece.text.strip()]
        verdicts = await self.judge_sentences([piece.text.strip() for piece in said], passages, seconds)
        if verdicts is None:
            return pieces
        dropped = [piece for piece, verdict in zip(said, verdicts, strict=True) if verdict is not Verdict.CARRIED]
        for _ in dropped:
            self._meter.withheld("judged")
        return [piece for piece in pieces if piece not in dropped] if len(dropped) < len(said) else []

    async def judge_sentences(
        self, sentences: Sequence[str], passages: Sequence[Passage], seconds: float
    ) -> list[Verdict] | None:
        """A verdict on each sentence by the passages; None where the model does not tell within `seconds`."""
        tokens = _TOKENS + _TOKENS_A_SENTENCE * len(sentences)
        expected = self._generator.expect_seconds(tokens)
        if not sentences or seconds <= 0 or (expected is not None and expected > seconds):
            return None
        schema = verify_schema([verdict.value for verdict in Verdict], len(sentences))
        try:
            said = await self._generator.generate_json(
                verify_prompt(sentences, passages), schema, max_tokens=tokens, seconds=seconds
            )
            verdicts = [Verdict(verdict) for verdict in said["verdicts"]]
        except GeneratorError as error:
            kind = type(error).__name__
            self._meter.generator_fault(kind)
            structlog.get_logger(__name__).warning("a draft was not judged", kind=kind, cause=str(error))
            return None
        except (KeyError, TypeError, ValueError):
            return None
        return verdicts if len(verdicts) == len(sentences) else None
