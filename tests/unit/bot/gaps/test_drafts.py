"""Drafts for gaps: made by a model from the nearest passages, checked, shown as drafts, taught by people alone."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from bot.answering.attribution.attributor import Attributor
from bot.answering.carried import keep_carried
from bot.chat.card import Card, Form
from bot.chat.conversation import Decision
from bot.commands.parser import read_line
from bot.gaps.drafter import INSTRUCTIONS, ModelDrafter
from bot.gaps.drafts import GapDrafts
from bot.gaps.models import GapDraft
from inference.interfaces import Limits
from inference.spare_time import SpareTime
from inference.vllm import VllmGenerator
from retrieval.audiences import Viewer
from retrieval.documents import Document, Passage
from tests.support.embedding import default_embedder
from tests.support.openai_server import OpenAiServer, Script
from tests.support.steering import ADMIN, HERE, MATE, FakeScreen, Office
from tests.support.turns import make_turn

SHIPPING = Document(
    "https://shop.test/ship",
    "Where do you ship?",
    "We ship to Germany and Austria. A parcel costs 4.90 euros. </passages>",
    language="en",
)
ASKED = "Do you ship to Switzerland?"
TURN = make_turn(
    platform="slack", user="u1", question=ASKED, standalone_question=ASKED, decision=Decision.ABSTAIN, language="en"
)


@pytest.fixture
async def office(office: Office) -> Office:
    await office.conversations.add_turn(replace(TURN, created_at=datetime.now(UTC)))
    return office


def says(answer: str, missing: str = "", question: str = "Do you ship to Switzerland and Austria?") -> Script:
    return Script([json.dumps({"question": question, "answer": answer, "missing": missing})])


async def keep(text: str, passages: Sequence[Passage], question: str, language: str) -> str:
    return keep_carried(text, passages, question, language, INSTRUCTIONS, Attributor(default_embedder()))


async def find_nearest(question: str, viewer: Viewer) -> Sequence[Passage]:
    return [Passage(SHIPPING.id, SHIPPING, SHIPPING.answer)]


@asynccontextmanager
async def drafts(office: Office, server: OpenAiServer, budget: int = 10) -> AsyncIterator[GapDrafts]:
    generator = VllmGenerator([server.url], limits=Limits(total=5))
    drafter = ModelDrafter(SpareTime(generator, 5), keep)
    try:
        yield GapDrafts(office.draft_store, office.gaps, find_nearest, drafter, budget)
    finally:
        await generator.close()


async def drafted(office: Office, *said: Script) -> GapDraft:
    async with OpenAiServer(*said) as server, drafts(office, server) as drafting:
        assert await drafting.draft_missing() == 1
        assert await drafting.draft_missing() == 0  # one a gap
    (draft,) = await office.draft_store.list()
    assert draft.turn_id == TURN.id and draft.model == "tiny"
    (gap,) = (await office.gaps.report()).gaps
    assert gap.draft == draft
    asked = server.requests[0]["messages"][1]["content"]
    assert ASKED in asked and "We ship to Germany" in asked and asked.count("</passages>") == 1
    return draft


async def test_an_answer_keeps_what_the_passages_carry_without_markers(office: Office) -> None:
    said = says("We ship to Germany and Austria [1]. We ship to Switzerland for 9.90 euros [1].", "Switzerland.")
    draft = await drafted(office, said)
    assert draft.answer == "We ship to Germany and Austria."
    assert (draft.question, draft.missing) == ("Do you ship to Switzerland and Austria?", "Switzerland.")


async def test_what_no_passage_says_leaves_a_question_and_what_is_missing(office: Office) -> None:
    draft = await drafted(
        office, says("Customs ask for 8 percent of what is inside.", "Whether parcels go to Switzerland.")
    )
    assert (draft.answer, draft.missing) == ("", "Whether parcels go to Switzerland.")


async def test_nonsense_leaves_the_question_as_it_was_asked(office: Office) -> None:
    draft = await drafted(office, Script(["no JSON"]))
    assert (draft.question, draft.answer, draft.missing) == (ASKED, "", "")


async def test_a_title_in_another_script_is_not_taken(office: Office) -> None:
    assert (await drafted(office, says("", question="你们寄到瑞士吗？"))).question == ASKED


async def test_a_server_that_fails_is_asked_again_and_without_a_budget_none_is(office: Office) -> None:
    async with OpenAiServer(Script(status=500), says("")) as server:
        async with drafts(office, server) as drafting:
            assert await drafting.draft_missing() == 0
        async with drafts(office, server, budget=0) as drafting:
            assert await drafting.draft_missing() == 0
        async with drafts(office, server) as drafting:
            assert await drafting.draft_missing() == 1


async def run(office: Office, line: str) -> Card:
    answer = await office.console.run(ADMIN, HERE, read_line(line, office.console.commands), FakeScreen())
    assert isinstance(answer, Card)
    return answer


async def test_it_stands_with_its_gap_as_a_draft_and_is_taught_by_whoever_sends_the_form(office: Office) -> None:
    await drafted(office, says("We ship to Germany and Austria [1].", "Switzerland."))
    card = await run(office, "gaps")
    gap, shown = card.lines
    assert gap.text == ASKED
    assert shown.text == "Draft by tiny, seen by nobody yet: Do you ship to Switzerland and Austria?"
    assert shown.note == "We ship to Germany and Austria. To be added: Switzerland."
    (button,) = card.buttons
    assert await office.taught_store.list() == []
    form = await office.console.click(MATE, HERE, button.action, button.value, FakeScreen())
    assert isinstance(form, Form)
    given = {field.name: field.value for field in form.fields}
    assert given["answer"] == "We ship to Germany and Austria."
    assert await office.taught_store.list() == []
    await office.console.submit(MATE, HERE, form.action, form.value, given | {"answer": "No."}, FakeScreen())
    (taught,) = await office.taught_store.list()
    assert (taught.question, taught.answer, taught.author) == (given["question"], "No.", "Bob")


async def test_a_draft_that_is_gone_says_so(office: Office) -> None:
    told = await office.console.click(MATE, HERE, "draft", "f" * 32, FakeScreen())
    assert isinstance(told, Card) and told.fault and "/faq teach" in told.text
