"""Where admins' commands and clicks are answered in Slack: implements `bot.chat.platform.AdminReply`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.chat.card import Card, File
from bot.chat.live_reply import try_forms
from bot.chat.message import MessageRef, ThreadRef
from bot.errors import DeliveryError, Refusal
from bot.platforms.slack.api_errors import code_of, takes_response, translate_delivery_errors
from bot.platforms.slack.blocks import Message
from bot.platforms.slack.cards import card_forms
from bot.platforms.slack.channels import SlackChannels
from bot.platforms.slack.events import NAME

_USES = 4  # of the 5 that a response URL has; the last is kept for what comes of the command
_NOT_THERE = frozenset({"not_in_channel", "channel_not_found", "is_archived", "no_permission", "restricted_action"})

Attend = Callable[[asyncio.Task[Any]], None]


@dataclass
class SlackAdminReply:
    """What is private goes to the caller alone, by the response URL. What is public is a message of the channel (in the
    private conversation with the caller where the bot may not write there). `clicked` is the message whose button was
    used; `hidden`: only the caller sees it."""

    client: AsyncWebClient
    channels: SlackChannels
    place: ThreadRef
    user: str
    attend_to: Attend
    response_url: str = ""
    clicked: str = ""
    hidden: bool = False
    uses: int = 0
    posted: MessageRef | None = None
    held: list[Card] | None = None

    async def show_card(self, card: Card, *, public: bool = False) -> MessageRef | None:
        if self.held is not None:
            self.held.append(card)
            return None
        if self.posted:
            await self.channels.update_card(self.posted, card)
        elif self.clicked and not self.hidden:
            self.posted = MessageRef(NAME, self.place.workspace, self.place.channel, self.clicked)
            await self.channels.update_card(self.posted, card)
        elif public:
            self.posted = await self._post_publicly(card)
            await self._take_away()
        else:
            await self.show_privately(card, replace=self.uses > 0 or bool(self.clicked))
        return self.posted

    async def show_held_cards(self) -> None:
        """Show what was held back: a form is acknowledged first, however slow Slack is."""
        held, self.held = self.held, None
        for card in held or ():
            await self.show_card(card, public=True)

    async def show_privately(self, card: Card, *, replace: bool = False) -> None:
        """Show something to the caller alone. Raises DeliveryError."""
        if card.file:
            card = await self._share_file(card, card.file)
        await try_forms(
            "card", *(partial(self._show_message, card, form, replace=replace) for form in card_forms(card))
        )

    async def _show_message(self, card: Card, message: Message, *, replace: bool) -> None:
        """`card` is the whole, for where it goes to the private conversation instead."""
        content = message["blocks"] or None
        if self.response_url and self.uses < _USES:
            self.uses += 1
            respond = AsyncWebhookClient(self.response_url).send(
                text=message["text"],
                blocks=content,
                response_type="ephemeral",
                replace_original=replace,
                unfurl_links=False,
            )
            if await takes_response(respond):
                return
        try:
            if not self.place.channel:
                raise DeliveryError("no channel", Refusal.PLACE)
            with translate_delivery_errors():
                await self.client.chat_postEphemeral(
                    channel=self.place.channel, user=self.user, text=message["text"], blocks=content
                )
        except DeliveryError as error:
            if error.kind is not Refusal.PLACE:
                raise
            await self.channels.post_card(await self.channels.open_direct_thread(self.place.workspace, self.user), card)

    async def _share_file(self, card: Card, file: File) -> Card:
        """The card, once its file is in the private conversation, or with why it is not."""
        try:
            direct = await self.channels.open_direct_thread(self.place.workspace, self.user)
            await self.channels.upload_file(direct.channel, file)
        except DeliveryError as error:
            return replace(card, file=None, footnote=f"The file {file.name} could not be shared: {error}.")
        return replace(card, file=None, footnote=f"{card.footnote} {file.name} is in our private conversation.".strip())

    async def follow_task(self, work: asyncio.Task[Any]) -> None:
        self.attend_to(work)

    async def _post_publicly(self, card: Card) -> MessageRef:
        try:
            if self.place.channel:
                return await self.channels.post_card(self.place, card)
        except DeliveryError as error:
            if code_of(error) not in _NOT_THERE:
                raise
        return await self.channels.post_card(
            await self.channels.open_direct_thread(self.place.workspace, self.user), card
        )

    async def _take_away(self) -> None:
        """Remove the private message whose button was used: what follows is a message of its own."""
        if self.hidden and self.response_url:
            with translate_delivery_errors():
                await AsyncWebhookClient(self.response_url).send(delete_original=True)
