"""What came of the golden questions, in the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.database.database import Database
from bot.database.tables import evaluation_runs
from bot.evaluation.runs import AmissQuestion, EvaluationRun

KEPT = 50
_NEWEST_FIRST = select(evaluation_runs).order_by(evaluation_runs.c.at.desc(), evaluation_runs.c.id)


class SqlEvaluationRunStore:
    """Implements `bot.evaluation.runs.EvaluationRunStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, run: EvaluationRun) -> None:
        values = {
            "id": run.id,
            "at": run.at,
            "version": run.version,
            "figures": dict(run.figures),
            "curve": [list(point) for point in run.curve],
            "amiss": [asdict(each) for each in run.amiss],
        }

        async def insert_run(connection: AsyncConnection) -> None:
            await connection.execute(insert(evaluation_runs).values(values))
            kept = (
                await connection.execute(_NEWEST_FIRST.with_only_columns(evaluation_runs.c.id).limit(KEPT))
            ).scalars()
            await connection.execute(delete(evaluation_runs).where(evaluation_runs.c.id.not_in(kept.all())))

        await self._database.write(insert_run)

    async def list(self) -> Sequence[EvaluationRun]:
        async def select_runs(connection: AsyncConnection) -> Sequence[EvaluationRun]:
            rows = (await connection.execute(_NEWEST_FIRST)).mappings()
            return [
                EvaluationRun(
                    row["id"],
                    row["at"],
                    row["version"],
                    row["figures"],
                    [(point[0], point[1], point[2]) for point in row["curve"]],
                    [AmissQuestion(**each) for each in row["amiss"]],
                )
                for row in rows
            ]

        return await self._database.read(select_runs)
