"""Cross-encoders: the exported one and the one in torch, and what is refused."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from retrieval.errors import ModelError
from retrieval.interfaces import Reranker
from retrieval.models.reranker import TorchReranker, load_reranker
from retrieval.models.reranker_onnx import OnnxReranker
from retrieval.models.weights import find_weights
from tests.support.embedding import MODELS
from tests.support.tiny_model import write_tiny_model
from tests.support.tiny_reranker import tiny_reranker, write_tiny_reranker

pytestmark = pytest.mark.slow

QUERY = "How do I clean my florb?"
TEXTS = ["Wash your grint every week.", "Wash your quold every week.", "", "格琳", "the grint is " * 300]


@pytest.fixture(scope="module")
def exported() -> Reranker:
    return load_reranker(str(tiny_reranker()), MODELS)


@pytest.fixture(scope="module")
def plain() -> Reranker:
    return load_reranker(str(tiny_reranker()), MODELS, onnx=False)


def test_the_export_says_what_the_model_says_in_torch(exported: Reranker, plain: Reranker) -> None:
    assert isinstance(exported, OnnxReranker)
    assert isinstance(plain, TorchReranker)
    ours, theirs = exported.score(QUERY, TEXTS), plain.score(QUERY, TEXTS)
    assert ours.dtype == theirs.dtype == np.float32
    assert ours == pytest.approx(theirs, abs=0.5)
    assert exported.score(QUERY, []).shape == plain.score(QUERY, []).shape == (0,)


def test_scores_are_log_odds_of_what_was_learned(exported: Reranker) -> None:
    right, wrong = exported.score(QUERY, TEXTS[:2])
    assert right > 2  # four in five and more
    assert wrong < -2
    right, wrong = exported.score("怎么清洗弗珞？", ["请用水清洗格琳。", "请用水清洗嗡哧。"])
    assert right > 2 > -2 > wrong


def test_fingerprints_tell_runtimes_apart(exported: Reranker, plain: Reranker) -> None:
    assert "/int8/onnxruntime" in exported.fingerprint
    assert plain.fingerprint.endswith("/fp32/torch")


def test_a_reranker_may_be_used_from_many_threads(exported: Reranker, plain: Reranker) -> None:
    for each in (exported, plain):
        expected = each.score(QUERY, TEXTS)
        barrier = threading.Barrier(6)

        def ask(
            _: int, each: Reranker = each, barrier: threading.Barrier = barrier, expected: np.ndarray = expected
        ) -> float:
            barrier.wait()
            return float(np.abs(each.score(QUERY, TEXTS) - expected).max())

        with ThreadPoolExecutor(6) as pool:
            assert max(pool.map(ask, range(6))) < 0.3


def test_once_exported_it_needs_no_torch(exported: Reranker) -> None:
    code = (
        "import sys; from pathlib import Path; from retrieval.models.reranker import load_reranker\n"
        f"load_reranker({str(tiny_reranker())!r}, Path({str(MODELS)!r})).score('a', ['b'])\n"
        "print(sorted({'torch', 'transformers', 'sentence_transformers', 'onnx'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("whole", [True, False])
def test_a_damaged_export_is_made_again(tmp_path: Path, whole: bool) -> None:
    before = load_reranker(str(tiny_reranker()), tmp_path).score(QUERY, TEXTS)
    (model,) = tmp_path.glob("*/model.onnx")
    model.write_bytes(b"\x07" * model.stat().st_size if whole else b"\x00")
    assert load_reranker(str(tiny_reranker()), tmp_path).score(QUERY, TEXTS) == pytest.approx(before, abs=0.01)


@pytest.mark.parametrize("onnx", [True, False])
def test_several_labels_are_refused_with_the_mend(tmp_path: Path, onnx: bool) -> None:
    folder = write_tiny_reranker(tmp_path / "nli", labels=3)
    with pytest.raises(ModelError, match=r"nli tells 3 classes apart.*one label in FRONTDESK_RERANKER"):
        load_reranker(str(folder), tmp_path, onnx)


def test_an_embedding_model_is_no_reranker(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"is no cross-encoder \(its architecture is BertModel.*FRONTDESK_RERANKER"):
        load_reranker(str(write_tiny_model(tmp_path / "tiny")), tmp_path)
    with pytest.raises(ModelError, match="is no cross-encoder"):
        load_reranker(str(find_weights("", tmp_path).folder), tmp_path)


def test_what_is_missing_or_broken_is_one_clear_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    (tmp_path / "empty").mkdir()
    broken = tmp_path / "broken"
    shutil.copytree(tiny_reranker(), broken)
    (broken / "model.safetensors").write_bytes(b"\x00" * 100)
    unreadable = tmp_path / "unreadable"
    unreadable.mkdir()
    (unreadable / "config.json").write_text(json.dumps([1]))
    for name, labels in (("no-number", {"num_labels": "x"}), ("no-names", {"id2label": 1})):
        (tmp_path / name).mkdir()
        config = {"architectures": ["BertForSequenceClassification"], **labels}
        (tmp_path / name / "config.json").write_text(json.dumps(config))
    for model, said in (
        ("/no/such/folder", "holds no cross-encoder"),
        (str(tmp_path / "empty"), "holds no cross-encoder"),
        ("a/b/c/d", "neither a folder nor a model's name"),
        ("nobody/no-such-model", "The reranker 'nobody/no-such-model' cannot be had"),
        (str(broken), "cannot be loaded"),
        (str(unreadable), "configuration"),
        (str(tmp_path / "no-number"), "configuration"),
        (str(tmp_path / "no-names"), "configuration"),
    ):
        with pytest.raises(ModelError, match=said) as raised:
            load_reranker(model, tmp_path / "models")
        assert "FRONTDESK_RERANKER" in str(raised.value)
        assert "\n" not in str(raised.value)
