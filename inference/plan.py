"""Which model fits a card, and what to expect of it: computed from the card's data sheet and the model's own size.

Reading a prompt is bound by arithmetic, writing by the memory's bandwidth: every step reads the weights once for all
answers that are being written, and each answer's own keys and values. (Pope et al., Efficiently Scaling Transformer
Inference, 2022, sections 2 and 3.) Real servers reach a part of what the data sheets promise, see `UTILISATION`.
"""

from __future__ import annotations

import json
import math
import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from inference.errors import GeneratorError

GIB = 2**30
PROMPT_TOKENS = 2700  # of a question with its passages and earlier turns
ANSWER_TOKENS = 150
AT_ONCE = 64  # answers, as the server is started (--max-num-seqs)
MEMORY_SHARE = 0.9  # of the card, as the server is started (--gpu-memory-utilization)
WORKING_GIB = 2.0  # what vLLM needs beside weights, keys and values: activations, CUDA graphs, the CUDA context
# Of what the data sheet says: Databricks ("LLM Inference Performance Engineering", 2023) measured 55 to 60% of the
# bandwidth on A100 and H100.
UTILISATION = 0.55
WORTH_HAVING = 8  # questions at once that a card is to hold


class PlanningError(GeneratorError):
    """No card or model to plan for; the text names the mend."""


@dataclass(frozen=True, slots=True)
class Card:
    """A GPU: memory in GiB, bandwidth in GB/s, dense bfloat16 arithmetic in TFLOPS (0 and 0 where not known)."""

    name: str
    memory: float
    bandwidth: float = 0.0
    arithmetic: float = 0.0


@dataclass(frozen=True, slots=True)
class ModelSize:
    """`weights` and `active` in bytes, the latter those that one token passes through; `parameters` of those; `kept`
    are the bytes of one token's keys and values; `chinese`: its makers name Chinese among its languages (None: not
    known)."""

    name: str
    weights: float
    active: float
    parameters: float
    kept: float
    chinese: bool | None = None


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a card does with a model. `at_once` is 0 where it does not fit. `first` (seconds to the first token, alone)
    and `answers` (a second, with as many at once as fit) are None for a card whose speed is not known."""

    model: ModelSize
    at_once: int
    first: float | None = None
    answers: float | None = None


# By NVIDIA's data sheets, the more special name first. The driver tells the memory itself, and a longer name.
_CARDS = {
    r"T4\b": Card("T4", 16, 320, 65),
    r"L4\b": Card("L4", 24, 300, 121),
    r"A10G\b": Card("A10G", 24, 600, 70),
    r"A10\b": Card("A10", 24, 600, 125),
    r"A40\b": Card("A40", 48, 696, 150),
    r"L40S\b": Card("L40S", 48, 864, 362),
    r"RTX 3090\b": Card("RTX 3090", 24, 936, 71),
    r"RTX 4090\b": Card("RTX 4090", 24, 1008, 165),
    r"RTX 5090\b": Card("RTX 5090", 32, 1792, 209),
    r"RTX 6000 Ada\b": Card("RTX 6000 Ada", 48, 960, 364),
    r"A100\b.*40": Card("A100 40GB", 40, 1555, 312),
    r"A100\b": Card("A100", 80, 1935, 312),
    r"H100 PCIe\b": Card("H100 PCIe", 80, 2000, 756),
    r"H100 NVL\b": Card("H100 NVL", 94, 3900, 835),
    r"H100\b": Card("H100", 80, 3350, 989),
    r"H200\b": Card("H200", 141, 4800, 989),
    r"B200\b": Card("B200", 180, 7700, 2250),
}


def _size(name: str, billions: float, layers: int, heads: int, active: float = 0.0) -> ModelSize:
    """By a model's config.json, in bfloat16: `layers`, key-value `heads` of 128."""
    active = active or billions
    kept, chinese = 2 * 2 * layers * heads * 128, name.startswith("Qwen/")
    return ModelSize(name, billions * 2e9, active * 2e9, active * 1e9, kept, chinese)


MODELS = (
    _size("Qwen/Qwen3-4B-Instruct-2507", 4.02, 36, 8),
    _size("mistralai/Mistral-7B-Instruct-v0.3", 7.25, 32, 8),
    _size("meta-llama/Llama-3.1-8B-Instruct", 8.03, 32, 8),
    _size("Qwen/Qwen3-8B", 8.19, 36, 8),
    _size("Qwen/Qwen3-14B", 14.77, 40, 8),
    _size("Qwen/Qwen3-30B-A3B-Instruct-2507", 30.53, 48, 4, 3.35),
    _size("Qwen/Qwen3-32B", 32.76, 64, 8),
    _size("meta-llama/Llama-3.3-70B-Instruct", 70.55, 80, 8),
)


def detect_cards() -> Sequence[Card]:
    """The NVIDIA GPUs of this machine. Raises PlanningError where there are none."""
    program = shutil.which("nvidia-smi")
    if program is None:
        raise PlanningError("No NVIDIA GPU is found here (nvidia-smi is missing): name a card, for instance --card L4.")
    asked = [program, "--query-gpu=name,memory.total", "--format=csv,noheader,nounits"]
    try:
        told = subprocess.run(asked, capture_output=True, text=True, timeout=30, check=True).stdout
    except (OSError, subprocess.SubprocessError) as error:
        raise PlanningError("nvidia-smi does not tell the GPU: is its driver well? Else name one by --card.") from error
    cards = []
    for line in told.splitlines():
        name, _, memory = line.rpartition(",")
        if memory.strip().isdigit():
            cards.append(replace(_recognise_card(name), name=name.strip(), memory=int(memory) / 1024))
    if not cards:
        raise PlanningError("nvidia-smi names no GPU: name one by --card, for instance --card L4.")
    return cards


def find_card(name: str) -> Card:
    """A card by what it is called, as `L4`, `rtx 4090`, `H100`; or by its memory alone, as `24` (GiB). Raises
    PlanningError."""
    if re.fullmatch(r"\d+(\.\d+)?", name.strip()):
        return Card("A card", float(name))
    known = {re.sub(r"\W", "", card.name).lower(): card for card in _CARDS.values()}
    card = known.get(re.sub(r"\W|nvidia|geforce", "", name.lower()))
    if card is None:
        names = ", ".join(sorted(each.name for each in _CARDS.values()))
        raise PlanningError(
            f"{name} is no card that is known. Known are {names}; or give its memory in GiB, as --card 24."
        )
    return card


def measure_model(name: str) -> ModelSize:
    """A model by its name among `MODELS`, or the folder it lies in: its config.json and weights. Raises
    PlanningError."""
    for model in MODELS:
        if model.name.lower() == name.lower() or model.name.rpartition("/")[2].lower() == name.lower():
            return model
    folder = Path(name).expanduser()
    if not folder.is_dir():
        raise PlanningError(
            f"{name} is neither a folder nor one of the models whose size is known: "
            f"{', '.join(model.name for model in MODELS)}."
        )
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        config = config.get("text_config", config)
        heads = config.get("num_key_value_heads") or config["num_attention_heads"]
        size = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
        layers = config["num_hidden_layers"]
        kept = 2 * 2 * layers * heads * size
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise PlanningError(f"{folder / 'config.json'} does not tell the model's size: {error!r}.") from error
    weights = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    if not weights:
        raise PlanningError(f"{folder} holds no *.safetensors: what a model weighs is read from them.")
    return ModelSize(name, weights, weights, weights / 2, kept)


def estimate_performance(model: ModelSize, card: Card, count: int = 1) -> Expectation:
    """What `count` such cards together do with a model, split between them."""
    room = count * (card.memory * MEMORY_SHARE - WORKING_GIB) * GIB - model.weights
    each = (PROMPT_TOKENS + ANSWER_TOKENS) * model.kept
    at_once = min(AT_ONCE, math.floor(room / each)) if room > 0 else 0
    if not at_once or not card.bandwidth:
        return Expectation(model, at_once)
    bandwidth = count * card.bandwidth * 1e9 * UTILISATION
    arithmetic = count * card.arithmetic * 1e12 * UTILISATION
    read = 2 * model.parameters * PROMPT_TOKENS / arithmetic
    # With many at once a mixture of experts reads nearly all of its weights in each step.
    step = max(
        ((model.active if at_once == 1 else model.weights) + at_once * each) / bandwidth,
        2 * model.parameters * at_once / arithmetic,
    )
    return Expectation(
        model, at_once, read + model.active / bandwidth, at_once / (at_once * read + ANSWER_TOKENS * step)
    )


def choose_model(expected: Sequence[Expectation]) -> ModelSize | None:
    """The largest, not known to lack Chinese, that leaves room for enough questions at once; None where none does."""
    roomy = [each for each in expected if each.at_once >= WORTH_HAVING and each.model.chinese is not False]
    return max(roomy, key=lambda each: each.model.weights).model if roomy else None


def _recognise_card(name: str) -> Card:
    """By the driver's name of it; of one that is not known nothing but the name."""
    return next((card for pattern, card in _CARDS.items() if re.search(rf"\b{pattern}", name, re.I)), Card(name, 0))
