"""An answer in the making, and the turn that it becomes."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.answering.citations import CitationChecker
from bot.chat.conversation import Citation, Decision, Delta, IncomingMessage, Turn, UsedPassage
from bot.chat.intent import UNREAD, MessageReading
from retrieval.audiences import ANYBODY, Viewer
from retrieval.documents import RetrievalResult

OWN_WORDS = "frontdesk"  # the `model` of a turn that no writer wrote


@dataclass
class Draft:
    """What becomes a turn. `reply` is set for what is said in Frontdesk's own words without a search; `again` where
    `standalone` was searched before."""

    id: str
    started: datetime
    question: str
    standalone: str
    language: str
    decision: Decision = Decision.CHITCHAT
    reply: str = ""
    preface: str = ""
    confidence: float = 0.0
    threshold: float = 0.0
    model: str = OWN_WORDS
    result: RetrievalResult | None = None
    again: bool = False
    viewer: Viewer = ANYBODY
    first: bool = False  # of its conversation, so that the site may tell what its language is
    people: bool = False  # can be reached from here
    reading: MessageReading = UNREAD
    asked: tuple[str, ...] = ()  # the questions of a message that asks two
    offered: tuple[Citation, ...] = ()  # by rank: what there is to choose or to confirm
    parts: list[str] = field(default_factory=list)
    checker: CitationChecker = field(default_factory=lambda: CitationChecker(()))

    def begin_answer(self) -> str:
        """Begin the answer, or begin it anew; -> what stands before it."""
        self.checker = CitationChecker(self.result.passages if self.result else ())
        return self.checker.feed(self.preface)

    def tell(self, text: str, *, interim: bool = False, anew: bool = False) -> Delta:
        """A piece of the answer, as it goes out."""
        self.parts = [] if anew else self.parts
        self.parts.append(text)
        return Delta(text, self.checker.links, interim, anew)


def build_turn(
    draft: Draft,
    message: IncomingMessage,
    citations: tuple[Citation, ...],
    timings_ms: dict[str, float],
    granted: frozenset[str],
) -> Turn:
    """The turn that a draft has become, with what was cited in it."""
    result = draft.result
    passages = result.passages if result else ()
    offered = {each.passage_id: each for each in draft.offered}
    citations = tuple(replace(offered.get(each.passage_id, each), number=each.number) for each in citations)
    return Turn(
        id=draft.id,
        conversation_id=message.conversation_id,
        created_at=draft.started,
        question=draft.question,
        standalone_question=draft.standalone,
        language=draft.language,
        decision=draft.decision,
        answer="".join(draft.parts),
        confidence=draft.confidence,
        threshold=draft.threshold,
        citations=citations,
        passages=tuple(UsedPassage.of(scored, rank) for rank, scored in enumerate(passages, start=1)),
        features=dict(result.features) if result else {},
        index_version=result.index_version if result else "",
        model=draft.model,
        timings_ms=timings_ms,
        platform=message.platform,
        user=message.user,
        rewritten=result.rewritten if result else (),
        granted=granted,
        small_talk=draft.reading.intent.value if draft.decision is Decision.CHITCHAT else "",
        channel=message.channel,
    )
