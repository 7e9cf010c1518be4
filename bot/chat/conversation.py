"""The pure data of a conversation. Platforms, stores and engines all speak in these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from bot.chat.text import is_address, shorten_title
from retrieval.audiences import ANYBODY, Viewer
from retrieval.documents import LEARNED, Passage, RetrievalResult, ScoredPassage


class Decision(StrEnum):
    """What became of a question."""

    ANSWER = "answer"
    SUGGEST = "suggest"  # the nearest entry is shown in its own words, and said to be no sure answer
    ABSTAIN = "abstain"  # the pages hold no answer
    CLARIFY = "clarify"  # two different answers are equally likely: ask back
    CHITCHAT = "chitchat"  # a greeting, thanks or goodbye
    HUMAN = "human"  # a person was asked for

    @property
    def searched(self) -> bool:
        """Whether it says something of what the pages hold."""
        return self not in {Decision.CHITCHAT, Decision.HUMAN}

    @property
    def offers(self) -> bool:
        """Whether there is something to choose or to confirm below it."""
        return self in {Decision.SUGGEST, Decision.CLARIFY}


@dataclass(frozen=True, slots=True)
class OptionPress:
    """A button that was pressed below the offer `turn_id`: the citation's number, or NONE_OF_THESE; `asker` is whom the
    bot asked, `question` the platform's id of what they had written."""

    turn_id: str
    number: int
    asker: str
    question: str


NONE_OF_THESE = 0
WITHHELD = "(not shown here: it is from a source that is not for this place)"
"""Stands for an answer where the team may not see it; in English, as all that is for the team alone."""


@dataclass(frozen=True, slots=True)
class IncomingMessage:
    """A customer's message, stripped of its platform's markup. `conversation_id` names the thread or session it
    belongs to; `platform` is "terminal", "slack", "discord" …; `user` is the platform's id of the author, `channel`
    that of where it was written. `chosen`: it is a button that was pressed, and `text` says which in words.
    `taken_from`: the text is a question of somebody of that name, to which the author has called; `unread` names files
    that came with it and could not be read, `seen` those that are pictures, each with what a model says it shows, which
    is in the text; then `own` is the text without that, which tells the language. `called`: the text is nothing of the
    message, which only called to it. `viewer` is who asks, by which it is decided what they may see. `editable`: what
    is answered can be replaced by an edit. `language` is the author's; "" where the text is to tell."""

    conversation_id: str
    text: str
    platform: str = "terminal"
    user: str = ""
    channel: str = ""
    chosen: OptionPress | None = None
    taken_from: str = ""
    unread: tuple[str, ...] = ()
    seen: tuple[tuple[str, str], ...] = ()
    own: str = ""
    called: bool = False
    viewer: Viewer = ANYBODY
    editable: bool = True
    language: str = ""


@dataclass(frozen=True, slots=True)
class Citation:
    """What stands behind an answer's marker [number]. What a teammate wrote has an `author` and the `date` (ISO) it was
    written on, and maybe no `url`. Where it is offered, `gist` is what it says, in a line, and `under` tells it apart
    from others of its title: a heading, mostly a product's name. `links` are the addresses in the answer that the
    passage holds: nothing else in it is linked to."""

    number: int
    title: str
    url: str
    passage_id: str
    author: str = ""
    date: str = ""
    under: str = ""
    gist: str = ""
    links: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "links", tuple(self.links))  # JSON has lists alone

    @classmethod
    def of(cls, passage: Passage, number: int) -> Citation:
        """The citation of `passage` under `number`."""
        document = passage.document
        date = document.crawled_at[:10] if document.author else ""
        return cls(number, document.question, document.url, passage.id, document.author, date)

    @property
    def name(self) -> str:
        """Its title as a person reads it."""
        if is_address(self.title):
            return self.under or self.gist or self.title
        return shorten_title(self.title)

    @property
    def label(self) -> str:
        """Its name, told apart where that is needed."""
        return f"{self.name} ({self.under})" if self.under not in {"", self.name} else self.name

    @property
    def question(self) -> str:
        """What is searched where it is chosen: its title, with the heading that tells it apart; not that it was
        taught."""
        return self.title if self.author or not self.under else f"{self.title} ({self.under})"

    @property
    def byline(self) -> str:
        """Who wrote it and when, in one line; "" for a page."""
        return ", ".join(filter(None, [" ".join(self.author.split())[:80], self.date])) if self.author else ""


@dataclass(frozen=True, slots=True)
class UsedPassage:
    """A passage as it stood when an answer was made, kept so that `explain` outlives the index version.

    `author` is the teammate who wrote it, "" for a page; `audience` are the groups that it was for alone, if any;
    `source` is the name of the source that it is from.
    """

    passage_id: str
    title: str
    url: str
    text: str
    rank: int
    score: float
    signals: Mapping[str, float] = field(default_factory=dict)
    crawled_at: str = ""
    author: str = ""
    audience: frozenset[str] = frozenset()
    source: str = ""

    @classmethod
    def of(cls, scored: ScoredPassage, rank: int) -> UsedPassage:
        """The record of `scored`, found at 1-based `rank`."""
        document = scored.passage.document
        return cls(
            passage_id=scored.passage.id,
            title=document.question,
            url=document.url,
            text=scored.passage.text,
            rank=rank,
            score=scored.score,
            signals=dict(scored.signals),
            crawled_at=document.crawled_at,
            author=document.author,
            audience=scored.audience,
            source=document.source,
        )


@dataclass(frozen=True, slots=True)
class Turn:
    """One question and what was said to it, complete and immutable; `id` is a 32-digit hex UUID.

    `standalone_question` is the question as it was searched, after the conversation was taken in, `rewritten` what it
    was searched as besides, by the glossary; `model` names the writer; `timings_ms` maps a stage to milliseconds;
    `threshold` is the confidence an answer needed; `granted` are the groups of the asker that let them see more than
    everybody; `small_talk` is the intent ("thanks") of what asks nothing, `channel` the platform's id of where
    it was written.
    """

    id: str
    conversation_id: str
    created_at: datetime
    question: str
    standalone_question: str
    language: str
    decision: Decision
    answer: str
    confidence: float
    threshold: float
    citations: tuple[Citation, ...] = ()
    passages: tuple[UsedPassage, ...] = ()
    features: Mapping[str, float] = field(default_factory=dict)
    index_version: str = ""
    model: str = ""
    timings_ms: Mapping[str, float] = field(default_factory=dict)
    platform: str = "terminal"
    user: str = ""
    rewritten: tuple[str, ...] = ()
    granted: frozenset[str] = frozenset()
    small_talk: str = ""
    channel: str = ""

    def show_to(self, viewer: Viewer) -> Turn:
        """What of it the viewer may see: without passages that are not for them, and without the answer where it cites
        one or offers it."""
        hidden = {each.passage_id for each in self.passages if not viewer.sees(each.audience)}
        if not hidden:
            return self
        told = any(each.passage_id in hidden for each in self.citations)
        return replace(
            self,
            passages=tuple(each for each in self.passages if each.passage_id not in hidden),
            citations=tuple(each for each in self.citations if each.passage_id not in hidden),
            answer=WITHHELD if told else self.answer,
            standalone_question=self.question,
            rewritten=(),
        )

    @property
    def links(self) -> frozenset[str]:
        """The addresses that may be linked to in the answer: those that the cited passages hold."""
        return frozenset(
            address for citation in self.citations for address in (citation.url, *citation.links) if address
        )

    @property
    def measured(self) -> str:
        """Its confidence against the threshold, in words."""
        verb = "reaches" if self.confidence >= self.threshold else "is below"
        what = ": the nearest entry is shown as such" if self.decision is Decision.SUGGEST else ""
        return f"{self.confidence:.2f} {verb} the threshold {self.threshold:.2f}{what}"

    @property
    def learned(self) -> str:
        """Who showed that the question means the first entry, in words; "" where nobody did."""
        people = round(self.features.get(LEARNED, 0))
        counted = "1 person" if people == 1 else f"{people} people"
        return f"{counted} showed that these words mean the first entry" if people else ""


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation's turns so far, oldest first."""

    id: str
    turns: tuple[Turn, ...] = ()


@dataclass(frozen=True, slots=True)
class WritingRequest:
    """What a writer is to answer: the question as it was searched, what was found, and the turns before it.

    `id` is the turn's, for the log. `parts` are the questions of a message that asks two; then the first passages
    answer them, in their order. `waited`: seconds that the customer has waited by now. `editable`: the
    answer can be replaced by an edit.
    """

    question: str
    language: str
    result: RetrievalResult
    earlier: tuple[Turn, ...] = ()
    id: str = ""
    parts: tuple[str, ...] = ()
    waited: float = 0.0
    editable: bool = True


@dataclass(frozen=True, slots=True)
class AnswerChunk:
    """A piece of an answer by `model`; `refused`: that model finds no answer in the passages, and nothing follows.

    `interim`: with this piece the answer is whole, and stands for as long as nothing better comes; `anew`: something
    better begins with this piece, in place of all that came before.
    """

    text: str
    model: str
    refused: bool = False
    interim: bool = False
    anew: bool = False


class Kind(StrEnum):
    """What a message is, as a model reads it."""

    QUESTION = "question"
    SMALL_TALK = "small_talk"
    WANTS_HUMAN = "wants_human"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a message means in its conversation; `question` can be understood without it."""

    question: str
    kind: Kind = Kind.QUESTION


class Stage(StrEnum):
    """What the use case is doing, for a status line."""

    SEARCHING = "searching"
    WRITING = "writing"
    ASKING = "asking"  # back: what follows has something to choose or to confirm


@dataclass(frozen=True, slots=True)
class Status:
    """The work moved on to `stage`. `asked`: what is answered, masked, where the message only called to it."""

    stage: Stage
    asked: str = ""


@dataclass(frozen=True, slots=True)
class Delta:
    """A further piece of the answer's Markdown; `links` are the addresses that may be linked to in it so far.

    `interim`: the answer is whole with it, and stands for as long as nothing better comes, which may take a while;
    `anew`: the answer begins anew with it, and all that came before is to go.
    """

    text: str
    links: frozenset[str] = frozenset()
    interim: bool = False
    anew: bool = False


@dataclass(frozen=True, slots=True)
class ClarificationOutcome:
    """What `asked` offered is over: the citation of this number was chosen, or NONE_OF_THESE; None where something else
    was said instead."""

    asked: Turn
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Final:
    """The answer is complete and stored. `turn.answer` is authoritative over the deltas. `settled` is the offer that
    the message replied to, if the conversation had come to one."""

    turn: Turn
    settled: ClarificationOutcome | None = None


AnswerEvent = Status | Delta | Final


class Vote(StrEnum):
    """A user's verdict on an answer."""

    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class Feedback:
    """The last vote of one user on one turn, with the reason given, if any."""

    turn_id: str
    user: str
    vote: Vote
    reason: str = ""
    created_at: datetime | None = None
