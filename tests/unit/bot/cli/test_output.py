"""A file to write is looked at before anything long is done, and left as it is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.cli.output import check_output
from bot.errors import InputError


def test_what_can_be_written_is_left_as_it_is(tmp_path: Path) -> None:
    old, new, link = tmp_path / "old.jsonl", tmp_path / "new.jsonl", tmp_path / "link.jsonl"
    old.write_text("rows", encoding="utf-8")
    link.symlink_to(tmp_path / "later.jsonl")
    for path in (old, new, link):
        check_output(path, tmp_path / "other.csv", None)
    assert old.read_text(encoding="utf-8") == "rows"
    assert {path.name for path in tmp_path.iterdir()} == {"old.jsonl", "link.jsonl"}


def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    check_output(pipe)  # would wait for a reader


@pytest.mark.parametrize("name", ["no/rows.jsonl", "x" * 300, "file.txt/rows.jsonl"])
def test_what_cannot_be_written_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / "file.txt").write_text("x", encoding="utf-8")
    with pytest.raises(InputError, match="Cannot write"):
        check_output(tmp_path / name)


def test_an_input_is_not_written_over_by_whatever_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    golden = Path("golden.csv")
    golden.write_text("mine", encoding="utf-8")
    Path("hard.csv").hardlink_to(golden)
    Path("soft.csv").symlink_to(golden)
    for name in (golden, golden.absolute(), Path("hard.csv"), Path("soft.csv"), Path("../") / tmp_path.name / golden):
        with pytest.raises(InputError, match="named twice"):
            check_output(name, None, golden)
    with pytest.raises(InputError, match="named twice"):
        check_output(Path("new.svg"), Path("./new.svg"))
    assert golden.read_text(encoding="utf-8") == "mine"
