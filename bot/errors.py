"""Every fault that the bot raises on purpose. The message is one line for an operator: the cause, then the mend.

BotError
├── SettingsError      a setting that cannot be read; names the key
├── StorageError       the database cannot be reached, or refuses
│   ├── SchemaError    the database was made by a newer Frontdesk
│   └── TurnNotStored  an answer was given, but the database refused its turn
├── UnknownTurn
├── UnknownSource
├── DuplicateSource
├── UnknownContradiction
├── UnknownTaught
├── UnknownWording
├── NotAllowed         somebody may not do what they asked for
├── InputError         an argument or a file that cannot be used
│   └── InvalidSource  what names no source that could be read, or options that do not fit it
├── PlatformError      a chat platform refuses us: a token, a scope, a server that is away
└── DeliveryError      a chat platform did not take a message
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from retrieval.errors import SourceError

if TYPE_CHECKING:
    from bot.chat.conversation import Turn


class BotError(Exception):
    """Base of all; catch it at the edge and show `str(error)` to the operator (never to a customer)."""


class SettingsError(BotError):
    """A setting that cannot be read."""


class StorageError(BotError):
    """The database cannot be reached, or refuses."""


class SchemaError(StorageError):
    """The database was made by a newer Frontdesk."""


class TurnNotStored(StorageError):
    """The answer was given in full, but the database refused its turn; `turn` is kept for another try."""

    def __init__(self, turn: Turn, cause: Exception) -> None:
        self.turn = turn
        super().__init__(f"Turn {turn.id} was answered but not logged: {cause}")


class UnknownTurn(BotError):
    """No turn has that id."""


class UnknownSource(BotError):
    """No source has that name."""


class DuplicateSource(BotError):
    """A source of that name or location exists."""


class UnknownContradiction(BotError):
    """No contradiction has that id, or several begin so."""


class UnknownTaught(BotError):
    """No taught answer has that id."""


class UnknownWording(BotError):
    """No wording that a model wrote has that id, or several begin so."""


class UnknownGap(BotError):
    """No gap has that id, or several begin so."""


class NotAllowed(BotError):
    """Somebody may not do what they asked for."""


class InputError(BotError):
    """An argument or a file that cannot be used."""


class InvalidSource(InputError, SourceError):
    """What was typed names no source that could be read, or its options do not fit it."""


class PlatformError(BotError):
    """A chat platform refuses us, or cannot be reached."""


class Refusal(StrEnum):
    """Why a chat platform did not take a call, by what helps."""

    FORM = "form"  # what was sent is not as it wants it: a plainer form
    MOMENT = "moment"  # it passes by itself: the same, later
    PLACE = "place"  # not there, or not there any more: another place
    BOT = "bot"  # the bot may not speak at all: an operator


class DeliveryError(BotError):
    """A chat platform did not take a message."""

    def __init__(self, message: str, kind: Refusal) -> None:
        self.kind = kind
        super().__init__(message)

    @property
    def permanent(self) -> bool:
        """Whether the same call would be refused again, whoever waits for however long."""
        return self.kind in {Refusal.FORM, Refusal.PLACE}
