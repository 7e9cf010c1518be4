"""A refresh killed with SIGKILL at any moment: the active version still answers, and the next refresh succeeds."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from retrieval.errors import RefreshRunning
from retrieval.index.index import Index
from retrieval.index.lock import RefreshLock
from retrieval.index.versions import VersionStore
from tests.support.embedding import default_embedder, plain_embedder

ROOT = Path(__file__).parents[2]
WORKER = [sys.executable, "-m", "tests.support.refresh_worker"]


def write_page(folder: Path, name: str, *pairs: tuple[str, str]) -> None:
    items = "".join(f"<dt>{question}</dt><dd>{answer}</dd>" for question, answer in pairs)
    (folder / f"{name}.html").write_text(f"<html><body><h1>FAQ</h1><dl>{items}</dl></body></html>", encoding="utf-8")


@dataclass
class Setting:
    """A folder of pages whose first version is active, and a worker that dies when told to."""

    root: Path
    pages: Path
    worker: subprocess.Popen[str]

    def refresh(self, die_at: int = 0) -> tuple[int, int]:
        """-> (signal that ended the refresh, changes it made to files)."""
        assert self.worker.stdin and self.worker.stdout
        self.worker.stdin.write(f"{die_at}\n")
        self.worker.stdin.flush()
        status, made = json.loads(self.worker.stdout.readline())
        return status, made

    def answer(self) -> str:
        """What the active version, checked to the last byte, says about returns."""
        store = VersionStore(self.root)
        version = store.find_active()
        store.verify_files(version)
        index = Index.load(version.folder)
        [row] = index.fields[0].dense.search(plain_embedder().embed_queries(["How do I return an item?"]), 1)[0]
        return index.passages[index.row_passage[row]].document.answer


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setting]:
    default_embedder()
    base = tmp_path_factory.mktemp("killed")
    root, pages = base / "index", base / "pages"
    pages.mkdir()
    write_page(pages, "delivery", ("How long does delivery take?", "Three days."), ("Who delivers?", "A courier."))
    write_page(pages, "returns", ("How do I return an item?", "Within 30 days."), ("Who pays for it?", "You do."))
    with subprocess.Popen(
        [*WORKER, str(root), str(pages), "--serve"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as worker:
        setting = Setting(root, pages, worker)
        for answer in ("Within 10 days.", "Within 20 days.", "Within 30 days."):  # so that the next one prunes, too
            write_page(pages, "returns", ("How do I return an item?", answer), ("Who pays for it?", "You do."))
            assert setting.refresh()[0] == 0
        write_page(pages, "returns", ("How do I return an item?", "Within 90 days."), ("Who pays for it?", "We do."))
        shutil.copytree(root, base / "before")
        yield setting
        assert worker.stdin
        worker.stdin.close()


@pytest.mark.slow
def test_killed_before_any_of_its_changes_to_files_it_leaves_the_old_answer_or_the_new_one(setting: Setting) -> None:
    before = setting.root.with_name("before")
    status, changes = setting.refresh()
    assert (status, setting.answer()) == (0, "Within 90 days.")
    assert changes > 20
    answers = []
    for moment in range(1, changes + 1):
        shutil.rmtree(setting.root)
        shutil.copytree(before, setting.root)
        status, made = setting.refresh(die_at=moment)
        assert (status, made) == (signal.SIGKILL, moment - 1)
        answers.append(setting.answer())
        assert setting.refresh()[0] == 0
        assert setting.answer() == "Within 90 days."
        assert len(VersionStore(setting.root).list_versions()) == 2
        assert not any((setting.root / "staging").glob("*"))
    assert answers[0] == "Within 30 days."
    assert answers[-1] == "Within 90 days."
    assert answers == sorted(answers), "once the new version answers, it goes on answering"


@pytest.mark.parametrize("stage", ["crawl", "embed", "verify", "activate"])
def test_killed_from_outside_at_any_stage_the_lock_is_free_and_the_next_refresh_succeeds(
    setting: Setting, stage: str
) -> None:
    shutil.rmtree(setting.root)
    shutil.copytree(setting.root.with_name("before"), setting.root)
    command = [*WORKER, str(setting.root), str(setting.pages), "--stop", stage]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT)
    assert process.stdout
    for line in process.stdout:
        if json.loads(line).get("stage") == stage:
            with pytest.raises(RefreshRunning), RefreshLock(setting.root / "refresh.lock"):
                pass
            break
    process.kill()
    process.wait()
    process.stdout.close()
    assert setting.answer() in {"Within 30 days.", "Within 90 days."}
    with RefreshLock(setting.root / "refresh.lock"):
        pass
    assert setting.refresh()[0] == 0
    assert setting.answer() == "Within 90 days."
