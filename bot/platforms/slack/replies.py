"""Implements `bot.chat.platform.ReplySender` for Slack."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.chat.conversation import AnswerEvent, ClarificationOutcome, Decision, Stage, Turn
from bot.chat.live_reply import try_forms
from bot.chat.message import Audience, Job, ThreadRef
from bot.chat.platform import KeepReplies, StandingReplies
from bot.chat.reply_stream import AnswerView, follow_answer
from bot.chat.reply_target import write_reply_target
from bot.chat.split import split_markdown
from bot.chat.text import shorten_text
from bot.errors import DeliveryError, Refusal
from bot.i18n.language import words_for_text
from bot.platforms.slack import blocks, choices
from bot.platforms.slack.api_errors import GONE, code_of, lacks_thread, takes_response, translate_delivery_errors
from bot.platforms.slack.markdown import SlackMarkdown, has_table, to_literal, to_slack
from bot.platforms.slack.reply_target import Elsewhere, target_of
from bot.platforms.slack.streamed_reply import SHOWN, STREAMING, StreamedReply, Target, delete_message, stop_stream

WHISPERED = "whispered"  # a reply's state: only its user sees it
_QUOTED = 300  # characters of a question above its answer
_STATUS_SECONDS = 3  # a status is a courtesy: an answer does not wait longer for it
_TAKEN_OVER_SECONDS = 10.0  # what is older may have been a dead process's
_STOPPABLE_SECONDS = 1.0  # after which an answer can be stopped: nobody is quicker, and most answers are there by then


class SlackReplySender:
    """`handoff` tells whether a question of a place can be handed to people, so that the button for it is offered."""

    def __init__(self, client: AsyncWebClient, *, handoff: Callable[[ThreadRef], bool] = lambda _place: False) -> None:
        self._client = client
        self._handoff = handoff
        self._sessions = True  # until Slack refuses them: only an agent's app has any
        self._processing: set[str] = set()  # jobs whose session may have been told that it is at work

    async def show_answer(self, job: Job, events: AsyncIterator[AnswerEvent], keep: KeepReplies) -> None:
        if job.message.audience is Audience.COMMAND:
            whole = await follow_answer(events)
            if not _was_whispered(job):
                await self._answer_command(job, whole)
                await keep([_build_whispered_reply(job)])
            return
        live = StreamedReply(self._client, _build_target(job), job, keep)
        elsewhere = _is_elsewhere(job)  # begins with what was asked, and is no stream where there is no thread
        searching = words_for_text(job.message.text).labels[Stage.SEARCHING.value]
        status = asyncio.create_task(self._show_status(job, searching))
        session = asyncio.create_task(self._let_stop(job))
        try:
            turn = await follow_answer(events, None if elsewhere else _StreamView(live, status))
        finally:
            session.cancel()
            await asyncio.wait({status, session})
        if turn.decision is Decision.CLARIFY:
            drawn = [*_draw_quotation(job), *choices.draw_question(turn)]
            await live.show_blocks(drawn, choices.format_fallback(turn), choices.write_question(turn))
        else:
            pieces, below = self._draw_answer(job, turn)
            suggested = turn.decision is Decision.SUGGEST
            plainly = choices.below_suggestion_without_buttons(turn) if suggested else None
            await live.finish_answer(pieces, below, plainly, streamable=not (elsewhere or any(map(has_table, pieces))))
        await self._end_status(job)

    def _draw_answer(self, job: Job, turn: Turn, *, share: bool = False) -> tuple[list[str], list[blocks.Block]]:
        """The text in one piece a message, and what stands below the last."""
        pieces, below = self._drawn_here(job, turn, share=share)
        return ([f"{_quote_question(job)}{pieces[0]}", *pieces[1:]] if _is_elsewhere(job) else pieces), below

    def _drawn_here(self, job: Job, turn: Turn, *, share: bool) -> tuple[list[str], list[blocks.Block]]:
        handoff = self._handoff(job.message.place)
        if turn.decision is Decision.SUGGEST:
            return choices.render_suggestion(turn), choices.below_suggestion(turn, share=share, handoff=handoff)
        return split_markdown(to_slack(turn.answer, turn.links), blocks.PIECE), blocks.draw_footer(
            turn, share=share, handoff=handoff
        )

    async def _answer_command(self, job: Job, turn: Turn) -> None:
        if turn.decision is Decision.CLARIFY:
            drawn: blocks.Message = {"blocks": choices.draw_question(turn), "text": choices.format_fallback(turn)}
            await self._whisper(job, drawn, {"blocks": [], "text": choices.write_question(turn)})
            return
        pieces, below = self._draw_answer(job, turn, share=True)
        suggested = turn.decision is Decision.SUGGEST
        plain_below = choices.below_suggestion_without_buttons(turn) if suggested else below
        for number, piece in enumerate(pieces, start=1):
            last = number == len(pieces)
            await self._whisper_piece(job, piece, below if last else (), plain_below if last else ())

    async def _whisper_piece(
        self, job: Job, piece: str, below: Sequence[blocks.Block] = (), plain_below: Sequence[blocks.Block] = ()
    ) -> None:
        """One message of an answer; where Slack does not take it so, as bare texts. Raises DeliveryError."""
        *before, last = split_markdown(piece, blocks.PLAIN_PIECE)
        plain = [*map(blocks.write_message, before), blocks.write_message(last, plain_below)]
        await self._whisper(job, blocks.draw_message(piece, below), *plain)

    def can_replace(self, job: Job) -> bool:
        return not (job.message.audience is Audience.COMMAND or _is_elsewhere(job))

    async def send_text(self, job: Job, text: str, keep: KeepReplies) -> None:
        if job.message.audience is Audience.COMMAND:
            if not _was_whispered(job):
                await self._whisper_piece(job, to_slack(text))
                await keep([_build_whispered_reply(job)])
            return
        told = f"{_quote_question(job)}{to_slack(text)}" if _is_elsewhere(job) else to_slack(text)
        live = StreamedReply(self._client, _build_target(job), job, keep)
        await live.finish_answer([told], (), streamable=False)
        await self._end_status(job)

    async def tell_position(self, job: Job, ahead: int, keep: KeepReplies) -> None:
        """Shown as the thread's status, which the answer replaces."""
        if job.message.audience is not Audience.COMMAND:
            await self._set_status(job, words_for_text(job.message.text).label("queued", ahead=ahead))

    async def mark_stopped(self, job: Job) -> None:
        """The answer was stopped: what is shown of it stays, and a line says so. Raises DeliveryError."""
        line = words_for_text(job.message.text).say("stopped")
        replies = [reply for reply in job.replies if reply.get("state") == STREAMING]
        for reply in replies:
            await stop_stream(self._client, reply)  # Slack may have done so already
        with translate_delivery_errors():
            await self._client.chat_postMessage(
                channel=job.message.place.channel,
                thread_ts=job.message.place.thread,
                text=to_literal(line),
                metadata=dict(blocks.LINE_METADATA),
            )
        await self._set_status(job, "")

    async def retract_reply(self, job: Job) -> None:
        for reply in job.replies:
            if reply.get("state") == WHISPERED:
                continue
            if reply.get("state") == STREAMING:
                await stop_stream(self._client, reply)
            await delete_message(self._client, reply)
        if job.message.audience is not Audience.COMMAND:
            await self._set_status(job, "")

    async def close_clarification(self, job: Job, settled: ClarificationOutcome, by: Job) -> None:
        """What a command showed to its user alone can be edited only by a button below it."""
        content, text = choices.draw_outcome(settled), choices.format_fallback(settled.asked, settled)
        if job.message.audience is Audience.COMMAND:
            if by.message.chosen and (url := target_of(by.message).response_url):
                with translate_delivery_errors():
                    await AsyncWebhookClient(url).send(text=text, blocks=content, replace_original=True)
            return
        for reply in job.replies[-1:]:
            if reply.get("state") == WHISPERED:
                return
            try:
                with translate_delivery_errors():
                    await self._client.chat_update(
                        channel=reply["channel"],
                        ts=reply["ts"],
                        text=text,
                        blocks=content,
                        metadata=dict(blocks.build_metadata(job.id)),
                    )
            except DeliveryError as error:
                if code_of(error) not in GONE:
                    raise

    async def find_standing_replies(self, job: Job) -> StandingReplies:
        """Whatever the bot posts bears a mark, answers their job's: a stream bears none before it has ended."""
        if job.message.audience is Audience.COMMAND:
            return StandingReplies()
        place = job.message.place
        asked = target_of(job.message).below if job.message.chosen else job.message.id
        options: dict[str, Any] = {"oldest": asked, "include_all_metadata": True, "limit": 200}
        with translate_delivery_errors():
            if not place.thread:  # said elsewhere, at once as a whole
                found = await self._client.conversations_history(channel=place.channel, **options)
                marked = [message["ts"] for message in found["messages"] if _item_of(message) == job.id]
                return StandingReplies(_build_replies(place.channel, marked[::-1], SHOWN))
            found = await self._client.conversations_replies(channel=place.channel, ts=place.thread, **options)
            me = (await self._client.auth_test())["user_id"]
        mine = [message for message in found["messages"] if message.get("user") == me and message["ts"] > asked]
        marked = [message["ts"] for message in mine if _item_of(message) == job.id]
        unmarked = [message["ts"] for message in mine if _may_be_stream(message)]
        return StandingReplies(
            _build_replies(place.channel, marked, SHOWN), _build_replies(place.channel, unmarked, STREAMING)
        )

    async def find_other_place(self, job: Job, refusal: DeliveryError) -> Job | None:
        """Where only the thread is closed, the channel; else the customer's private conversation; at last
        a line in the channel that they alone see, which nobody can find, edit or remove again."""
        message, target = job.message, target_of(job.message)
        tried = target.elsewhere
        if message.audience is Audience.COMMAND or tried is Elsewhere.EPHEMERAL:
            return None
        if not tried and lacks_thread(refusal) and not message.place.channel.startswith("D"):
            return _move_job(job, Elsewhere.CHANNEL, thread="")
        if tried in {Elsewhere.NOWHERE, Elsewhere.CHANNEL}:
            direct = await self._open_direct(message.user)
            if direct not in {"", message.place.channel}:
                return _move_job(job, Elsewhere.DIRECT, thread="", channel=direct)
        if message.place.channel.startswith("D") and tried is not Elsewhere.DIRECT:
            return None
        channel = target.asked_in or message.place.channel
        return _move_job(job, Elsewhere.EPHEMERAL, thread="", channel=channel, audience=Audience.COMMAND)

    async def _open_direct(self, user: str) -> str:
        """The channel of a user's private conversation; "" where they cannot have one. Raises DeliveryError for what
        passes."""
        try:
            with translate_delivery_errors():
                opened = await self._client.conversations_open(users=user)
        except DeliveryError as error:
            if error.kind is Refusal.MOMENT:
                raise
            return ""
        return str(opened["channel"]["id"])

    async def check_access(self) -> None:
        with translate_delivery_errors():
            await self._client.auth_test()

    async def _whisper(self, job: Job, drawn: blocks.Message, *plain: blocks.Message) -> None:
        """Show a message to who asked alone, or, where Slack does not take its form, those that say the same plainly.
        Raises DeliveryError."""

        async def respond_plainly() -> None:
            for message in plain:
                await self._respond_to_command(job, message)

        await try_forms(job.id, partial(self._respond_to_command, job, drawn), respond_plainly)

    async def _respond_to_command(self, job: Job, message: blocks.Message) -> None:
        """Answer a command, visible to its user alone: by its response URL, or, once that is used up or cannot be
        reached, directly."""
        content = message["blocks"] or None
        if url := target_of(job.message).response_url:
            respond = AsyncWebhookClient(url).send(
                text=message["text"], blocks=content, response_type="ephemeral", unfurl_links=False
            )
            try:
                if await takes_response(respond):
                    return
            except DeliveryError as error:
                if error.kind is Refusal.FORM:
                    raise
        with translate_delivery_errors():
            await self._client.chat_postEphemeral(
                channel=job.message.place.channel, user=job.message.user, text=message["text"], blocks=content
            )

    async def _end_status(self, job: Job) -> None:
        """A new message ends the thread's status, but an edited one does not; neither ends an agent's session, which
        another process may have told that it is at work."""
        if job.replies:
            await self._set_status(job, "")
        elif job.id in self._processing or _may_be_anothers(job):
            await self._set_session(job, "active")

    async def _let_stop(self, job: Job) -> None:
        """Have an answer that takes its time be one that can be stopped."""
        await asyncio.sleep(_STOPPABLE_SECONDS)
        if job.message.place.thread:
            with suppress(DeliveryError, TimeoutError):
                async with asyncio.timeout(_STATUS_SECONDS):
                    await self._set_session(job, "processing")

    async def _set_status(self, job: Job, status: str) -> None:
        """Say what is being done, in a session that can be stopped, or that nothing is any more."""
        if not job.message.place.thread:
            return
        with suppress(DeliveryError, TimeoutError):
            async with asyncio.timeout(_STATUS_SECONDS):
                await self._set_session(job, "processing" if status else "active")
        await self._show_status(job, status)

    async def _show_status(self, job: Job, status: str) -> None:
        """Say what is being done. That it could not be said is no fault: not every channel takes a status."""
        if not job.message.place.thread:
            return
        with suppress(DeliveryError, TimeoutError):
            async with asyncio.timeout(_STATUS_SECONDS):
                with translate_delivery_errors():
                    await self._client.assistant_threads_setStatus(
                        channel_id=job.message.place.channel, thread_ts=job.message.place.thread, status=status
                    )

    async def _set_session(self, job: Job, status: str) -> None:
        """While a session of the agent's is "processing", Slack shows a button that stops it."""
        place = job.message.place
        if not self._sessions or not place.channel.startswith("D"):
            return
        if status == "active":
            self._processing.discard(job.id)
        else:
            self._processing.add(job.id)  # before it is asked: an answer that is lost may have done it
        try:
            with translate_delivery_errors():
                await self._client.agents_sessions_setStatus(
                    channel_id=place.channel, thread_ts=place.thread, status=status
                )
        except DeliveryError as error:
            self._sessions = not error.permanent


class _StreamView(AnswerView):
    """Shows of an answer what a stream can: no table, and no more than one message holds. Before it comes the `status`
    that says what is being done."""

    def __init__(self, live: StreamedReply, status: asyncio.Task[None]) -> None:
        self._live = live
        self._status = status
        self._translation = SlackMarkdown()
        self._read = 0  # characters of the answer that were translated
        self._shown = ""

    async def show_text(self, text: str, links: frozenset[str]) -> None:
        self._shown += self._translation.feed(text[self._read :], links)
        self._read = len(text)
        await self._status
        if not has_table(self._shown) and len(self._shown) <= blocks.PIECE:
            await self._live.show_progress(self._shown)

    async def show_interim(self, text: str, links: frozenset[str]) -> None:
        await self._status
        await self._live.show_interim(split_markdown(to_slack(text, links), blocks.PIECE))


def _move_job(
    job: Job, where: Elsewhere, *, thread: str, channel: str = "", audience: Audience = Audience.CHANNEL
) -> Job:
    message, target = job.message, target_of(job.message)
    place = replace(message.place, thread=thread, channel=channel or message.place.channel)
    target = replace(target, elsewhere=where, asked_in=target.asked_in or message.place.channel, response_url="")
    moved = replace(message, place=place, reply_target=write_reply_target(target), audience=audience)
    return replace(job, message=moved, replies=())


def _build_whispered_reply(job: Job) -> Mapping[str, str]:
    """Stands for what only its user sees, which nobody can find again."""
    return {"channel": job.message.place.channel, "state": WHISPERED, "revision": str(job.revision)}


def _was_whispered(job: Job) -> bool:
    """Whether this very wording was answered so before whoever did it was cut off."""
    return any(reply.get("state") == WHISPERED and reply["revision"] == str(job.revision) for reply in job.replies)


def _may_be_anothers(job: Job) -> bool:
    """Whether another process may have worked on a job, or on how it read before, or told its place in the queue."""
    age = (datetime.now(UTC) - job.received_at).total_seconds()
    return job.attempts > 1 or job.revision > 0 or age > _TAKEN_OVER_SECONDS


def _is_elsewhere(job: Job) -> bool:
    return bool(target_of(job.message).elsewhere)


def _quote_question(job: Job) -> str:
    """What was asked, above an answer that does not stand below it."""
    return f"> {to_literal(shorten_text(' '.join(job.message.text.split()), _QUOTED))}\n\n"


def _draw_quotation(job: Job) -> list[blocks.Block]:
    return blocks.draw_body(_quote_question(job)) if _is_elsewhere(job) else []


def _build_target(job: Job) -> Target:
    place = job.message.place
    team = target_of(job.message).recipient_team or place.workspace
    return Target(place.channel, place.thread, job.message.user, team, job.id)


def _build_replies(channel: str, ids: Sequence[str], state: str) -> Sequence[Mapping[str, str]]:
    return [{"channel": channel, "ts": ts, "state": state} for ts in ids]


def _may_be_stream(message: Mapping[str, Any]) -> bool:
    return not (message.get("metadata") or message.get("files"))


def _item_of(message: Mapping[str, Any]) -> str:
    payload = (message.get("metadata") or {}).get("event_payload") or {}
    return str(payload.get("item") or "")
