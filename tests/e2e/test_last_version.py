"""What the last version wrote is taken over: its database is migrated, and nothing in it or in its index is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from pydantic import SecretStr
from sqlalchemy import Connection

from bot.app import Application, open_application
from bot.chat.conversation import OptionPress
from bot.chat.message import Audience, Channel, ChannelKind, Disposition, Job, JobState, MessageRef, Thread, ThreadRef
from bot.database import schema
from bot.database.database import Database
from bot.database.tables import metadata
from bot.handoff.models import HandoffState, Party
from bot.inbox.policy import classify_message
from bot.platforms.registry import find_sections
from bot.sections import load_section
from bot.settings import Settings, load_settings
from bot.taught.models import TaughtState
from retrieval.errors import SourceError
from tests.fakes import said
from tests.support.embedding import give_model
from tests.support.last_version import LastVersion, differences, settings, unpack

FRONTDESK = Path(sys.executable).parent / "frontdesk"


@pytest.fixture
def last(tmp_path: Path) -> LastVersion:
    """Its data, untouched yet."""
    return unpack(tmp_path)


@pytest.fixture
async def application(last: LastVersion, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Application]:
    """Today's code on it."""
    _clear_settings(monkeypatch)
    async with open_application(load_settings(data_dir=last.data)) as application:
        yield application


def _clear_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.environment_variables():
        monkeypatch.delenv(name, raising=False)


def run(last: LastVersion, *arguments: str, **environment: str) -> Any:
    """What a command of today prints as JSON."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("FRONTDESK_")}
    done = subprocess.run(
        [str(FRONTDESK), *arguments, "--json"],
        env=clean | {"FRONTDESK_DATA_DIR": str(last.data)} | environment,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=last.data.parent,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


# -- the database -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("driver", ["sqlite", "sqlite+aiosqlite"])
async def test_opening_the_database_migrates_it_however_its_address_was_written(last: LastVersion, driver: str) -> None:
    file = last.data / "frontdesk.db"
    assert b"0007" in file.read_bytes()  # what it was written with: or nothing is migrated here
    assert schema.HEAD > "0007"
    database = await Database.open(f"{driver}:///{file}")

    def find_differences(connection: Connection) -> Sequence[object]:
        return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)

    assert await database.read(schema.load_version) == schema.HEAD
    assert await database.read(lambda connection: connection.run_sync(find_differences)) == []
    await database.close()


async def test_what_a_dead_process_owed_is_reclaimed_with_all_that_was_known_of_it(application: Application) -> None:
    taken = {job.message.id: job for job in await application.inbox_store.reclaim_expired(["slack", "discord"])}
    assert sorted(taken) == ["20.0", "21.0:press", "30.0", "40.0"]
    assert all(job.mine and job.message.gesture == "" for job in taken.values())

    edited = taken["20.0"]
    assert edited.message.place == ThreadRef("slack", "T1", "C1", "20.0")
    assert (edited.message.user, edited.message.text, edited.message.edited_at) == (
        "U7",
        "包裹丢了怎么办？急！",
        1235.5,
    )
    assert edited.message.audience is Audience.MENTION
    assert edited.message.reply_target == {"team": "T1", "response_url": "https://hooks.example/1"}
    assert (edited.message.links, edited.message.files) == (("https://shop.example/a",), ())
    assert (edited.state, edited.judgement, edited.revision) == (JobState.PENDING, Disposition.ANSWER, 1)
    assert (edited.replies, edited.turn_id, edited.attempts) == (({"ts": "20.1", "kind": "waiting"},), "", 1)
    assert edited.conversation_id == "slack:T1:C1:20.0"

    press = taken["21.0:press"].message.chosen
    assert press is not None
    assert press == OptionPress((await application.conversations.find_turn(press.turn_id)).id, 1, "U8", "21.0")

    moved = taken["30.0"]
    assert moved.moved is not None
    there = ThreadRef("discord", "G1", "88", "30.5")
    assert (moved.moved.place, moved.moved.audience) == (there, Audience.DIRECT)
    assert moved.moved.reply_target["dm"] == "88"
    assert moved.moved.left == ({"id": "30.1", "kind": "waiting"},)
    assert moved.where_answered.message.place == there

    assert (taken["40.0"].state, taken["40.0"].replies) == (JobState.RETRACTING, ({"ts": "40.1"},))


async def test_what_was_seen_to_stays_so_and_is_not_answered_again(application: Application) -> None:
    async def state(message_id: str) -> tuple[JobState, str]:
        job = await application.inbox_store.find_job(MessageRef("slack", "T1", "C1", message_id))
        assert job is not None
        again = said("Anew?", id=message_id, user=job.message.user, platform="slack", workspace="T1", channel="C1")
        assert await application.inbox_store.claim_message(again, classify_message) is None
        return job.state, job.message.text

    assert await state("1.0") == (JobState.ANSWERED, "How do I send something back?")
    assert await state("3.0") == (JobState.EXCUSED, "Do you sell concert tickets?")
    assert await state("41.0") == (JobState.WITHDRAWN, "")
    assert await state("42.0") == (JobState.FAILED, "Hello? Anybody?")
    answered = await application.inbox_store.find_job(MessageRef("slack", "T1", "C1", "1.0"))
    assert answered is not None
    assert (
        await application.inbox_store.find_job_of_turn(await application.conversations.find_turn(answered.turn_id))
        == answered
    )


async def test_threads_channels_and_notes_are_as_they_were_left(application: Application) -> None:
    assert await application.inbox_store.list_marked_channels() == {
        Channel("slack", "T1", "C9"): ChannelKind.HELP,
        Channel("discord", "G1", "99"): ChannelKind.QUIET,
    }
    shown: list[Thread] = []

    def look(_message: object, thread: Thread, _help: bool) -> Disposition:
        shown.append(thread)
        return Disposition.SILENT

    there = {"user": "U1", "platform": "slack", "workspace": "T1", "channel": "C1"}
    await application.inbox_store.claim_message(said("Hm", id="50.1", thread="50.0", **there), look)
    await application.inbox_store.claim_message(said("Hm", id="1.9", thread="1.0", **there), look)
    muted, answering = shown
    assert muted.muted
    assert (answering.answering, answering.askers) == (True, frozenset({"U1"}))
    assert answering.conversation_id == "slack:T1:C1:1.0"
    for note in ("discord:heard", "gaps:posted", "ready"):
        assert await application.markers.get(note)
    pending, _ = await application.source_preview.confirm("0123456789ab")
    assert (pending.name, pending.kind, pending.path_prefix) == ("kettles", "website", "/kettles/")
    assert pending.max_pages == 5
    with pytest.raises(SourceError):
        await application.source_preview.confirm("0123456789ab")


async def test_handoffs_are_taken_up_where_they_stood(application: Application) -> None:
    store = application.handoff_store
    by_state = {each.state: each for each in await store.list_handoffs()}
    opened, claimed = by_state[HandoffState.OPEN], by_state[HandoffState.CLAIMED]
    resolved = by_state[HandoffState.RESOLVED]
    assert astuple(opened.customer) == ("slack", "T1", "C1", "61.0")
    assert (opened.customer_user, opened.customer_name, opened.question) == (
        "U3",
        "Cleo",
        "Do you sell concert tickets?",
    )
    assert opened.remind_at is not None
    assert (claimed.claimed_by, claimed.claimed_name, claimed.reminders) == ("slack:T1:U2", "Ann", 1)
    assert [(each.side, each.text) for each in await store.load_messages(claimed.id)] == [
        (Party.CUSTOMER, "还有票吗？")
    ]
    assert [(each.side, each.author) for each in await store.load_messages(resolved.id)] == [(Party.SUPPORT, "Ann")]
    taken = await store.find_in_thread(opened.support)
    assert taken == opened

    # A message of the customer's belongs to it still.
    message = said("Hello?", id="61.5", thread="61.0", user="U3", platform="slack", workspace="T1", channel="C1")
    job = await application.inbox_store.claim_message(message, classify_message)
    assert isinstance(job, Job)
    assert job.message.handoff_id == opened.id


async def test_taught_answers_terms_wordings_and_schedules_are_in_use(application: Application) -> None:
    states = {each.state for each in await application.taught_store.list()}
    assert states == set(TaughtState)
    review = (await application.taught_store.list(TaughtState.REVIEW))[0]
    assert (review.author_id, review.customer, review.note) == ("slack:T1:U2", "slack:T1:U3", "noted")
    assert sorted(" = ".join(each.terms) for each in await application.glossary.list()) == [
        "RMA = return",
        "退货 = 退回",
    ]
    await application.load_beside()
    used = [each for each in await application.wording_learner.list() if each.used]
    assert [(each.question, each.supporters) for each in used] == [("I want to hand my parcel over to you again", 2)]
    schedules = {each.source: each for each in await application.schedule_store.schedules()}
    assert schedules["returns"].every_hours == 24
    assert schedules["returns"].next_at is not None
    assert schedules["tuihuo"].paused
    failed = await application.refresh_log.get("ru1")
    assert failed is not None
    assert (failed.outcome, failed.error, failed.cancelled) == ("failed", "The site is away.", True)
    watcher = {"platform": "slack", "workspace": "T1", "channel": "C1", "message_id": "70.0"}
    assert [dict(each) for each in failed.watchers] == [watcher]


# -- settings -----------------------------------------------------------------------------------------------------


def test_every_setting_of_the_last_version_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    _clear_settings(monkeypatch)
    sections = (Settings, *find_sections())
    plain = {section: load_section(section) for section in sections}
    for name, value in settings().items():
        monkeypatch.setenv(name, value)
    known = {
        name: (section, field)
        for section in sections
        for name, field in zip(section.environment_variables(), section.model_fields, strict=False)
    }
    assert set(settings()) <= set(known)
    for name in settings():
        section, field = known[name]
        value = getattr(load_section(section), field)
        assert value != getattr(plain[section], field), name
        if isinstance(value, SecretStr):
            assert value.get_secret_value() == "an-example"


# -- the command line ---------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_commands_print_what_the_last_version_printed(last: LastVersion) -> None:
    for command, printed in last.printed.items():
        if command != "ask":  # which answers: see below
            assert differences(printed, run(last, *command.split())) == [], command


@pytest.mark.slow
def test_the_index_answers_without_being_made_anew_and_goes_back(last: LastVersion) -> None:
    give_model(last.data)
    active, older = (each["version"] for each in last.printed["versions"])
    for question, expected in last.printed["ask"].items():
        answer = run(last, "ask", question)
        assert differences(expected, answer | {"citations": answer["citations"][:1]}) == [], question
        assert answer["index_version"] == active
    assert run(last, "rollback") == {"version": older, "before": active}
    answer = run(last, "ask", "How do I send something back?")
    assert (answer["decision"], answer["index_version"]) == ("answer", older)
    assert {each["version"]: each["active"] for each in run(last, "versions")} == {active: False, older: True}


def test_what_is_not_as_it_was_is_told() -> None:
    """Or the comparison above would find nothing whatever came."""
    last = {"a": [1, {"at": "2026-11-30T04:18:54+00:00", "b": None}], "c": "x"}
    assert differences(last, {"a": [1, {"at": "2027-01-01T00:00:00+00:00", "b": None, "new": 1}], "c": "x"}) == []
    assert differences(last, {"a": [1, {"at": "2027-01-01T00:00:00+00:00", "b": 0}], "c": "x"}) != []
    assert differences(last, {"a": [1], "c": "x"}) != []
    assert differences(last, {"a": last["a"]}) != []
    assert differences(last, {"a": [1, {"at": "soon", "b": None}], "c": "x"}) != []
