"""Each line of the conversation policy."""

from dataclasses import replace
from itertools import product

import pytest

from bot.chat.intent import UNREAD, Intent, MessageReading
from bot.chat.message import Audience, ChatMessage, Disposition, MessageFile, Party, Thread
from bot.inbox.policy import classify_message, classify_unheard, conversation_of, needs_reading, update_thread
from tests.fakes import said

QUESTION = "How do I return goods?"
ANSWERING = Thread(answering=True, askers=frozenset({"ann"}), conversation_id="c1")
ASKS = MessageReading(asks=True)
QUIET = MessageReading(Intent.QUIET, sure=True)
ADDRESSED = [Audience.DIRECT, Audience.ASSISTANT, Audience.MENTION, Audience.COMMAND]


def reply(text: str = "And by post?", user: str = "ann", **changes: object) -> ChatMessage:
    """A message in a thread of a channel that does not name the bot."""
    return said(text, user=user, thread="opened-earlier", audience=Audience.CHANNEL, **changes)  # type: ignore[arg-type]


def opening(text: str = QUESTION, **changes: object) -> ChatMessage:
    """A new message of a channel that does not name the bot."""
    return said(text, audience=Audience.CHANNEL, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", [QUESTION, "hello", "I'll take a look after lunch", ""])
@pytest.mark.parametrize("audience", ADDRESSED)
def test_whoever_addresses_the_bot_is_answered_whatever_they_say(audience: Audience, text: str) -> None:
    assert classify_message(said(text, audience=audience), Thread(), False) is Disposition.ANSWER


def test_a_new_question_in_a_help_channel_is_answered() -> None:
    assert classify_message(opening(), Thread(), True, ASKS) is Disposition.ANSWER


def test_a_new_question_in_any_other_channel_is_not() -> None:
    assert classify_message(opening(), Thread(), False, ASKS) is Disposition.SILENT


@pytest.mark.parametrize("reading", [UNREAD, MessageReading(Intent.CHATTER, sure=True), QUIET])
def test_what_asks_nothing_in_a_help_channel_is_left_alone(reading: MessageReading) -> None:
    assert classify_message(opening("the office is closed on Monday"), Thread(), True, reading) is Disposition.SILENT


def test_a_question_to_somebody_by_name_is_left_to_them() -> None:
    assert classify_message(opening(names_others=True), Thread(), True, ASKS) is Disposition.SILENT


def test_the_bot_named_beside_others_answers() -> None:
    assert classify_message(said(names_others=True), Thread(), False) is Disposition.ANSWER


SHOT = MessageFile("screenshot.png", "image/png", 7, "https://files.example/1")


@pytest.mark.parametrize("help_channel", [True, False])
@pytest.mark.parametrize("file", [SHOT, replace(SHOT, name="log.txt", type="text/plain"), MessageFile("", "", 0, "")])
def test_a_file_alone_is_a_follow_up_where_words_would_be_one(file: MessageFile, help_channel: bool) -> None:
    places = [
        ANSWERING,
        Thread(),
        replace(ANSWERING, muted=True),
        replace(ANSWERING, human=True),
        replace(ANSWERING, quiet=True),
        replace(ANSWERING, side=Party.CUSTOMER),
        replace(ANSWERING, side=Party.CUSTOMER, claimed=True),
    ]
    for thread, user, names_others in product(places, ("ann", "bob"), (False, True)):
        alone = reply("", user, names_others=names_others)
        words = replace(alone, text="And by post?")
        judged = classify_message(replace(alone, files=(file,)), thread, help_channel)
        assert judged is classify_message(words, thread, help_channel)
    assert classify_message(replace(reply(""), files=(file,)), ANSWERING, help_channel) is Disposition.ANSWER
    assert classify_message(reply(""), ANSWERING, help_channel) is Disposition.SILENT  # words that we are not shown
    assert classify_message(replace(opening(""), files=(file,)), Thread(), True) is Disposition.SILENT


@pytest.mark.parametrize("text", ["And by post?", "it is broken too", "thanks!", "ok"])
@pytest.mark.parametrize("help_channel", [True, False])
def test_a_follow_up_of_the_asker_needs_no_mention(text: str, help_channel: bool) -> None:
    assert classify_message(reply(text), ANSWERING, help_channel) is Disposition.ANSWER


def test_a_follow_up_to_somebody_by_name_is_left_to_them() -> None:
    assert classify_message(reply(names_others=True), ANSWERING, False) is Disposition.SILENT


@pytest.mark.parametrize("help_channel", [True, False])
def test_a_reply_in_a_thread_the_bot_is_not_in_is_left_alone(help_channel: bool) -> None:
    assert classify_message(reply(QUESTION), Thread(), help_channel) is Disposition.SILENT


@pytest.mark.parametrize("text", ["It is under Settings.", QUESTION, "quiet"])
def test_somebody_else_who_replies_takes_the_thread_over(text: str) -> None:
    assert classify_message(reply(text, user="teammate"), ANSWERING, True) is Disposition.HUMAN


def test_the_bot_is_silent_since_a_human_replied() -> None:
    taken = update_thread(reply("It is under Settings.", user="teammate"), Disposition.HUMAN, ANSWERING)
    assert classify_message(reply(QUESTION), taken, True) is Disposition.SILENT
    assert classify_message(reply("quiet"), taken, True) is Disposition.SILENT


def test_it_resumes_when_mentioned_and_goes_on_without() -> None:
    taken = update_thread(reply(user="teammate"), Disposition.HUMAN, ANSWERING)
    again = said(QUESTION, thread="opened-earlier")
    assert classify_message(again, taken, False) is Disposition.ANSWER
    assert (
        classify_message(reply("And then?"), update_thread(again, Disposition.ANSWER, taken), False)
        is Disposition.ANSWER
    )


def test_a_teammate_who_mentions_it_is_answered_and_becomes_an_asker() -> None:
    mention = said(QUESTION, user="teammate", thread="opened-earlier")
    assert classify_message(mention, ANSWERING, False) is Disposition.ANSWER
    thread = update_thread(mention, Disposition.ANSWER, ANSWERING)
    assert thread.askers == {"ann", "teammate"}
    assert classify_message(reply(user="teammate"), thread, False) is Disposition.ANSWER


@pytest.mark.parametrize("audience", [Audience.DIRECT, Audience.ASSISTANT, Audience.MENTION])
def test_quiet_is_a_wish_and_no_question(audience: Audience) -> None:
    assert classify_message(said("quiet", audience=audience), Thread(), False, QUIET) is Disposition.QUIET


def test_quiet_needs_no_mention_where_the_bot_answers() -> None:
    assert classify_message(reply("quiet"), ANSWERING, False, QUIET) is Disposition.QUIET


def test_a_doubtful_wish_for_quiet_is_answered() -> None:
    assert classify_message(said("stop it"), Thread(), False, MessageReading(Intent.QUIET)) is Disposition.ANSWER


@pytest.mark.parametrize(
    ("message", "needed"),
    [
        (opening(), True),
        (opening("x" * 300), True),
        (opening(names_others=True), False),
        (reply("quiet"), True),
        (reply("x" * 300), False),
        (said(audience=Audience.POST, text="x" * 300), False),
        (said("be quiet", audience=Audience.DIRECT), True),
    ],
)
def test_a_message_is_read_where_that_may_decide(message: ChatMessage, needed: bool) -> None:
    assert needs_reading(message) is needed


def test_quiet_among_people_is_none_of_the_bots_business() -> None:
    assert classify_message(opening("quiet"), Thread(), True, QUIET) is Disposition.SILENT
    assert classify_message(reply("quiet"), Thread(), True, QUIET) is Disposition.SILENT


@pytest.mark.parametrize("audience", [Audience.DIRECT, Audience.ASSISTANT, Audience.CHANNEL])
def test_a_muted_thread_is_left_alone(audience: Audience) -> None:
    muted = replace(ANSWERING, muted=True)
    assert classify_message(replace(reply(QUESTION), audience=audience), muted, True) is Disposition.SILENT


def test_a_teammates_reply_in_a_muted_thread_is_left_alone_too() -> None:
    assert classify_message(reply(user="teammate"), replace(ANSWERING, muted=True), True) is Disposition.SILENT


def test_a_mention_ends_the_quiet() -> None:
    muted = update_thread(reply("quiet"), Disposition.QUIET, ANSWERING)
    assert muted.muted
    again = said(QUESTION, thread="opened-earlier")
    assert classify_message(again, muted, False) is Disposition.ANSWER
    assert not update_thread(again, Disposition.ANSWER, muted).muted


def test_a_command_is_answered_also_where_the_bot_is_silent() -> None:
    silenced = Thread(answering=True, muted=True, human=True)
    assert classify_message(said(audience=Audience.COMMAND), silenced, False) is Disposition.ANSWER


def test_silence_changes_nothing_about_a_thread() -> None:
    assert update_thread(reply(), Disposition.SILENT, ANSWERING) is ANSWERING


def test_what_else_is_known_of_a_thread_outlasts_quiet_and_a_human() -> None:
    for judgement in (Disposition.QUIET, Disposition.HUMAN):
        thread = update_thread(reply(), judgement, ANSWERING)
        assert (thread.answering, thread.askers, thread.conversation_id) == (True, {"ann"}, "c1")


def test_a_thread_keeps_the_conversation_its_first_question_opened() -> None:
    first = said()
    thread = update_thread(first, Disposition.ANSWER, Thread())
    assert thread.conversation_id == f"test:T1:C1:{first.id}"
    follow_up = said(user="ben", thread=first.id)
    assert update_thread(follow_up, Disposition.ANSWER, thread).conversation_id == thread.conversation_id


def test_a_private_conversation_is_one_and_its_threads_are_their_own() -> None:
    first, second = said(audience=Audience.DIRECT), said(audience=Audience.DIRECT)
    assert conversation_of(first) == conversation_of(second) == "test:T1:C1"
    in_thread = said(audience=Audience.DIRECT, thread="t9")
    assert conversation_of(in_thread) == "test:T1:C1:t9"


def test_commands_of_a_user_in_a_channel_follow_each_other() -> None:
    mine, again, theirs = (said(user=user, audience=Audience.COMMAND) for user in ("ann", "ann", "ben"))
    assert conversation_of(mine) == conversation_of(again) != conversation_of(theirs)


def test_threads_of_other_workspaces_and_channels_are_other_conversations() -> None:
    places = [said(thread="t"), said(thread="t", channel="C2"), said(thread="t", workspace="T2")]
    assert len({conversation_of(message) for message in places}) == 3


# -- handoffs -----------------------------------------------------------------------------------------------------

WAITING = replace(ANSWERING, side=Party.CUSTOMER)
CLAIMED = replace(WAITING, claimed=True)
SUPPORT = Thread(side=Party.SUPPORT)


@pytest.mark.parametrize("audience", [Audience.DIRECT, Audience.ASSISTANT, Audience.MENTION, Audience.CHANNEL])
@pytest.mark.parametrize("text", [QUESTION, "quiet", "", "thanks"])
def test_what_a_customer_says_to_whom_a_person_listens_is_for_that_person(audience: Audience, text: str) -> None:
    message = said(text, thread="opened-earlier", audience=audience)
    assert classify_message(message, CLAIMED, False) is Disposition.RELAY


@pytest.mark.parametrize("audience", [Audience.DIRECT, Audience.ASSISTANT, Audience.MENTION])
@pytest.mark.parametrize("text", [QUESTION, "Hello?", "", "thanks"])
def test_while_nobody_has_claimed_it_whoever_names_the_bot_is_answered(audience: Audience, text: str) -> None:
    message = replace(said(text, thread="opened-earlier", audience=audience), names_bot=True)
    assert classify_message(message, WAITING, False, ASKS) is Disposition.ANSWER


@pytest.mark.parametrize("audience", [Audience.DIRECT, Audience.ASSISTANT, Audience.CHANNEL])
@pytest.mark.parametrize(
    "text", [QUESTION, "Hello?", "my order PL-77 is broken, are you there?", "quiet", "在吗？", ""]
)
@pytest.mark.parametrize("human", [True, False])
@pytest.mark.parametrize("reading", [ASKS, QUIET, UNREAD])
def test_while_nobody_has_claimed_it_all_else_is_said_to_whom_is_waited_for(
    audience: Audience, text: str, human: bool, reading: MessageReading
) -> None:
    for thread_id in ("", "opened-earlier"):
        message = said(text, thread=thread_id, audience=audience)
        assert classify_message(message, replace(WAITING, human=human), False, reading) is Disposition.RELAY


@pytest.mark.parametrize("thread", [replace(WAITING, human=True), replace(WAITING, muted=True)])
@pytest.mark.parametrize("user", ["ann", "somebody-else"])
def test_what_the_bot_would_not_answer_reaches_people(thread: Thread, user: str) -> None:
    assert classify_message(reply(user=user), thread, False) is Disposition.RELAY


@pytest.mark.parametrize("text", [QUESTION, "In Oslo.", "quiet", "", "// between us"])
@pytest.mark.parametrize("help_channel", [True, False])
@pytest.mark.parametrize("claimed", [True, False])
def test_what_the_team_says_in_a_packets_thread_is_for_the_customer(
    text: str, help_channel: bool, claimed: bool
) -> None:
    assert (
        classify_message(reply(text, user="bob"), replace(SUPPORT, claimed=claimed), help_channel) is Disposition.RELAY
    )


@pytest.mark.parametrize("claimed", [True, False])
def test_the_team_asks_the_bot_by_naming_it(claimed: bool) -> None:
    mention = said(QUESTION, user="bob", thread="opened-earlier")
    assert classify_message(mention, replace(SUPPORT, claimed=claimed), False) is Disposition.ANSWER


@pytest.mark.parametrize("thread", [WAITING, CLAIMED, SUPPORT])
def test_a_command_is_answered_whoever_listens(thread: Thread) -> None:
    assert classify_message(said(audience=Audience.COMMAND), thread, False) is Disposition.ANSWER


def test_a_relayed_message_changes_nothing_in_its_thread() -> None:
    assert update_thread(reply(user="bob"), Disposition.RELAY, CLAIMED) == CLAIMED


# -- quiet channels -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("audience", [each for each in Audience if each is not Audience.COMMAND])
@pytest.mark.parametrize("thread", [Thread(quiet=True), replace(ANSWERING, quiet=True)])
@pytest.mark.parametrize("help_channel", [True, False])
def test_in_a_quiet_channel_nothing_but_commands_is_answered(
    audience: Audience, thread: Thread, help_channel: bool
) -> None:
    assert classify_message(said(QUESTION, audience=audience), thread, help_channel) is Disposition.SILENT
    assert classify_message(said(QUESTION, audience=Audience.COMMAND), thread, help_channel) is Disposition.ANSWER


@pytest.mark.parametrize("thread", [replace(WAITING, quiet=True), replace(CLAIMED, quiet=True)])
def test_in_a_quiet_channel_a_handoff_goes_on(thread: Thread) -> None:
    assert classify_message(reply(), thread, False) is Disposition.RELAY
    assert classify_message(said(QUESTION, thread="opened-earlier"), thread, False) is Disposition.RELAY


# -- what people say to each other --------------------------------------------------------------------------------

THREADS = [
    Thread(answering, muted, human, askers, "c1", side, claimed, quiet)
    for answering, muted, human, claimed, quiet in product((False, True), repeat=5)
    for askers in (frozenset[str](), frozenset({"ann"}))
    for side in (None, *Party)
]
READINGS = [MessageReading(intent, sure, asks) for intent in Intent for sure in (False, True) for asks in (False, True)]


@pytest.mark.parametrize("audience", Audience)
@pytest.mark.parametrize("help_channel", [True, False])
@pytest.mark.parametrize("thread_id", ["", "opened-earlier"])
def test_what_is_dropped_unread_would_be_dropped_whatever_it_says(
    audience: Audience, help_channel: bool, thread_id: str
) -> None:
    for names_others, text in product((False, True), (QUESTION, "")):
        message = said(text, audience=audience, thread=thread_id, names_others=names_others)
        for thread in THREADS:
            judged = {classify_message(message, thread, help_channel, reading) for reading in READINGS}
            unheard = classify_unheard(message, thread, help_channel)
            assert unheard in {None, Disposition.SILENT, Disposition.HUMAN}
            assert unheard is None or judged == {unheard}
            nothing = judged in ({Disposition.SILENT}, {Disposition.HUMAN})
            assert unheard is not None or not nothing or audience not in {Audience.CHANNEL, Audience.POST}
