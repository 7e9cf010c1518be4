"""`/faq learned …`: the wordings that customers have shown the entries of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from bot.chat.card import Card, Line, Table
from bot.commands.cards import ago, short
from bot.learned.service import Wording, WordingLearner

if TYPE_CHECKING:
    from bot.commands.context import CommandContext
    from bot.glossary.commands import Work
    from bot.learned.models import Evidence

_ROWS, _GESTURES = 40, 10
_ID = 8  # digits shown of an id


def commands(learning: Callable[[], WordingLearner]) -> Mapping[str, Work]:
    """What each command does, by its name."""

    async def listed(_asked: CommandContext) -> Card:
        return learned_card(await learning().list())

    async def show(asked: CommandContext) -> Card:
        return wording_card(*await learning().get(asked.text("id")))

    async def remove(asked: CommandContext) -> Card:
        wording = await learning().remove(asked.text("id"))
        return Card(text=f"Taken out, and not learned again: “{short(wording.question)}” for “{short(wording.title)}”")

    return {"learned": listed, "learned show": show, "learned remove": remove}


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
