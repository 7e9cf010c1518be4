"""What customers do below an answer: votes, "Solved", "Ask a human", and the form that asks what was wrong."""

from __future__ import annotations

from typing import Any

import discord
import structlog

from bot.chat.card import Card
from bot.chat.conversation import Turn, Vote
from bot.chat.message import MessageRef, ThreadRef
from bot.chat.ports import ConversationStore
from bot.errors import DeliveryError, StorageError, UnknownTurn
from bot.handoff.models import HandoffReason
from bot.handoff.service import HandoffService
from bot.i18n import words_for
from bot.inbox.notices import Voting
from bot.inbox.service import InboxService
from bot.platforms.discord import cards
from bot.platforms.discord.channels import DiscordChannels
from bot.platforms.discord.events import NAME, PRIVATE, place_of
from bot.platforms.discord.layouts import Why
from bot.platforms.discord.locales import attempt_call, show_line, words_of
from bot.runtime.faults import log_fault

log = structlog.get_logger(__name__)


class FeedbackForms:
    """Takes the clicks below answers."""

    def __init__(
        self,
        conversations: ConversationStore,
        voting: Voting,
        handoffs: HandoffService,
        inbox: InboxService,
        channels: DiscordChannels,
    ) -> None:
        self._conversations = conversations
        self._voting = voting
        self._handoffs = handoffs
        self._inbox = inbox
        self._channels = channels

    async def handle_click(self, interaction: discord.Interaction[Any], what: str, turn_id: str) -> None:
        """A button below an answer."""
        try:
            turn = await self._find_turn(turn_id)
            if turn is None:
                await show_line(interaction, words_of(interaction).say("unknown_answer"))
            elif what == "solved":
                await self._mark_solved(interaction)
            elif what == "human":
                await self._ask_human(interaction, turn)
            else:
                await self._record_vote(interaction, turn, Vote.UP if what == "up" else Vote.DOWN)
        except StorageError:
            await show_line(interaction, words_of(interaction).say("fault", fault=log_fault(where="click")))

    async def handle_form(self, interaction: discord.Interaction[Any], turn_id: str) -> None:
        """The form that asks why."""
        data: Any = interaction.data or {}
        try:
            turn = await self._find_turn(turn_id)
            words = words_for(turn.language) if turn else words_of(interaction)
            await show_line(interaction, words.say("voted"))
            if turn and (reason := cards.values_of(data.get("components")).get("why", "").strip()):
                await self._voting.vote(turn, str(interaction.user.id), Vote.DOWN, reason)
        except StorageError:
            await show_line(interaction, words_of(interaction).say("fault", fault=log_fault(where="form")))

    async def _record_vote(self, interaction: discord.Interaction[Any], turn: Turn, vote: Vote) -> None:
        """Answered first: a form can only be the first response, and has to be there within three seconds."""
        words = words_for(turn.language)
        if vote is Vote.DOWN:
            await attempt_call(interaction.response.send_modal(Why(turn.id, words)))
            await self._voting.vote(turn, str(interaction.user.id), vote)
        else:
            await self._voting.vote(turn, str(interaction.user.id), vote)
            await show_line(interaction, words.say("voted"))

    async def _mark_solved(self, interaction: discord.Interaction[Any]) -> None:
        """Whoever opened the post, or may manage it, marks it solved: the bot is quiet there until it is mentioned."""
        thread = interaction.channel
        words = words_of(interaction)
        if not isinstance(thread, discord.Thread):
            await show_line(interaction, words.say("not_allowed"))
            return
        if interaction.user.id != thread.owner_id and not interaction.permissions.manage_threads:
            await show_line(interaction, words.say("not_allowed"))
            return
        await self._inbox.set_muted(place_of(thread, thread.id), True)
        await show_line(interaction, words.say("marked_solved"), ephemeral=False)

    async def _ask_human(self, interaction: discord.Interaction[Any], turn: Turn) -> None:
        """Hand the conversation to people, who tell the customer in its place; where that place is a private
        conversation that nobody can open, the customer is told here."""
        await attempt_call(interaction.response.defer())
        message, user = interaction.message, interaction.user
        seen = message is not None and not message.flags.ephemeral
        try:
            place = await self._find_place(interaction, turn)
        except DeliveryError as error:
            log.warning("no place for a handoff", cause=str(error))
            await show_line(interaction, words_for(turn.language).say("not_handed_over"))
            return
        if interaction.guild_id and place.workspace == PRIVATE:
            where = f"https://discord.com/channels/@me/{place.channel}"
            await show_line(interaction, f"{words_for(turn.language).say('handing_over')} {where}")
        link = message.jump_url if message and seen and interaction.guild_id else ""
        await self._handoffs.open_handoff(place, str(user.id), user.display_name, turn, HandoffReason.BUTTON, link)

    async def _find_place(self, interaction: discord.Interaction[Any], turn: Turn) -> ThreadRef:
        """Where the customer and people are to talk. Raises DeliveryError."""
        channel: Any = interaction.channel
        if interaction.guild_id is None:
            return ThreadRef(NAME, PRIVATE, str(interaction.channel_id), "")
        message = interaction.message
        if message and not message.flags.ephemeral:
            if isinstance(channel, discord.Thread):
                return place_of(channel, message.id)
            key = MessageRef(NAME, str(interaction.guild_id), str(interaction.channel_id), str(message.id))
            if await self._channels.open_thread(key, turn.question):
                return ThreadRef(key.platform, key.workspace, key.channel, key.message_id)
        direct = await self._channels.open_direct_thread(str(interaction.guild_id), str(interaction.user.id))
        words = words_for(turn.language)
        asked = words.say("shared_by", user=interaction.user.display_name, question=turn.question[:1_000])
        await self._channels.post_card(
            direct, Card(text=asked)
        )  # what it is about; and a test of whether they take messages
        return direct

    async def _find_turn(self, turn_id: str) -> Turn | None:
        try:
            return await self._conversations.find_turn(turn_id)
        except UnknownTurn:
            return None
