"""Conversations and gaps in a real browser: with and without scripts, light and dark, on a phone."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from tests.support.bots import Knowledge
from tests.support.console import ConsoleServer, opening_browser, serving_console
from tests.support.conversations import HOSTILE, add_hostile_turn, fill_log

pytestmark = pytest.mark.slow

MILLISECONDS = 60_000.0


@pytest.fixture
async def console(shop: Knowledge, tmp_path: Path) -> AsyncIterator[ConsoleServer]:
    async with serving_console(shop, tmp_path) as server:
        yield server


def keep_faults(page: Page) -> list[str]:
    """What the browser complains of, and what asks or is asked for that no page of ours does."""
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type in {"error", "warning"} else None)
    page.on("request", lambda request: faults.append(request.url) if "127.0.0.1" not in request.url else None)
    return faults


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
async def test_the_pages_are_well_read(console: ConsoleServer, scheme: str, width: int) -> None:
    talk = await fill_log(console.application)
    await console.application.gap_mark_store.record_mark([talk[4].id], "x", assignee="Bob")
    async with opening_browser(color_scheme=scheme, viewport={"width": width, "height": 900}) as (_, context):
        page = await context.new_page()
        faults = keep_faults(page)
        await page.goto(await console.make_link())
        for name, path in {
            "search": "conversations",
            "found": "conversations?q=zoo+tickets&decision=abstain",
            "nothing": "conversations?q=zebra",
            "wrong": "conversations?from=x",
            "conversation": f"conversations/{talk[1].id}",
            "unsure": f"conversations/{talk[3].id}",
            "teach": f"conversations/{talk[4].id}/teach",
            "forget": f"conversations/{talk[1].id}/forget",
            "gaps": "gaps",
        }.items():
            await page.goto(console.url + path)
            if name == "gaps":
                await expect(page.locator(".gap").first).to_be_visible(timeout=MILLISECONDS)
            if name in {"conversation", "unsure"}:
                for summary in await page.locator("article.chosen details details summary").all():
                    await summary.click()
            found = await Axe().run(page)
            serious = [each for each in found.response["violations"] if each["impact"] in {"serious", "critical"}]
            assert serious == [], (path, json.dumps(serious)[:2000])
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{path} is {wide} wide"
            if folder := os.environ.get("FRONTDESK_TEST_SCREENSHOTS"):
                await page.screenshot(path=Path(folder) / f"{scheme}-{width}-{name}.png", full_page=True)
        assert faults == []


async def test_an_answer_is_taught_in_place_and_counts_for_the_next(console: ConsoleServer) -> None:
    talk = await fill_log(console.application)
    async with opening_browser() as (_, context):
        page = await context.new_page()
        await page.goto(await console.make_link())
        await page.goto(f"{console.url}conversations/{talk[4].id}")
        turn = page.locator(f"#turn-{talk[4].id}")
        await turn.get_by_role("link", name="Teach an answer").click()
        form = turn.locator("form.fields")
        await expect(form.locator("[name='field.question']")).to_have_value(talk[4].standalone_question)
        await form.locator("[name='field.answer']").fill("Yes, for **12 euros**.")
        await form.get_by_role("button", name="Save").click()
        await expect(turn.get_by_role("heading", name="Taught answer, in use")).to_be_visible(timeout=MILLISECONDS)
        assert page.url.endswith(talk[4].id)


async def test_a_search_is_typed_and_its_conversation_opened(console: ConsoleServer) -> None:
    talk = await fill_log(console.application)
    async with opening_browser() as (_, context):
        page = await context.new_page()
        await page.goto(await console.make_link())
        await page.get_by_role("link", name="Conversations").click()
        await page.get_by_label("Words of the question or the answer").fill("zoo")
        await page.get_by_role("textbox", name="Person").fill("slack:U07ANN")
        await page.keyboard.press("Enter")
        await page.wait_for_url("**/conversations?q=zoo&person=slack%3AU07ANN")
        await expect(page.locator("mark").first).to_have_text("zoo")
        await page.get_by_role("link", name="Do you sell tickets to the zoo?").click()
        await expect(page.locator(f"#turn-{talk[3].id} details").first).to_have_attribute("open", "")
        await expect(page.locator(f"#turn-{talk[3].id}").get_by_text("What would change it")).to_be_visible()
        await page.get_by_role("link", name="U07ANN").first.click()
        await expect(page.locator(".found li")).to_have_count(5)


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_gap_is_put_aside_and_brought_back_with_and_without_scripts(
    console: ConsoleServer, scripts: bool
) -> None:
    await fill_log(console.application)
    async with opening_browser(java_script_enabled=scripts) as (_, context):
        page = await context.new_page()
        await page.goto(await console.make_link())

        async def open_gaps() -> None:
            await page.goto(f"{console.url}gaps")
            if not scripts:
                await page.get_by_role("link", name="Show the gaps").click()
            await expect(page.locator(".gaps")).to_be_visible(timeout=MILLISECONDS)

        await open_gaps()
        zoo = page.locator(".gap").filter(has_text="zoo")
        await zoo.get_by_label("Whose it is").fill("Bob")
        await zoo.get_by_role("button", name="Assign").click()
        await expect(page.get_by_text("Assigned to Bob.")).to_be_visible()
        await open_gaps()
        await expect(zoo.get_by_text("for Bob")).to_be_visible()
        await zoo.get_by_role("button", name="None of ours").click()
        await expect(page.get_by_text("Marked as none of ours")).to_be_visible()
        await page.get_by_role("button", name="Show it again").click()
        await expect(page.get_by_text("It is shown among the gaps again. It is Bob's.")).to_be_visible()
        await open_gaps()
        await zoo.get_by_role("button", name="None of ours").click()
        await expect(page.get_by_text("Marked as none of ours")).to_be_visible()
        await open_gaps()
        await expect(page.get_by_role("heading", name="zoo")).not_to_be_visible()
        await page.get_by_text("None of ours: 1").click()
        await page.locator(".dismissed").get_by_role("button", name="Show it again").click()
        await expect(page.get_by_text("It is shown among the gaps again. It is Bob's.")).to_be_visible()
        await open_gaps()
        await expect(zoo.get_by_role("button", name="None of ours")).to_be_visible()


async def test_a_person_is_forgotten_by_a_second_press(console: ConsoleServer) -> None:
    talk = await fill_log(console.application)
    async with opening_browser(java_script_enabled=False) as (_, context):
        page = await context.new_page()
        await page.goto(await console.make_link())
        await page.goto(f"{console.url}conversations/{talk[1].id}")
        await page.locator(f"#turn-{talk[1].id}").get_by_role("link", name="Forget this person").click()
        await page.get_by_role("button", name="Delete it all").click()
        await expect(page.get_by_role("heading", name="Forgotten").last).to_be_visible(timeout=MILLISECONDS)
    assert {turn.user for turn in await console.application.conversations.list_turns()} == {"U08BOB", "U09EVE"}


async def test_hostile_texts_do_nothing_in_a_browser(console: ConsoleServer) -> None:
    turn = await add_hostile_turn(console.application)
    async with opening_browser() as (_, context):
        page = await context.new_page()
        faults, asked = keep_faults(page), list[str]()
        page.on("dialog", lambda dialog: asked.append(dialog.message))
        await page.goto(await console.make_link())
        for path in ("conversations", f"conversations/{turn.id}", f"conversations/{turn.id}/forget", "gaps"):
            await page.goto(console.url + path)
            await expect(page.get_by_text(HOSTILE).first).to_be_visible(timeout=MILLISECONDS)
        await page.goto(f"{console.url}conversations/{turn.id}")
        for summary in await page.locator("details summary").all():
            await summary.click(force=True)
        assert (faults, asked) == ([], [])
