"""What Frontdesk tells by itself, and to whom."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from structlog.testing import capture_logs

from bot.chat.card import Card
from bot.chat.conversation import Citation, Decision, UsedPassage, Vote
from bot.chat.message import Disposition, Job, MessageRef, ThreadRef
from bot.errors import StorageError
from bot.inbox.notices import Digest, Notices, Undelivered, Voting
from bot.masking import Masker
from bot.taught.models import Taught, TaughtState
from bot.taught.service import as_document
from tests.fakes import NotingLearning, said
from tests.support.steering import MATE, FakeRooms, Office, gone
from tests.support.turns import make_turn

MONDAY = datetime(2026, 3, 9, 9, tzinfo=UTC)
MASK = Masker(frozenset({"email"})).mask
ASKED = "Do you ship to Norway?"


def quoting(taught: Taught) -> tuple[UsedPassage, Citation]:
    document = as_document(taught)
    passage = UsedPassage("p1", document.question, document.url, document.answer, 1, 1.0, author=document.author)
    return passage, Citation(1, document.question, document.url, "p1", document.author)


class FlakyRooms(FakeRooms):
    """Takes nothing so many times."""

    def __init__(self, away: int) -> None:
        super().__init__()
        self.away = away

    async def post_card(self, place: ThreadRef, card: Card) -> MessageRef:
        if self.away:
            self.away -= 1
            raise gone(permanent=False)
        return await super().post_card(place, card)


async def test_admins_are_told_where_their_platform_is_connected(office: Office) -> None:
    rooms = {"slack": FakeRooms()}
    notices = Notices(rooms, {}, {"discord": "D1", "slack": "CADMINS"}, office.taught_answers)
    await notices.tell_admins("Read.")
    assert rooms["slack"].texts("CADMINS") == ["Read."]


async def test_a_channel_that_is_gone_keeps_no_other_from_being_told(office: Office) -> None:
    rooms = {"slack": FakeRooms(broken={"CADMINS": gone(permanent=True)}), "discord": FakeRooms("discord")}
    notices = Notices(rooms, {}, {"slack": "CADMINS", "discord": "D1"}, office.taught_answers)
    with capture_logs():
        await notices.tell_admins("Read.")
    assert rooms["discord"].texts("D1") == ["Read."]


@pytest.mark.parametrize("away", [0, 1, 2])
async def test_that_nothing_could_be_said_to_a_customer_is_told_once_and_untold_is_known(
    office: Office, away: int
) -> None:
    room = FlakyRooms(away)
    undelivered = Undelivered(Notices({"slack": room}, {}, {"slack": "CADMINS"}, office.taught_answers), pause=0)
    items = [Job(uuid4().hex, said(), Disposition.ANSWER, "", MONDAY) for _ in range(3)]
    with capture_logs():
        known = await asyncio.gather(*(undelivered.tell(item, "is_archived") for item in items))
    assert known == [False] * away + [True] * (3 - away)
    assert len(room.texts("CADMINS")) == 1


async def test_admins_who_can_be_told_nothing_hold_nobody_up(office: Office) -> None:
    room = FakeRooms(broken={"CADMINS": gone(permanent=True)})
    undelivered = Undelivered(Notices({"slack": room}, {}, {"slack": "CADMINS"}, office.taught_answers), pause=60)
    with capture_logs() as logs:
        for _ in range(3):
            assert not await undelivered.tell(Job(uuid4().hex, said(), Disposition.ANSWER, "", MONDAY), "is_archived")
    assert [entry["event"] for entry in logs].count("admins not told") == 1


async def test_votes_are_learned_from(office: Office) -> None:
    learning = NotingLearning()
    voting = Voting(office.conversations, office.notices, MASK, learning)
    turn = make_turn()
    await office.conversations.add_turn(turn)
    for vote in Vote:
        await voting.vote(turn, "UANN", vote)
    assert learning.noted == [(turn.id, Vote.UP, "UANN"), (turn.id, Vote.DOWN, "UANN")]


async def test_a_taught_answer_that_is_voted_down_is_shown_for_review_once(office: Office) -> None:
    voting = Voting(office.conversations, office.notices, MASK)
    taught = await office.taught_answers.teach(MATE, "Why?", "Because.")
    passage, citation = quoting(taught)
    turn = make_turn(passages=(passage,), citations=(citation,))
    await office.conversations.add_turn(turn)
    await voting.vote(turn, "UANN", Vote.DOWN, "wrong, ask ann@x.example")
    await voting.vote(turn, "UEVE", Vote.DOWN)
    [card] = [card for _, card in office.posters["slack"].posts]
    assert card.title == "Is this still right?"
    assert card.facts["Note"] == "A customer found it not helpful: wrong, ask [email]"
    assert (await office.taught_store.get(taught.id)).note == "A customer found it not helpful."
    assert (await office.taught_store.get(taught.id)).state is TaughtState.REVIEW
    reasons = {vote.reason for vote in await office.conversations.list_feedback(turn.id)}
    assert reasons == {"wrong, ask [email]", ""}


async def test_a_vote_is_kept_also_where_nobody_can_be_asked_for_a_review(office: Office) -> None:
    class Broken(Notices):
        async def ask_for_review(self, turn: object, reason: str = "") -> None:
            raise StorageError("The database is locked.")

    turn = make_turn()
    await office.conversations.add_turn(turn)
    with capture_logs() as logs:
        await Voting(office.conversations, Broken({}, {}, {}, office.taught_answers), MASK).vote(
            turn, "UANN", Vote.DOWN
        )
    assert [entry["event"] for entry in logs] == ["no review asked for"]
    assert len(await office.conversations.list_feedback(turn.id)) == 1


async def test_a_vote_up_asks_for_nothing(office: Office) -> None:
    taught = await office.taught_answers.teach(MATE, "Why?", "Because.")
    passage, citation = quoting(taught)
    turn = make_turn(passages=(passage,), citations=(citation,))
    await office.conversations.add_turn(turn)
    await Voting(office.conversations, office.notices, MASK).vote(turn, "UANN", Vote.UP)
    assert office.posters["slack"].posts == []
    assert (await office.taught_store.get(taught.id)).state is TaughtState.APPROVED


@pytest.mark.parametrize(("hours", "due"), [(-1, False), (0, True), (14, True), (15, False), (24 * 6, False)])
async def test_the_weeks_gaps_are_posted_on_monday(office: Office, hours: float, due: bool) -> None:
    digest = Digest(office.gaps, office.notices, office.markers)
    assert await digest.post_if_due(MONDAY + timedelta(hours=hours)) is due


async def test_of_two_processes_one_posts_the_gaps_and_next_week_again(office: Office) -> None:
    digests = [Digest(office.gaps, office.notices, office.markers) for _ in range(2)]
    assert [await digest.post_if_due(MONDAY) for digest in digests] == [True, False]
    assert [await digest.post_if_due(MONDAY + timedelta(days=7)) for digest in digests] == [True, False]
    assert len(office.posters["slack"].texts("CADMINS")) == 2


async def test_gaps_wait_until_a_platform_is_connected(office: Office) -> None:
    digest = Digest(office.gaps, office.notices, office.markers)
    slack = office.posters.pop("slack")
    assert not await digest.post_if_due(MONDAY)
    office.posters["slack"] = slack
    assert await digest.post_if_due(MONDAY)
    assert len(slack.texts("CADMINS")) == 1


async def test_gaps_come_with_a_file(office: Office) -> None:
    asked = MONDAY - timedelta(days=1)
    await office.conversations.add_turn(
        replace(
            make_turn(question=ASKED, standalone_question=ASKED, language="en"),
            created_at=asked,
            decision=Decision.ABSTAIN,
        )
    )
    await Digest(office.gaps, office.notices, office.markers).post_if_due(MONDAY)
    [(_, card)] = office.posters["slack"].posts
    assert card.file
    assert "Norway" in card.file.content
