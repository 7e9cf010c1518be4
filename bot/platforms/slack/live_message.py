"""One answer growing on Slack: a stream, or, where Slack refuses one or has ended it, a message that is edited."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog
from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.platform import KeepReplies
from bot.chat.split import split_markdown
from bot.errors import DeliveryError, Refusal
from bot.platforms.slack import blocks
from bot.platforms.slack.api_errors import GONE, STREAM_OVER, code_of, translate_delivery_errors
from bot.platforms.slack.blocks import Block, Message
from bot.runtime.completion import shield_to_completion

log = structlog.get_logger(__name__)

STREAM_SECONDS = 270  # Slack ends a stream after about 5 minutes
FLUSH_CHARACTERS = 200
FLUSH_SECONDS = 1.0
EDIT_SECONDS = 1.5  # chat.update takes about one a second in a channel
STREAMING, SHOWN = "streaming", "shown"


@dataclass(frozen=True, slots=True)
class Target:
    """Where an answer goes, and to whom: a stream in a channel wants the recipient named."""

    channel: str
    thread: str
    user: str
    team: str
    item_id: str

    @property
    def recipient_user(self) -> str | None:
        """Only channels want it."""
        return None if self.channel.startswith("D") else self.user

    @property
    def recipient_team(self) -> str | None:
        """Only channels want it."""
        return None if self.channel.startswith("D") else self.team


class LiveMessage:
    """`replies` are the messages that stand for the answer already: the first is then edited in place."""

    def __init__(
        self, client: AsyncWebClient, target: Target, keep: KeepReplies, replies: Sequence[Mapping[str, str]] = ()
    ) -> None:
        self._client = client
        self._target = target
        self._keep = keep
        self._stand = [dict(reply) for reply in replies]
        self._streaming = False
        self._refused = False
        self._sent = ""
        self._flushed = 0.0
        self._started = 0.0

    async def show_progress(self, text: str) -> None:
        """Show the text so far; what is shown before it is complete may lag behind. Raises DeliveryError."""
        if self._refused:
            return
        try:
            await self._draw_progress(text)
        except DeliveryError as error:
            if error.kind is not Refusal.FORM:
                raise
            self._refused = True  # the whole answer comes in a plainer form

    async def _draw_progress(self, text: str) -> None:
        now, pause = time.monotonic(), FLUSH_SECONDS if self._streaming else EDIT_SECONDS
        enough = self._streaming and len(text) - len(self._sent) >= FLUSH_CHARACTERS
        if not text.strip() or (self._flushed and now - self._flushed < pause and not enough):
            return
        if not self._stand:
            await shield_to_completion(self._start_stream(text))
        elif self._streaming and now - self._started < STREAM_SECONDS:
            await self._append_to_stream(text)
        else:
            await self._end_stream()
            await self._edit_message(self._stand[0], blocks.draw_message(text))
        self._sent, self._flushed = text, time.monotonic()

    async def finish_answer(self, pieces: Sequence[str], footer: Sequence[Block], *, streamable: bool = True) -> None:
        """Show the whole answer, in one message a piece, the footer below the last; in a plainer form where Slack does
        not take that one. Raises DeliveryError."""
        try:
            await self._finish_richly(pieces, footer, streamable=streamable)
        except DeliveryError as error:
            if error.kind is not Refusal.FORM:
                raise
            log.warning("said in a plainer form", item=self._target.item_id, cause=str(error))
            await self._finish_plainly(pieces, footer)

    async def _finish_richly(self, pieces: Sequence[str], footer: Sequence[Block], *, streamable: bool) -> None:
        if not self._stand and streamable:
            await shield_to_completion(self._start_stream(pieces[0][: blocks.PIECE]))
            self._sent = pieces[0]
        whole = self._streaming and streamable and len(pieces) == 1 and pieces[0].startswith(self._sent)
        if whole and await self._stop_stream(pieces[0][len(self._sent) :], footer):
            await self._remove_surplus(1)
            return
        await self._end_stream()
        for number, piece in enumerate(pieces):
            below = footer if number == len(pieces) - 1 else ()
            await self._place_message(number, blocks.draw_message(piece, below))
        await self._remove_surplus(len(pieces))

    async def _finish_plainly(self, pieces: Sequence[str], footer: Sequence[Block]) -> None:
        """The same without what may have been refused: first without `markdown` blocks, at last without any."""
        await self._end_stream()
        plain = [part for piece in pieces for part in split_markdown(piece, blocks.PLAIN_PIECE)]
        for number, piece in enumerate(plain):
            below = footer if number == len(plain) - 1 else ()
            try:
                await self._place_message(number, blocks.draw_sections(piece, below))
            except DeliveryError as error:
                if error.kind is not Refusal.FORM:
                    raise
                await self._place_message(number, blocks.write_message(piece, below))
        await self._remove_surplus(len(plain))

    async def show_blocks(self, content: Sequence[Block], text: str) -> None:
        """Show blocks in the answer's place, in one message; `text` stands for them where none are shown, or taken.
        Raises DeliveryError."""
        await self._end_stream()
        try:
            await self._place_message(0, {"blocks": list(content), "text": text})
        except DeliveryError as error:
            if error.kind is not Refusal.FORM:
                raise
            log.warning("said in a plainer form", item=self._target.item_id, cause=str(error))
            await self._place_message(0, {"blocks": [], "text": text})
        await self._remove_surplus(1)

    async def _place_message(self, number: int, message: Message) -> None:
        """Show a message in the place of the answer's `number`th, or as a new one."""
        if number >= len(self._stand) or not await self._edit_message(self._stand[number], message):
            await shield_to_completion(self._post_message(message, number))

    async def _start_stream(self, text: str) -> None:
        try:
            with translate_delivery_errors():
                answer = await self._client.chat_startStream(
                    channel=self._target.channel,
                    thread_ts=self._target.thread,
                    markdown_text=text,
                    recipient_user_id=self._target.recipient_user,
                    recipient_team_id=self._target.recipient_team,
                )
            self._streaming = True
            self._started = time.monotonic()
            self._stand = [{"channel": self._target.channel, "ts": answer["ts"], "state": STREAMING}]
            await self._keep(self._stand)
        except DeliveryError as refusal:
            if not refusal.permanent:
                raise
            await self._post_message(blocks.draw_message(text), 0)  # no streams here: an edited message does it too

    async def _append_to_stream(self, text: str) -> None:
        addition = text[len(self._sent) :]
        try:
            with translate_delivery_errors():
                await self._client.chat_appendStream(
                    channel=self._target.channel, ts=self._stand[0]["ts"], markdown_text=addition
                )
        except DeliveryError as error:
            if code_of(error) not in STREAM_OVER:
                raise
            self._streaming = False
            await self._edit_message(self._stand[0], blocks.draw_message(text))

    async def _stop_stream(self, rest: str, footer: Sequence[Block]) -> bool:
        """End the stream with the rest of the text; False when Slack has ended it before."""
        try:
            with translate_delivery_errors():
                await self._client.chat_stopStream(
                    channel=self._target.channel,
                    ts=self._stand[0]["ts"],
                    markdown_text=rest or None,
                    blocks=list(footer),
                    metadata=dict(blocks.build_metadata(self._target.item_id)),
                )
        except DeliveryError as error:
            if code_of(error) not in STREAM_OVER:
                raise
            self._streaming = False
            return False
        self._streaming = False
        return True

    async def _end_stream(self) -> None:
        """End whatever stream stands open, also one that a process before us began."""
        for reply in self._stand:
            if reply.get("state") == STREAMING:
                await stop_stream(self._client, reply)
                reply["state"] = SHOWN
        self._streaming = False

    async def _edit_message(self, reply: Mapping[str, str], message: Message) -> bool:
        """Edit a message; False when it is gone."""
        try:
            with translate_delivery_errors():
                await self._client.chat_update(
                    channel=reply["channel"],
                    ts=reply["ts"],
                    **message,
                    metadata=dict(blocks.build_metadata(self._target.item_id)),
                )
        except DeliveryError as error:
            if code_of(error) not in GONE:
                raise
            return False
        return True

    async def _post_message(self, message: Message, number: int) -> None:
        with translate_delivery_errors():
            answer = await self._client.chat_postMessage(
                channel=self._target.channel,
                thread_ts=self._target.thread or None,
                **message,
                metadata=dict(blocks.build_metadata(self._target.item_id)),
                unfurl_links=False,
                unfurl_media=False,
            )
        self._stand[number : number + 1] = [{"channel": answer["channel"], "ts": answer["ts"], "state": SHOWN}]
        await self._keep(self._stand)

    async def _remove_surplus(self, count: int) -> None:
        """Remove messages that a longer answer left, and note what stands."""
        for reply in self._stand[count:]:
            await delete_message(self._client, reply)
        self._stand = [{**reply, "state": SHOWN} for reply in self._stand[:count]]
        await self._keep(self._stand)


async def stop_stream(client: AsyncWebClient, reply: Mapping[str, str]) -> None:
    """End a stream, if it still is one. Raises DeliveryError when Slack cannot be reached."""
    try:
        with translate_delivery_errors():
            await client.chat_stopStream(channel=reply["channel"], ts=reply["ts"])
    except DeliveryError as error:
        if not error.permanent:
            raise


async def delete_message(client: AsyncWebClient, reply: Mapping[str, str]) -> None:
    """Delete a message of ours, if it still is there. Raises DeliveryError."""
    try:
        with translate_delivery_errors():
            await client.chat_delete(channel=reply["channel"], ts=reply["ts"])
    except DeliveryError as error:
        if code_of(error) not in GONE:
            raise
