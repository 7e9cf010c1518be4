"""Answers to jobs, as the pipeline makes them: once for each revision, however often they are told."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace

from bot.answering.pipeline import AnswerPipeline
from bot.chat.conversation import AnswerEvent, ClarificationOutcome, Final, IncomingMessage, Turn
from bot.chat.groups import find_author
from bot.chat.message import Job
from bot.chat.ports import ConversationStore
from bot.errors import BotError, TurnNotStored
from bot.inbox.availability import Platforms
from bot.inbox.options import OptionPresses
from bot.inbox.outcomes import JobOutcomes
from bot.inbox.ports import InboxStore
from bot.inbox.question import QuestionFinder


@dataclass(slots=True)
class MadeAnswer:
    """What has become of a job's answer so far: its turn, and the clarification that it settles."""

    turn: Turn | None = None
    settled: ClarificationOutcome | None = None


class JobAnswers:
    """Finds what a message asks, has it answered, and notes the turn before its last event is passed on."""

    def __init__(
        self,
        pipeline: AnswerPipeline,
        conversations: ConversationStore,
        store: InboxStore,
        questions: QuestionFinder,
        platforms: Platforms,
        presses: OptionPresses,
        outcomes: JobOutcomes,
    ) -> None:
        self._pipeline = pipeline
        self._conversations = conversations
        self._store = store
        self._questions = questions
        self._platforms = platforms
        self._presses = presses
        self._outcomes = outcomes

    async def stream_events(self, job: Job, made: MadeAnswer) -> AsyncGenerator[AnswerEvent, None]:
        """The answer's events, noted in `made`; a turn that was made already for this job is not made again."""
        if made.turn is None and job.turn_id:
            await self._load_earlier_turn(job, made)
        if made.turn:
            yield Final(made.turn)
            return
        job, incoming = await self._find_question(job)
        async with aclosing(self._pipeline.answer_message(incoming)) as events:
            try:
                async for event in events:
                    if isinstance(event, Final):
                        made.turn, made.settled = event.turn, event.settled or made.settled
                        await self._store.record_turn(job, event.turn.id)
                    yield event
            except TurnNotStored as error:  # the customer has the answer; what is lost is the log's
                self._outcomes.log_fault(job, error)

    async def _load_earlier_turn(self, job: Job, made: MadeAnswer) -> None:
        with suppress(BotError):  # it was noted and never stored: it is made again
            made.turn = await self._conversations.find_turn(job.turn_id)
            made.settled = await self._presses.load_earlier_outcome(made.turn) or made.settled

    async def _find_question(self, job: Job) -> tuple[Job, IncomingMessage]:
        """What is to be answered, and the job with whose question that is, if it is another's."""
        message, place = job.message, job.message.place
        sender = self._platforms.find_sender(place.platform)
        found = await self._questions.find_question(message, self._platforms.find_context(place.platform))
        if found.user:
            job = replace(job, message=replace(message, asked_by=found.user))
        incoming = IncomingMessage(
            job.conversation_id,
            found.text,
            place.platform,
            message.user,
            place.channel,
            message.chosen,
            found.name,
            found.unread,
            found.seen,
            found.own,
            found.taken,
            find_author(job.message),
            sender is None or sender.can_replace(job),
            message.language,
        )
        return job, incoming
