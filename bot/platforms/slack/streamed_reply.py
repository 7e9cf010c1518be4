"""One reply growing on Slack: a stream, or, where Slack refuses one or has ended it, a message that is edited."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.live_reply import LiveReply
from bot.chat.message import Job
from bot.chat.platform import KeepReplies
from bot.chat.split import split_markdown
from bot.errors import DeliveryError
from bot.platforms.slack import blocks
from bot.platforms.slack.api_errors import GONE, STREAM_OVER, code_of, translate_delivery_errors
from bot.platforms.slack.blocks import Block, Message
from bot.runtime.completion import shield_to_completion

STREAM_SECONDS = 270  # Slack ends a stream after about 5 minutes
FLUSH_CHARACTERS = 200
FLUSH_SECONDS = 1.0
EDIT_SECONDS = 1.5  # chat.update takes about one a second in a channel
STREAMING, SHOWN = "streaming", "shown"


@dataclass(frozen=True, slots=True)
class Target:
    """Where a reply goes, and to whom: a stream in a channel wants the recipient named."""

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


@dataclass(frozen=True, slots=True)
class SlackSurface:
    """Messages of a channel or thread. Each is known by its `channel`, its `ts` and its `state`."""

    client: AsyncWebClient
    target: Target

    async def post(self, content: Message, number: int) -> Mapping[str, str]:
        with translate_delivery_errors():
            posted = await self.client.chat_postMessage(
                channel=self.target.channel,
                thread_ts=self.target.thread or None,
                **content,
                metadata=dict(blocks.build_metadata(self.target.item_id)),
                unfurl_links=False,
                unfurl_media=False,
            )
        return {"channel": posted["channel"], "ts": posted["ts"], "state": SHOWN}

    async def edit(self, reply: Mapping[str, str], content: Message) -> bool:
        try:
            with translate_delivery_errors():
                await self.client.chat_update(
                    channel=reply["channel"],
                    ts=reply["ts"],
                    **content,
                    metadata=dict(blocks.build_metadata(self.target.item_id)),
                )
        except DeliveryError as error:
            if code_of(error) not in GONE:
                raise
            return False
        return True

    async def remove(self, reply: Mapping[str, str]) -> None:
        await delete_message(self.client, reply)


class StreamedReply:
    """The reply to `job`; what stands for it already is edited."""

    def __init__(self, client: AsyncWebClient, target: Target, job: Job, keep: KeepReplies) -> None:
        self._client = client
        self._target = target
        self._surface = SlackSurface(client, target)
        self._live: LiveReply[Message] = LiveReply(self._surface, job, keep)
        self._streaming = False
        self._sent = ""
        self._started = 0.0

    async def show_progress(self, text: str) -> None:
        """Show the text so far; what is shown before it is complete may lag behind. Raises DeliveryError."""
        pause = FLUSH_SECONDS if self._streaming else EDIT_SECONDS
        if self._streaming and len(text) - len(self._sent) >= FLUSH_CHARACTERS:
            pause = 0.0
        await self._live.show_progress(text, partial(self._draw_progress, text), pause=pause)

    async def show_interim(self, pieces: Sequence[str]) -> None:
        """Show an answer that is whole for now, in one message a piece: no stream, since what replaces it is an edit.
        Raises DeliveryError."""
        await self._end_stream()
        await self._live.show_messages(
            [blocks.draw_message(piece) for piece in pieces],
            [blocks.write_message(part) for piece in pieces for part in split_markdown(piece, blocks.PLAIN_PIECE)],
        )

    async def _draw_progress(self, text: str) -> None:
        if not self._live.standing:
            await shield_to_completion(self._start_stream(text))
        elif self._streaming and time.monotonic() - self._started < STREAM_SECONDS:
            await self._append_to_stream(text)
        else:
            await self._end_stream()
            await self._surface.edit(self._live.standing[0], blocks.draw_message(text))
        self._sent = text

    async def finish_answer(
        self,
        pieces: Sequence[str],
        footer: Sequence[Block],
        plain_footer: Sequence[Block] | None = None,
        *,
        streamable: bool = True,
    ) -> None:
        """Show the whole answer, in one message a piece, the footer below the last; in a plainer form where Slack does
        not take that one. `plain_footer`: what the footer says where it has no buttons, if that is more. Raises
        DeliveryError."""
        await self._live.try_forms(
            partial(self._finish_richly, pieces, footer, streamable=streamable),
            partial(self._finish_plainly, pieces, footer, footer if plain_footer is None else plain_footer),
        )

    async def _finish_richly(self, pieces: Sequence[str], footer: Sequence[Block], *, streamable: bool) -> None:
        if not self._live.standing and streamable:
            await shield_to_completion(self._start_stream(pieces[0][: blocks.PIECE]))
            self._sent = pieces[0]
        whole = self._streaming and streamable and len(pieces) == 1 and pieces[0].startswith(self._sent)
        if whole and await self._stop_stream(pieces[0][len(self._sent) :], footer):
            await self._live.remove_surplus(1)
            return
        await self._end_stream()
        last = len(pieces) - 1
        await self._live.show_messages(
            [blocks.draw_message(piece, footer if number == last else ()) for number, piece in enumerate(pieces)]
        )

    async def _finish_plainly(
        self, pieces: Sequence[str], footer: Sequence[Block], plain_footer: Sequence[Block]
    ) -> None:
        """The same without what may have been refused: first without `markdown` blocks, at last without any."""
        await self._end_stream()
        plain = [part for piece in pieces for part in split_markdown(piece, blocks.PLAIN_PIECE)]
        for number, piece in enumerate(plain):
            last = number == len(plain) - 1
            below, written_below = (footer, plain_footer) if last else ((), ())
            await self._live.try_forms(
                partial(self._live.place_message, number, blocks.draw_sections(piece, below)),
                partial(self._live.place_message, number, blocks.write_message(piece, written_below)),
            )
        await self._live.remove_surplus(len(plain))

    async def show_blocks(self, content: Sequence[Block], text: str, plain_text: str) -> None:
        """Show blocks in the answer's place, in one message; `text` stands for them where none are shown, `plain_text`
        where none are taken. Raises DeliveryError."""
        await self._end_stream()
        await self._live.show_messages([{"blocks": list(content), "text": text}], [{"blocks": [], "text": plain_text}])

    async def _start_stream(self, text: str) -> None:
        try:
            with translate_delivery_errors():
                begun = await self._client.chat_startStream(
                    channel=self._target.channel,
                    thread_ts=self._target.thread,
                    markdown_text=text,
                    recipient_user_id=self._target.recipient_user,
                    recipient_team_id=self._target.recipient_team,
                )
        except DeliveryError as refusal:
            if not refusal.permanent:
                raise
            # There are no streams here: an edited message does it too.
            await self._live.place_message(0, blocks.draw_message(text))
            return
        self._streaming = True
        self._started = time.monotonic()
        await self._live.note_reply(0, {"channel": self._target.channel, "ts": begun["ts"], "state": STREAMING})

    async def _append_to_stream(self, text: str) -> None:
        addition = text[len(self._sent) :]
        try:
            with translate_delivery_errors():
                await self._client.chat_appendStream(
                    channel=self._target.channel, ts=self._live.standing[0]["ts"], markdown_text=addition
                )
        except DeliveryError as error:
            if code_of(error) not in STREAM_OVER:
                raise
            self._streaming = False
            await self._surface.edit(self._live.standing[0], blocks.draw_message(text))

    async def _stop_stream(self, rest: str, footer: Sequence[Block]) -> bool:
        """End the stream with the rest of the text; False when Slack has ended it before."""
        try:
            with translate_delivery_errors():
                await self._client.chat_stopStream(
                    channel=self._target.channel,
                    ts=self._live.standing[0]["ts"],
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
        self._live.standing[0]["state"] = SHOWN
        return True

    async def _end_stream(self) -> None:
        """End whatever stream stands open, also one that a process before us began."""
        for reply in self._live.standing:
            if reply.get("state") == STREAMING:
                await stop_stream(self._client, reply)
                reply["state"] = SHOWN
        self._streaming = False


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
