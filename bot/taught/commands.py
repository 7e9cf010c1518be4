"""Commands, buttons and forms about taught answers."""

from __future__ import annotations

from datetime import UTC, datetime

from bot.chat.card import Card, File
from bot.chat.people import Role
from bot.commands import cards as drawing
from bot.commands.context import Answer, CommandContext, CommandServices, Handlers
from bot.errors import InputError
from bot.taught.export import as_html, as_json_ld
from bot.taught.models import Taught, TaughtState


class TaughtCommands:
    """What a teammate teaches, corrects, approves and takes out."""

    def __init__(self, parts: CommandServices) -> None:
        self._parts = parts
        self.commands: Handlers = {
            "taught": (Role.TEAMMATE, self._taught),
            "taught show": (Role.TEAMMATE, self._show_taught),
            "teach": (Role.TEAMMATE, self._teach),
            "export": (Role.TEAMMATE, self._export),
        }
        self.clicks: Handlers = {
            "approve": (Role.TEAMMATE, self._approve),
            "edit": (Role.TEAMMATE, self._edit),
            "dismiss": (Role.TEAMMATE, self._dismiss),
        }
        self.forms: Handlers = {
            "teach": (Role.TEAMMATE, self._taught_by_form),
            "edit": (Role.TEAMMATE, self._edited_by_form),
        }

    async def _taught(self, asked: CommandContext) -> Answer:
        text = asked.text("state").casefold()
        try:
            states = (TaughtState(text),) if text else ()
        except ValueError:
            known = ", ".join(state.value for state in TaughtState)
            raise InputError(f"{text!r} is none of {known}.") from None
        return drawing.taught_list(await self._parts.teaching.list(*states))

    async def _show_taught(self, asked: CommandContext) -> Answer:
        taught = await self._parts.teaching.get(asked.text("id"))
        return drawing.proposal_card(await self._parts.teaching.proposal(taught))

    async def _teach(self, asked: CommandContext) -> Answer:
        question, answer = asked.text("question"), asked.text("answer")
        if question and answer:  # from the command line, which has no forms
            taught = await self._parts.teaching.teach(asked.actor, question, answer, expires=asked.text("expires"))
            return drawing.taught_card(taught)
        return drawing.teach_form("teach", "new")

    async def _taught_by_form(self, asked: CommandContext) -> Answer:
        url = await self._parts.markers.get(f"teach:{asked.value}")
        taught = await self._parts.teaching.teach(
            asked.actor,
            asked.fields.get("question", ""),
            asked.fields.get("answer", ""),
            expires=asked.fields.get("expires", ""),
            url=url,
        )
        return drawing.taught_card(taught)

    async def _edit(self, asked: CommandContext) -> Answer:
        taught = await self._parts.teaching.get(asked.value)
        if len(taught.answer) > drawing.FORM_ANSWER:  # a form would cut it off
            raise InputError(
                f"That is too long for a form: edit it where I run, by frontdesk taught edit {taught.id[:8]}"
            )
        return drawing.teach_form("edit", asked.value, taught)

    async def _edited_by_form(self, asked: CommandContext) -> Answer:
        taught = await self._parts.teaching.edit(
            asked.actor,
            asked.value,
            asked.fields.get("question", ""),
            asked.fields.get("answer", ""),
            asked.fields.get("expires", ""),
        )
        await self._redraw(asked, taught)
        return None

    async def _approve(self, asked: CommandContext) -> Answer:
        return await self._decided(asked, await self._parts.teaching.approve(asked.actor, asked.value))

    async def _dismiss(self, asked: CommandContext) -> Answer:
        return await self._decided(asked, await self._parts.teaching.dismiss(asked.value))

    async def _decided(self, asked: CommandContext, changed: Taught | None) -> Answer:
        taught = changed or await self._parts.teaching.get(asked.value)
        await self._redraw(asked, taught)
        return None if changed else Card(text=f"It is {taught.state.value} already.")

    async def _redraw(self, asked: CommandContext, taught: Taught) -> None:
        await asked.screen.show_card(drawing.taught_card(taught), public=True)

    async def _export(self, asked: CommandContext) -> Answer:
        kind = (asked.text("format") or "html").casefold()
        now = datetime.now(UTC)
        approved = await self._parts.teaching.list(TaughtState.APPROVED)
        taught = [each for each in reversed(approved) if each.expires_at is None or each.expires_at > now]
        if not taught:
            return Card(text="No taught answer is approved yet, or all have expired.")
        if kind == "html":
            file = File("faq.html", as_html(taught))
        elif kind in {"json", "json-ld", "jsonld"}:
            file = File("faq.jsonld", as_json_ld(taught))
        else:
            raise InputError(f"{kind!r} is none of html, json-ld.")
        return Card(text=f"{len(taught)} taught answers.", file=file)
