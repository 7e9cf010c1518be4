"""What admins are shown of keys. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.chat.card import Card, Table
from bot.chat.text import ago

if TYPE_CHECKING:
    from bot.api_keys.models import ApiKey
    from bot.api_keys.service import NewKey


def keys_card(keys: Sequence[ApiKey]) -> Card:
    """`/faq keys`."""
    title = "Keys of the HTTP API"
    if not keys:
        return Card(title=title, text="None yet: /faq keys add <name> --scope ask,search makes one.")
    rows = tuple(
        (
            each.name,
            f"fdk_{each.id}_…",
            " ".join(sorted(each.scopes)),
            ago(each.created_at),
            ago(each.last_used_at),
            _describe_end(each),
        )
        for each in keys
    )
    return Card(title=title, table=Table(("name", "key", "scopes", "made", "used", "expires"), rows))


def new_key_card(made: NewKey) -> Card:
    """`/faq keys add`: the one time that a key is shown."""
    return Card(
        title=f"A key for {made.key.name}",
        facts={
            "Key": made.token,
            "Scopes": " ".join(sorted(made.key.scopes)),
            "Expires": _describe_end(made.key),
        },
        footnote="Copy it now: it is shown this once. Whoever has it may call the API as that name.",
    )


def _describe_end(key: ApiKey) -> str:
    if key.expires_at is None:
        return "never"
    return f"{ago(key.expires_at)}{', no longer valid' if key.is_expired(datetime.now(UTC)) else ''}"
