"""discord.py's client: the gateway's events and the commands, handed to the adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import discord
from discord import app_commands

from bot.adapters.discord.clicks import Click

if TYPE_CHECKING:
    from bot.adapters.discord.app import DiscordAdapter

MUTE = "🔇"
_QUESTION = 2_000  # characters
_CHINESE = {
    "Ask a question; the answer comes from the FAQ.": "提问，答案来自常见问题页面。",
    "Your question, in your own words.": "用您自己的话提问。",
    "Show the answer to you alone.": "答案仅您可见。",
    "Answer from the FAQ": "用常见问题回答",
}


def intents(*, content: bool) -> discord.Intents:
    """The least that works: `content` is the privileged intent that shows messages which do not address the bot."""
    wanted = discord.Intents.none()
    wanted.guilds = wanted.guild_messages = wanted.dm_messages = wanted.guild_reactions = True
    wanted.message_content = content
    return wanted


discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False  # nothing is said aloud


class FrontdeskClient(discord.AutoShardedClient):
    """Keeps no messages and no members: whatever is asked comes with its event."""

    def __init__(self, adapter: DiscordAdapter, *, content: bool) -> None:
        super().__init__(
            intents=intents(content=content),
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
        self.add_dynamic_items(Click)
        await self.tree.set_translator(_Chinese())
        await self.adapter.ready_to_speak(self)

    async def on_message(self, message: discord.Message) -> None:
        """Somebody wrote."""
        await self.adapter.heard(message)

    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        """A message was edited, or a preview was added to it."""
        if event.message.edited_at:
            await self.adapter.edited(event.message)

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        """A message was deleted."""
        await self.adapter.deleted(event.channel_id, event.guild_id, [event.message_id])

    async def on_raw_bulk_message_delete(self, event: discord.RawBulkMessageDeleteEvent) -> None:
        """Many were."""
        await self.adapter.deleted(event.channel_id, event.guild_id, sorted(event.message_ids))

    async def on_raw_reaction_add(self, event: discord.RawReactionActionEvent) -> None:
        """🔇 makes the bot quiet in a thread."""
        await self.adapter.reacted(event, muted=True)

    async def on_raw_reaction_remove(self, event: discord.RawReactionActionEvent) -> None:
        """Without it the bot speaks again."""
        await self.adapter.reacted(event, muted=False)

    async def on_thread_update(self, before: discord.Thread, after: discord.Thread) -> None:
        """A post's tags may say that it is solved."""
        await self.adapter.tagged(before, after)

    async def on_interaction(self, interaction: discord.Interaction[Any]) -> None:
        """A form was sent: whichever process showed it. Commands and buttons go their own ways."""
        if interaction.type is discord.InteractionType.modal_submit:
            await self.adapter.submitted(interaction)

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
        self.adapter.failed(event_method)


def add_commands(tree: app_commands.CommandTree[Any], adapter: DiscordAdapter) -> None:
    """The slash commands and the context menu."""

    @tree.command(name="ask", description=app_commands.locale_str("Ask a question; the answer comes from the FAQ."))
    @app_commands.allowed_contexts(guilds=True, dms=True, private_channels=False)
    @app_commands.describe(
        question=app_commands.locale_str("Your question, in your own words."),
        private=app_commands.locale_str("Show the answer to you alone."),
    )
    async def ask(
        interaction: discord.Interaction[Any],
        question: app_commands.Range[str, 1, _QUESTION],
        private: bool = False,
    ) -> None:
        await adapter.asked(interaction, question, private=private)

    @ask.autocomplete("question")
    async def _suggest(interaction: discord.Interaction[Any], current: str) -> list[app_commands.Choice[str]]:
        return await adapter.suggest(current)

    @tree.context_menu(name=app_commands.locale_str("Answer from the FAQ"))
    async def answer_message(interaction: discord.Interaction[Any], message: discord.Message) -> None:
        await adapter.asked_about(interaction, message)

    tree.add_command(_Faq(adapter))

    @tree.error
    async def _failed(interaction: discord.Interaction[Any], error: app_commands.AppCommandError) -> None:
        await adapter.command_failed(interaction, error)


class _Faq(app_commands.Group):
    """What admins do. Discord hides it from others; that they may is checked at every call all the same."""

    def __init__(self, adapter: DiscordAdapter) -> None:
        super().__init__(
            name="faq",
            description="Steer Frontdesk.",
            guild_only=True,
            default_permissions=discord.Permissions(manage_guild=True),
        )
        self._adapter = adapter

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Whether the caller may manage the server, as Discord says it with the call."""
        if interaction.permissions.manage_guild:
            return True
        raise app_commands.MissingPermissions(["manage_guild"])

    @app_commands.command(name="help-channel", description="Answer every new question of a channel or forum, or not.")
    @app_commands.describe(state="on or off", channel="Which one. Without it: this one.")
    async def help_channel(
        self,
        interaction: discord.Interaction[Any],
        state: Literal["on", "off"],
        channel: discord.TextChannel | discord.ForumChannel | None = None,
    ) -> None:
        """Mark a channel."""
        await self._adapter.mark(interaction, channel, help_channel=state == "on")


class _Chinese(app_commands.Translator):
    async def translate(
        self, string: app_commands.locale_str, locale: discord.Locale, context: app_commands.TranslationContextTypes
    ) -> str | None:
        """Names and descriptions of commands in Chinese."""
        return _CHINESE.get(string.message) if locale is discord.Locale.chinese else None
