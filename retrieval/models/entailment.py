"""A cross-encoder that tells whether a sentence follows from a text (NLI), in torch."""

from __future__ import annotations

import json
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from retrieval.errors import ModelError
from retrieval.models.reranker import load_cross_encoder
from retrieval.models.weights import ENTAILMENT, Weights, find_cross_encoder

_FOLLOWS = "entail"  # what the label begins with, in any case: "entailment", "ENTAILMENT", "entails"


def load_entailment(model: str, cache_dir: Path) -> EntailmentModel:
    """The model in the folder `model`, or of that name on the Hugging Face hub (from its cache alone where
    HF_HUB_OFFLINE is set). Raises ModelError: missing, broken, or none whose labels tell what follows."""
    return EntailmentModel(find_cross_encoder(model, cache_dir, ENTAILMENT))


class EntailmentModel:
    """An Entailment over a sentence-transformers CrossEncoder, one call at a time (one shared tokenizer)."""

    def __init__(self, weights: Weights) -> None:
        """Raises ModelError."""
        self._follows = _find_label(weights)
        self._model = load_cross_encoder(weights, ENTAILMENT)
        self._lock = threading.Lock()
        self.fingerprint = weights.fingerprint_for("fp32/torch")

    def entails(self, premise: str, hypotheses: Sequence[str]) -> list[bool]:
        """See the port."""
        if not hypotheses:
            return []
        with self._lock:
            scores = self._model.predict([(premise, text) for text in hypotheses], show_progress_bar=False)
        return [bool(place == self._follows) for place in np.asarray(scores).argmax(axis=1)]


def _find_label(weights: Weights) -> int:
    """The place of the label that says that the sentence follows. Raises ModelError."""
    try:
        config = json.loads((weights.folder / "config.json").read_text(encoding="utf-8"))
        labels = {int(place): str(label) for place, label in (config.get("id2label") or {}).items()}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise ModelError(
            f"The entailment model's configuration in {weights.folder} cannot be read: set {ENTAILMENT.setting} to a "
            f"complete one, or unset it {ENTAILMENT.unset}."
        ) from error
    found = [place for place, label in labels.items() if label.casefold().startswith(_FOLLOWS)]
    if len(labels) < 2 or len(found) != 1:
        told = ", ".join(labels.values()) or "none"
        raise ModelError(
            f"{weights.name} does not tell what follows from a text (its labels: {told}): set {ENTAILMENT.setting} to "
            f"a cross-encoder with a label “entailment”, or unset it {ENTAILMENT.unset}."
        )
    return found[0]
