"""What of a channel is looked at, by the times that its messages' ids tell."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import discord

from bot.chat.message import ThreadMessage
from bot.chat.reply_target import write_reply_target
from bot.platforms.discord.context import DiscordMessageContext
from bot.platforms.discord.reply_target import DiscordReplyTarget, MessageKind
from tests.fakes import said

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
CHANNEL = write_reply_target(DiscordReplyTarget(MessageKind.CHANNEL))


class Channel(DiscordMessageContext):
    """Holds messages of so many minutes ago, the newest first; those of `threads` have one, as the cache knows."""

    def __init__(self, *minutes: int, threads: tuple[int, ...] = (), flagged: tuple[int, ...] = ()) -> None:
        has = {discord.utils.time_snowflake(NOW - timedelta(minutes=each)) for each in threads}
        guild = SimpleNamespace(get_thread=lambda number: number if number in has else None)
        super().__init__(cast(Any, SimpleNamespace(get_guild=lambda _: guild)), cast(Any, None))
        self.messages = [
            SimpleNamespace(
                id=discord.utils.time_snowflake(NOW - timedelta(minutes=each)),
                created_at=NOW - timedelta(minutes=each),
                flags=SimpleNamespace(has_thread=each in flagged),
                minutes=each,
            )
            for each in minutes
        ]

    async def _load_history(self, channel: int, before: int) -> list[Any]:
        return self.messages

    def _to_thread_message(self, message: Any, pointed: str = "") -> ThreadMessage:
        return ThreadMessage("ann", str(message.minutes))


async def test_the_last_hour_of_a_channel_is_seen_and_which_messages_have_a_thread() -> None:
    number = str(discord.utils.time_snowflake(NOW))
    call = replace(said("", id=number, channel="5", workspace="1", platform="discord"), reply_target=CHANNEL)
    seen = await Channel(1, 30, 59, 61, 600, threads=(30,), flagged=(59,)).fetch_messages_above(call)
    assert [(each.text, each.answered) for each in seen] == [("59", True), ("30", True), ("1", False)]
