"""Implements `bot.chat.platform.MessageContext` for Slack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.chat.message import Attachment, ChatMessage, ThreadMessage
from bot.errors import DeliveryError
from bot.platforms.attachments import Attachments
from bot.platforms.slack.api_errors import translate_delivery_errors
from bot.platforms.slack.channels import SlackChannels
from bot.platforms.slack.events import Home, text_of
from inference.interfaces import Picture

NEWEST = 50  # messages of a thread or channel
RECENT = 3600.0  # seconds: what stands in a channel for longer is not what somebody is called to
_PAGE, _PAGES = 200, 5  # a thread is handed out from its beginning: of a longer one the end is not seen


class SlackMessageContext:
    """What stands near a message."""

    def __init__(self, client: AsyncWebClient, home: Home, channels: SlackChannels, attachments: Attachments) -> None:
        self._client = client
        self._home = home
        self._channels = channels
        self._attachments = attachments

    async def fetch_messages_above(self, message: ChatMessage) -> Sequence[ThreadMessage]:
        place = message.place
        if message.opens_thread:
            newest = await self._load_channel(place.channel, message.id)
            return [
                replace(self._to_thread_message(each), answered=_is_answered(each, message.user)) for each in newest
            ]
        found = await self._load_thread(place.channel, place.thread, message.id)
        return [self._to_thread_message(each) for each in [*found[:1], *found[1:][-NEWEST:]]]

    async def fetch_linked_messages(self, message: ChatMessage) -> Sequence[ThreadMessage]:
        """Its author may read what stands in the same channel; in a public one, if they are a full member
        of the workspace."""
        found = []
        for link in message.links:
            channel, ts, *thread = link.split("/")
            if channel == message.place.channel or await self._may_read(channel, message.user):
                found += await self._load_message(channel, ts, *thread)
        return [self._to_thread_message(each) for each in found]

    async def fetch_files(self, message: ChatMessage) -> Sequence[Attachment]:
        return await self._attachments.read_files(message.files)

    async def fetch_picture(self, file: Attachment) -> Picture | None:
        return await self._attachments.fetch_picture(file)

    async def fetch_author_name(self, message: ChatMessage, said: ThreadMessage) -> str:
        return said.name or (await self._channels.fetch_user_name("", said.user) if said.user else "")

    async def _load_thread(self, channel: str, ts: str, before: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        cursor = None
        for _ in range(_PAGES):
            with translate_delivery_errors():
                page = await self._client.conversations_replies(
                    channel=channel, ts=ts, latest=before, limit=_PAGE, cursor=cursor
                )
            found += [each for each in page["messages"] if each["ts"] != before]
            cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "") or None
            if cursor is None:
                break
        return found

    async def _load_channel(self, channel: str, before: str) -> list[dict[str, Any]]:
        oldest = f"{float(before) - RECENT:.6f}"
        with translate_delivery_errors():
            page = await self._client.conversations_history(channel=channel, latest=before, oldest=oldest, limit=NEWEST)
        return [each for each in reversed(page["messages"]) if each["ts"] != before]

    async def _load_message(self, channel: str, ts: str, thread: str = "") -> list[dict[str, Any]]:
        within: dict[str, Any] = {"channel": channel, "latest": ts, "oldest": ts, "inclusive": True, "limit": 2}
        try:
            with translate_delivery_errors():
                if thread and thread != ts:
                    page = await self._client.conversations_replies(ts=thread, **within)
                else:
                    page = await self._client.conversations_history(**within)
        except DeliveryError as error:
            if error.permanent:  # it is gone, or the bot is not in there
                return []
            raise
        return [each for each in page["messages"] if each["ts"] == ts]

    async def _may_read(self, channel: str, user: str) -> bool:
        try:
            with translate_delivery_errors():
                about = (await self._client.conversations_info(channel=channel))["channel"]
        except DeliveryError as error:
            if error.permanent:
                return False
            raise
        return bool(about.get("is_channel") and not about.get("is_private")) and await self._channels.is_member(user)

    def _to_thread_message(self, message: Mapping[str, Any]) -> ThreadMessage:
        user = str(message.get("user") or "")
        joins = message.get("subtype") not in {None, "", "file_share", "thread_broadcast", "me_message", "bot_message"}
        text = "" if joins else text_of(message, self._home)
        name = str(message.get("username") or (message.get("bot_profile") or {}).get("name") or "")
        return ThreadMessage(user, text, name, mine=user == self._home.user)


def _is_answered(message: Mapping[str, Any], caller: str) -> bool:
    """Whether somebody has replied in the thread below: neither its author nor who calls the bot has answered it."""
    return bool(set(message.get("reply_users") or ()) - {str(message.get("user") or ""), caller})
