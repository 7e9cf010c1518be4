"""What a message is, as it was read: pure data."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Intent(StrEnum):
    """What a message is. Those of small talk, and EMPTY, are named after the reply they get."""

    QUESTION = "question"  # or a request, or a report of trouble: there is something to search for
    CHATTER = "chatter"  # talk among people
    PERSON = "person"  # a wish to be handed to a person
    QUIET = "quiet"  # a wish that the bot be silent here
    HELPED = "feedback_good"
    NOT_HELPED = "feedback_bad"
    GREETING = "greeting"
    THANKS = "thanks"
    ACKNOWLEDGEMENT = "acknowledgement"
    GOODBYE = "goodbye"
    PRESENCE = "presence"
    IDENTITY = "identity"
    HELP = "help"
    EMPTY = "empty"

    @property
    def is_small_talk(self) -> bool:
        """Whether it has a reply of its own, and nothing to search for."""
        return self not in {Intent.QUESTION, Intent.CHATTER, Intent.PERSON, Intent.QUIET}


@dataclass(frozen=True, slots=True)
class MessageReading:
    """`intent` is the likeliest; `sure` whether it may be acted upon without a look at the pages. `asks`: in a channel
    where people talk, too, it wants an answer. `refers`: it asks about what stands above it, and says nothing
    itself."""

    intent: Intent = Intent.QUESTION
    sure: bool = False
    asks: bool = False
    refers: bool = False

    @property
    def wants_person(self) -> bool:
        """Whether it is surely a wish for a person."""
        return self.sure and self.intent is Intent.PERSON

    @property
    def wants_quiet(self) -> bool:
        """Whether it is surely a wish that the bot be silent."""
        return self.sure and self.intent is Intent.QUIET


UNREAD = MessageReading()


class OfferReply(StrEnum):
    """What a message says to an offer of entries."""

    YES = "yes"
    NO = "no"  # also: none of these
    FIRST = "first"
    SECOND = "second"
    THIRD = "third"
    FOURTH = "fourth"
    FIFTH = "fifth"
    LAST = "last"
    OTHER = "other"  # it is a message of its own
