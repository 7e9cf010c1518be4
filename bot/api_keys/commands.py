"""`/faq keys …`: who may call the HTTP API."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from bot.api_keys.cards import keys_card, new_key_card
from bot.api_keys.models import Scope
from bot.chat.card import Card
from bot.chat.people import Role
from bot.commands.registry import AuditNote, Kind, Parameter, Terminal, command
from bot.errors import InputError

if TYPE_CHECKING:
    from bot.api_keys.service import ApiKeys
    from bot.commands.context import Answer, CommandContext

_SEPARATORS = re.compile(r"[\s,;]+")
_NAME = Parameter("name", "Who calls with it: small letters, digits, dots, hyphens.")
_SCOPES = Parameter("scope", f"What it is for, separated by commas: {', '.join(Scope)}.", required=False, named=True)
_DAYS = Parameter("days", "For how many days. Without it: until it is removed.", Kind.DAYS, required=False, named=True)


def _note_key(context: CommandContext) -> AuditNote:
    """Whose key it is, and what for."""
    return AuditNote(" ".join(filter(None, map(context.text, ("name", "scope", "days")))))


class KeyCommands:
    """Keys: made, listed, taken back."""

    GROUPS: ClassVar[Mapping[str, str]] = {"keys": "Who may call the HTTP API."}

    def __init__(self, keys: ApiKeys) -> None:
        self._keys = keys

    @command("keys", Role.ADMIN, "the keys of the HTTP API, and when each was used last")
    async def _show_keys(self, _context: CommandContext) -> Answer:
        keys = await self._keys.list_keys()
        return keys_card(keys).with_data(keys)

    @command(
        "keys add",
        Role.ADMIN,
        "make a key, which is shown once",
        _NAME,
        _SCOPES,
        _DAYS,
        note=_note_key,
        terminal=Terminal(more="The API is on with FRONTDESK_API=true."),
    )
    async def _add_key(self, context: CommandContext) -> Answer:
        days = context.count_days(0) if context.text("days") else None
        made = await self._keys.create_key(context.text("name"), _read_scopes(context), days)
        return new_key_card(made).with_data(made)

    @command("keys remove", Role.ADMIN, "take a key back at once", _NAME)
    async def _remove_key(self, context: CommandContext) -> Answer:
        name = context.text("name")
        await self._keys.remove_key(name)
        return Card(text=f"The key of {name} opens nothing any more.")


def _read_scopes(context: CommandContext) -> list[Scope]:
    """Raises InputError."""
    known, found = {each.value: each for each in Scope}, []
    for word in filter(None, _SEPARATORS.split(context.text("scope"))):
        if (scope := known.get(word.casefold())) is None:
            raise InputError(f"{word[:20]!r} is no scope: name some of {', '.join(Scope)}.")
        found.append(scope)
    return found
