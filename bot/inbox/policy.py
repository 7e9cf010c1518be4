"""Which messages are answered: the conversation policy of every platform, as one pure function."""

from __future__ import annotations

from dataclasses import replace

from bot.chat.conversation import OptionPress
from bot.chat.intent import UNREAD, MessageReading
from bot.chat.message import Audience, ChatMessage, Disposition, Party, Thread

_LONGEST_QUIET = 80  # characters
_ASKS = MessageReading(asks=True)
_SAYS = frozenset({Disposition.ANSWER, Disposition.QUIET})


def needs_reading(message: ChatMessage) -> bool:
    """Whether what `message` calls for may depend on what it says: a question among people's talk, or a wish for quiet,
    which is short."""
    if message.audience is Audience.CHANNEL and message.opens_thread:
        return not message.names_others
    return len(message.text) <= _LONGEST_QUIET


def classify_message(
    message: ChatMessage, thread: Thread, help_channel: bool, reading: MessageReading = UNREAD
) -> Disposition:
    """What `message`, read as `reading`, calls for: while people have its conversation, mostly that it reaches them.

    Where a handoff waits to be claimed the bot answers whoever names it, in private, too, and people get the message
    as well (see `HandoffRelays`): whatever else is said there is said to the person who is waited for. Once it is
    claimed, the bot is quiet. In a support thread, naming the bot asks it.
    """
    if message.chosen:
        return _classify_option_press(message, message.chosen, thread)
    asked = _classify_without_handoff(message, thread, help_channel, reading)
    if not thread.side or message.audience is Audience.COMMAND:
        return asked
    if thread.side is Party.SUPPORT:
        return asked if message.audience is Audience.MENTION else Disposition.RELAY
    named = message.names_bot or message.audience is Audience.MENTION
    return asked if named and not thread.claimed and asked in _SAYS else Disposition.RELAY


def classify_unheard(message: ChatMessage, thread: Thread, help_channel: bool) -> Disposition | None:
    """What `message` calls for whatever it says, where that is nothing that is kept of it: SILENT or HUMAN, else None.

    What people say to each other is nobody's business: it is not even read.
    """
    if message.chosen or message.audience not in {Audience.CHANNEL, Audience.POST}:
        return None
    unread, read = (classify_message(message, thread, help_channel, reading) for reading in (UNREAD, _ASKS))
    return unread if unread is read and unread in {Disposition.SILENT, Disposition.HUMAN} else None


def _classify_without_handoff(
    message: ChatMessage, thread: Thread, help_channel: bool, reading: MessageReading
) -> Disposition:
    """What `message` calls for, given what is known of its thread and channel.

    Whoever addresses the bot (in private, by name, by command) is answered, also where it was silent before. A reply
    that does not name it is answered in a thread it answers in, unless the thread is muted or somebody other than the
    askers has replied since: then people are talking; a picture alone is a reply, too. A new message of a channel is
    answered where the channel is a help channel, it asks something (as a forum's post does by being one), and it is not
    addressed to somebody by name.
    """
    if message.audience is Audience.COMMAND:
        return Disposition.ANSWER
    if thread.quiet:
        return Disposition.SILENT
    if message.audience is Audience.MENTION:
        return _unless_quiet(reading)
    if message.audience not in {Audience.CHANNEL, Audience.POST}:
        return Disposition.SILENT if thread.muted else _unless_quiet(reading)
    if message.opens_thread:
        asked = message.audience is Audience.POST or reading.asks
        wanted = help_channel and not message.names_others and asked
        return Disposition.ANSWER if wanted else Disposition.SILENT
    if not thread.answering or thread.muted:
        return Disposition.SILENT
    if message.user not in thread.askers:
        return Disposition.HUMAN
    said = message.text or message.files  # nothing: words that we are not shown
    if thread.human or message.names_others or not said:
        return Disposition.SILENT
    return _unless_quiet(reading)


def _classify_option_press(message: ChatMessage, chosen: OptionPress, thread: Thread) -> Disposition:
    """What a button below a clarification calls for. Whom the bot asked may press it, whose question that was called
    to, and whoever else it answers in that thread; as whoever names it, they are answered in a muted thread, too."""
    if message.user not in {chosen.asker, message.asked_by, *thread.askers}:
        return Disposition.SILENT
    if message.audience is Audience.COMMAND:
        return Disposition.ANSWER
    if thread.side is Party.CUSTOMER and thread.claimed:
        return Disposition.RELAY
    return Disposition.SILENT if thread.quiet else Disposition.ANSWER


def update_thread(message: ChatMessage, judgement: Disposition, thread: Thread) -> Thread:
    """The thread once `message` was judged so; a quiet thread that is answered in again is quiet no more."""
    if judgement is Disposition.ANSWER:
        askers = thread.askers | {message.user}
        conversation = thread.conversation_id or conversation_of(message)
        return replace(thread, answering=True, muted=False, human=False, askers=askers, conversation_id=conversation)
    if judgement is Disposition.QUIET:
        return replace(thread, answering=True, muted=True, askers=thread.askers | {message.user})
    if judgement is Disposition.HUMAN:
        return replace(thread, human=True)
    return thread


def conversation_of(message: ChatMessage) -> str:
    """The id of the conversation that a thread's first question opens.

    A private conversation is one, whether its messages stand in threads or not; commands of one user in one channel
    follow each other; elsewhere each thread is a conversation of its own.
    """
    if message.conversation_id:
        return message.conversation_id
    place = message.place
    base = f"{place.platform}:{place.workspace}:{place.channel}"
    if message.audience is Audience.COMMAND:
        return f"{base}:command:{message.user}"
    if message.audience is Audience.DIRECT and message.opens_thread:
        return base
    return f"{base}:{place.thread}"


def _unless_quiet(reading: MessageReading) -> Disposition:
    return Disposition.QUIET if reading.wants_quiet else Disposition.ANSWER
