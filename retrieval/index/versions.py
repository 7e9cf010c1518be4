"""Index versions on disk: staged beside the active one, verified, activated by one atomic replace, pruned.

<root>/active              the id of the active version: one line, only ever replaced as a whole
<root>/refresh.lock        held by the refresh that runs
<root>/versions/<id>/      immutable: manifest.json and the files that it lists (crawl.jsonl beside them may change)
<root>/staging/<token>/    a version being made, or one being deleted; worthless once its process is dead
"""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from retrieval.errors import CorruptVersion, NoActiveVersion, UnknownVersion
from retrieval.files import sha256_file, sync_to_disk, write_atomically
from retrieval.index.lock import RefreshLock

MANIFEST = "manifest.json"
MANIFEST_FORMAT = 1
_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{4}")
_STAMP = "%Y%m%d-%H%M%S"


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file of a version as it was written."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a version says of itself.

    `counts` has pages, documents, passages and rows; `parent` is the version that was active when this one was made
    ("" for none); `extractor` and `splitter` name the rules its texts went through; `texts` names its documents
    ("" for a version that was made before there was such a name).
    """

    id: str
    created_at: str
    parent: str
    embedder: str
    dimension: int
    counts: Mapping[str, int]
    extractor: str = ""
    splitter: str = ""
    texts: str = ""
    files: Mapping[str, FileRecord] = field(default_factory=dict)
    format: int = MANIFEST_FORMAT


@dataclass(frozen=True, slots=True)
class Version:
    """A version on disk."""

    manifest: Manifest
    folder: Path

    @property
    def id(self) -> str:
        """Sortable by age: UTC date, time, four random digits."""
        return self.manifest.id


class VersionStore:
    """The versions below `root`; `keep` of them survive a prune, the active one always.

    Reading needs no lock. `stage_version`, `commit_version`, `activate_version` and `prune_versions` belong under the
    RefreshLock of `lock_path`; `roll_back` takes it itself.
    """

    def __init__(self, root: Path, keep: int = 5) -> None:
        self.root = root
        self._keep = max(1, keep)
        self._versions = root / "versions"
        self._staging = root / "staging"
        self._pointer = root / "active"

    @property
    def lock_path(self) -> Path:
        """Where the RefreshLock of this store lies."""
        return self.root / "refresh.lock"

    def active_id(self) -> str | None:
        """The active version's id, or None. Cheap enough to poll: one small read, and a look at one folder.

        Where the pointer is damaged, or names what is not there, it is the newest version's.
        """
        named = self._read_pointer()
        if named is None or self._is_there(named):
            return named
        return max(self._list_ids(), default=None)

    def pointer_fault(self) -> str:
        """What is wrong with the pointer to the active version, and the mend, in one line; "" where nothing is."""
        named = self._read_pointer()
        if named is None or self._is_there(named):
            return ""
        what = f"names {named}, which is not on disk" if _ID.fullmatch(named) else "is empty or damaged"
        newest = max(self._list_ids(), default=None)
        instead = f"the newest version, {newest}, answers instead" if newest else "there is no other version"
        return f"The pointer to the active index version {what}: {instead}. Run 'frontdesk refresh' to mend it."

    def find_active(self) -> Version:
        """Raises NoActiveVersion, CorruptVersion."""
        version_id = self.active_id()
        if version_id is not None:
            return self.find_version(version_id)
        if fault := self.pointer_fault():
            raise CorruptVersion(fault)
        raise NoActiveVersion("Nothing is indexed yet: run 'frontdesk refresh' (or 'frontdesk crawl URL') first.")

    def list_substitutes(self, version_id: str) -> Iterator[str]:
        """The ids of those that may answer while that one is damaged: the newest of the older ones first, since whoever
        rolled back did not want the newer ones."""
        others = sorted(self._list_ids(), reverse=True)
        yield from (other for other in others if other < version_id)
        yield from (other for other in others if other > version_id)

    def find_version(self, version_id: str) -> Version:
        """A version whose files are there in full size; contents are checked by `verify_files`.

        Raises UnknownVersion, CorruptVersion.
        """
        folder = self.version_folder(version_id)
        if not _ID.fullmatch(version_id) or not folder.is_dir():
            raise UnknownVersion(f"There is no index version {version_id!r}: 'frontdesk versions' lists them.")
        version = Version(_read_manifest(folder), folder)
        for name, record in version.manifest.files.items():
            path = folder / name
            if not path.is_file() or path.stat().st_size != record.size:
                raise _build_corrupt_error(version_id, f"{name} is missing or cut short")
        return version

    def list_versions(self) -> list[Version]:
        """Every readable version, newest first."""
        versions = []
        for version_id in sorted(self._list_ids(), reverse=True):
            with suppress(UnknownVersion, CorruptVersion):
                versions.append(self.find_version(version_id))
        return versions

    def verify_files(self, version: Version, *, but: Collection[str] = ()) -> None:
        """Read every file again (`but` some) and compare its SHA-256: 0.5 to 1 GB a second, a fifth of what loading
        them takes. Raises CorruptVersion."""
        for name, record in version.manifest.files.items():
            if name in but:
                continue
            try:
                digest = sha256_file(version.folder / name)
            except OSError as error:
                raise _build_corrupt_error(version.id, f"{name} cannot be read") from error
            if digest != record.sha256:
                raise _build_corrupt_error(version.id, f"{name} was altered after it was written")

    def version_folder(self, version_id: str) -> Path:
        """Where a version of that id lies, if it is there."""
        return self._versions / version_id

    def is_intact(self, version_id: str, name: str) -> bool:
        """Whether one file of a version, however damaged the rest, is as it was written."""
        folder = self.version_folder(version_id)
        try:
            return sha256_file(folder / name) == _read_manifest(folder).files[name].sha256
        except (CorruptVersion, OSError, KeyError):
            return False

    @contextmanager
    def stage_version(self) -> Iterator[Path]:
        """An empty folder for a new version, gone afterwards unless `commit_version` took it. Clears what dead runs
        left."""
        self._clear_staging()
        folder = self._staging / secrets.token_hex(16)
        folder.mkdir(parents=True, mode=0o700)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def new_id(self) -> str:
        """An id that sorts after every other, even when the clock was set back."""
        moment = datetime.now(UTC)
        newest = max(self._list_ids(), default="")
        if newest:
            after = datetime.strptime(newest[:15], _STAMP).replace(tzinfo=UTC) + timedelta(seconds=1)
            moment = max(moment, after)
        return f"{moment.strftime(_STAMP)}-{secrets.token_hex(2)}"

    def commit_version(self, staged: Path, manifest: Manifest, *, unlisted: tuple[str, ...] = ()) -> Version:
        """Write the manifest over the staged files (but the `unlisted`, which may change later) and move them in place.

        The version is complete and durable afterwards, and not active yet.
        """
        files = {}
        for path in sorted(path for path in staged.rglob("*") if path.is_file()):
            name = path.relative_to(staged).as_posix()
            if name not in unlisted:
                files[name] = FileRecord(path.stat().st_size, sha256_file(path))
            sync_to_disk(path)
        manifest = replace(manifest, files=files)
        write_atomically(staged / MANIFEST, json.dumps(asdict(manifest), indent=1, ensure_ascii=False))
        self._versions.mkdir(parents=True, exist_ok=True)
        folder = self._versions / manifest.id
        staged.rename(folder)
        sync_to_disk(self._versions)
        return Version(manifest, folder)

    def activate_version(self, version: Version) -> None:
        """Point to `version` by one atomic replace: a reader sees the old one or the new one, never neither."""
        write_atomically(self._pointer, version.id + "\n")

    def deactivate_current(self) -> None:
        """No version is active afterwards; all stay, so that `roll_back` with an id brings one back.

        Raises RefreshRunning.
        """
        with RefreshLock(self.lock_path):
            self._pointer.unlink(missing_ok=True)

    def roll_back(self, version_id: str | None = None, *, only_from: str = "") -> Version:
        """Activate `version_id`, or the version that was active before the active one was made; its files are checked.
        Where `only_from` is given and is not the active one (any more), it stays as it is.

        -> the version that is active now. Raises UnknownVersion, CorruptVersion, NoActiveVersion, RefreshRunning.
        """
        with RefreshLock(self.lock_path):
            if only_from and self.active_id() != only_from:
                return self.find_active()
            version = self.find_version(version_id) if version_id else self._find_previous()
            self.verify_files(version)
            self.activate_version(version)
        return version

    def prune_versions(self) -> tuple[str, ...]:
        """Delete all but the newest `keep` versions and the active one, and what dead runs left; -> the ids deleted."""
        self._clear_staging()
        active = self.active_id()
        doomed = [name for name in sorted(self._list_ids(), reverse=True)[self._keep :] if name != active]
        for version_id in doomed:
            self._staging.mkdir(parents=True, exist_ok=True)
            trash = self._staging / secrets.token_hex(16)
            (self._versions / version_id).rename(trash)  # first out of sight: no half version is ever seen
            shutil.rmtree(trash, ignore_errors=True)
        return tuple(doomed)

    def _clear_staging(self) -> None:
        shutil.rmtree(self._staging, ignore_errors=True)
        for leftover in self.root.glob(".active.*"):
            leftover.unlink(missing_ok=True)

    def _find_previous(self) -> Version:
        active_id = self.active_id()
        if active_id is None:
            raise NoActiveVersion("Nothing is indexed yet, so there is nothing to roll back: run 'frontdesk refresh'.")
        older = [version for version in self.list_versions() if version.id < active_id]
        with suppress(UnknownVersion, CorruptVersion):
            return self.find_version(self.find_version(active_id).manifest.parent)
        if not older:
            raise UnknownVersion(f"There is no version before {active_id}: 'frontdesk versions' lists them.")
        return older[0]

    def _read_pointer(self) -> str | None:
        """What the pointer says: None where there is none, "" where it cannot be read."""
        try:
            return self._pointer.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None
        except (UnicodeDecodeError, OSError):
            return ""

    def _is_there(self, version_id: str) -> bool:
        return bool(_ID.fullmatch(version_id)) and self.version_folder(version_id).is_dir()

    def _list_ids(self) -> Iterator[str]:
        if self._versions.is_dir():
            yield from (entry.name for entry in self._versions.iterdir() if _ID.fullmatch(entry.name))


def _read_manifest(folder: Path) -> Manifest:
    try:
        data = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        if data["format"] != MANIFEST_FORMAT:
            raise _build_corrupt_error(
                folder.name, f"it has format {data['format']}, this Frontdesk reads {MANIFEST_FORMAT}"
            )
        files = {name: FileRecord(int(each["size"]), str(each["sha256"])) for name, each in data.pop("files").items()}
        counts = {name: int(count) for name, count in data.pop("counts").items()}
        datetime.fromisoformat(data["created_at"])
        manifest = Manifest(files=files, counts=counts, **data)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _build_corrupt_error(folder.name, f"{MANIFEST} cannot be read") from error
    if manifest.id != folder.name or any(".." in name or name.startswith("/") for name in files):
        raise _build_corrupt_error(folder.name, f"{MANIFEST} is another version's")
    return manifest


def _build_corrupt_error(version_id: str, what: str) -> CorruptVersion:
    return CorruptVersion(
        f"Index version {version_id} is damaged ({what}): run 'frontdesk rollback' to an older one, or "
        "'frontdesk refresh' to build it anew."
    )
