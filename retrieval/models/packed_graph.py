"""Writes the graph of a packed BERT model, its weights in 4 bits as they are: of the words' table only the rows that
are read become numbers, and matrix products multiply 4-bit weights by activations in 8 bits.

The products are exact on every CPU, since 15 x 127 twice fits 16 bits, and each row of activations has scales of its
own: a text's vector does not depend on the texts beside it. (Decision 0011.)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.numpy_helper
from onnx import TensorProto, helper

from retrieval.models.packed_file import BLOCK, Nibbles, PackedFile

INPUTS = ("input_ids", "attention_mask")
_EIGHT_BIT_ACTIVATIONS = 4  # onnxruntime's accuracy_level
_VENDOR = "com.microsoft"
_LARGE = 1024  # bytes; larger tensors lie in a file beside the graph, which is mapped into memory


def write_graph(source: PackedFile, path: Path, weights: str, *, packed: bool) -> None:
    """Write the model, from token ids to unit vectors, to `path`, and its tensors to the file `weights` beside it;
    matrix products are in 32-bit floats if not `packed`."""
    graph = _Graph(source, packed)
    model = helper.make_model(
        graph.build_graph(),
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(_VENDOR, 1)],
        ir_version=9,
    )
    onnx.save(model, str(path), save_as_external_data=True, location=weights, size_threshold=_LARGE)
    (path.parent / weights).chmod(path.stat().st_mode)  # onnx makes that file for its owner alone


class _Graph:
    """Nodes and tensors in the making; every method adds some and returns the name of what they make."""

    def __init__(self, source: PackedFile, packed: bool) -> None:
        self._source, self._packed = source, packed
        self._nodes: list[Any] = []
        self._tensors: list[Any] = []

    def build_graph(self) -> Any:
        state = self._add_embeddings()
        for layer in range(self._source.sizes.layers):
            state = self._add_layer(f"l{layer}", state)
        self._add_mean(state)
        types = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in INPUTS]
        shape: list[str | int | None] = ["batch", self._source.sizes.hidden]
        output = helper.make_tensor_value_info("output", TensorProto.FLOAT, shape)
        return helper.make_graph(self._nodes, "packed", types, [output], self._tensors)

    def _add_embeddings(self) -> str:
        source, sizes = self._source, self._source.sizes
        scales, weights = source.read_blocks(["emb.word"])
        table = self._add_tensor("words", _in_pairs(weights).reshape(sizes.vocabulary, -1))
        inputs = [table, INPUTS[0], self._add_tensor("words.scales", scales)]
        gathered = {"gather_axis": 0, "quantize_axis": 1, "block_size": BLOCK, "bits": 4}
        words = self._add_node("GatherBlockQuantized", inputs, "words.half", **gathered)
        words = self._add_node("Cast", [words], "words.read", to=TensorProto.FLOAT)
        # all tokens are of the first type
        places = (
            source.read_floats("emb.pos").reshape(-1, sizes.hidden) + source.read_floats("emb.type")[: sizes.hidden]
        )
        zero = self._add_tensor("zero", np.array([0], np.int64))
        length = self._add_node("Shape", [INPUTS[0]], "length", start=1, end=2)
        here = self._add_node("Slice", [self._add_tensor("places", places), zero, length, zero], "places.read")
        both = self._add_node("Add", [words, here], "embeddings")
        self._add_node("Cast", [INPUTS[1]], "mask", to=TensorProto.INT32)
        self._add_tensor("thirds", np.full(3, sizes.hidden, np.int64))
        norm = [self._add_tensor(f"emb.ln.{part}", source.read_floats(f"emb.ln.{part}")) for part in ("w", "b")]
        return self._add_node("LayerNormalization", [both, *norm], "embeddings.norm", epsilon=sizes.epsilon)

    def _add_layer(self, name: str, state: str) -> str:
        joint = self._add_product(state, [f"{name}.{part}" for part in "qkv"], f"{name}.qkv")
        parts = [f"{name}.{part}.out" for part in "qkv"]
        self._nodes.append(helper.make_node("Split", [joint, "thirds"], parts, axis=-1))
        heads = {"num_heads": self._source.sizes.heads}
        attended = self._add_node("MultiHeadAttention", [*parts, "", "mask"], f"{name}.attended", **heads)
        attended = self._add_product(attended, [f"{name}.ao"], f"{name}.ao")
        state = self._add_norm(attended, state, f"{name}.aln")
        inner = self._add_node("Gelu", [self._add_product(state, [f"{name}.fi"], f"{name}.fi")], f"{name}.inner")
        return self._add_norm(self._add_product(inner, [f"{name}.fo"], f"{name}.fo"), state, f"{name}.oln")

    def _add_product(self, state: str, names: Sequence[str], output: str) -> str:
        """`state` times the matrices of these names side by side, plus their biases."""
        matrices = [f"{name}.w" for name in names]
        floats = np.concatenate([self._source.read_floats(f"{name}.b") for name in names])
        bias = self._add_tensor(f"{output}.bias", floats)
        if not self._packed:
            plain = self._add_tensor(f"{output}.plain", self._source.read_matrix(matrices).T)
            return self._add_node(
                "Add", [self._add_node("MatMul", [state, plain], f"{output}.product"), bias], f"{output}.out"
            )
        scales, weights = self._source.read_blocks(matrices)
        rows, blocks = scales.shape
        inputs = [
            state,
            self._add_tensor(f"{output}.packed", _in_pairs(weights)),
            self._add_tensor(f"{output}.scales", scales.astype(np.float32)),
            *("", "", bias),
        ]
        measures = {"K": blocks * BLOCK, "N": rows, "bits": 4, "block_size": BLOCK}
        accuracy = {"accuracy_level": _EIGHT_BIT_ACTIVATIONS}
        return self._add_node("MatMulNBits", inputs, f"{output}.out", **measures, **accuracy)

    def _add_norm(self, added: str, state: str, name: str) -> str:
        norm = [self._add_tensor(f"{name}.{part}", self._source.read_floats(f"{name}.{part}")) for part in ("w", "b")]
        epsilon = self._source.sizes.epsilon
        return self._add_node("SkipLayerNormalization", [added, state, *norm], f"{name}.out", epsilon=epsilon)

    def _add_mean(self, state: str) -> None:
        """The mean over a text's tokens, of length 1: the same as their sum, of length 1."""
        one = self._add_tensor("one", np.array([1], np.int64))
        own = self._add_node("Cast", [INPUTS[1]], "own", to=TensorProto.FLOAT)
        total = self._add_node("MatMul", [self._add_node("Unsqueeze", [own, one], "own.row"), state], "total.row")
        total = self._add_node("Squeeze", [total, one], "total")
        self._add_node("LpNormalization", [total], "output", axis=1, p=2)

    def _add_tensor(self, name: str, values: Any) -> str:
        self._tensors.append(onnx.numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _add_node(self, operation: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        domain = _VENDOR if operation in _OF_VENDOR else ""
        self._nodes.append(helper.make_node(operation, inputs, [output], name=output, domain=domain, **attributes))
        return output


_OF_VENDOR = {"GatherBlockQuantized", "MatMulNBits", "MultiHeadAttention", "SkipLayerNormalization", "Gelu"}


def _in_pairs(weights: Nibbles) -> Nibbles:
    """Two neighbours a byte, the first in its low half."""
    return (weights[..., 0::2] | (weights[..., 1::2] << 4)).astype(np.uint8)
