"""Commands and buttons about what customers asked: why it was answered so, what is missing, who takes it over."""

from __future__ import annotations

from bot.cards import File
from bot.console import drawing
from bot.console.gaps import gaps_card
from bot.console.parts import Answer, Asked, Parts, Works
from bot.errors import InputError, NotAllowed
from bot.handoff.packets import CLAIM, REOPEN, RESOLVE
from bot.knowledge.gaps import to_csv
from bot.people import Role
from bot.steering import HandoffState

_DAYS = 7


class QuestionCommands:
    """Explanations, gaps and handoffs."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.commands: Works = {
            "explain": (Role.TEAMMATE, self._explain),
            "gaps": (Role.ADMIN, self._gaps),
            "handoffs": (Role.TEAMMATE, self._handoffs),
        }
        self.clicks: Works = {
            "gaps": (Role.ADMIN, self._gaps),
            CLAIM: (Role.TEAMMATE, self._claim),
            RESOLVE: (Role.TEAMMATE, self._resolve),
            REOPEN: (Role.CUSTOMER, self._reopen),
            "explain": (Role.TEAMMATE, self._explain),
        }

    async def _explain(self, asked: Asked) -> Answer:
        return drawing.explanation_card(await self._parts.conversations.turn(asked.value or asked.text("answer")))

    async def _gaps(self, asked: Asked) -> Answer:
        text = asked.text("days") or str(_DAYS)
        if not text.isdecimal() or len(text) > 3 or not 1 <= int(text) <= 366:
            raise InputError(f"{text[:20]!r} is no number of days from 1 to 366.")
        report = await self._parts.gaps.report(days=int(text))
        file = File(f"gaps-{report.until:%Y-%m-%d}.csv", to_csv(report)) if report.gaps else None
        return gaps_card(report, file)

    async def _handoffs(self, asked: Asked) -> Answer:
        return drawing.handoffs_card(await self._parts.handoffs.list(HandoffState.OPEN, HandoffState.CLAIMED))

    async def _claim(self, asked: Asked) -> Answer:
        await self._check_place(asked)
        return await self._parts.handing.claim(asked.actor, asked.value)

    async def _resolve(self, asked: Asked) -> Answer:
        await self._check_place(asked)
        return await self._parts.handing.resolve(asked.actor, asked.value)

    async def _reopen(self, asked: Asked) -> Answer:
        await self._check_place(asked)
        return await self._parts.handing.reopen(asked.actor, asked.value)

    async def _check_place(self, asked: Asked) -> None:
        if not await self._parts.handing.may_steer(asked.actor, asked.value, asked.place):
            raise NotAllowed("That is for those who see the support channel, there.")
