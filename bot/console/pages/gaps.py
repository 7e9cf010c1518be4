"""Gaps: what people asked and was not answered well, to be taught, given to somebody, or put aside."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import Response

from bot.chat.people import Role
from bot.console.requests import Page, PageRequest
from bot.errors import UnknownTurn
from bot.gaps.service import title_of
from bot.taught.cards import teach_form

if TYPE_CHECKING:
    from bot.chat.ports import ConversationStore
    from bot.gaps.ports import DraftStore
    from bot.gaps.service import Gap, GapReport, Gaps

_SPANS = (7, 28, 90)
_SHOWN, _QUESTIONS = 50, 30  # gaps of a report, and questions of a gap
_KNOWN_BY = 10  # questions by which a mark is to find its gap again


class GapPages:
    """`gaps` may take long: who asks for the same report while it is made gets that one."""

    def __init__(self, gaps: Gaps, drafts: DraftStore, conversations: ConversationStore) -> None:
        self._gaps = gaps
        self._drafts = drafts
        self._conversations = conversations
        self._making: dict[int, asyncio.Task[GapReport]] = {}

    @property
    def pages(self) -> Sequence[Page]:
        """The page, the report on it, and the form that teaches what one lacks."""
        return (
            Page("/gaps", Role.ADMIN, self._show_gaps, title="Gaps"),
            Page("/gaps/report", Role.ADMIN, self._show_report),
            Page("/gaps/{turn}/teach", Role.ADMIN, self._show_teach_form),
        )

    async def _show_gaps(self, page: PageRequest) -> Response:
        return page.render("gaps.html", days=_read_days(page), spans=_SPANS)

    async def _show_report(self, page: PageRequest) -> Response:
        days = _read_days(page)
        report = await self._make_report(days)
        return page.render(
            "_gaps.html" if page.is_partial else "gaps_report.html",
            report=report,
            days=days,
            spans=_SPANS,
            shown=report.gaps[:_SHOWN],
            assignees=sorted({each.assignee for each in report.gaps if each.assignee} | {page.actor.shown}),
            most=_QUESTIONS,
            list_ids=list_ids,
        )

    async def _make_report(self, days: int) -> GapReport:
        if days not in self._making:
            self._making[days] = asyncio.create_task(self._gaps.report(days=days))
            self._making[days].add_done_callback(lambda made: self._note_end(days, made))
        return await asyncio.shield(self._making[days])  # whoever leaves takes it from nobody

    def _note_end(self, days: int, made: asyncio.Task[GapReport]) -> None:
        self._making.pop(days, None)
        if not made.cancelled():
            made.exception()  # whoever waits has it; where nobody does any more, it is no fault of theirs

    async def _show_teach_form(self, page: PageRequest) -> Response:
        """With the draft that a model made from the question, if there is one."""
        try:
            turn = await self._conversations.find_turn(page.http.path_params["turn"])
        except UnknownTurn:
            raise HTTPException(404) from None
        draft = await self._drafts.get(turn.id)
        question = draft.question if draft else title_of(turn.standalone_question)
        form = teach_form("teach", "new", question=question, answer=draft.answer if draft else "")
        return page.render("_answer.html" if page.is_partial else "answer.html", answer=form, screen=None)


def list_ids(gap: Gap) -> str:
    """What names a gap where something is said of it: by its own id, and by questions of as many people as there are,
    the one of its title first, so that it is known again whoever of them is forgotten."""
    of_others = {each.asker: each.turn_id for each in gap.questions}
    first = gap.titled_by
    others = [turn_id for asker, turn_id in of_others.items() if asker != first.asker]
    return ",".join(dict.fromkeys([gap.id, first.turn_id, *others[-_KNOWN_BY + 1 :]]))


def _read_days(page: PageRequest) -> int:
    wanted = page.query("days")
    return int(wanted) if wanted in map(str, _SPANS) else _SPANS[0]
