"""`/faq contradictions …` and `/faq stale`: whether what is known is still true."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from bot.chat.people import Role
from bot.commands.registry import Parameter, Terminal, command, on_button
from bot.errors import InputError
from bot.freshness import cards as drawing
from bot.freshness.models import Keep
from bot.i18n import words_for

if TYPE_CHECKING:
    from bot.chat.card import Card
    from bot.commands.context import Answer, CommandContext
    from bot.freshness.models import Found
    from bot.freshness.service import Contradictions
    from bot.freshness.stale import Staleness

_WHICH = Parameter("id", "Its id, or the first digits of it, as /faq contradictions list tells it.")
_KEEP = Parameter(
    "keep",
    "The first, the second, or both. Without it, both texts and the choices are shown.",
    required=False,
    choices=tuple(keep.value for keep in Keep),
)


class FreshnessCommands:
    """What an admin keeps the knowledge true with."""

    GROUPS: ClassVar[Mapping[str, str]] = {"contradictions": "Entries that contradict each other."}

    def __init__(self, contradictions: Contradictions, staleness: Staleness) -> None:
        self._contradictions = contradictions
        self._staleness = staleness

    @command(
        "contradictions",
        Role.ADMIN,
        "entries that answer the same question differently",
        terminal=Terminal(more="Found at every re-crawl, and here among what has been taught since."),
    )
    async def _list_contradictions(self, context: CommandContext) -> Answer:
        await self._contradictions.scan_entries()
        found = await self._contradictions.list()
        return drawing.contradictions_card(found, words_for(context.actor.language)).with_data(found)

    @command("contradictions settled", Role.ADMIN, "what was decided, by whom and when")
    async def _list_settled(self, context: CommandContext) -> Answer:
        settled = [each for each in await self._contradictions.list() if not each.needs_decision]
        return drawing.settled_card(settled, words_for(context.actor.language)).with_data(settled)

    @command("contradictions show", Role.ADMIN, "look at both entries, and decide", _WHICH)
    async def _show_contradiction(self, context: CommandContext) -> Answer:
        return self._draw(context, await self._contradictions.get(context.text("id")))

    @command(
        "contradictions settle",
        Role.ADMIN,
        "say which entry is answered from; the other is set aside until it changes",
        _WHICH,
        _KEEP,
        terminal=Terminal(parameters=(replace(_KEEP, named=True),)),
    )
    async def _settle_contradiction(self, context: CommandContext) -> Answer:
        text = context.text("keep").casefold()
        if not text:
            return self._draw(context, await self._contradictions.get(context.text("id")), asked=True)
        if text not in {keep.value for keep in Keep}:
            raise InputError(f"{text[:20]!r} is none of {', '.join(keep.value for keep in Keep)}.")
        return await self._settle(context, context.text("id"), Keep(text))

    @command("contradictions reopen", Role.ADMIN, "take a decision back: both are answered from again", _WHICH)
    async def _reopen_contradiction(self, context: CommandContext) -> Answer:
        return self._draw(context, await self._contradictions.reopen(context.text("id")))

    @on_button("keep_first", Role.ADMIN)
    async def _keep_first(self, context: CommandContext) -> Answer:
        return await self._settle_pressed(context, Keep.FIRST)

    @on_button("keep_second", Role.ADMIN)
    async def _keep_second(self, context: CommandContext) -> Answer:
        return await self._settle_pressed(context, Keep.SECOND)

    @on_button("keep_both", Role.ADMIN)
    async def _keep_both(self, context: CommandContext) -> Answer:
        return await self._settle_pressed(context, Keep.BOTH)

    @on_button("reopen_contradiction", Role.ADMIN)
    async def _reopen_pressed(self, context: CommandContext) -> Answer:
        await context.screen.show_card(self._draw(context, await self._contradictions.reopen(context.value)))
        return None

    @command(
        "stale",
        Role.ADMIN,
        "answers that may be out of date, and why",
        terminal=Terminal(more="What reaches most people first."),
    )
    async def _show_stale(self, context: CommandContext) -> Answer:
        stale = await self._staleness.list()
        return drawing.stale_card(stale, words_for(context.actor.language)).with_data(stale)

    async def _settle_pressed(self, context: CommandContext, keep: Keep) -> Answer:
        await context.screen.show_card(await self._settle(context, context.value, keep))
        return None

    async def _settle(self, context: CommandContext, contradiction_id: str, keep: Keep) -> Card:
        found, as_decided = await self._contradictions.settle(contradiction_id, keep, context.actor.id)
        return self._draw(context, found, overruled=not as_decided)

    def _draw(self, context: CommandContext, found: Found, *, asked: bool = False, overruled: bool = False) -> Card:
        words = words_for(context.actor.language)
        card = drawing.contradiction_card(
            found, words, asked=asked, overruled=overruled, at_terminal=context.at_terminal
        )
        return card.with_data(found)
