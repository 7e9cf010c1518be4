"""Who is signed in to the console."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.chat.people import Actor


class TicketKind(StrEnum):
    """What a ticket is good for."""

    LINK = "link"  # signs in once
    SESSION = "session"  # is what a browser shows at each request


@dataclass(frozen=True, slots=True)
class Ticket:
    """What lets `actor` in until `expires_at`. `digest` is the SHA-256 of the secret, in hex: the secret is nowhere
    kept."""

    digest: str
    kind: TicketKind
    actor: Actor
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """Somebody who is signed in. `form_token` must come with whatever changes something."""

    actor: Actor
    form_token: str
