"""Versions on disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from retrieval.errors import CorruptVersion, NoActiveVersion, RefreshRunning, UnknownVersion
from retrieval.index.lock import RefreshLock
from retrieval.index.versions import Manifest, Version, VersionStore


def make(store: VersionStore, text: str = "content", parent: str = "") -> Version:
    with store.stage_version() as folder:
        (folder / "data.txt").write_text(text)
        (folder / "mutable.txt").write_text("may change")
        manifest = Manifest(store.new_id(), "2026-01-01T00:00:00+00:00", parent, "model", 3, {"documents": 1})
        return store.commit_version(folder, manifest, unlisted=("mutable.txt",))


@pytest.fixture
def store(tmp_path: Path) -> VersionStore:
    return VersionStore(tmp_path / "index", keep=3)


def test_without_a_version_there_is_none_active(store: VersionStore) -> None:
    assert store.active_id() is None
    assert store.list_versions() == []
    with pytest.raises(NoActiveVersion, match="frontdesk refresh"):
        store.find_active()
    with pytest.raises(NoActiveVersion):
        store.roll_back()


def test_a_version_is_active_once_it_is_activated(store: VersionStore) -> None:
    version = make(store)
    assert store.active_id() is None
    store.activate_version(version)
    assert store.find_active().id == version.id
    assert (store.find_active().folder / "data.txt").read_text() == "content"
    assert store.find_active().manifest.files["data.txt"].size == 7
    assert "mutable.txt" not in store.find_active().manifest.files
    store.verify_files(version)


def test_ids_sort_by_age_even_within_a_second_and_with_a_clock_set_back(store: VersionStore) -> None:
    made = [make(store).id for _ in range(4)]
    assert made == sorted(made)
    (store.root / "versions" / "29990101-000000-abcd").mkdir()
    assert store.new_id() > "29990101-000000-abcd"


def test_an_abandoned_stage_leaves_nothing(store: VersionStore) -> None:
    with pytest.raises(RuntimeError), store.stage_version() as folder:
        (folder / "half").write_text("x")
        raise RuntimeError
    assert list((store.root / "staging").iterdir()) == []


def test_the_next_stage_clears_what_a_killed_one_left(store: VersionStore) -> None:
    dead = store.root / "staging" / "dead"
    dead.mkdir(parents=True)
    (store.root / ".active.0123").write_text("half")
    with store.stage_version() as folder:
        assert not dead.exists()
        assert folder.is_dir()
    assert not (store.root / ".active.0123").exists()


def test_prune_keeps_the_newest_and_the_active_one(store: VersionStore) -> None:
    versions = [make(store) for _ in range(6)]
    store.activate_version(versions[0])
    pruned = store.prune_versions()
    assert set(pruned) == {versions[1].id, versions[2].id}
    assert [v.id for v in store.list_versions()] == [v.id for v in (versions[5], versions[4], versions[3], versions[0])]


def test_rollback_goes_to_the_version_that_was_active_before(store: VersionStore) -> None:
    first = make(store)
    store.activate_version(first)
    orphan = make(store, parent=first.id)  # never activated: its refresh was killed
    third = make(store, parent=first.id)
    store.activate_version(third)
    assert store.roll_back().id == first.id
    assert store.active_id() == first.id
    assert store.roll_back(orphan.id).id == orphan.id
    with pytest.raises(UnknownVersion, match="no version before"):
        store.activate_version(first)
        store.roll_back()


@pytest.mark.parametrize("name", ["20200101-000000-0000", "../../etc", "", ".", "x" * 300])
def test_a_version_that_is_none_is_unknown(store: VersionStore, name: str) -> None:
    store.activate_version(make(store))
    if name:
        with pytest.raises(UnknownVersion, match="frontdesk versions"):
            store.roll_back(name)
    with pytest.raises(UnknownVersion):
        store.find_version(name)


def test_a_missing_or_shortened_file_is_seen_at_once(store: VersionStore) -> None:
    version = make(store)
    store.activate_version(version)
    (version.folder / "data.txt").write_text("cont")
    with pytest.raises(CorruptVersion, match=r"data\.txt.*frontdesk rollback"):
        store.find_active()
    (version.folder / "data.txt").unlink()
    with pytest.raises(CorruptVersion):
        store.find_active()
    assert store.list_versions() == []


def test_an_altered_file_of_the_same_size_is_seen_by_verify(store: VersionStore) -> None:
    version = make(store)
    (version.folder / "data.txt").write_text("CONTENT")
    assert store.find_version(version.id).id == version.id
    with pytest.raises(CorruptVersion, match="altered"):
        store.verify_files(version)
    with pytest.raises(CorruptVersion):
        store.roll_back(version.id)
    assert store.active_id() is None
    assert not store.is_intact(version.id, "data.txt")


@pytest.mark.parametrize("manifest", ["", "{", "[]", '{"format": 99}', '{"format": 1, "files": {}, "surprise": 1}'])
def test_a_manifest_that_cannot_be_read_is_a_corrupt_version(store: VersionStore, manifest: str) -> None:
    version = make(store)
    (version.folder / "manifest.json").write_text(manifest)
    with pytest.raises(CorruptVersion):
        store.find_version(version.id)


@pytest.mark.parametrize("value", [None, 7, "x", [], {"data.txt": 1}, {"../data.txt": {"size": 1, "sha256": ""}}])
@pytest.mark.parametrize("key", ["id", "created_at", "counts", "files", "format"])
def test_a_manifest_of_another_shape_is_a_corrupt_version(store: VersionStore, key: str, value: object) -> None:
    version = make(store)
    path = version.folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    if (key, value) == ("counts", {"data.txt": 1}):
        assert store.find_version(version.id).manifest.counts == value
        return
    with pytest.raises(CorruptVersion, match=r"frontdesk rollback"):
        store.find_version(version.id)


def test_any_flipped_bit_of_any_file_is_seen(store: VersionStore) -> None:
    version = make(store, "some content of the index")
    path = version.folder / "data.txt"
    whole = path.read_bytes()
    for bit in range(len(whole) * 8):
        damaged = bytearray(whole)
        damaged[bit // 8] ^= 1 << bit % 8
        path.write_bytes(damaged)
        with pytest.raises(CorruptVersion, match="altered"):
            store.verify_files(version)
    store.verify_files(version, but={"data.txt"})


@pytest.mark.parametrize("pointer", [b"", b"\n", b"20200101-000000-0000\n", b"\xff\xfe", b"\0" * 21, b"../../etc"])
def test_a_damaged_pointer_is_told_and_means_the_newest_version(store: VersionStore, pointer: bytes) -> None:
    store.activate_version(make(store))
    newest = make(store)
    assert not store.pointer_fault()
    (store.root / "active").write_bytes(pointer)
    assert store.find_active().id == store.active_id() == newest.id
    fault = store.pointer_fault()
    assert newest.id in fault and "frontdesk refresh" in fault and "\n" not in fault
    store.activate_version(newest)
    assert not store.pointer_fault()


def test_a_pointer_that_was_taken_away_means_no_version(store: VersionStore) -> None:
    store.activate_version(make(store))
    store.deactivate_current()
    assert store.active_id() is None and not store.pointer_fault()


def test_older_versions_stand_in_before_newer_ones(store: VersionStore) -> None:
    ids = [make(store).id for _ in range(4)]
    assert list(store.list_substitutes(ids[2])) == [ids[1], ids[0], ids[3]]
    assert list(store.list_substitutes("")) == ids[::-1]


def test_a_pointer_to_nothing_says_so(store: VersionStore) -> None:
    (store.root).mkdir(parents=True)
    (store.root / "active").write_text("20200101-000000-0000\n")
    with pytest.raises(CorruptVersion, match="not on disk"):
        store.find_active()


def test_what_is_written_is_json_that_people_can_read(store: VersionStore) -> None:
    version = make(store)
    data = json.loads((version.folder / "manifest.json").read_text())
    assert data["embedder"] == "model"
    assert len(data["files"]["data.txt"]["sha256"]) == 64


HOLD = "import sys; from pathlib import Path; from retrieval.index.lock import RefreshLock\n" + (
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
        store.activate_version(make(store))
        with pytest.raises(RefreshRunning):
            store.roll_back()
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
