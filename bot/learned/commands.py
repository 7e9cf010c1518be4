"""`/faq learned …`: the wordings that customers have shown the entries of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from bot.chat.card import Card, Line, Table
from bot.chat.people import Role
from bot.chat.text import ago, short
from bot.commands.registry import Parameter, command

if TYPE_CHECKING:
    from bot.commands.context import Answer, CommandContext
    from bot.learned.models import Evidence
    from bot.learned.service import Wording, WordingLearner

_ROWS, _GESTURES = 40, 10
_ID = 8  # digits shown of an id


_WHICH = Parameter("id", "Its id, or the first digits of it, as /faq learned list tells it.")


class LearnedCommands:
    """Learned wordings: shown, and taken out."""

    GROUPS: ClassVar[Mapping[str, str]] = {"learned": "What customers showed of their words."}

    def __init__(self, wordings: WordingLearner) -> None:
        self._wordings = wordings

    @command("learned", Role.ADMIN, "which entries customers showed that their words mean")
    async def _show_wordings(self, _context: CommandContext) -> Answer:
        wordings = await self._wordings.list()
        return learned_card(wordings).with_data(wordings)

    @command("learned show", Role.ADMIN, "look at a learned wording, and what it rests on", _WHICH)
    async def _show_wording(self, context: CommandContext) -> Answer:
        wording, evidence = await self._wordings.get(context.text("id"))
        return wording_card(wording, evidence).with_data((wording, evidence))

    @command("learned remove", Role.ADMIN, "take one out; it is not learned again", _WHICH)
    async def _remove_wording(self, context: CommandContext) -> Answer:
        wording = await self._wordings.remove(context.text("id"))
        return Card(text=f"Taken out, and not learned again: “{short(wording.question)}” for “{short(wording.title)}”")


def learned_card(wordings: Sequence[Wording]) -> Card:
    """The wordings, those in use first."""
    title = "Learned wordings"
    if not wordings:
        return Card(title=title, text="None yet: customers show them by what they choose, confirm and vote for.")
    rows = tuple(
        (
            each.id[:_ID],
            short(each.question, 60),
            short(each.title, 60),
            str(each.supporters),
            str(each.opponents),
            "yes" if each.used else "no",
        )
        for each in wordings[:_ROWS]
    )
    left = len(wordings) - len(rows)
    return Card(
        title=title,
        table=Table(("id", "words", "entry", ">for", ">against", "used"), rows),
        footnote="/faq learned show <id> for one of them."
        + (f" {left} more: frontdesk learned list --json" if left else ""),
    )


def wording_card(wording: Wording, evidence: Sequence[Evidence]) -> Card:
    """A wording, and what people did that showed it; who they are stays untold."""
    state = "the next customer who writes these words is answered with it" if wording.used else "not used"
    lines = tuple(Line(each.gesture.value.replace("_", " "), note=ago(each.created_at)) for each in evidence)
    left = len(lines) - _GESTURES
    return Card(
        title=f"Learned wording {wording.id[:_ID]}",
        facts={
            "Words": short(wording.question),
            "Entry": short(" ".join(filter(None, [wording.title, wording.url]))),
            "People": f"{wording.supporters} for it, {wording.opponents} against",
            "State": state,
        },
        lines=lines[:_GESTURES],
        footnote=(f"And {left} more. " if left > 0 else "") + f"/faq learned remove {wording.id[:_ID]} takes it out.",
    )
