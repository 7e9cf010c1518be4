"""What admins are shown of admins and the audit log. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from bot.access.models import AuditEntry
from bot.chat.card import Card, Line, Table
from bot.chat.people import Actor


def admins_card(admins: Sequence[Actor], others: str) -> Card:
    """`/faq admins`. `others`: who is an admin without being named, in words."""
    lines = tuple(Line(f"{each.platform}: {each.name or each.user}", note=each.workspace) for each in admins)
    always = f"And always: {others}." if others else ""
    return Card(title="Admins", text="" if lines else "Nobody was named.", lines=lines, footnote=always)


def audit_card(entries: Sequence[AuditEntry]) -> Card:
    """`/faq audit`."""
    rows = tuple(
        (
            f"{entry.at:%m-%d %H:%M}",
            f"{entry.platform}:{entry.user}",
            f"{entry.action} {entry.target}".strip(),
            entry.outcome,
        )
        for entry in entries
    )
    return Card(title="Who did what (UTC)", table=Table(("when", "who", "what", "outcome"), rows))
