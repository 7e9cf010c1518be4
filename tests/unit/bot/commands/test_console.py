"""What admins and teammates call: who may, what is recorded, what they are told."""

from __future__ import annotations

import asyncio
import json
import time
from dataclasses import replace
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.app.commands import COMMANDS, GROUPS
from bot.chat.card import Card, Form
from bot.chat.message import ThreadRef
from bot.chat.people import FORGOTTEN, Actor, Role, make_pseudonym
from bot.commands.parser import Call, read_line
from bot.commands.registry import Kind, declared_buttons, declared_forms
from bot.handoff.cards import CLAIM, HELPED, NOT_HELPED, REOPEN, RESOLVE
from bot.handoff.models import HandoffReason
from bot.i18n import words_for
from bot.privacy.commands import FORGET_ME, ask_to_forget
from bot.sources.models import RefreshRun
from bot.taught.commands import SAVE_MESSAGE
from bot.taught.models import TaughtState
from retrieval.documents import Document
from retrieval.errors import TooMuchWouldVanish
from retrieval.index.versions import Manifest, Version
from tests.support.steering import ADMIN, CUSTOMER, HERE, MATE, SHOP, SUPPORT, WIKI, FakeScreen, Office
from tests.support.turns import NOON, make_turn

BUTTONS, FORMS = declared_buttons(GROUPS), declared_forms(GROUPS)
ROLES = {Role.CUSTOMER: CUSTOMER, Role.TEAMMATE: MATE, Role.ADMIN: ADMIN}
LINE = {
    name: " ".join(
        [name, *(f"x{each.name}" for each in command.parameters if not each.named and each.kind is not Kind.FLAG)]
    )
    for name, command in COMMANDS.items()
}


async def run(office: Office, line: str, actor: Actor = ADMIN, place: ThreadRef = HERE, **options: Any) -> Any:
    return await office.console.run(actor, place, read_line(line, COMMANDS), options.get("screen") or FakeScreen())


async def click(office: Office, action: str, value: str, actor: Actor = ADMIN, **options: Any) -> Any:
    place, screen = options.get("place") or HERE, options.get("screen") or FakeScreen()
    return await office.console.click(actor, place, action, value, screen)


async def submit(office: Office, action: str, value: str, actor: Actor = MATE, **fields: str) -> Any:
    screen = FakeScreen()
    answer = await office.console.submit(actor, HERE, action, value, fields, screen)
    return answer or screen.cards[-1]


async def save_message(office: Office, question: str, answer: str, url: str, actor: Actor = MATE) -> Any:
    fields = {"question": question, "answer": answer, "url": url}
    return await office.console.submit(actor, HERE, SAVE_MESSAGE, "", fields)


# -- who may ------------------------------------------------------------------------------------------------------


async def test_every_command_that_is_declared_is_one_of_the_console_in_the_same_order(office: Office) -> None:
    assert list(office.console.commands) == list(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
async def test_a_command_refuses_every_role_below_its_own_and_records_it(office: Office, name: str) -> None:
    needed = COMMANDS[name].role
    below = [role for role in Role if role < needed]
    assert below, "no command is for customers"
    for role in below:
        answer = await run(office, LINE[name], ROLES[role])
        assert isinstance(answer, Card)
        assert answer.fault
        assert answer.text.startswith("That is for ")
    assert [entry[3] for entry in await office.recorded()] == ["refused"] * len(below)
    assert {entry[1] for entry in await office.recorded()} == {name}
    assert office.crawl.requests == []


@pytest.mark.parametrize("action", BUTTONS)
async def test_a_button_refuses_every_role_below_its_own_and_records_it(office: Office, action: str) -> None:
    below = [role for role in Role if role < BUTTONS[action].role]
    assert below or action in {REOPEN, HELPED, NOT_HELPED, FORGET_ME}
    for role in below:
        answer = await click(office, action, "abcd1234", ROLES[role])
        assert answer.fault
        assert answer.text.startswith("That is for ")
    assert [entry[1:] for entry in await office.recorded()] == [(action, "abcd1234", "refused")] * len(below)


@pytest.mark.parametrize("action", ["teach", "edit"])
async def test_a_form_of_a_customer_is_refused(office: Office, action: str) -> None:
    assert (await submit(office, action, "abcd1234", CUSTOMER, question="q", answer="a")).fault
    assert await office.taught_store.list() == []


async def test_a_message_saved_by_a_customer_is_refused(office: Office) -> None:
    answer = await save_message(office, "q", "a", "https://x.example", CUSTOMER)
    assert isinstance(answer, Card)
    assert answer.fault


async def test_a_named_admin_may_whatever_the_platform_says_until_taken_back(office: Office) -> None:
    assert (await run(office, "sources", CUSTOMER)).fault
    await run(office, "admins add <@UANN|ann>")
    assert not (await run(office, "sources", CUSTOMER)).fault
    assert (await run(office, "sources", replace(CUSTOMER, workspace="T2"))).fault
    await run(office, "admins remove <@UANN>")
    assert (await run(office, "sources", CUSTOMER)).fault


@pytest.mark.parametrize("user", ["@", '""', "@ann", "ann", "<@>", "c1", "１２"])
async def test_nobody_is_made_admin_by_a_name_that_is_no_id(office: Office, user: str) -> None:
    assert (await run(office, f"admins add {user}")).fault
    assert await office.admin_store.list() == []


async def test_sources_names_are_offered_to_admins_alone(office: Office) -> None:
    await office.source_store.add(SHOP)
    assert list(await office.console.complete(ADMIN, Kind.SOURCE)) == ["shop"]
    assert list(await office.console.complete(MATE, Kind.SOURCE)) == []


# -- what is recorded ---------------------------------------------------------------------------------------------


async def test_what_is_done_and_what_fails_is_recorded(office: Office) -> None:
    await office.source_store.add(SHOP)
    await run(office, "sources pause shop")
    await run(office, "sources pause nosuch")
    await run(office, "status")
    assert await office.recorded() == [
        ("UADMIN", "sources pause", "shop", "done"),
        ("UADMIN", "sources pause", "nosuch", "failed"),
        ("UADMIN", "status", "", "done"),
    ]


async def test_the_record_holds_no_text_of_anybodys(office: Office) -> None:
    secret = "my secret question"
    await office.console.run(MATE, HERE, Call("teach", {"question": secret, "answer": secret}), FakeScreen())
    await submit(office, "teach", "new", question=secret, answer=secret)
    await save_message(office, secret, secret, "https://x.example")
    taught = (await office.taught_store.list())[0]
    await submit(office, "edit", taught.id, question=secret + "?", answer=secret)
    await click(office, "dismiss", taught.id, MATE)
    assert len(await office.recorded()) == 5
    assert "secret" not in str(await office.recorded())


@pytest.mark.parametrize("line", ["explain secret", "glossary add my secret = secret", "rollback secret"])
async def test_the_record_holds_no_words_of_whom_it_was_refused(office: Office, line: str) -> None:
    assert (await run(office, line, CUSTOMER)).fault
    [(user, _, target, outcome)] = await office.recorded()
    assert (user, target, outcome) == (CUSTOMER.user, "", "refused")


@pytest.mark.parametrize("value", ["\ud800", "a\0b", "9" * 5_000, "x" * 20_000, "\u202e<@U1>", "{}", "=", "²"])
async def test_whatever_a_value_is_no_call_ends_in_a_fault_of_ours(office: Office, value: str) -> None:
    await office.source_store.add(SHOP)
    with capture_logs() as logs:
        for name, spec in COMMANDS.items():
            given = [each.name for each in spec.parameters if not each.named and each.kind is not Kind.FLAG]
            for one in given:
                call = Call(name, {**dict.fromkeys(given, "shop"), one: value})
                await office.console.run(ADMIN, HERE, call, FakeScreen())
        for action in BUTTONS:
            await click(office, action, value)
            await click(office, action, value, CUSTOMER)
        for action in [each for each in FORMS if each != SAVE_MESSAGE]:
            await submit(office, action, value, question=value, answer=value, expires=value)
    assert [entry for entry in logs if entry["log_level"] == "error"] == []


async def test_the_channel_that_is_marked_is_recorded(office: Office) -> None:
    await run(office, "channel help on <#C9>")
    assert await office.recorded() == [("UADMIN", "channel help", "on C9", "done")]


@pytest.mark.parametrize("line", ["forget <@UANN>", "forget @UANN"])
async def test_who_is_forgotten_is_recorded_by_a_pseudonym(office: Office, line: str) -> None:
    await run(office, line)
    assert await office.recorded() == [("UADMIN", "forget", make_pseudonym("slack", "UANN"), "done")]


async def test_who_is_forgotten_from_elsewhere_has_the_pseudonym_of_their_platform(office: Office) -> None:
    operator = Actor("cli", "", "root", role=Role.ADMIN)
    call = Call("forget", {"platform": "slack", "user": "UANN"})
    await office.console.run(operator, HERE, call, FakeScreen())
    assert (await office.recorded())[0][2] == make_pseudonym("slack", "UANN")


# -- faults -------------------------------------------------------------------------------------------------------


async def test_a_known_fault_becomes_a_card_with_its_mend_in_chat_words(office: Office) -> None:
    answer = await run(office, "recrawl")
    assert answer.fault
    assert "'/faq sources add https://example.com/faq'" in answer.text
    assert "frontdesk" not in answer.text


async def test_an_unknown_fault_becomes_an_id_that_stands_in_the_log_without_its_text(office: Office) -> None:
    office.found = None  # type: ignore[assignment]
    office.source_preview._read = lambda _: 1 / 0  # type: ignore[assignment,return-value]
    with capture_logs() as logs:
        answer = await run(office, "sources add https://x.example")
    assert answer.fault
    [entry] = [entry for entry in logs if entry["log_level"] == "error"]
    assert entry["fault"] in answer.text
    assert "zero" not in answer.text
    assert "zero" not in str(entry)
    assert (await office.recorded())[-1][3] == "failed"


@pytest.mark.parametrize("platform", ["cli", "api"])
async def test_at_the_command_line_and_by_the_api_a_fault_is_raised(office: Office, platform: str) -> None:
    with pytest.raises(Exception, match="No source is known"):
        await run(office, "recrawl", replace(ADMIN, platform=platform))


@pytest.mark.parametrize("action", ["dance", "", "recrawl:shop"])
async def test_an_unknown_button_or_form_says_so(office: Office, action: str) -> None:
    assert "do not know" in (await click(office, action, "")).text
    assert "do not know" in (await submit(office, action, "")).text


async def test_every_mend_that_names_a_command_can_be_typed(office: Office) -> None:
    for line in ("taught show 00000000", "rollback nosuch", "recrawl nosuch", "rollback", "explain 00000000"):
        answer = await run(office, line)
        assert answer.fault, line
        for command in answer.text.split("'/faq ")[1:]:
            read_line(command.partition("'")[0], COMMANDS)


# -- re-crawls and versions ---------------------------------------------------------------------------------------


async def test_a_recrawl_is_shown_to_its_end(office: Office) -> None:
    await office.source_store.add(SHOP)
    screen = FakeScreen()
    assert await run(office, "recrawl", screen=screen) is None
    await asyncio.wait_for(screen.tasks[0], 5)
    assert screen.cards[0].title == "Re-crawl of shop"
    assert screen.cards[-1].title == "Re-crawl done"


async def test_force_reads_again_what_was_stopped_and_nothing_else(office: Office) -> None:
    await office.source_store.add(SHOP)
    await office.source_store.add(WIKI)
    office.crawl.faults = [TooMuchWouldVanish("9 of 10 would vanish: see FRONTDESK_MAX_VANISH.")]
    await run(office, "recrawl shop", screen=(screen := FakeScreen()))
    await asyncio.wait_for(screen.tasks[0], 5)
    stopped = screen.cards[-1]
    assert stopped.title == "Re-crawl stopped"
    [button] = stopped.buttons
    await click(office, button.action, button.value, screen=(screen := FakeScreen()))
    await asyncio.wait_for(screen.tasks[0], 5)
    assert [(request.only, request.force) for request in office.crawl.requests] == [
        (("shop",), False),
        (("shop",), True),
    ]


async def test_force_of_an_unknown_run_says_so(office: Office) -> None:
    assert (await click(office, "force", "f" * 32)).fault


async def test_cancel_stops_the_run_it_stands_below_and_no_later_one(office: Office) -> None:
    await office.source_store.add(SHOP)
    office.crawl.held = True
    await run(office, "recrawl", screen=(screen := FakeScreen()))
    assert (await click(office, "cancel", "f" * 32)).text == "It has ended already."
    running = await office.refresh_service.running()
    assert running
    assert "stops" in (await click(office, "cancel", running.id)).text
    await asyncio.wait_for(screen.tasks[0], 10)
    assert screen.cards[-1].title == "Re-crawl cancelled"
    assert (await run(office, "cancel")).text == "No re-crawl runs."


async def test_a_roll_back_below_a_version_that_answers_no_more_does_nothing(office: Office) -> None:
    answer = await click(office, "rollback", "20260101-1")
    assert "is not the one that answers" in answer.text


async def test_of_two_who_press_roll_back_at_once_one_goes_back(office: Office) -> None:
    made: list[Version] = []
    for _ in range(4):
        with office.versions.stage_version() as staged:
            (staged / "a").write_text("x")
            counts = dict.fromkeys(("pages", "documents", "passages", "rows"), 1)
            parent = made[-1].id if made else ""
            manifest = Manifest(office.versions.new_id(), "2026-01-01T00:00:00+00:00", parent, "e", 3, counts)
            made.append(office.versions.commit_version(staged, manifest))
        office.versions.activate_version(made[-1])
    newest = made[-1].id
    busy = [asyncio.create_task(asyncio.to_thread(time.sleep, 0.05)) for _ in range(32)]
    answers = await asyncio.gather(*(click(office, "rollback", newest) for _ in range(3)))
    await asyncio.gather(*busy)
    assert office.versions.active_id() == made[-2].id
    assert sorted("is not the one that answers" in answer.text for answer in answers) == [False, True, True]


# -- sources ------------------------------------------------------------------------------------------------------


async def test_a_source_is_looked_at_confirmed_once_and_read(office: Office) -> None:
    office.found = [Document("https://new.example/#a", "Why?", "Because.")]
    card = await run(office, "sources add https://new.example/")
    add, _ = card.buttons
    await click(office, add.action, add.value, screen=(screen := FakeScreen()))
    await asyncio.wait_for(screen.tasks[0], 5)
    assert [source.location for source in await office.source_store.list()] == ["https://new.example/"]
    again = await click(office, add.action, add.value)
    assert again.fault
    assert "not known any more" in again.text
    assert len(await office.source_store.list()) == 1


async def test_of_two_who_confirm_at_once_one_adds(office: Office) -> None:
    office.found = [Document("https://new.example/#a", "Why?", "Because.")]
    add, _ = (await run(office, "sources add https://new.example/")).buttons
    answers = await asyncio.gather(*(click(office, add.action, add.value) for _ in range(2)))
    assert len(await office.source_store.list()) == 1
    assert any(answer and answer.fault for answer in answers)


async def test_a_preview_that_is_left_cannot_be_confirmed(office: Office) -> None:
    office.found = [Document("https://new.example/#a", "Why?", "Because.")]
    add, leave = (await run(office, "sources add https://new.example/")).buttons
    await click(office, leave.action, leave.value)
    assert (await click(office, add.action, add.value)).fault
    assert await office.source_store.list() == []


@pytest.mark.parametrize("url", ["/etc", "file:///etc/passwd", "shop.example", "~"])
async def test_from_a_chat_only_websites_can_be_added(office: Office, url: str) -> None:
    assert (await run(office, f"sources add {url}")).fault


async def test_a_source_that_is_known_is_not_looked_at_again(office: Office) -> None:
    await office.source_store.add(SHOP)
    answer = await run(office, f"sources add {SHOP.location} --name other")
    assert answer.fault
    assert "as source shop" in answer.text


@pytest.mark.parametrize("hours", ["x", "nan", "inf", "-1", "0.1", "1e9", "24 hours"])
async def test_an_interval_that_is_none_is_refused(office: Office, hours: str) -> None:
    await office.source_store.add(SHOP)
    assert (await run(office, f'sources every shop "{hours}"')).fault
    assert (await office.schedule_store.schedule("shop")).every_hours is None


@pytest.mark.parametrize(("hours", "kept"), [("24", 24), ("24h", 24), ("0.5H", 0.5), ("never", None), ("OFF", None)])
async def test_an_interval_is_kept(office: Office, hours: str, kept: float | None) -> None:
    await office.source_store.add(SHOP)
    assert not (await run(office, f"sources every shop {hours}")).fault
    assert (await office.schedule_store.schedule("shop")).every_hours == kept


@pytest.mark.parametrize("days", ["0", "367", "x", "-1", "²", "99999999999999999999"])
async def test_days_that_are_none_are_refused(office: Office, days: str) -> None:
    assert (await run(office, f"gaps --days={days}")).fault


# -- channels -----------------------------------------------------------------------------------------------------


async def test_a_channel_is_made_quiet_and_taken_back_but_not_by_the_wrong_command(office: Office) -> None:
    await run(office, "quiet")
    assert [kind.value for kind in (await office.inbox_store.list_marked_channels()).values()] == ["quiet"]
    assert (await run(office, "channel help off")).text == "Nothing has changed: it is a quiet channel."
    assert [kind.value for kind in (await office.inbox_store.list_marked_channels()).values()] == ["quiet"]
    await run(office, "quiet off")
    assert await office.inbox_store.list_marked_channels() == {}
    assert (await run(office, "quiet please")).fault


@pytest.mark.parametrize("channel", ["#general", "general", "123"])
async def test_a_channel_that_is_no_id_is_not_marked(office: Office, channel: str) -> None:
    answer = await run(office, f"channel help on {channel}")
    assert answer.fault
    assert await office.inbox_store.list_marked_channels() == {}


# -- handoffs -----------------------------------------------------------------------------------------------------


async def test_only_its_customer_or_the_support_channel_steers_a_handoff(office: Office) -> None:
    await office.handoffs.open_handoff(HERE, "UANN", "Ann", make_turn(), HandoffReason.BUTTON)
    [handoff] = await office.handoff_store.list_handoffs()
    elsewhere = ThreadRef("slack", "T1", "CELSEWHERE", "")
    for action in (CLAIM, RESOLVE):
        assert (await click(office, action, handoff.id, MATE, place=elsewhere)).fault
        assert (await click(office, action, handoff.id, CUSTOMER)).fault
    assert not (await click(office, CLAIM, handoff.id, MATE, place=SUPPORT)).fault
    assert not (await click(office, RESOLVE, handoff.id, MATE, place=SUPPORT)).fault
    stranger = replace(CUSTOMER, user="UEVE")
    assert (await click(office, REOPEN, handoff.id, stranger)).fault
    assert not (await click(office, REOPEN, handoff.id, CUSTOMER)).fault
    assert (await click(office, CLAIM, "f" * 32, MATE, place=SUPPORT)).fault


# -- taught answers -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("expires", ["yesterday", "2020-01-01", "2026-13-45", "0", "x" * 20])
async def test_a_form_with_a_bad_expiry_is_a_fault_so_that_what_was_typed_stays(office: Office, expires: str) -> None:
    answer = await submit(office, "teach", "new", question="Why?", answer="Because.", expires=expires)
    assert answer.fault
    assert await office.taught_store.list() == []
    taught = await office.taught_answers.teach(MATE, "Why?", "Because.")
    assert (await submit(office, "edit", taught.id, question="New?", answer="New.", expires=expires)).fault
    assert (await office.taught_store.get(taught.id)).question == "Why?"


@pytest.mark.parametrize("fields", [{}, {"question": " ", "answer": "a"}, {"question": "q", "answer": "\n"}])
async def test_a_form_with_nothing_in_it_is_a_fault(office: Office, fields: dict[str, str]) -> None:
    assert (await submit(office, "teach", "new", **fields)).fault


async def test_a_saved_message_keeps_where_it_was_written(office: Office) -> None:
    form = await save_message(office, "Why?", "Because.", "https://chat.example/1")
    assert isinstance(form, Form)
    assert [field.value for field in form.fields] == ["Why?", "Because.", ""]
    await submit(office, form.action, form.value, question="Why?", answer="Because.")
    assert (await office.taught_store.list())[0].url == "https://chat.example/1"


async def test_an_answer_that_is_too_long_for_a_form_is_not_cut_off_by_one(office: Office) -> None:
    taught = await office.taught_answers.teach(MATE, "Why?", "a" * 3_001)
    answer = await click(office, "edit", taught.id, MATE)
    assert isinstance(answer, Card)
    assert answer.fault
    taught = await office.taught_answers.teach(MATE, "Why so?", "a" * 3_000)
    form = await click(office, "edit", taught.id, MATE)
    assert all(len(field.value) <= field.longest for field in form.fields)
    assert form.fields[1].value == taught.answer


async def test_approve_twice_says_how_it_is(office: Office) -> None:
    taught = await office.taught_answers.teach(MATE, "Why?", "Because.", approved=False)
    assert await click(office, "approve", taught.id, MATE) is None
    assert (await click(office, "approve", taught.id, MATE)).text == "It is approved already."
    assert await click(office, "dismiss", taught.id, MATE) is None
    assert (await click(office, "dismiss", taught.id, MATE)).text == "It is dismissed already."


async def test_both_formats_are_exported_without_what_has_expired(office: Office) -> None:
    assert (await run(office, "export", MATE)).file is None
    await office.taught_answers.teach(MATE, "如何退货？", "寄回。")
    old = await office.taught_answers.teach(MATE, "Old?", "Old.", expires="1")
    await office.taught_store.change(old.id, expires_at=NOON)
    await office.taught_answers.teach(MATE, "Proposed?", "No.", approved=False)
    page = (await run(office, "export", MATE)).file
    data = (await run(office, "export JSON-LD", MATE)).file
    assert page.name == "faq.html"
    assert "如何退货" in page.content
    assert [each["name"] for each in json.loads(data.content)["mainEntity"]] == ["如何退货？"]
    assert (await run(office, "export pdf", MATE)).fault
    assert "Old?" not in page.content
    assert {each.state for each in await office.taught_store.list()} == {TaughtState.APPROVED, TaughtState.PROPOSED}


async def test_no_edit_makes_a_question_stand_twice(office: Office) -> None:
    await office.taught_answers.teach(MATE, "What is up?", "The sky.")
    other = await office.taught_answers.teach(MATE, "What is down?", "The ground.")
    answer = await submit(office, "edit", other.id, question="what is UP?", answer="Nothing.")
    assert answer.fault
    assert "taught already" in answer.text
    assert (await office.taught_store.get(other.id)).question == "What is down?"
    assert not (await submit(office, "edit", other.id, question="what is DOWN?", answer="The earth.")).fault


# -- forgetting ---------------------------------------------------------------------------------------------------


async def test_forget_me_asks_first_and_answers_in_the_customers_language(office: Office) -> None:
    await office.conversations.add_turn(make_turn(platform="slack", user="UANN"))
    card = ask_to_forget(CUSTOMER, "zh")
    [button] = card.buttons
    assert card.text == words_for("zh").say("forget_confirm")
    answer = await click(office, button.action, button.value, CUSTOMER)
    assert answer.text == words_for("zh").say("forgotten", platform="Slack")
    assert await office.conversations.list_turns() == []
    assert await office.recorded() == [(FORGOTTEN, FORGET_ME, make_pseudonym("slack", "UANN"), "done")]


async def test_an_admin_who_forgets_themselves_is_not_named_by_the_record_nor_by_runs(office: Office) -> None:
    await office.source_store.add(SHOP)
    await run(office, "recrawl")
    assert (await office.runs.list())[0].asked_by == "slack:T1:UADMIN"
    await run(office, "forget @UADMIN")
    assert (await office.runs.list())[0].asked_by == FORGOTTEN
    assert {user for user, *_ in await office.recorded()} == {FORGOTTEN}


async def test_forget_me_by_somebody_else_forgets_nobody(office: Office) -> None:
    await office.conversations.add_turn(make_turn(platform="slack", user="UANN"))
    await office.conversations.add_turn(make_turn(platform="slack", user="UEVE"))
    [button] = ask_to_forget(CUSTOMER, "en").buttons
    for value in (button.value, "UANN", "", " en"):
        assert (await click(office, FORGET_ME, value, replace(CUSTOMER, user="UEVE"))).fault
    assert len(await office.conversations.list_turns()) == 2


async def test_a_button_value_keeps_within_what_platforms_take(office: Office) -> None:
    for language in ("en", "zh", "zh-Hant"):
        [button] = ask_to_forget(replace(CUSTOMER, user="1234567890123456789"), language).buttons
        assert len(button.value) <= 64
        assert ":" not in button.value


async def test_a_run_without_an_active_version_has_a_card(office: Office) -> None:
    await office.runs.start(RefreshRun("a" * 32, NOON, beat_at=NOON))
    assert (await run(office, "status")).facts["Version"] == "none yet"
    assert (await run(office, "versions")).text == "Nothing is indexed yet: /faq recrawl"
