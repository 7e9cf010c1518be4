"""Reads follow-ups, and judges doubtful findings, by a language model that answers in JSON of a schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import structlog

from bot.answering.evidence import Evidence
from bot.answering.ports import GenerationMeter
from bot.answering.prompt import (
    REWRITE_SCHEMA,
    STANDALONE_CHARACTERS,
    judge_prompt,
    judge_schema,
    rewrite_prompt,
    select_shown_turns,
)
from bot.chat.conversation import Kind, Reading, Turn
from bot.chat.model_data import escape_structure
from bot.i18n.language import primary_subtag
from inference.errors import GeneratorError
from inference.interfaces import Generator, Message
from retrieval.documents import RetrievalResult
from retrieval.text.analysis import analyse_text, is_function
from retrieval.text.cleaning import collapse_whitespace
from retrieval.text.languages import script_language

SECONDS = 5.0  # a customer waits for this before anything else is done
PASSAGES = 4  # that are judged
_TOKENS = 200
_USUAL_TOKENS = 40  # of a decision


class ModelReader:
    """A QuestionReader. What the model says is believed only as far as it can be checked; one that would not say it in
    time is not asked. Without `follow_ups` it only judges findings."""

    def __init__(
        self, generator: Generator, meter: GenerationMeter, *, seconds: float = SECONDS, follow_ups: bool = True
    ) -> None:
        self._generator = generator
        self._meter = meter
        self._seconds = seconds
        self._follow_ups = follow_ups

    async def read_question(self, message: str, language: str, earlier: Sequence[Turn]) -> Reading | None:
        if not self._follow_ups:
            return None
        earlier = select_shown_turns(earlier, steps=1)
        said = await self._ask_model(rewrite_prompt(message, earlier), REWRITE_SCHEMA)
        try:
            standalone = escape_structure(collapse_whitespace(str(said["standalone"])))
            reading = Reading(standalone, Kind(said["kind"]))
        except (KeyError, TypeError, ValueError):
            return None
        heard = "\n".join([message, *(text for turn in earlier for text in (turn.question, turn.answer))])
        return reading if _is_faithful(standalone, message, heard, primary_subtag(language)) else None

    async def find_answering_passages(self, question: str, result: RetrievalResult) -> Sequence[int] | None:
        passages = [scored.passage for scored in result.passages[:PASSAGES]]
        said = await self._ask_model(judge_prompt(question, passages, result.rewritten), judge_schema(len(passages)))
        try:
            ranks = [rank for rank in dict.fromkeys(map(int, said["passages"])) if 1 <= rank <= len(passages)]
            return ranks if said["answerable"] is True else []
        except (KeyError, TypeError, ValueError):
            return None

    async def _ask_model(self, messages: Sequence[Message], schema: Mapping[str, Any]) -> Any:
        expected = self._generator.expect_seconds(_USUAL_TOKENS)
        if expected is not None and expected > self._seconds:
            return None
        try:
            return await self._generator.generate_json(messages, schema, max_tokens=_TOKENS, seconds=self._seconds)
        except GeneratorError as error:
            kind = type(error).__name__
            self._meter.generator_fault(kind)
            structlog.get_logger(__name__).warning("the model did not decide", kind=kind, cause=str(error))
            return None


def _is_faithful(standalone: str, message: str, heard: str, language: str) -> bool:
    """Whether a rewritten message says nothing new: its language, facts and words are the conversation's."""
    if not standalone or len(standalone) > STANDALONE_CHARACTERS:
        return False
    if primary_subtag(script_language(standalone, "")) != primary_subtag(script_language(message, "")):
        return False
    words = {word for word in analyse_text(standalone) if not is_function(word)}
    known = set(analyse_text(heard))
    strange = len(words - known)
    return strange * 2 <= len(words) and not Evidence(heard).find_missing_facts(standalone, language)
