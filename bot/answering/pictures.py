"""Says what pictures show, by a language model that takes them. What it says is data, as what customers write."""

from __future__ import annotations

import structlog

from bot.answering.ports import GenerationMeter
from bot.answering.prompt import describe_prompt
from bot.chat.text import shorten_text
from inference.errors import GeneratorError
from inference.interfaces import Generator, Picture
from retrieval.text.cleaning import collapse_whitespace

SECONDS = 8.0
CHARACTERS = 300  # of a description
_WORDS = 1_000  # characters of what the customer wrote with it
_TOKENS = 150


class ModelPictureReader:
    """Implements `bot.answering.ports.PictureReader`."""

    def __init__(self, generator: Generator, meter: GenerationMeter, *, seconds: float = SECONDS) -> None:
        self._generator = generator
        self._meter = meter
        self._seconds = seconds

    async def can_see(self) -> bool:
        return await self._generator.takes_pictures()

    async def describe_picture(self, picture: Picture, words: str) -> str:
        messages = describe_prompt(picture, words[:_WORDS])
        try:
            said = await self._generator.describe_pictures(messages, max_tokens=_TOKENS, seconds=self._seconds)
        except GeneratorError as error:
            kind = type(error).__name__
            self._meter.generator_fault(kind)
            structlog.get_logger(__name__).warning("a picture was not described", kind=kind, cause=str(error))
            return ""
        return shorten_text(collapse_whitespace(said), CHARACTERS)
