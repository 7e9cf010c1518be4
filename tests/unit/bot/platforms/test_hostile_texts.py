"""Every hostile text in every text that reaches people, on both platforms: none leads away, rings, or steers."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.answering.cards import explanation_card
from bot.answering.citations import CitationChecker
from bot.api.answers import build_answer
from bot.chat.card import Card, Field, Form, Line, Table
from bot.chat.conversation import Citation, Decision, Turn, UsedPassage
from bot.chat.message import ThreadRef
from bot.evaluation.files import write_csv
from bot.handoff.cards import handoff_card, message_card, reminder_card
from bot.handoff.models import Handoff, HandoffReason, HandoffState
from bot.i18n import words_for
from bot.platforms.discord import cards as discord_cards
from bot.platforms.discord import choices as discord_choices
from bot.platforms.discord import layouts
from bot.platforms.discord.markdown import to_discord
from bot.platforms.slack import blocks, cards, choices
from bot.platforms.slack.markdown import to_slack
from bot.platforms.terminal.explanation import draw_explanation
from bot.sources.cards import run_card
from bot.sources.catalogue import Overview
from bot.sources.models import RefreshRun
from bot.taught.cards import taught_card, taught_list
from bot.taught.models import Taught, TaughtState
from retrieval.documents import Document, ScoredPassage
from tests.fakes import passage
from tests.support.clients import (
    commonmark_links,
    discord_links,
    mrkdwn_links,
    not_held,
    plain_links,
    rings,
    slack_links,
    steers,
)
from tests.support.hostile import FORMULAS, TEXTS

NOW = datetime(2026, 1, 2, tzinfo=UTC)
OWN = "https://shop.example/returns"
ALLOWED = {OWN, "https://chat.example/1"}
KINDS = sorted({text.kind for text in TEXTS})
ITEM = "ab" * 16


def _turn(text: str, decision: Decision = Decision.ANSWER) -> Turn:
    """One in which each text that is not our own is `text`; the answer has passed the checker."""
    document = Document(OWN, text, "Send goods back.")
    checker = CitationChecker([ScoredPassage(passage(document), 1.0)])
    answer = checker.feed(f"{text}\n\nSend goods back [1].") + checker.finish()
    cited = tuple(
        Citation(number, text[:2_000], OWN, f"p{number}", author=text[:200], under=text[:100], gist=text[:300])
        for number in range(1, 4)
    )
    used = (UsedPassage("p1", text, OWN, text, 1, 0.5, author=text[:50]),)
    return Turn(ITEM, "c", NOW, text, text, "en", decision, answer, 0.9, 0.5, cited, used, model=text[:40])


def _cards(text: str) -> Iterator[Card]:
    place = ThreadRef("slack", "T1", "C1", "1.0")
    handoff = Handoff(
        id=ITEM,
        state=HandoffState.CLAIMED,
        reason=HandoffReason.BUTTON,
        conversation_id="c",
        turn_id=ITEM,
        question=text,
        language="en",
        customer=place,
        customer_user="U1",
        customer_name=text[:80],
        support=place,
        created_at=NOW,
        updated_at=NOW,
        claimed_name=text[:80],
    )
    yield handoff_card(handoff, [_turn(text)], "https://chat.example/1")
    yield reminder_card(handoff, "https://chat.example/1")
    yield message_card(text[:100], text)
    report = {"added": [{"question": text, "url": OWN}], "failed": [{"question": text, "url": OWN, "reason": text}]}
    yield run_card(RefreshRun("r", NOW, NOW, "activated", "v1", report, asked_by=text[:50]), by=text[:50])
    yield run_card(RefreshRun("r", NOW, NOW, "failed", error=text))
    taught = Taught(
        id=ITEM,
        state=TaughtState.PROPOSED,
        question=text,
        answer=text,
        language="en",
        author=text[:80],
        author_id="slack:T1:U1",
        created_at=NOW,
        updated_at=NOW,
        note=text,
    )
    yield taught_card(taught)
    yield taught_list([taught])
    yield explanation_card(_turn(text))
    yield Card(text, text, text, {text[:90]: text}, lines=(Line(text, OWN, text), Line(text)), footnote=text)
    yield Card(table=Table((text[:30], "b"), ((text[:100], text),)))


def _in_slack(text: str) -> Iterator[tuple[Any, Collection[str]]]:
    """What Slack is sent, with the addresses that may be live in it."""
    turn, words = _turn(text), words_for("en")
    asked, suggested = replace(turn, decision=Decision.CLARIFY), replace(turn, decision=Decision.SUGGEST)
    yield (
        [*blocks.draw_body(to_slack(turn.answer, turn.links)), *blocks.draw_footer(turn, handoff=True, share=True)],
        ALLOWED,
    )
    yield [choices.draw_question(asked), choices.format_fallback(asked), choices.format_fallback(suggested)], ALLOWED
    yield [blocks.draw_body(piece) for piece in choices.render_suggestion(suggested)], ALLOWED
    yield choices.below_suggestion(suggested, handoff=True, share=True), ALLOWED
    yield choices.below_suggestion_without_buttons(suggested), ALLOWED
    yield {"type": "mrkdwn", "text": choices.write_question(asked)}, ALLOWED
    yield blocks.draw_home_view(Overview("v1", NOW, 1, 1, (OWN,), (text,)), words), ALLOWED
    yield cards.form_view(Form("teach", "v", text, "Send", (Field("answer", text, text),)), {}), ALLOWED
    for card in _cards(text):
        texts = [form["text"] for form in cards.card_forms(card)]
        yield [cards.card_blocks(card), *({"type": "mrkdwn", "text": text} for text in texts)], ALLOWED | card.links


def _in_discord(text: str) -> Iterator[tuple[Any, Collection[str]]]:
    """The same for Discord."""
    turn = _turn(text)
    asked, suggested = replace(turn, decision=Decision.CLARIFY), replace(turn, decision=Decision.SUGGEST)
    shown = to_discord(turn.answer, turn.links)[: layouts.PIECE // 3]
    yield layouts.draw_message(shown, ITEM, turn, handoff=True).to_components(), ALLOWED
    yield discord_choices.draw_question(ITEM, asked).to_components(), ALLOWED
    for piece in discord_choices.render_suggestion(suggested):
        yield discord_choices.end_of_suggestion(piece, ITEM, suggested).to_components(), ALLOWED
        yield discord_choices.end_of_suggestion_without_buttons(piece, ITEM, suggested).to_components(), ALLOWED
    yield discord_choices.draw_question_without_buttons(ITEM, asked).to_components(), ALLOWED
    for card in _cards(text):
        for page in discord_cards.split_pages(card):
            yield discord_cards.draw_layout(page).to_components(), ALLOWED | card.links


def _walk(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, list | tuple):
        for each in part:
            yield from _walk(each)
    elif isinstance(part, dict):
        if part.get("type") in {"button", "feedback_buttons", "plain_text_input", 2}:
            return  # a client makes neither links nor mentions in a button, nor in what is typed
        yield part
        for each in part.values():
            yield from _walk(each)


SLACK_READERS = {"markdown": slack_links, "mrkdwn": mrkdwn_links, "plain_text": plain_links, "raw_text": plain_links}


def _check_slack(text: str) -> None:
    for surface, allowed in _in_slack(text):
        for part in _walk(surface):
            shown = part.get("text")
            if isinstance(shown, str) and (read := SLACK_READERS.get(str(part.get("type")))):
                assert not not_held(read(shown), allowed), (text, shown)
                assert not rings(shown) and not steers(shown.replace("\t", " ")), (text, shown)


def _check_discord(text: str) -> None:
    for surface, allowed in _in_discord(text):
        for part in _walk(surface):
            if part.get("type") == 10:
                shown = part["content"]
                assert not not_held(discord_links(shown), allowed), (text, shown)
                assert not rings(shown.replace("\\<", "")) and not steers(shown.replace("\t", " ")), (text, shown)


def _check_api(text: str) -> None:
    turn = _turn(text)
    for each in (turn, replace(turn, decision=Decision.CLARIFY), replace(turn, decision=Decision.SUGGEST)):
        answer = build_answer(each, "c")
        markdown = [answer.text, *(sentence.text for sentence in answer.sentences)]
        plain = [part for cited in answer.citations for part in (cited.title, cited.author or "")]
        plain += [part for choice in answer.suggestions for part in (choice.title, choice.gist)]
        for shown, read in [*((part, commonmark_links) for part in markdown), *((part, plain_links) for part in plain)]:
            assert not not_held(read(shown), ALLOWED), (text, shown)
            assert not rings(shown) and not steers(shown.replace("\t", " ")), (text, shown)
        assert {cited.url for cited in answer.citations} <= ALLOWED


@pytest.mark.parametrize("check", [_check_slack, _check_discord, _check_api])
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_hostile_is_live(kind: str, check: Callable[[str], None]) -> None:
    for text in [each.text for each in TEXTS if each.kind == kind][::15]:
        check(text)


@pytest.mark.slow
@pytest.mark.parametrize("check", [_check_slack, _check_discord, _check_api])
@pytest.mark.parametrize("share", range(15))
def test_nothing_hostile_is_live_in_all_that_is_said(share: int, check: Callable[[str], None]) -> None:
    for each in TEXTS[share::15]:
        check(each.text)


def test_no_formula_runs_in_a_sheet(tmp_path: Path) -> None:
    write_csv(tmp_path / "golden.csv", ("question",), [(text,) for text in FORMULAS])
    with (tmp_path / "golden.csv").open(encoding="utf-8-sig", newline="") as file:
        cells = [row[0] for row in csv.reader(file)][1:]
    assert cells and all(cell.startswith("'") for cell in cells)
    assert draw_explanation(_turn(FORMULAS[0]))
