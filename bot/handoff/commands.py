"""`/faq handoffs` and the buttons of a handoff."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.chat.people import Role
from bot.commands.registry import command, on_button
from bot.errors import NotAllowed
from bot.handoff.cards import CLAIM, HELPED, NOT_HELPED, REOPEN, RESOLVE, handoffs_card
from bot.handoff.models import HandoffState

if TYPE_CHECKING:
    from bot.commands.context import Answer, CommandContext
    from bot.handoff.ports import HandoffStore
    from bot.handoff.service import HandoffService


class HandoffCommands:
    """Who is busy with what, and the steps of a handoff."""

    def __init__(self, handoffs: HandoffService, store: HandoffStore) -> None:
        self._handoffs = handoffs
        self._store = store

    @command("handoffs", Role.TEAMMATE, "what people are busy with, or should be")
    async def _show_handoffs(self, context: CommandContext) -> Answer:
        handoffs = await self._store.list_handoffs(HandoffState.OPEN, HandoffState.CLAIMED)
        return handoffs_card(handoffs).with_data(handoffs)

    @on_button(CLAIM, Role.TEAMMATE)
    async def _claim(self, context: CommandContext) -> Answer:
        await self._check_place(context)
        return await self._handoffs.claim_handoff(context.actor, context.value)

    @on_button(RESOLVE, Role.TEAMMATE)
    async def _resolve(self, context: CommandContext) -> Answer:
        await self._check_place(context)
        return await self._handoffs.resolve_handoff(context.actor, context.value)

    @on_button(REOPEN, Role.CUSTOMER)
    async def _reopen(self, context: CommandContext) -> Answer:
        await self._check_place(context)
        return await self._handoffs.reopen_handoff(context.actor, context.value)

    @on_button(HELPED, Role.CUSTOMER)
    async def _note_helped(self, context: CommandContext) -> Answer:
        return await self._handoffs.note_whether_helped(context.actor, context.value, helped=True)

    @on_button(NOT_HELPED, Role.CUSTOMER)
    async def _note_not_helped(self, context: CommandContext) -> Answer:
        return await self._handoffs.note_whether_helped(context.actor, context.value, helped=False)

    async def _check_place(self, context: CommandContext) -> None:
        if not await self._handoffs.may_steer(context.actor, context.value, context.place):
            raise NotAllowed("That is for those who see the support channel, there.")
