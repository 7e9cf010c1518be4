"""What people have asked, and what is owed to them for it."""

from __future__ import annotations

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import NamedTuple

SLACK, DISCORD = "slack", "discord"


class Topic(NamedTuple):
    """A question of the example shop's, and words that its answer alone has."""

    question: str
    answer: str


TOPICS = (
    Topic("How long does delivery take?", "working days"),
    Topic("Which payment methods do you accept?", "Visa"),
    Topic("Do gift cards expire?", "first year"),
    Topic("Who pays for the return postage?", "Otherwise the label"),
    Topic("How do I return something?", "honeycomb paper"),
    Topic("如何退货？", "蜂窝纸"),
    Topic("Do you sell live penguins?", "found nothing"),
)
TALK = ("The parcel is at the office.", "Lunch at twelve, then.", "Thanks, Mei has it.")


class Wording(NamedTuple):
    """How a question reads. The `tag` in it is no other's: an answer that quotes it tells whose it is."""

    topic: Topic
    tag: str

    @property
    def text(self) -> str:
        """As it is written."""
        return f"{self.topic.question} ({self.tag})"


@dataclass(eq=False)
class Said:
    """Something that a person wrote: a question, unless `talk`. `place` is the thread or channel where its answer
    belongs. `acts` tells what was done to it, and when, in seconds since the start."""

    platform: str
    channel: str
    id: str
    user: str
    place: str
    wording: Wording | None = None
    deleted: bool = False
    acts: list[str] = field(default_factory=list)

    @property
    def talk(self) -> bool:
        """Whether it asks the bot nothing."""
        return self.wording is None


class Ledger:
    """Everything that was said, by platform and id, and the events that came of it, by kind."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.said: dict[tuple[str, str], Said] = {}
        self.by_tag: dict[str, Said] = {}
        self.events: Counter[str] = Counter()
        self._tags = count(1)
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._began

    def tell_time(self, monotonic: float) -> str:
        """A time of the monotonic clock, as `acts` have it."""
        return f"{monotonic - self._began:.1f}s"

    def word(self) -> Wording:
        """A question that nobody has asked yet. Its tag is digits alone: they belong to no language."""
        return Wording(self.chance.choice(TOPICS), f"{next(self._tags):06}")

    def note(self, said: Said) -> Said:
        """Somebody wrote."""
        self.said[said.platform, said.id] = said
        if said.wording:
            self.by_tag[said.wording.tag] = said
        self.tell(said, "said" if said.talk else f"asked {said.wording.topic.answer!r}")  # type: ignore[union-attr]
        return said

    def reword(self, said: Said, wording: Wording) -> None:
        """Somebody has edited what they asked."""
        said.wording = wording
        self.by_tag[wording.tag] = said
        self.tell(said, f"edited to {wording.topic.answer!r}")

    def tell(self, said: Said, act: str) -> None:
        """Something was done to a message."""
        said.acts.append(f"{self.tell_time(time.monotonic())} {act}")

    def recent(self, platform: str, most: int = 60) -> list[Said]:
        """The latest questions of a platform that stand."""
        latest = list(self.said.values())[-4 * most :]
        return [each for each in latest if each.platform == platform and each.wording and not each.deleted][-most:]

    @property
    def questions(self) -> list[Said]:
        """All that ask something."""
        return [each for each in self.said.values() if each.wording]
