"""What admins and teammates do in Discord: commands, buttons, forms and menus -> the console, and its answers back.

Every call is acknowledged within Discord's three seconds: before the console is asked, but for what may be answered by
a form, which can only be the first response.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import discord
import structlog
from discord import app_commands

from bot.chat.card import Button, Card, Form
from bot.chat.message import MessageRef
from bot.chat.people import Actor, Role
from bot.commands.console import Console
from bot.commands.parser import Call
from bot.commands.registry import Kind
from bot.errors import DeliveryError
from bot.i18n import words_for
from bot.platforms.discord import cards
from bot.platforms.discord.actors import Team
from bot.platforms.discord.admin_replies import DiscordAdminReply, Original
from bot.platforms.discord.api_errors import translate_delivery_errors
from bot.platforms.discord.buttons import ConfirmButton, texts_of, turn_of
from bot.platforms.discord.channels import DiscordChannels
from bot.platforms.discord.events import NAME, place_of_interaction, to_readable
from bot.platforms.discord.locales import attempt_call, defer_response, language_of, show_privately
from bot.privacy.commands import ask_to_forget
from bot.runtime.tasks import AttendedTasks
from bot.taught.commands import SAVE_MESSAGE

log = structlog.get_logger(__name__)

FORMS = frozenset({"teach", "edit", "draft"})  # commands and buttons that are answered by a form
PUBLIC = frozenset({"recrawl"})  # commands that everybody sees the outcome of
_LOOK_SECONDS = 1.0  # for the question that a message answers: the form has to be there within three
_CHOICES = 25


class DiscordCommands:
    """`content`: whether the bot is shown messages that do not address it."""

    def __init__(self, console: Console, channels: DiscordChannels, team: Team, *, me: int, content: bool) -> None:
        self._console = console
        self._channels = channels
        self._team = team
        self._me = me
        self._content = content
        self._attended = AttendedTasks("steering")

    def close(self) -> None:
        """Attend to nothing more: what is shown of it then, another process brings to its end."""
        self._attended.cancel_all()

    def build_actor(self, interaction: discord.Interaction[Any]) -> Actor:
        """Who calls, as Discord tells of them with the call."""
        return self._team.build_actor(interaction)

    # -- commands -------------------------------------------------------------------------------------------------

    async def run_command(self, interaction: discord.Interaction[Any], call: Call) -> None:
        """A command. Where it is public, Discord's own admins see it so from the start; others first have to be let."""
        actor = self.build_actor(interaction)
        original = Original.PRIVATE
        if call.name in FORMS:
            original = Original.NONE
        elif call.name in PUBLIC and actor.role is Role.ADMIN:
            original = Original.PUBLIC
        if original is not Original.NONE:
            await defer_response(interaction, private=original is Original.PRIVATE)
        screen = DiscordAdminReply(interaction, self._channels, original, self._attended.attend_to)
        place = place_of_interaction(interaction)
        answer = await self._console.run(actor, place, call, screen)
        await screen.show_answer(self._add_hint(call, answer))

    def _add_hint(self, call: Call, answer: Card | Form | None) -> Card | Form | None:
        """What a help channel needs besides."""
        marked = isinstance(answer, Card) and " a help channel now" in answer.text
        if call.name != "channel help" or not marked or self._content:
            return answer
        assert isinstance(answer, Card)  # noqa: S101
        return replace(answer, footnote=words_for("en").say("help_needs_content"))

    async def suggest_sources(
        self, interaction: discord.Interaction[Any], typed: str
    ) -> list[app_commands.Choice[str]]:
        """Names of sources that hold what is typed, for those who may steer them."""
        names = await self._console.complete(self.build_actor(interaction), Kind.SOURCE)
        fit = [name for name in names if typed.casefold() in name.casefold() and len(name) <= 100]
        return [app_commands.Choice(name=name, value=name) for name in fit[:_CHOICES]]

    async def forget_me(self, interaction: discord.Interaction[Any]) -> None:
        """`/forget-me`: asks first."""
        await show_privately(interaction, ask_to_forget(self.build_actor(interaction), language_of(interaction)))

    # -- menus of messages ----------------------------------------------------------------------------------------

    async def explain_answer(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        """ "Why this answer?" on a message."""
        turn_id = turn_of(message)
        await defer_response(interaction, private=True)
        screen = DiscordAdminReply(interaction, self._channels, Original.PRIVATE, self._attended.attend_to)
        if not turn_id:
            await screen.show_answer(Card(text="That is no answer of mine: use this on one, where its buttons are."))
            return
        actor, place = self.build_actor(interaction), place_of_interaction(interaction)
        await screen.show_answer(await self._console.click(actor, place, "explain", turn_id, screen))

    async def save_message(self, interaction: discord.Interaction[Any], message: discord.Message) -> None:
        """ "Save as FAQ answer" on a message: a form with it, and with the question it answers."""
        question = ""
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                with translate_delivery_errors():
                    if asked := await _question_of(message):
                        question = " ".join(to_readable(texts_of(asked), self._me).split())
        except (DeliveryError, TimeoutError) as error:
            log.info("question not found", cause=str(error))
        answer = to_readable(texts_of(message), self._me)
        fields = {"question": question, "answer": answer, "url": message.jump_url}
        actor, place = self.build_actor(interaction), place_of_interaction(interaction)
        screen = DiscordAdminReply(interaction, self._channels, Original.NONE, self._attended.attend_to)
        await screen.show_answer(await self._console.submit(actor, place, SAVE_MESSAGE, "", fields))

    # -- buttons and forms ----------------------------------------------------------------------------------------

    async def handle_click(self, interaction: discord.Interaction[Any], button: Button) -> None:
        """A card's button; one that asks first does so here, and changes nothing yet."""
        message = interaction.message
        if button.confirm:
            seen = message is not None and not message.flags.ephemeral
            sure = ConfirmButton(button.action, button.value, button.label, str(message.id) if message and seen else "")
            asking = cards.draw_confirmation(button.confirm, sure)
            await attempt_call(interaction.response.send_message(view=asking, ephemeral=True))
            return
        if button.action not in FORMS:
            await attempt_call(interaction.response.defer())
        screen = DiscordAdminReply(interaction, self._channels, Original.CLICKED, self._attended.attend_to)
        await self._forward_click(interaction, screen, button.action, button.value)

    async def handle_confirmation(
        self, interaction: discord.Interaction[Any], action: str, value: str, message: str
    ) -> None:
        """The button of the question that `clicked` asked."""
        await attempt_call(interaction.response.defer())
        standing = None
        if message:
            workspace = place_of_interaction(interaction).workspace
            standing = MessageRef(NAME, workspace, str(interaction.channel_id), message)
        screen = DiscordAdminReply(interaction, self._channels, Original.PRIVATE, self._attended.attend_to, standing)
        await self._forward_click(interaction, screen, action, value)

    async def _forward_click(
        self, interaction: discord.Interaction[Any], screen: DiscordAdminReply, action: str, value: str
    ) -> None:
        place = place_of_interaction(interaction)
        await screen.show_answer(await self._console.click(self.build_actor(interaction), place, action, value, screen))

    async def handle_form(self, interaction: discord.Interaction[Any], name: str) -> bool:
        """A form; -> whether it is one of the console's."""
        head, _, rest = name.partition(":form:")
        action, _, value = rest.partition(":")
        if head != "frontdesk" or not action:
            return False
        data: Any = interaction.data or {}
        if interaction.message:
            await attempt_call(interaction.response.defer())
            original = Original.CLICKED
        else:
            await defer_response(interaction, private=True)
            original = Original.PRIVATE
        screen = DiscordAdminReply(interaction, self._channels, original, self._attended.attend_to)
        fields = cards.values_of(data.get("components"))
        actor, place = self.build_actor(interaction), place_of_interaction(interaction)
        await screen.show_answer(await self._console.submit(actor, place, action, value, fields, screen))
        return True


async def _question_of(message: discord.Message) -> discord.Message | None:
    """The message that one replies to, else the one its thread began with. Raises what the library raises."""
    channel: Any = message.channel
    reference = message.reference
    if reference and reference.message_id:
        if isinstance(reference.resolved, discord.Message):
            return reference.resolved
        where = channel
        if reference.channel_id not in {None, channel.id}:
            where = message._state._get_client().get_partial_messageable(reference.channel_id)
        return await where.fetch_message(reference.message_id)  # type: ignore[no-any-return]
    if not isinstance(channel, discord.Thread) or channel.id == message.id:
        return None
    post = isinstance(channel.parent, discord.ForumChannel)
    where = channel if post or channel.parent is None else channel.parent
    return await where.fetch_message(channel.id)  # type: ignore[union-attr]
