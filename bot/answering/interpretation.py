"""What a message asks: a choice among what was offered, small talk, a follow-up, or a question of its own."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Callable, Collection
from contextlib import suppress
from datetime import UTC, datetime

from bot.answering import followups
from bot.answering.clarify import (
    Choice,
    confirms_suggestion,
    extract_lead,
    find_choice,
    find_pressed_option,
    is_unclear,
    number_beyond,
)
from bot.answering.draft import Draft
from bot.answering.draft_replies import call_person, note_around, reply_to_refusal, reply_to_small_talk
from bot.answering.ports import QuestionReader
from bot.chat.conversation import Conversation, Decision, IncomingMessage, Kind, Turn
from bot.chat.intent import OfferReply
from bot.chat.ports import ConversationStore, IntentReader
from bot.errors import UnknownTurn
from bot.i18n import words_for
from bot.i18n.language import primary_subtag, reply_language
from retrieval.text.cleaning import clean_text
from retrieval.text.languages import script_language

MAX_CHARACTERS = 4000  # of a message; the embedding model reads far less
_QUESTION_MARK = re.compile("[?？]")
_SHORT = 120  # characters: in a longer message there may be something to search for, whatever it sounds like


class MessageInterpreter:
    """Reads messages (see `AnswerPipeline` for what it is made of)."""

    def __init__(
        self,
        store: ConversationStore,
        intents: IntentReader,
        reader: QuestionReader | None,
        handoff: Callable[[IncomingMessage], bool],
        page_languages: Callable[[], Collection[str]],
    ) -> None:
        self._store = store
        self._intents = intents
        self._reader = reader
        self._handoff = handoff
        self._page_languages = page_languages

    async def find_offer(self, message: IncomingMessage, conversation: Conversation) -> Turn | None:
        """The offer that the message may reply to: of a button its own, else what was said last."""
        last = conversation.turns[-1] if conversation.turns else None
        if message.chosen is None:
            return last if last and last.decision.offers else None
        with suppress(UnknownTurn):  # forgotten since
            return await self._store.find_turn(message.chosen.turn_id)
        return None

    async def interpret_message(
        self, message: IncomingMessage, conversation: Conversation, offer: Turn | None
    ) -> tuple[Draft, Choice | None]:
        """What the message asks, or which offered option it chooses, or the reply to what is no question."""
        text = clean_text(message.text).strip()
        question = text[:MAX_CHARACTERS]
        last = conversation.turns[-1] if conversation.turns else None
        language = message.language or await self._tell_language(message.own or question, last)
        choice, again = await self._read_choice(message, question, offer, language)
        if offer and (again or message.chosen):
            language = offer.language
        words = words_for(language)
        draft = Draft(uuid.uuid4().hex, datetime.now(UTC), question, question, language, viewer=message.viewer)
        draft.people = self._handoff(message)
        draft.first = last is None and offer is None and not message.language
        if choice and choice.option is None and offer:
            draft.standalone = offer.standalone_question  # which is what the pages do not answer
            draft.decision = Decision.ABSTAIN
            draft.reply = reply_to_refusal(words, people=draft.people)
        elif choice and offer and confirms_suggestion(offer, choice):
            draft.reply = words.say("confirmed")
        elif again and offer:
            draft.standalone, draft.again = offer.standalone_question, True
            if (number := number_beyond(question, offer.citations)) is not None:
                draft.preface = words.say("no_such_number", number=number) + "\n\n"
        elif not choice:
            await asyncio.to_thread(self._read_intent, draft)
        note_around(draft, message, words)
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

    def _read_intent(self, draft: Draft) -> None:
        """Read what the message is. What is surely small talk or a wish for a person is searched no further."""
        [draft.reading] = self._intents.read_messages([draft.question], draft.language)
        if draft.reading.wants_person:
            call_person(draft)
        elif draft.reading.sure and draft.reading.intent.is_small_talk and len(draft.question) <= _SHORT:
            reply_to_small_talk(draft)
        else:
            draft.standalone = self._intents.find_question(draft.question, draft.language)

    async def resolve_question(
        self, draft: Draft, choice: Choice | None, conversation: Conversation
    ) -> tuple[str, ...]:
        """Make the question stand alone; -> the earlier texts to search it with, where only rules could be asked."""
        if choice and choice.option:
            draft.standalone = choice.option.question
            return ()
        if draft.again:
            return ()
        earlier = list_earlier_turns(conversation)
        reading = (
            await self._reader.read_question(draft.standalone, draft.language, earlier)
            if self._reader and earlier
            else None
        )
        if reading:
            draft.standalone = reading.question
            if reading.kind is Kind.WANTS_HUMAN:
                call_person(draft)
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


def list_earlier_turns(conversation: Conversation) -> list[Turn]:
    """What was asked and said before, without the small talk."""
    return [turn for turn in conversation.turns if turn.decision.searched]


def _extract_page_words(turn: Turn) -> str:
    """What a turn told of the pages: of a suggestion the entry alone."""
    if turn.decision is not Decision.SUGGEST:
        return turn.answer
    return extract_lead(turn).partition(words_for(turn.language).say("suggest"))[2].strip()
