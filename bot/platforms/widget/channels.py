"""Implements `bot.chat.platform.ChannelPoster` for the widget: what people say reaches the visitor's page, whenever
that is open."""

from __future__ import annotations

import uuid

from bot.chat.card import Card
from bot.chat.message import MessageRef, ThreadRef
from bot.chat.ports import PostedMessages
from bot.errors import DeliveryError, Refusal, StorageError
from bot.platforms.widget.bodies import describe_card
from bot.platforms.widget.streams import Streams
from bot.platforms.widget.visits import NAME, VISITOR, describe_visitor


class WidgetChannels:
    """There are visitors alone: nobody of the team is here."""

    files_open_by_address = False

    def __init__(self, posted: PostedMessages, streams: Streams) -> None:
        self._posted = posted
        self._streams = streams

    def is_direct(self, place: ThreadRef) -> bool:
        return True

    async def post_card(self, place: ThreadRef, card: Card) -> MessageRef:
        if not VISITOR.fullmatch(place.channel):
            raise DeliveryError("the widget has no such visitor", Refusal.PLACE)
        message = MessageRef(NAME, "", place.channel, f"card:{uuid.uuid4().hex}")
        await self._put_card(message, card)
        return message

    async def ensure_thread(self, message: MessageRef, name: str) -> ThreadRef:
        return ThreadRef(NAME, "", message.channel, "")

    async def update_card(self, message: MessageRef, card: Card) -> None:
        try:
            standing = await self._posted.find_message(NAME, message.channel, message.message_id)
        except StorageError as error:
            raise DeliveryError(str(error), Refusal.MOMENT) from error
        if standing:
            await self._put_card(message, card)

    async def open_direct_thread(self, workspace: str, user: str) -> ThreadRef:
        return ThreadRef(NAME, "", user, "")

    async def fetch_link(self, message: MessageRef) -> str:
        return ""

    async def fetch_user_name(self, workspace: str, user: str) -> str:
        return describe_visitor(user)

    async def is_teammate(self, workspace: str, user: str) -> bool:
        return False

    async def _put_card(self, message: MessageRef, card: Card) -> None:
        channel = message.channel
        try:
            await self._posted.put_message(NAME, channel, channel, message.message_id, describe_card(card))
        except StorageError as error:
            raise DeliveryError(str(error), Refusal.MOMENT) from error
        self._streams.wake_pages(channel)
