"""Commands and buttons about what customers asked: why it was answered so, what is missing, who takes it over."""

from __future__ import annotations

from bot.chat.card import File
from bot.chat.people import Role
from bot.commands import cards as drawing
from bot.commands.context import Answer, CommandContext, CommandServices, Handlers
from bot.errors import InputError, NotAllowed
from bot.gaps.cards import gaps_card
from bot.gaps.service import to_csv
from bot.handoff.cards import CLAIM, REOPEN, RESOLVE
from bot.handoff.models import HandoffState

_DAYS = 7


class QuestionCommands:
    """Explanations, gaps and handoffs."""

    def __init__(self, parts: CommandServices) -> None:
        self._parts = parts
        self.commands: Handlers = {
            "explain": (Role.TEAMMATE, self._explain),
            "gaps": (Role.ADMIN, self._gaps),
            "handoffs": (Role.TEAMMATE, self._handoffs),
        }
        self.clicks: Handlers = {
            "gaps": (Role.ADMIN, self._gaps),
            CLAIM: (Role.TEAMMATE, self._claim),
            RESOLVE: (Role.TEAMMATE, self._resolve),
            REOPEN: (Role.CUSTOMER, self._reopen),
            "explain": (Role.TEAMMATE, self._explain),
        }

    async def _explain(self, asked: CommandContext) -> Answer:
        return drawing.explanation_card(await self._parts.conversations.find_turn(asked.value or asked.text("answer")))

    async def _gaps(self, asked: CommandContext) -> Answer:
        text = asked.text("days") or str(_DAYS)
        if not text.isdecimal() or len(text) > 3 or not 1 <= int(text) <= 366:
            raise InputError(f"{text[:20]!r} is no number of days from 1 to 366.")
        report = await self._parts.gaps.report(days=int(text))
        file = File(f"gaps-{report.until:%Y-%m-%d}.csv", to_csv(report)) if report.gaps else None
        return gaps_card(report, file)

    async def _handoffs(self, asked: CommandContext) -> Answer:
        return drawing.handoffs_card(await self._parts.handoffs.list(HandoffState.OPEN, HandoffState.CLAIMED))

    async def _claim(self, asked: CommandContext) -> Answer:
        await self._check_place(asked)
        return await self._parts.handing.claim(asked.actor, asked.value)

    async def _resolve(self, asked: CommandContext) -> Answer:
        await self._check_place(asked)
        return await self._parts.handing.resolve(asked.actor, asked.value)

    async def _reopen(self, asked: CommandContext) -> Answer:
        await self._check_place(asked)
        return await self._parts.handing.reopen(asked.actor, asked.value)

    async def _check_place(self, asked: CommandContext) -> None:
        if not await self._parts.handing.may_steer(asked.actor, asked.value, asked.place):
            raise NotAllowed("That is for those who see the support channel, there.")
