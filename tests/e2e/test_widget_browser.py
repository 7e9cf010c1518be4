"""The widget on the example shop, in a real browser: asked, voted on, handed to people, on a phone, in the dark."""

from __future__ import annotations

import json
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Page, expect

from examples.serve import Site, serving
from tests.support.bots import Bot, Knowledge
from tests.support.console import opening_browser
from tests.support.slack import SlackStandIn

pytestmark = pytest.mark.slow

SECONDS = 60_000.0
TEAMMATE, SUPPORT = "U0TEAM", "C0SUPPORT"
RETURNS = "How long do I have to return something?"
HOSTILE = '<img src=x onerror="window.hacked=1"><script>window.hacked=1</script> [x](javascript:window.hacked=1)'


@pytest.fixture
async def slack() -> AsyncIterator[SlackStandIn]:
    async with SlackStandIn() as slack:
        slack.add_user(TEAMMATE, "mei")
        slack.add_channel(SUPPORT, [TEAMMATE], "private")
        yield slack


@pytest.fixture
async def shown(slack: SlackStandIn, shop: Knowledge, tmp_path: Path) -> AsyncIterator[Site]:
    """The shop, with the widget on its pages."""
    with serving() as site:
        settings = {"FRONTDESK_WIDGET_ORIGINS": site.url, "FRONTDESK_SLACK_SUPPORT_CHANNEL": SUPPORT}
        async with Bot(slack, shop, tmp_path, **settings) as bot:
            site.widget = f"http://127.0.0.1:{bot.port}/widget/frontdesk.js"
            yield site


def keep_faults(page: Page) -> list[str]:
    """What the browser complains of, and requests to anybody else."""
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.on("request", lambda asked: faults.append(asked.url) if "//127.0.0.1:" not in asked.url else None)
    return faults


async def open_widget(page: Page, url: str) -> None:
    await page.goto(url)
    await page.get_by_role("button", name="Ask us").click()


async def ask(page: Page, text: str) -> None:
    await page.get_by_label("Write your question").fill(text)
    await page.keyboard.press("Enter")


async def keep_picture(page: Page, name: str) -> None:
    if folder := os.environ.get("FRONTDESK_TEST_SCREENSHOTS"):
        await page.wait_for_timeout(400)
        await page.screenshot(path=Path(folder) / f"widget-{name}.png")


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (1280, "dark"), (390, "light")])
async def test_an_answer_is_well_read_voted_on_and_still_there(shown: Site, width: int, scheme: str) -> None:
    async with opening_browser(color_scheme=scheme, viewport={"width": width, "height": 820}) as (_, context):
        page = await context.new_page()
        faults = keep_faults(page)
        await open_widget(page, f"{shown.url}/")
        await keep_picture(page, f"{scheme}-{width}-empty")
        await ask(page, RETURNS)
        await expect(page.locator(".log .answer")).to_contain_text("30 days", timeout=SECONDS)
        source = page.locator(".log .sources a").first
        await expect(source).to_have_attribute("href", re.compile("/help/returns.html"))
        await page.get_by_role("button", name="Helpful", exact=True).click()
        voted = page.get_by_role("button", name="Helpful", exact=True, pressed=True)
        await expect(voted).to_be_visible(timeout=SECONDS)
        await keep_picture(page, f"{scheme}-{width}-answer")
        found = await Axe().run(page)
        serious = [each for each in found.response["violations"] if each["impact"] in {"serious", "critical"}]
        ours = [each for each in serious if any(isinstance(node["target"][0], list) for node in each["nodes"])]
        assert ours == [], json.dumps(ours)[:2000]
        panel = await page.get_by_role("dialog", name="How can we help?").bounding_box()
        assert panel and panel["width"] == (width if width < 500 else 392)
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        await page.goto(f"{shown.url}/help/returns.html")  # another page of the visit
        await expect(page.locator(".log .question")).to_have_text(RETURNS, timeout=SECONDS)
        await expect(page.locator(".log .answer")).to_have_count(1)
        await expect(voted).to_be_visible()
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog", name="How can we help?")).to_be_hidden()
        await expect(page.get_by_role("button", name="Ask us")).to_be_focused()
        assert faults == []


async def test_a_suggestion_is_confirmed_by_its_button(shown: Site) -> None:
    async with opening_browser() as (_, context):
        page = await context.new_page()
        await open_widget(page, f"{shown.url}/")
        await ask(page, "Do you have support for PayPal?")
        button = page.get_by_role("button", name="That's it")
        await expect(button).to_be_visible(timeout=SECONDS)
        await keep_picture(page, "suggestion")
        await button.click()
        await expect(page.locator(".log .item").last).to_contain_text("glad that helped", timeout=SECONDS)
        await expect(button).to_have_count(0)


async def test_people_answer_and_read_along(shown: Site, slack: SlackStandIn) -> None:
    async with opening_browser() as (_, context):
        page = await context.new_page()
        await open_widget(page, f"{shown.url}/")
        await ask(page, "Do you sell live penguins?")
        await page.get_by_role("button", name="Ask a human").click(timeout=SECONDS)
        await expect(page.get_by_text("told our team")).to_be_visible(timeout=SECONDS)

        def find_packet() -> object:
            there = slack.bot_messages(SUPPORT, None)
            return next((each for each in there if "asked for a person" in each.shown), None)

        packet = await slack.wait_for(find_packet, 60, "the packet")
        await slack.say(SUPPORT, TEAMMATE, f"Only plush ones. {HOSTILE}", packet.ts)
        await expect(page.locator(".team").last).to_contain_text("Only plush ones", timeout=SECONDS)
        await ask(page, "The blue one, please")

        def is_relayed() -> bool:
            return any("The blue one, please" in each.shown for each in slack.bot_messages(SUPPORT, packet.ts))

        await slack.wait_for(is_relayed, 60, "the visitor's words")
        await keep_picture(page, "handoff")
        assert await page.evaluate("window.hacked") is None


async def test_markup_in_a_question_is_text_and_a_strict_policy_is_kept(shop: Knowledge, tmp_path: Path) -> None:
    strict = tmp_path / "site" / "index.html"
    strict.parent.mkdir()
    strict.touch()
    with serving(folder=strict.parent) as site:
        origins = {"FRONTDESK_WIDGET_ORIGINS": site.url}
        async with (
            Bot(None, shop, tmp_path, **origins) as bot,
            opening_browser() as (_, context),
        ):
            server = f"http://127.0.0.1:{bot.port}"
            policy = f"default-src 'none'; script-src {server}; connect-src {server}"
            head = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
            strict.write_text(f'<!doctype html><html lang="en"><head>{head}</head><body></body></html>')
            site.widget = f"{server}/widget/frontdesk.js"
            page = await context.new_page()
            faults = keep_faults(page)
            await open_widget(page, f"{site.url}/")
            await ask(page, HOSTILE)
            await expect(page.locator(".log .question")).to_have_text(HOSTILE)
            await expect(page.locator(".log .question + .item")).to_be_visible(timeout=SECONDS)
            await page.reload()
            await expect(page.locator(".log .question")).to_contain_text("<img src=x", timeout=SECONDS)
            assert await page.locator(".log img, .log script, .log a[href^=javascript]").count() == 0
            assert await page.evaluate("window.hacked") is None
            radius = await page.locator(".launcher").evaluate("each => getComputedStyle(each).borderRadius")
            assert radius == "50%"
            assert [each for each in faults if "favicon" not in each and "404" not in each] == []


async def test_it_speaks_the_language_of_the_page_and_forgets_on_demand(shown: Site) -> None:
    async with opening_browser() as (_, context):
        page = await context.new_page()
        await page.goto(f"{shown.url}/zh/help/returns.html")
        await page.get_by_role("button", name="咨询").click()
        await page.get_by_label("输入您的问题").fill("如何退货？")
        await page.keyboard.press("Enter")
        await expect(page.locator(".log .answer .sources")).to_be_visible(timeout=SECONDS)
        await keep_picture(page, "zh")
        page.on("dialog", lambda dialog: dialog.accept())
        await page.get_by_role("button", name="更多").click()
        await keep_picture(page, "menu")
        await page.get_by_role("button", name="删除此对话").click()
        await expect(page.get_by_text("已删除")).to_be_visible(timeout=SECONDS)
        await expect(page.locator(".log .item")).to_have_count(0)
        await page.reload()
        await expect(page.get_by_label("输入您的问题")).to_be_focused()
        await expect(page.locator(".log .item")).to_have_count(0)


async def test_a_site_that_is_not_allowed_gets_no_answer(shown: Site) -> None:
    with serving() as other:
        other.widget = shown.widget
        async with opening_browser() as (_, context):
            page = await context.new_page()
            await open_widget(page, f"{other.url}/")
            await ask(page, RETURNS)
            await expect(page.get_by_role("status")).to_contain_text("No connection", timeout=SECONDS)
            await expect(page.locator(".log .answer")).to_have_count(0)
