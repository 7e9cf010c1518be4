"""What stands on platforms that keep nothing themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.chat.ports import PostedMessage
from bot.database.database import Database, upsert
from bot.database.tables import posted_messages

_KEY = ("platform", "channel", "name")


class SqlPostedMessages:
    """Implements `bot.chat.ports.PostedMessages`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put_message(self, platform: str, channel: str, user: str, name: str, body: Mapping[str, Any]) -> None:

        async def upsert_message(connection: AsyncConnection) -> None:
            last = select(func.max(posted_messages.c.position)).where(_is_in(platform, channel))
            position = (await connection.scalar(last) or 0) + 1
            insert = upsert(connection, posted_messages).values(
                platform=platform,
                channel=channel,
                name=name,
                user_id=user,
                position=position,
                version=1,
                body=dict(body),
                created_at=datetime.now(UTC),
            )
            changed = {"body": insert.excluded.body, "version": posted_messages.c.version + 1}
            await connection.execute(insert.on_conflict_do_update(index_elements=_KEY, set_=changed))

        await self._database.write(upsert_message)

    async def find_message(self, platform: str, channel: str, name: str) -> PostedMessage | None:
        wanted = _select_messages().where(_is_in(platform, channel), posted_messages.c.name == name)
        return await self._database.read(lambda connection: _fetch_first(connection, wanted))

    async def remove_message(self, platform: str, channel: str, name: str) -> None:
        gone = delete(posted_messages).where(_is_in(platform, channel), posted_messages.c.name == name)

        async def delete_message(connection: AsyncConnection) -> None:
            await connection.execute(gone)

        await self._database.write(delete_message)

    async def list_messages(self, platform: str, channel: str, limit: int = 200) -> Sequence[PostedMessage]:
        newest = _newest(_select_messages(), platform, channel, limit)

        async def select_newest(connection: AsyncConnection) -> list[PostedMessage]:
            return [PostedMessage(*row) for row in await connection.execute(newest)]

        return (await self._database.read(select_newest))[::-1]

    async def load_versions(self, platform: str, channel: str, limit: int = 200) -> Mapping[str, int]:
        newest = _newest(select(posted_messages.c.name, posted_messages.c.version), platform, channel, limit)

        async def select_versions(connection: AsyncConnection) -> dict[str, int]:
            return {str(name): int(version) for name, version in await connection.execute(newest)}

        return await self._database.read(select_versions)


def _select_messages() -> Select[Any]:
    return select(posted_messages.c.name, posted_messages.c.version, posted_messages.c.body)


def _is_in(platform: str, channel: str) -> ColumnElement[bool]:
    return and_(posted_messages.c.platform == platform, posted_messages.c.channel == channel)


def _newest(selection: Select[Any], platform: str, channel: str, limit: int) -> Select[Any]:
    order = (posted_messages.c.position.desc(), posted_messages.c.created_at.desc(), posted_messages.c.name.desc())
    return selection.where(_is_in(platform, channel)).order_by(*order).limit(limit)


async def _fetch_first(connection: AsyncConnection, wanted: Select[Any]) -> PostedMessage | None:
    row = (await connection.execute(wanted)).first()
    return PostedMessage(*row) if row else None
