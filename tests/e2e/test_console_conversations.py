"""Conversations and gaps in the console, asked over HTTP: what is found, what is told, to whom, and what is done."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import pytest

from bot.chat.conversation import Decision, Turn
from bot.chat.people import Role
from tests.support.bots import Knowledge
from tests.support.console import ADMIN, CUSTOMER, TEAMMATE, ConsoleServer, Visitor, serving_console
from tests.support.conversations import HOSTILE, LIMITED, add_hostile_turn, ask_shop, fill_log
from tests.support.turns import PASSAGE, make_turn

GAPS = "gaps/report?days=7"


@pytest.fixture
async def console(shop: Knowledge, tmp_path: Path) -> AsyncIterator[ConsoleServer]:
    async with serving_console(shop, tmp_path) as server:
        yield server


def search(**fields: str) -> str:
    return f"conversations?{urlencode(fields)}"


async def read(visitor: Visitor, path: str) -> str:
    """The page's text, without its tags and with spaces for breaks."""
    status, text = await visitor.get(path)
    assert status == 200, path
    return strip(text)


def strip(text: str) -> str:
    return " ".join(unescape(re.sub(r"<(?:mark|/mark)>", "", re.sub(r"<(?!/?mark)[^>]*>", " ", text))).split())


def ids(text: str) -> list[str]:
    """The turns that are linked to, in their order."""
    return list(dict.fromkeys(re.findall(r"/console/conversations/([0-9a-f]{32})#", text)))


def paths(turn: Turn) -> list[tuple[str, Role]]:
    """Every address of these pages, and for whom it is."""
    of_turn = f"conversations/{turn.id}"
    return [
        ("conversations", Role.TEAMMATE),
        (search(q="zoo"), Role.TEAMMATE),
        (of_turn, Role.TEAMMATE),
        (f"{of_turn}/teach", Role.TEAMMATE),
        (f"{of_turn}/forget", Role.ADMIN),
        ("gaps", Role.ADMIN),
        (GAPS, Role.ADMIN),
        (f"gaps/{turn.id}/teach", Role.ADMIN),
    ]


async def test_each_page_is_for_those_it_is_for_alone(console: ConsoleServer) -> None:
    [turn] = await ask_shop(console.application, "c", "U1", "Do you sell tickets to the zoo?")
    async with aiohttp.ClientSession() as http:
        for path, _ in paths(turn):
            async with http.get(console.url + path, allow_redirects=False) as answer:
                assert (answer.status, await answer.text()) == (303, ""), path
    for actor in (CUSTOMER, TEAMMATE, ADMIN):
        async with console.sign_in(actor) as visitor:
            for path, role in paths(turn):
                status, text = await visitor.get(path)
                assert status == (200 if actor.role >= role else 403), (actor.user, path)
                assert ("zoo" in text) <= (actor.role >= role), (actor.user, path)


async def test_a_teammate_marks_no_gap_and_forgets_nobody(console: ConsoleServer) -> None:
    [turn] = await ask_shop(console.application, "c", "U1", "Do you sell tickets to the zoo?")
    async with console.sign_in(TEAMMATE) as visitor:
        token = await visitor.read_form_token()
        for command, fields in {
            "gaps dismiss": {"gap": turn.id},
            "gaps assign": {"gap": turn.id, "person": "Bob"},
            "gaps restore": {"gap": turn.id},
            "forget": {"user": "U1", "platform": "slack"},
        }.items():
            _, text = await visitor.post(f"commands/{command}", token, **fields)
            assert "That is for admins" in text, command
    assert await console.application.gap_mark_store.list_marks() == []
    assert len(await console.application.conversations.list_turns()) == 1


async def test_before_anybody_asks_the_pages_say_so(console: ConsoleServer) -> None:
    async with console.sign_in() as visitor:
        assert "Nobody asked anything yet" in await read(visitor, "conversations")
        assert "No question fits all of that" in await read(visitor, search(q="zoo"))
        assert "No gaps in these days" in await read(visitor, GAPS)
        for path in ("conversations/" + "f" * 32, "conversations/x", "conversations/%00/teach", "gaps/ffff/teach"):
            assert (await visitor.get(path))[0] == 404, path


async def test_a_search_finds_by_each_of_its_fields_and_its_address_can_be_shared(console: ConsoleServer) -> None:
    talk = await fill_log(console.application)
    day = f"{datetime.now(UTC):%Y-%m-%d}"
    async with console.sign_in() as visitor:

        async def find(**fields: str) -> list[str]:
            return ids((await visitor.get(search(**fields)))[1])

        assert len(await find()) == 8
        assert await find(q="engrave") == [talk[4].id]
        assert talk[3].id in await find(q='"tickets to the zoo"')
        assert len(await find(q="zoo TICKETS")) == 3
        assert len(await find(person="slack:U07ANN")) == len(await find(person="U07ANN")) == 5
        assert len(await find(channel="C2")) == 3
        assert await find(vote="up") == await find(vote="down") == [talk[1].id]
        assert await find(decision="chitchat") == [talk[0].id]
        assert len(await find(**{"from": day, "to": day})) == 8
        assert await find(to="2020-01-01") == []
        assert await find(q="zoo", person="U07ANN", channel="C1") == [talk[3].id]
        status, _ = await visitor.get("conversations?q=zoo&person=&channel=&nonsense=1")
        async with visitor.http.get(f"{console.url}conversations?q=zoo&person=&nonsense=1") as answer:
            assert (status, answer.url.query_string) == (303, "q=zoo")
        text = (await visitor.get(search(q="zoo")))[1]
        assert "<mark>zoo</mark>" in text and 'value="zoo"' in text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("from", "yesterday"),
        ("to", "2026-02-30"),
        ("from", "0001-01-01"),
        ("to", "9999-12-31"),
        ("decision", "maybe"),
        ("vote", "'"),
        ("before", "x"),
        ("before", "2026-01-01~" + "f" * 32),
        ("before", "2026-01-01T00:00:00+00:00~zz"),
        ("before", "9999-12-31T23:59:59-23:59~"),
    ],
)
async def test_what_an_address_says_wrongly_is_named(console: ConsoleServer, field: str, value: str) -> None:
    async with console.sign_in() as visitor:
        status, text = await visitor.get(search(**{field: value}))
        assert status == 200 and 'role="alert"' in text and f"“{field}”" in text


async def test_long_lists_are_read_page_by_page(console: ConsoleServer) -> None:
    now = datetime.now(UTC)
    turns = [make_turn(question=f"number {n}", created_at=now - timedelta(seconds=n // 3)) for n in range(120)]
    for turn in turns:
        await console.application.conversations.add_turn(turn)
    async with console.sign_in() as visitor:
        found, path = [], "conversations"
        for _ in range(3):
            text = (await visitor.get(path))[1]
            found += ids(text)
            path = (
                unescape(text).partition('class="button" href="/console/')[2].partition('"')[0]
                if "Older" in text
                else ""
            )
        assert path == ""
    assert sorted(found) == sorted(turn.id for turn in turns)


async def test_a_conversation_is_shown_whole_with_why_each_turn_came_out_so(console: ConsoleServer) -> None:
    talk = await fill_log(console.application)
    async with console.sign_in() as visitor:
        text = await read(visitor, f"conversations/{talk[1].id}")
        for turn in talk:
            assert " ".join(turn.question.split()) in text
        assert "It does not say who pays for the parcel." in text
        assert "Not yet: ask the zoo itself, please." in text and "taken by Li" in text
        assert "It is small talk" in text
        first = talk[1]
        assert f"{100 * first.confidence:.1f}% reaches the {100 * first.threshold:.1f}% that an answer needs" in text
        assert "Counted most for it:" in text and "All that was weighed" in text
        assert first.passages[0].title in text
        unsure = next(turn for turn in talk if turn.decision in {Decision.ABSTAIN, Decision.SUGGEST})
        assert f"{100 * (unsure.threshold - unsure.confidence):.1f} percentage points" in text
        html = (await visitor.get(f"conversations/{talk[1].id[:8]}"))[1]
        [citation] = {each.url for each in first.citations[:1]}
        assert f'href="{citation}"' in html
        assert html.count("<details open>") == 1 and f'id="turn-{first.id}"' in html


async def test_a_long_conversation_is_shown_around_the_turn(console: ConsoleServer) -> None:
    now = datetime.now(UTC)
    turns = [make_turn(question=f"number {n}", created_at=now + timedelta(seconds=n)) for n in range(60)]
    for turn in turns:
        await console.application.conversations.add_turn(turn)
    async with console.sign_in() as visitor:
        text = (await visitor.get(f"conversations/{turns[30].id}"))[1]
        assert "number 10<" in text and "number 50<" in text and "number 9<" not in text and "number 51<" not in text
        assert f"conversations/{turns[10].id}" in text and f"conversations/{turns[50].id}" in text
        text = (await visitor.get(f"conversations/{turns[59].id}"))[1]
        assert "Earlier in this conversation" in text and "Later in this conversation" not in text


async def test_a_teammate_reads_nothing_of_limited_sources(console: ConsoleServer) -> None:
    secret = replace(PASSAGE, title="Partner prices", text="Seven euros.", audience=LIMITED)
    turn = make_turn(
        question="what do partners pay",
        standalone_question="Partner prices: what do partners pay",
        answer="Seven euros. [1]",
        passages=(secret, replace(PASSAGE, rank=2, passage_id="f" * 20, title="Prices for all", score=0.5)),
        language="en",
    )
    await console.application.conversations.add_turn(turn)
    async with console.sign_in(TEAMMATE) as visitor:
        for path in ("conversations", f"conversations/{turn.id}", f"conversations/{turn.id}/teach"):
            status, text = await visitor.get(path)
            assert status == 200 and "what do partners pay" in text, path
            assert "Seven euros" not in text and "Partner prices" not in text, path
        assert "Prices for all" in await read(visitor, f"conversations/{turn.id}")
        assert "1 more are not shown here" in await read(visitor, f"conversations/{turn.id}")
        assert ids((await visitor.get(search(q="seven")))[1]) == []
    async with console.sign_in() as visitor:
        assert "Seven euros" in await read(visitor, f"conversations/{turn.id}")
        assert ids((await visitor.get(search(q="seven")))[1]) == [turn.id]


async def test_nothing_of_anybody_s_is_markup(console: ConsoleServer) -> None:
    turn = await add_hostile_turn(console.application)
    await console.application.gap_mark_store.record_mark([turn.id], "x", assignee=HOSTILE)
    async with console.sign_in() as visitor:
        for path in (
            "conversations",
            search(q=HOSTILE, person=HOSTILE, channel=HOSTILE),
            search(q="script img", person=HOSTILE),
            search(before=HOSTILE),
            f"conversations/{turn.id}",
            f"conversations/{turn.id}/teach",
            f"conversations/{turn.id}/forget",
            GAPS,
            f"gaps/{turn.id}/teach",
        ):
            status, text = await visitor.get(path)
            assert status == 200, path
            for never in ("<script>alert", "<img", 'href="javascript', 'href="https://evil', "62615533"):
                assert never not in re.sub(r"[0-9a-f]{32}|\d\d:\d\d:\d\d", "", text), (path, never)
            assert "alert(" in text or path == "conversations", path


async def test_an_answer_is_taught_from_a_question(console: ConsoleServer) -> None:
    talk = await fill_log(console.application)
    async with console.sign_in(TEAMMATE) as visitor:
        status, form = await visitor.get(f"conversations/{talk[4].id}/teach", **{"HX-Request": "true"})
        assert status == 200 and "<html" not in form and 'action="/console/forms/teach"' in form
        question = unescape(form.partition('name="field.question" value="')[2].partition('"')[0])
        assert question == talk[4].standalone_question
        token = await visitor.read_form_token()
        fields = {"field.question": question, "field.answer": "Yes, for 12 euros.", "field.expires": "", "value": "new"}
        _, text = await visitor.post("forms/teach", token, **fields)
        assert "Taught answer, in use" in text
        form = (await visitor.get(f"conversations/{talk[1].id}/teach"))[1]
        assert "[1]" not in form.partition("<textarea")[2].partition("</textarea>")[0]
    [again] = await ask_shop(console.application, "again", "U5", question)
    assert (again.decision, again.citations[0].author) == (Decision.ANSWER, "Tom")


async def test_a_person_is_forgotten_after_being_asked(console: ConsoleServer) -> None:
    talk = await fill_log(console.application)
    async with console.sign_in() as visitor:
        asked = await read(visitor, f"conversations/{talk[1].id}/forget")
        assert "All that U07ANN of slack asked here is deleted" in asked
        assert len(await console.application.conversations.list_turns()) == 8
        token = await visitor.read_form_token()
        _, text = await visitor.post("commands/forget", token, user="U07ANN", platform="slack")
        assert "Forgotten" in text and "5 in turns" in text
        assert (await visitor.get(f"conversations/{talk[1].id}"))[0] == 404
        assert ids((await visitor.get(search(person="U07ANN")))[1]) == []
    unknown = make_turn(user="")
    await console.application.conversations.add_turn(unknown)
    async with console.sign_in() as visitor:
        assert (await visitor.get(f"conversations/{unknown.id}/forget"))[0] == 404
        assert "Forget this person" not in await read(visitor, f"conversations/{unknown.id}")


async def test_gaps_are_shown_with_their_people_reasons_and_drafts(console: ConsoleServer) -> None:
    talk = await fill_log(console.application)
    async with console.sign_in() as visitor:
        page = (await visitor.get("gaps"))[1]
        assert 'hx-get="/console/gaps/report?days=7"' in page and "zoo" not in page
        status, part = await visitor.get(GAPS, **{"HX-Request": "true"})
        assert status == 200 and "<html" not in part
        text = strip(part)
        assert "3 people · " in text and "zoo" in text and "handed over" in text
        assert "Draft by Qwen3-4B-Instruct-2507, seen by nobody yet Can you engrave a kettle?" in text
        assert f"/console/conversations/{talk[3].id}#" in part
        form = (await visitor.get(f"gaps/{talk[4].id}/teach"))[1]
        assert "Can you engrave a kettle?" in form and "for 12 euros [1]" in form
        token = await visitor.read_form_token()
        _, table = await visitor.post("files/gaps", token, days="7")
        assert table.startswith("\ufeff") and "zoo" in table
        assert (await visitor.get("gaps/report?days=x"))[0] == 200


async def test_a_gap_is_assigned_put_aside_and_brought_back(console: ConsoleServer) -> None:
    await fill_log(console.application)
    async with console.sign_in() as visitor:

        async def find_gap() -> tuple[str, str]:
            """What names the one about the zoo, and the page."""
            text = (await visitor.get(GAPS))[1]
            of_zoo = next(each for each in text.split("<article") if "zoo" in each)
            return of_zoo.partition('name="gap" value="')[2].partition('"')[0], text

        token = await visitor.read_form_token()
        gap, _ = await find_gap()
        assert gap.count(",") == 2  # by a question of each of three people
        _, text = await visitor.post("commands/gaps assign", token, gap=gap, person="Bob")
        assert "Assigned to Bob." in text
        gap, text = await find_gap()
        assert "for Bob" in strip(text)
        _, text = await visitor.post("commands/gaps dismiss", token, {"HX-Request": "true"}, gap=gap)
        assert "shown no more" in text and 'action="/console/buttons/gap_restore"' in text
        await ask_shop(console.application, "later", "U77", "do you have tickets for the zoo")
        _, text = await find_gap()
        assert "None of ours: 1" in strip(text) and "zoo" not in text.partition('class="dismissed"')[0]
        [mark] = await console.application.gap_mark_store.list_marks()
        _, text = await visitor.post("buttons/gap_restore", token, value=mark.id)
        assert "again. It is Bob&#39;s." in text
        _, text = await find_gap()
        assert "None of ours" not in text.partition("</article>")[2].rpartition("</article>")[2]
    acts = [each.action for each in await console.application.audit_log.list(3)]
    assert acts == ["gap_restore", "gaps dismiss", "gaps assign"]
