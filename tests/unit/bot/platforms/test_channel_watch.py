"""What is noted of a support channel that is looked at again and again."""

from __future__ import annotations

import pytest

from bot.platforms.channel_watch import SupportChannelWatch


@pytest.mark.parametrize(
    ("looks", "noted"),
    [
        (["archived", ""], ["archived", ""]),
        (["archived", "archived", "", ""], ["archived", "archived", ""]),
        (["", ""], []),  # what was refused for another reason stands until something is posted
        (["", "not in it"], ["not in it"]),
    ],
)
async def test_it_is_well_again_once_a_fault_that_was_seen_is_gone(looks: list[str], noted: list[str]) -> None:
    told: list[str] = []
    answers = iter(looks)

    async def find_faults() -> dict[str, str]:
        fault = next(answers)
        return {"CADMIN": "public"} | ({"CHELP": fault} if fault else {})

    watch = SupportChannelWatch("CHELP", find_faults, told.append)
    for _ in looks:
        await watch.look()
    assert told == noted
