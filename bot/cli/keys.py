"""How `frontdesk keys …` tells scripts of the keys of the HTTP API."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from bot.cli.commands import TerminalForm

if TYPE_CHECKING:
    from bot.api_keys.models import ApiKey
    from bot.api_keys.service import NewKey


def _keys_as_json(keys: Sequence[ApiKey]) -> list[dict[str, Any]]:
    return [_key_as_dict(each) for each in keys]


def _new_key_as_dict(made: NewKey) -> dict[str, Any]:
    return {"key": made.token, **_key_as_dict(made.key)}


def _key_as_dict(key: ApiKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "name": key.name,
        "scopes": sorted(key.scopes),
        "created_at": key.created_at,
        "expires_at": key.expires_at,
        "last_used_at": key.last_used_at,
    }


FORMS = {
    "keys": TerminalForm(as_json=_keys_as_json),
    "keys add": TerminalForm(as_json=_new_key_as_dict),
}
