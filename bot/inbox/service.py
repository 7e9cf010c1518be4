"""The inbox: a message of any chat platform is claimed, queued, answered once, and accounted for.

`receive_message` returns when the claim is committed; only then may an adapter acknowledge. Everything after that is
owed: it is answered, or excused in one honest line, by this process or by the one that takes over from it.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial
from weakref import WeakValueDictionary

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
)
from bot.chat.platform import MessageContext, ReplySender
from bot.chat.reply_target import Retarget
from bot.errors import StorageError
from bot.inbox.admission import Admission
from bot.inbox.arrivals import Arrivals
from bot.inbox.dispatcher import Dispatcher
from bot.inbox.early_replies import EarlyReplies
from bot.inbox.intents import IntentReadings
from bot.inbox.masking import MessageMasking
from bot.inbox.options import OptionPresses
from bot.inbox.outcomes import JobOutcomes
from bot.inbox.policy import classify_message, classify_unheard, needs_reading
from bot.inbox.ports import InboxStore
from bot.inbox.runtime import InboxRuntime

_TOLD_AT_ONCE = 100  # events being written down, a transaction's worth: who waits too long begins anew
_IDLE_SECONDS = 1.0  # without a message, after which a moment counts as quiet
_EARLY_SECONDS = 1.0  # between two looks at replies that came before their question


class InboxService:
    """What adapters report, and what the application asks of the inbox. An adapter joins by `add_platform` when it can
    speak and leaves by `remove_platform`; what comes while it is away is kept. `bot.inbox.assembly` builds one."""

    def __init__(
        self,
        store: InboxStore,
        masking: MessageMasking,
        readings: IntentReadings,
        presses: OptionPresses,
        arrivals: Arrivals,
        admission: Admission,
        dispatcher: Dispatcher,
        outcomes: JobOutcomes,
        runtime: InboxRuntime,
    ) -> None:
        self._store = store
        self._masking = masking
        self._readings = readings
        self._presses = presses
        self._arrivals = arrivals
        self._admission = admission
        self._dispatcher = dispatcher
        self._outcomes = outcomes
        self._runtime = runtime
        self._early_replies = EarlyReplies()
        self._claiming: Counter[ThreadRef] = Counter()  # messages, by their places
        self._looks: WeakValueDictionary[ThreadRef, asyncio.Lock] = WeakValueDictionary()
        self._turns = asyncio.Semaphore(_TOLD_AT_ONCE)
        self._received_at = 0.0

    # -- life -----------------------------------------------------------------------------------------------------

    @property
    def waiting_count(self) -> int:
        """Jobs in the queue."""
        return self._runtime.waiting_count

    @property
    def working_count(self) -> int:
        """Jobs being answered."""
        return self._runtime.working_count

    def add_platform(self, platform: str, sender: ReplySender, around: MessageContext | None = None) -> None:
        """Answer this platform's jobs through `sender`; `around` tells what stands near them."""
        self._runtime.add_platform(platform, sender, around)

    def remove_platform(self, platform: str) -> None:
        """Keep this platform's jobs until it joins again."""
        self._runtime.remove_platform(platform)

    def find_wait(self, place: ThreadRef, user: str) -> float:
        """The seconds until a user has a question left in their budget; 0.0 where they have one now."""
        return self._admission.find_wait(place, user)

    def find_trouble(self, platform: str) -> str:
        """Why a platform lets the bot say nothing, and what an operator does about it; "" where it does."""
        return self._runtime.find_trouble(platform)

    def count_fault(self, platform: str, kind: str) -> None:
        """An adapter had to give something up."""
        self._outcomes.count_fault(platform, kind)

    async def run(self) -> None:
        """Work until cancelled. Jobs that a dead process left are taken over within a lease."""
        self._received_at = asyncio.get_running_loop().time()  # what was said while nobody listened comes now
        async with asyncio.TaskGroup() as group:
            group.create_task(self._runtime.run())
            group.create_task(self._reclassify_early_replies())

    async def drain(self, seconds: float) -> None:
        """Finish what is being answered, within a limit; what waits is left to the next start. Raises StorageError."""
        await self._runtime.drain(seconds)

    async def until_idle(self, seconds: float = _IDLE_SECONDS) -> None:
        """Wait until nobody waits for anything, and nothing has come for so long."""
        now = asyncio.get_running_loop().time
        while self.waiting_count or self.working_count or now() - self._received_at < seconds:  # noqa: ASYNC110 (no event)
            await asyncio.sleep(_IDLE_SECONDS / 4)

    # -- what adapters report -------------------------------------------------------------------------------------

    async def receive_message(self, message: ChatMessage) -> None:
        """Claim a message, committed on return, and queue its answer. Raises StorageError: then do not acknowledge."""
        with self._arrivals.count_claim():
            async with self._turns:
                await self._claim_message(message)

    async def receive_press(
        self,
        turn_id: str,
        number: int,
        user: str,
        retarget: Retarget,
        author: str = "",
        groups: frozenset[str] = frozenset(),
    ) -> Job | None:
        """A button below a clarification was pressed: claim that as what its presser says, committed on return, and
        queue its answer; -> what is owed for this very press. `number` is the option's, `author` what the presser is
        called, if that is known, `groups` are those they are in there. Raises StorageError."""
        with self._arrivals.count_claim():
            async with self._turns:
                message = await self._presses.build_message(turn_id, number, user, retarget, author, groups)
                return await self._claim_message(message) if message else None

    async def explain_refusal(self, turn_id: str, user: str, language: str = "en") -> str:
        """Why nothing comes of what a user has `pressed`, to be told to them alone; "" where it is answered. `language`
        is for a clarification that is not known any more. Raises StorageError."""
        return await self._presses.explain_refusal(turn_id, user, language)

    async def receive_edit(self, message: ChatMessage) -> None:
        """A message was edited: answer it again in place, or as a new one if it was not. Raises StorageError."""
        async with self._turns:
            await self._revise_message(message)

    async def _revise_message(self, message: ChatMessage) -> None:
        if await self._store.find_job(message.key) is None:
            if await self._claim_message(message):
                return  # as it reads now
            if await self._store.find_job(message.key) is None:
                return  # and what was being claimed just now is claimed
        masked = await self._masking.mask_message(message)
        hidden = masked.text != message.text
        anew = hidden and self._masking.reads_anew(message)
        job = await self._store.revise_job(masked, await self._make_rule(masked), anew=anew)
        if job is None:
            return
        if hidden:
            self._masking.keep_text(message, job.revision)
        await self._dispatcher.stop_work(job.id)
        with_what_stands = await self._store.find_job(message.key)  # what the stopped work left
        await self._admission.admit_job(with_what_stands or job)

    async def receive_deletion(self, key: MessageRef) -> None:
        """A message was deleted: stop its work and remove its answer. Raises StorageError."""
        async with self._turns:
            await self._withdraw_message(key)

    async def _withdraw_message(self, key: MessageRef) -> None:
        job = await self._store.withdraw_job(key)
        self._masking.forget_text(key)
        if job is None:
            return
        await self._dispatcher.stop_work(job.id)
        left = await self._store.find_job(key) or job  # with what the stopped work left standing
        self._dispatcher.start_retraction(left)

    async def stop_thread(self, place: ThreadRef) -> Sequence[Job]:
        """Somebody stopped what is being answered in a thread: it is owed no more; -> those jobs, with what stands for
        them, which stays. Raises StorageError."""
        ended = []
        for job in await self._store.list_open(place):
            answering = job.state is JobState.PENDING and job.judgement is Disposition.ANSWER
            if answering and await self._outcomes.finish_job(job, JobState.EXCUSED):
                await self._dispatcher.stop_work(job.id)
                ended.append(await self._store.find_job(job.message.key) or job)
        return ended

    async def set_muted(self, place: ThreadRef, muted: bool) -> None:
        """Be quiet in a thread, or no more. Raises StorageError."""
        await self._store.set_muted(place, muted)

    # -- claims ---------------------------------------------------------------------------------------------------

    async def _claim_message(self, message: ChatMessage, *, again: bool = False) -> Job | None:
        """Claim a message; `again` where that was tried before, and it was judged silent. What is not claimed is not
        read, and masked only where that has to be read to tell."""
        self._received_at = asyncio.get_running_loop().time()
        look = self._looks.setdefault(message.place, asyncio.Lock())
        async with look:  # one after the other: who joins a conversation changes what the next message there calls for
            if not self._claiming[message.place] and await self._drop_unheard(message, again=again):
                return None
            self._claiming[message.place] += 1  # what is said there meanwhile is to be judged after this
        try:
            return await self._claim_heard(message, again=again)
        finally:
            self._claiming[message.place] -= 1
            if not self._claiming[message.place]:
                del self._claiming[message.place]

    async def _drop_unheard(self, message: ChatMessage, *, again: bool) -> bool:
        """Whether nothing is to be kept of a message, whatever it says."""
        if message.chosen or message.audience not in {Audience.CHANNEL, Audience.POST}:
            return False
        found = await self._store.find_thread(message)
        if found is None:
            return True  # told of again
        thread, help_channel = found
        judged = classify_unheard(message, thread, help_channel)
        if judged is Disposition.HUMAN and not thread.human:
            await self._store.hand_over(message.place)
        if judged is Disposition.SILENT:
            self._remember_early(message, thread, again=again)
        return judged is not None

    def _remember_early(self, message: ChatMessage, thread: Thread, *, again: bool) -> None:
        """A message was judged silent: it may have come before the question that its thread begins with."""
        if not (again or thread.answering or thread.muted):
            self._early_replies.remember_reply(message)

    async def _claim_heard(self, message: ChatMessage, *, again: bool) -> Job | None:
        known = message.key in self._masking  # told of twice at once, by a mention
        masked = await self._masking.mask_message(message)
        if masked.text != message.text:
            self._masking.keep_text(message, 0)
        rule, judged_in = await self._make_rule(masked), []

        def classify_there(message: ChatMessage, thread: Thread, help_channel: bool) -> Disposition:
            judged_in.append(thread)
            return rule(message, thread, help_channel)

        if job := await self._store.claim_message(masked, classify_there):
            self._outcomes.count_claim(job)
            await self._admission.admit_job(job)
            for reply in self._early_replies.take_below(job.message):
                await self._claim_message(reply, again=True)
            return job
        if not known:
            self._masking.forget_text(message.key)
        if judged_in:
            self._remember_early(message, judged_in[-1], again=again)
        return None

    async def _make_rule(self, message: ChatMessage) -> Rule:
        """The policy for a message, which is read before: a claim's transaction is no place for that."""
        if message.chosen or message.audience is Audience.COMMAND:
            return classify_message
        reading = await self._readings.read_message(message.text if needs_reading(message) else "")
        return partial(classify_message, reading=reading)

    async def _reclassify_early_replies(self) -> None:
        """Judge replies again whose thread has turned out to be one that the bot is in."""
        while True:
            for reply in self._early_replies.take_due():
                with suppress(StorageError):
                    if await self._was_early(reply):
                        await self._claim_message(reply, again=True)
            await asyncio.sleep(_EARLY_SECONDS)

    async def _was_early(self, reply: ChatMessage) -> bool:
        """Whether another process has claimed the question that a reply's thread begins with, or the thread is that of
        a handoff: whose place was noted only when its platform had told us of it."""
        first = await self._store.find_job(replace(reply.key, message_id=reply.place.thread))
        if first and first.judgement is Disposition.ANSWER:
            return True
        found = await self._store.find_thread(reply)
        return found is not None and found[0].side is Party.SUPPORT
