"""The one use case: a message becomes an answer.

Conversation, small talk, follow-up, retrieval, decision, writing, checking, storing, in that order. What comes out is a
stream of `Status`, `Delta` and one `Final`; the deltas joined, from the last that begins anew, are the answer.

Faults (RetrievalError, StorageError and whatever a writer raises) leave the generator as they are, and then nothing is
stored: the command line shows them to its operator, the inbox logs them under an id that it tells the customer. A turn
is stored whole, before `Final`, or not at all, also when the caller closes it or is cancelled. When only the storing
fails, `Final` still comes and `TurnNotStored`, which carries the turn, follows it.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Sequence
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import structlog

from bot.answering import decide as decision
from bot.answering import followups, replies
from bot.answering.citations import CitationChecker
from bot.answering.clarify import (
    Choice,
    confirms_suggestion,
    extract_lead,
    find_choice,
    find_pressed_option,
    is_unclear,
    number_beyond,
    shown_in_full,
)
from bot.answering.excerpt import BUDGET, select_excerpt
from bot.answering.gist import LONGEST_GIST, TO_CHOOSE_BY, summarise_answer
from bot.answering.parts import Parts, find_parts
from bot.answering.ports import AnswerWriter, LearnsWordings, QuestionReader
from bot.answering.stopwatch import Stopwatch
from bot.chat.conversation import (
    NONE_OF_THESE,
    AnswerChunk,
    AnswerEvent,
    Citation,
    ClarificationOutcome,
    Conversation,
    Decision,
    Delta,
    Feedback,
    Final,
    IncomingMessage,
    Kind,
    Stage,
    Status,
    Turn,
    UsedPassage,
    Vote,
    WritingRequest,
)
from bot.chat.intent import UNREAD, Intent, MessageReading, OfferReply
from bot.chat.markup import escape_markdown
from bot.chat.ports import ConversationStore, IntentReader
from bot.errors import BotError, TurnNotStored, UnknownTurn
from bot.i18n import Words, words_for
from bot.i18n.language import primary_subtag, reply_language
from retrieval.audiences import ANYBODY, Viewer
from retrieval.documents import Document, RetrievalResult, ScoredPassage
from retrieval.errors import NoActiveVersion
from retrieval.interfaces import Retriever
from retrieval.text.cleaning import clean_text, collapse_whitespace
from retrieval.text.languages import script_language

MAX_CHARACTERS = 4000  # of a message; the embedding model reads far less
_QUESTION_MARK = re.compile("[?？]")
_NAME = 80  # characters of a person's name, or a file's
_SHORT = 120  # characters: in a longer message there may be something to search for, whatever it sounds like
OWN_WORDS = "frontdesk"  # the `model` of a turn that no writer wrote


@dataclass
class _Draft:
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
        self._retriever = retriever
        self._intents = intents
        self._reader = reader
        self._handoff = handoff
        self._mask = mask
        self._learning = learning
        self._page_languages = page_languages
        self._find_granted = find_granted
        self._store = store
        self._writer = writer
        self._thresholds = threshold, suggest_threshold
        self._limit = limit

    def warm_up(self) -> None:
        """Load what the first answer would wait for: the words, the patterns over them, the analysis, the parser."""
        self._intents.read_messages(["hello"], "en")
        self._mask("+44 20 7946 0958")
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
        asked = await self._find_offer(message, conversation)
        draft, choice = await self._interpret_message(message, conversation, asked)
        context: tuple[str, ...] = ()
        if not draft.reply:
            yield Status(Stage.SEARCHING, message.text if message.called else "")
            watch.mark()
            context = await self._resolve_question(draft, choice, conversation)
            watch.record_stage("understand")
        if not draft.reply:
            await self._search_pages(draft, choice, asked, context, _list_shown_passages(conversation), watch)
            yield Status(Stage.ASKING if draft.decision.offers else Stage.WRITING)
            watch.mark()
        earlier = tuple(_list_earlier_turns(conversation))
        async with aclosing(self._write_checked(draft, earlier, watch.seconds, message.editable)) as deltas:
            async for delta in deltas:
                watch.record_stage("write")
                yield delta
                watch.mark()
        watch.record_stage("write")
        granted = self._find_granted(message.viewer)
        turn = _build_turn(draft, message, draft.checker.citations, watch.collect_timings(), granted)
        fault, settled = await self._store_turn(turn), _settle_clarification(asked, choice)
        await self._note_verdict(asked, choice, message.user)
        await self._note_feedback(draft.reading, conversation, message.user)
        if self._learning and settled and settled.number is not None and not fault:
            await self._learning.record_choice(settled.asked, settled.number, turn)
        watch.record_stage("store")
        yield Final(replace(turn, timings_ms=watch.collect_timings()), settled)
        if fault:
            raise TurnNotStored(turn, fault) from fault

    async def _interpret_message(
        self, message: IncomingMessage, conversation: Conversation, offer: Turn | None
    ) -> tuple[_Draft, Choice | None]:
        """What the message asks, or which offered option it chooses, or the reply to what is no question."""
        text = clean_text(message.text).strip()
        question = text[:MAX_CHARACTERS]
        last = conversation.turns[-1] if conversation.turns else None
        language = await self._tell_language(message.own or question, last)
        choice, again = await self._read_choice(message, question, offer, language)
        if offer and (again or message.chosen):
            language = offer.language
        words = words_for(language)
        draft = _Draft(uuid.uuid4().hex, datetime.now(UTC), question, question, language, viewer=message.viewer)
        draft.people = self._handoff(message)
        draft.first = last is None and offer is None
        if choice and choice.option is None and offer:
            draft.standalone = offer.standalone_question  # which is what the pages do not answer
            draft.decision = Decision.ABSTAIN
            draft.reply = _reply_to_refusal(words, people=draft.people)
        elif choice and offer and confirms_suggestion(offer, choice):
            draft.reply = words.say("confirmed")
        elif again and offer:
            draft.standalone, draft.again = offer.standalone_question, True
            if (number := number_beyond(question, offer.citations)) is not None:
                draft.preface = words.say("no_such_number", number=number) + "\n\n"
        elif not choice:
            await asyncio.to_thread(self._read_intent, draft)
        _note_around(draft, message, words)
        if len(text) > MAX_CHARACTERS:
            draft.preface += words.say("too_long", limit=MAX_CHARACTERS) + "\n\n"
        return draft, choice

    async def _tell_language(self, text: str, last: Turn | None) -> str:
        """The language to reply in; the pages are asked only where they could tell."""
        pages = await asyncio.to_thread(self._page_languages) if script_language(text, "") == "zh" else ()
        return reply_language(text, last.language if last else "", page_languages=pages)

    async def _read_choice(
        self, message: IncomingMessage, question: str, offer: Turn | None, language: str
    ) -> tuple[Choice | None, bool]:
        """Which option is chosen, and whether to ask again: a yes to which of several nobody can tell, a number that is
        none of theirs, or several."""
        if offer is None:
            return None, False
        if message.chosen:
            return find_pressed_option(offer, message.chosen.number), False
        [reply] = await asyncio.to_thread(self._intents.read_replies, [question], language)
        choice = find_choice(question, offer.citations, reply, shown=offer.decision is Decision.SUGGEST)
        beyond = number_beyond(question, offer.citations) is not None
        return choice, choice is None and (reply is OfferReply.YES or beyond or is_unclear(question, reply))

    def _read_intent(self, draft: _Draft) -> None:
        """Read what the message is. What is surely small talk or a wish for a person is searched no further."""
        [draft.reading] = self._intents.read_messages([draft.question], draft.language)
        if draft.reading.wants_person:
            _call_person(draft)
        elif draft.reading.sure and draft.reading.intent.is_small_talk and len(draft.question) <= _SHORT:
            _reply_to_small_talk(draft)
        else:
            draft.standalone = self._intents.find_question(draft.question, draft.language)

    async def _find_offer(self, message: IncomingMessage, conversation: Conversation) -> Turn | None:
        """The offer that the message may reply to: of a button its own, else what was said last."""
        last = conversation.turns[-1] if conversation.turns else None
        if message.chosen is None:
            return last if last and last.decision.offers else None
        with suppress(UnknownTurn):  # forgotten since
            return await self._store.find_turn(message.chosen.turn_id)
        return None

    async def _resolve_question(
        self, draft: _Draft, choice: Choice | None, conversation: Conversation
    ) -> tuple[str, ...]:
        """Make the question stand alone; -> the earlier texts to search it with, where only rules could be asked."""
        if choice and choice.option:
            draft.standalone = choice.option.question
            return ()
        if draft.again:
            return ()
        earlier = _list_earlier_turns(conversation)
        reading = (
            await self._reader.read_question(draft.standalone, draft.language, earlier)
            if self._reader and earlier
            else None
        )
        if reading:
            draft.standalone = reading.question
            if reading.kind is Kind.WANTS_HUMAN:
                _call_person(draft)
            elif reading.kind is Kind.SMALL_TALK and not _QUESTION_MARK.search(draft.question):
                draft.reply = words_for(draft.language).say("empty")
            return ()
        # What no page answered is no topic to go on with.
        answered = (turn for turn in earlier if turn.decision is not Decision.ABSTAIN)
        told = [(turn.standalone_question, _extract_page_words(turn)) for turn in answered]
        draft.standalone, context = followups.contextualise_question(
            draft.standalone, primary_subtag(draft.language), told
        )
        return context

    async def _search_pages(
        self,
        draft: _Draft,
        choice: Choice | None,
        asked: Turn | None,
        context: tuple[str, ...],
        given: frozenset[str],
        watch: Stopwatch,
    ) -> None:
        """Retrieve and decide. A chosen option needs no deciding if it is still there; else its title is a question."""
        try:
            result = await self._retriever.retrieve(
                draft.standalone, context=context, limit=self._limit, viewer=draft.viewer
            )
        except NoActiveVersion:  # the last source was removed: then nothing is known
            result = RetrievalResult(draft.standalone, primary_subtag(draft.language), (), 0.0, "", "")
        if draft.first:
            draft.language = reply_language(draft.question, site_languages=(result.language,))
        decided = decision.make_decision(result, *self._thresholds, given=given)
        draft.decision, draft.threshold, draft.confidence = decided.decision, decided.threshold, result.confidence
        watch.record_stage("retrieve")
        chosen = _put_chosen_first(result, choice.option, asked) if choice and choice.option and asked else None
        if choice and choice.option and not chosen:
            draft.preface += words_for(draft.language).say("choice_gone") + "\n\n"
        parts = None if choice or context else await self._find_parts(draft, result)
        watch.record_stage("parts")
        if chosen:
            draft.decision, result = Decision.ANSWER, chosen
        elif parts:
            draft.decision = Decision.ANSWER if parts.sure else Decision.SUGGEST
            result, draft.asked, draft.confidence = parts.result, parts.questions, parts.result.confidence
        elif self._reader and self._worth_reading(decided, result):
            ranks = await self._reader.find_answering_passages(draft.standalone, result)
            if ranks:
                draft.decision, result = Decision.ANSWER, _put_first(result, ranks)
            elif ranks is not None:
                draft.decision = Decision.ABSTAIN
            watch.record_stage("judge")
        draft.result = result
        _reply_to(draft, decision.select_nearest(result) if parts else decided.options)

    async def _find_parts(self, draft: _Draft, whole: RetrievalResult) -> Parts | None:
        """The answers to a message that asks two things; the second is searched as if the first had been answered."""

        async def search_question(question: str, context: tuple[str, ...] = ()) -> RetrievalResult:
            return await self._retriever.retrieve(question, context=context, limit=self._limit, viewer=draft.viewer)

        async def search_after(question: str, before: str, found: RetrievalResult) -> RetrievalResult:
            told = [(before, found.passages[0].passage.document.answer)]
            return await search_question(*followups.contextualise_question(question, whole.language, told))

        return await find_parts(draft.standalone, whole, self._thresholds, search_question, search_after)

    def _worth_reading(self, decided: decision.Decided, result: RetrievalResult) -> bool:
        """Whether a reader may find an answer in the pages; which of two is meant only the customer knows."""
        if decided.decision in {Decision.ANSWER, Decision.CLARIFY}:
            return False
        return decision.is_doubtful(result, decided.threshold)

    async def _write_checked(
        self, draft: _Draft, earlier: tuple[Turn, ...], waited: float, editable: bool
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
                        _suggest_nearest(draft, decision.select_nearest(draft.result))
                    text = draft.begin_answer() if piece.anew else ""
                    text += draft.checker.feed(piece.text)
                    text += draft.checker.finish() if piece.interim else ""
                    if text or piece.interim or piece.anew:
                        yield draft.tell(text, interim=piece.interim, anew=piece.anew)
        if text := draft.checker.feed(draft.reply):
            yield draft.tell(text)
        if text := draft.checker.finish():
            yield draft.tell(text)

    async def _store_turn(self, turn: Turn) -> Exception | None:
        """Store the turn; the customer has the answer by now, so a fault is logged and handed back, not raised."""
        try:
            await self._store.add_turn(turn)
        except Exception as error:
            log = structlog.get_logger(__name__)
            log.error("turn not stored", turn=turn.id, conversation=turn.conversation_id, cause=type(error).__name__)
            return error
        return None

    async def _note_verdict(self, asked: Turn | None, choice: Choice | None, user: str) -> None:
        """Keep as a vote what its asker says of a suggestion. That it cannot be kept is no fault of the answer's."""
        if asked is None or asked.decision is not Decision.SUGGEST or choice is None:
            return
        if choice.option and not confirms_suggestion(asked, choice):
            return
        await self._record_vote(asked, Vote.UP if choice.option else Vote.DOWN, user)

    async def _note_feedback(self, reading: MessageReading, conversation: Conversation, user: str) -> None:
        """Keep as a vote what is said of the last answer."""
        last = conversation.turns[-1] if conversation.turns else None
        if last is None or last.decision not in {Decision.ANSWER, Decision.SUGGEST} or not reading.sure:
            return
        if reading.intent in {Intent.HELPED, Intent.NOT_HELPED}:
            await self._record_vote(last, Vote.UP if reading.intent is Intent.HELPED else Vote.DOWN, user)

    async def _record_vote(self, turn: Turn, vote: Vote, user: str) -> None:
        try:
            await self._store.record_vote(Feedback(turn.id, user, vote))
        except BotError as error:
            log = structlog.get_logger(__name__)
            log.warning("verdict not kept", turn=turn.id, cause=type(error).__name__)


@asynccontextmanager
async def _close_after(pieces: AsyncIterator[AnswerChunk]) -> AsyncIterator[AsyncIterator[AnswerChunk]]:
    """Close a writer's generator at once when the answer is given up, so that it stops its own work."""
    try:
        yield pieces
    finally:
        if isinstance(pieces, AsyncGenerator):
            await pieces.aclose()


def _note_around(draft: _Draft, message: IncomingMessage, words: Words) -> None:
    """Say whose question is answered, and what came with it and was not read."""
    files = ", ".join(f"“{escape_markdown(name[:_NAME])}”" for name in message.unread if name) or "…"
    if message.unread and draft.reading.intent is Intent.EMPTY:
        draft.reply = words.say("only_files", files=files)
    elif message.unread:
        draft.preface = words.say("files_unread", files=files) + "\n\n"
    for name, shows in message.seen:
        draft.preface += (
            words.say("picture_seen", file=f"“{escape_markdown(name[:_NAME])}”", shows=escape_markdown(shows)) + "\n\n"
        )
    if message.taken_from:
        draft.preface += words.say("taken_from", name=escape_markdown(message.taken_from[:_NAME])) + "\n\n"


def _call_person(draft: _Draft) -> None:
    draft.decision = Decision.HUMAN
    draft.reply = words_for(draft.language).say("handing_over" if draft.people else "wants_human")


def _reply_to_small_talk(draft: _Draft) -> None:
    """Reply to what asks nothing that pages could answer."""
    words, intent = words_for(draft.language), draft.reading.intent
    draft.decision, draft.result = Decision.CHITCHAT, None
    if intent is Intent.NOT_HELPED:
        draft.reply = _reply_to_refusal(words, people=draft.people)
    else:
        draft.reply = words.say("confirmed" if intent is Intent.HELPED else intent.value)


def _reply_to_refusal(words: Words, *, people: bool) -> str:
    """The reply to who says that what was found is not it."""
    return replies.write_nothing_found(words, people=True) if people else words.say("nothing_else_found")


def _reply_to(draft: _Draft, options: Sequence[ScoredPassage]) -> None:
    """Say in Frontdesk's own words what no writer has a part in: an offer of these, or that nothing was found."""
    if draft.decision is Decision.CLARIFY and draft.result:
        words = words_for(draft.language)
        draft.offered = _cite_options(words, draft.result, options, TO_CHOOSE_BY)
        draft.reply = replies.write_clarification(words, draft.offered)
    elif draft.decision is Decision.SUGGEST:
        _suggest_nearest(draft, options)
    elif draft.decision is Decision.ABSTAIN and draft.reading.intent.is_small_talk:
        _reply_to_small_talk(draft)
    elif draft.decision is Decision.ABSTAIN:
        draft.reply = replies.write_nothing_found(words_for(draft.language), people=draft.people)


def _suggest_nearest(draft: _Draft, options: Sequence[ScoredPassage]) -> None:
    """Show the nearest passage as what it is. Frontdesk quotes: no model says more of it."""
    if draft.result:
        draft.decision, draft.model = Decision.SUGGEST, OWN_WORDS
        words = words_for(draft.language)
        draft.offered = _cite_options(words, draft.result, options, LONGEST_GIST)
        questions = draft.asked or (draft.standalone,)
        draft.reply = replies.write_suggestion(words, questions, draft.result, draft.offered)


def _cite_options(
    words: Words, result: RetrievalResult, options: Sequence[ScoredPassage], limit: int
) -> tuple[Citation, ...]:
    """Options as what is cited of them, by rank, each with what it says, in `limit` characters, and what tells it
    apart."""
    documents = [option.passage.document for option in options]
    return tuple(
        replace(
            Citation.of(option.passage, result.passages.index(option) + 1),
            under=under,
            gist=summarise_answer(option.passage.document.answer, limit),
        )
        for option, under in zip(options, replies.disambiguation_labels(words, documents), strict=True)
    )


def _settle_clarification(clarification: Turn | None, choice: Choice | None) -> ClarificationOutcome | None:
    if clarification is None or choice is None:
        return ClarificationOutcome(clarification) if clarification else None
    return ClarificationOutcome(clarification, choice.option.number if choice.option else NONE_OF_THESE)


def _list_earlier_turns(conversation: Conversation) -> list[Turn]:
    """What was asked and said before, without the small talk."""
    return [turn for turn in conversation.turns if turn.decision.searched]


def _extract_page_words(turn: Turn) -> str:
    """What a turn told of the pages: of a suggestion the entry alone."""
    if turn.decision is not Decision.SUGGEST:
        return turn.answer
    return extract_lead(turn).partition(words_for(turn.language).say("suggest"))[2].strip()


def _list_shown_passages(conversation: Conversation) -> frozenset[str]:
    """The passages that were shown last: what an answer cited, or the one that was suggested."""
    for turn in _list_earlier_turns(conversation)[-1:]:
        if turn.decision in {Decision.ANSWER, Decision.SUGGEST}:
            shown = turn.citations if turn.decision is Decision.ANSWER else shown_in_full(turn)
            return frozenset(citation.passage_id for citation in shown)
    return frozenset()


def _put_first(result: RetrievalResult, ranks: Sequence[int]) -> RetrievalResult:
    """`result` with the passages of these 1-based ranks first."""
    chosen = [result.passages[rank - 1] for rank in ranks]
    return replace(result, passages=(*chosen, *(other for other in result.passages if other not in chosen)))


def _put_chosen_first(result: RetrievalResult, option: Citation, asked: Turn) -> RetrievalResult | None:
    """`result` with the chosen passage first, or what its page says by now; None when a refresh has taken it away."""
    by_id = [scored for scored in result.passages if scored.passage.id == option.passage_id]
    offered = {other.passage_id for other in asked.citations}
    by_page = [
        scored
        for scored in result.passages
        if scored.passage.id not in offered and _has_new_answer(scored.passage.document, option)
    ]
    for chosen in (*by_id, *by_page):
        others = (other for other in result.passages if other is not chosen)
        return replace(result, passages=(chosen, *others))
    return None


def _has_new_answer(document: Document, option: Citation) -> bool:
    """Whether this is the chosen question with another answer than when it was offered."""
    same = bool(option.url) and (document.url, document.question) == (option.url, option.title)
    if option.author and option.under:  # told apart as an answer of the team
        return same and bool(document.author)
    return same and option.under in {"", *map(collapse_whitespace, document.heading_path)}


def _build_turn(
    draft: _Draft,
    message: IncomingMessage,
    citations: tuple[Citation, ...],
    timings_ms: dict[str, float],
    granted: frozenset[str],
) -> Turn:
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
    )
