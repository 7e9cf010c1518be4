"""discord.py's client: the gateway's events, handed to the adapter."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import discord
import structlog
from discord import app_commands

from bot.platforms.discord.buttons import CardButton, ConfirmButton, FeedbackButton, OptionButton
from bot.platforms.discord.command_tree import Chinese, add_commands
from bot.platforms.discord.connection import choose_intents, seconds_before_identify
from bot.runtime.faults import log_fault

if TYPE_CHECKING:
    from bot.platforms.discord.adapter import DiscordAdapter

log = structlog.get_logger(__name__)

MUTE = "🔇"

discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nothing is said aloud


class FrontdeskClient(discord.AutoShardedClient):
    """Keeps no messages and no members: whatever is asked comes with its event."""

    def __init__(self, adapter: DiscordAdapter, *, content: bool) -> None:
        super().__init__(
            intents=choose_intents(content=content),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            chunk_guilds_at_startup=False,
            member_cache_flags=discord.MemberCacheFlags.none(),
        )
        self.adapter = adapter
        self.tree = app_commands.CommandTree(self)
        add_commands(self.tree, adapter)

    async def setup_hook(self) -> None:
        """Before the gateway is opened."""
        self.add_dynamic_items(FeedbackButton, OptionButton, CardButton, ConfirmButton)
        await self.tree.set_translator(Chinese())
        await self.adapter.ready_to_speak(self)

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Heed the day's budget of session starts: a bot that uses it up has its token reset by Discord. Whatever makes
        us connect again and again (sessions that turn out invalid, a process that ends) comes by here."""
        await super().before_identify_hook(shard_id, initial=initial)
        left = await self.fetch_session_start_limits()
        if pause := seconds_before_identify(left.total, left.remaining, left.reset_after):
            log.warning("discord session starts are few", left=left.remaining, again_in=round(pause))
            await asyncio.sleep(pause)

    async def on_ready(self) -> None:
        """Every shard knows its servers and their channels."""
        await self.adapter.check_channels()

    async def on_message(self, message: discord.Message) -> None:
        """Somebody wrote."""
        await self.adapter.receive_message(message)

    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        """A message was edited, or a preview was added to it."""
        if event.message.edited_at:
            await self.adapter.receive_edit(event.message)

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        """A message was deleted."""
        await self.adapter.receive_deletions(event.channel_id, event.guild_id, [event.message_id])

    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        """Many were."""
        await self.adapter.receive_deletions(event.channel_id, event.guild_id, sorted(event.message_ids))

    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        """🔇 makes the bot quiet in a thread."""
        await self.adapter.receive_reaction(event, muted=True)

    async def on_raw_reaction_remove(self, event: discord.RawReactionActionEvent) -> None:
        """Without it the bot speaks again."""
        await self.adapter.receive_reaction(event, muted=False)

    async def on_thread_update(self, before: discord.Thread, after: discord.Thread) -> None:
        """A post's tags may say that it is solved."""
        await self.adapter.receive_tags(before, after)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """A form was sent: whichever process showed it. Commands and buttons go their own ways."""
        if interaction.type is discord.InteractionType.modal_submit:
            await self.adapter.handle_form(interaction)

    async def on_shard_ready(self, shard_id: int) -> None:
        """A new session: what happened before it is read from the channels."""
        await self.adapter.new_session(shard_id)

    async def on_shard_resumed(self, shard_id: int) -> None:
        """The old session goes on; what was missed has been sent."""
        self.adapter.resumed(shard_id)

    async def on_shard_disconnect(self, shard_id: int) -> None:
        """Nothing is heard for a while."""
        self.adapter.disconnected(shard_id)

    async def on_guild_available(self, guild: discord.Guild) -> None:
        """After an outage of Discord's."""
        await self.adapter.catch_up([guild])

    async def on_error(self, event_method: str, /, *args: Any, **kwargs: Any) -> None:
        """An event's handler failed."""
        log_fault(where=event_method)
