"""Embedders: the exported default model, other models, and what happens when the export is missing or damaged."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from retrieval.errors import ModelError
from retrieval.interfaces import Embedder
from retrieval.models.embedder import load_embedder
from retrieval.models.onnx_export import export_embedder
from retrieval.models.onnx_meta import cache_folder, read_meta
from retrieval.models.weights import Prompts, find_weights, load_sentence_transformer
from tests.support.embedding import MODELS, plain_embedder
from tests.support.tiny_model import write_tiny_model, write_tiny_multilingual_model

TEXTS = [
    "How do I return an item?",
    "Return goods within thirty days.",
    "How long does delivery take?",
    "如何退货？",
    "",
    "word " * 700,
]


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return plain_embedder()


@pytest.fixture(scope="module")
def torch_embedder() -> Embedder:
    return load_embedder("", MODELS, onnx=False)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    prompts = {"query": "query: ", "passage": "passage: "}
    return write_tiny_model(tmp_path_factory.mktemp("tiny") / "tiny", pooling="cls", prompts=prompts)


def cosines(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return np.einsum("ij,ij->i", one, other)


def test_vectors_have_length_one_and_the_shape_that_is_promised(embedder: Embedder) -> None:
    rows = embedder.embed_documents(TEXTS)
    assert rows.shape == (len(TEXTS), embedder.dimension) == (6, 384)
    assert rows.dtype == np.float32
    assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-4)
    assert embedder.embed_queries([]).shape == embedder.embed_documents([]).shape == (0, 384)


def test_the_export_agrees_with_the_model_in_torch(embedder: Embedder, torch_embedder: Embedder) -> None:
    assert cosines(embedder.embed_documents(TEXTS), torch_embedder.embed_documents(TEXTS)).min() > 0.97
    assert cosines(embedder.embed_queries(TEXTS), torch_embedder.embed_queries(TEXTS)).min() > 0.97


def test_fingerprints_name_weights_pooling_precision_and_runtime(embedder: Embedder, torch_embedder: Embedder) -> None:
    assert embedder.fingerprint.startswith("all-MiniLM-L6-v2@")
    assert "/mean/int8/onnxruntime" in embedder.fingerprint
    assert torch_embedder.fingerprint.endswith("/mean/fp32/torch")


def test_many_texts_of_mixed_lengths_come_back_in_their_order(embedder: Embedder) -> None:
    texts = [f"number {n} " + "and so on " * (n * 7 % 40) for n in range(100)]
    rows = embedder.embed_documents(texts)
    alone = np.concatenate([embedder.embed_documents([text]) for text in texts])
    assert cosines(rows, alone).min() > 0.97
    assert (np.argmax(rows @ alone.T, axis=1) == np.arange(100)).mean() > 0.95


def test_a_text_given_twice_is_embedded_once_and_counted_twice(embedder: Embedder) -> None:
    done: list[int] = []
    rows = embedder.embed_documents(["same"] * 50 + ["other"], done.append)
    assert np.all(rows[:50] == rows[0])
    assert sum(done) == 51


def test_tokens_are_counted_over_the_whole_text(embedder: Embedder, torch_embedder: Embedder) -> None:
    assert embedder.max_tokens == torch_embedder.max_tokens == 256
    for text in TEXTS:
        assert embedder.count_tokens(text) == torch_embedder.count_tokens(text)
    assert embedder.count_tokens("word " * 700) == 702


def test_an_embedder_may_be_used_from_many_threads(embedder: Embedder, torch_embedder: Embedder) -> None:
    for each in (embedder, torch_embedder):
        expected = each.embed_queries([TEXTS[0]])[0]
        barrier = threading.Barrier(8)

        def ask(
            _: int, each: Embedder = each, barrier: threading.Barrier = barrier, expected: np.ndarray = expected
        ) -> float:
            barrier.wait()
            return float(each.embed_queries([TEXTS[0]])[0] @ expected)

        with ThreadPoolExecutor(8) as pool:
            assert min(pool.map(ask, range(8))) > 0.999


def test_an_exception_from_the_progress_stops_the_work(embedder: Embedder) -> None:
    calls = []

    def stop(count: int) -> None:
        calls.append(count)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        embedder.embed_documents([f"text {n} " * 60 for n in range(400)], stop)
    assert len(calls) < 20


def test_a_warm_cache_needs_no_torch(embedder: Embedder) -> None:
    code = (
        "import sys; from pathlib import Path; from retrieval.models.embedder import load_embedder\n"
        f"load_embedder('', Path({str(MODELS)!r})).embed_queries(['hello'])\n"
        "print(sorted({'torch', 'transformers', 'sentence_transformers', 'onnx'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_another_model_keeps_its_pooling_and_its_prompts(tiny: Path, tmp_path: Path) -> None:
    exported = load_embedder(str(tiny), tmp_path)
    plain = load_embedder(str(tiny), tmp_path, onnx=False)
    assert "/cls/" in exported.fingerprint
    assert "/int8/onnxruntime" in exported.fingerprint
    assert "/cls/" in plain.fingerprint
    assert (exported.dimension, exported.max_tokens) == (plain.dimension, plain.max_tokens) == (32, 46)
    texts = TEXTS[:4]
    assert cosines(exported.embed_queries(texts), plain.embed_queries(texts)).min() > 0.95
    assert cosines(exported.embed_documents(texts), plain.embed_documents(texts)).min() > 0.95


def test_a_prompt_for_passages_is_put_before_documents(tiny: Path, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(tiny), local_files_only=True, device="cpu")
    for onnx in (True, False):
        embedder = load_embedder(str(tiny), tmp_path, onnx)
        for prompt, rows in (
            ("query: ", embedder.embed_queries(TEXTS[:4])),
            ("passage: ", embedder.embed_documents(TEXTS[:4])),
        ):
            with_it = model.encode([prompt + text for text in TEXTS[:4]], prompt="", normalize_embeddings=True)
            without = model.encode(TEXTS[:4], prompt="", normalize_embeddings=True)
            assert cosines(rows, with_it).min() > 0.98
            assert cosines(rows, without).max() < 0.95


@pytest.mark.parametrize("onnx", [True, False])
def test_prefixes_of_the_settings_stand_in_for_prompts_that_a_model_lacks(tmp_path: Path, onnx: bool) -> None:
    folder = str(write_tiny_multilingual_model(tmp_path / "bare-e5"))
    plain = load_embedder(folder, tmp_path / "models", onnx)
    prefixed = load_embedder(folder, tmp_path / "models", onnx, Prompts("query: ", "passage: "))
    texts = TEXTS[:4]
    assert cosines(prefixed.embed_queries(texts), plain.embed_queries([f"query: {t}" for t in texts])).min() > 0.98
    written = plain.embed_documents([f"passage: {text}" for text in texts])
    assert cosines(prefixed.embed_documents(texts), written).min() > 0.98
    assert cosines(prefixed.embed_queries(texts), plain.embed_queries(texts)).max() < 0.98
    fingerprints = {
        load_embedder(folder, tmp_path / "models", onnx, prefixes).fingerprint
        for prefixes in (None, Prompts("query: ", "passage: "), Prompts("query: "), Prompts("", "query: "))
    }
    assert len(fingerprints) == 4
    assert prefixed.max_tokens == plain.max_tokens - plain.count_tokens("passage: ") + 2


def test_a_multilingual_model_of_another_family_says_in_onnx_what_it_says_in_torch(tmp_path: Path) -> None:
    folder = str(write_tiny_multilingual_model(tmp_path / "xlm", prompts={"query": "query: ", "passage": "passage: "}))
    exported, plain = load_embedder(folder, tmp_path / "models"), load_embedder(folder, tmp_path / "models", onnx=False)
    assert "/onnxruntime" in exported.fingerprint
    assert exported.dimension == 32
    texts = [*TEXTS[:4], "多久能收到货？", "Wie lange dauert die Lieferung? " * 20]
    assert cosines(exported.embed_queries(texts), plain.embed_queries(texts)).min() > 0.95
    assert cosines(exported.embed_documents(texts), plain.embed_documents(texts)).min() > 0.95
    together, alone = plain.embed_documents(texts), np.concatenate([plain.embed_documents([text]) for text in texts])
    assert cosines(together, alone).min() > 0.999  # padding, whose id is not 0, changes nothing
    for text in texts:
        assert exported.count_tokens(text) == plain.count_tokens(text)


def test_a_model_that_no_graph_can_stand_for_runs_in_torch(tmp_path: Path) -> None:
    folder = write_tiny_model(tmp_path / "m", prompts={"query": "a long instruction " * 6}, include_prompt=False)
    fallen_back = load_embedder(str(folder), tmp_path / "models")
    assert fallen_back.fingerprint.endswith("/fp32/torch")
    assert not list((tmp_path / "models").glob("*onnx*"))
    assert fallen_back.embed_queries(["hello"]).shape == (1, 32)


def test_broken_weights_are_one_clear_line(tiny: Path, tmp_path: Path) -> None:
    import shutil

    broken = tmp_path / "broken"
    shutil.copytree(tiny, broken)
    (broken / "model.safetensors").write_bytes(b"\x00" * 100)
    with pytest.raises(ModelError, match=r"cannot be loaded \(.*FRONTDESK_EMBEDDING_MODEL") as raised:
        load_embedder(str(broken), tmp_path / "models").embed_queries(["hello"])
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("damage", [b"", b"\x00", b"whole"])
def test_a_damaged_export_is_made_again(tiny: Path, tmp_path: Path, damage: bytes) -> None:
    before = load_embedder(str(tiny), tmp_path).embed_queries(["hello"])
    model = cache_folder(find_weights(str(tiny), tmp_path), tmp_path) / "model.onnx"
    model.write_bytes(damage if damage != b"whole" else b"\x07" * model.stat().st_size)
    after = load_embedder(str(tiny), tmp_path).embed_queries(["hello"])
    assert cosines(before, after).min() > 0.99


@pytest.mark.parametrize(
    "noted", [{"dimension": 3}, {"dimension": "x"}, {"max_tokens": "q"}, {"inputs": ["input_ids"]}]
)
def test_an_export_that_is_not_what_was_noted_is_made_again(
    tiny: Path, tmp_path: Path, noted: dict[str, object]
) -> None:
    before = load_embedder(str(tiny), tmp_path)
    expected = before.embed_queries(["hello"])
    meta = cache_folder(find_weights(str(tiny), tmp_path), tmp_path) / "meta.json"
    meta.write_text(json.dumps(json.loads(meta.read_text()) | noted))
    after = load_embedder(str(tiny), tmp_path)
    assert cosines(expected, after.embed_queries(["hello"])).min() > 0.99
    assert (after.dimension, after.max_tokens) == (before.dimension, before.max_tokens)


TAKE_PLACE = """
import shutil, sys; from pathlib import Path
from retrieval.models.onnx_meta import is_complete, read_meta
from retrieval.models.onnx_graph import take_place
exported, cache, own = (Path(argument) for argument in sys.argv[1:])
for number in range(40):
    temporary = cache / f".export-{own.name}-{number}"
    shutil.copytree(exported, temporary)
    take_place(temporary, cache / str(number), is_complete)
    assert read_meta(cache / str(number)) is not None
    shutil.rmtree(temporary, ignore_errors=True)
"""


def test_of_exports_that_finish_at_once_one_whole_one_stays(tiny: Path, tmp_path: Path) -> None:
    load_embedder(str(tiny), tmp_path / "models").embed_queries(["hello"])
    exported = cache_folder(find_weights(str(tiny), tmp_path / "models"), tmp_path / "models")
    (tmp_path / "cache").mkdir()
    for number in range(0, 40, 2):  # half of the places hold what a damaged cache leaves
        (tmp_path / "cache" / str(number)).mkdir()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", TAKE_PLACE, str(exported), str(tmp_path / "cache"), str(tmp_path / own)]
        )
        for own in ("a", "b", "c")
    ]
    assert [process.wait() for process in processes] == [0, 0, 0]
    assert sorted(int(path.name) for path in (tmp_path / "cache").iterdir()) == list(range(40))


def test_an_export_that_comes_second_leaves_the_first_in_place(tiny: Path, tmp_path: Path) -> None:
    weights = find_weights(str(tiny), tmp_path)
    model = load_sentence_transformer(weights)
    folder = cache_folder(weights, tmp_path)
    export_embedder(weights, model, folder)
    inode = (folder / "model.onnx").stat().st_ino
    export_embedder(weights, model, folder)
    assert (folder / "model.onnx").stat().st_ino == inode
    assert read_meta(folder) is not None


@pytest.mark.parametrize("step", ["torch.onnx.export", "onnxruntime.quantization.quantize_dynamic"])
def test_a_full_disk_is_named_and_no_reason_to_run_in_torch(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(step, full)
    with pytest.raises(ModelError, match=r"No space left on device.*free some"):
        load_embedder(str(tiny), tmp_path).embed_queries(["hello"])


def test_a_cache_that_cannot_be_written_is_one_clear_line(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where a folder should be")
    with pytest.raises(ModelError, match="FRONTDESK_DATA_DIR"):
        load_embedder(str(tiny), tmp_path / "models").embed_queries(["hello"])
