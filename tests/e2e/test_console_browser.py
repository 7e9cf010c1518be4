"""The console in a real browser: with and without scripts, light and dark, on a phone, by keyboard."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from bot.chat.conversation import Decision
from examples.serve import serving
from tests.support.bots import Knowledge, crawled
from tests.support.console import ConsoleServer, opening_browser, serving_console
from tests.support.site import Site
from tests.support.turns import make_turn

pytestmark = pytest.mark.slow

SECONDS = 60_000.0
OTHERS = ("Do you ship?", "Yes, by post.", "What does it cost?", "Nothing at all.")
PAGES = (
    *("", "?days=90&by=week", "people", "health", "health/checks"),
    *("try", "evaluation"),
    *("commands", "commands/recrawl", "commands/admins add"),
    *(f"knowledge{name}" for name in ("", "/taught", "/glossary", "/learned", "/contradictions", "/stale")),
)


@pytest.fixture
async def console(shop: Knowledge, tmp_path: Path) -> AsyncIterator[ConsoleServer]:
    async with serving_console(shop, tmp_path) as server:
        now = datetime.now(UTC)
        for number in range(60):
            decision = (Decision.ANSWER, Decision.ANSWER, Decision.SUGGEST, Decision.ABSTAIN)[number % 4]
            made_at = now - timedelta(days=number % 9, minutes=number)
            waited = {"total": 900.0 + number}
            turn = make_turn(timings_ms=waited, conversation_id=f"c{number}", decision=decision, created_at=made_at)
            await server.application.conversations.add_turn(turn)
        yield server


def keep_faults(page: Page) -> list[str]:
    """What the browser complains of: a script's error, a file that the policy keeps out."""
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type in {"error", "warning"} else None)
    return faults


def make_page(*texts: str) -> str:
    """Questions, each with its answer behind it."""
    pairs = zip(texts[::2], texts[1::2], strict=True)
    return "<h1>FAQ</h1><dl>" + "".join(f"<dt>{question}</dt><dd>{answer}</dd>" for question, answer in pairs) + "</dl>"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
async def test_every_page_is_well_read(console: ConsoleServer, scheme: str, width: int) -> None:
    viewport = {"width": width, "height": 900}
    async with opening_browser(color_scheme=scheme, viewport=viewport) as (_, context):
        page = await context.new_page()
        faults = keep_faults(page)
        await page.goto(await console.make_link())
        for path in PAGES:
            await page.goto(console.url + path)
            found = await Axe().run(page)
            serious = [each for each in found.response["violations"] if each["impact"] in {"serious", "critical"}]
            assert serious == [], (path, json.dumps(serious)[:2000])
            wide = await page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{path} is {wide} wide"
            if folder := os.environ.get("FRONTDESK_TEST_SCREENSHOTS"):
                name = f"{scheme}-{width}-{path.replace('/', '_') or 'overview'}.png"
                await page.screenshot(path=Path(folder) / name, full_page=True)
        assert faults == []


async def test_the_overview_draws_its_numbers(console: ConsoleServer) -> None:
    async with opening_browser() as (_, context):
        page = await context.new_page()
        await page.goto(await console.make_link())
        await expect(page.locator("[data-chart=stack] canvas")).to_be_visible()
        await page.get_by_text("As a table").click()
        row = page.locator("details tbody tr").last
        await expect(row.locator("td").first).to_be_visible()
        await page.get_by_role("link", name="platform").click()
        await expect(page.get_by_role("cell", name="terminal")).to_be_visible()


async def test_a_recrawl_is_started_from_a_page_and_seen_to_its_end(tmp_path: Path) -> None:
    with serving() as site:
        shop = crawled(tmp_path / "data", f"{site.url}/")
        settings = {"crawl_allow": "127.0.0.0/8", "crawl_delay": 0}
        async with serving_console(shop, tmp_path, **settings) as console, opening_browser() as (_, context):
            page = await context.new_page()
            await page.goto(await console.make_link())
            await page.goto(f"{console.url}commands/recrawl")
            await page.get_by_role("button", name="Run").click()
            await expect(page.get_by_role("heading", name="Re-crawl done")).to_be_visible(timeout=SECONDS)
            await expect(page.locator("#outcome [data-answer]")).not_to_have_attribute("hx-trigger", "every 1s")


async def test_what_comes_of_a_changed_site_is_seen_and_taken_back(tmp_path: Path) -> None:
    with Site() as site:
        site.html("/", make_page("How do I return goods?", "Within 30 days.", *OTHERS[:2]))
        known = crawled(tmp_path / "data", site.url("/"))
        settings = {"crawl_allow": "127.0.0.0/8", "crawl_delay": 0}
        async with serving_console(known, tmp_path, **settings) as console, opening_browser() as (_, context):
            page = await context.new_page()
            await page.goto(await console.make_link())
            await page.goto(f"{console.url}knowledge")
            before = console.application.describe_knowledge().version
            site.html("/", make_page("How do I return goods?", "Within 45 days.", *OTHERS))
            await page.get_by_role("button", name="Read all again").click()
            await expect(page.get_by_text("1 added, 1 changed")).to_be_visible(timeout=SECONDS)
            await page.get_by_role("link", name="127").first.click()
            await page.get_by_role("link", name=site.url("/")).last.click()
            await expect(page.get_by_text("Within 45 days.")).to_be_visible()
            await page.goto(f"{console.url}knowledge")
            page.on("dialog", lambda dialog: dialog.accept())
            await page.get_by_role("button", name="Roll back").click()
            await expect(page.get_by_text(f"Version {before} answers now")).to_be_visible(timeout=SECONDS)
            assert console.application.describe_knowledge().version == before


async def test_a_taught_answer_is_given_at_once(console: ConsoleServer) -> None:
    async with opening_browser() as (_, context):
        page = await context.new_page()
        await page.goto(await console.make_link())
        await page.goto(f"{console.url}knowledge/taught")
        await page.get_by_role("button", name="Teach an answer").click()
        fields = page.locator("form.fields")
        await fields.locator("[name='field.question']").fill("Do you repair cracked teapots?")
        await fields.locator("[name='field.answer']").fill("Yes, for **20 euros**, in the workshop.")
        await fields.get_by_role("button").click()
        await expect(page.locator("#outcome").get_by_text("20 euros")).to_be_visible()
        found = await console.application.retriever.retrieve("Do you repair cracked teapots?")
        assert found.passages[0].passage.document.author == "Ann"


async def test_it_works_without_scripts_and_by_keyboard(console: ConsoleServer) -> None:
    async with opening_browser(java_script_enabled=False) as (_, context):
        page = await context.new_page()
        await page.goto(await console.make_link())
        await page.keyboard.press("Tab")
        await expect(page.get_by_text("To the content")).to_be_focused()
        await page.goto(f"{console.url}commands/admins add")
        await page.locator("input[name=user]").fill("U07KEY")
        await page.locator("input[name=platform]").fill("slack")
        await page.locator("input[name=workspace]").fill("T1")
        await page.keyboard.press("Enter")
        await expect(page.get_by_text("U07KEY may steer me now.")).to_be_visible()


async def test_the_other_language_is_a_press_away(console: ConsoleServer) -> None:
    async with opening_browser() as (_, context):
        page = await context.new_page()
        await page.goto(await console.make_link())
        await page.goto(f"{console.url}people")
        await page.get_by_role("button", name="中文").click()
        await expect(page.get_by_role("heading", name="人员")).to_be_visible()
        await page.get_by_role("button", name="退出登录").click()
        await expect(page.get_by_role("heading", name="登录")).to_be_visible()
