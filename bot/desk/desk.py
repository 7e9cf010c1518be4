"""The desk: a message of any chat platform is claimed, queued, answered once, and accounted for.

`receive` returns when the claim is committed; only then may an adapter acknowledge. Everything after that is owed: it
is answered, or excused in one honest line, by this process or by the one that takes over from it.
"""

from __future__ import annotations

import asyncio
import uuid
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial

import structlog

from bot.answers.answering import Answering
from bot.conversation import AnswerEvent, Decision, Final, IncomingMessage, Settled, Turn
from bot.desk.choices import Choices
from bot.desk.policy import judge, needs_reading
from bot.desk.queue import Budget, FairQueue, Full
from bot.desk.reading import Readings
from bot.errors import BotError, DeliveryError, StorageError, TurnNotStored
from bot.handoff.handing import Handing
from bot.interfaces import ConversationStore, DeskMeter, Inbox, IntentReader, Messenger
from bot.language import reply_language
from bot.messages import Audience, ChatMessage, Item, Judgement, MessageKey, Place, Rule, State
from bot.steering import HandoffReason, Side
from bot.words import Words, words_for

log = structlog.get_logger(__name__)

_REMEMBERED = 10_000
_LONG = 100  # characters of a text that is masked in a thread: a hostile one takes 50 ms, answered or not


@dataclass(frozen=True, slots=True)
class DeskLimits:
    """`workers` questions are worked on at once, each for at most `seconds`; `queue` may wait, `per_user` of one user.

    A user has `user_budget` questions an hour and a workspace `workspace_budget` (0: no limit). A claim belongs to a
    process for `lease` seconds after its last sign of life. Delivery is tried `tries` times in a row, and again and
    again until the question is `patience` seconds old: a platform may be away for a while.
    """

    workers: int = 8
    seconds: float = 120
    queue: int = 5000
    per_user: int = 20
    user_budget: int = 120
    workspace_budget: int = 0
    lease: float = 15
    tries: int = 5
    pause: float = 1.0
    patience: float = 3600
    told_after: float = 2.0


class Desk:
    """`handing` hands conversations to people, also, if `on_abstention`, those of help channels whose question found no
    answer. `intents` tells questions from talk, and wishes for quiet. `mask` hides what is nobody's business before a
    text is kept or answered.

    An adapter joins by `join` when it can speak and leaves by `leave`; what comes while it is away is kept."""

    def __init__(
        self,
        answering: Answering,
        conversations: ConversationStore,
        inbox: Inbox,
        meter: DeskMeter,
        limits: DeskLimits | None = None,
        *,
        intents: IntentReader,
        handing: Handing | None = None,
        on_abstention: bool = False,
        mask: Callable[[str], str] = lambda text: text,
    ) -> None:
        self._answering = answering
        self._conversations = conversations
        self._inbox = inbox
        self._meter = meter
        self._limits = limits or DeskLimits()
        self._handing = handing
        self._on_abstention = on_abstention
        self._mask = mask
        self._choices = Choices(conversations, inbox)
        self._readings = Readings(intents)
        self._unmasked: dict[MessageKey, tuple[int, str]] = {}  # by revision: what people may read; never kept
        self._heard: OrderedDict[MessageKey, int] = OrderedDict()  # hashes of texts that were masked
        self._messengers: dict[str, Messenger] = {}
        self._queue = FairQueue(self._limits.queue, self._limits.per_user)
        self._users = Budget(self._limits.user_budget, 3600)
        self._workspaces = Budget(self._limits.workspace_budget, 3600)
        self._working: dict[str, tuple[Item, asyncio.Task[None]]] = {}
        self._background: set[asyncio.Task[None]] = set()
        self._told: dict[str, asyncio.Future[None]] = {}  # who waits and was told so: something may stand for them
        self._left: dict[str, Item] = {}  # owed, but broken off by a fault, or with no adapter here
        self._put_offs: set[str] = set()  # of those: undelivered, with nothing wrong in themselves
        self._closing = False

    @property
    def waiting(self) -> int:
        """Items in the queue."""
        return len(self._queue)

    @property
    def working(self) -> int:
        """Items being answered."""
        return len(self._working)

    def join(self, platform: str, messenger: Messenger) -> None:
        """Answer this platform's items through `messenger`."""
        self._messengers[platform] = messenger

    def leave(self, platform: str) -> None:
        """Keep this platform's items until it joins again."""
        self._messengers.pop(platform, None)

    # -- what adapters report -------------------------------------------------------------------------------------

    async def receive(self, message: ChatMessage) -> None:
        """Claim a message, committed on return, and queue its answer. Raises StorageError: then do not acknowledge."""
        await self._receive(message)

    async def _receive(self, message: ChatMessage) -> Item | None:
        known = message.key in self._unmasked  # told of twice at once, by a mention
        masked = await self._masked(message)
        if masked.text != message.text:
            self._keep_unmasked(message, 0)
        if item := await self._inbox.claim(masked, await self._rule(masked)):
            self._meter.claimed(message.place.platform, item.judgement.value)
            await self._admit(item)
        elif not known:
            self._unmasked.pop(message.key, None)
        return item

    async def pressed(self, turn_id: str, number: int, user: str, context: Mapping[str, str]) -> Item | None:
        """A button below a clarification was pressed: claim that as what its presser says, committed on return, and
        queue its answer; -> what is owed for this very press. `number` is the option's, `context` what its reply
        needs. Raises StorageError."""
        message = await self._choices.message(turn_id, number, user, context)
        return await self._receive(message) if message else None

    async def refusal(self, turn_id: str, user: str, language: str = "en") -> str:
        """Why nothing comes of what a user has `pressed`, to be told to them alone; "" where it is answered. `language`
        is for a clarification that is not known any more. Raises StorageError."""
        return await self._choices.refusal(turn_id, user, language)

    async def edited(self, message: ChatMessage) -> None:
        """A message was edited: answer it again in place, or as a new one if it was not. Raises StorageError."""
        masked = await self._masked(message)
        hidden = masked.text != message.text
        anew = hidden and self._heard.get(message.key) != hash(message.text)  # masked, it reads the same
        item = await self._inbox.revise(masked, await self._rule(masked), anew=anew)
        if item is None:
            if await self._inbox.find(message.key) is None:
                await self.receive(message)
            return
        if hidden:
            self._keep_unmasked(message, item.revision)
        await self._stop(item.id)
        await self._admit(await self._inbox.find(message.key) or item)  # with what the stopped work left standing

    async def deleted(self, key: MessageKey) -> None:
        """A message was deleted: stop its work and remove its answer. Raises StorageError."""
        item = await self._inbox.withdraw(key)
        self._unmasked.pop(key, None)
        if item is None:
            return
        await self._stop(item.id)
        self._clear_away(await self._inbox.find(key) or item)  # with what the stopped work left standing

    async def mute(self, place: Place, muted: bool) -> None:
        """Be quiet in a thread, or no more. Raises StorageError."""
        await self._inbox.mute(place, muted)

    async def _rule(self, message: ChatMessage) -> Rule:
        """The policy for a message, which is read before: a claim's transaction is no place for that."""
        if message.chosen or message.audience is Audience.COMMAND:
            return judge
        return partial(judge, reading=await self._readings.read(message.text if needs_reading(message) else ""))

    async def _masked(self, message: ChatMessage) -> ChatMessage:
        long = len(message.text) > _LONG
        text = await asyncio.to_thread(self._mask, message.text) if long else self._mask(message.text)
        return replace(message, text=text)

    def _keep_unmasked(self, message: ChatMessage, revision: int) -> None:
        if self._handing is None:
            return
        self._unmasked[message.key] = revision, message.text
        self._heard[message.key] = hash(message.text)
        if len(self._heard) > _REMEMBERED:
            self._heard.popitem(last=False)

    def _said(self, item: Item) -> str:
        """What people on the other side may read of a message."""
        revision, text = self._unmasked.get(item.message.key, (-1, ""))
        return text if revision == item.revision else item.message.text

    async def _admit(self, item: Item) -> None:
        """Queue an item, or excuse it where its user or workspace has had enough."""
        place = item.message.place
        if item.judgement in {Judgement.QUIET, Judgement.RELAY}:  # costs nothing: no budget is to hear of
            await self._queue.put(item, owed=True)
            return
        wait = self._users.take(":".join((place.platform, place.workspace, item.message.user)))
        wait = wait or self._workspaces.take(f"{place.platform}:{place.workspace}")
        if wait:
            self._spawn(item, self._excuse(item, "over_budget", minutes=max(1, round(wait / 60))))
            return
        try:
            await self._queue.put(item)
        except Full as full:
            self._spawn(item, self._excuse(item, "too_many_of_yours" if full.user else "too_many"))

    # -- life -----------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Work until cancelled. Items that a dead process left are taken over within a lease."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._limits.workers):
                group.create_task(self._work_on())
            group.create_task(self._keep_alive())
            group.create_task(self._tell_positions())

    async def drain(self, seconds: float) -> None:
        """Finish what is being answered, within a limit; what waits is left to the next start. Raises StorageError."""
        self._closing = True
        self._queue.clear()
        tasks = [task for _, task in self._working.values()] + list(self._background)
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._inbox.release()

    async def _keep_alive(self) -> None:
        while True:
            with suppress(StorageError):
                await self._inbox.beat()
                await self._take_up()
                await self._take_over()
                await self._look_after()
            await asyncio.sleep(self._limits.lease / 3)

    async def _take_over(self) -> None:
        room = self._limits.queue - len(self._queue)
        if self._closing or room <= 0 or not self._messengers:
            return
        for item in await self._inbox.take_over(list(self._messengers), min(room, 200)):
            log.info("item taken over", item=item.id, attempts=item.attempts)
            await self._queue.put(item, owed=True)

    async def _take_up(self) -> None:
        """Queue again what was left undone here; given up after as many starts as a delivery has tries."""
        for item in list(self._left.values()):
            if self._closing or item.message.place.platform not in self._messengers:
                continue
            current = await self._inbox.find(item.message.key)
            del self._left[item.id]
            if current is None or current.state is not State.OWED:
                continue
            if current.attempts < self._limits.tries or current.id in self._put_offs:
                await self._queue.put(current, owed=True)
            else:
                await self._end(current, State.FAILED, ())

    async def _look_after(self) -> None:
        """Stop what another process was told is edited or deleted."""
        for item, task in list(self._working.values()):
            current = await self._inbox.find(item.message.key)
            if current and current.revision != item.revision and not task.done():
                await self._stop(item.id)
                await self._changed_elsewhere(item)

    async def _changed_elsewhere(self, item: Item) -> None:
        """The item is not owed as we know it: see to what it became, by way of another process, mostly."""
        current = await self._inbox.find(item.message.key)
        if current is None or current.revision == item.revision:
            return
        if current.state is State.OWED:
            await self._queue.put(current, owed=True)
        elif current.state is State.WITHDRAWN:
            self._clear_away(current)

    async def _tell_positions(self) -> None:
        told: dict[str, int] = {}
        while True:
            await asyncio.sleep(self._limits.told_after)
            now, still = datetime.now(UTC), {}
            for item, ahead in list(self._queue.waiting()):
                waited = (now - item.received_at).total_seconds()
                before = told.get(item.id)
                if waited < self._limits.told_after or (before is not None and ahead > min(before - 1, before / 2)):
                    still.update({item.id: before} if before is not None else {})
                    continue
                if before is not None:
                    with suppress(StorageError):  # with the line that was shown before
                        item = await self._inbox.find(item.message.key) or item
                if not self._queue.holds(item):  # it took a while to tell the others
                    continue
                still[item.id] = ahead
                if messenger := self._messengers.get(item.message.place.platform):
                    told_one = messenger.waiting(item, ahead + len(self._working), self._keeper(item))
                    self._told[item.id] = task = asyncio.ensure_future(told_one)
                    await asyncio.wait({task})
                    if error := task.exception():  # a courtesy: the answer comes all the same
                        self._fault(item, error)
            told = still

    # -- work -----------------------------------------------------------------------------------------------------

    async def _work_on(self) -> None:
        while True:
            item = await self._queue.get()
            task = asyncio.create_task(self._work(item))
            self._working[item.id] = item, task
            try:
                await asyncio.wait({task})
            finally:
                self._working.pop(item.id, None)
                await self._queue.done(item)
            self._broken_off(item, task)

    async def _work(self, item: Item) -> None:
        """See to one item, whatever it calls for."""
        messenger = self._messengers.get(item.message.place.platform)
        if messenger is None:
            self._left[item.id] = item  # until its adapter joins, or the next start
            return
        if self._closing:
            return
        if not await self._inbox.started(item):
            await self._changed_elsewhere(item)
            return
        if told := self._told.pop(item.id, None):
            await asyncio.wait({told})
            item = await self._inbox.find(item.message.key) or item  # with what was shown while it waited
        unknown = item.attempts > 0 and not item.replies
        closing = self._close_pressed(item, messenger)
        words = words_for(reply_language(item.message.text))
        if item.judgement is Judgement.RELAY:
            if closing:
                await asyncio.wait({closing})
            await self._relay(item)
        elif item.judgement is Judgement.QUIET:
            await self._deliver(item, say=words.say("quieted"), unknown=unknown)
        else:
            if item.message.context.get("side") == Side.CUSTOMER and self._handing:  # people read along
                await self._read_along(item)
            await self._answer(item, words, unknown=unknown, closing=closing)

    async def _answer(
        self, item: Item, words: Words, *, unknown: bool, closing: asyncio.Task[None] | None = None
    ) -> None:
        """Answer an item, or excuse it. `unknown`: something may stand for it that nobody has noted. `closing`: the
        buttons that it pressed are being taken off."""
        made: list[Turn] = []
        settled: list[Settled] = []
        excuse = ""
        for attempt in range(self._limits.tries):
            messenger = self._messengers.get(item.message.place.platform)
            if messenger is None:
                self._left[item.id] = item
                return
            try:
                if unknown:
                    item, unknown = await self._recovered(messenger, item), False
                async with asyncio.timeout(self._limits.seconds):
                    await messenger.answer(item, self._events(item, made, settled), self._keeper(item))
            except DeliveryError as error:
                if error.permanent:
                    self._fault(item, error)
                    await self._end(item, State.FAILED, made)
                    return
                log.warning("delivery failed", item=item.id, cause=str(error), attempt=attempt + 1)
                await self._pause(attempt)
            except Exception as error:
                excuse = words.say("fault", fault=self._fault(item, error))
            else:
                if closing:
                    await asyncio.wait({closing})
                elif settled:
                    await self._choices.close(messenger, settled[-1], item)
                await self._hand_over(item, made)
                await self._end(item, State.ANSWERED, made)
                return
            current = await self._inbox.find(item.message.key)
            if current is None or (current.state, current.revision) != (State.OWED, item.revision):
                await self._changed_elsewhere(item)
                return
            item, unknown = current, not current.replies
            if excuse:
                await self._deliver(item, State.EXCUSED, say=excuse, unknown=unknown)
                return
        await self._put_off(item)

    async def _read_along(self, item: Item) -> None:
        """Pass on what is answered as well; where that cannot be, its author hears so."""
        if self._handing is None:
            return
        for attempt in range(self._limits.tries):
            try:
                await self._handing.relay(item, self._said(item))
                return
            except DeliveryError as error:
                log.warning("relay failed", item=item.id, cause=str(error), attempt=attempt + 1)
                await self._pause(attempt)
        await self._handing.give_up(item)

    async def _relay(self, item: Item) -> None:
        """Pass a message of a handoff on, trying as often as for an answer."""
        for attempt in range(self._limits.tries):
            try:
                if self._handing:
                    await self._handing.relay(item, self._said(item))
                await self._end(item, State.RELAYED, ())
                return
            except DeliveryError as error:
                log.warning("relay failed", item=item.id, cause=str(error), attempt=attempt + 1)
                await self._pause(attempt)
        await self._put_off(item)

    async def _hand_over(self, item: Item, made: Sequence[Turn]) -> None:
        """Call people where they were asked for, or where an answer is owed that the pages do not hold.

        Before the item ends: cut off, it is done again, and one that is with people already stays with them.
        """
        turn, message = made[-1] if made else None, item.message
        if turn is None or self._handing is None or not self._handing.available(message.place):
            return
        owed = self._on_abstention and turn.decision is Decision.ABSTAIN and message.context.get("help")
        if turn.decision is Decision.HUMAN:
            await self._handing.open_for(item, turn, HandoffReason.WORDS)
        elif owed:
            await self._handing.open_for(item, turn, HandoffReason.ABSTENTION)

    async def _pause(self, attempt: int) -> None:
        """Wait after a delivery's failure, each time longer; not after the last."""
        if attempt + 1 < self._limits.tries:
            await asyncio.sleep(self._limits.pause * 2**attempt)

    async def _put_off(self, item: Item) -> None:
        """Delivery has failed several times in a row: again later, while that makes sense."""
        if _age(item) < self._limits.patience:
            self._left[item.id] = item
            self._put_offs.add(item.id)
            return
        self._fault(item, DeliveryError("given up after several tries", permanent=False))
        if item.judgement is Judgement.RELAY and self._handing:
            await self._handing.give_up(item)
        await self._end(item, State.FAILED, ())

    def _close_pressed(self, item: Item, messenger: Messenger) -> asyncio.Task[None] | None:
        """Take off the buttons of which one was pressed, beside its answer."""
        chosen = item.message.chosen
        if chosen is None:
            return None

        async def close() -> None:
            with suppress(StorageError):
                if settled := await self._choices.settled(chosen):
                    await self._choices.close(messenger, settled, item)

        task = asyncio.create_task(close())
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    async def _events(self, item: Item, made: list[Turn], settled: list[Settled]) -> AsyncGenerator[AnswerEvent, None]:
        """The answer's events; a turn that was made already for this item is not made again."""
        if not made and item.turn_id:
            with suppress(BotError):
                made.append(await self._conversations.turn(item.turn_id))
                if before := await self._choices.before(made[0]):
                    settled.append(before)
        if made:
            yield Final(made[0])
            return
        place = item.message.place
        incoming = IncomingMessage(
            item.conversation_id,
            item.message.text,
            place.platform,
            item.message.user,
            place.channel,
            item.message.chosen,
        )
        async with aclosing(self._answering.answer(incoming)) as events:
            try:
                async for event in events:
                    if isinstance(event, Final):
                        made.append(event.turn)
                        settled += [event.settled] if event.settled else []
                        await self._inbox.keep_turn(item, event.turn.id)
                    yield event
            except TurnNotStored as error:  # the customer has the answer; what is lost is the log's
                self._fault(item, error)

    async def _recovered(self, messenger: Messenger, item: Item) -> Item:
        """The item with what stands on the platform, where whoever began to answer it may not have noted so.

        Raises DeliveryError while the platform cannot tell.
        """
        try:
            replies = await messenger.recover(item)
        except DeliveryError as error:
            if not error.permanent:
                raise  # to answer without knowing might be to answer twice
            return item
        if replies:
            await self._inbox.keep_reply(item, replies)
        return replace(item, replies=tuple(replies))

    async def _excuse(self, item: Item, key: str, **values: object) -> None:
        messenger = self._messengers.get(item.message.place.platform)
        if messenger is None:
            self._left[item.id] = item
        elif await self._inbox.started(item):
            if closing := self._close_pressed(item, messenger):
                await asyncio.wait({closing})
            words = words_for(reply_language(item.message.text))
            self._meter.fault(item.message.place.platform, key)
            await self._deliver(item, State.EXCUSED, say=words.say(key, **values))

    async def _deliver(self, item: Item, state: State = State.ANSWERED, *, say: str, unknown: bool = False) -> None:
        """Say a line of our own for the item, trying as often as for an answer."""
        for attempt in range(self._limits.tries):
            messenger = self._messengers.get(item.message.place.platform)
            if messenger is None:
                self._left[item.id] = item
                return
            try:
                if unknown:
                    item = await self._recovered(messenger, item)
                await messenger.say(item, say, self._keeper(item))
                await self._end(item, state, ())
                return
            except DeliveryError as error:
                if error.permanent:
                    await self._end(item, State.FAILED, ())
                    return
                await self._pause(attempt)
            item = await self._inbox.find(item.message.key) or item
            unknown = not item.replies
        await self._put_off(item)

    def _clear_away(self, item: Item) -> None:
        """Remove what stands for an item whose message is gone."""
        if item.message.place.platform in self._messengers:
            self._spawn(item, self._retract(item))

    async def _retract(self, item: Item) -> None:
        for attempt in range(self._limits.tries):
            try:
                await self._messengers[item.message.place.platform].retract(item)
                break
            except KeyError:  # its platform has left just now
                break
            except DeliveryError as error:
                if error.permanent:
                    break
                await asyncio.sleep(self._limits.pause * 2**attempt)
        self._meter.ended(item.message.place.platform, State.WITHDRAWN.value, "", _age(item))

    async def _end(self, item: Item, state: State, made: Sequence[Turn]) -> None:
        self._put_offs.discard(item.id)
        self._unmasked.pop(item.message.key, None)
        if not await self._inbox.finish(item, state):
            await self._changed_elsewhere(item)
            return
        decision = made[-1].decision.value if made else ""
        self._meter.ended(item.message.place.platform, state.value, decision, _age(item))

    async def _stop(self, item_id: str) -> None:
        """End whatever is being done for an item."""
        await self._queue.remove(item_id)
        if told := self._told.pop(item_id, None):
            await asyncio.wait({told})
        if working := self._working.get(item_id):
            working[1].cancel()
            await asyncio.wait({working[1]})

    def _keeper(self, item: Item) -> _Keeper:
        return _Keeper(self._inbox, item)

    def _fault(self, item: Item, error: BaseException) -> str:
        """Log a fault under an id that a customer can quote; its text stays in the log of an operator."""
        fault = uuid.uuid4().hex[:8]
        self._meter.fault(item.message.place.platform, type(error).__name__)
        known = isinstance(error, BotError)
        log.error("fault", fault=fault, item=item.id, kind=type(error).__name__, cause=str(error) if known else "")
        if not known:
            log.debug("fault's traceback", fault=fault, exc_info=error)
        return fault

    def _spawn(self, item: Item, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        task.add_done_callback(lambda done: self._broken_off(item, done))

    def _broken_off(self, item: Item, task: asyncio.Task[None]) -> None:
        """A fault that left the item owed (the database's, mostly) is logged, and the item taken up again."""
        if task.done() and not task.cancelled() and (error := task.exception()):
            self._fault(item, error)
            self._left[item.id] = item


@dataclass(frozen=True, slots=True)
class _Keeper:
    inbox: Inbox
    item: Item

    async def __call__(self, replies: Sequence[Mapping[str, str]]) -> None:
        await self.inbox.keep_reply(self.item, replies)


def _age(item: Item) -> float:
    return max(0.0, (datetime.now(UTC) - item.received_at).total_seconds())
