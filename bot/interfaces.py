"""The ports of the core. Implementations are named by `bootstrap` only."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from bot.cards import Card
from bot.conversation import (
    AnswerEvent,
    Brief,
    Conversation,
    Feedback,
    Reading,
    RefreshRun,
    Settled,
    Turn,
    Vote,
    Written,
)
from bot.errors import DeliveryError
from bot.intents import MessageReading, OfferReply
from bot.messages import Attached, Channel, ChannelKind, ChatMessage, Item, MessageKey, Move, Place, Rule, Said, State
from bot.people import Actor
from bot.steering import AuditEntry, Evidence, Handoff, HandoffState, Missed, Relayed, Schedule, Taught, TaughtState
from inference.interfaces import Picture
from retrieval.documents import RetrievalResult, Source
from retrieval.searching.glossary import Entry

KeepReplies = Callable[[Sequence[Mapping[str, str]]], Awaitable[None]]


class ConversationStore(Protocol):
    """Conversations, turns and feedback. Every method raises StorageError when the database fails."""

    async def load(self, conversation_id: str, limit: int = 20) -> Conversation:
        """The last `limit` turns, oldest first; an unknown id is an empty conversation."""

    async def add(self, turn: Turn) -> None:
        """Store a turn with its passages, creating its conversation if needed, in one transaction."""

    async def turn(self, turn_id: str) -> Turn:
        """A turn by its id or an unambiguous prefix of at least 4 digits. Raises UnknownTurn."""

    async def turns(
        self,
        *,
        since: datetime | None = None,
        decision: str | None = None,
        conversation_id: str | None = None,
        limit: int | None = 50,
    ) -> Sequence[Turn]:
        """Newest first, without passages' texts being left out."""

    def export(self, *, since: datetime | None = None) -> AsyncIterator[Turn]:
        """Every turn, oldest first, streamed in bounded memory."""

    async def vote(self, feedback: Feedback) -> None:
        """Keep a user's last vote on a turn (one row a user and turn). Raises UnknownTurn."""

    async def feedback(self, turn_id: str) -> Sequence[Feedback]: ...


class SourceStore(Protocol):
    """The sources an admin named."""

    async def add(self, source: Source) -> None:
        """Raises DuplicateSource when the name or the location is taken."""

    async def list(self) -> Sequence[Source]: ...

    async def get(self, name: str) -> Source:
        """Raises UnknownSource."""

    async def remove(self, name: str) -> None:
        """Raises UnknownSource."""


class RefreshLog(Protocol):
    """What refreshes did and do. Every method raises StorageError when the database fails."""

    async def start(self, run: RefreshRun) -> None: ...

    async def beat(self, run_id: str, progress: Mapping[str, object]) -> bool:
        """The run lives, and is so far; -> whether somebody has asked to stop it."""

    async def cancel(self, run_id: str) -> None:
        """Ask whichever process runs it to stop it."""

    async def watch(self, run_id: str, message: MessageKey) -> None:
        """A message that shows this run, to be brought to its end whatever becomes of the process."""

    async def unwatch(self, run_id: str, message: MessageKey) -> None:
        """A message that shows this run shows its end."""

    async def finish(self, run: RefreshRun) -> None:
        """How a run ended; its watchers stay as they are."""

    async def get(self, run_id: str) -> RefreshRun | None: ...

    async def list(self, limit: int = 20) -> Sequence[RefreshRun]:
        """Newest first."""


class ScheduleStore(Protocol):
    """When sources are read by themselves. Every method raises StorageError, and UnknownSource for no source's name."""

    async def schedules(self) -> Sequence[Schedule]:
        """One a source, in the order of the sources."""

    async def schedule(self, source: str) -> Schedule: ...

    async def put(self, schedule: Schedule) -> None: ...

    async def due(self, now: datetime, until: datetime) -> Sequence[Schedule]:
        """Those to be read now, no paused one among them; their `next_at` is `until` afterwards, so that no other
        process takes them as well."""


class AdminStore(Protocol):
    """Who was named an admin, by user id. Every method raises StorageError."""

    async def add(self, platform: str, workspace: str, user: str, added_by: str) -> bool:
        """False for one who was one already."""

    async def remove(self, platform: str, workspace: str, user: str) -> bool:
        """False for one who was none."""

    async def has(self, platform: str, workspace: str, user: str) -> bool: ...

    async def list(self) -> Sequence[Actor]:
        """Oldest first, each with the role of an admin."""


class AuditLog(Protocol):
    """Who did what. Every method raises StorageError."""

    async def add(self, entry: AuditEntry) -> None: ...

    async def list(self, limit: int = 50) -> Sequence[AuditEntry]:
        """Newest first."""


class HandoffStore(Protocol):
    """Handoffs and what was said in them. Every method raises StorageError."""

    async def open(self, handoff: Handoff) -> Handoff:
        """Keep a new one; where the customer's place has one that is open or claimed, that one is the answer."""

    async def get(self, handoff_id: str) -> Handoff | None: ...

    async def at(self, support: Place) -> Handoff | None:
        """The one whose thread in the support channel this is."""

    async def change(self, handoff_id: str, *states: HandoffState, **values: object) -> Handoff | None:
        """Set fields (`state`, `support`, `claimed_by`, `claimed_name`, `reminders`, `remind_at`) of one that is in one
        of `states`; None where it is in none of them, so that of two that change it at once one succeeds."""

    async def due(self, now: datetime, until: datetime) -> Sequence[Handoff]:
        """Open ones whose `remind_at` has come; it is `until` afterwards, and `reminders` one more."""

    async def say(self, message: Relayed) -> bool:
        """Keep what was said; False where it was kept before."""

    async def said(self, handoff_id: str) -> Sequence[Relayed]:
        """Oldest first."""

    async def list(self, *states: HandoffState, limit: int = 50) -> Sequence[Handoff]:
        """Newest first; without `states` all."""


class TaughtStore(Protocol):
    """Answers that people gave. Every method raises StorageError."""

    async def add(self, taught: Taught) -> None: ...

    async def get(self, taught_id: str) -> Taught:
        """By its id or an unambiguous prefix of at least 4 digits. Raises UnknownTaught."""

    async def change(self, taught_id: str, *states: TaughtState, **values: object) -> Taught | None:
        """Set fields of one that is in one of `states` (any, without them); `updated_at` becomes now. None where it is
        in none of them."""

    async def remove(self, taught_id: str) -> None: ...

    async def list(self, *states: TaughtState) -> Sequence[Taught]:
        """Newest first."""

    async def searched(self, now: datetime) -> Sequence[Taught]:
        """The approved ones that have not expired, oldest first."""

    async def revision(self, now: datetime) -> str:
        """Another one whenever `searched` gives something else; cheap enough to ask every second."""


class GlossaryStore(Protocol):
    """Terms that mean the same, by group. Every method raises StorageError."""

    async def list(self) -> Sequence[Entry]:
        """Those in use: for all sources first, then by source, oldest first."""

    async def put(self, entries: Sequence[Entry], replacing: Sequence[str] = (), *, since: str) -> bool:
        """Keep entries, in place of those with the ids `replacing`; False, and nothing done, where what is in use was
        changed after the revision `since`."""

    async def remove(self, entry_id: str) -> bool:
        """False for one that is not in use."""

    async def dismiss(self, entry: Entry) -> None:
        """Keep that a suggestion is not wanted."""

    async def dismissed(self) -> frozenset[str]:
        """The ids of suggestions that are not wanted."""

    async def revision(self) -> str:
        """Another one whenever `list` gives something else; cheap enough to ask every second."""


class LearnedStore(Protocol):
    """What people showed of which entry some words mean. Every method raises StorageError."""

    async def add(self, evidence: Sequence[Evidence]) -> None:
        """Keep each in place of what the same person showed of the same wording; not of one that was removed."""

    async def list(self, least: int = 0) -> Sequence[Evidence]:
        """What has not faded, newest first: of words for which at least so many people spoke, whatever the entry."""

    async def shown_by(self, turn_id: str) -> Sequence[Evidence]:
        """What rests on an entry that this turn showed, oldest first."""

    async def remove(self, wording_id: str) -> None:
        """Forget a wording, and take no more evidence of it."""

    async def revision(self) -> str:
        """Another one whenever `list` gives something else; cheap enough to ask every second."""


class LearnsWordings(Protocol):
    """Takes note of what customers do that tells which entry their words mean. Never fails: what could not be kept is
    logged."""

    async def record_choice(self, asked: Turn, number: int, by: Turn) -> None:
        """Of what the turn `asked` offered, somebody took this number, or NONE_OF_THESE; `by` is the turn that it
        made."""

    async def record_vote(self, turn: Turn, vote: Vote, user: str) -> None:
        """A user of the turn's platform voted on it."""


class PrivacyStore(Protocol):
    """Deletes what people said. Every method raises StorageError."""

    async def forget(self, platform: str, user: str, *, note: bool = True) -> Mapping[str, int]:
        """Delete all that this user said, and what it was answered with, in whatever workspace; -> rows by table.

        With `note` the wish is kept until it is done, so that what cuts it off leaves it `unfinished`, and what is
        being answered to them now will not be stored.
        """

    async def compact(self, *, give_way: bool = False) -> bool:
        """Remove what was deleted from the database's files too, as far as the engine lets us see to that; with
        `give_way`, leave it off where that would keep others waiting. -> whether it is done. Raises nothing."""

    async def unfinished(self) -> Sequence[tuple[str, str]]:
        """Platform and id of those whose forgetting was begun and has not come to its end."""

    async def expire(self, before: datetime) -> Mapping[str, int]:
        """Delete conversations, claimed messages and handoffs that ended before that moment; -> rows by table."""


class MissedStore(Protocol):
    """Where the questions that were not answered well are known."""

    async def missed(self, since: datetime, limit: int = 5000) -> Sequence[Missed]:
        """The newest `limit` of them asked since then. Raises StorageError."""


class AnswerWriter(Protocol):
    """Writes an answer from retrieved passages."""

    def write(self, brief: Brief) -> AsyncIterator[Written]:
        """Pieces of Markdown with [n] markers, n being the 1-based rank of the passage in `brief.result.passages`; or
        one refusal, before anything else."""


class IntentReader(Protocol):
    """Tells what messages are. Synchronous and CPU-bound; safe to call from several threads. `language` is a BCP 47
    tag, of all texts; "" for English. Every method raises ModelError."""

    def read_messages(self, texts: Sequence[str], language: str = "") -> Sequence[MessageReading]: ...

    def read_replies(self, texts: Sequence[str], language: str = "") -> Sequence[OfferReply]:
        """What texts say to an offer of entries; OTHER for what is a message of its own."""

    def find_question(self, text: str, language: str = "") -> str:
        """The text without the courtesies before and after it, where anything else is left."""


class QuestionReader(Protocol):
    """Understands what is hard to tell by rules. Both methods give None where they cannot tell, never a fault."""

    async def read(self, message: str, language: str, earlier: Sequence[Turn]) -> Reading | None:
        """What a message means after the `earlier` turns."""

    async def answerable(self, question: str, result: RetrievalResult) -> Sequence[int] | None:
        """The 1-based ranks of the passages that answer the question, the best first; none if it is not answered."""


class PictureReader(Protocol):
    """Says what pictures show, where a model takes them. Neither method raises."""

    async def sees(self) -> bool:
        """Whether there is such a model now."""

    async def describe(self, picture: Picture, words: str) -> str:
        """What the picture shows, in a line, to whoever wrote `words` with it; "" where that cannot be told."""


class GenerationMeter(Protocol):
    """Counts what a language model does."""

    def generated(self, outcome: str, seconds: float) -> None:
        """An answer came to its end: "written", "rewritten", "refused", "cut_off" or "quoted"."""

    def shown(self, seconds: float) -> None:
        """The first piece of an answer was let out, so many seconds after it was asked for."""

    def withheld(self, fault: str) -> None:
        """A sentence was not let out."""

    def generator_fault(self, kind: str) -> None: ...


class Inbox(Protocol):
    """What arrived and is owed. Every method raises StorageError when the database fails."""

    async def claim(self, message: ChatMessage, rule: Rule) -> Item | None:
        """Decide by `rule` what the message calls for, change its thread accordingly and, where something is owed,
        keep it as an item of this process: committed on return.

        None where nothing is owed, and where the message, or its gesture, was claimed before, by whomever.
        """

    async def find(self, key: MessageKey) -> Item | None:
        """The item of a message, whatever its state."""

    async def of_turn(self, turn: Turn) -> Item | None:
        """The item that a turn was made for; None where it was made for none, or the item has another by now."""

    async def started(self, item: Item) -> Item | None:
        """Count a start of the work; -> the item as it is by then, with what others noted who began it before; None
        when it is not owed in this revision, or by this process, any more."""

    async def keep_reply(self, item: Item, replies: Sequence[Mapping[str, str]]) -> None:
        """What stands on the platform for the item now, in place of what was kept before."""

    async def move(self, item: Item, move: Move) -> None:
        """The item is answered elsewhere from now on, where nothing stands for it yet."""

    async def clear_left(self, item: Item) -> None:
        """Nothing stands any more in the places that the item was moved from."""

    async def keep_turn(self, item: Item, turn_id: str) -> None:
        """The turn that was made for the item, in case its delivery is cut off."""

    async def finish(self, item: Item, state: State) -> bool:
        """What became of the item; False when it is not open as it was any more."""

    async def revise(self, message: ChatMessage, rule: Rule, *, anew: bool = False) -> Item | None:
        """The message was edited: owe it a new answer, or silence where `rule` now hears a wish for that.

        None where it was never owed one, was withdrawn, reads the same, was edited again since (platforms tell in no
        order, and more than once), or is being answered by another process, which then finds the new revision.
        `anew`: what was relayed is relayed again though it reads the same here.
        """

    async def withdraw(self, key: MessageKey) -> Item | None:
        """The message was deleted: no answer is owed for it any more, but that what stands for it is removed. None for
        one that was not claimed (it will not be, should it be told of late), that was withdrawn before, or that another
        process is answering, which then finds that."""

    async def take_over(self, platforms: Collection[str], limit: int = 200) -> Sequence[Item]:
        """Items of these platforms that processes owe which stopped beating; they are this process's from now on,
        oldest first."""

    async def beat(self) -> None:
        """This process lives: what it owes stays its own for another lease."""

    async def own_revisions(self) -> Mapping[MessageKey, int]:
        """The revision of each item that this process is to see to."""

    async def release(self) -> None:
        """This process stops: what it still owes is free at once."""

    async def owed(self, place: Place) -> Sequence[Item]:
        """What is owed in a thread, by whichever process, oldest first."""

    async def mute(self, place: Place, muted: bool) -> None:
        """A thread is to be left alone, or no more."""

    async def hand_over(self, place: Place, *, human: bool = True) -> None:
        """A human takes the thread over, or gives it back."""

    async def mark(self, channel: Channel, kind: ChannelKind | None) -> None:
        """Make a channel one of that kind, or an ordinary one again."""

    async def marked(self) -> Mapping[Channel, ChannelKind]:
        """The channels that are no ordinary ones, oldest first."""

    async def answered_since(self, platform: str, channel: str, since: datetime) -> Sequence[Item]:
        """Items of a channel that came since then and were not withdrawn."""

    async def channels(self, platform: str, workspace: str) -> Sequence[str]:
        """Where messages were claimed: the ids of a workspace's channels."""


class Markers(Protocol):
    """Short notes that outlive the process, by name. Every method raises StorageError when the database fails."""

    async def get(self, name: str) -> str:
        """What was set last, or ""."""

    async def set(self, name: str, value: str) -> None:
        """Keep a value in place of what was there."""

    async def claim(self, name: str, value: str) -> bool:
        """Keep a value where another was, or none; False where it was there already: of several, one process has it."""


class Messenger(Protocol):
    """A platform, as the desk speaks to it. Every method raises DeliveryError."""

    async def answer(self, item: Item, events: AsyncIterator[AnswerEvent], keep: KeepReplies) -> None:
        """Show an answer as it comes, in place of the item's `replies` if it has some.

        `keep` is awaited with what stands on the platform as soon as something does, so that no crash leaves an
        answer half open or gives a second one.
        """

    async def say(self, item: Item, text: str, keep: KeepReplies) -> None:
        """A short line of the bot's own, in place of whatever stands for the item."""

    async def waiting(self, item: Item, ahead: int, keep: KeepReplies) -> None:
        """Tell the customer that `ahead` questions come first. What then stands for the item is kept."""

    async def retract(self, item: Item) -> None:
        """Remove what stands for the item."""

    async def settle(self, item: Item, settled: Settled, by: Item) -> None:
        """Take the buttons off the clarification that stands for the item, and show what was chosen, by `by`."""

    async def recover(self, item: Item) -> Sequence[Mapping[str, str]]:
        """What stands on the platform for an item that a dead process may have begun to answer."""

    async def elsewhere(self, item: Item, refusal: DeliveryError) -> Item | None:
        """The item as one that is answered in another place where its customer can be reached, since `refusal` keeps
        the bot from its own; None where there is none that was not tried."""

    async def check(self) -> None:
        """Ask the platform whether it knows the bot."""


class Surroundings(Protocol):
    """A platform, as the desk looks around a message that it has claimed. Every method raises DeliveryError."""

    async def above(self, message: ChatMessage) -> Sequence[Said]:
        """What stands above it in its thread, and what it replies to: the first message and the newest 50, oldest
        first. Where it is a message of a channel itself: the channel's newest 50, of the last hour."""

    async def linked(self, message: ChatMessage) -> Sequence[Said]:
        """The messages whose addresses stand in it, as far as the bot can read them and its author may."""

    async def files(self, message: ChatMessage) -> Sequence[Attached]:
        """Its files, with the text of those that are one and not too large."""

    async def picture(self, file: Attached) -> Picture | None:
        """The picture that one of them is said to be; None where it cannot be had, or is none."""

    async def name(self, message: ChatMessage, said: Said) -> str:
        """What the author of a message near `message` is called, or ""."""


class Rooms(Protocol):
    """A platform, as notices, handoffs and admins' messages speak to it. Every method raises DeliveryError."""

    async def post(self, place: Place, card: Card) -> MessageKey:
        """A new message in a thread (in the channel itself where `thread` is "")."""

    async def thread(self, message: MessageKey, name: str) -> Place:
        """The thread below a message of the bot's, made if need be."""

    async def update(self, message: MessageKey, card: Card) -> None:
        """Show something else in a message's place. Where it is gone, nothing is done."""

    async def direct(self, workspace: str, user: str) -> Place:
        """The private conversation with a user."""

    async def link(self, message: MessageKey) -> str:
        """Where a message can be read, or ""."""

    async def name(self, workspace: str, user: str) -> str:
        """What a user is called there, or ""."""

    async def is_teammate(self, workspace: str, user: str) -> bool:
        """Whether the user belongs to the team, as the platform says now."""


class Screen(Protocol):
    """Where an admin's command is answered: one message, which what is shown next replaces."""

    async def show(self, card: Card, *, public: bool = False) -> MessageKey | None:
        """-> the message, if it can be shown something else later by whichever process. The first card tells whether
        others see it. Raises DeliveryError."""

    async def attend(self, work: asyncio.Task[Any]) -> None:
        """See to work that goes on showing things: beside others in a chat, to its end at a terminal."""


class DeskMeter(Protocol):
    """Counts what the desk does."""

    def claimed(self, platform: str, judgement: str) -> None: ...

    def ended(self, platform: str, state: str, decision: str, seconds: float) -> None:
        """An item came to its end, so many seconds after it arrived."""

    def fault(self, platform: str, kind: str) -> None: ...
