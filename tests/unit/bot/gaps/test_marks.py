"""What an admin says of a gap holds for whatever is asked later and means the same."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.chat.card import Card
from bot.chat.conversation import Decision
from bot.commands.parser import Call, read_line
from bot.features import COMMANDS
from bot.gaps.service import GapReport, to_csv
from tests.support.steering import ADMIN, HERE, FakeScreen, Office
from tests.support.turns import make_turn

NOW = datetime.now(UTC)
TICKETS = ["Do you sell tickets to the zoo?", "can I buy zoo tickets from you", "Where do I get tickets for the zoo?"]
WARRANTY = "How long is the warranty on your lamps?"


async def ask(office: Office, *questions: str, days_ago: float = 1, user: str = "u") -> list[str]:
    """-> the ids of these questions, for which nothing was found."""
    ids = []
    for number, question in enumerate(questions):
        turn = make_turn(
            question=question,
            standalone_question=question,
            language="en",
            decision=Decision.ABSTAIN,
            platform="slack",
            user=f"{user}{number}",
            conversation_id=f"c-{question}-{days_ago}",
            created_at=NOW - timedelta(days=days_ago, seconds=-number),
        )
        await office.conversations.add_turn(turn)
        ids.append(turn.id)
    return ids


async def call(office: Office, line: str) -> Any:
    return await office.console.run(ADMIN, HERE, read_line(line, COMMANDS), FakeScreen())


def titles(report: GapReport, *, dismissed: bool = False) -> Sequence[str]:
    return sorted(gap.title for gap in (report.dismissed if dismissed else report.gaps))


async def test_a_gap_that_is_none_of_ours_is_shown_no_more_and_can_be_brought_back(office: Office) -> None:
    await ask(office, *TICKETS)
    await ask(office, WARRANTY)
    before = await office.gaps.report()
    assert len(before.gaps) == 2 and before.questions == 4
    gap = next(each for each in before.gaps if "zoo" in each.title)
    card = await call(office, f"gaps dismiss {gap.id[:8]}")
    after = await office.gaps.report()
    assert (titles(after), after.questions) == ([WARRANTY], 1)
    assert titles(after, dismissed=True) == [gap.title]
    assert "zoo" not in to_csv(after) and "zoo" not in str(await call(office, "gaps"))
    assert "zoo" in str(await call(office, "gaps --dismissed"))
    [button] = card.buttons
    shown = await office.console.click(ADMIN, HERE, button.action, button.value, FakeScreen())
    assert isinstance(shown, Card) and "again" in shown.text
    assert titles(await office.gaps.report()) == titles(before)


async def test_it_stays_away_when_it_is_asked_again_in_other_words_in_a_later_week(office: Office) -> None:
    await ask(office, TICKETS[0], days_ago=20)
    old = await office.gaps.report(now=NOW - timedelta(days=19))
    await call(office, f"gaps dismiss {old.gaps[0].id}")
    await ask(office, *TICKETS[1:], WARRANTY, user="other")
    report = await office.gaps.report()
    assert titles(report) == [WARRANTY]
    [gap] = report.dismissed
    assert {each.question for each in gap.questions} == set(TICKETS[1:])
    assert gap.mark and gap.id == gap.mark.id
    await call(office, f"gaps restore {gap.id[:8]}")
    assert len((await office.gaps.report()).gaps) == 2


async def test_it_stays_away_when_the_one_whose_words_titled_it_is_forgotten(office: Office) -> None:
    ids = await ask(office, *TICKETS)
    await call(office, f"gaps dismiss {','.join(ids)}")
    await office.privacy.forget("slack", "u0")
    report = await office.gaps.report()
    assert (report.gaps, len(report.dismissed)) == ((), 1)


async def test_a_gap_is_somebody_s_until_it_is_somebody_else_s_or_nobody_s(office: Office) -> None:
    [asked] = await ask(office, WARRANTY)
    assert (await call(office, f"gaps assign {asked[:8]} Bob  the Lamp 李")).text == "Assigned to Bob the Lamp 李."
    assert [gap.assignee for gap in (await office.gaps.report()).gaps] == ["Bob the Lamp 李"]
    assert "for Bob the Lamp 李; 1 person" in str(await call(office, "gaps"))
    assert "nobody" in (await call(office, f"gaps assign {asked[:8]}")).text
    assert [gap.assignee for gap in (await office.gaps.report()).gaps] == [""]
    assert (await call(office, f"gaps assign {asked[:8]} {'x' * 81}")).fault


async def test_what_was_said_last_holds_where_two_marks_meet_in_one_gap(office: Office) -> None:
    first, second, _ = await ask(office, *TICKETS)
    await call(office, f"gaps assign {first} Ann")
    await call(office, f"gaps assign {second} Bob")
    assert [gap.assignee for gap in (await office.gaps.report()).gaps] == ["Bob"]
    await call(office, f"gaps assign {first} Ann")
    assert [gap.assignee for gap in (await office.gaps.report()).gaps] == ["Ann"]


async def test_a_mark_of_another_question_is_no_gap_s_of_the_time(office: Office) -> None:
    await ask(office, *TICKETS, WARRANTY)
    before = await office.gaps.report()
    old = await ask(office, "Is the cat allowed on the sofa?", days_ago=30)
    await call(office, f"gaps dismiss {old[0]}")
    after = await office.gaps.report()
    assert [gap.questions for gap in after.gaps] == [gap.questions for gap in before.gaps]
    assert (after.dismissed, {gap.mark for gap in after.gaps}) == ((), {None})


@pytest.mark.parametrize("gap", ["", ",", "zz", "f" * 32, "\0", "x" * 9_000])
async def test_what_is_no_gap_is_refused_with_the_mend(office: Office, gap: str) -> None:
    for name in ("gaps dismiss", "gaps restore", "gaps assign"):
        answer = await office.console.run(ADMIN, HERE, Call(name, {"gap": gap, "person": "Bob"}), FakeScreen())
        assert isinstance(answer, Card)
        assert answer.fault and "/faq gaps" in answer.text


async def test_the_record_names_no_assignee(office: Office) -> None:
    [asked] = await ask(office, WARRANTY)
    await call(office, f"gaps assign {asked} Bob")
    assert (await office.recorded())[-1] == ("UADMIN", "gaps assign", asked[:12], "done")
