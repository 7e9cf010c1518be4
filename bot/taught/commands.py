"""Commands, buttons and forms about taught answers."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from bot.chat.card import Card, File
from bot.chat.groups import read_audience
from bot.chat.people import Role
from bot.commands.registry import Kind, Parameter, Terminal, command, note_nothing, on_button, on_form
from bot.errors import InputError
from bot.taught import cards as drawing
from bot.taught.models import Taught, TaughtState

if TYPE_CHECKING:
    from bot.chat.platform import Platform
    from bot.chat.ports import Markers
    from bot.commands.context import Answer, CommandContext
    from bot.gaps.ports import DraftStore
    from bot.taught.service import TaughtAnswers

SAVE_MESSAGE = "save"  # the menu of a message
_FIELDS = (  # of the form, for a surface that has none
    Parameter("question", "As a customer would ask it.", named=True),
    Parameter("answer", "In Markdown; '-' reads it from standard input.", named=True),
    Parameter("expires", "2026-12-31, a number of days, or never.", required=False, named=True),
)


class TaughtCommands:
    """What a teammate teaches, corrects, approves and takes out."""

    GROUPS: ClassVar[Mapping[str, str]] = {"taught": "What people taught me."}

    def __init__(
        self, taught_answers: TaughtAnswers, markers: Markers, platforms: Mapping[str, Platform], drafts: DraftStore
    ) -> None:
        self._taught_answers = taught_answers
        self._drafts = drafts
        self._platforms = platforms
        self._markers = markers

    @command(
        "taught",
        Role.TEAMMATE,
        "what people taught me",
        Parameter("state", "Only those.", required=False, choices=tuple(state.value for state in TaughtState)),
    )
    async def _list_taught(self, asked: CommandContext) -> Answer:
        text = asked.text("state").casefold()
        try:
            states = (TaughtState(text),) if text else ()
        except ValueError:
            known = ", ".join(state.value for state in TaughtState)
            raise InputError(f"{text!r} is none of {known}.") from None
        taught = await self._taught_answers.list(*states)
        return drawing.taught_list(taught).with_data(taught)

    @command(
        "taught show",
        Role.TEAMMATE,
        "look at a taught answer, and what can be done about it",
        Parameter("id", "Its id, or the first digits of it, as /faq taught list tells it."),
    )
    async def _show_list_taught(self, asked: CommandContext) -> Answer:
        taught = await self._taught_answers.get(asked.text("id"))
        return drawing.proposal_card(await self._taught_answers.proposal(taught))

    @command(
        "taught audience",
        Role.TEAMMATE,
        "whom a taught answer is for",
        Parameter("id", "Its id, or the first digits of it, as /faq taught list tells it."),
        Parameter("audience", "Only slack:C0123…, discord:server:…, discord:role:…, here; or everybody.", Kind.REST),
    )
    async def _limit_taught(self, asked: CommandContext) -> Answer:
        audience = read_audience(asked.text("audience"), self._platforms, asked.place)
        return drawing.taught_card(await self._taught_answers.limit(asked.text("id"), audience))

    @command(
        "teach",
        Role.TEAMMATE,
        "teach me an answer",
        note=note_nothing,
        terminal=Terminal(
            parameters=_FIELDS,
            more="It is used from now on and named after you. It stands above what pages say.",
        ),
    )
    async def _teach_or_ask(self, asked: CommandContext) -> Answer:
        question, answer = asked.text("question"), asked.text("answer")
        if asked.at_terminal:  # which has no forms
            expires = asked.text("expires")
            taught = await self._taught_answers.teach(asked.actor, question, answer, expires=expires, place=asked.place)
            return drawing.taught_card(taught)
        return drawing.teach_form("teach", "new")

    @on_form("teach", Role.TEAMMATE)
    async def _teach_by_form(self, asked: CommandContext) -> Answer:
        url = await self._markers.get(f"teach:{asked.value}")
        taught = await self._taught_answers.teach(
            asked.actor,
            asked.fields.get("question", ""),
            asked.fields.get("answer", ""),
            expires=asked.fields.get("expires", ""),
            url=url,
            place=asked.place,
        )
        return drawing.taught_card(taught)

    @on_form(SAVE_MESSAGE, Role.TEAMMATE, note=note_nothing)
    async def _save_message(self, asked: CommandContext) -> Answer:
        """ "Save as FAQ answer" on somebody's message: a form with what is known."""
        token = uuid.uuid4().hex[:12]
        await self._markers.set(f"teach:{token}", asked.fields["url"])
        return drawing.teach_form("teach", token, question=asked.fields["question"], answer=asked.fields["answer"])

    @on_button("draft", Role.TEAMMATE)
    async def _take_over_draft(self, asked: CommandContext) -> Answer:
        """What a model drafted for a gap, in the form that teaches an answer: nothing is taught until it is sent."""
        draft = await self._drafts.get(asked.value)
        if draft is None:
            raise InputError("That draft is gone, as is the question that it was made from: /faq teach opens a form.")
        return drawing.teach_form("teach", "new", question=draft.question, answer=draft.answer)

    @on_button("edit", Role.TEAMMATE)
    async def _open_edit_form(self, asked: CommandContext) -> Answer:
        taught = await self._taught_answers.get(asked.value)
        if len(taught.answer) > drawing.FORM_ANSWER:  # a form would cut it off
            raise InputError(
                f"That is too long for a form: edit it where I run, by frontdesk taught edit {taught.id[:8]}"
            )
        return drawing.teach_form("edit", asked.value, taught)

    @on_form("edit", Role.TEAMMATE)
    async def _edit_by_form(self, asked: CommandContext) -> Answer:
        taught = await self._taught_answers.edit(
            asked.actor,
            asked.value,
            asked.fields.get("question", ""),
            asked.fields.get("answer", ""),
            asked.fields.get("expires", ""),
        )
        await self._show_anew(asked, taught)
        return None

    @on_button("approve", Role.TEAMMATE)
    async def _approve(self, asked: CommandContext) -> Answer:
        return await self._show_decision(asked, await self._taught_answers.approve(asked.actor, asked.value))

    @on_button("dismiss", Role.TEAMMATE)
    async def _dismiss(self, asked: CommandContext) -> Answer:
        return await self._show_decision(asked, await self._taught_answers.dismiss(asked.value))

    async def _show_decision(self, asked: CommandContext, changed: Taught | None) -> Answer:
        taught = changed or await self._taught_answers.get(asked.value)
        await self._show_anew(asked, taught)
        return None if changed else Card(text=f"It is {taught.state.value} already.")

    async def _show_anew(self, asked: CommandContext, taught: Taught) -> None:
        await asked.screen.show_card(drawing.taught_card(taught), public=True)

    @command(
        "export",
        Role.TEAMMATE,
        "taught answers as html or json-ld, for your own site",
        Parameter("format", "A page, or schema.org data.", required=False, choices=("html", "json-ld")),
        terminal=Terminal(name="taught export"),
    )
    async def _export(self, asked: CommandContext) -> Answer:
        from bot.taught.export import as_html, as_json_ld

        kind = (asked.text("format") or "html").casefold()
        now = datetime.now(UTC)
        approved = await self._taught_answers.list(TaughtState.APPROVED)
        lasting = [each for each in reversed(approved) if each.expires_at is None or each.expires_at > now]
        taught = [each for each in lasting if not each.audience]  # what comes of it is for everybody to read
        if not taught and lasting:
            raise InputError("Every taught answer is limited to some: nothing is left for a site that all may read.")
        if not taught:
            return Card(text="No taught answer is approved yet, or all have expired: see /faq taught list.")
        if kind == "html":
            file = File("faq.html", as_html(taught))
        elif kind in {"json", "json-ld", "jsonld"}:
            file = File("faq.jsonld", as_json_ld(taught))
        else:
            raise InputError(f"{kind!r} is none of html, json-ld.")
        left = len(lasting) - len(taught)
        out = f" {left} more are limited to some, and left out." if left else ""
        return Card(text=f"{len(taught)} taught answers.{out}", file=file)
