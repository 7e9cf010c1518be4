"""Exports a packed model once: its graph, its tokenizer, and what the runtime must know. Needs no torch."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import structlog

from retrieval.errors import ModelError
from retrieval.models import onnx_graph
from retrieval.models.onnx_graph import META, MODEL
from retrieval.models.onnx_meta import Meta, is_complete
from retrieval.models.packed_file import PackedFile
from retrieval.models.packed_graph import INPUTS, write_graph
from retrieval.models.tokenizer import PIECES, UnigramTokenizer, write_pieces
from retrieval.models.weights import Weights

log = structlog.get_logger(__name__)

_TABLES = "weights.bin"  # the graph's tensors
_NEAR_ENOUGH = 0.99  # least cosine over the samples with the same weights in 32-bit products
_SAMPLES = (
    "How do I return an item?",
    "如何退货？\n收到商品七天内，在“我的订单”中申请退货，审核通过后将商品寄回。",
    "Kann ich meine Bestellung noch ändern?",
    "Combien de temps prend la livraison ?",
    "¿Dónde está mi pedido?",
    "Como faço para cancelar a assinatura?",
    "配送にはどのくらいかかりますか？",
    "비밀번호를 잊어버렸어요",
    "Refunds. " * 200,
)


def export_packed(weights: Weights, path: Path, folder: Path) -> None:
    """Export the packed file `path` of `weights` to `folder` by one rename; two processes may do so at once.

    Raises ModelError, OSError.
    """
    weights.verify_files()
    started = time.perf_counter()
    source = PackedFile(path)
    with onnx_graph.write_folder_atomically(folder, is_complete) as temporary:
        write_graph(source, temporary / MODEL, _TABLES, packed=True)
        write_pieces(source.pieces, temporary / PIECES)
        around = source.pieces.begin, source.pieces.end
        tokenizer = UnigramTokenizer(temporary / PIECES, source.sizes.positions, around)
        document = weights.prompts.document
        meta = Meta(
            precision="q4",
            dimension=source.sizes.hidden,
            max_tokens=source.sizes.positions,
            pad_id=source.pieces.pad,
            inputs=INPUTS,
            sizes=onnx_graph.sizes_of(temporary, MODEL, _TABLES, PIECES),
            around=around,
            prompt_tokens={document: tokenizer.count_tokens(document) - len(around)},
        )
        _verify_graph(source, temporary, tokenizer, meta.pad_id)
        (temporary / META).write_text(json.dumps(asdict(meta), indent=1), encoding="utf-8")
    seconds = round(time.perf_counter() - started, 1)
    log.info("embedding model exported", model=weights.name, precision=meta.precision, seconds=seconds)


def _verify_graph(source: PackedFile, folder: Path, tokenizer: UnigramTokenizer, pad_id: int) -> None:
    """Raises ModelError if the graph in `folder` does not say what its weights say in 32-bit products."""
    texts = tokenizer.encode(_SAMPLES)
    plain = folder / "plain.onnx"
    write_graph(source, plain, f"plain-{_TABLES}", packed=False)
    rows = []
    for graph in (folder / MODEL, plain):
        session = onnx_graph.open_session(graph)
        rows.append(np.concatenate([onnx_graph.run_graph(session, [ids], INPUTS, pad_id) for ids in texts]))
    for path in folder.glob("plain*"):
        path.unlink()
    least = float(np.einsum("ij,ij->i", *rows).min())
    if not least >= _NEAR_ENOUGH:
        raise ModelError(
            f"ONNX Runtime makes other vectors of the packed weights on this machine (least cosine {least:.3f}): name "
            "another model in FRONTDESK_EMBEDDING_MODEL."
        )
