"""Evidence for a learned wording."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Gesture(StrEnum):
    """What somebody did that tells which entry some words mean."""

    CHOSEN = "chosen"  # of several that were offered
    CONFIRMED = "confirmed"  # that a suggestion is what was meant
    VOTED_UP = "voted_up"
    VOTED_DOWN = "voted_down"
    NOT_IT = "not_it"  # it was offered, and is not what was meant

    @property
    def speaks_for(self) -> bool:
        """Whether the words mean the entry by this; else they do not."""
        return self not in {Gesture.VOTED_DOWN, Gesture.NOT_IT}


@dataclass(frozen=True, slots=True)
class Evidence:
    """One person's last word on whether `question` means an entry, which is named by its `url` and `title`.

    `words` names the question whatever its case and punctuation, `wording_id` these words with this entry. `asked_id`
    is the turn that the question is from, `turn_id` the one that showed the entry as passage `passage_id`: with either
    the evidence goes, too.
    """

    wording_id: str
    words: str
    question: str
    language: str
    url: str
    title: str
    passage_id: str
    platform: str
    user_id: str
    gesture: Gesture
    asked_id: str
    turn_id: str
    created_at: datetime
