"""What a model drafted for gaps, in the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.database.database import Database, upsert
from bot.database.tables import gap_drafts, row_of, turns
from bot.gaps.models import GapDraft


class SqlDraftStore:
    """Implements `bot.gaps.ports.DraftStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, draft: GapDraft) -> None:
        asked = select(turns.c.id).where(turns.c.id == draft.turn_id).with_for_update()

        async def work(connection: AsyncConnection) -> None:
            if (await connection.execute(asked)).first():  # else it was forgotten meanwhile
                row = upsert(connection, gap_drafts).values(row_of(draft))
                await connection.execute(row.on_conflict_do_nothing())

        await self._database.write(work)

    async def list(self, limit: int = 1000) -> Sequence[GapDraft]:
        newest = select(gap_drafts).order_by(gap_drafts.c.created_at.desc(), gap_drafts.c.turn_id).limit(limit)

        async def work(connection: AsyncConnection) -> Sequence[GapDraft]:
            return [GapDraft(**row) for row in (await connection.execute(newest)).mappings()]

        return await self._database.read(work)

    async def get(self, turn_id: str) -> GapDraft | None:
        one = select(gap_drafts).where(gap_drafts.c.turn_id == turn_id)

        async def work(connection: AsyncConnection) -> GapDraft | None:
            row = (await connection.execute(one)).mappings().one_or_none()
            return GapDraft(**row) if row else None

        return await self._database.read(work)
