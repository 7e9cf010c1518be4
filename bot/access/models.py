"""An entry of the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to what. `target` names a thing (a source, a version, a hash of a user), never a message's text;
    `outcome` is "done", "refused" or "failed"."""

    id: str
    at: datetime
    platform: str
    workspace: str
    user: str
    action: str
    target: str = ""
    outcome: str = "done"
