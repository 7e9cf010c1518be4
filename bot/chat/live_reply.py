"""One reply on a platform, while it grows and when it is complete: messages that are placed by their number, edited
where they stand already, and noted as soon as they stand."""

from __future__ import annotations

import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Generic, Protocol, TypeVar

import structlog

from bot.chat.message import Job
from bot.chat.platform import KeepReplies
from bot.errors import DeliveryError, Refusal
from bot.runtime.completion import shield_to_completion

log = structlog.get_logger(__name__)

Content = TypeVar("Content")
Result = TypeVar("Result")
_Content = TypeVar("_Content", contravariant=True)


class ReplySurface(Protocol[_Content]):
    """Where a reply's messages stand on a platform. What stands is known by whatever the platform notes of it. Every
    method raises DeliveryError."""

    async def post(self, content: _Content, number: int) -> Mapping[str, str]:
        """Send the reply's message of this number, from 0."""

    async def edit(self, reply: Mapping[str, str], content: _Content) -> bool:
        """Put something else in a message's place; False where it is gone, or cannot become that."""

    async def remove(self, reply: Mapping[str, str]) -> None:
        """Delete a message, if it is still there."""


async def try_forms(what: str, *forms: Callable[[], Awaitable[Result]]) -> Result:
    """Say something in the first of the `forms` that the platform takes, the best first. Raises DeliveryError: the last
    form's where it takes none. `what` names it in the log."""
    *better, last = forms
    for form in better:
        try:
            return await form()
        except DeliveryError as error:
            if error.kind is not Refusal.FORM:
                raise
            log.warning("said in a plainer form", item=what, cause=str(error))
    return await last()


class LiveReply(Generic[Content]):
    """The reply to `job`, whose `replies` stand already: they are edited in place. `keep` is awaited with what stands
    whenever that has changed."""

    def __init__(self, surface: ReplySurface[Content], job: Job, keep: KeepReplies) -> None:
        self._surface = surface
        self._keep = keep
        self._job_id = job.id
        self._noted = [dict(reply) for reply in job.replies]
        self._shown_at = -math.inf  # in monotonic seconds
        self._refused = False
        self.standing = [dict(reply) for reply in job.replies]

    async def show_progress(self, text: str, show: Callable[[], Awaitable[None]], *, pause: float) -> None:
        """Do `show`, which shows the `text` so far, unless there is none or `pause` seconds have not passed since the
        last time. A form that the platform refuses ends it: the whole reply comes in a plainer one. Raises
        DeliveryError."""
        if self._refused or not text.strip() or time.monotonic() - self._shown_at < pause:
            return
        try:
            await show()
        except DeliveryError as error:
            if error.kind is not Refusal.FORM:
                raise
            self._refused = True
        self._shown_at = time.monotonic()

    async def show_messages(self, *forms: Sequence[Content]) -> None:
        """Show these messages and no others, in the first of the `forms` that the platform takes. Raises
        DeliveryError."""
        await self.try_forms(*(partial(self._lay_out, form) for form in forms))

    async def try_forms(self, *forms: Callable[[], Awaitable[None]]) -> None:
        """As the function. Raises DeliveryError."""
        await try_forms(self._job_id, *forms)

    async def place_message(self, number: int, content: Content) -> None:
        """Show a message in the place of the reply's `number`th, or as a new one. Raises DeliveryError."""
        if number < len(self.standing) and await self._surface.edit(self.standing[number], content):
            return
        await shield_to_completion(self._post_message(number, content))

    async def note_reply(self, number: int, reply: Mapping[str, str]) -> None:
        """Note that this stands as the reply's `number`th message."""
        self.standing[number : number + 1] = [dict(reply)]
        await self.note_standing()

    async def note_standing(self) -> None:
        """Note what stands, if that has changed since it was noted."""
        if self.standing != self._noted:
            noted = [dict(reply) for reply in self.standing]
            await self._keep(noted)
            self._noted = noted

    async def remove_surplus(self, count: int) -> None:
        """Remove messages beyond so many, which a longer reply has left, and note what stands. Raises DeliveryError."""
        for reply in self.standing[count:]:
            await self._surface.remove(reply)
        del self.standing[count:]
        await self.note_standing()

    async def _lay_out(self, messages: Sequence[Content]) -> None:
        for number, content in enumerate(messages):
            await self.place_message(number, content)
        await self.remove_surplus(len(messages))

    async def _post_message(self, number: int, content: Content) -> None:
        await self.note_reply(number, await self._surface.post(content, number))
