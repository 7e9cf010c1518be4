"""What may be out of date, and why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.chat.conversation import Feedback, UsedPassage, Vote
from bot.freshness.cards import stale_card
from bot.freshness.models import Stale, StaleReason
from bot.freshness.stale import Staleness
from bot.i18n import list_languages, words_for
from retrieval.documents import Document
from retrieval.index.build import build_index
from retrieval.index.index import Index
from retrieval.search.same_question import find_same_question_pairs
from tests.support.embedding import default_embedder
from tests.support.steering import Office
from tests.support.turns import make_turn

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
LONG_AGO, LATELY = NOW - timedelta(days=300), NOW - timedelta(days=5)
PAGE = Document(
    "https://shop.test/faq",
    "How long is the warranty?",
    "The warranty is 2 years.",
    language="en",
    crawled_at=LONG_AGO.isoformat(),
)


def index_of(pages: Sequence[Document], taught: Sequence[Document] = ()) -> Index:
    base = build_index(pages, default_embedder())
    if not taught:
        return base
    added = build_index(taught, default_embedder())
    return base.with_additions(added, find_same_question_pairs(base, added))


async def find(office: Office, index: Index) -> Sequence[Stale]:
    async def current() -> Index:
        return index

    return await Staleness(office.freshness_store, current).list(NOW)


async def answer(office: Office, index: Index, user: str, at: datetime, vote: Vote | None = None) -> None:
    passage = index.passages[0]
    used = UsedPassage(passage.id, passage.document.question, passage.document.url, passage.text, 1, 0.9)
    turn = make_turn(user=user, created_at=at, passages=(used,))
    await office.conversations.add_turn(turn)
    if vote:
        await office.conversations.record_vote(Feedback(turn.id, user, vote, "", at))


async def test_a_taught_answer_is_stale_once_a_page_with_its_question_has_changed(office: Office) -> None:
    taught = replace(PAGE, url="", answer="It is 3 years.", author="Mei Lin", crawled_at=LONG_AGO.isoformat())
    index = index_of([PAGE], [taught])
    await office.freshness_store.record_scan("m", {PAGE.entry_id: LONG_AGO - timedelta(days=1)}, [], [])
    assert await find(office, index) == []
    await office.freshness_store.record_scan("m", {PAGE.entry_id: LATELY}, [PAGE.entry_id], [])
    (stale,) = await find(office, index)
    assert stale.document == taught
    assert [(sign.reason, sign.date) for sign in stale.signs] == [(StaleReason.PAGE_CHANGED, LATELY)]


async def test_what_customers_found_helpful_and_reads_otherwise_now_is_worth_a_look(office: Office) -> None:
    before, after = index_of([PAGE]), index_of([replace(PAGE, answer="The warranty is 5 years.")])
    for user in ("u1", "u2"):
        await answer(office, before, user, LATELY, Vote.UP)
    assert await find(office, before) == []
    (stale,) = await find(office, after)
    assert [(sign.reason, sign.count) for sign in stale.signs] == [(StaleReason.CHANGED_SINCE_VOTE, 2)]
    await answer(office, after, "u3", LATELY, Vote.UP)
    assert await find(office, after) == []


async def test_a_day_that_was_to_come_and_is_past_makes_an_answer_stale(office: Office) -> None:
    close = replace(PAGE, question="When does it close?", answer="Registration closes on 31 March 2026.")
    (stale,) = await find(office, index_of([close]))
    assert [(sign.reason, sign.date) for sign in stale.signs] == [
        (StaleReason.PAST_DATE, datetime(2026, 3, 31, tzinfo=UTC))
    ]


@pytest.mark.parametrize(
    "text", ["It closes on 31 March 2027.", "We opened on 1 May 2010.", "From 1 May 2010 to 1 May 2027.", "On May 1."]
)
async def test_a_day_to_come_or_one_that_was_past_already_does_not(office: Office, text: str) -> None:
    assert await find(office, index_of([replace(PAGE, answer=text)])) == []


async def test_a_past_day_that_people_are_still_told_of_does(office: Office) -> None:
    index = index_of([replace(PAGE, answer="Registration closed on 1 May 2010.")])
    await answer(office, index, "u1", LATELY)
    assert [sign.reason for stale in await find(office, index) for sign in stale.signs] == [StaleReason.PAST_DATE]


async def test_what_is_old_often_asked_and_voted_down_is_stale(office: Office) -> None:
    index = index_of([PAGE])
    for user, vote in (("u1", Vote.DOWN), ("u2", None)):
        await answer(office, index, user, LATELY, vote)
    assert await find(office, index) == []
    await answer(office, index, "u3", LATELY)
    (stale,) = await find(office, index)
    assert (stale.askers, [(sign.reason, sign.count) for sign in stale.signs]) == (3, [(StaleReason.UNCHANGED, 1)])
    await office.freshness_store.record_scan("m", {PAGE.entry_id: LATELY - timedelta(days=1)}, [], [])
    assert await find(office, index) == []


async def test_what_reaches_most_people_stands_first_and_reasons_are_told_in_every_language(office: Office) -> None:
    dated = replace(PAGE, question="When does it close?", answer="It closes on 31 March 2026.")
    index = index_of([PAGE, dated])
    for user in ("u1", "u2", "u3"):
        await answer(office, index, user, LATELY, Vote.DOWN)
    stale = await find(office, index)
    assert [each.document for each in stale] == [PAGE, dated]
    notes = {stale_card(stale, words_for(tag)).lines[1].note for tag in list_languages()}
    assert len(notes) == 9 and all("2026-03-31" in note for note in notes)
