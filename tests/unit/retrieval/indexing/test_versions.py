"""Versions on disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from retrieval.errors import CorruptVersion, NoActiveVersion, RefreshRunning, UnknownVersion
from retrieval.indexing.lock import RefreshLock
from retrieval.indexing.versions import Manifest, Version, VersionStore


def make(store: VersionStore, text: str = "content", parent: str = "") -> Version:
    with store.stage() as folder:
        (folder / "data.txt").write_text(text)
        (folder / "mutable.txt").write_text("may change")
        manifest = Manifest(store.new_id(), "2026-01-01T00:00:00+00:00", parent, "model", 3, {"documents": 1})
        return store.commit(folder, manifest, unlisted=("mutable.txt",))


@pytest.fixture
def store(tmp_path: Path) -> VersionStore:
    return VersionStore(tmp_path / "index", keep=3)


def test_without_a_version_there_is_none_active(store: VersionStore) -> None:
    assert store.active_id() is None
    assert store.list() == []
    with pytest.raises(NoActiveVersion, match="frontdesk refresh"):
        store.active()
    with pytest.raises(NoActiveVersion):
        store.rollback()


def test_a_version_is_active_once_it_is_activated(store: VersionStore) -> None:
    version = make(store)
    assert store.active_id() is None
    store.activate(version)
    assert store.active().id == version.id
    assert (store.active().folder / "data.txt").read_text() == "content"
    assert store.active().manifest.files["data.txt"].size == 7
    assert "mutable.txt" not in store.active().manifest.files
    store.verify(version)


def test_ids_sort_by_age_even_within_a_second_and_with_a_clock_set_back(store: VersionStore) -> None:
    made = [make(store).id for _ in range(4)]
    assert made == sorted(made)
    (store.root / "versions" / "29990101-000000-abcd").mkdir()
    assert store.new_id() > "29990101-000000-abcd"


def test_an_abandoned_stage_leaves_nothing(store: VersionStore) -> None:
    with pytest.raises(RuntimeError), store.stage() as folder:
        (folder / "half").write_text("x")
        raise RuntimeError
    assert list((store.root / "staging").iterdir()) == []


def test_the_next_stage_clears_what_a_killed_one_left(store: VersionStore) -> None:
    dead = store.root / "staging" / "dead"
    dead.mkdir(parents=True)
    (store.root / ".active.0123").write_text("half")
    with store.stage() as folder:
        assert not dead.exists()
        assert folder.is_dir()
    assert not (store.root / ".active.0123").exists()


def test_prune_keeps_the_newest_and_the_active_one(store: VersionStore) -> None:
    versions = [make(store) for _ in range(6)]
    store.activate(versions[0])
    pruned = store.prune()
    assert set(pruned) == {versions[1].id, versions[2].id}
    assert [v.id for v in store.list()] == [v.id for v in (versions[5], versions[4], versions[3], versions[0])]


def test_rollback_goes_to_the_version_that_was_active_before(store: VersionStore) -> None:
    first = make(store)
    store.activate(first)
    orphan = make(store, parent=first.id)  # never activated: its refresh was killed
    third = make(store, parent=first.id)
    store.activate(third)
    assert store.rollback().id == first.id
    assert store.active_id() == first.id
    assert store.rollback(orphan.id).id == orphan.id
    with pytest.raises(UnknownVersion, match="no version before"):
        store.activate(first)
        store.rollback()


@pytest.mark.parametrize("name", ["20200101-000000-0000", "../../etc", "", ".", "x" * 300])
def test_a_version_that_is_none_is_unknown(store: VersionStore, name: str) -> None:
    store.activate(make(store))
    if name:
        with pytest.raises(UnknownVersion, match="frontdesk versions"):
            store.rollback(name)
    with pytest.raises(UnknownVersion):
        store.get(name)


def test_a_missing_or_shortened_file_is_seen_at_once(store: VersionStore) -> None:
    version = make(store)
    store.activate(version)
    (version.folder / "data.txt").write_text("cont")
    with pytest.raises(CorruptVersion, match=r"data\.txt.*frontdesk rollback"):
        store.active()
    (version.folder / "data.txt").unlink()
    with pytest.raises(CorruptVersion):
        store.active()
    assert store.list() == []


def test_an_altered_file_of_the_same_size_is_seen_by_verify(store: VersionStore) -> None:
    version = make(store)
    (version.folder / "data.txt").write_text("CONTENT")
    assert store.get(version.id).id == version.id
    with pytest.raises(CorruptVersion, match="altered"):
        store.verify(version)
    with pytest.raises(CorruptVersion):
        store.rollback(version.id)
    assert store.active_id() is None
    assert not store.is_intact(version.id, "data.txt")


@pytest.mark.parametrize("manifest", ["", "{", "[]", '{"format": 99}', '{"format": 1, "files": {}, "surprise": 1}'])
def test_a_manifest_that_cannot_be_read_is_a_corrupt_version(store: VersionStore, manifest: str) -> None:
    version = make(store)
    (version.folder / "manifest.json").write_text(manifest)
    with pytest.raises(CorruptVersion):
        store.get(version.id)


def test_a_pointer_to_nothing_says_so(store: VersionStore) -> None:
    (store.root).mkdir(parents=True)
    (store.root / "active").write_text("20200101-000000-0000\n")
    with pytest.raises(CorruptVersion, match="not on disk"):
        store.active()


def test_what_is_written_is_json_that_people_can_read(store: VersionStore) -> None:
    version = make(store)
    data = json.loads((version.folder / "manifest.json").read_text())
    assert data["embedder"] == "model"
    assert len(data["files"]["data.txt"]["sha256"]) == 64


HOLD = "import sys; from pathlib import Path; from retrieval.indexing.lock import RefreshLock\n" + (
    "with RefreshLock(Path(sys.argv[1])):\n    print('held', flush=True); sys.stdin.read()"
)


def test_the_lock_names_its_holder_and_is_free_when_that_dies(store: VersionStore) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(store.lock_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout and holder.stdout.readline() == "held\n"
        with (
            pytest.raises(RefreshRunning, match=rf"process {holder.pid}, started 20\d\d-"),
            RefreshLock(store.lock_path),
        ):
            pass
        store.activate(make(store))
        with pytest.raises(RefreshRunning):
            store.rollback()
    finally:
        holder.kill()
        holder.communicate()
    with RefreshLock(store.lock_path):
        assert str(os.getpid()) in store.lock_path.read_text()


def test_the_lock_holds_within_a_process_too(store: VersionStore) -> None:
    refused = pytest.raises(RefreshRunning, match=f"process {os.getpid()}")
    with RefreshLock(store.lock_path), refused, RefreshLock(store.lock_path):
        pass
    with RefreshLock(store.lock_path):
        pass
