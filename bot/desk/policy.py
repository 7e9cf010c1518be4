"""Which messages are answered: the conversation policy of every platform, as one pure function."""

from __future__ import annotations

from bot.desk.asking import asks, asks_for_quiet
from bot.messages import Audience, ChatMessage, Judgement, Thread


def judge(message: ChatMessage, thread: Thread, help_channel: bool) -> Judgement:
    """What `message` calls for, given what is known of its thread and channel.

    Whoever addresses the bot (in private, by name, by command) is answered, also where it was silent before. A reply
    that does not name it is answered in a thread it answers in, unless the thread is muted or somebody other than the
    askers has replied since: then people are talking. A new message of a channel is answered where the channel is a
    help channel, it asks something (as a forum's post does by being one), and it is not addressed to somebody by name.
    """
    if message.audience is Audience.COMMAND:
        return Judgement.ANSWER
    if message.audience is Audience.MENTION:
        return _unless_quiet(message)
    if message.audience not in {Audience.CHANNEL, Audience.POST}:
        return Judgement.SILENT if thread.muted else _unless_quiet(message)
    if message.opens_thread:
        asked = message.audience is Audience.POST or asks(message.text)
        wanted = help_channel and not message.names_others and asked
        return Judgement.ANSWER if wanted else Judgement.SILENT
    if not thread.answering or thread.muted:
        return Judgement.SILENT
    if message.user not in thread.askers:
        return Judgement.HUMAN
    if thread.human or message.names_others or not message.text:  # a picture, or words we are not shown
        return Judgement.SILENT
    return _unless_quiet(message)


def after(message: ChatMessage, judgement: Judgement, thread: Thread) -> Thread:
    """The thread once `message` was judged so; a quiet thread that is answered in again is quiet no more."""
    if judgement is Judgement.ANSWER:
        askers = thread.askers | {message.user}
        conversation = thread.conversation_id or conversation_of(message)
        return Thread(answering=True, askers=askers, conversation_id=conversation)
    if judgement is Judgement.QUIET:
        return Thread(True, True, thread.human, thread.askers | {message.user}, thread.conversation_id)
    if judgement is Judgement.HUMAN:
        return Thread(thread.answering, thread.muted, True, thread.askers, thread.conversation_id)
    return thread


def conversation_of(message: ChatMessage) -> str:
    """The id of the conversation that a thread's first question opens.

    A private conversation is one, whether its messages stand in threads or not; commands of one user in one channel
    follow each other; elsewhere each thread is a conversation of its own.
    """
    place = message.place
    base = f"{place.platform}:{place.workspace}:{place.channel}"
    if message.audience is Audience.COMMAND:
        return f"{base}:command:{message.user}"
    if message.audience is Audience.DIRECT and message.opens_thread:
        return base
    return f"{base}:{place.thread}"


def _unless_quiet(message: ChatMessage) -> Judgement:
    return Judgement.QUIET if asks_for_quiet(message.text) else Judgement.ANSWER
