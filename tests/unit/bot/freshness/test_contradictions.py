"""Contradictions: found, shown, settled and taken back, over a real database and a real index."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.chat.card import Card
from bot.commands.parser import read_line
from bot.errors import InputError
from bot.freshness.judge import ModelJudge
from bot.freshness.models import Judgement, Keep, State, Verdict
from bot.freshness.service import Contradictions, LiveSetAside
from bot.i18n import list_languages
from inference.spare_time import SpareTime
from inference.vllm import VllmGenerator
from retrieval.audiences import Audiences
from retrieval.documents import Document
from tests.support.openai_server import OpenAiServer, Script
from tests.support.steering import ADMIN, CUSTOMER, HERE, FakeScreen, Office

PAGE = Document(
    "https://shop.test/faq",
    "How long is the warranty?",
    "The warranty is 2 years.",
    heading_path=("Help",),
    language="en",
    crawled_at="2026-03-01T08:00:00+00:00",
)
TERMS = replace(PAGE, url="https://shop.test/terms", answer="The warranty is 3 years.", heading_path=("Terms",))
PAY = replace(PAGE, question="How can I pay?", answer="By card.")


@pytest.fixture
def office(office: Office) -> Office:
    office.pages = [PAGE, TERMS, PAY]
    return office


async def run(office: Office, line: str, actor: object = ADMIN) -> Card:
    answer = await office.console.run(actor, HERE, read_line(line, office.console.commands), FakeScreen())  # type: ignore[arg-type]
    assert isinstance(answer, Card)
    return answer


async def test_a_scan_finds_what_is_new_and_compares_it_once(office: Office) -> None:
    assert (await office.contradictions.scan_entries()).new == 1
    (found,) = await office.contradictions.list()
    assert found.one and {found.one.document, found.other.document} == {PAGE, TERMS}
    assert found.one.since == datetime(2026, 3, 1, 8, tzinfo=UTC)
    assert (found.row.kind, found.needs_decision) == ("duration", True)
    assert (await office.contradictions.scan_entries()).new == 0


async def test_what_is_taught_since_is_compared_when_the_list_is_asked_for(office: Office) -> None:
    office.pages = [PAGE, PAY]
    assert "None" in (await run(office, "contradictions")).text
    office.pages.append(replace(TERMS, url="", author="Mei Lin", heading_path=()))
    card = await run(office, "contradictions")
    assert [line.url for line in card.lines] == [PAGE.url, ""]
    assert "by Mei Lin" in card.lines[1].note


async def test_a_decision_sets_the_other_aside_until_it_changes(office: Office) -> None:
    await office.contradictions.scan_entries()
    (found,) = await office.contradictions.list()
    assert found.one
    card = await run(office, f"contradictions settle {found.row.id[:8]} first")
    assert "answered from the first alone" in card.facts["Decision"]
    assert office.live_set_aside.current_entries()[1] == {found.other.document.entry_id}
    assert (await run(office, "contradictions")).lines == ()
    kept = found.one.document
    office.pages = [kept, replace(found.other.document, answer="The warranty is 5 years."), PAY]
    assert (await office.contradictions.scan_entries()).new == 1
    assert not office.live_set_aside.current_entries()[1] & {document.entry_id for document in office.pages}
    assert len((await run(office, "contradictions")).lines) == 2


async def test_a_decision_outlives_a_crawl_that_did_not_see_the_entry(office: Office) -> None:
    await office.contradictions.scan_entries()
    (found,) = await office.contradictions.list()
    assert found.one
    await run(office, f"contradictions settle {found.row.id[:8]} first")
    office.pages = [found.one.document, PAY]
    await office.contradictions.scan_entries()
    assert await office.contradictions.list() == []
    office.pages = [found.one.document, found.other.document, PAY]
    await office.contradictions.scan_entries()
    assert office.live_set_aside.current_entries()[1] == {found.other.document.entry_id}
    assert (await run(office, "contradictions")).lines == ()


async def test_what_is_for_different_people_is_no_contradiction(office: Office) -> None:
    office.pages = [replace(PAGE, source="partners"), replace(TERMS, source="help"), PAY]
    office.audiences = Audiences({"partners": frozenset({"slack:channel:C1"})})
    await office.contradictions.scan_entries()
    assert await office.contradictions.list() == []
    office.audiences = Audiences()
    (found,) = await office.contradictions.list()
    office.audiences = Audiences({"partners": frozenset({"slack:channel:C1"})})
    with pytest.raises(InputError, match="different people"):
        await office.contradictions.settle(found.row.id, Keep.FIRST, ADMIN.id)


@pytest.mark.parametrize("limited", ["help", "partners"])
async def test_where_not_all_may_see_what_was_kept_it_is_asked_anew(office: Office, limited: str) -> None:
    office.pages = [replace(PAGE, source="partners"), replace(TERMS, source="help"), PAY]
    await office.contradictions.scan_entries()
    (found,) = await office.contradictions.list()
    assert found.one
    keep = "first" if found.one.document.source == "partners" else "second"
    await run(office, f"contradictions settle {found.row.id} {keep}")
    office.audiences = Audiences({limited: frozenset({"slack:channel:C1"})})
    assert (await office.contradictions.scan_entries()).waiting == (limited == "partners")
    card = await run(office, f"contradictions show {found.row.id}")
    assert ("not all whom the other is for may see it" in card.facts["Decision"]) == (limited == "partners")
    if limited == "partners":
        with pytest.raises(InputError, match="take the decision back"):
            await office.contradictions.settle(found.row.id, Keep.FIRST, ADMIN.id)
    card = await run(office, f"contradictions reopen {found.row.id}")
    assert "taken back" in card.facts["Decision"] and not card.buttons
    assert office.live_set_aside.current_entries()[1] == frozenset()
    assert await office.contradictions.list() == []


async def test_what_was_kept_and_changed_is_compared_with_what_a_decision_taken_back_answers_from(
    office: Office,
) -> None:
    await office.contradictions.scan_entries()
    (found,) = await office.contradictions.list()
    assert found.one
    await run(office, f"contradictions settle {found.row.id} first")
    office.pages = [replace(found.one.document, answer="The warranty is 7 years."), found.other.document, PAY]
    result = await office.contradictions.scan_entries()
    assert (result.new, result.waiting) == (0, 1)
    card = await run(office, f"contradictions reopen {found.row.id}")
    assert "taken back" in card.facts["Decision"] and not card.buttons
    (again,) = await office.contradictions.list()
    assert again.one and again.needs_decision
    assert {again.one.document, again.other.document} == set(office.pages[:2])


async def test_nothing_is_asked_of_what_another_decision_sets_aside(office: Office) -> None:
    third = replace(PAGE, url="https://shop.test/agb", heading_path=("Service",))
    office.pages = [PAGE, TERMS, third, PAY]
    await office.contradictions.scan_entries()
    first, second = await office.contradictions.list()
    await run(office, f"contradictions settle {first.row.id} {'second' if first.other.document != TERMS else 'first'}")
    assert office.live_set_aside.current_entries()[1] == {TERMS.entry_id}
    assert not [each for each in await office.contradictions.list() if each.needs_decision]
    with pytest.raises(InputError, match="set aside"):
        await office.contradictions.settle(second.row.id, Keep.FIRST, ADMIN.id)
    await run(office, f"contradictions reopen {first.row.id}")
    assert len(await office.contradictions.list()) == 2


async def test_of_three_pages_that_state_three_values_the_one_that_is_kept_last_remains(office: Office) -> None:
    third = replace(TERMS, url="https://shop.test/agb", answer="The warranty is 5 years.", heading_path=("Service",))
    office.pages = [PAGE, TERMS, third, PAY]
    assert (await office.contradictions.scan_entries()).waiting == 3
    while waiting := [each for each in await office.contradictions.list() if each.needs_decision]:
        keep = Keep.SECOND if waiting[0].other.document == third else Keep.FIRST
        await office.contradictions.settle(waiting[0].row.id, keep, ADMIN.id)
    aside = office.live_set_aside.current_entries()[1]
    assert [each for each in (PAGE, TERMS, third) if each.entry_id not in aside] == [third]


async def test_admins_who_settle_three_at_once_leave_one_and_are_told_how_it_stands(office: Office) -> None:
    third = replace(TERMS, url="https://shop.test/agb", answer="The warranty is 5 years.", heading_path=("Service",))
    office.pages = [PAGE, TERMS, third, PAY]
    await office.contradictions.scan_entries()
    follows = {PAGE.entry_id: TERMS.entry_id, TERMS.entry_id: third.entry_id, third.entry_id: PAGE.entry_id}
    lines = [
        f"contradictions settle {each.row.id} {'first' if follows[each.row.one] == each.row.other else 'second'}"
        for each in await office.contradictions.list()
    ]
    cards = await asyncio.gather(*(run(office, line) for line in lines))
    aside = office.live_set_aside.current_entries()[1]
    assert len(lines) == 3 and 1 <= len(aside) <= 2
    refused = [card.text for card in cards if card.fault]
    assert len(refused) == 3 - len(aside) and all("set aside" in text for text in refused)


async def test_it_outlives_a_refresh_that_leaves_it_alone_and_another_time_of_its_fetch(office: Office) -> None:
    await office.contradictions.scan_entries()
    (found,) = await office.contradictions.list()
    await run(office, f"contradictions settle {found.row.id} second")
    office.pages = [replace(each, crawled_at="2026-09-01T08:00:00+00:00", source="x") for each in office.pages]
    assert (await office.contradictions.scan_entries()).new == 0
    (again,) = await office.contradictions.list()
    assert again.row.state is State.SETTLED
    assert office.live_set_aside.current_entries()[1] == {again.row.one}


async def test_where_what_was_kept_is_gone_it_is_asked_anew(office: Office) -> None:
    await office.contradictions.scan_entries()
    (found,) = await office.contradictions.list()
    await run(office, f"contradictions settle {found.row.id} first")
    office.pages = [found.other.document, PAY]
    result = await office.contradictions.scan_entries()
    assert (result.new, result.waiting) == (0, 1)
    card = await run(office, f"contradictions show {found.row.id}")
    assert [button.action for button in card.buttons] == ["reopen_contradiction"]
    await run(office, f"contradictions reopen {found.row.id}")
    assert office.live_set_aside.current_entries()[1] == frozenset()


async def test_what_is_answered_from_again_is_held_against_what_changed_meanwhile(office: Office) -> None:
    await office.contradictions.scan_entries()
    (found,) = await office.contradictions.list()
    await run(office, f"contradictions settle {found.row.id} first")
    assert found.one
    office.pages = [replace(found.one.document, answer="The warranty is 4 years."), found.other.document, PAY]
    assert (await office.contradictions.scan_entries()).new == 0  # with what is set aside nothing is compared
    card = await run(office, f"contradictions settle {found.row.id}")
    assert card.text == "" and [line.text for line in card.lines] == [PAGE.question]  # nothing to choose from
    await run(office, f"contradictions reopen {found.row.id}")
    (anew,) = await office.contradictions.list()
    assert anew.needs_decision and anew.one
    assert {anew.one.document, anew.other.document} == {office.pages[0], office.pages[1]}
    assert (await office.contradictions.scan_entries()).new == 0


async def test_both_may_be_right_and_buttons_decide_as_lines_do(office: Office) -> None:
    await office.contradictions.scan_entries()
    (found,) = await office.contradictions.list()
    screen = FakeScreen()
    await office.console.click(ADMIN, HERE, "keep_both", found.row.id, screen)
    (told,) = await office.contradictions.list()
    assert (told.row.state, told.needs_decision) == (State.DISMISSED, False)
    await office.console.click(ADMIN, HERE, "reopen_contradiction", found.row.id, screen)
    await office.console.click(ADMIN, HERE, "keep_second", found.row.id, screen)
    assert office.live_set_aside.current_entries()[1] == {found.row.one}
    assert [action for _, action, _, _ in await office.recorded()][-3:] == [
        "keep_both",
        "reopen_contradiction",
        "keep_second",
    ]


async def test_who_settles_first_is_not_overruled_and_the_second_is_told_how_it_was_settled(office: Office) -> None:
    await office.contradictions.scan_entries()
    (found,) = await office.contradictions.list()
    await run(office, f"contradictions settle {found.row.id[:8]} first", replace(ADMIN, user="U-ANN"))
    screen = FakeScreen()
    await office.console.click(ADMIN, HERE, "keep_second", found.row.id, screen)
    told = screen.cards[-1]
    assert "settled already: answered from the first alone" in told.text and "by U-ANN" in told.text
    assert "settled already" in (await run(office, f"contradictions settle {found.row.id[:8]} both")).text
    assert office.live_set_aside.current_entries()[1] == {found.other.document.entry_id}


async def test_what_was_settled_is_listed_with_who_decided_and_when(office: Office) -> None:
    await office.contradictions.scan_entries()
    (found,) = await office.contradictions.list()
    assert (await run(office, "contradictions settled")).lines == ()
    await run(office, f"contradictions settle {found.row.id[:8]} both")
    card = await run(office, "contradictions settled")
    assert f"answered from both, {datetime.now(UTC):%Y-%m-%d}, by {ADMIN.user}" in card.lines[0].text
    assert [line.url for line in card.lines] == [PAGE.url, TERMS.url]


async def test_settling_without_saying_which_shows_both_texts_and_the_choices(office: Office) -> None:
    await office.contradictions.scan_entries()
    (found,) = await office.contradictions.list()
    card = await run(office, f"contradictions settle {found.row.id[:8]}")
    assert all(choice in card.text for choice in ("first", "second", "both"))
    told = f"contradictions settle {found.row.id[:8]}"
    assert f"/faq {told} first" in card.text
    at_terminal = await run(office, told, replace(ADMIN, platform="cli"))
    assert f"/faq {told} --keep first" in at_terminal.text  # printed as `frontdesk …`, where the choice is an option
    assert len(card.lines) == 2 and len(card.buttons) == 3
    assert (await office.contradictions.list())[0].row.state is State.OPEN


async def test_customers_see_and_decide_nothing(office: Office) -> None:
    await office.contradictions.scan_entries()
    (found,) = await office.contradictions.list()
    for line in ("contradictions", f"contradictions settle {found.row.id} first", "stale"):
        card = await run(office, line, CUSTOMER)
        assert card.fault and not card.lines
    assert (await office.contradictions.list())[0].row.state is State.OPEN


async def test_an_admin_reads_it_in_their_own_language(office: Office) -> None:
    await office.contradictions.scan_entries()
    (found,) = await office.contradictions.list()
    told = {
        (await run(office, f"contradictions show {found.row.id}", replace(ADMIN, language=tag))).facts.__str__()
        for tag in list_languages()
    }
    assert len(told) == len(list_languages()) == 9


def judged(office: Office, generator: VllmGenerator) -> Contradictions:
    return Contradictions(
        office.freshness_store,
        LiveSetAside(office.freshness_store),
        office.index_pages,
        lambda document: office.audiences.find_audience(document),
        ModelJudge(SpareTime(generator, 5)),
    )


def says(verdict: str, first: str = "is 2 years", second: str = "is 3 years") -> Script:
    return Script([json.dumps({"first": first, "second": second, "verdict": verdict})])


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (says("contradicts"), Verdict.CONTRADICTS),
        (says("scope"), Verdict.SCOPE),
        (says("same", "2  years.", "3 years."), Verdict.SAME),
        (says("scope", "is two years"), Verdict.NONE),  # which stands nowhere
        (says("scope", "is 3 years", "is 2 years"), Verdict.NONE),
        (says("scope", " ", "3"), Verdict.NONE),
        (says("never"), Verdict.NONE),
        (Script(["never"]), Verdict.NONE),
    ],
)
async def test_a_models_verdict_counts_where_it_quotes_both_entries_and_settles_nothing(
    office: Office, said: Script, kept: Verdict
) -> None:
    await office.contradictions.scan_entries()
    async with OpenAiServer(said) as server:
        generator = VllmGenerator([server.url])
        judging = judged(office, generator)
        assert await judging.judge_found() == bool(kept)
        assert await judging.judge_found() == 0  # it is asked once
        await generator.close()
    (found,) = await office.contradictions.list()
    assert (found.row.verdict, found.row.verdict_by, found.needs_decision) == (kept, "tiny", True)
    assert office.live_set_aside.current_entries()[1] == frozenset()
    assert len(server.requests) == 1
    asked = server.requests[0]["messages"][-1]["content"]
    assert PAGE.answer in asked and TERMS.answer in asked and asked.count("</entry>") == 2
    facts = (await run(office, f"contradictions show {found.row.id[:8]}")).facts
    assert ("The model says" in facts) == bool(kept)
    if kept:
        assert "(by tiny)" in facts["The model says"] and "2" in facts["The model says"]


async def test_what_a_model_holds_harmless_stands_behind_the_others(office: Office) -> None:
    day = replace(PAGE, question="When do you open on Sundays?", answer="We open at 9:00 on Sundays.")
    office.pages += [day, replace(day, url=TERMS.url, heading_path=("Terms",), answer="We open at 11:00 on Sundays.")]
    await office.contradictions.scan_entries()
    first, second = await office.contradictions.list()
    await office.freshness_store.record_judgement(first.row.id, Judgement(Verdict.SAME, "tiny", "a", "b"))
    assert [each.row.id for each in await office.contradictions.list()] == [second.row.id, first.row.id]
    assert "The model says: they say the same" in (await run(office, "contradictions")).lines[2].text


async def test_a_server_that_fails_is_asked_again_at_the_next_refresh(office: Office) -> None:
    await office.contradictions.scan_entries()
    async with OpenAiServer(Script(status=500), says("contradicts")) as server:
        generator = VllmGenerator([server.url])
        judging = judged(office, generator)
        assert await judging.judge_found() == 0
        (found,) = await judging.list()
        assert found.row.verdict_by == ""
        await judging.judge_found()
        await generator.close()
    assert len(server.requests) == 2


async def test_without_a_model_nobody_is_asked(office: Office) -> None:
    await office.contradictions.scan_entries()
    assert await office.contradictions.judge_found() == 0
