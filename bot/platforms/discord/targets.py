"""Where an answer's messages stand: a channel or thread, or the response to a command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import discord
from discord import ui

from bot.chat.message import Job
from bot.chat.reply_target import write_reply_target
from bot.errors import DeliveryError, Refusal
from bot.platforms.discord.api_errors import is_gone, is_unknown_message, needs_history, translate_delivery_errors
from bot.platforms.discord.channels import open_thread, remove_empty_thread
from bot.platforms.discord.events import PRIVATE
from bot.platforms.discord.layouts import compute_marker
from bot.platforms.discord.reply_target import MessageKind, target_of

Reply = Mapping[str, str]
"""A message that stands for a job: its `channel`, its `id`, and `via` "token" where a command's token made it."""

Content = ui.LayoutView | str
"""A layout, or a bare text of at most 2,000 characters."""

_TURNS = ("", *"abcdefgh")  # of a nonce: Discord gives back what was removed since as well
_TOKEN_MINUTES = 14.5  # of the 15 that an interaction's token lives


@dataclass
class InChannel:
    """Messages of a channel or thread. `under`: the message they reply to. `amend`: what stands already, which Discord
    gives back in place of a new message, is made to say what was to be posted. Implements
    `bot.chat.live_reply.ReplySurface`, as `InResponse` does.

    Discord keeps no nonce with a message, so that what it lists has to bear another mark: for a layout the id of its
    container. A bare text is told apart by showing no previews, as nothing else that the bot sends without a layout,
    and by what it replies to: what was asked, but for the first question of a thread, which alone is answered by
    texts that reply to nothing."""

    client: discord.Client
    channel: int
    job: Job
    under: int | None = None
    amend: bool = True

    async def post(self, content: Content, number: int) -> Reply:
        """Sent again with the same nonce, Discord gives back the message that stands. Where the bot may
        not reply to a message that it may not read, it writes below it."""
        try:
            return await self._post_message(content, number)
        except DeliveryError as error:
            if not (self.under and needs_history(error)):
                raise
            self.under = None
            return await self._post_message(content, number)

    async def _post_message(self, content: Content, number: int) -> Reply:
        options: dict[str, Any] = {"mention_author": False} | _build_options(content)
        if isinstance(content, str):
            options["suppress_embeds"] = True
        if self.under and (number == 0 or isinstance(content, str)):
            options["reference"] = discord.MessageReference(
                message_id=self.under, channel_id=self.channel, fail_if_not_exists=False
            )
        nonce = f"{self.job.id[:16]}.{self.channel % 1000}.{number % 100}"
        for turn in _TURNS:
            sent = await self._send_once(f"{nonce}{turn}", options)
            if sent is None:
                continue
            # One that stood already says what was sent before; where it can only be removed, another takes its place.
            if not self.amend or _shows_content(sent, content) or await self.edit(self._build_reply(sent), content):
                return self._build_reply(sent)
        raise DeliveryError("Discord gives back messages that are gone", Refusal.MOMENT)

    async def _send_once(self, nonce: str, options: Mapping[str, Any]) -> discord.Message | None:
        """A new message, or the one that stands for that nonce already; None where that is gone."""
        try:
            with translate_delivery_errors():
                return await self.client.get_partial_messageable(self.channel).send(nonce=nonce, **options)
        except DeliveryError as error:
            if is_unknown_message(error):
                return None
            raise

    def _build_reply(self, sent: discord.Message) -> Reply:
        bare = {} if sent.flags.components_v2 else {"bare": "1"}
        return {"channel": str(self.channel), "id": str(sent.id)} | bare

    async def edit(self, reply: Reply, content: Content) -> bool:
        """Discord makes no text of a layout."""
        if bool(reply.get("bare")) is not isinstance(content, str):
            await self.remove(reply)
            return False
        message = self.client.get_partial_messageable(int(reply["channel"])).get_partial_message(int(reply["id"]))
        try:
            with translate_delivery_errors():
                await message.edit(**_build_options(content))
        except DeliveryError as error:
            if is_gone(error):
                return False
            raise
        return True

    async def remove(self, reply: Reply) -> None:
        message = self.client.get_partial_messageable(int(reply["channel"])).get_partial_message(int(reply["id"]))
        try:
            with translate_delivery_errors():
                await message.delete()
        except DeliveryError as error:
            if not is_gone(error):
                raise

    async def found(self) -> list[Reply]:
        """What stands here for the job. Raises DeliveryError."""
        me, mark = self.client.user, compute_marker(self.job.id)
        after = discord.Object(self.under or _find_asked(self.job))
        channel = self.client.get_partial_messageable(self.channel)
        with translate_delivery_errors():
            standing = [
                message
                async for message in channel.history(after=after, limit=200, oldest_first=True)
                if me and message.author.id == me.id and (_bears_marker(message, mark) or self._is_bare_answer(message))
            ]
        return [self._build_reply(message) for message in standing]

    def _is_bare_answer(self, message: discord.Message) -> bool:
        """Whether a message of the bot's is a bare text that answers this job and no other."""
        flags, reference = message.flags, message.reference
        if flags.components_v2 or not flags.suppress_embeds or message.webhook_id or not message.content:
            return False
        told_apart = self.under is not None or self.channel == _find_asked(self.job)
        return told_apart and (reference.message_id if reference else None) == self.under


@dataclass
class InResponse:
    """The response to a command, by its token; by ordinary messages once that has expired. What was asked for in
    private stays so: then the message goes to the user alone."""

    client: discord.Client
    job: Job

    async def post(self, content: Content, number: int) -> Reply:
        """The first message is the deferred response itself."""
        if self._is_expired():
            return await (await self._find_other_channel()).post(content, number)
        hook = self._build_webhook()
        try:
            with translate_delivery_errors():
                if number == 0:
                    sent = await hook.edit_message(_ORIGINAL, **_build_options(content))
                else:
                    sent = await hook.send(wait=True, ephemeral=self._private, **_build_options(content))
        except DeliveryError as error:
            if not is_gone(error):
                raise
            return await (await self._find_other_channel()).post(content, number)
        bare = {"bare": "1"} if isinstance(content, str) else {}
        return {"channel": self.job.message.place.channel, "id": str(sent.id), "via": "token"} | bare

    async def edit(self, reply: Reply, content: Content) -> bool:
        if reply.get("via") != "token" or (self._is_expired() and not self._private):
            return await InChannel(self.client, 0, self.job).edit(reply, content)
        if bool(reply.get("bare")) is not isinstance(content, str):
            return False
        try:
            with translate_delivery_errors():
                await self._build_webhook().edit_message(int(reply["id"]), **_build_options(content))
        except DeliveryError as error:
            if is_gone(error):
                return False
            raise
        return True

    async def remove(self, reply: Reply) -> None:
        if reply.get("via") != "token":
            await InChannel(self.client, 0, self.job).remove(reply)
            return
        try:
            with translate_delivery_errors():
                await self._build_webhook().delete_message(int(reply["id"]))
        except DeliveryError as error:
            if not is_gone(error):
                raise

    async def found(self) -> list[Reply]:
        """What stands here for the job. Raises DeliveryError."""
        if self._is_expired():
            return []
        mark = compute_marker(self.job.id)
        with translate_delivery_errors():
            original = await self._build_webhook().fetch_message(_ORIGINAL)
        if not _bears_marker(original, mark):
            return []
        return [{"channel": self.job.message.place.channel, "id": str(original.id), "via": "token"}]

    @property
    def _private(self) -> bool:
        return target_of(self.job.message).private

    def _is_expired(self) -> bool:
        return datetime.now(UTC) - self.job.received_at > timedelta(minutes=_TOKEN_MINUTES)

    def _build_webhook(self) -> discord.Webhook:
        target = target_of(self.job.message)
        hook = discord.Webhook.partial(int(target.application), target.token, client=self.client)
        hook.type = discord.WebhookType.application  # else it would refuse what only an application may send
        return hook

    async def _find_other_channel(self) -> InChannel:
        if not self._private:
            return InChannel(self.client, int(self.job.message.place.channel), self.job)
        with translate_delivery_errors():
            user = await self.client.fetch_user(int(self.job.message.user))
            direct = await self.client.create_dm(user)
        return InChannel(self.client, direct.id, self.job)


async def surface_of(client: discord.Client, job: Job, *, name: str = "") -> InChannel | InResponse:
    """Where the answer to a job goes. A channel's question gets a thread, called `name`, if the bot may make one
    (else the answer is a reply in the channel). Raises DeliveryError."""
    place, target = job.message.place, target_of(job.message)
    if there := target.elsewhere:
        return _in_channel(client, job, int(there))
    if target.kind is MessageKind.INTERACTION:
        return InResponse(client, job)
    if job.replies:
        return _in_channel(client, job, int(job.replies[0]["channel"]))
    if job.message.chosen:
        return _in_channel(client, job, int(target.where))
    if target.kind is MessageKind.THREAD:
        return _in_channel(client, job, int(place.thread))
    if target.kind is MessageKind.CHANNEL and name and await open_thread(client, job.message.key, name):
        return _in_channel(client, job, int(job.message.id))
    return _in_channel(client, job, int(place.channel))


def _in_channel(client: discord.Client, job: Job, channel: int) -> InChannel:
    """A channel or thread, and what an answer to the job replies to there: the clarification whose button was pressed,
    or the question, unless its thread is for nothing else."""
    place, target = job.message.place, target_of(job.message)
    if job.message.chosen:
        here = not target.elsewhere and str(channel) == target.where
        return InChannel(client, channel, job, int(target.below) if here else None)
    if target.kind is MessageKind.THREAD:
        beside = str(channel) == place.thread and not job.message.opens_thread
    else:
        beside = str(channel) == place.channel and target.kind is not MessageKind.INTERACTION
    return InChannel(client, channel, job, int(job.message.id) if beside else None)


async def move_elsewhere(client: discord.Client, job: Job) -> Job | None:
    """The job as one that is answered elsewhere: below the channel's own question where its thread takes nothing, then
    in the customer's private conversation; None where both were tried. Raises DeliveryError."""
    place, target = job.message.place, target_of(job.message)
    tried, direct, kind = target.elsewhere, place.workspace == PRIVATE, target.kind
    if not tried and kind in {MessageKind.CHANNEL, MessageKind.THREAD} and not direct and not target.forum:
        if kind is MessageKind.CHANNEL:
            await remove_empty_thread(client, int(job.message.id))
        return _move_job(job, place.channel)
    if direct or (tried and tried != place.channel):
        return None
    try:
        with translate_delivery_errors():
            opened = await client.create_dm(discord.Object(int(job.message.user)))
    except DeliveryError as error:
        if error.permanent:
            return None
        raise
    return _move_job(job, str(opened.id))


def _move_job(job: Job, channel: str) -> Job:
    target = write_reply_target(replace(target_of(job.message), elsewhere=channel))
    return replace(job, message=replace(job.message, reply_target=target), replies=())


def _find_asked(job: Job) -> int:
    """The id of what a job's author wrote, or of the command: nothing that answers it is older."""
    digits = job.message.written.message_id.rpartition(":")[2]
    return int(digits) if digits.isdecimal() else 0


def _build_options(content: Content) -> dict[str, Any]:
    return {"content": content} if isinstance(content, str) else {"view": content}


def _shows_content(message: discord.Message, content: Content) -> bool:
    """Whether a message says what a text or a layout does, the latter with as many buttons."""
    if isinstance(content, str):
        return message.content.strip() == content.strip()
    view = content
    texts = [part.content.strip() for part in view.walk_children() if isinstance(part, ui.TextDisplay)]
    shown, buttons, parts = [], 0, list(message.components)
    while parts:
        part = parts.pop(0)
        parts[:0] = getattr(part, "children", [])
        buttons += isinstance(part, discord.Button)
        if isinstance(part, discord.TextDisplay):
            shown.append(part.content.strip())
    return shown == texts and buttons == sum(isinstance(part, ui.DynamicItem) for part in view.walk_children())


def _bears_marker(message: discord.Message, mark: int) -> bool:
    return any(getattr(part, "id", None) == mark for part in message.components)


_ORIGINAL: int = "@original"  # type: ignore[assignment]  # the library puts it into the URL as it is
