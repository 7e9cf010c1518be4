"""The note that a support team gets of a handoff."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.chat.card import Card, Line
from bot.chat.conversation import Citation, Decision, Turn, UsedPassage
from bot.handoff.cards import handoff_card
from bot.handoff.models import Handoff, HandoffReason, HandoffState
from tests.support.steering import HERE, SUPPORT
from tests.support.turns import make_turn

NOW = datetime.now(UTC)
QUESTION = "Is there a discount for nurses?"
STUDENTS = Citation(1, "Is there a discount for students?", "https://shop.example/students", "p1")
UNRELATED = UsedPassage("p9", "How do I bleed a radiator?", "https://shop.example/radiators", "Turn it.", 1, -3.4)


def about(turn: Turn, **changes: Any) -> Handoff:
    known = {"question": turn.question, "turn_id": turn.id, "language": turn.language}
    return Handoff(
        **{
            "id": "a" * 32,
            "state": HandoffState.OPEN,
            "reason": HandoffReason.BUTTON,
            "conversation_id": turn.conversation_id,
            "customer": HERE,
            "customer_user": "UANN",
            "customer_name": "Ann",
            "support": SUPPORT,
            "created_at": NOW,
            "updated_at": NOW,
        }
        | known
        | changes
    )


def answered(**changes: Any) -> Turn:
    known = {"question": QUESTION, "citations": (STUDENTS,), "passages": (UNRELATED,)}
    return make_turn(**known | {"answer": "**Students** get *15%* off:\n\n- with `CARE` [1]\n- online"} | changes)


def written(card: Card) -> str:
    """All that it says."""
    lines = [part for line in card.lines for part in (line.text, line.note)]
    return "\n".join([card.title, card.text, *(f"{name}: {value}" for name, value in card.facts.items()), *lines])


def test_the_note_says_who_asked_what_where_in_which_language_and_what_the_bot_said() -> None:
    turn = answered(language="zh-Hant")
    card = handoff_card(about(turn), [turn], "https://chat.example/1")
    assert (card.title, card.text) == ("Ann asked for a person", QUESTION)
    assert dict(card.facts) == {
        "Asked in": "Slack, a channel",
        "Language": "Chinese (Traditional)",
        "The bot": "answered: Students get 15% off: with CARE online",
    }
    assert card.lines == (
        Line("Is there a discount for students?", "https://shop.example/students"),
        Line("Where it was asked", "https://chat.example/1"),
    )


@pytest.mark.parametrize("decision", list(Decision))
def test_what_the_customer_was_not_shown_is_not_in_it_and_no_score(decision: Decision) -> None:
    turn = answered(decision=decision, citations=())
    shown = written(handoff_card(about(turn), [turn], ""))
    assert "radiator" not in shown and "score" not in shown and "3.4" not in shown and "**" not in shown


def test_a_private_conversation_is_said_to_be_one() -> None:
    turn = answered()
    card = handoff_card(about(turn), [turn], "", direct=True)
    assert card.facts["Asked in"] == "Slack, a private conversation with the bot"
    assert not any("Where it was asked" in line.text for line in card.lines)


def test_what_was_said_besides_is_told_in_order_and_the_wish_for_a_person_once() -> None:
    before = make_turn(question="Do you **ship** abroad?", answer="**Yes**, to Europe [1].")
    then = make_turn(question="And vets?", answer="The pages do not say.", decision=Decision.ABSTAIN)
    wish = make_turn(question="Can I talk to somebody?", answer="I have told our team.", decision=Decision.HUMAN)
    turn = answered()
    card = handoff_card(about(turn), [before, turn, then, wish], "")
    assert card.lines[1:] == (
        Line("Before: Do you **ship** abroad?", note="The bot answered: Yes, to Europe."),
        Line("Then: And vets?", note="The bot found no answer in the pages"),
    )
    assert "Can I talk" not in written(card)


def test_a_wish_for_a_person_alone_is_the_question() -> None:
    wish = make_turn(question="Can I talk to somebody?", answer="I have told our team.", decision=Decision.HUMAN)
    card = handoff_card(about(wish, turn_id="", reason=HandoffReason.WORDS), [wish], "")
    assert card.text == "Can I talk to somebody?"
    assert "The bot" not in card.facts and card.lines == ()
