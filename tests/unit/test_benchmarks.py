"""The benchmarks tell what they do."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from benchmarks.fit_intent import FOLDER, LANGUAGES, OneByOne, has_learned
from retrieval.interfaces import Vectors
from tests.support.word_embedder import WordEmbedder

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", ["quality", "fit", "fit_intent", "gaps", "taught", "contradictions"])
def test_help_describes_and_measures_nothing(name: str) -> None:
    command = [sys.executable, "-m", f"benchmarks.{name}", "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert done.stdout.startswith(f"usage: python -m benchmarks.{name}")
    assert done.stderr == ""


def test_readings_are_fitted_anew_only_where_their_own_examples_or_languages_are_others(tmp_path: Path) -> None:
    for file in FOLDER.glob("*.json"):
        learned = next((tags for name, tags in LANGUAGES.items() if file.name.startswith(name)), ())
        assert has_learned(file, learned)
        assert not has_learned(file, (*learned, "xx"))
    assert not has_learned(tmp_path / "none.json", ())


def test_an_example_is_fitted_as_it_is_embedded_alone_whatever_else_there_is() -> None:
    batches: list[list[str]] = []

    class Noting(WordEmbedder):
        def embed_queries(self, texts: Sequence[str]) -> Vectors:
            batches.append([*texts])
            return super().embed_queries(texts)

    texts = ["How do I pay?", "thanks", "where is my parcel?"]
    vectors = OneByOne(Noting()).embed_queries(texts)
    assert batches == [[text] for text in texts]
    assert np.array_equal(vectors, WordEmbedder().embed_queries(texts))
