"""What a message asks, once it is claimed: its own words, what they quote, link to or bring along, or, where it says
nothing itself, the question that it was called to."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import structlog

from bot.answering.ports import PictureReader
from bot.chat.intent import Intent, MessageReading
from bot.chat.message import Attachment, Audience, ChatMessage, ThreadMessage, separate_quotation
from bot.chat.platform import MessageContext
from bot.errors import DeliveryError
from bot.inbox.intents import IntentReadings

log = structlog.get_logger(__name__)

LOOK_SECONDS = 10.0  # for each look around: then what was said itself is answered
CHARACTERS = 8_000  # of what stands above a message
ATTACHED = 3_000  # characters of what it brings along: with its own words the answer still reads all of it
PICTURES = 3  # of a message that are described
PICTURE_SECONDS = 8.0  # for all of them, from fetching the first to the last word on it
PICTURES_AT_ONCE = 4  # of all messages: each takes megabytes here, and a model's time from answers
_ADDRESS = re.compile(r"https?://\S+")
_CALLS = frozenset({Intent.EMPTY, Intent.HELP, Intent.GREETING, Intent.PRESENCE})  # say no more than "you there"
_Found = TypeVar("_Found")


@dataclass(frozen=True, slots=True)
class FoundQuestion:
    """`text` is what is to be answered. Where it was asked by somebody else, `user` is their id and `name` what they
    are called. `unread` names files that could not be read, `seen` are pictures, each with what it shows; then `own` is
    `text` without that. `taken`: the text stood elsewhere, and the message only called to it."""

    text: str
    user: str = ""
    name: str = ""
    unread: tuple[str, ...] = ()
    seen: tuple[tuple[str, str], ...] = ()
    own: str = ""
    taken: bool = False


@dataclass(frozen=True, slots=True)
class ReadMessage:
    """A message that stands above, as it was read."""

    said: ThreadMessage
    reading: MessageReading

    @property
    def is_question(self) -> bool:
        """Whether it is a question of a person's."""
        pointed = self.said.pointed and not (self.reading.sure and self.reading.intent.is_small_talk)
        own = bool(self.said.text) and not self.said.mine and not self.reading.refers
        return own and (self.reading.asks or pointed)


class QuestionFinder:
    """Looks around a message by the surroundings of its platform, where there are some. What cannot be seen is logged,
    and does without. `pictures` says what those show; without it, or where it sees nothing, none is fetched."""

    def __init__(self, readings: IntentReadings, pictures: PictureReader | None = None) -> None:
        self._readings = readings
        self._pictures = pictures
        self._at_once = asyncio.Semaphore(PICTURES_AT_ONCE)

    async def find_question(self, message: ChatMessage, around: MessageContext | None) -> FoundQuestion:
        """What `message` asks."""
        if message.chosen or around is None:
            return FoundQuestion(message.text)
        own, quoted = separate_quotation(message.text)
        linked = await _await_lookup(around.fetch_linked_messages(message)) or () if message.links else ()
        attached = await _await_lookup(around.fetch_files(message)) or () if message.files else ()
        attached = await self._describe_pictures(attached, own, around)
        unread = tuple(each.name for each in attached if each.text is None)
        seen = tuple((each.name, each.text) for each in attached if each.picture and each.text)
        beside = [quoted, *(each.text for each in linked)]
        beside.append(_join_shortened([each.text for each in attached if each.text], ATTACHED))
        below = "\n\n".join(filter(None, beside))
        words = _ADDRESS.sub("", own).strip() if linked else own
        if not below and not _is_called(message):
            return FoundQuestion(message.text, unread=unread)
        reading = await self._readings.read_message(words)
        greets = reading.sure and reading.intent in _CALLS
        calls = not words or reading.refers or (greets and (below or not _is_in_channel(message)))
        if below:
            text = below if calls else f"{words}\n\n{below}"
            own_words = (words or quoted) if seen else ""
            return FoundQuestion(text, unread=unread, seen=seen, own=own_words, taken=bool(calls and not attached))
        taken = await self._find_question_above(message, around, reading) if calls else None
        if taken is None:
            return FoundQuestion(message.text, unread=unread)
        if taken.user == message.user:
            return FoundQuestion(strip_quote_marks(taken.text), unread=unread, taken=True)
        return FoundQuestion(
            strip_quote_marks(taken.text),
            taken.user,
            await _await_lookup(around.fetch_author_name(message, taken)) or "",
            unread,
            taken=True,
        )

    async def _describe_pictures(
        self, files: Sequence[Attachment], words: str, around: MessageContext
    ) -> Sequence[Attachment]:
        """Files, with what the first pictures among them show as their text, as far as a model tells in time."""
        reader, until = self._pictures, time.monotonic() + PICTURE_SECONDS
        pictures = [place for place, file in enumerate(files) if file.picture][:PICTURES]
        if not pictures or reader is None or not await _await_lookup(reader.can_see(), PICTURE_SECONDS):
            return files

        async def describe_picture(file: Attachment) -> str:
            async with self._at_once:
                picture = await around.fetch_picture(file)
                return await reader.describe_picture(picture, words) if picture else ""

        left = until - time.monotonic()
        shown = await asyncio.gather(*(_await_lookup(describe_picture(files[place]), left) for place in pictures))
        described = list(files)
        for place, text in zip(pictures, shown, strict=True):
            described[place] = replace(files[place], text=text or None)
        return described

    async def _find_question_above(
        self, message: ChatMessage, around: MessageContext, reading: MessageReading
    ) -> ThreadMessage | None:
        said = _select_newest(await _await_lookup(around.fetch_messages_above(message)) or (), CHARACTERS)
        readings = await asyncio.gather(*(self._readings.read_message(each.text) for each in said))
        return open_question([*map(ReadMessage, said, readings)], message.user, whatever=reading.refers)


def open_question(read: Sequence[ReadMessage], caller: str, *, whatever: bool = False) -> ThreadMessage | None:
    """The question that `caller` wants answered, of what stands above (oldest first): the one that is replied to, else
    the newest that nobody has answered; if there is none, and `whatever`, the newest that the bot has not answered.
    Who calls has answered nothing. What was answered in a thread of its own is not open, nor is what stands above such
    a call."""
    asked = [place for place, each in enumerate(read) if each.is_question]
    pointed = [read[place].said for place in asked if read[place].said.pointed]
    if pointed or any(each.said.pointed for each in read):  # to something that is no question: it is about that
        return pointed[-1] if pointed else None
    settled = max((place for place, each in enumerate(read) if each.said.answered and not each.is_question), default=-1)
    asked = [place for place in asked if place > settled and not read[place].said.answered]
    for place in reversed(asked):
        answerers = {caller, read[place].said.user}
        later = [
            each for each in read[place + 1 :] if each.said.text and not each.is_question and not each.reading.refers
        ]
        if not any(each.said.mine or each.said.user not in answerers for each in later):
            return read[place].said
    left = [
        place
        for place in asked
        if whatever and not any(each.said.mine and each.said.text for each in read[place + 1 :])
    ]
    return read[left[-1]].said if left else None


def strip_quote_marks(text: str) -> str:
    """A text without the marks of what it quotes; its own words first."""
    return "\n\n".join(filter(None, separate_quotation(text)))


def _is_called(message: ChatMessage) -> bool:
    """Whether the bot was called by name where something may stand above."""
    first = message.begins_thread and not message.replies_to
    return message.audience is Audience.MENTION and not first


def _is_in_channel(message: ChatMessage) -> bool:
    """Whether it hangs on nothing: what stands above it was perhaps not meant."""
    return message.opens_thread and not message.replies_to


def _select_newest(said: Sequence[ThreadMessage], characters: int) -> list[ThreadMessage]:
    """The newest messages that fit, oldest first, and what was replied to."""
    kept: list[ThreadMessage] = []
    for each in reversed(said):
        characters -= len(each.text)
        if each.pointed or characters >= 0:
            kept.append(each)
    return kept[::-1]


def _join_shortened(texts: Sequence[str], characters: int) -> str:
    """Texts with what stands in the middle of long ones left out: what a log says last is as telling as its first."""
    room = characters // max(1, len(texts))
    half = room // 2
    return "\n\n".join(text if len(text) <= room else f"{text[:half]}\n…\n{text[-half:]}" for text in texts)


async def _await_lookup(looking: Awaitable[_Found], seconds: float | None = None) -> _Found | None:
    try:
        async with asyncio.timeout(LOOK_SECONDS if seconds is None else seconds):
            return await looking
    except (DeliveryError, TimeoutError) as error:
        log.warning("not seen", cause=str(error) if isinstance(error, DeliveryError) else "it took too long")
        return None
