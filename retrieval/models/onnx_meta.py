"""What is known of an exported model: where it lies, how it was made, and whether it is whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from retrieval.models import onnx_graph
from retrieval.models.weights import Weights

RECIPE = "onnx2"  # change it with anything below that changes vectors
PACKED_RECIPE = "packed1"  # and this with anything in packed_graph.py or tokens.py


@dataclass(frozen=True, slots=True)
class Meta:
    """What the runtime must know of an exported model; `inputs` are the graph's, `sizes` the files' in bytes, `around`
    the ids before and after a text where the tokenizer does not add them.

    Prompts are no part of it: they are put before the texts, whatever the graph. `prompt_tokens` only remembers how
    long one is.
    """

    precision: str
    dimension: int
    max_tokens: int
    pad_id: int
    inputs: tuple[str, ...]
    sizes: dict[str, int]
    around: tuple[int, ...] = ()
    prompt_tokens: dict[str, int] = field(default_factory=dict)

    def tokens_beside(self, prompt: str) -> int | None:
        """How many tokens of a text are read beside `prompt`; None where that must be counted."""
        taken = self.prompt_tokens.get(prompt, None if prompt else 0)
        return None if taken is None else self.max_tokens - taken


def recipe_of(weights: Weights) -> str:
    """How `weights` are exported."""
    return PACKED_RECIPE if weights.packed_file else RECIPE


def cache_folder(weights: Weights, cache_dir: Path) -> Path:
    """Where the export of `weights` lies."""
    return onnx_graph.folder_of(weights, cache_dir, recipe_of(weights))


def read_meta(folder: Path) -> Meta | None:
    """The export in `folder`, or None when there is none or it is incomplete."""
    data = onnx_graph.read_record(folder)
    try:
        meta = Meta(**{**data, "inputs": tuple(data["inputs"]), "around": tuple(data.get("around", ()))})
    except (TypeError, KeyError):
        return None
    numbers = (meta.dimension, meta.max_tokens, meta.pad_id)
    return meta if all(type(number) is int for number in numbers) else None


def is_complete(folder: Path) -> bool:
    """Whether `folder` holds a whole export."""
    return read_meta(folder) is not None
