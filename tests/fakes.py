"""In-memory implementations of ports, for tests of what stands on those ports."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count

from bot.answering.pipeline import AnswerPipeline
from bot.chat.conversation import (
    AnswerEvent,
    ClarificationOutcome,
    Conversation,
    Delta,
    Feedback,
    Final,
    IncomingMessage,
    Stage,
    Status,
    Turn,
    Vote,
)
from bot.chat.intent import Intent, MessageReading, OfferReply
from bot.chat.message import Audience, ChatMessage, Job, ThreadRef
from bot.chat.platform import KeepReplies, StandingReplies
from bot.chat.ports import ConversationStore
from bot.errors import DeliveryError, Refusal, StorageError, UnknownTurn
from retrieval.documents import Document, Passage, RetrievalResult, ScoredPassage
from tests.support.turns import make_turn


class MemoryConversations:
    """A ConversationStore that forgets when the test ends. With `broken` every write fails as a database does."""

    def __init__(self, broken: bool = False) -> None:
        self.broken = broken
        self.stored: list[Turn] = []
        self.votes: dict[tuple[str, str], Feedback] = {}

    async def load_conversation(
        self, conversation_id: str, limit: int = 20, *, with_passages: bool = True
    ) -> Conversation:
        turns = [turn for turn in self.stored if turn.conversation_id == conversation_id]
        turns = turns if with_passages else [replace(turn, passages=()) for turn in turns]
        return Conversation(conversation_id, tuple(turns[-limit:]))

    async def add_turn(self, turn: Turn) -> None:
        if self.broken:
            raise StorageError("The database is gone: start it again.")
        self.stored.append(turn)

    async def find_turn(self, turn_id: str) -> Turn:
        found = [turn for turn in self.stored if turn.id.startswith(turn_id)]
        if len(turn_id) < 4 or len(found) != 1:
            raise UnknownTurn(f"No turn {turn_id}.")
        return found[0]

    async def load_around(self, turn_id: str, count: int = 20) -> Sequence[Turn]:
        turn = await self.find_turn(turn_id)
        turns = [each for each in self.stored if each.conversation_id == turn.conversation_id]
        place = turns.index(turn)
        return turns[max(0, place - count) : place + count + 1]

    async def list_turns(
        self,
        *,
        since: datetime | None = None,
        decision: str | None = None,
        conversation_id: str | None = None,
        limit: int | None = 50,
    ) -> Sequence[Turn]:
        def wanted(turn: Turn) -> bool:
            return (
                (since is None or turn.created_at >= since)
                and (decision is None or turn.decision == decision)
                and (conversation_id is None or turn.conversation_id == conversation_id)
            )

        return [turn for turn in reversed(self.stored) if wanted(turn)][:limit]

    async def export_turns(self, *, since: datetime | None = None) -> AsyncIterator[tuple[Turn, Sequence[Feedback]]]:
        for turn in self.stored:
            if since is None or turn.created_at >= since:
                yield turn, await self.list_feedback(turn.id)

    async def record_vote(self, feedback: Feedback) -> None:
        await self.find_turn(feedback.turn_id)
        self.votes[feedback.turn_id, feedback.user] = feedback

    async def list_feedback(self, turn_id: str) -> Sequence[Feedback]:
        return [vote for (turn, _), vote in self.votes.items() if turn == turn_id]


class NotingLearning:
    """Implements LearnsWordings: keeps what it is told."""

    def __init__(self) -> None:
        self.noted: list[tuple[object, ...]] = []

    async def record_choice(self, asked: Turn, number: int, by: Turn) -> None:
        self.noted.append((asked.id, number, by.id))

    async def record_vote(self, turn: Turn, vote: Vote, user: str) -> None:
        self.noted.append((turn.id, vote, user))


def passage(document: Document, text: str = "") -> Passage:
    """The passage of a document that is not split, or its part `text`."""
    return Passage(document.id, document, text or document.answer)


def found(
    *documents: Document, query: str = "", confidence: float = 0.9, scores: Sequence[float] = ()
) -> RetrievalResult:
    """A result that holds `documents` in this order."""
    values = scores or [1.0 - 0.1 * rank for rank in range(len(documents))]
    passages = (ScoredPassage(passage(d), score, {"dense": score}) for d, score in zip(documents, values, strict=True))
    return RetrievalResult(query, "en", tuple(passages), confidence, "v1", "test", {"top": 1.0})


_ids = count(1)


def said(
    text: str = "How do I return goods?",
    *,
    user: str = "ann",
    id: str = "",
    thread: str = "",
    channel: str = "C1",
    audience: Audience = Audience.MENTION,
    names_others: bool = False,
    workspace: str = "T1",
    platform: str = "test",
    gesture: str = "",
) -> ChatMessage:
    """A message of a chat platform; without a `thread` it opens one."""
    message_id = id or f"{next(_ids):06}"
    place = ThreadRef(platform, workspace, channel, thread or message_id)
    return ChatMessage(place, message_id, user, text, audience, names_others, {"team": "T1"}, gesture=gesture)


class FakeIntents:
    """An IntentReader of tests that are about something else: a text with a question mark asks, "quiet" is a wish for
    it, one that ends in "this" refers to what stands above, and everything else is told as it is in `known`, or is a
    question that does not ask."""

    def __init__(self, **known: Intent) -> None:
        self.known = {"quiet": Intent.QUIET, "hello": Intent.GREETING, "thanks": Intent.THANKS} | known

    def read_messages(self, texts: Sequence[str], language: str = "") -> Sequence[MessageReading]:
        return [self._read(text) for text in texts]

    def read_replies(self, texts: Sequence[str], language: str = "") -> Sequence[OfferReply]:
        return [OfferReply.OTHER] * len(texts)

    def find_question(self, text: str, language: str = "") -> str:
        return text

    def _read(self, text: str) -> MessageReading:
        intent = self.known.get(text.strip(" .!").lower())
        if not text.strip():
            return MessageReading(Intent.EMPTY, sure=True)
        refers = text.rstrip("?").endswith("this")
        return MessageReading(intent, sure=True) if intent else MessageReading(asks="?" in text, refers=refers)


class FakeMessenger:
    """A platform that keeps what stands on it: `posts` maps a post's id to its text, `history` tells what was done.

    A fault in `faults` is raised by the next call that would show something, before anything is shown.
    """

    def __init__(self) -> None:
        self.posts: dict[str, str] = {}
        self.history: list[tuple[str, str, str]] = []
        self.told: list[tuple[str, int]] = []
        self.faults: list[Exception] = []
        self.broken_courtesy = False
        self.refuses_bot = False
        self.other_places = 0  # where else an item's customer can be reached
        self.moves_to = ""  # and in which channel, if another
        self.turns: list[str] = []

    def said_to(self, message: ChatMessage) -> list[str]:
        """What stands for a message now."""
        return [text for post, text in self.posts.items() if post.startswith(f"{message.id}/")]

    async def show_answer(self, item: Job, events: AsyncIterator[AnswerEvent], keep: KeepReplies) -> None:
        post = await self._open(item, keep)
        self._fail()
        async for event in events:
            if isinstance(event, Delta):
                self.posts[post] += event.text
            elif isinstance(event, Final):
                self.posts[post] = event.turn.answer
                self.turns.append(event.turn.id)
        self.history.append(("answered", item.message.id, self.posts[post]))

    async def send_text(self, item: Job, text: str, keep: KeepReplies) -> None:
        self._fail()
        post = await self._open(item, keep)
        self.posts[post] = text
        self.history.append(("said", item.message.id, text))

    async def tell_position(self, item: Job, ahead: int, keep: KeepReplies) -> None:
        if self.broken_courtesy:
            raise RuntimeError("a bug of the adapter")
        self.told.append((item.message.id, ahead))

    async def retract_reply(self, item: Job) -> None:
        self._fail()
        for reply in item.replies:
            self.posts.pop(reply["post"], None)
        self.history.append(("retracted", item.message.id, ""))

    def can_replace(self, item: Job) -> bool:
        return True

    async def close_clarification(self, item: Job, settled: ClarificationOutcome, by: Job) -> None:
        self._fail()
        self.history.append(("settled", item.message.id, str(settled.number)))

    async def find_standing_replies(self, item: Job) -> StandingReplies:
        return StandingReplies([{"post": post} for post in self.posts if post.startswith(f"{item.message.id}/")])

    async def find_other_place(self, item: Job, refusal: DeliveryError) -> Job | None:
        tried = int(item.message.reply_target.get("elsewhere", "0"))
        if tried == self.other_places:
            return None
        place = replace(item.message.place, channel=self.moves_to or item.message.place.channel)
        message = replace(item.message, place=place, reply_target={"elsewhere": str(tried + 1)})
        return replace(item, message=message, replies=())

    async def check_access(self) -> None:
        if self.refuses_bot:
            raise DeliveryError("token_revoked", Refusal.BOT)

    async def _open(self, item: Job, keep: KeepReplies) -> str:
        post = item.replies[0]["post"] if item.replies else f"{item.message.id}/{len(self.posts)}"
        self.posts[post] = ""
        await keep([{"post": post}])
        return post

    def _fail(self) -> None:
        if self.refuses_bot:
            raise DeliveryError("token_revoked", Refusal.BOT)
        if self.faults:
            raise self.faults.pop(0)


def undeliverable(*, permanent: bool) -> DeliveryError:
    """What a platform says that takes nothing, or nothing for now."""
    return DeliveryError("not_in_channel", Refusal.PLACE) if permanent else DeliveryError("ratelimited", Refusal.MOMENT)


class ScriptedAnswering(AnswerPipeline):
    """Answers "Re: <question>" and stores the turn, `hold` keeping it from doing so; raises what is in `faults`."""

    def __init__(self, store: ConversationStore) -> None:
        self.store = store
        self.asked: list[IncomingMessage] = []
        self.faults: list[Exception] = []
        self.afterwards: list[Exception] = []
        self.go = asyncio.Event()
        self.go.set()
        self.running: set[str] = set()
        self.closed: list[str] = []
        self.on_answer: Callable[[IncomingMessage], None] = lambda _message: None

    async def answer_message(self, message: IncomingMessage) -> AsyncGenerator[AnswerEvent, None]:
        self.asked.append(message)
        self.running.add(message.text)
        self.on_answer(message)
        try:
            yield Status(Stage.SEARCHING)
            await self.go.wait()
            if self.faults:
                raise self.faults.pop(0)
            yield Delta("Re: ")
            turn = make_turn(
                conversation_id=message.conversation_id, question=message.text, answer=f"Re: {message.text}"
            )
            await self.store.add_turn(turn)
            yield Final(turn)
            if self.afterwards:
                raise self.afterwards.pop(0)
        finally:
            self.running.discard(message.text)
            self.closed.append(message.text)


class CountingMeter:
    """A DeskMeter that remembers."""

    def __init__(self) -> None:
        self.claims: list[tuple[str, str]] = []
        self.ends: list[tuple[str, str, str]] = []
        self.faults: list[tuple[str, str]] = []

    def count_claim(self, platform: str, judgement: str) -> None:
        self.claims.append((platform, judgement))

    def count_outcome(self, platform: str, state: str, decision: str, seconds: float) -> None:
        assert seconds >= 0
        self.ends.append((platform, state, decision))

    def count_fault(self, platform: str, kind: str) -> None:
        self.faults.append((platform, kind))
