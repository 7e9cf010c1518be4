"""What every EvaluationRunStore does."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest

from bot.database.database import Database
from bot.evaluation.run_store import KEPT, SqlEvaluationRunStore
from bot.evaluation.runs import AmissQuestion, EvaluationRun, EvaluationRunStore
from tests.support.turns import NOON


@pytest.fixture
def store(database: Database) -> EvaluationRunStore:
    return SqlEvaluationRunStore(database)


def make_run(minutes: int = 0) -> EvaluationRun:
    amiss = [AmissQuestion("如何退货？", "Returns", "abstain", "unanswered", 0.25)]
    at = NOON + timedelta(minutes=minutes)
    return EvaluationRun(uuid.uuid4().hex, at, "v1", {"as_expected": 0.5, "n_golden": 2}, [(0.75, 0.5, 1.0)], amiss)


async def test_a_run_reads_back_as_it_was_kept(store: EvaluationRunStore) -> None:
    run = make_run()
    await store.add(run)
    assert await store.list() == [run]


async def test_the_newest_come_first_and_the_oldest_go(store: EvaluationRunStore) -> None:
    runs = [make_run(minutes) for minutes in range(KEPT + 3)]
    for run in runs:
        await store.add(run)
    assert [each.id for each in await store.list()] == [each.id for each in reversed(runs[3:])]
