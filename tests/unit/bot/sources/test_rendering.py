"""Having a source read in a browser: as a command, as a button of the report, and what it is told of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.app.commands import COMMANDS
from bot.chat.people import Actor
from bot.commands.parser import read_line
from bot.sources.cards import run_card, status_card
from bot.sources.health import SourceTrouble
from bot.sources.location import describe_source, scope_of
from bot.sources.models import RefreshRun, Schedule
from bot.sources.status import SourceStatus, Status
from retrieval.documents import Source, SourceKind
from retrieval.errors import SourceError
from tests.support.steering import ADMIN, HERE, MATE, SHOP, FakeScreen, Office
from tests.support.turns import NOON


async def run(office: Office, line: str, actor: Actor = ADMIN) -> Any:
    return await office.console.run(actor, HERE, read_line(line, COMMANDS), FakeScreen())


REASON = "it shows no text. 'frontdesk sources render shop'"


async def test_an_admin_switches_it_on_and_off(office: Office) -> None:
    await office.source_store.add(SHOP)
    assert "in a browser from the next re-crawl on" in (await run(office, "sources render shop")).text
    assert (await office.source_store.get("shop")).render
    assert "as they are served" in (await run(office, "sources render shop --off")).text
    assert not (await office.source_store.get("shop")).render
    assert (await run(office, "sources render shop", MATE)).fault
    assert (await run(office, "sources render nosuch", ADMIN)).fault


async def test_a_folder_has_no_scripts_to_run(office: Office) -> None:
    await office.source_store.add(Source("guides", SourceKind.FOLDER, "/srv/guides"))
    told = (await run(office, "sources render guides")).text
    assert "--render is for websites" in told and "saved from a browser" in told  # no flag was given: none to leave out
    assert not (await office.source_store.get("guides")).render


def test_a_report_of_a_shell_asks_the_admin_by_a_button() -> None:
    line = {"source": "shop", "url": "https://shop.test/", "reason": REASON}
    card = run_card(RefreshRun("r", NOON, NOON, "unchanged", report={"sources": ["shop"], "scripted": [line, line]}))
    assert [(button.action, button.value) for button in card.buttons] == [("render", "shop")]
    assert "'/faq sources render shop'" in card.lines[0].note


def test_the_status_tells_that_a_source_needs_a_browser() -> None:
    trouble = SourceTrouble(("shop",), REASON, NOON, needs_browser=True)
    each = SourceStatus(SHOP, Schedule("shop"), 0, 0, trouble)
    card = status_card(Status("v1", NOON, 1, 1, (each,), None, None, ()))
    assert card.table is not None
    assert card.table.rows[0][-1] == "⚠ needs a browser"
    assert "'/faq sources render shop'" in card.footnote


def test_only_what_is_on_the_web_can_be_rendered(tmp_path: object) -> None:
    source = describe_source("https://shop.test/help/", render=True)
    assert source.render
    assert scope_of(source) == "/help/…, in a browser"
    assert "browser" not in scope_of(replace(source, render=False))
    with pytest.raises(SourceError, match="--render is for websites"):
        describe_source(str(tmp_path), render=True)
