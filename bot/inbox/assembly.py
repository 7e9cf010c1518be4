"""The parts of the inbox, put together in order: each knows those above it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from bot.answering.pipeline import AnswerPipeline
from bot.answering.ports import PictureReader
from bot.chat.message import Job
from bot.chat.ports import ConversationStore, IntentReader
from bot.handoff.service import HandoffService
from bot.inbox.admission import Admission
from bot.inbox.answers import JobAnswers
from bot.inbox.arrivals import Arrivals
from bot.inbox.availability import Platforms
from bot.inbox.delivery import Delivery
from bot.inbox.dispatcher import Dispatcher
from bot.inbox.intents import IntentReadings
from bot.inbox.left import LeftJobs
from bot.inbox.limits import InboxLimits
from bot.inbox.masking import MessageMasking
from bot.inbox.options import OptionPresses
from bot.inbox.outcomes import JobOutcomes
from bot.inbox.ports import InboxMeter, InboxStore
from bot.inbox.positions import QueuePositions
from bot.inbox.question import QuestionFinder
from bot.inbox.queue import FairQueue
from bot.inbox.recovery import Recovery
from bot.inbox.relays import HandoffRelays
from bot.inbox.runtime import InboxRuntime
from bot.inbox.service import InboxService
from bot.inbox.worker import Worker


def build_inbox(
    answering: AnswerPipeline,
    conversations: ConversationStore,
    store: InboxStore,
    meter: InboxMeter,
    limits: InboxLimits | None = None,
    *,
    intents: IntentReader,
    masking: MessageMasking | None = None,
    handoffs: HandoffService | None = None,
    on_abstention: bool = False,
    on_undeliverable: Callable[[Job, str], Awaitable[bool]] | None = None,
    pictures: PictureReader | None = None,
) -> InboxService:
    """An inbox. `handoffs` hands conversations to people, also, if `on_abstention`, those of help channels whose
    question found no answer. `on_undeliverable` tells admins of a job whose customer cannot be told anything, and why;
    -> whether it could. `intents` tells questions from talk, and wishes for quiet. `masking` hides what is nobody's
    business before a text is kept or answered. `pictures` says what pictures show."""
    limits, masking = limits or InboxLimits(), MessageMasking() if masking is None else masking
    platforms, left, readings = Platforms(), LeftJobs(), IntentReadings(intents)
    arrivals, queue = Arrivals(), FairQueue(limits.queue, limits.per_user)
    presses = OptionPresses(conversations, store)
    outcomes = JobOutcomes(store, meter, masking, left)

    questions = QuestionFinder(readings, pictures)
    answers = JobAnswers(answering, conversations, store, questions, platforms, presses, outcomes)
    relays = HandoffRelays(handoffs, masking, limits, on_abstention=on_abstention)
    delivery = Delivery(platforms, store, limits, outcomes.log_fault, on_undeliverable)
    worker = Worker(store, platforms, delivery, answers, relays, presses, outcomes)

    positions = QueuePositions(queue, store, platforms, outcomes, limits)
    dispatcher = Dispatcher(arrivals, queue, worker, store, left, positions, outcomes, workers=limits.workers)
    recovery = Recovery(store, platforms, queue, left, dispatcher, limits)
    runtime = InboxRuntime(store, platforms, queue, dispatcher, recovery, positions)
    admission = Admission(queue, dispatcher, limits)
    return InboxService(store, masking, readings, presses, arrivals, admission, dispatcher, outcomes, runtime)
