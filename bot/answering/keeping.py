"""What is kept of an answered message: its turn, and what its asker says of the one before."""

from __future__ import annotations

import structlog

from bot.answering.clarify import Choice, confirms_suggestion
from bot.chat.conversation import NONE_OF_THESE, ClarificationOutcome, Conversation, Decision, Feedback, Turn, Vote
from bot.chat.intent import Intent, MessageReading
from bot.chat.ports import ConversationStore
from bot.errors import BotError


class TurnKeeper:
    """Stores turns and votes in a ConversationStore."""

    def __init__(self, store: ConversationStore) -> None:
        self._store = store

    async def store_turn(self, turn: Turn) -> Exception | None:
        """Store the turn; the customer has the answer by now, so a fault is logged and handed back, not raised."""
        try:
            await self._store.add_turn(turn)
        except Exception as error:
            log = structlog.get_logger(__name__)
            log.error("turn not stored", turn=turn.id, conversation=turn.conversation_id, cause=type(error).__name__)
            return error
        return None

    async def note_verdict(self, asked: Turn | None, choice: Choice | None, user: str) -> None:
        """Keep as a vote what its asker says of a suggestion. That it cannot be kept is no fault of the answer's."""
        if asked is None or asked.decision is not Decision.SUGGEST or choice is None:
            return
        if choice.option and not confirms_suggestion(asked, choice):
            return
        await self._record_vote(asked, Vote.UP if choice.option else Vote.DOWN, user)

    async def note_feedback(self, reading: MessageReading, conversation: Conversation, user: str) -> None:
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


def settle_clarification(clarification: Turn | None, choice: Choice | None) -> ClarificationOutcome | None:
    """What came of what was asked back or suggested; None where nothing was."""
    if clarification is None or choice is None:
        return ClarificationOutcome(clarification) if clarification else None
    return ClarificationOutcome(clarification, choice.option.number if choice.option else NONE_OF_THESE)
