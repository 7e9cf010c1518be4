"""The benchmarks tell what they do."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from benchmarks.coverage import measure_package, read_lines
from benchmarks.fit_intent import FOLDER, LANGUAGES, OneByOne, has_learned
from retrieval.extraction.process import ExtractionProcess
from retrieval.interfaces import Vectors
from tests.support.word_embedder import WordEmbedder

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "name",
    [
        "quality",
        "fit",
        "fit_intent",
        "gaps",
        "taught",
        "coverage",
        "contradictions",
        "attribution",
        "followups",
        "faithfulness",
    ],
)
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


def test_the_main_text_of_a_page_is_what_a_browser_shows_without_menus() -> None:
    body = (
        "<title>Lamps</title><nav>Home</nav><h1>Lamps</h1><p>Turn <b>the</b> dial.<br>Wait, or <a href=/x>ask</a>.</p>"
        "<script>x()</script><ul><li><a href=/a>All lamps</a><li><a href=/b>Shades</a></ul><table><tr><td>Watts<td>40"
    )
    assert read_lines(body.encode()) == ["Lamps", "Turn the dial.", "Wait, or ask.", "Watts", "40"]


def test_what_a_page_shows_and_no_document_holds_costs_its_share(tmp_path: Path) -> None:
    for n in range(6):
        drawn = "<math><mi>brightness</mi><mi>watts</mi><mi>efficiency</mi><mi>distance</mi></math>" if n == 3 else ""
        text = f"<p>Lamp {n} has to be turned on with the dial, and never by pulling at its cord.</p>"
        body = f"<div>Manual of all our lamps, Index</div><h1>Lamp {n}</h1>{text}{drawn}"
        (tmp_path / f"{n}.html").write_text(body, encoding="utf-8")
    with ExtractionProcess() as process:
        pages = sorted(tmp_path.glob("*.html"))
        shares = [*measure_package("lamps", pages, pages, process)]
    assert [each.share for each in shares] == [1, 1, 1, pytest.approx(0.68, abs=0.05), 1, 1]
    assert "formulas" in shares[3].reason
    assert "brightness" in shares[3].missing
