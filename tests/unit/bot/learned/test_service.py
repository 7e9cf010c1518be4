"""What customers choose and vote for teaches which entry their words mean, and nobody alone teaches nonsense."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.answering.store import SqlConversationStore
from bot.chat.conversation import NONE_OF_THESE, Citation, Decision, Turn, Vote
from bot.database.database import Database
from bot.errors import InputError, StorageError
from bot.learned import service as learning_module
from bot.learned.models import Evidence, Gesture
from bot.learned.service import LiveLearned, WordingLearner, count_evidence
from bot.learned.store import SqlLearnedStore
from bot.privacy.store import SqlPrivacyStore
from retrieval.documents import LEARNED
from tests.support.turns import PASSAGE, make_turn

PAY = Citation(1, "Which payment methods do you accept?", "https://shop.example/pay", "a" * 20)
REFUND = Citation(2, "When do I get my money?", "https://shop.example/refund", "b" * 20)
WORDS = "Do you take money?"


class House:
    """A learning over one SQLite file, which `least` people teach."""

    def __init__(self, database: Database, least: int = 2) -> None:
        self.conversations, self.store = SqlConversationStore(database), SqlLearnedStore(database)
        self.live = LiveLearned(self.store, least)
        self.learning = WordingLearner(self.store, self.live, least)

    async def offered(self, words: str = WORDS, **changes: Any) -> Turn:
        values = {"decision": Decision.CLARIFY, "citations": (PAY, REFUND), "platform": "slack", "language": "en"}
        turn = make_turn(question=words, standalone_question=words, **values | changes)
        await self.conversations.add_turn(turn)
        return turn

    async def choose(self, user: str, number: int = 1, asked: Turn | None = None, **changes: Any) -> Turn:
        """Somebody asks, is offered entries, and takes one; -> the turn that shows it."""
        asked = asked or await self.offered(user=user, **changes)
        taken = [each for each in asked.citations if each.number == number]
        title = taken[0].label if taken else asked.standalone_question
        decision = Decision.ANSWER if taken else Decision.ABSTAIN
        by = make_turn(standalone_question=title, user=user, platform="slack", citations=taken, decision=decision)
        await self.conversations.add_turn(by)
        await self.learning.record_choice(asked, number, by)
        return by

    async def answer(self, user: str, *citations: Citation, words: str = WORDS, **changes: Any) -> Turn:
        return await self.offered(words, user=user, citations=citations, **{"decision": Decision.ANSWER} | changes)

    def learned(self, words: str = WORDS) -> tuple[str, int] | None:
        entry = self.live.current().entry_for(words)
        return (entry.question, entry.people) if entry else None


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    database = await Database.open(f"sqlite:///{tmp_path / 'learned.db'}")
    yield database
    await database.close()


@pytest.fixture
def house(database: Database) -> House:
    return House(database)


async def test_what_two_people_chose_is_learned(house: House) -> None:
    await house.choose("u1")
    assert house.learned() is None
    await house.choose("u2")
    assert house.learned("do you take  MONEY") == (PAY.title, 2)
    assert house.learned("Do you take food?") is None


async def test_one_person_teaches_nothing_however_often_they_press(house: House) -> None:
    for _ in range(5):
        await house.choose("u1")
        by = await house.answer("u1", PAY)
        await house.learning.record_vote(by, Vote.UP, "u1")
    assert house.learned() is None
    [wording] = await house.learning.list()
    assert (wording.supporters, wording.opponents, wording.used) == (1, 0, False)


async def test_of_two_entries_for_the_same_words_none_is_learned_until_one_leads(house: House) -> None:
    for user in ("u1", "u2"):
        await house.choose(user)
    for user in ("u3", "u4"):
        await house.choose(user, 2)
    assert house.learned() is None
    await house.choose("u5")
    assert house.learned() is None
    await house.choose("u6")
    assert house.learned() == (PAY.title, 4)


async def test_who_changes_their_mind_counts_for_what_they_took_last(house: House) -> None:
    for number in (1, 2):
        for user in ("u1", "u2"):
            await house.choose(user, number)
    assert house.learned() == (REFUND.title, 2)


async def test_opposite_votes_undo_what_was_learned(house: House) -> None:
    shown = [await house.choose(user) for user in ("u1", "u2")]
    assert house.learned() is not None
    await house.learning.record_vote(shown[0], Vote.DOWN, "u1")  # on what they chose: about the words they had written
    assert house.learned() is None
    await house.choose("u3")
    assert house.learned() is None
    await house.learning.record_vote(shown[0], Vote.UP, "u1")
    assert house.learned() == (PAY.title, 3)


async def test_a_learned_answer_is_unlearned_by_down_votes_whatever_it_cites(house: House) -> None:
    for user in ("u1", "u2"):
        await house.choose(user)
    first = (PASSAGE.__class__(PAY.passage_id, PAY.title, PAY.url, "Card.", 1, 0.0),)
    answer = await house.answer("u3", REFUND, PAY, features={LEARNED: 2.0}, passages=first)
    await house.learning.record_vote(answer, Vote.DOWN, "u3")
    assert house.learned() is None


async def test_votes_on_answers_count_for_their_entry(house: House) -> None:
    for user in ("u1", "u2"):
        await house.learning.record_vote(await house.answer(user, PAY), Vote.UP, user)
    assert house.learned() == (PAY.title, 2)
    await house.learning.record_vote(await house.answer("u3", PAY), Vote.DOWN, "u3")
    assert house.learned() is None


async def test_votes_on_what_rests_on_several_entries_or_none_teach_nothing(house: House) -> None:
    for turn in (
        await house.answer("u1", PAY, REFUND),
        await house.answer("u1"),
        await house.answer("u1", PAY, decision=Decision.ABSTAIN),
        await house.answer("u1", PAY, decision=Decision.CLARIFY),
    ):
        await house.learning.record_vote(turn, Vote.UP, "u1")
    assert await house.learning.list() == []


async def test_a_suggestion_is_confirmed_refused_or_another_taken(house: House) -> None:
    suggested = {"decision": Decision.SUGGEST}
    await house.choose("u1", 1, **suggested)
    await house.choose("u2", 2, **suggested)
    await house.choose("u3", NONE_OF_THESE, **suggested)
    liked = await house.answer("u4", PAY, REFUND, **suggested)
    await house.learning.record_vote(liked, Vote.UP, "u4")
    gestures = sorted((each.user_id, each.gesture, each.title == PAY.title) for each in await house.store.list())
    assert gestures == [
        ("u1", Gesture.CONFIRMED, True),
        ("u2", Gesture.CHOSEN, False),
        ("u3", Gesture.NOT_IT, True),  # against what was shown, not against the others
        ("u4", Gesture.VOTED_UP, True),
    ]


async def test_none_of_these_speaks_against_all_that_was_offered(house: House) -> None:
    await house.choose("u1", NONE_OF_THESE)
    assert {(each.title, each.gesture) for each in await house.store.list()} == {
        (PAY.title, Gesture.NOT_IT),
        (REFUND.title, Gesture.NOT_IT),
    }


async def test_which_of_several_products_is_meant_is_no_matter_of_words(house: House) -> None:
    same = [Citation(number, "Is the cord long?", f"https://x.example/{number}", f"{number}", under=f"Lamp {number}")
            for number in (1, 2)]  # fmt: skip
    for user in ("u1", "u2"):
        await house.choose(user, 1, citations=tuple(same))
        await house.choose(user, NONE_OF_THESE, citations=tuple(same))
    assert await house.learning.list() == []


@pytest.mark.parametrize("words", ["how do I turn that on?", "why not?", "pay " * 200, PAY.title.lower(), ""])
async def test_words_that_lean_on_a_conversation_or_need_nobody_to_show_them_are_not_learned(
    house: House, words: str
) -> None:
    for user in ("u1", "u2"):
        await house.choose(user, words=words)
    assert await house.learning.list() == []


async def test_nobody_is_a_person_without_an_id(house: House) -> None:
    await house.choose("")
    await house.learning.record_vote(await house.answer("", PAY), Vote.UP, "")
    assert await house.learning.list() == []


async def test_with_one_that_is_enough_one_teaches_and_with_none_nobody_does(database: Database) -> None:
    alone, off = House(database, 1), House(database, 0)
    await off.choose("u1")
    await off.learning.record_vote(await off.answer("u1", PAY), Vote.UP, "u1")
    assert await off.store.list() == []
    await alone.choose("u1")
    assert alone.learned() == (PAY.title, 1)
    await off.live.load()
    assert off.learned() is None


async def test_another_process_takes_in_what_was_learned_and_forgotten(database: Database, house: House) -> None:
    for user in ("u1", "u2"):
        await house.choose(user)
    other = House(database)
    assert await other.live.load()
    assert not await other.live.load()
    assert other.learned() == (PAY.title, 2)
    await SqlPrivacyStore(database).forget("slack", "u2")
    await other.live.load()
    assert other.learned() is None
    assert [each.user_id for each in await house.store.list()] == ["u1"]


async def test_an_admin_takes_a_wording_out_for_good(house: House) -> None:
    for user in ("u1", "u2"):
        await house.choose(user)
    [wording] = await house.learning.list()
    found, evidence = await house.learning.get(wording.id[:6])
    assert (found, len(evidence)) == (wording, 2)
    assert await house.learning.remove(wording.id[:8]) == wording
    assert house.learned() is None
    for user in ("u3", "u4"):
        await house.choose(user)
    assert house.learned() is None
    assert await house.learning.list() == []
    for named in (wording.id, "", "zzzz", wording.id[:3]):
        with pytest.raises(InputError, match="frontdesk learned list"):
            await house.learning.get(named)


async def test_a_gesture_that_cannot_be_kept_is_logged_without_its_words(house: House) -> None:
    async def gone(*_: object) -> Any:
        raise StorageError("The database is gone: start it again.")

    asked, answer = await house.offered(user="u1"), await house.answer("u1", PAY)
    house.store.add = house.store.shown_by = gone  # type: ignore[method-assign]
    with capture_logs() as logs:
        await house.learning.record_choice(asked, 1, answer)
        await house.learning.record_vote(answer, Vote.UP, "u1")
    assert [log["log_level"] for log in logs] == ["warning", "warning"]
    assert WORDS not in str(logs)


def gesture(user: str, wording: str, minutes: int = 0, words: str = "w", *, of: Gesture = Gesture.CHOSEN) -> Evidence:
    at = datetime(2026, 3, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    texts = (words, "en", f"https://x.example/{wording}", f"title of {wording}", "p")
    return Evidence(wording, words, *texts, "slack", user, of, "t", "t", at)


def test_only_so_many_wordings_are_used_those_with_the_most_people(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning_module, "MOST", 2)
    evidence = [
        gesture(f"u{user}", f"a{number}", words=f"w{number}") for number in range(4) for user in range(2 + number)
    ]
    counted = count_evidence(evidence, 2)
    assert [(each.id, each.used) for each in counted] == [("a3", True), ("a2", True), ("a1", False), ("a0", False)]


def test_a_rival_that_most_people_refuse_holds_nobody_back() -> None:
    refused = [gesture(user, "b", of=Gesture.NOT_IT) for user in ("u1", "u2", "u3")]
    first, second = count_evidence([*refused, gesture("u1", "a"), gesture("u2", "a")], 2)
    assert (first.id, first.lead, first.used) == ("a", 2, True)
    assert (second.id, second.opponents, second.used) == ("b", 3, False)
