"""The desk: a message of any chat platform is claimed, queued, answered once, and accounted for.

`receive` returns when the claim is committed; only then may an adapter acknowledge. Everything after that is owed: it
is answered, or excused in one honest line, by this process or by the one that takes over from it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

import structlog

from bot.answering.pipeline import AnswerPipeline
from bot.answering.ports import PictureReader
from bot.chat.conversation import AnswerEvent, ClarificationOutcome, Decision, Final, IncomingMessage, Turn
from bot.chat.message import (
    Audience,
    ChatMessage,
    Disposition,
    Job,
    JobState,
    MessageRef,
    Party,
    Rule,
    Thread,
    ThreadRef,
    mask_file_names,
)
from bot.chat.platform import MessageContext, ReplySender
from bot.chat.ports import ConversationStore, IntentReader
from bot.chat.reply_target import Retarget
from bot.errors import BotError, DeliveryError, Refusal, StorageError, TurnNotStored
from bot.handoff.models import HandoffReason
from bot.handoff.service import HandoffService
from bot.i18n import Words, words_for
from bot.i18n.language import reply_language
from bot.inbox.availability import Platforms
from bot.inbox.delivery import Delivery, DeliveryOutcome, age_of, is_same
from bot.inbox.early_replies import EarlyReplies
from bot.inbox.intents import IntentReadings
from bot.inbox.limits import InboxLimits
from bot.inbox.options import OptionPresses
from bot.inbox.policy import classify_message, needs_reading
from bot.inbox.ports import InboxMeter, InboxStore
from bot.inbox.question import QuestionFinder
from bot.inbox.queue import Budget, FairQueue, Full
from bot.inbox.unmasked_texts import UnmaskedTexts
from bot.runtime.faults import log_fault

log = structlog.get_logger(__name__)

_REMEMBERED = 10_000
_FULL_SECONDS = 60.0  # in which a user is told once that there are too many questions
_IDLE_SECONDS = 1.0  # without a message, after which a moment counts as quiet
_LONG = 100  # characters of a text that is masked in a thread: a hostile one takes 50 ms, answered or not


class InboxService:
    """`handing` hands conversations to people, also, if `on_abstention`, those of help channels whose question found no
    answer. `on_undeliverable` tells admins of an item whose customer cannot be told anything, and why; -> whether it
    could. `intents` tells questions from talk, and wishes for quiet. `mask` hides what is nobody's business before a
    text is kept or answered. `pictures` says what pictures show.

    An adapter joins by `join` when it can speak and leaves by `leave`; what comes while it is away is kept."""

    def __init__(
        self,
        answering: AnswerPipeline,
        conversations: ConversationStore,
        inbox: InboxStore,
        meter: InboxMeter,
        limits: InboxLimits | None = None,
        *,
        intents: IntentReader,
        handing: HandoffService | None = None,
        on_abstention: bool = False,
        on_undeliverable: Callable[[Job, str], Awaitable[bool]] | None = None,
        mask: Callable[[str], str] = lambda text: text,
        pictures: PictureReader | None = None,
    ) -> None:
        self._answering = answering
        self._conversations = conversations
        self._inbox = inbox
        self._meter = meter
        self._limits = limits or InboxLimits()
        self._handing = handing
        self._on_abstention = on_abstention
        self._mask = mask
        self._choices = OptionPresses(conversations, inbox)
        self._readings = IntentReadings(intents)
        self._asking = QuestionFinder(self._readings, pictures)
        self._unmasked = UnmaskedTexts()
        self._overtakers = EarlyReplies()
        self._excused: dict[str, float] = {}  # until when a user needs no further excuse
        self._passed_over: asyncio.Queue[Job] = asyncio.Queue()  # excused with one before them
        self._platforms = Platforms()
        self._deliveries = Delivery(self._platforms, inbox, self._limits, self._log_fault, on_undeliverable)
        self._surroundings: dict[str, MessageContext] = {}
        self._queue = FairQueue(self._limits.queue, self._limits.per_user)
        self._users = Budget(self._limits.user_budget, 3600)
        self._workspaces = Budget(self._limits.workspace_budget, 3600)
        self._working: dict[str, tuple[Job, asyncio.Task[None]]] = {}
        self._background: set[asyncio.Task[None]] = set()
        self._aside: dict[asyncio.Task[None], Job] = {}  # seen to in the background
        self._passing: dict[str, Job] = {}  # in `_passed_over`
        self._forgotten: frozenset[MessageRef] = frozenset()  # owed, and not in hand when that was looked at last
        self._told: dict[str, asyncio.Future[None]] = {}  # who waits and was told so: something may stand for them
        self._left: dict[str, Job] = {}  # owed, but broken off by a fault, or with no adapter here
        self._put_offs: set[str] = set()  # of those: undelivered, with nothing wrong in themselves
        self._received_at = 0.0
        self._closing = False

    @property
    def waiting_count(self) -> int:
        """Items in the queue."""
        return len(self._queue)

    @property
    def working_count(self) -> int:
        """Items being answered."""
        return len(self._working)

    def add_platform(self, platform: str, messenger: ReplySender, around: MessageContext | None = None) -> None:
        """Answer this platform's items through `messenger`; `around` tells what stands near them."""
        self._platforms.add_platform(platform, messenger)
        if around:
            self._surroundings[platform] = around

    def remove_platform(self, platform: str) -> None:
        """Keep this platform's items until it joins again."""
        self._platforms.remove_platform(platform)
        self._surroundings.pop(platform, None)

    def find_trouble(self, platform: str) -> str:
        """Why a platform lets the bot say nothing, and what an operator does about it; "" where it does."""
        return self._platforms.find_trouble(platform)

    async def until_idle(self) -> None:
        """Wait until nobody waits for anything, and nothing has come for a moment."""
        now = asyncio.get_running_loop().time
        while self.waiting_count or self.working_count or now() - self._received_at < _IDLE_SECONDS:  # noqa: ASYNC110 (no event)
            await asyncio.sleep(_IDLE_SECONDS / 4)

    def count_fault(self, platform: str, kind: str) -> None:
        """An adapter had to give something up."""
        self._meter.count_fault(platform, kind)

    # -- what adapters report -------------------------------------------------------------------------------------

    async def receive_message(self, message: ChatMessage) -> None:
        """Claim a message, committed on return, and queue its answer. Raises StorageError: then do not acknowledge."""
        await self._claim_message(message)

    async def _claim_message(self, message: ChatMessage, *, again: bool = False) -> Job | None:
        """Claim a message; `again` where that was tried before, and it was judged silent."""
        self._received_at = asyncio.get_running_loop().time()
        known = message.key in self._unmasked  # told of twice at once, by a mention
        masked = await self._mask_message(message)
        if masked.text != message.text:
            self._keep_unmasked(message, 0)
        rule, judged_in = await self._make_rule(masked), []

        def classify_there(message: ChatMessage, thread: Thread, help_channel: bool) -> Disposition:
            judged_in.append(thread)
            return rule(message, thread, help_channel)

        if item := await self._inbox.claim_message(masked, classify_there):
            self._meter.count_claim(message.place.platform, item.judgement.value)
            await self._admit_job(item)
            for reply in self._overtakers.take_below(item.message):
                await self._claim_message(reply, again=True)
            return item
        if not known:
            self._unmasked.forget_text(message.key)
        if judged_in and not again and not (judged_in[-1].answering or judged_in[-1].muted):
            self._overtakers.remember_reply(message)
        return None

    async def _reclassify_early_replies(self) -> None:
        """Judge replies again whose thread's first question another process has claimed meanwhile."""
        for reply in self._overtakers.take_due():
            first = await self._inbox.find_job(replace(reply.key, message_id=reply.place.thread))
            if first and first.judgement is Disposition.ANSWER:
                await self._claim_message(reply, again=True)

    async def receive_press(
        self, turn_id: str, number: int, user: str, retarget: Retarget, author: str = ""
    ) -> Job | None:
        """A button below a clarification was pressed: claim that as what its presser says, committed on return, and
        queue its answer; -> what is owed for this very press. `number` is the option's, `author` what the presser is
        called, if that is known. Raises StorageError."""
        message = await self._choices.build_message(turn_id, number, user, retarget, author)
        return await self._claim_message(message) if message else None

    async def explain_refusal(self, turn_id: str, user: str, language: str = "en") -> str:
        """Why nothing comes of what a user has `pressed`, to be told to them alone; "" where it is answered. `language`
        is for a clarification that is not known any more. Raises StorageError."""
        return await self._choices.explain_refusal(turn_id, user, language)

    async def receive_edit(self, message: ChatMessage) -> None:
        """A message was edited: answer it again in place, or as a new one if it was not. Raises StorageError."""
        masked = await self._mask_message(message)
        hidden = masked.text != message.text
        anew = hidden and self._unmasked.reads_anew(message)
        rule = await self._make_rule(masked)
        item = await self._inbox.revise_job(masked, rule, anew=anew)
        if item is None:
            if await self._inbox.find_job(message.key) is None and await self._claim_message(message):
                return  # as it reads now
            item = await self._inbox.revise_job(masked, rule, anew=anew)  # what was being claimed just now is claimed
        if item is None:
            return
        if hidden:
            self._keep_unmasked(message, item.revision)
        await self._stop_work(item.id)
        await self._admit_job(
            await self._inbox.find_job(message.key) or item
        )  # with what the stopped work left standing

    async def receive_deletion(self, key: MessageRef) -> None:
        """A message was deleted: stop its work and remove its answer. Raises StorageError."""
        item = await self._inbox.withdraw_job(key)
        self._unmasked.forget_text(key)
        if item is None:
            return
        await self._stop_work(item.id)
        self._clear_away(await self._inbox.find_job(key) or item)  # with what the stopped work left standing

    async def stop_thread(self, place: ThreadRef) -> Sequence[Job]:
        """Somebody stopped what is being answered in a thread: it is owed no more; -> those items, with what stands for
        them, which stays. Raises StorageError."""
        ended = []
        for item in await self._inbox.list_pending(place):
            if item.judgement is Disposition.ANSWER and await self._inbox.finish_job(item, JobState.EXCUSED):
                await self._stop_work(item.id)
                self._meter.count_outcome(place.platform, JobState.EXCUSED.value, "", age_of(item))
                ended.append(await self._inbox.find_job(item.message.key) or item)
        return ended

    async def set_muted(self, place: ThreadRef, muted: bool) -> None:
        """Be quiet in a thread, or no more. Raises StorageError."""
        await self._inbox.set_muted(place, muted)

    async def _make_rule(self, message: ChatMessage) -> Rule:
        """The policy for a message, which is read before: a claim's transaction is no place for that."""
        if message.chosen or message.audience is Audience.COMMAND:
            return classify_message
        return partial(
            classify_message, reading=await self._readings.read_message(message.text if needs_reading(message) else "")
        )

    async def _mask_message(self, message: ChatMessage) -> ChatMessage:
        long = len(message.text) > _LONG
        text = await asyncio.to_thread(self._mask, message.text) if long else self._mask(message.text)
        return replace(message, text=text, files=mask_file_names(message.files, self._mask))

    def _keep_unmasked(self, message: ChatMessage, revision: int) -> None:
        if self._handing:
            self._unmasked.keep_text(message, revision)

    async def _admit_job(self, item: Job) -> None:
        """Queue an item, or excuse it where its user or workspace has had enough."""
        place = item.message.place
        if item.judgement in {Disposition.QUIET, Disposition.RELAY}:  # costs nothing: no budget is to hear of
            await self._queue.put(item, owed=True)
            return
        user = ":".join((place.platform, place.workspace, item.message.user))
        wait = self._users.take_question(user) or self._workspaces.take_question(f"{place.platform}:{place.workspace}")
        if wait:
            self._excuse_once(user, wait, item, "over_budget", minutes=max(1, round(wait / 60)))
            return
        try:
            await self._queue.put(item)
        except Full as full:
            self._excuse_once(user, _FULL_SECONDS, item, "too_many_of_yours" if full.user else "too_many")

    def _excuse_once(self, user: str, seconds: float, item: Job, key: str, **values: object) -> None:
        """Excuse an item, unless its user was told so within that time: who asks a thousand times is told once, and
        costs the others nothing. A command has to be responded to."""
        now = asyncio.get_running_loop().time()
        if item.message.audience is not Audience.COMMAND and self._excused.get(user, 0) > now:
            self._passing[item.id] = item
            self._passed_over.put_nowait(item)
            return
        if len(self._excused) > _REMEMBERED:
            self._excused = {each: until for each, until in self._excused.items() if until > now}
        self._excused[user] = now + seconds
        self._spawn_task(item, self._excuse_job(item, key, **values))

    async def _pass_over(self) -> None:
        """End, one after the other, what is excused with another."""
        while True:
            item = await self._passed_over.get()
            with suppress(StorageError):  # then it is found again, and excused or answered
                await self._end_job(item, JobState.EXCUSED, ())
            self._passing.pop(item.id, None)

    # -- life -----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Work until cancelled. Items that a dead process left are taken over within a lease."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._limits.workers):
                group.create_task(self._process_queue())
            group.create_task(self._keep_alive())
            group.create_task(self._tell_positions())
            group.create_task(self._pass_over())

    async def drain(self, seconds: float) -> None:
        """Finish what is being answered, within a limit; what waits is left to the next start. Raises StorageError."""
        self._closing = True
        self._queue.take_all()
        tasks = [task for _, task in self._working.values()] + list(self._background)
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._inbox.release_lease()

    async def _keep_alive(self) -> None:
        while True:
            with suppress(StorageError):
                await self._inbox.extend_lease()
                await self._platforms.probe_suspended()
                await self._reclassify_early_replies()
                await self._take_up()
                await self._reclaim_expired()
                await self._look_after()
            await asyncio.sleep(self._limits.lease / 3)

    async def _reclaim_expired(self) -> None:
        room = self._limits.queue - len(self._queue)
        if self._closing or room <= 0 or not list(self._platforms):
            return
        for item in await self._inbox.reclaim_expired(list(self._platforms), min(room, 200)):
            log.info("item taken over", item=item.id, attempts=item.attempts)
            await self._queue.put(item, owed=True)

    async def _take_up(self) -> None:
        """Queue again what was left undone here; given up after as many starts as a delivery has tries."""
        for item in list(self._left.values()):
            if self._closing or item.message.place.platform not in self._platforms:
                continue
            current = await self._inbox.find_job(item.message.key)
            del self._left[item.id]
            if current is None or not current.state.is_open:
                continue
            if current.attempts < self._limits.tries or current.id in self._put_offs:
                await self._queue.put(current, owed=True)
            elif await self._deliveries.tell_undeliverable(current, "It broke off every time it was begun"):
                await self._end_job(current, JobState.FAILED, ())
            else:
                await self._put_off(current)

    async def _look_after(self) -> None:
        """Compare what is in hand here with what this process is to see to: others are told of edits, deletions and
        stops, and take over what was not seen to for a while; of a claim that was committed, the connection may have
        told nothing.
        """
        waiting, working = list(self._queue), list(self._working.values())
        before = self._in_hand()
        owed = await self._inbox.own_revisions()
        for item in waiting:
            if item.message.key not in owed and self._queue.holds_job(item):
                await self._queue.remove_job(item.id)
        for item, task in working:
            if owed.get(item.message.key) == item.revision or task.done():
                continue
            current = await self._inbox.find_job(item.message.key)
            stopped = current and current.state is JobState.EXCUSED
            if current and (stopped or not current.mine or current.revision != item.revision):
                await self._stop_work(item.id)
                await self._changed_elsewhere(item)
        forgotten = owed.keys() - before - self._in_hand()
        for key in forgotten & self._forgotten:
            current = await self._inbox.find_job(key)
            if current and current.mine and current.state.is_open and not self._closing:
                log.warning("item found again", item=current.id)
                await self._queue.put(current, owed=True)
        self._forgotten = frozenset(forgotten)

    def _in_hand(self) -> set[MessageRef]:
        """What is being seen to here, in whatever way."""
        items = [*self._queue, *self._left.values(), *self._aside.values(), *self._passing.values()]
        return {item.message.key for item in [*items, *(item for item, _ in self._working.values())]}

    async def _changed_elsewhere(self, item: Job) -> None:
        """The item is not owed as we know it: see to what it became, by way of another process, mostly."""
        current = await self._inbox.find_job(item.message.key)
        if current is None or current.revision == item.revision or not current.mine:
            return
        if current.state is JobState.RETRACTING:
            self._clear_away(current)
        elif current.state is JobState.PENDING:
            await self._queue.put(current, owed=True)

    async def _tell_positions(self) -> None:
        told: dict[str, int] = {}
        while True:
            await asyncio.sleep(self._limits.told_after)
            now, still = datetime.now(UTC), {}
            for item, ahead in list(self._queue.list_positions()):
                waited = (now - item.received_at).total_seconds()
                before = told.get(item.id)
                if waited < self._limits.told_after or (before is not None and ahead > min(before - 1, before / 2)):
                    still.update({item.id: before} if before is not None else {})
                    continue
                current = None
                with suppress(StorageError):  # with the line that was shown before
                    current = await self._inbox.find_job(item.message.key)
                if current is None or not is_same(current, item) or not self._queue.holds_job(item):
                    continue  # it is another's by now, or it took a while to tell the others
                if current.attempts and not current.replies:
                    continue  # something may stand for it
                item = current
                still[item.id] = ahead
                if messenger := self._platforms.find_sender(item.message.place.platform):
                    told_one = messenger.tell_position(item, ahead + len(self._working), self._make_recorder(item))
                    in_time = asyncio.wait_for(told_one, self._limits.lease / 3)  # later, another may have answered it
                    self._told[item.id] = task = asyncio.ensure_future(in_time)
                    await asyncio.wait({task})
                    if error := task.exception():  # a courtesy: the answer comes all the same
                        self._log_fault(item, error)
            told = still

    # -- work -----------------------------------------------------------------------------------------------------

    async def _process_queue(self) -> None:
        while True:
            item = await self._queue.get()
            task = asyncio.create_task(self._process_job(item))
            self._working[item.id] = item, task
            try:
                await asyncio.wait({task})
            finally:
                self._working.pop(item.id, None)
                await self._queue.release_lane(item)
            self._broken_off(item, task)

    async def _process_job(self, item: Job) -> None:
        """See to one item, whatever it calls for."""
        messenger = self._platforms.find_sender(item.message.place.platform)
        if messenger is None:
            self._left[item.id] = item  # until its adapter joins, or the next start
            return
        if self._closing:
            return
        if told := self._told.pop(item.id, None):
            await asyncio.wait({told})  # what is shown while it waits is noted by then
        begun = await self._inbox.start_job(item)
        if begun is None:
            await self._changed_elsewhere(item)
            return
        item = begun
        again = item.attempts > 1
        unknown = again and not item.replies
        if item.state is JobState.RETRACTING:
            await self._retract_job(item)
            return
        closing = self._close_pressed(item, messenger)
        words = words_for(reply_language(item.message.text))
        if item.judgement is Disposition.ANSWER and again and age_of(item) > self._limits.patience:
            await self._deliver_line(item, JobState.EXCUSED, say=words.say("too_late"), unknown=unknown)
        elif item.judgement is Disposition.RELAY:
            if closing:
                await asyncio.wait({closing})
            await self._relay_job(item)
        elif item.judgement is Disposition.QUIET:
            await self._deliver_line(item, say=words.say("quieted"), unknown=unknown)
        else:
            if item.message.side is Party.CUSTOMER and self._handing:  # people read along
                await self._read_along(item)
            await self._answer_job(item, words, unknown=unknown, closing=closing)

    async def _answer_job(
        self, item: Job, words: Words, *, unknown: bool, closing: asyncio.Task[None] | None = None
    ) -> None:
        """Answer an item, or excuse it. `unknown`: something may stand for it that nobody has noted. `closing`: the
        buttons that it pressed are being taken off."""
        made: list[Turn] = []
        settled: list[ClarificationOutcome] = []

        async def show_answer(messenger: ReplySender, item: Job) -> None:
            async with asyncio.timeout(self._limits.seconds):
                await messenger.show_answer(item, self._stream_events(item, made, settled), self._make_recorder(item))

        try:
            delivered = await self._deliveries.deliver_reply(item, show_answer, unknown=unknown)
        except Exception as error:
            excuse = words.say("fault", fault=self._log_fault(item, error))
            current = await self._inbox.find_job(item.message.key)
            if current is None or not is_same(current, item):
                await self._changed_elsewhere(item)
                return
            await self._deliver_line(current, JobState.EXCUSED, say=excuse, unknown=not current.replies)
            return
        if delivered is not DeliveryOutcome.DONE:
            await self._not_delivered(item, delivered, made)
            return
        if closing:
            await asyncio.wait({closing})
        elif settled and (messenger := self._platforms.find_sender(item.message.place.platform)):
            await self._choices.close_clarification(messenger, settled[-1], item)
        await self._hand_over(item, made)
        await self._end_job(item, JobState.ANSWERED, made)

    async def _not_delivered(self, item: Job, delivered: DeliveryOutcome, made: Sequence[Turn] = ()) -> None:
        """See to what could not be said now."""
        if delivered is DeliveryOutcome.CHANGED:
            await self._changed_elsewhere(item)
        elif delivered is DeliveryOutcome.MUST_WAIT:
            self._left[item.id] = item
            self._put_offs.add(item.id)
        elif delivered is DeliveryOutcome.GIVEN_UP:
            await self._put_off(item)
        elif delivered is DeliveryOutcome.REFUSED:
            await self._end_job(item, JobState.FAILED, made)

    async def _read_along(self, item: Job) -> None:
        """Pass on what is answered as well; where that cannot be, its author hears so."""
        if self._handing is None:
            return
        for attempt in range(self._limits.tries):
            try:
                await self._handing.relay_message(item, self._unmasked.text_of(item))
                return
            except DeliveryError as error:
                log.warning("relay failed", item=item.id, cause=str(error), attempt=attempt + 1)
                await self._deliveries.pause_before_retry(attempt)
        await self._handing.give_up(item)

    async def _relay_job(self, item: Job) -> None:
        """Pass a message of a handoff on, trying as often as for an answer."""
        for attempt in range(self._limits.tries):
            try:
                if self._handing:
                    await self._handing.relay_message(item, self._unmasked.text_of(item))
                await self._end_job(item, JobState.RELAYED, ())
                return
            except DeliveryError as error:
                log.warning("relay failed", item=item.id, cause=str(error), attempt=attempt + 1)
                await self._deliveries.pause_before_retry(attempt)
        await self._put_off(item)

    async def _hand_over(self, item: Job, made: Sequence[Turn]) -> None:
        """Call people where they were asked for, or where an answer is owed that the pages do not hold.

        Before the item ends: cut off, it is done again, and one that is with people already stays with them.
        """
        turn, message = made[-1] if made else None, item.message
        if turn is None or self._handing is None or not self._handing.can_hand_over(message.place):
            return
        owed = self._on_abstention and turn.decision is Decision.ABSTAIN and message.in_help_channel
        if turn.decision is Decision.HUMAN:
            await self._handing.open_for(item, turn, HandoffReason.WORDS)
        elif owed:
            await self._handing.open_for(item, turn, HandoffReason.ABSTENTION)

    async def _put_off(self, item: Job) -> None:
        """Delivery has failed several times in a row: again later, while that makes sense."""
        if age_of(item) < self._limits.patience:
            self._left[item.id] = item
            self._put_offs.add(item.id)
            return
        given_up = DeliveryError("given up after several tries", Refusal.MOMENT)
        self._log_fault(item, given_up)
        await self._deliveries.tell_undeliverable(item, str(given_up))
        if item.judgement is Disposition.RELAY and self._handing:
            await self._handing.give_up(item)
        await self._end_job(item, JobState.FAILED, ())

    def _close_pressed(self, item: Job, messenger: ReplySender) -> asyncio.Task[None] | None:
        """Take off the buttons of which one was pressed, beside its answer."""
        chosen = item.message.chosen
        if chosen is None:
            return None

        async def close_clarification() -> None:
            with suppress(StorageError):
                if settled := await self._choices.load_outcome(chosen):
                    await self._choices.close_clarification(messenger, settled, item)

        task = asyncio.create_task(close_clarification())
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    async def _stream_events(
        self, item: Job, made: list[Turn], settled: list[ClarificationOutcome]
    ) -> AsyncGenerator[AnswerEvent, None]:
        """The answer's events; a turn that was made already for this item is not made again."""
        if not made and item.turn_id:
            with suppress(BotError):
                made.append(await self._conversations.find_turn(item.turn_id))
                if before := await self._choices.load_earlier_outcome(made[0]):
                    settled.append(before)
        if made:
            yield Final(made[0])
            return
        place = item.message.place
        asked = await self._asking.find_question(item.message, self._surroundings.get(place.platform))
        if asked.user:
            item = replace(item, message=replace(item.message, asked_by=asked.user))
        incoming = IncomingMessage(
            item.conversation_id,
            asked.text,
            place.platform,
            item.message.user,
            place.channel,
            item.message.chosen,
            asked.name,
            asked.unread,
            asked.seen,
            asked.own,
        )
        async with aclosing(self._answering.answer_message(incoming)) as events:
            try:
                async for event in events:
                    if isinstance(event, Final):
                        made.append(event.turn)
                        settled += [event.settled] if event.settled else []
                        await self._inbox.record_turn(item, event.turn.id)
                    yield event
            except TurnNotStored as error:  # the customer has the answer; what is lost is the log's
                self._log_fault(item, error)

    async def _excuse_job(self, item: Job, key: str, **values: object) -> None:
        messenger = self._platforms.find_sender(item.message.place.platform)
        if messenger is None:
            self._left[item.id] = item
        elif begun := await self._inbox.start_job(item):
            if closing := self._close_pressed(item, messenger):
                await asyncio.wait({closing})
            words = words_for(reply_language(item.message.text))
            self._meter.count_fault(item.message.place.platform, key)
            unknown = begun.attempts > 1 and not begun.replies
            await self._deliver_line(begun, JobState.EXCUSED, say=words.say(key, **values), unknown=unknown)

    async def _deliver_line(
        self, item: Job, state: JobState = JobState.ANSWERED, *, say: str, unknown: bool = False
    ) -> None:
        """Say a line of our own for the item."""

        async def send_line(messenger: ReplySender, item: Job) -> None:
            await messenger.send_text(item, say, self._make_recorder(item))

        delivered = await self._deliveries.deliver_reply(item, send_line, unknown=unknown)
        if delivered is DeliveryOutcome.DONE:
            await self._end_job(item, state, ())
        else:
            await self._not_delivered(item, delivered)

    def _clear_away(self, item: Job) -> None:
        """Remove what stands for an item whose message is gone."""
        self._spawn_task(item, self._retract_job(item))

    async def _retract_job(self, item: Job) -> None:
        async def remove_replies(messenger: ReplySender, item: Job) -> None:
            left = item.moved.left if item.moved else ()
            if refusal := await self._deliveries.remove_replies(
                messenger, replace(item, replies=(*left, *item.replies))
            ):
                raise refusal

        delivered = await self._deliveries.deliver_reply(
            item, remove_replies, unknown=not item.replies and item.attempts > 0, here=True
        )
        if delivered in {DeliveryOutcome.DONE, DeliveryOutcome.REFUSED}:  # what may not be removed stays
            await self._end_job(item, JobState.WITHDRAWN, ())
        else:
            await self._not_delivered(item, delivered)

    async def _end_job(self, item: Job, state: JobState, made: Sequence[Turn]) -> None:
        self._put_offs.discard(item.id)
        self._unmasked.forget_text(item.message.key)
        if not await self._inbox.finish_job(item, state):
            await self._changed_elsewhere(item)
            return
        decision = made[-1].decision.value if made else ""
        self._meter.count_outcome(item.message.place.platform, state.value, decision, age_of(item))

    async def _stop_work(self, item_id: str) -> None:
        """End whatever is being done for an item."""
        await self._queue.remove_job(item_id)
        if told := self._told.pop(item_id, None):
            await asyncio.wait({told})
        if working := self._working.get(item_id):
            working[1].cancel()
            await asyncio.wait({working[1]})

    def _make_recorder(self, item: Job) -> _ReplyRecorder:
        return _ReplyRecorder(self._inbox, item)

    def _log_fault(self, item: Job, error: BaseException) -> str:
        """Log a fault under an id that a customer can quote; its text stays in the log of an operator."""
        self._meter.count_fault(item.message.place.platform, type(error).__name__)
        return log_fault(error, item=item.id)

    def _spawn_task(self, item: Job, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        self._aside[task] = item
        task.add_done_callback(self._background.discard)
        task.add_done_callback(lambda done: self._broken_off(item, done))
        task.add_done_callback(lambda done: self._aside.pop(done, None))

    def _broken_off(self, item: Job, task: asyncio.Task[None]) -> None:
        """A fault that left the item owed (the database's, mostly) is logged, and the item taken up again."""
        if task.done() and not task.cancelled() and (error := task.exception()):
            self._log_fault(item, error)
            self._left[item.id] = item
            if isinstance(error, StorageError):
                self._put_offs.add(item.id)


@dataclass(frozen=True, slots=True)
class _ReplyRecorder:
    inbox: InboxStore
    item: Job

    async def __call__(self, replies: Sequence[Mapping[str, str]]) -> None:
        await self.inbox.record_reply(self.item, replies)
