"""From the bot to people and back: who is told what, and what happens when something fails."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from bot.chat.card import Line
from bot.chat.conversation import Citation, Decision, Turn
from bot.chat.message import Audience, ChatMessage, Disposition, Job, MessageFile, Party, ThreadRef
from bot.errors import DeliveryError, NotAllowed
from bot.handoff.models import Handoff, HandoffReason, HandoffState
from bot.handoff.service import HandoffService
from bot.i18n import words_for
from bot.taught.models import TaughtState
from tests.support.steering import (
    CUSTOMER,
    HERE,
    MATE,
    QUICK_HANDOFFS,
    SUPPORT,
    FakeRooms,
    Office,
    gone,
)
from tests.support.turns import make_turn

EN, ZH = words_for("en"), words_for("zh")
OTHER_MATE = replace(MATE, user="UCLEO", name="Cleo")


@pytest.fixture(autouse=True)
def logs() -> Iterator[list[Any]]:
    with capture_logs() as entries:
        yield entries


async def asked(office: Office, customer: ThreadRef = HERE, **changes: Any) -> Turn:
    """A turn that is stored."""
    known = {"question": "Where is my parcel?", "language": "en", "conversation_id": f"slack:{customer.channel}"}
    turn = make_turn(**known | changes)
    await office.conversations.add_turn(turn)
    return turn


async def opened(office: Office, customer: ThreadRef = HERE, **changes: Any) -> Handoff:
    """A handoff whose packet is posted; what was said until then is forgotten."""
    turn = await asked(office, customer, **changes)
    assert await office.handoffs.open_handoff(customer, "UANN", "Ann", turn, HandoffReason.BUTTON)
    handoff = (await office.handoff_store.list_handoffs())[0]
    for room in office.posters.values():
        room.posts.clear()
    return handoff


def item(handoff: Handoff, side: Party, text: str = "Hello", author: str = "") -> Job:
    """A message of either side, as the inbox gives it."""
    place = handoff.customer if side is Party.CUSTOMER else handoff.support
    user = "UANN" if side is Party.CUSTOMER else "UMATE"
    message = ChatMessage(
        place,
        uuid.uuid4().hex[:8],
        user,
        text,
        Audience.CHANNEL,
        author=author or ("Ann" if side is Party.CUSTOMER else "Bob"),
        handoff_id=handoff.id,
        side=side,
    )
    return Job(uuid.uuid4().hex, message, Disposition.RELAY, "c", datetime.now(UTC))


async def now(office: Office, handoff: Handoff) -> Handoff:
    current = await office.handoff_store.find_handoff(handoff.id)
    assert current
    return current


# -- open ---------------------------------------------------------------------------------------------------------


async def test_a_conversation_is_handed_over_and_both_sides_know(office: Office) -> None:
    turn = await asked(office)
    assert await office.handoffs.open_handoff(HERE, "UANN", "Ann", turn, HandoffReason.BUTTON, "https://chat.example/1")
    (where, packet), (_, told) = office.posters["slack"].posts
    assert where == SUPPORT
    assert (packet.title, packet.text) == ("Ann asked for a person", turn.question)
    assert told.text == EN.say("handed_over")
    [handoff] = await office.handoff_store.list_handoffs()
    assert handoff.support == replace(SUPPORT, thread="m1")


@pytest.mark.parametrize(("channel", "opens"), [("C1", True), ("D1", False)])
async def test_nobody_is_led_into_a_conversation_that_they_cannot_open(
    office: Office, channel: str, opens: bool
) -> None:
    customer = replace(HERE, channel=channel)
    turn = await asked(office, customer)
    told = await office.handoffs.open_handoff(
        customer, "UANN", "Ann", turn, HandoffReason.BUTTON, "https://chat.example/1"
    )
    [handoff] = await office.handoff_store.list_handoffs()
    await office.handoffs.claim_handoff(MATE, handoff.id)
    rooms = office.posters["slack"]
    cards = [rooms.posts[0][1], rooms.updates[-1][1]]
    assert told
    assert [any("chat.example" in line.url for line in card.lines) for card in cards] == [opens, opens]


@pytest.mark.parametrize("chosen", ["How is it reset?", "Reset? (Ember)"])  # none of these, and one of them
async def test_what_was_chosen_is_handed_over_as_what_it_is_about(office: Office, chosen: str) -> None:
    options = (Citation(1, "Reset?", "", "p1", under="Ember"), Citation(2, "Reset?", "", "p2", under="Frost"))
    await asked(
        office, standalone_question="How is it reset?", decision=Decision.CLARIFY, citations=options, minutes=-1
    )
    turn = await asked(office, question="Chose: …", standalone_question=chosen)
    await office.handoffs.open_handoff(HERE, "UANN", "Ann", turn, HandoffReason.BUTTON)
    assert office.posters["slack"].posts[0][1].text == chosen
    [handoff] = await office.handoff_store.list_handoffs()
    assert (handoff.question, handoff.turn_id) == (chosen, turn.id)


async def test_a_note_tells_when_people_are_there(office: Office) -> None:
    office.handoffs._limits = replace(QUICK_HANDOFFS, note="We are here from 9 to 5.")
    await office.handoffs.open_handoff(HERE, "UANN", "Ann", await asked(office), HandoffReason.BUTTON)
    assert office.posters["slack"].texts("C1") == [EN.say("handed_over") + "\nWe are here from 9 to 5."]


async def test_a_chinese_customer_is_told_in_chinese(office: Office) -> None:
    turn = await asked(office, question="我的包裹在哪里？", language="zh")
    await office.handoffs.open_handoff(HERE, "UANN", "小安", turn, HandoffReason.WORDS)
    [handoff] = await office.handoff_store.list_handoffs()
    await office.handoffs.claim_handoff(MATE, handoff.id)
    await office.handoffs.resolve_handoff(MATE, handoff.id)
    assert (await office.handoffs.reopen_handoff(CUSTOMER, handoff.id)).text == ZH.say("handoff_reopened")
    assert (await office.handoffs.reopen_handoff(CUSTOMER, handoff.id)).text == ZH.say("handed_over_before")
    assert office.posters["slack"].texts("C1") == [
        ZH.say("handed_over"),
        ZH.say("handoff_claimed", name="Bob"),
        ZH.say("handoff_resolved_helped"),
    ]


async def test_a_button_that_is_clicked_twice_says_nothing_twice(office: Office) -> None:
    turn = await asked(office)
    for _ in range(2):
        assert await office.handoffs.open_handoff(HERE, "UANN", "Ann", turn, HandoffReason.BUTTON)
    assert len(office.posters["slack"].texts("CSUPPORT")) == len(office.posters["slack"].texts("C1")) == 1


async def test_a_button_that_two_click_at_once_posts_one_packet(office: Office) -> None:
    turn = await asked(office)
    await asyncio.gather(
        *(office.handoffs.open_handoff(HERE, "UANN", "Ann", turn, HandoffReason.BUTTON) for _ in range(3))
    )
    assert len(office.posters["slack"].texts("CSUPPORT")) == 1


async def test_a_later_wish_of_the_same_place_joins_the_first(office: Office) -> None:
    handoff = await opened(office)
    earlier = datetime.now(UTC) - timedelta(minutes=1)
    await office.handoff_store.change_handoff(handoff.id, created_at=earlier)
    turn = await asked(office)
    assert await office.handoffs.open_handoff(HERE, "UANN", "Ann", turn, HandoffReason.WORDS)
    assert office.posters["slack"].texts("C1") == [EN.say("handed_over_before")]
    assert len(await office.handoff_store.list_handoffs()) == 1


async def test_without_a_support_channel_the_customer_is_told(office: Office) -> None:
    office.support.clear()
    assert not office.handoffs.can_hand_over(HERE)
    assert not await office.handoffs.open_handoff(HERE, "UANN", "Ann", await asked(office), HandoffReason.BUTTON)
    assert office.posters["slack"].texts("C1") == [EN.say("not_handed_over")]
    assert await office.handoff_store.list_handoffs() == []


async def test_a_support_channel_of_a_platform_that_is_away_is_none(office: Office) -> None:
    office.support.clear()
    office.support["discord"] = "D1"
    assert not office.handoffs.can_hand_over(HERE)
    office.posters["discord"] = FakeRooms("discord")
    assert office.handoffs.can_hand_over(HERE)
    assert await office.handoffs.open_handoff(HERE, "UANN", "Ann", await asked(office), HandoffReason.BUTTON)
    assert len(office.posters["discord"].texts("D1")) == 1


async def test_nobody_is_handed_over_where_they_could_be_told_nothing(office: Office) -> None:
    """A platform that takes no cards: people would be called, and what they say would reach nobody."""
    assert office.handoffs.can_hand_over(HERE)
    assert not office.handoffs.can_hand_over(replace(HERE, platform="lines"))


async def test_a_support_channel_hands_nothing_to_itself(office: Office) -> None:
    own = replace(SUPPORT, thread="7.0")
    assert not office.handoffs.can_hand_over(own)
    assert not await office.handoffs.open_handoff(own, "UANN", "Ann", await asked(office), HandoffReason.ABSTENTION)
    assert office.posters["slack"].texts("CSUPPORT") == [EN.say("not_handed_over")]
    office.support["discord"], office.posters["discord"] = "D1", FakeRooms("discord")
    assert await office.handoffs.open_handoff(own, "UANN", "Ann", await asked(office), HandoffReason.ABSTENTION)


@pytest.mark.parametrize("permanent", [True, False])
async def test_a_packet_that_cannot_be_posted_fails_the_handoff_and_the_customer_knows(
    office: Office, permanent: bool
) -> None:
    office.posters["slack"].broken["CSUPPORT"] = gone(permanent=permanent)
    assert not await office.handoffs.open_handoff(HERE, "UANN", "Ann", await asked(office), HandoffReason.BUTTON)
    line = "team_out_of_reach" if permanent else "not_handed_over"
    assert office.posters["slack"].texts("C1") == [EN.say(line)]
    assert [handoff.state for handoff in await office.handoff_store.list_handoffs()] == [HandoffState.FAILED]
    [told] = office.posters["slack"].texts("CADMINS")
    assert "CSUPPORT" in told and str(gone(permanent=permanent)) in told
    assert bool(office.handoffs.list_troubles()["slack support channel"]) is permanent
    office.posters["slack"].broken.clear()
    assert await office.handoffs.open_handoff(HERE, "UANN", "Ann", await asked(office), HandoffReason.BUTTON)


async def test_admins_are_told_of_a_support_channel_that_takes_nothing_once_an_hour(office: Office) -> None:
    office.posters["slack"].broken["CSUPPORT"] = gone(permanent=True)
    for number in range(3):
        place = replace(HERE, thread=f"{number}.0")
        await office.handoffs.open_handoff(place, "UANN", "Ann", await asked(office, place), HandoffReason.BUTTON)
    assert len(office.posters["slack"].texts("CADMINS")) == 1
    office.posters["slack"].broken.clear()
    assert await office.handoffs.open_handoff(HERE, "UANN", "Ann", await asked(office), HandoffReason.BUTTON)
    assert office.handoffs.list_troubles() == {"slack support channel": ""}


@pytest.mark.parametrize("permanent", [True, False])
async def test_whoever_asked_in_words_is_told_in_place_of_the_word_that_a_person_comes(
    office: Office, permanent: bool
) -> None:
    office.posters["slack"].broken["CSUPPORT"] = gone(permanent=permanent)
    message = ChatMessage(HERE, "1.0", "UANN", "A person, please", Audience.MENTION, author="Ann", link="x")
    job = Job("j", message, Disposition.ANSWER, "c", datetime.now(UTC))
    line = await office.handoffs.open_for(job, await asked(office), HandoffReason.WORDS)
    assert line == EN.say("team_out_of_reach" if permanent else "not_handed_over")
    assert office.posters["slack"].texts("C1") == []


async def test_a_customer_that_cannot_be_told_is_handed_over_all_the_same(office: Office) -> None:
    office.posters["slack"].broken["C1"] = gone(permanent=True)
    assert await office.handoffs.open_handoff(HERE, "UANN", "Ann", await asked(office), HandoffReason.BUTTON)
    assert len(office.posters["slack"].texts("CSUPPORT")) == 1


async def test_a_crash_before_the_packet_is_made_up_for(office: Office) -> None:
    handoff = await opened(office)
    await office.handoff_store.change_handoff(
        handoff.id, support=SUPPORT, remind_at=datetime.now(UTC) - timedelta(minutes=2)
    )
    await office.handoffs._send_reminders()
    assert len(office.posters["slack"].texts("CSUPPORT")) == 1
    assert office.posters["slack"].texts("C1") == [EN.say("handed_over")]
    assert (await now(office, handoff)).support.thread
    await office.handoffs._send_reminders()
    assert len(office.posters["slack"].texts("CSUPPORT")) == 1


async def test_what_a_dead_process_left_of_a_resolved_one_is_done(office: Office) -> None:
    handoff = await opened(office)
    left = datetime.now(UTC) - timedelta(minutes=10)
    await office.handoff_store.change_handoff(handoff.id, state=HandoffState.RESOLVED, remind_at=left)
    await office.database.write(lambda c: c.execute(text("UPDATE handoffs SET updated_at = '2026-01-01 00:00:00'")))
    told = len(office.posters["slack"].texts("C1"))
    for _ in range(2):
        await office.handoffs._resume_resolutions()
    assert len(office.posters["slack"].texts("C1")) == told + 1
    assert (await now(office, handoff)).remind_at is None


async def test_one_that_was_opened_just_now_is_left_to_who_opened_it(office: Office) -> None:
    handoff = await opened(office)
    posts = len(office.posters["slack"].posts)
    await office.handoff_store.change_handoff(handoff.id, support=SUPPORT)
    await office.handoffs._send_reminders()
    assert len(office.posters["slack"].posts) == posts


async def test_a_stranger_in_the_support_thread_does_not_speak_as_the_team(office: Office) -> None:
    handoff = await opened(office)
    office.posters["slack"].strangers.add("UEVIL")
    said = item(handoff, Party.SUPPORT, "Send me your password")
    stranger = replace(said, message=replace(said.message, user="UEVIL"))
    await office.handoffs.relay_message(stranger, "Send me your password")
    assert office.posters["slack"].texts("C1") == []
    assert (await now(office, handoff)).state is HandoffState.OPEN
    assert list(await office.handoff_store.load_messages(handoff.id)) == []
    assert any("Only the team" in text for text in office.posters["slack"].texts("CSUPPORT"))


async def test_a_command_goes_on_in_private(office: Office) -> None:
    message = ChatMessage(HERE, "9.0", "UANN", "Where?", Audience.COMMAND)
    command = Job("a" * 32, message, Disposition.ANSWER, "c", datetime.now(UTC))
    await office.handoffs.open_for(command, await asked(office), HandoffReason.WORDS)
    [handoff] = await office.handoff_store.list_handoffs()
    assert handoff.customer.channel == "DUANN"
    assert office.posters["slack"].texts("C1") == []


# -- what is said -------------------------------------------------------------------------------------------------


async def test_what_either_side_says_reaches_the_other_and_is_kept_masked(office: Office) -> None:
    handoff = await opened(office)
    await office.handoffs.relay_message(item(handoff, Party.CUSTOMER, "My card is [card]"), "My card is 4111")
    await office.handoffs.relay_message(item(handoff, Party.SUPPORT, "Use [email]"), "Use help@shop.example")
    rooms = office.posters["slack"]
    assert rooms.texts("CSUPPORT") == ["Ann: My card is 4111"]
    assert rooms.texts("C1") == [EN.say("handoff_claimed", name="Bob"), "Bob: Use help@shop.example"]
    assert [(line.side, line.text) for line in await office.handoff_store.load_messages(handoff.id)] == [
        (Party.CUSTOMER, "My card is [card]"),
        (Party.SUPPORT, "Use [email]"),
    ]


async def test_whoever_answers_first_has_claimed_it_and_others_may_answer_too(office: Office) -> None:
    handoff = await opened(office)
    await office.handoffs.relay_message(item(handoff, Party.SUPPORT), "Hello")
    assert (await now(office, handoff)).claimed_name == "Bob"
    await office.handoffs.relay_message(item(await now(office, handoff), Party.SUPPORT, author="Cleo"), "Me too")
    assert (await now(office, handoff)).claimed_name == "Bob"
    assert office.posters["slack"].texts("C1")[1:] == ["Bob: Hello", "Cleo: Me too"]


@pytest.mark.parametrize("text", ["// he is angry", "//x", "／／内部", "  // indented", "\n// below"])
async def test_an_internal_note_stays_and_claims_nothing(office: Office, text: str) -> None:
    handoff = await opened(office)
    await office.handoffs.relay_message(item(handoff, Party.SUPPORT, text), text)
    assert office.posters["slack"].posts == []
    assert await office.handoff_store.load_messages(handoff.id) == []
    assert (await now(office, handoff)).state is HandoffState.OPEN


async def test_a_customer_may_begin_with_slashes(office: Office) -> None:
    handoff = await opened(office)
    await office.handoffs.relay_message(item(handoff, Party.CUSTOMER, "// is a comment?"), "// is a comment?")
    assert office.posters["slack"].texts("CSUPPORT") == ["Ann: // is a comment?"]


async def test_what_is_no_text_is_said_to_be_none(office: Office) -> None:
    handoff = await opened(office)
    await office.handoffs.relay_message(item(handoff, Party.CUSTOMER, ""), "")
    await office.handoffs.relay_message(item(handoff, Party.SUPPORT, ""), "")
    assert "no text" in office.posters["slack"].texts("CSUPPORT")[0]
    assert "stays here" in office.posters["slack"].texts("CSUPPORT")[1]


BILL = MessageFile("bill.pdf", "application/pdf", 9, "https://files.example/bill.pdf")


def with_file(job: Job) -> Job:
    return replace(job, message=replace(job.message, files=(BILL,), link="https://chat.example/m"))


@pytest.mark.parametrize("words", ["", "Here it is."])
@pytest.mark.parametrize("side", list(Party))
async def test_a_file_that_opens_by_its_address_is_passed_on_as_a_link(office: Office, side: Party, words: str) -> None:
    handoff, rooms = await opened(office), office.posters["slack"]
    rooms.files_open_by_address = True
    await office.handoffs.relay_message(with_file(item(handoff, side)), words)
    place, card = rooms.posts[-1]
    assert place.channel == ("CSUPPORT" if side is Party.CUSTOMER else "C1")
    assert (card.text, card.lines) == (words, (Line("bill.pdf", BILL.url),))


@pytest.mark.parametrize("words", ["", "Here it is."])
async def test_a_teammate_whose_file_stays_behind_is_told_so_by_its_name(office: Office, words: str) -> None:
    handoff, rooms = await opened(office), office.posters["slack"]
    await office.handoffs.relay_message(with_file(item(handoff, Party.SUPPORT)), words)
    assert rooms.texts("C1")[1:] == ([f"Bob: {words}"] if words else [])
    [told] = rooms.texts("CSUPPORT")
    assert "bill.pdf stays here" in told
    assert len(await office.handoff_store.load_messages(handoff.id)) == bool(words), "a file teaches nothing"


@pytest.mark.parametrize("words", ["", "Here it is."])
async def test_a_customer_s_file_is_named_with_where_it_is(office: Office, words: str) -> None:
    handoff, rooms = await opened(office), office.posters["slack"]
    await office.handoffs.relay_message(with_file(item(handoff, Party.CUSTOMER)), words)
    [(_, card)] = rooms.posts
    assert card.text == words
    assert card.lines == (
        Line("bill.pdf", note="it is where it was written"),
        Line("Where it was written", "https://chat.example/m"),
    )


async def test_a_customer_whose_file_nobody_else_can_open_is_told_so(office: Office) -> None:
    handoff, rooms = await opened(office, replace(HERE, channel="D1"), language="zh"), office.posters["slack"]
    await office.handoffs.relay_message(with_file(item(handoff, Party.CUSTOMER)), "看这个")
    assert rooms.texts("D1") == [ZH.say("file_not_relayed", files="bill.pdf")]
    [card] = [card for place, card in rooms.posts if place.channel == "CSUPPORT"]
    assert [(line.text, line.url) for line in card.lines] == [("bill.pdf", "")]


async def test_in_a_resolved_thread_nothing_is_passed_on_and_the_team_is_told(office: Office) -> None:
    handoff = await opened(office)
    await office.handoffs.resolve_handoff(MATE, handoff.id)
    office.posters["slack"].posts.clear()
    await office.handoffs.relay_message(item(handoff, Party.SUPPORT), "One more thing")
    [(place, card)] = office.posters["slack"].posts
    assert place == handoff.support
    assert "was not passed on" in card.text
    assert [button.action for button in card.buttons] == ["reopen"]


@pytest.mark.parametrize("side", list(Party))
async def test_what_cannot_be_passed_on_for_now_is_raised_so_that_it_is_tried_again(
    office: Office, side: Party
) -> None:
    handoff = await opened(office)
    await office.handoffs.claim_handoff(MATE, handoff.id)
    office.posters["slack"].broken["CSUPPORT" if side is Party.CUSTOMER else "C1"] = gone(permanent=False)
    said = item(await now(office, handoff), side)
    with pytest.raises(DeliveryError):
        await office.handoffs.relay_message(said, "Hello")
    office.posters["slack"].broken.clear()
    office.posters["slack"].posts.clear()
    await office.handoffs.relay_message(said, "Hello")
    assert len(office.posters["slack"].posts) == 1
    assert len(await office.handoff_store.load_messages(handoff.id)) == 1


@pytest.mark.parametrize("side", list(Party))
async def test_who_cannot_be_passed_on_for_good_is_told(office: Office, side: Party) -> None:
    handoff = await opened(office)
    await office.handoffs.claim_handoff(MATE, handoff.id)
    office.posters["slack"].posts.clear()
    for place in ("CSUPPORT",) if side is Party.CUSTOMER else ("C1", "direct"):
        office.posters["slack"].broken[place] = gone(permanent=True)
    await office.handoffs.relay_message(item(await now(office, handoff), side), "Hello")
    told = office.posters["slack"].texts("C1" if side is Party.CUSTOMER else "CSUPPORT")
    assert told == [EN.say("team_out_of_reach")] or told[0].startswith("That did not reach the customer")


async def test_a_support_channel_s_trouble_is_over_when_it_takes_a_message_again(office: Office) -> None:
    handoff, rooms = await opened(office), office.posters["slack"]
    rooms.broken["CSUPPORT"] = gone(permanent=True)
    await office.handoffs.relay_message(item(handoff, Party.CUSTOMER), "Hello")
    assert any(office.handoffs.list_troubles().values())
    rooms.broken.clear()
    await office.handoffs.relay_message(item(handoff, Party.CUSTOMER), "Hello again")
    assert not any(office.handoffs.list_troubles().values())


@pytest.mark.parametrize("side", list(Party))
async def test_who_is_given_up_is_told(office: Office, side: Party) -> None:
    handoff = await opened(office)
    await office.handoffs.give_up(item(handoff, side))
    told = office.posters["slack"].texts("C1" if side is Party.CUSTOMER else "CSUPPORT")
    assert told == [EN.say("not_relayed")] or told == ["This did not reach the customer: Hello"]


async def test_what_a_customer_says_before_the_packet_stands_waits_for_it(office: Office) -> None:
    handoff = await opened(office)
    await office.handoff_store.change_handoff(handoff.id, support=SUPPORT)
    with pytest.raises(DeliveryError) as caught:
        await office.handoffs.relay_message(item(handoff, Party.CUSTOMER), "Hello?")
    assert not caught.value.permanent
    assert office.posters["slack"].posts == []


async def test_a_message_of_a_handoff_that_is_forgotten_goes_nowhere(office: Office) -> None:
    handoff = await opened(office)
    lost = replace(handoff, id="f" * 32)
    await office.handoffs.relay_message(item(lost, Party.CUSTOMER), "Hello?")
    await office.handoffs.give_up(item(lost, Party.CUSTOMER))
    assert office.posters["slack"].posts == []


# -- where it can be said ------------------------------------------------------------------------------------------


async def test_where_the_place_takes_nothing_the_handoff_goes_on_in_private(office: Office) -> None:
    rooms = office.posters["slack"]
    rooms.broken["C1"] = gone(permanent=True)
    turn = await asked(office, question="Where is\nmy parcel?")
    assert await office.handoffs.open_handoff(HERE, "UANN", "Ann", turn, HandoffReason.WORDS)
    [handoff] = await office.handoff_store.list_handoffs()
    assert handoff.customer == await rooms.open_direct_thread("T1", "UANN")
    await office.handoffs.relay_message(item(handoff, Party.SUPPORT), "It is on its way.")
    assert rooms.texts("DUANN") == [
        f"{EN.say('handoff_moved')}\n\n> Where is my parcel?",
        EN.say("handed_over"),
        EN.say("handoff_claimed", name="Bob"),
        "Bob: It is on its way.",
    ]
    rooms.broken.clear()
    await office.handoffs.relay_message(item(handoff, Party.SUPPORT), "And here.")
    assert rooms.texts("C1") == [], "it goes on in one place"


async def test_a_thread_that_is_locked_later_moves_the_handoff_once(office: Office) -> None:
    handoff, rooms = await opened(office), office.posters["slack"]
    await office.handoffs.claim_handoff(MATE, handoff.id)
    rooms.broken["C1"] = gone(permanent=True)
    for words in ("Hello", "Are you there?"):
        await office.handoffs.relay_message(item(await now(office, handoff), Party.SUPPORT), words)
    assert rooms.texts("DUANN")[1:] == ["Bob: Hello", "Bob: Are you there?"]


async def test_a_place_that_a_handoff_has_moved_from_is_given_back_with_it_and_has_no_other(office: Office) -> None:
    handoff, rooms = await opened(office), office.posters["slack"]
    rooms.broken["C1"] = gone(permanent=True)
    await office.handoffs.relay_message(item(handoff, Party.SUPPORT), "Hello")
    moved = await now(office, handoff)
    assert (moved.customer.channel, moved.asked_in) == ("DUANN", HERE)
    assert await office.handoffs.open_handoff(HERE, "UANN", "Ann", await asked(office), HandoffReason.BUTTON)
    assert await office.handoff_store.list_handoffs() == [moved]
    marked: list[tuple[str, bool]] = []

    async def hand_over(place: ThreadRef, *, human: bool = True) -> None:
        marked.append((place.channel, human))

    office.inbox_store.hand_over = hand_over  # type: ignore[method-assign]
    await office.handoffs.resolve_handoff(MATE, handoff.id)
    await office.handoffs.reopen_handoff(MATE, handoff.id)
    assert sorted(marked) == [("C1", False), ("C1", True), ("DUANN", False), ("DUANN", True)]


async def test_a_private_conversation_that_has_a_handoff_is_not_taken_from_it(office: Office) -> None:
    rooms = office.posters["slack"]
    direct = await rooms.open_direct_thread("T1", "UANN")
    own = await opened(office, direct)
    handoff = await opened(office)
    rooms.broken["C1"] = gone(permanent=True)
    await office.handoffs.relay_message(item(handoff, Party.SUPPORT), "Hello")
    assert "Bob: Hello" in rooms.texts("DUANN")
    assert (await now(office, handoff)).customer == HERE
    assert (await now(office, own)).customer == direct


async def test_where_the_customer_cannot_be_reached_at_all_the_team_knows_at_once(office: Office) -> None:
    rooms = office.posters["slack"]
    rooms.broken |= {"C1": gone(permanent=True), "direct": gone(permanent=True)}
    assert await office.handoffs.open_handoff(HERE, "UANN", "Ann", await asked(office), HandoffReason.BUTTON)
    place, card = rooms.posts[-1]
    assert place == replace(SUPPORT, thread="m1")
    assert card.text.startswith("Ann cannot be reached from here: ")


async def test_what_passes_moves_nothing(office: Office) -> None:
    handoff = await opened(office)
    office.posters["slack"].broken["C1"] = gone(permanent=False)
    with pytest.raises(DeliveryError):
        await office.handoffs.relay_message(item(handoff, Party.SUPPORT), "Hello")
    assert (await now(office, handoff)).customer == HERE
    assert office.posters["slack"].texts("DUANN") == []


# -- claim, resolve, reopen ---------------------------------------------------------------------------------------


async def test_of_two_who_claim_at_once_one_has_it_and_the_other_reads_who(office: Office) -> None:
    handoff = await opened(office)
    answers = await asyncio.gather(*(office.handoffs.claim_handoff(mate, handoff.id) for mate in (MATE, OTHER_MATE)))
    texts = sorted(answer.text for answer in answers)
    winner = (await now(office, handoff)).claimed_name
    assert texts == [f"{winner} has claimed it already.", "It is yours: write to Ann in the thread."]
    assert office.posters["slack"].texts("C1") == [EN.say("handoff_claimed", name=winner)]


async def test_a_claim_redraws_the_packet(office: Office) -> None:
    handoff = await opened(office)
    await office.handoffs.claim_handoff(MATE, handoff.id)
    [(message, card)] = office.posters["slack"].updates
    assert message.message_id == handoff.support.thread
    assert card.facts["Claimed by"] == "Bob"
    assert [button.action for button in card.buttons] == ["resolve"]


@pytest.mark.parametrize("last", ["edited", "deleted", "note", "deleted before"])
async def test_what_a_teammate_takes_back_is_not_learned(office: Office, last: str) -> None:
    handoff = await opened(office)
    kept, withdrawn = item(handoff, Party.SUPPORT), item(handoff, Party.SUPPORT)
    await say(office, kept, "It costs €5.")
    if last != "deleted before":
        await say(office, withdrawn, "It takes 3 days.")
    if last == "edited":
        await say(office, replace(withdrawn, revision=1), "It takes 5 days, sorry.")
    elif last == "note":
        await say(office, replace(withdrawn, revision=1), "// is it 3 days?")
    else:
        await office.handoffs.forget_message(withdrawn)
    await say(office, item(handoff, Party.SUPPORT), "// ask finance")
    await say(office, item(handoff, Party.SUPPORT), "／／ 问一下财务")
    await say(office, item(handoff, Party.SUPPORT), "/me thinks // hmm")
    await say(office, item(handoff, Party.SUPPORT), "Delivery is free.\n// since May")
    await office.handoffs.resolve_handoff(MATE, handoff.id)
    [taught] = await office.taught_answers.list()
    answers = ["It costs €5.", "It takes 5 days, sorry."] if last == "edited" else ["It costs €5."]
    assert taught.answer.split("\n\n") == [*answers, "Delivery is free."]


async def say(office: Office, job: Job, text: str) -> None:
    """A message as it is passed on."""
    await office.handoffs.relay_message(replace(job, message=replace(job.message, text=text)), text)


async def test_a_resolved_handoff_proposes_what_the_team_said(office: Office) -> None:
    handoff = await opened(office)
    await office.handoffs.relay_message(item(handoff, Party.SUPPORT, "In Oslo."), "In Oslo.")
    await office.handoffs.resolve_handoff(MATE, handoff.id)
    [taught] = await office.taught_store.list()
    assert (taught.state, taught.question, taught.answer) == (TaughtState.PROPOSED, "Where is my parcel?", "In Oslo.")
    place, card = office.posters["slack"].posts[-1]
    assert place == handoff.support
    assert card.title == "Shall I answer so from now on?"


@pytest.mark.parametrize("said", [[], [Party.CUSTOMER]])
async def test_without_a_word_of_the_team_nothing_is_proposed(office: Office, said: list[Party]) -> None:
    handoff = await opened(office)
    for side in said:
        await office.handoffs.relay_message(item(handoff, side), "Hello?")
    await office.handoffs.resolve_handoff(MATE, handoff.id)
    assert await office.taught_store.list() == []


async def test_resolving_twice_says_so(office: Office) -> None:
    handoff = await opened(office)
    answers = await asyncio.gather(*(office.handoffs.resolve_handoff(MATE, handoff.id) for _ in range(2)))
    assert sorted(answer.text for answer in answers) == ["It is resolved already.", "Resolved."]
    assert office.posters["slack"].texts("C1") == [EN.say("handoff_resolved_helped")]


async def test_who_was_with_people_is_asked_once_whether_that_helped(office: Office) -> None:
    handoff = await opened(office)
    await office.handoffs.resolve_handoff(MATE, handoff.id)
    place, asking = office.posters["slack"].posts[-1]
    assert place == HERE
    assert [(each.action, each.label) for each in asking.buttons] == [
        ("helped", "Yes"),
        ("not_helped", "No, a person please"),
    ]
    assert (await office.handoffs.note_whether_helped(CUSTOMER, handoff.id, helped=True)).text == EN.say("confirmed")
    assert (await now(office, handoff)).helped is True
    await office.handoffs.reopen_handoff(CUSTOMER, handoff.id)
    await office.handoffs.resolve_handoff(MATE, handoff.id)
    assert [each.action for each in office.posters["slack"].posts[-1][1].buttons] == ["reopen"]
    later = await opened(office)
    assert later.conversation_id == handoff.conversation_id
    await office.handoffs.resolve_handoff(MATE, later.id)
    assert office.posters["slack"].texts("C1") == [EN.say("handoff_resolved")]


async def test_whom_it_did_not_help_gets_a_person_again(office: Office) -> None:
    handoff = await opened(office)
    await office.handoffs.resolve_handoff(MATE, handoff.id)
    answer = await office.handoffs.note_whether_helped(CUSTOMER, handoff.id, helped=False)
    assert answer.text == EN.say("handoff_reopened")
    current = await now(office, handoff)
    assert (current.state, current.helped) == (HandoffState.OPEN, False)


async def test_nobody_else_says_whether_it_helped(office: Office) -> None:
    handoff = await opened(office)
    await office.handoffs.resolve_handoff(MATE, handoff.id)
    with pytest.raises(NotAllowed):
        await office.handoffs.note_whether_helped(MATE, handoff.id, helped=False)
    current = await now(office, handoff)
    assert (current.state, current.helped) == (HandoffState.RESOLVED, None)


async def test_who_could_not_be_asked_counts_as_not_asked(office: Office) -> None:
    handoff = await opened(office)
    office.posters["slack"].broken["C1"] = office.posters["slack"].broken["direct"] = gone(permanent=True)
    await office.handoffs.resolve_handoff(MATE, handoff.id)
    assert (await now(office, handoff)).helped_asked_at is None


async def test_what_is_unknown_is_said_to_be(office: Office) -> None:
    for method in (office.handoffs.claim_handoff, office.handoffs.resolve_handoff, office.handoffs.reopen_handoff):
        assert "not known" in (await method(MATE, "f" * 32)).text


async def test_a_customer_reopens_and_the_team_reads_it(office: Office) -> None:
    handoff = await opened(office)
    await office.handoffs.claim_handoff(MATE, handoff.id)
    await office.handoffs.resolve_handoff(MATE, handoff.id)
    office.posters["slack"].posts.clear()
    answer = await office.handoffs.reopen_handoff(CUSTOMER, handoff.id)
    assert answer.text == EN.say("handoff_reopened")
    assert office.posters["slack"].texts("CSUPPORT") == ["Ann still needs help: this is open again."]
    current = await now(office, handoff)
    assert (current.state, current.claimed_by, current.reminders) == (HandoffState.OPEN, "", 0)
    assert current.remind_at


async def test_a_teammate_reopens_and_the_customer_reads_it(office: Office) -> None:
    handoff = await opened(office)
    await office.handoffs.resolve_handoff(MATE, handoff.id)
    office.posters["slack"].posts.clear()
    assert (await office.handoffs.reopen_handoff(MATE, handoff.id)).text == "It is open again."
    assert office.posters["slack"].texts("C1") == [EN.say("handoff_reopened")]
    assert (await office.handoffs.reopen_handoff(MATE, handoff.id)).text == "It is open already."


async def test_an_old_handoff_is_not_reopened_beside_a_new_one_of_the_same_place(office: Office) -> None:
    old = await opened(office)
    await office.handoffs.resolve_handoff(MATE, old.id)
    await opened(office)
    assert (await office.handoffs.reopen_handoff(CUSTOMER, old.id)).text == EN.say("handed_over_before")
    assert "thread of its own" in (await office.handoffs.reopen_handoff(MATE, old.id)).text
    assert (await now(office, old)).state is HandoffState.RESOLVED


async def test_a_handoff_is_steered_from_its_channel_and_by_its_customer_alone(office: Office) -> None:
    handoff = await opened(office)
    elsewhere = replace(HERE, channel="C9")
    may = office.handoffs.may_steer
    assert await may(MATE, handoff.id, replace(SUPPORT, thread="x"))
    assert await may(CUSTOMER, handoff.id, elsewhere)
    assert not await may(MATE, handoff.id, elsewhere)
    assert not await may(replace(CUSTOMER, platform="discord"), handoff.id, elsewhere)
    assert not await may(MATE, handoff.id, replace(SUPPORT, platform="discord"))
    assert not await may(MATE, "f" * 32, SUPPORT)


# -- what time does -----------------------------------------------------------------------------------------------


async def test_reminders_come_each_time_later_and_stop(office: Office) -> None:
    handoff = await opened(office)
    waits = []
    for _ in range(8):
        await office.handoff_store.change_handoff(handoff.id, remind_at=datetime.now(UTC) - timedelta(seconds=1))
        before = len(office.posters["slack"].texts("CSUPPORT"))
        await office.handoffs._send_reminders()
        current = await now(office, handoff)
        if len(office.posters["slack"].texts("CSUPPORT")) > before:
            assert current.remind_at
            waits.append(round((current.remind_at - datetime.now(UTC)) / timedelta(minutes=15)))
        else:
            assert current.remind_at is None
    assert waits == [2, 4, 8, 16, 32]
    assert office.posters["slack"].texts("C1") == [EN.say("handoff_waiting")]


async def test_what_is_claimed_or_resolved_is_not_reminded_of(office: Office) -> None:
    handoff = await opened(office)
    await office.handoffs.claim_handoff(MATE, handoff.id)
    office.posters["slack"].posts.clear()
    await office.handoff_store.change_handoff(handoff.id, remind_at=datetime.now(UTC) - timedelta(seconds=1))
    await office.handoffs._send_reminders()
    assert office.posters["slack"].posts == []


async def test_of_two_processes_one_reminds(office: Office) -> None:
    handoff = await opened(office)
    other = HandoffService(
        office.handoff_store,
        office.inbox_store,
        office.conversations,
        office.posters,
        office.support,
        office.notices.propose,
    )
    await office.handoff_store.change_handoff(handoff.id, remind_at=datetime.now(UTC) - timedelta(seconds=1))
    await asyncio.gather(office.handoffs._send_reminders(), other._send_reminders())
    assert len(office.posters["slack"].texts("CSUPPORT")) == 1
