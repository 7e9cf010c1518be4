"""What answering needs: a writer, a reader of questions and pictures, a meter; and a search of what was answered."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from bot.answering.turn_search import Position, TurnPage, TurnQuery
from bot.chat.conversation import AnswerChunk, Reading, Turn, Vote, WritingRequest
from inference.interfaces import Picture
from retrieval.documents import RetrievalResult


class AnswerWriter(Protocol):
    """Writes an answer from retrieved passages."""

    def write_answer(self, brief: WritingRequest) -> AsyncIterator[AnswerChunk]:
        """Pieces of Markdown with [n] markers, n being the 1-based rank of the passage in `brief.result.passages`; or
        one refusal, before anything else."""


class QuestionReader(Protocol):
    """Understands what is hard to tell by rules. Both methods give None where they cannot tell, never a fault."""

    async def read_question(self, message: str, language: str, earlier: Sequence[Turn]) -> Reading | None:
        """What a message means after the `earlier` turns."""

    async def find_answering_passages(self, question: str, result: RetrievalResult) -> Sequence[int] | None:
        """The 1-based ranks of the passages that answer the question, the best first; none if it is not answered."""


class PictureReader(Protocol):
    """Says what pictures show, where a model takes them. Neither method raises."""

    async def can_see(self) -> bool:
        """Whether there is such a model now."""

    async def describe_picture(self, picture: Picture, words: str) -> str:
        """What the picture shows, in a line, to whoever wrote `words` with it; "" where that cannot be told."""


class GenerationMeter(Protocol):
    """Counts what a language model does."""

    def generated(self, outcome: str, seconds: float) -> None:
        """An answer came to its end: "written", "rewritten", "refused", "cut_off" or "quoted"."""

    def shown(self, seconds: float) -> None:
        """The first piece of an answer was let out, so many seconds after it was asked for."""

    def withheld(self, fault: str) -> None:
        """A sentence was not let out."""

    def generator_fault(self, kind: str) -> None: ...


class TurnSearch(Protocol):
    """Finds turns in the log."""

    async def find_turns(self, query: TurnQuery, before: Position | None = None, limit: int = 50) -> TurnPage:
        """The newest `limit` for which all of it holds, before a position. Raises StorageError."""


class LearnsWordings(Protocol):
    """Takes note of what customers do that tells which entry their words mean. Never fails: what could not be kept is
    logged."""

    async def record_choice(self, asked: Turn, number: int, by: Turn) -> None:
        """Of what the turn `asked` offered, somebody took this number, or NONE_OF_THESE; `by` is the turn that it
        made."""

    async def record_vote(self, turn: Turn, vote: Vote, user: str) -> None:
        """A user of the turn's platform voted on it."""
