"""The one use case: a message becomes an answer.

Conversation, small talk, follow-up, retrieval, decision, writing, checking, storing, in that order. What comes out is a
stream of `Status`, `Delta` and one `Final`; the deltas joined, from the last that begins anew, are the answer.

Faults (RetrievalError, StorageError and whatever a writer raises) leave the generator as they are, and then nothing is
stored: the command line shows them to its operator, the inbox logs them under an id that it tells the customer. A turn
is stored whole, before `Final`, or not at all, also when the caller closes it or is cancelled. When only the storing
fails, `Final` still comes and `TurnNotStored`, which carries the turn, follows it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

from bot.answering import decide as decision
from bot.answering.clarify import find_choice
from bot.answering.draft import Draft, build_turn
from bot.answering.draft_replies import suggest_nearest
from bot.answering.excerpt import BUDGET, select_excerpt
from bot.answering.facts import extract_facts
from bot.answering.finding import PassageFinder, list_shown_passages
from bot.answering.interpretation import MAX_CHARACTERS, MessageInterpreter, list_earlier_turns
from bot.answering.keeping import TurnKeeper, settle_clarification
from bot.answering.ports import AnswerWriter, LearnsWordings, QuestionReader
from bot.answering.stopwatch import Stopwatch
from bot.chat.conversation import (
    AnswerChunk,
    AnswerEvent,
    Citation,
    Delta,
    Final,
    IncomingMessage,
    Stage,
    Status,
    Turn,
    WritingRequest,
)
from bot.chat.intent import OfferReply
from bot.chat.ports import ConversationStore, IntentReader
from bot.errors import TurnNotStored
from bot.i18n.language import reply_language
from retrieval.audiences import Viewer
from retrieval.interfaces import Retriever


class AnswerPipeline:
    """`threshold` is the confidence an answer needs, `suggest_threshold` what is enough to show the nearest entry as
    such; None takes the calibrated defaults. `limit` passages are read.

    `intents` tells what asks nothing. A `reader` understands follow-ups and judges doubtful findings; without one, or
    where it cannot tell, rules do. `handoff` tells whether people can be reached from a place: then who asks for a
    person is told that one comes (and whoever called sees to that), else where to turn to. `mask` hides what is
    nobody's business before a question is searched, written about or kept; what is masked already stays so. `learning`
    is told of what customers choose. `page_languages` are those that the pages are in; `find_granted` tells by which of
    their groups a viewer sees more than everybody.
    """

    def __init__(
        self,
        retriever: Retriever,
        store: ConversationStore,
        writer: AnswerWriter,
        threshold: float | None = None,
        suggest_threshold: float | None = None,
        *,
        intents: IntentReader,
        reader: QuestionReader | None = None,
        handoff: Callable[[IncomingMessage], bool] = lambda _message: False,
        mask: Callable[[str], str] = lambda text: text,
        learning: LearnsWordings | None = None,
        page_languages: Callable[[], Collection[str]] = tuple,
        find_granted: Callable[[Viewer], frozenset[str]] = lambda _viewer: frozenset(),
        limit: int = 10,
    ) -> None:
        self._store = store
        self._writer = writer
        self._intents = intents
        self._mask = mask
        self._learning = learning
        self._find_granted = find_granted
        self._interpreter = MessageInterpreter(store, intents, reader, handoff, page_languages)
        self._finder = PassageFinder(retriever, reader, (threshold, suggest_threshold), limit)
        self._keeper = TurnKeeper(store)

    def warm_up(self) -> None:
        """Load what the first answer would wait for: the words, the patterns over them, the analysis, the parser."""
        self._intents.read_messages(["hello"], "en")
        self._mask("+44 20 7946 0958")
        extract_facts("hello", lenient=True)
        reply_language("您好")
        reply_language("hello there")
        find_choice("hello", (Citation(1, "1", "", ""),), OfferReply.OTHER)
        select_excerpt("hello\n" * BUDGET, "hello")

    async def answer_message(self, message: IncomingMessage) -> AsyncGenerator[AnswerEvent, None]:
        """Answer a message and log the turn. Raises RetrievalError, StorageError, TurnNotStored (see the module)."""
        watch = Stopwatch()
        conversation = await self._store.load_conversation(message.conversation_id, with_passages=False)
        watch.record_stage("load")
        seen = tuple((name, self._mask(shows)) for name, shows in message.seen)
        message = replace(message, text=self._mask(message.text[: 2 * MAX_CHARACTERS]), seen=seen)
        asked = await self._interpreter.find_offer(message, conversation)
        draft, choice = await self._interpreter.interpret_message(message, conversation, asked)
        context: tuple[str, ...] = ()
        if not draft.reply:
            yield Status(Stage.SEARCHING, message.text if message.called else "")
            watch.mark()
            context = await self._interpreter.resolve_question(draft, choice, conversation)
            watch.record_stage("understand")
        if not draft.reply:
            await self._finder.search_pages(draft, choice, asked, context, list_shown_passages(conversation), watch)
            yield Status(Stage.ASKING if draft.decision.offers else Stage.WRITING)
            watch.mark()
        earlier = tuple(list_earlier_turns(conversation))
        async with aclosing(self._write_checked(draft, earlier, watch.seconds, message.editable)) as deltas:
            async for delta in deltas:
                watch.record_stage("write")
                yield delta
                watch.mark()
        watch.record_stage("write")
        granted = self._find_granted(message.viewer)
        turn = build_turn(draft, message, draft.checker.citations, watch.collect_timings(), granted)
        fault, settled = await self._keeper.store_turn(turn), settle_clarification(asked, choice)
        await self._keeper.note_verdict(asked, choice, message.user)
        await self._keeper.note_feedback(draft.reading, conversation, message.user)
        if self._learning and settled and settled.number is not None and not fault:
            await self._learning.record_choice(settled.asked, settled.number, turn)
        watch.record_stage("store")
        yield Final(replace(turn, timings_ms=watch.collect_timings()), settled)
        if fault:
            raise TurnNotStored(turn, fault) from fault

    async def _write_checked(
        self, draft: Draft, earlier: tuple[Turn, ...], waited: float, editable: bool
    ) -> AsyncGenerator[Delta, None]:
        """The answer as it may go out."""
        if text := draft.begin_answer():
            yield draft.tell(text)
        if not draft.reply and draft.result:
            asked = draft.standalone, draft.language, draft.result, earlier, draft.id, draft.asked
            brief = WritingRequest(*asked, waited, editable)
            async with _close_after(self._writer.write_answer(brief)) as pieces:
                async for piece in pieces:
                    draft.model = piece.model
                    if piece.refused:  # which is no proof that the passages hold none
                        suggest_nearest(draft, decision.select_nearest(draft.result))
                    text = draft.begin_answer() if piece.anew else ""
                    text += draft.checker.feed(piece.text)
                    text += draft.checker.finish() if piece.interim else ""
                    if text or piece.interim or piece.anew:
                        yield draft.tell(text, interim=piece.interim, anew=piece.anew)
        if text := draft.checker.feed(draft.reply):
            yield draft.tell(text)
        if text := draft.checker.finish():
            yield draft.tell(text)


@asynccontextmanager
async def _close_after(pieces: AsyncIterator[AnswerChunk]) -> AsyncIterator[AsyncIterator[AnswerChunk]]:
    """Close a writer's generator at once when the answer is given up, so that it stops its own work."""
    try:
        yield pieces
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()
