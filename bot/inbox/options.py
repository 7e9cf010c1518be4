"""The buttons of offers: a press becomes a message of its presser, and the buttons go once there was a choice.

A press is claimed under the offer's own id, in the place of the question: however often it is pressed, by
whomever, and however often the platform tells of it, it is answered once.
"""

from __future__ import annotations

from dataclasses import replace

import structlog

from bot.answering.clarify import describe_choice, find_pressed_option
from bot.chat.conversation import ClarificationOutcome, OptionPress, Turn
from bot.chat.message import ChatMessage, Job
from bot.chat.platform import ReplySender
from bot.chat.ports import ConversationStore
from bot.chat.reply_target import Retarget
from bot.errors import DeliveryError, StorageError, UnknownTurn
from bot.i18n import words_for
from bot.inbox.ports import InboxStore
from bot.runtime.retries import retry_with_backoff

log = structlog.get_logger(__name__)

_TRIES, _FIRST_PAUSE = 3, 0.5  # to take buttons off, and seconds between the first two


def press_id(turn_id: str) -> str:
    """The id of the message that a press below this offer is."""
    return f"choice:{turn_id}"


class OptionPresses:
    """Every method raises StorageError, but for `close_clarification`."""

    def __init__(self, conversations: ConversationStore, store: InboxStore) -> None:
        self._conversations = conversations
        self._store = store

    async def build_message(
        self,
        turn_id: str,
        number: int,
        user: str,
        retarget: Retarget,
        author: str = "",
        groups: frozenset[str] = frozenset(),
    ) -> ChatMessage | None:
        """A press as a message of `user`, who is called `author` and is in these `groups` by where they press it and as
        their platform says with it; None where the offer is not known any more."""
        asked, job = await self._load_offer(turn_id)
        choice = find_pressed_option(asked, number) if asked else None
        if asked is None or job is None or choice is None:
            return None
        question = job.message
        return replace(
            question,
            id=press_id(turn_id),
            user=user,
            text=describe_choice(asked, choice),
            names_others=False,
            gesture="",  # it is another than that of the question
            reply_target=retarget(question.reply_target),
            chosen=OptionPress(turn_id, number, question.user, question.id),
            author=author,
            files=(),
            unseen="",
            in_help_channel=False,  # a claim finds that out anew, as it does the handoff
            handoff_id="",
            side=None,
            groups=groups,
        )

    async def explain_refusal(self, turn_id: str, user: str, language: str = "en") -> str:
        """Why nothing comes of a user's press, in words; "" where it is, or was, answered."""
        asked, job = await self._load_offer(turn_id)
        words = words_for(asked.language if asked else language)
        if asked is None or job is None:
            return words.say("unknown_answer")
        press = await self._store.find_job(replace(job.message, id=press_id(turn_id)).key)
        if press is None:
            theirs = user in {job.message.user, job.message.asked_by}
            return words.say("choice_not_taken" if theirs else "choice_not_yours")
        return "" if press.message.user == user else words.say("choice_made")

    async def load_outcome(self, chosen: OptionPress) -> ClarificationOutcome | None:
        """What a press settles."""
        asked, _ = await self._load_offer(chosen.turn_id)
        return ClarificationOutcome(asked, chosen.number) if asked else None

    async def load_earlier_outcome(self, turn: Turn) -> ClarificationOutcome | None:
        """What a turn that was made earlier has settled, as far as that can still be told."""
        turns = (await self._conversations.load_conversation(turn.conversation_id)).turns
        place = next((number for number, each in enumerate(turns) if each.id == turn.id), 0)
        last = turns[place - 1] if place else None
        return ClarificationOutcome(last) if last and last.decision.offers else None

    async def close_clarification(self, sender: ReplySender, settled: ClarificationOutcome, by: Job) -> None:
        """Take the buttons off. That it cannot be done is logged: the answer came all the same."""
        try:
            job = await self._store.find_job_of_turn(settled.asked)
            if job is None:
                return
            async for attempt in retry_with_backoff(on=_passes, pause=_FIRST_PAUSE, tries=_TRIES):
                with attempt:
                    await sender.close_clarification(job, settled, by)
        except (DeliveryError, StorageError) as error:
            log.warning("buttons not taken off", turn=settled.asked.id, cause=str(error))

    async def _load_offer(self, turn_id: str) -> tuple[Turn | None, Job | None]:
        try:
            turn = await self._conversations.find_turn(turn_id)
        except UnknownTurn:
            return None, None
        return (turn, await self._store.find_job_of_turn(turn)) if turn.decision.offers else (None, None)


def _passes(error: BaseException) -> bool:
    return isinstance(error, DeliveryError) and not error.permanent
