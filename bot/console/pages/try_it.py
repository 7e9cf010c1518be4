"""Asking as a customer would, without a record: what is answered and why, here and on another side."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from starlette.responses import Response

from bot.chat.groups import read_audience
from bot.chat.people import Role
from bot.console.requests import Page, PageRequest
from bot.errors import InputError
from retrieval.audiences import ANYBODY, Viewer
from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    from bot.chat.conversation import Turn
    from bot.chat.platform import Platform
    from retrieval.index.versions import VersionStore

LONGEST = 2000  # characters of a question
_SECONDS = 120.0


class Answers(Protocol):
    """Answers questions without a record."""

    async def answer_question(
        self, question: str, viewer: Viewer, version: str = "", thresholds: tuple[float | None, float | None] = ...
    ) -> Turn:
        """Raises RetrievalError, StorageError."""


@dataclass(frozen=True, slots=True)
class Tried:
    """What one side answered: `turn`, or why it did not."""

    name: str
    turn: Turn | None = None
    fault: str = ""


class TryPage:
    """One question at a time for each person."""

    def __init__(self, answers: Answers, versions: VersionStore, platforms: Mapping[str, Platform]) -> None:
        self._answers = answers
        self._versions = versions
        self._platforms = platforms
        self._asking: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @property
    def pages(self) -> Sequence[Page]:
        """The form, and what came of it."""
        return (
            Page("/try", Role.ADMIN, self._show_form, title="Try it"),
            Page("/try", Role.ADMIN, self._ask, ("POST",)),
        )

    async def _show_form(self, page: PageRequest) -> Response:
        return page.render("try.html", tried=[], fault="", fields={}, **await self._list_choices())

    async def _ask(self, page: PageRequest) -> Response:
        fields = await page.read_fields()
        tried: list[Tried] = []
        fault = ""
        try:
            async with self._asking[page.actor.id]:
                tried = await self._ask_sides(fields)
        except InputError as error:
            fault = str(error)
        shown: dict[str, Any] = {"tried": tried, "fault": fault}
        if page.is_partial:
            return page.render("_tried.html", **shown)
        return page.render("try.html", fields=fields, **shown, **await self._list_choices())

    async def _ask_sides(self, fields: Mapping[str, str]) -> list[Tried]:
        question = fields.get("question", "").strip()
        if not question:
            raise InputError("Write a question.")
        if len(question) > LONGEST:
            raise InputError(f"The question has {len(question)} characters: at most {LONGEST} are asked here.")
        place = fields.get("place", "").strip()
        viewer = Viewer(read_audience(place, self._platforms)) if place else ANYBODY
        sides: list[tuple[str, tuple[float | None, float | None]]] = [("", (None, None))]
        version = fields.get("version", "")
        thresholds = _read_threshold(fields, "answer"), _read_threshold(fields, "suggest")
        if version or thresholds != (None, None):
            sides.append((version, thresholds))
        return [await self._ask_side(question, viewer, *side) for side in sides]

    async def _ask_side(
        self, question: str, viewer: Viewer, version: str, thresholds: tuple[float | None, float | None]
    ) -> Tried:
        marks = [version, *(f"{name} {value:g}" for name, value in zip(("≥", "~"), thresholds, strict=True) if value)]
        name = ", ".join(filter(None, marks))
        try:
            async with asyncio.timeout(_SECONDS):
                return Tried(name, await self._answers.answer_question(question, viewer, version, thresholds))
        except RetrievalError as error:
            return Tried(name, fault=str(error))
        except TimeoutError:
            return Tried(name, fault=f"There was no answer within {_SECONDS:.0f} seconds.")

    async def _list_choices(self) -> Mapping[str, Any]:
        versions = await asyncio.to_thread(self._versions.list_versions)
        return {"versions": [each.id for each in versions], "active": self._versions.active_id(), "longest": LONGEST}


def _read_threshold(fields: Mapping[str, str], name: str) -> float | None:
    text = fields.get(name, "").strip()
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise InputError(f"{text[:20]!r} is no threshold: write a number from 0 to 1, such as 0.6.")
    return value
