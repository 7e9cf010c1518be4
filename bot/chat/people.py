"""Who does something, and what they may do. Pure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import IntEnum


class Role(IntEnum):
    """What a person may do; each role may do what those below it may."""

    CUSTOMER = 0
    TEAMMATE = 1  # sees the support channel
    ADMIN = 2  # may manage the workspace, or was named with `admins add`


@dataclass(frozen=True, slots=True)
class Actor:
    """A person as their platform tells of them at this very call: nothing of it is remembered.

    `platform` is "cli" for whoever may run `frontdesk`, `name` is shown to others; `language` is the one that they use
    the platform in, as a tag of ours.
    """

    platform: str
    workspace: str
    user: str
    name: str = ""
    role: Role = Role.CUSTOMER
    language: str = field(default="en", compare=False)

    @property
    def id(self) -> str:
        """Names the person across platforms."""
        return f"{self.platform}:{self.workspace}:{self.user}"

    @property
    def shown(self) -> str:
        """What others read as this person's name."""
        return self.name or self.user


def make_pseudonym(platform: str, user: str) -> str:
    """Names a user in the record of who did what without naming them."""
    return hashlib.sha256(f"{platform}:{user}".encode("utf-8", "replace")).hexdigest()[:12]


OPENID = "openid"
"""The platform of people whom no chat knows: they sign in at a provider of theirs, and are named by their e-mail
address."""

FORGOTTEN = "forgotten"
"""Stands for whoever was forgotten where what they did is kept."""
