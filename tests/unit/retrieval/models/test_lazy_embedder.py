"""Models are loaded when a text is embedded, and no sooner."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from retrieval.errors import ModelError
from retrieval.interfaces import Embedder
from retrieval.models.embedder_onnx import OnnxEmbedder
from retrieval.models.lazy_embedder import LazyEmbedder
from retrieval.models.onnx_meta import cache_folder, read_meta
from retrieval.models.weights import Prompts, find_weights
from tests.support.embedding import MODELS, multilingual_embedder, plain_embedder


class Loads:
    """Counts loads of the real multilingual model; `troubles` are raised first."""

    def __init__(self, *troubles: ModelError, prompts: Prompts | None = None) -> None:
        multilingual_embedder()
        self.weights = find_weights("multilingual-e5-small", MODELS, prompts)
        self.folder = cache_folder(self.weights, MODELS)
        self.troubles = list(troubles)
        self.count = 0
        self.embedder = LazyEmbedder(self.weights, read_meta(self.folder), self)

    def __call__(self) -> Embedder:
        self.count += 1
        if self.troubles:
            raise self.troubles.pop()
        return OnnxEmbedder(self.folder, self.weights)


def test_what_identifies_a_model_is_known_without_loading_it() -> None:
    loads = Loads()
    known = [loads.embedder.fingerprint, loads.embedder.dimension, loads.embedder.max_tokens]
    assert loads.count == 0
    loaded = loads.embedder.load()
    assert known == [loaded.fingerprint, loaded.dimension, loaded.max_tokens]
    assert known == [loads.embedder.fingerprint, loads.embedder.dimension, loads.embedder.max_tokens]


def test_a_prompt_whose_length_is_not_noted_is_counted_by_loading() -> None:
    loads = Loads(prompts=Prompts(document="a much longer instruction: "))
    assert loads.embedder.dimension == 384
    assert loads.count == 0
    beside = loads.embedder.max_tokens
    assert loads.count == 1
    assert beside == 512 - (
        loads.embedder.count_tokens("a much longer instruction: ") - loads.embedder.count_tokens("")
    )


def test_threads_that_come_at_once_load_it_once() -> None:
    loads = Loads()
    barrier = threading.Barrier(6)

    def ask(_: int) -> np.ndarray:
        barrier.wait()
        return loads.embedder.embed_queries(["how do I pay?"])[0]

    with ThreadPoolExecutor(6) as pool:
        rows = np.stack(list(pool.map(ask, range(6))))
    assert loads.count == 1
    assert (rows @ rows[0]).min() > 0.9999


def test_a_load_that_failed_is_tried_again_by_the_next() -> None:
    loads = Loads(ModelError("no space"))
    with pytest.raises(ModelError, match="no space"):
        loads.embedder.embed_queries(["hello"])
    assert loads.embedder.embed_questions(["hello"]).shape == (1, 384)
    assert loads.embedder.count_tokens("hello") == 4


def test_a_model_that_was_never_exported_is_loaded_to_be_known() -> None:
    loads = Loads()
    new = LazyEmbedder(replace(loads.weights, name="new"), None, loads)
    assert new.fingerprint.startswith("multilingual-e5-small@")
    assert loads.count == 1


def test_an_english_question_loads_no_multilingual_model() -> None:
    plain_embedder(), multilingual_embedder()
    code = (
        "import json, sys; from pathlib import Path; from retrieval.models.embedder import load_embedder\n"
        f"cache = Path({str(MODELS)!r})\n"
        "both = [load_embedder(name, cache) for name in ('', 'multilingual-e5-small')]\n"
        "print(json.dumps([[each.fingerprint, each.max_tokens, 'onnxruntime' in sys.modules] for each in both]))\n"
        "both[0].embed_queries(['how do I pay?'])\n"
        "print(json.dumps('kitoken' in sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    known, loaded = (json.loads(line) for line in done.stdout.splitlines())
    assert known == [[each.fingerprint, each.max_tokens, False] for each in (plain_embedder(), multilingual_embedder())]
    assert loaded is False


def test_the_cache_of_an_earlier_release_is_still_read(tmp_path: Path) -> None:
    plain_embedder()
    (folder,) = MODELS.glob("all-MiniLM*")
    for path in folder.iterdir():
        (tmp_path / path.name).symlink_to(path)
    old = json.loads((folder / "meta.json").read_text())
    for new in ("around", "prompt_tokens"):
        old.pop(new, None)
    (tmp_path / "meta.json").unlink()
    (tmp_path / "meta.json").write_text(json.dumps(old))
    assert OnnxEmbedder(tmp_path, find_weights("", MODELS)).max_tokens == 256
