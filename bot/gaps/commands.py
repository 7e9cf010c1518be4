"""`/faq gaps …`: what people asked and was not answered well, whose it is, and what is nobody's business here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from bot.chat.card import File
from bot.chat.people import Role
from bot.commands.registry import AuditNote, Kind, Parameter, Terminal, command, on_button
from bot.errors import InputError
from bot.gaps.cards import RESTORE, assigned_card, dismissed_card, dismissed_gaps_card, gaps_card, restored_card

if TYPE_CHECKING:
    from bot.commands.context import Answer, CommandContext
    from bot.gaps.ports import GapMarkStore
    from bot.gaps.service import Gaps

_DAYS = 7
_LONGEST_NAME = 80  # characters
_WHICH = Parameter("gap", "Its id, or the first digits of it, as /faq gaps tells it.")


def _note_gap(context: CommandContext) -> AuditNote:
    """The name of whom it is assigned to is not kept."""
    return AuditNote(context.text("gap")[:12])


def _read_ids(context: CommandContext) -> Sequence[str]:
    """Of the gap, and of as many of its questions as are told with it, with commas between them."""
    return [each for each in context.text("gap").split(",") if each.strip()] or [""]


class GapCommands:
    """The gaps of some days, and what an admin says of them."""

    GROUPS: ClassVar[Mapping[str, str]] = {"gaps": "What people asked and was not answered well."}

    def __init__(self, gaps: Gaps, marks: GapMarkStore) -> None:
        self._gaps = gaps
        self._marks = marks

    @command(
        "gaps",
        Role.ADMIN,
        "what people asked and was not answered well",
        Parameter("days", f"Of how many days. Without it: {_DAYS}.", Kind.DAYS, required=False, named=True),
        Parameter("dismissed", "Those that are marked as none of ours.", Kind.FLAG),
        terminal=Terminal(more="Grouped by meaning: the FAQ entries that are missing."),
    )
    @on_button("gaps", Role.ADMIN)
    async def _show_gaps(self, context: CommandContext) -> Answer:
        from bot.gaps.service import to_csv

        report = await self._gaps.report(days=context.count_days(_DAYS))
        if context.options.get("dismissed"):
            return dismissed_gaps_card(report).with_data(report)
        file = File(f"gaps-{report.until:%Y-%m-%d}.csv", to_csv(report)) if report.gaps or context.at_terminal else None
        return gaps_card(report, file).with_data(report)

    @command(
        "gaps assign",
        Role.ADMIN,
        "say who is to close a gap",
        _WHICH,
        Parameter("person", "Their name. Without it: nobody any more.", Kind.REST, required=False),
        note=_note_gap,
    )
    async def _assign_gap(self, context: CommandContext) -> Answer:
        person = " ".join(context.text("person").split())
        if len(person) > _LONGEST_NAME:
            raise InputError(f"A name has at most {_LONGEST_NAME} characters.")
        mark = await self._marks.record_mark(_read_ids(context), context.actor.id, assignee=person)
        return assigned_card(mark).with_data(mark)

    @command(
        "gaps dismiss",
        Role.ADMIN,
        "mark a gap as none of ours: it is shown no more, however often it is asked",
        _WHICH,
        note=_note_gap,
    )
    async def _dismiss_gap(self, context: CommandContext) -> Answer:
        mark = await self._marks.record_mark(_read_ids(context), context.actor.id, dismissed=True)
        return dismissed_card(mark).with_data(mark)

    @command("gaps restore", Role.ADMIN, "show a dismissed gap again", _WHICH, note=_note_gap)
    async def _restore_gap(self, context: CommandContext) -> Answer:
        return await self._restore(context, _read_ids(context))

    @on_button(RESTORE, Role.ADMIN)
    async def _restore_pressed(self, context: CommandContext) -> Answer:
        return await self._restore(context, [context.value])

    async def _restore(self, context: CommandContext, ids: Sequence[str]) -> Answer:
        mark = await self._marks.record_mark(ids, context.actor.id, dismissed=False)
        return restored_card(mark).with_data(mark)
