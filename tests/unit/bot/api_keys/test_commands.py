"""Keys of the HTTP API, as admins steer them."""

from __future__ import annotations

from typing import Any

import pytest

from bot.api_keys.service import NewKey
from bot.app.commands import COMMANDS
from bot.chat.card import Card
from bot.chat.people import Actor
from bot.commands.parser import read_line
from tests.support.steering import ADMIN, HERE, MATE, FakeScreen, Office


async def run(office: Office, line: str, actor: Actor = ADMIN) -> Any:
    return await office.console.run(actor, HERE, read_line(line, COMMANDS), FakeScreen())


async def test_a_key_is_shown_once_and_then_by_its_public_part_alone(office: Office) -> None:
    assert "None yet" in (await run(office, "keys")).text
    made = await run(office, "keys add helpdesk --scope ask,search --days 30")
    assert isinstance(made, Card) and isinstance(made.data, NewKey)
    token = made.facts["Key"]
    found = await office.api_keys.find_key(token)
    assert found and found.name == "helpdesk" and sorted(found.scopes) == ["ask", "search"]
    listed = await run(office, "keys list")
    assert listed.table.rows[0][:3] == ("helpdesk", f"fdk_{found.id}_…", "ask search")
    assert token[-43:] not in str(listed) and "in 29 d" in listed.table.rows[0][5]


async def test_a_removed_key_opens_nothing(office: Office) -> None:
    token = (await run(office, "keys add helpdesk --scope ask")).facts["Key"]
    assert "opens nothing" in (await run(office, "keys remove helpdesk")).text
    assert await office.api_keys.find_key(token) is None
    assert (await run(office, "keys remove helpdesk")).fault


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("keys add helpdesk", "without a scope"),
        ("keys add helpdesk --scope fly", "'fly' is no scope"),
        ("keys add helpdesk --scope ask --days 0", "no number of days"),
        ("keys add helpdesk --scope ask --days 367", "no number of days"),
        ("keys add HELP --scope ask", "is no name of a key"),
    ],
)
async def test_what_makes_no_key_says_why_not(office: Office, line: str, why: str) -> None:
    answer = await run(office, line)
    assert answer.fault and why in answer.text
    assert not await office.api_keys.list_keys()


async def test_keys_are_for_admins_and_the_record_holds_their_names_and_nothing_of_them(office: Office) -> None:
    assert (await run(office, "keys add helpdesk --scope ask", MATE)).fault
    token = (await run(office, "keys add helpdesk --scope ask")).facts["Key"]
    recorded = await office.recorded()
    assert [(action, target, outcome) for _, action, target, outcome in recorded] == [
        ("keys add", "", "refused"),
        ("keys add", "helpdesk ask", "done"),
    ]
    assert token not in str(recorded)
