"""Implements `bot.chat.platform.ChannelPoster` for Slack."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.chat.card import Card, File
from bot.chat.live_reply import try_forms
from bot.chat.message import MessageRef, ThreadRef
from bot.chat.people import Role
from bot.chat.split import split_markdown
from bot.errors import DeliveryError, Refusal
from bot.platforms.slack.api_errors import GONE, code_of, translate_delivery_errors
from bot.platforms.slack.blocks import LINE_METADATA, Message
from bot.platforms.slack.cards import TEXT, card_forms
from bot.platforms.slack.events import NAME

_NAMES = 2_000  # people whose names are remembered
_PRIVACY_SECONDS = 60.0  # for which what Slack says of a channel is believed


class SlackChannels:
    """`team` is the workspace of the token. Whoever is in one of the `team_channels` is a teammate, as far as not
    everybody may join it: one that is public makes nobody a teammate, and nothing is posted there."""

    files_open_by_address = False  # but where they were shared

    def __init__(self, client: AsyncWebClient, team: str, team_channels: Collection[str] = ()) -> None:
        self._client = client
        self._team = team
        self._team_channels = [channel for channel in dict.fromkeys(team_channels) if channel]
        self._names: OrderedDict[str, str] = OrderedDict()
        self._private: dict[str, tuple[float, bool]] = {}

    def is_direct(self, place: ThreadRef) -> bool:
        return place.channel.startswith("D")

    async def post_card(self, place: ThreadRef, card: Card) -> MessageRef:
        """A text that is too long for one message goes on in the next."""
        pieces = split_markdown(card.text, TEXT) if card.text else [""]
        first = await self._post_message(place, replace(card, text=pieces[0]))
        for piece in pieces[1:]:
            await self._post_message(place, Card(text=piece, links=card.links))
        return first

    async def _post_message(self, place: ThreadRef, card: Card) -> MessageRef:
        if not card.anywhere and place.channel in self._team_channels and not await self._is_private(place.channel):
            raise DeliveryError(describe_public_channel(place.channel), Refusal.PLACE)
        sent = await try_forms("card", *(partial(self._send_message, place, form) for form in card_forms(card)))
        if card.file:
            await self.upload_file(str(sent["channel"]), card.file, place.thread)
        return MessageRef(NAME, self._team, str(sent["channel"]), str(sent["ts"]))

    async def _send_message(self, place: ThreadRef, message: Message) -> AsyncSlackResponse:
        with translate_delivery_errors():
            return await self._client.chat_postMessage(
                channel=place.channel,
                thread_ts=place.thread or None,
                **message,
                metadata=dict(LINE_METADATA),
                unfurl_links=False,
                unfurl_media=False,
            )

    async def ensure_thread(self, message: MessageRef, name: str) -> ThreadRef:
        """Every message of Slack's can have a thread."""
        return ThreadRef(NAME, self._team, message.channel, message.message_id)

    async def update_card(self, message: MessageRef, card: Card) -> None:
        try:
            await try_forms("card", *(partial(self._change_message, message, form) for form in card_forms(card)))
        except DeliveryError as error:
            if code_of(error) not in GONE:
                raise

    async def _change_message(self, message: MessageRef, shown: Message) -> None:
        with translate_delivery_errors():
            await self._client.chat_update(channel=message.channel, ts=message.message_id, **shown)

    async def open_direct_thread(self, workspace: str, user: str) -> ThreadRef:
        with translate_delivery_errors():
            opened = await self._client.conversations_open(users=user)
        return ThreadRef(NAME, self._team, str(opened["channel"]["id"]), "")

    async def fetch_link(self, message: MessageRef) -> str:
        if not message.message_id:
            return ""
        with translate_delivery_errors():
            found = await self._client.chat_getPermalink(channel=message.channel, message_ts=message.message_id)
        return str(found["permalink"])

    async def fetch_user_name(self, workspace: str, user: str) -> str:
        if user not in self._names:
            profile = (await self._fetch_user(user)).get("profile") or {}
            self._names[user] = str(profile.get("display_name") or profile.get("real_name") or "")
            if len(self._names) > _NAMES:
                self._names.popitem(last=False)
        return self._names[user]

    async def is_teammate(self, workspace: str, user: str) -> bool:
        return await self.find_role(user) >= Role.TEAMMATE

    async def is_member(self, user: str) -> bool:
        """Whether the user sees every public channel: no guest, and nobody of another workspace's. Raises
        DeliveryError."""
        about = await self._fetch_user(user)
        guest = about.get("is_restricted") or about.get("is_ultra_restricted")
        return self._is_ours(about) and not guest

    def _is_ours(self, about: dict[str, Any]) -> bool:
        home = about.get("team_id", self._team)
        grid = about.get("enterprise_user") or {}  # an Enterprise Grid has several workspaces
        ours = [*(grid.get("teams") or [home]), grid.get("enterprise_id")]  # the whole of it may have installed the app
        return not about.get("is_stranger") and self._team in ours

    async def find_role(self, user: str) -> Role:
        """What Slack says now of what a person may do. Raises DeliveryError."""
        about = await self._fetch_user(user)
        if not self._is_ours(about):
            return Role.CUSTOMER  # in a shared channel: what they are in their own workspace counts for nothing here
        if about.get("is_admin") or about.get("is_owner"):
            return Role.ADMIN
        for channel in self._team_channels:
            if await self._is_teams(channel, user):
                return Role.TEAMMATE
        return Role.CUSTOMER

    async def find_faults(self) -> Mapping[str, str]:
        """What is wrong with the team's channels, by their ids."""
        found: dict[str, str] = {}
        for channel in self._team_channels:
            try:
                about = await self._fetch_channel(channel)
                if about.get("is_archived"):
                    found[channel] = f"the channel {channel} is archived: nothing can be posted there. Name another."
                elif not about.get("is_member", True):
                    found[channel] = f"the bot is not in the channel {channel}: invite it there."
                elif not about.get("is_private"):
                    found[channel] = describe_public_channel(channel)
            except DeliveryError as error:
                found[channel] = f"the channel {channel} cannot be looked at ({error}): invite the bot there."
        return found

    async def upload_file(self, channel: str, file: File, thread: str = "") -> None:
        """Share a file in a channel. Raises DeliveryError."""
        with translate_delivery_errors():
            await self._client.files_upload_v2(
                channel=channel, thread_ts=thread or None, filename=file.name, content=file.content, title=file.name
            )

    async def _fetch_user(self, user: str) -> dict[str, Any]:
        with translate_delivery_errors():
            found = await self._client.users_info(user=user)
        return dict(found["user"])

    async def _is_teams(self, channel: str, user: str) -> bool:
        """Whether somebody is in a private channel; one that is gone has nobody in it."""
        try:
            return await self._is_private(channel) and await self._is_in(channel, user)
        except DeliveryError as error:
            if not error.permanent:
                raise
            return False

    async def _is_private(self, channel: str) -> bool:
        """Whether people come in by invitation alone. Raises DeliveryError."""
        asked, private = self._private.get(channel, (-math.inf, False))
        if time.monotonic() - asked >= _PRIVACY_SECONDS:
            private = bool((await self._fetch_channel(channel)).get("is_private"))
        return private

    async def _fetch_channel(self, channel: str) -> dict[str, Any]:
        """Raises DeliveryError."""
        with translate_delivery_errors():
            found = await self._client.conversations_info(channel=channel)
        about = dict(found["channel"])
        self._private[channel] = time.monotonic(), bool(about.get("is_private"))
        return about

    async def _is_in(self, channel: str, user: str) -> bool:
        cursor = ""
        while True:
            with translate_delivery_errors():
                page = await self._client.conversations_members(channel=channel, limit=1_000, cursor=cursor or None)
            if user in page["members"]:
                return True
            cursor = str((page.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return False


def describe_public_channel(channel: str) -> str:
    """What is wrong with a team's channel that anybody may join, and the mend."""
    return (
        f"the channel {channel} is public: whoever joins it would read customers' questions and answer them. Make it "
        "private, or name another."
    )
