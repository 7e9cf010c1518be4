"""A process that stores turns: `python -m tests.support.storage_worker URL COUNT`. Prints each id once it is stored."""

from __future__ import annotations

import asyncio
import sys

from bot.answering.store import SqlConversationStore
from bot.database.database import Database
from tests.support.turns import make_turn


async def main(url: str, count: int) -> None:
    database = await Database.open(url)
    store = SqlConversationStore(database)
    for minute in range(count):
        turn = make_turn(minute)
        await store.add_turn(turn)
        sys.stdout.write(f"{turn.id}\n")
        sys.stdout.flush()
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
