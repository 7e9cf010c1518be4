"""Asking from the console without a record, and the golden questions on its page."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.bots import Knowledge
from tests.support.console import TEAMMATE, ConsoleServer, Visitor, serving_console

GOLDEN = """question,expected
How do I send something back?,How do I return something?
Do you sell cars?,-
Who pays?,Nobody
"""
PART = {"HX-Request": "true"}


@pytest.fixture
async def console(shop: Knowledge, tmp_path: Path) -> AsyncIterator[ConsoleServer]:
    golden = tmp_path / "golden.csv"
    golden.write_text(GOLDEN, encoding="utf-8")
    async with serving_console(shop, tmp_path, golden_questions=golden) as server:
        yield server


@pytest.fixture
async def ann(console: ConsoleServer) -> AsyncIterator[Visitor]:
    async with console.sign_in() as visitor:
        yield visitor


async def ask(visitor: Visitor, question: str, **fields: str) -> str:
    status, text = await visitor.post("try", await visitor.read_form_token(), PART, question=question, **fields)
    assert status == 200 and "<html" not in text
    return text


async def test_a_question_is_answered_as_customers_are_and_nothing_is_kept(
    console: ConsoleServer, ann: Visitor
) -> None:
    before = len(await console.application.conversations.list_turns(limit=None))
    text = await ask(ann, "How do I send something back?")
    assert "30 days" in text and "/help/returns.html" in text and "answer: " in text and "reaches the threshold" in text
    assert len(await console.application.conversations.list_turns(limit=None)) == before


async def test_another_threshold_is_shown_beside_it(ann: Visitor) -> None:
    text = await ask(ann, "How do I send something back?", answer="1", suggest="1")
    assert "As it is now" in text and "≥ 1" in text and "answer: " in text and "abstain: " in text
    assert 'class="card other"' in text


async def test_another_version_is_shown_beside_it(console: ConsoleServer, ann: Visitor) -> None:
    version = console.application.live_index.current_index()[0]
    text = await ask(ann, "How do I send something back?", version=version)
    assert text.count("30 days") >= 2 and 'class="card other"' not in text
    gone = await ask(ann, "How do I send something back?", version="gone")
    assert "There is no index version" in gone and "30 days" in gone


async def test_what_is_limited_is_seen_by_whom_it_is_for_alone(console: ConsoleServer, ann: Visitor) -> None:
    (source,) = await console.application.source_store.list()
    await console.application.audience_store.set_audience(source.name, frozenset({"slack:channel:C0000000001"}))
    assert "30 days" not in await ask(ann, "How do I send something back?")
    assert "30 days" in await ask(ann, "How do I send something back?", place="slack:C0000000001")


@pytest.mark.parametrize(
    ("question", "fields", "told"),
    [
        ("", {}, "Write a question."),
        ("?" * 2001, {}, "2001 characters"),
        ("Hi", {"answer": "2"}, "is no threshold"),
        ("Hi", {"answer": "nan"}, "is no threshold"),
        ("Hi", {"place": "nowhere:C1"}, "names no group"),
    ],
)
async def test_what_cannot_be_asked_is_told(ann: Visitor, question: str, fields: dict[str, str], told: str) -> None:
    assert told in await ask(ann, question, **fields)


async def test_a_hostile_question_is_no_markup(ann: Visitor) -> None:
    text = await ask(ann, "<script>alert(1)</script> How do I send something back? <img src=x onerror=alert(1)>")
    assert "<script>" not in text and "<img" not in text


async def test_the_golden_questions_are_asked_and_the_run_is_kept(console: ConsoleServer, ann: Visitor) -> None:
    status, text = await ann.get("evaluation")
    assert status == 200 and "They were not asked yet" in text
    status, text = await ann.post("evaluation", await ann.read_form_token(), PART)
    async with asyncio.timeout(120):
        while "hx-trigger" in text:
            await asyncio.sleep(0.2)
            _, text = await ann.get(text.split("/console/")[1].partition('"')[0], **PART)
    assert "2 of 3 are answered as expected" in text
    _, text = await ann.get("evaluation")
    assert "Who pays?" in text and "67%" in text
    (run,) = await console.application.evaluation_runs.list()
    assert run.version == console.application.live_index.current_index()[0]
    assert [each.question for each in run.amiss] == ["Who pays?"]
    entry = (await console.application.audit_log.list())[0]
    assert (entry.user, entry.action, entry.outcome) == ("ann", "evaluation", "done")


async def test_neither_is_for_teammates(console: ConsoleServer) -> None:
    async with console.sign_in(TEAMMATE) as tom:
        for path in ("try", "evaluation"):
            assert (await tom.get(path))[0] == 403
            assert (await tom.post(path, await tom.read_form_token(), question="Hi"))[0] == 403
