"""How a database gets its schema, and several processes their database."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from bot.answering.store import SqlConversationStore
from bot.chat.conversation import Decision
from bot.database import schema
from bot.database.database import Database
from bot.database.engines import create_engine
from bot.database.tables import metadata
from bot.database.urls import parse_address
from bot.errors import SchemaError, StorageError
from bot.insights.models import Grouping, Window
from bot.insights.store import SqlInsightStore
from tests.support.turns import NOON, make_turn

ROOT = Path(__file__).parents[2]


def test_the_schema_that_opens_without_alembic_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(schema.MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == schema.HEAD


async def test_an_empty_database_gets_the_tables_of_the_code(empty_url: str) -> None:
    database = await Database.open(empty_url)

    def differences(connection: Connection) -> Sequence[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return compare_metadata(context, metadata)

    assert await database.read(lambda connection: connection.run_sync(differences)) == []
    assert await database.read(schema.load_version) == schema.HEAD
    await database.close()


async def test_opening_again_keeps_what_was_stored(empty_url: str) -> None:
    turn = make_turn()
    for _ in range(2):
        database = await Database.open(empty_url)
        store = SqlConversationStore(database)
        if not await store.list_turns():
            await store.add_turn(turn)
        stored = list(await store.list_turns())
        await database.close()
    assert stored == [turn]


def test_a_database_that_is_up_to_date_opens_without_alembic(empty_url: str) -> None:
    script = (
        "import asyncio, sys; from bot.database.database import Database\n"
        "async def main(): await (await Database.open(sys.argv[1])).close()\n"
        "asyncio.run(main()); print('alembic' in sys.modules)"
    )
    command = [sys.executable, "-c", script, empty_url]
    loaded = [subprocess.run(command, check=True, cwd=ROOT, timeout=30, capture_output=True) for _ in range(2)]
    assert [run.stdout for run in loaded] == [b"True\n", b"False\n"]


async def test_a_database_of_a_newer_frontdesk_is_refused_and_untouched(empty_url: str) -> None:
    database = await Database.open(empty_url)
    newer = text("UPDATE alembic_version SET version_num = '9999'")
    await database.write(lambda connection: connection.execute(newer))
    await database.close()
    with pytest.raises(SchemaError, match=r"newer Frontdesk.*9999.*upgrade Frontdesk"):
        await Database.open(empty_url)


async def test_a_migration_that_fails_leaves_nothing_behind(empty_url: str) -> None:
    engine = create_engine(parse_address(empty_url))
    theirs = text("CREATE TABLE turns (mine INTEGER)")
    await engine.run_transaction(lambda connection: connection.execute(theirs), writing=True)
    with pytest.raises(StorageError, match="turns"):
        await Database.open(empty_url)
    tables = await engine.run_transaction(
        lambda connection: connection.run_sync(lambda sync: inspect(sync).get_table_names())
    )
    assert tables == ["turns"]
    await engine.dispose()


def test_alembic_on_the_command_line_goes_down_and_up_again(empty_url: str) -> None:
    script = (
        "import sys; from alembic.config import main\n"
        "for command in ('upgrade head', 'downgrade base', 'upgrade head', 'check'): main(command.split())"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={"FRONTDESK_DATABASE_URL": empty_url, "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr


async def test_what_was_asked_before_the_numbers_were_kept_counts_as_well(empty_url: str) -> None:
    first = make_turn(0, conversation_id="a", timings_ms={"total": 1500.0})
    asked = [first, make_turn(9, conversation_id="a", decision=Decision.ABSTAIN), make_turn(0, conversation_id="b")]
    window = Window(NOON - timedelta(days=1), NOON + timedelta(days=1), now=NOON + timedelta(days=9))

    async def count() -> list[object]:
        database = await Database.open(empty_url)  # which migrates it
        insights = SqlInsightStore(database)
        found = [await insights.count(window, by) for by in (None, Grouping.PAGE)]
        waits = await insights.measure_first_replies(window)
        await database.close()
        return [*found, waits]

    database = await Database.open(empty_url)
    for turn in asked:
        await SqlConversationStore(database).add_turn(turn)
    await database.close()
    before = await count()
    script = "from alembic.config import main; main(['downgrade', '0017'])"
    environment = {"FRONTDESK_DATABASE_URL": empty_url, "PATH": ""}
    command = [sys.executable, "-c", script]
    await asyncio.to_thread(subprocess.run, command, cwd=ROOT, env=environment, check=True, timeout=60)
    assert await count() == before


async def test_processes_that_start_at_once_on_an_empty_database_lose_nothing(empty_url: str) -> None:
    processes, turns = 3, 25
    workers = [start_worker(empty_url, turns) for _ in range(processes)]
    ids = [line for worker in workers for line in worker.communicate(timeout=60)[0].split()]
    assert [worker.returncode for worker in workers] == [0] * processes
    database = await Database.open(empty_url)
    stored = await SqlConversationStore(database).list_turns(limit=None)
    await database.close()
    assert len(ids) == processes * turns
    assert {turn.id for turn in stored} == set(ids)


async def test_a_process_killed_in_mid_write_leaves_whole_turns(empty_url: str) -> None:
    confirmed: list[str] = []
    for _ in range(2):
        worker = start_worker(empty_url, 100_000)
        assert worker.stdout
        confirmed += [worker.stdout.readline().strip() for _ in range(40)]
        worker.send_signal(signal.SIGKILL)
        confirmed += worker.communicate(timeout=10)[0].split()
    database = await Database.open(empty_url)
    store = SqlConversationStore(database)
    stored = {turn.id: turn for turn in await store.list_turns(limit=None)}
    assert set(confirmed) <= set(stored)
    assert all(len(turn.passages) == 2 for turn in stored.values())
    await store.add_turn(make_turn())
    if database.address.is_sqlite:
        check = await database.read(lambda connection: connection.execute(text("PRAGMA integrity_check")))
        assert check.scalar() == "ok"
    await database.close()


def start_worker(url: str, turns: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.support.storage_worker", url, str(turns)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
