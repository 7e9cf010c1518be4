"""Every card builds, whatever stands in it."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from bot.access import cards as access_cards
from bot.access.models import AuditEntry
from bot.answering import cards as answering_cards
from bot.app.commands import COMMANDS
from bot.chat.card import Card, Form
from bot.chat.conversation import Decision
from bot.chat.people import Actor
from bot.chat.refusal_notes import Refused
from bot.chat.text import ago
from bot.commands.chat_lines import to_chat_line
from bot.commands.parser import read_line
from bot.glossary import commands as glossary
from bot.glossary.service import AddResult
from bot.handoff import cards as handoff_cards
from bot.handoff import cards as packets
from bot.handoff.models import Handoff, HandoffReason, HandoffState
from bot.learned import commands as learned
from bot.learned.models import Evidence, Gesture
from bot.learned.service import Wording
from bot.sources import cards as sources_cards
from bot.sources.health import SourceTrouble
from bot.sources.models import RefreshRun, Schedule
from bot.sources.preview import Preview
from bot.sources.status import ServerHealth, SourceStatus, Status
from bot.taught import cards as taught_cards
from bot.taught.models import Taught, TaughtState
from bot.taught.service import Proposal
from retrieval.documents import Document, Source, SourceKind, content_id
from retrieval.search.synonym_suggestions import Suggestion
from retrieval.search.synonyms import Entry
from tests.support.steering import HERE, SUPPORT
from tests.support.turns import NOON, PASSAGE, make_turn

NOW = datetime.now(UTC)
TEXTS = {
    "empty": "",
    "huge": "x" * 100_000,
    "markup": "*a* _b_ `c` <!channel> <@U1> @everyone [x](javascript:1) </script><b>",
    "controls": "\0\x1b[31m\u202e\ufeff\r\n\t",
    "braces": "{0} {name} %s %(x)d",
    "emoji": "👩‍👩‍👧‍👦" * 500,
    "chinese": "如何退货？" * 200,
}
hostile = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)


def built(card: Any) -> Any:
    """A card of plain values whose buttons fit every platform."""
    assert isinstance(card, Card | Form)
    if isinstance(card, Card):
        for field in fields(card):
            assert getattr(card, field.name) is not None or field.name in {"bar", "table", "file", "data"}
        assert card.bar is None or 0 <= card.bar <= 1
        assert all(isinstance(value, str) for pair in card.facts.items() for value in pair)
        for row in card.table.rows if card.table else ():
            assert len(row) == len(card.table.columns) if card.table else False
            assert all(isinstance(cell, str) for cell in row)
        for button in card.buttons:
            assert button.label
            assert ":" not in button.action + button.value
    else:
        assert len(card.fields) <= 5
        assert all(len(field.value) <= field.longest for field in card.fields)
    return card


@hostile
@pytest.mark.parametrize("outcome", ["running", "activated", "unchanged", "dry_run", "failed", "whatever"])
@pytest.mark.parametrize("joined", [True, False])
def test_a_run(text: str, outcome: str, joined: bool) -> None:
    line = {"question": text, "url": text, "reason": text}
    reports: list[dict[str, Any]] = [
        {},
        {"sources": [text] * 50, "added": [line] * 99, "gone": [line] * 99, "failed": [line], "seconds": 1e9},
    ]
    progresses: list[dict[str, Any]] = [{}, {"stage": text, "done": 1}, {"stage": "crawl", "done": 9, "total": 2}]
    progresses += [{"stage": stage, "done": 10**9, "total": 1, "detail": text} for stage in sources_cards._SHARES]
    for report in reports:
        for progress in progresses:
            run = RefreshRun("a" * 32, NOON, None, outcome, "v1", report, text, text, progress, NOON)
            built(sources_cards.run_card(run, joined=joined))


@hostile
@pytest.mark.parametrize("outcome", ["failed", "activated"])
@pytest.mark.parametrize("right_before", [None, 0, 7])
def test_a_refresh_with_golden_questions(text: str, outcome: str, right_before: int | None) -> None:
    worse = [{"question": text, "expected": text, "before": text, "after": text}] * 12
    golden = {"asked": 9, "right": 3, "right_before": right_before, "better": 1, "worse": worse, "missing": [text]}
    run = RefreshRun("a" * 32, NOON, NOON, outcome, "v1", {"sources": ["shop"], "golden": golden}, text)
    card = sources_cards.run_card(run)
    built(card)
    assert len([line for line in card.lines if line.text.startswith("worse:")]) == 9  # eight, and how many more


def test_what_golden_questions_stopped_can_be_forced_and_says_what_that_does() -> None:
    error = "The new version answers 1 of 2 golden questions worse (FRONTDESK_GOLDEN_MAY_LOSE allows 0)."
    card = sources_cards.run_card(RefreshRun("a" * 32, NOON, NOON, "failed", "", {"sources": ["shop"]}, error))
    [button] = card.buttons
    assert (card.title, button.action, button.value) == ("Re-crawl stopped", "force", "a" * 32)
    assert "worse" in button.confirm


@hostile
def test_what_is_known(text: str) -> None:
    source = Source(text, SourceKind.WEBSITE, text)
    schedule = Schedule(text, True, 1e-9, datetime.min.replace(tzinfo=UTC), 99)
    sources = (
        SourceStatus(source, schedule, 10**9, 10**9, SourceTrouble((text,), text, NOON)),
        SourceStatus(source, Schedule(""), 0, 0),
    )
    run = RefreshRun("a" * 32, NOON)
    for status in (
        Status("", None, 0, 0, (), None, None, ()),
        Status(
            text,
            NOON,
            10**9,
            -1,
            sources,
            run,
            (0, 9),
            (ServerHealth(text, text, text, text), ServerHealth(text, text, text, "", too_slow=True)),
            (Refused(text, text, NOON),),
        ),
    ):
        built(sources_cards.status_card(status))
    built(sources_cards.sources_card(sources))
    built(sources_cards.sources_card(()))
    entry = Entry("a" * 32, (text, text), text, suggested=True)
    for card in (glossary.glossary_card([entry] * 99), glossary.glossary_card([])):
        built(card)
    built(glossary.put_card(AddResult(entry, (entry, entry))))
    built(glossary.suggestions_card([Suggestion(entry, text, text)] * 30))
    built(glossary.suggestions_card([]))
    wording = Wording(content_id(text), text, text, text, text, text, 10**6, 0, 10**6, used=True, last_at=NOON)
    evidence = Evidence("a", "b", text, text, text, text, text, text, text, Gesture.NOT_IT, text, text, NOON)
    for card in (learned.learned_card([wording] * 99), learned.learned_card([])):
        built(card)
    built(learned.wording_card(wording, [evidence] * 99))
    document = Document(text, text, text)
    built(sources_cards.preview_card(Preview("abc", source, (document,) * 9)))
    manifest = SimpleNamespace(id=text, created_at=NOON.isoformat(), counts={"pages": 1, "documents": 2})
    built(sources_cards.versions_card([manifest], text))
    built(sources_cards.versions_card([], None))


@hostile
@pytest.mark.parametrize("decision", list(Decision))
def test_an_explanation(text: str, decision: Decision) -> None:
    turn = make_turn(
        question=text, standalone_question=text + "x", answer=text, decision=decision, model=text, rewritten=(text,)
    )
    built(answering_cards.explanation_card(turn))
    built(
        answering_cards.explanation_card(
            make_turn(passages=(PASSAGE,) * 99, timings_ms={}, index_version="", citations=())
        )
    )


@hostile
def test_people(text: str) -> None:
    built(access_cards.admins_card([Actor("slack", text, text, text)], text))
    built(access_cards.admins_card([], "discord"))
    built(access_cards.audit_card([AuditEntry("a", NOON, text, text, text, text, text, text)] * 50))
    built(access_cards.audit_card([]))


@hostile
@pytest.mark.parametrize("state", list(HandoffState))
@pytest.mark.parametrize("reason", list(HandoffReason))
def test_a_handoff(text: str, state: HandoffState, reason: HandoffReason) -> None:
    handoff = Handoff(
        "a" * 32, state, reason, text, "b" * 32, text, text, HERE, text, text, SUPPORT, NOW, NOW, text, text
    )
    built(handoff_cards.handoffs_card([handoff]))
    built(handoff_cards.handoffs_card([]))
    turn = make_turn(id="b" * 32, question=text, answer=text)
    for turns in ((), (turn,) * 20):
        built(packets.handoff_card(handoff, turns, text))
    built(packets.reminder_card(handoff, text))
    built(packets.message_card(text, text))


@hostile
@pytest.mark.parametrize("state", list(TaughtState))
def test_a_taught_answer(text: str, state: TaughtState) -> None:
    for expires in (None, NOON, datetime.max.replace(tzinfo=UTC)):
        taught = Taught("a" * 32, state, text, text, text, text, text, NOW, NOW, text, text, text, text, expires)
        built(taught_cards.taught_card(taught))
        built(taught_cards.proposal_card(Proposal(taught, (Document(text, text, text, author=text),) * 3)))
        built(taught_cards.taught_list([taught]))
        built(taught_cards.teach_form("edit", taught.id, taught))
    built(taught_cards.teach_form("teach", "new", question=text, answer=text))
    built(taught_cards.taught_list([]))


@hostile
def test_a_fault_in_a_chat(text: str) -> None:
    assert to_chat_line(text, COMMANDS) == text


@pytest.mark.parametrize(
    ("line", "chat"),
    [
        ("Run 'frontdesk refresh' first.", "Run '/faq recrawl' first."),
        ("Run 'frontdesk refresh --force'.", "Run /faq recrawl --force."),
        ("See 'frontdesk sources list'.", "See '/faq sources list'."),
        ("See 'frontdesk taught list'.", "See '/faq taught list'."),
        ("See 'frontdesk doctor'.", "See 'frontdesk doctor'."),
        ("See 'frontdesk log list'.", "See 'frontdesk log list'."),
    ],
)
def test_a_mend_names_what_can_be_typed_in_a_chat_alone(line: str, chat: str) -> None:
    assert to_chat_line(line, COMMANDS) == chat
    if "'/faq " in chat:
        assert read_line(chat.split("'/faq ")[1].partition("'")[0], COMMANDS).name in COMMANDS


@pytest.mark.parametrize(
    ("ahead", "told"),
    [
        (timedelta(0), "0 min ago"),
        (timedelta(minutes=-59), "59 min ago"),
        (timedelta(hours=-47), "47 h ago"),
        (timedelta(days=-3), "3 d ago"),
        (timedelta(hours=5, seconds=30), "in 5 h"),
    ],
)
def test_a_moment_is_told_in_the_largest_fitting_unit(ahead: timedelta, told: str) -> None:
    assert ago(datetime.now(UTC) + ahead) == told
    assert ago(None) == "never"
