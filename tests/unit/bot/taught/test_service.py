"""Answers that people give, from a proposal to a search and back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.chat.conversation import Citation, Turn, UsedPassage
from bot.chat.message import Party
from bot.errors import InputError, StorageError, UnknownTaught
from bot.handoff.models import Handoff, HandoffMessage, HandoffReason, HandoffState
from bot.taught.models import Taught, TaughtState
from bot.taught.service import PublishedTaughtAnswers, as_document, read_expiry
from retrieval.documents import Document
from retrieval.errors import ModelError
from tests.support.steering import HERE, MATE, SUPPORT, Office
from tests.support.turns import NOON, make_turn

HANDOFF = Handoff(
    "a" * 32, HandoffState.RESOLVED, HandoffReason.BUTTON, "c", "t", "Where is\nmy parcel?", "en", HERE, "UANN", "Ann",
    SUPPORT, NOON, NOON, "slack:T1:UMATE", "Bob",
)  # fmt: skip
OTHER = replace(MATE, user="UCLEO", name="Cleo")


def said(*lines: tuple[Party, str, str]) -> list[HandoffMessage]:
    return [HandoffMessage("a" * 32, side, str(n), author, text, NOON) for n, (side, author, text) in enumerate(lines)]


def quoting(taught: Taught, *, cited: bool = True, author: str | None = None) -> Turn:
    document = as_document(taught)
    by = document.author if author is None else author
    passage = UsedPassage("p1", document.question, "", document.answer, 1, 1.0, author=by)
    citations = (Citation(1, document.question, "", "p1" if cited else "p2", by),)
    return make_turn(passages=(passage,), citations=citations)


async def wait(condition: Callable[[], Any]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 (what it waits for sets no event)
            await asyncio.sleep(0.005)


# -- learned ------------------------------------------------------------------------------------------------------


async def test_what_the_team_said_is_proposed_in_the_customers_question(office: Office) -> None:
    lines = said(
        (Party.CUSTOMER, "Ann", "Hello?"), (Party.SUPPORT, "Bob", "In Oslo."), (Party.SUPPORT, "Cleo", "Until May."),
        (Party.SUPPORT, "Bob", ""), (Party.CUSTOMER, "Ann", "thanks"),
    )  # fmt: skip
    proposal = await office.taught_answers.learned(HANDOFF, lines, "https://chat.example/1")
    assert proposal
    [taught] = await office.taught_store.list()
    assert taught == proposal.taught
    assert (taught.question, taught.answer) == ("Where is my parcel?", "In Oslo.\n\nUntil May.")
    assert (taught.state, taught.customer) == (TaughtState.PROPOSED, "slack:T1:UANN")
    assert await office.taught_store.searched(datetime.now(UTC)) == []


@pytest.mark.parametrize("lines", [[], [(Party.CUSTOMER, "Ann", "Hello?")], [(Party.SUPPORT, "Bob", "")]])
async def test_without_a_word_of_the_team_nothing_is_learned(office: Office, lines: list[Any]) -> None:
    assert await office.taught_answers.learned(HANDOFF, said(*lines)) is None
    assert await office.taught_store.list() == []


async def test_what_is_very_long_is_cut(office: Office) -> None:
    proposal = await office.taught_answers.learned(
        replace(HANDOFF, question="q" * 9_999), said((Party.SUPPORT, "Bob", "a" * 99_999))
    )
    assert proposal
    assert len(proposal.taught.question) == 1_000
    assert proposal.taught.answer.endswith("…")


async def test_what_is_known_already_is_shown_once_and_not_itself(office: Office) -> None:
    taught = await office.taught_answers.teach(MATE, "Why?", "Because.")
    known = Document("https://shop.example/#a", "Why so?", "So.")
    office.retriever.documents, office.retriever.confidence = (as_document(taught), known, known), 0.9
    assert (await office.taught_answers.proposal(taught)).alike == (known,)
    office.retriever.confidence = 0.4
    assert (await office.taught_answers.proposal(taught)).alike == ()


@pytest.mark.parametrize("fault", [ModelError("no model"), StorageError("locked")])
async def test_without_an_index_a_proposal_stands_alone(office: Office, fault: Exception) -> None:
    office.retriever.fault = fault
    taught = await office.taught_answers.teach(MATE, "Why?", "Because.")
    assert (await office.taught_answers.proposal(taught)).alike == ()


# -- worded and decided -------------------------------------------------------------------------------------------


async def test_approved_twice_it_is_approved_once(office: Office) -> None:
    taught = await office.taught_answers.teach(MATE, "Why?", "Because.", approved=False)
    changed = await asyncio.gather(*(office.taught_answers.approve(OTHER, taught.id) for _ in range(3)))
    assert next(each for each in changed if each).author == "Bob"
    assert changed.count(None) == 2
    assert [document.question for document in office.published_answers.current_documents()[1]] == ["Why?"]
    assert await office.taught_answers.dismiss(taught.id)
    assert await office.taught_answers.dismiss(taught.id) is None
    assert office.published_answers.current_documents()[1] == ()
    assert await office.taught_answers.approve(MATE, taught.id)  # used again


async def test_to_decide_on_what_is_not_known_is_said(office: Office) -> None:
    for call in (office.taught_answers.approve(MATE, "f" * 32), office.taught_answers.dismiss("f" * 32)):
        with pytest.raises(UnknownTaught):
            await call


async def test_a_customers_words_are_theirs_until_a_teammate_words_them_anew(office: Office) -> None:
    await office.taught_answers.learned(HANDOFF, said((Party.SUPPORT, "Bob", "In Oslo.")))
    [taught] = await office.taught_store.list()
    await office.taught_store.change(taught.id, question="Where is\n my parcel?")  # as older ones are kept
    edited = await office.taught_answers.edit(OTHER, taught.id, "Where is my parcel?", "In Bergen.")
    assert (edited.customer, edited.author, edited.state) == ("slack:T1:UANN", "Cleo", TaughtState.PROPOSED)
    edited = await office.taught_answers.edit(OTHER, taught.id, "Where is MY parcel, please?", "In Bergen.")
    assert edited.customer == "slack:T1:UANN"
    edited = await office.taught_answers.edit(OTHER, taught.id, "How do deliveries wait?", "In Bergen.")
    assert edited.customer == ""


async def test_an_approved_one_stays_searched_as_it_reads_now(office: Office) -> None:
    taught = await office.taught_answers.teach(MATE, "Why?", "Because.", expires="30")
    await office.taught_answers.edit(OTHER, taught.id, " Why \n so? ", "So.\n")
    [document] = office.published_answers.current_documents()[1]
    assert (document.question, document.answer, document.author) == ("Why so?", "So.", "Cleo")
    assert (await office.taught_store.get(taught.id)).expires_at == taught.expires_at
    edited = await office.taught_answers.edit(OTHER, taught.id, "Why so?", "So.", "")
    assert edited.expires_at is None


async def test_a_form_that_is_sent_twice_teaches_once(office: Office) -> None:
    both = await asyncio.gather(*(office.taught_answers.teach(MATE, "Why?", "Because.") for _ in range(2)))
    assert both[0] == both[1]
    assert len(await office.taught_store.list()) == 1
    for actor, answer in ((OTHER, "Because."), (MATE, "So.")):
        with pytest.raises(InputError, match="taught already"):
            await office.taught_answers.teach(actor, "Why?", answer)


@pytest.mark.parametrize(("new", "tied"), [("请问如何退货？", True), ("运费是多少？", False)])
async def test_a_chinese_question_is_compared_by_its_characters(office: Office, new: str, tied: bool) -> None:
    await office.taught_answers.learned(replace(HANDOFF, question="如何退货？"), said((Party.SUPPORT, "Bob", "寄回。")))
    [taught] = await office.taught_store.list()
    assert bool((await office.taught_answers.edit(OTHER, taught.id, new, "寄回。")).customer) is tied


async def test_a_chinese_answer_is_chinese(office: Office) -> None:
    assert (await office.taught_answers.teach(MATE, "如何退货？", "寄回。")).language == "zh"


@pytest.mark.parametrize(
    ("question", "answer"), [("", "a"), ("q", ""), ("q" * 1_001, "a"), ("q", "a" * 6_001), ("\n", "a")]
)
async def test_what_cannot_be_taught_is_refused(office: Office, question: str, answer: str) -> None:
    with pytest.raises(InputError):
        await office.taught_answers.teach(MATE, question, answer)
    taught = await office.taught_answers.teach(MATE, "Why?", "Because.")
    with pytest.raises(InputError):
        await office.taught_answers.edit(MATE, taught.id, question, answer)


# -- expiry -------------------------------------------------------------------------------------------------------

MORNING = datetime(2026, 3, 1, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expiry"),
    [
        ("", None),
        (" never ", None),
        ("Never", None),
        ("no", None),
        ("-", None),
        ("30", MORNING + timedelta(days=30)),
        ("30d", MORNING + timedelta(days=30)),
        ("30D", MORNING + timedelta(days=30)),
        ("30 days", MORNING + timedelta(days=30)),
        ("1 day", MORNING + timedelta(days=1)),
        ("３０", MORNING + timedelta(days=30)),
        ("2026-12-31", datetime(2027, 1, 1, tzinfo=UTC)),
        (" 2026-03-01 ", datetime(2026, 3, 2, tzinfo=UTC)),
        ("2028-02-29", datetime(2028, 3, 1, tzinfo=UTC)),
    ],
)
def test_an_expiry_is_read(text: str, expiry: datetime | None) -> None:
    assert read_expiry(text, MORNING) == expiry


@pytest.mark.parametrize(
    "text",
    [
        "0", "-1", "d", "days", "30 weeks", "1.5", "tomorrow", "next week", "31.12.2026", "12/31/2026", "2026-13-01",
        "2026-02-30", "2026-02-28", "1999-01-01", "9999-12-31", "99999999999", "9" * 5_000, "²", "2026-12-31T10:00",
        "\0", "📅",
    ],
)  # fmt: skip
def test_what_is_no_expiry_is_refused_with_its_mend(text: str) -> None:
    with pytest.raises(InputError, match=r"2026-12-31|expire from tomorrow"):
        read_expiry(text, MORNING)


async def test_what_has_expired_is_searched_no_more(office: Office) -> None:
    taught = await office.taught_answers.teach(MATE, "Why?", "Because.", expires="1")
    await office.taught_store.change(taught.id, expires_at=datetime.now(UTC) + timedelta(seconds=0.2))
    assert await office.published_answers.load()
    assert len(office.published_answers.current_documents()[1]) == 1
    await asyncio.sleep(0.25)
    assert await office.published_answers.load()
    assert office.published_answers.current_documents()[1] == ()


# -- voted down ---------------------------------------------------------------------------------------------------


async def test_a_cited_taught_answer_that_is_voted_down_is_under_review_once(office: Office) -> None:
    taught = await office.taught_answers.teach(MATE, "Why?", "Because.")
    changed = await office.taught_answers.voted_down(quoting(taught), again=True)
    assert changed
    assert changed.state is TaughtState.REVIEW
    assert changed.note == "A customer found it not helpful."
    assert office.published_answers.current_documents()[1] == ()
    assert await office.taught_answers.voted_down(quoting(taught)) is None
    approved = await office.taught_answers.approve(MATE, taught.id)
    assert approved
    assert approved.note == ""


async def test_one_without_an_author_is_found_too(office: Office) -> None:
    taught = await office.taught_answers.teach(MATE, "Why?", "Because.")
    await office.taught_store.change(taught.id, author="")
    assert await office.taught_answers.voted_down(quoting(await office.taught_store.get(taught.id)))


async def test_what_was_not_cited_or_not_taught_is_not_looked_at(office: Office) -> None:
    taught = await office.taught_answers.teach(MATE, "Why?", "Because.")
    assert await office.taught_answers.voted_down(quoting(taught, cited=False)) is None
    assert await office.taught_answers.voted_down(quoting(taught, author="")) is None
    assert await office.taught_answers.voted_down(quoting(replace(taught, question="Other?"))) is None
    assert await office.taught_answers.voted_down(make_turn()) is None
    assert (await office.taught_store.get(taught.id)).state is TaughtState.APPROVED


# -- the shelf ----------------------------------------------------------------------------------------------------


async def test_a_shelf_takes_in_what_another_process_approves(office: Office) -> None:
    other = PublishedTaughtAnswers(office.taught_store)
    assert await other.load()
    assert not await other.load()
    before = other.current_documents()[0]
    await office.taught_answers.teach(MATE, "Why?", "Because.")
    assert await other.load()
    assert other.current_documents()[0] != before
    assert [document.answer for document in other.current_documents()[1]] == ["Because."]
    await office.taught_answers.teach(MATE, "Proposed?", "No.", approved=False)
    assert not await other.load()


async def test_whoever_approves_does_not_wait_for_the_index(office: Office) -> None:
    go, indexed = asyncio.Event(), []

    async def index() -> None:
        await go.wait()
        indexed.append(shelf.current_documents()[0])

    shelf = PublishedTaughtAnswers(office.taught_store)
    shelf.on_change(index)
    office.taught_answers._published = shelf
    for number in range(3):
        await asyncio.wait_for(office.taught_answers.teach(MATE, f"{number}?", "Because."), 2)
    assert len(shelf.current_documents()[1]) == 3
    go.set()
    await wait(lambda: len(indexed) == 3)


async def test_an_index_that_fails_keeps_nobody_from_teaching(office: Office) -> None:
    calls = []

    async def index() -> None:
        calls.append(1)
        raise ModelError("The model is gone.")

    shelf = PublishedTaughtAnswers(office.taught_store)
    shelf.on_change(index)
    with capture_logs() as logs:
        await shelf.load()
        await office.taught_answers.teach(MATE, "Why?", "Because.")
        await shelf.load()
        await wait(lambda: len(calls) == 2)
        await asyncio.sleep(0.01)
    assert [entry["event"] for entry in logs] == ["taught answers not indexed"] * 2


async def test_a_shelf_keeps_up_also_after_the_database_was_away(office: Office) -> None:
    revision, calls = office.taught_store.revision, []

    async def flaky(now: datetime) -> str:
        calls.append(now)
        if len(calls) == 1:
            raise StorageError("The database is locked.")
        return await revision(now)

    office.taught_store.revision = flaky  # type: ignore[method-assign]
    await office.taught_store.add(Taught("b" * 32, TaughtState.APPROVED, "Why?", "B.", "en", "Bob", "", NOON, NOON))
    with capture_logs():
        running = asyncio.create_task(office.published_answers.run(0.01))
        await wait(lambda: office.published_answers.current_documents()[1])
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_many_teach_at_once_and_all_are_searched(office: Office) -> None:
    await asyncio.gather(*(office.taught_answers.teach(MATE, f"{number}?", "Because.") for number in range(20)))
    await office.published_answers.load()
    assert len(office.published_answers.current_documents()[1]) == 20
