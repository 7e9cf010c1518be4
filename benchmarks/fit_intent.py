"""Fits the reading of messages to its examples, for the packaged embedding models.

    python -m benchmarks.fit_intent            # those whose examples have changed: from five minutes to twenty each
    python -m benchmarks.fit_intent --anew     # all, after a change of how they are fitted

Writes bot/answering/intent/fitted/<model>.json, to be run whenever an example changes. One that learns English alone is
left as it is when another language's examples change, and so is what it reads. Other models are fitted by themselves
when they are first used.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import numpy as np

from bot.answering.intent import reader
from bot.app.factories import embedding_models_for
from bot.settings import load_settings
from retrieval.interfaces import Embedder, Vectors
from retrieval.models.embedding_models import name_model
from retrieval.models.packages import DEFAULT_MODEL

LANGUAGES = {DEFAULT_MODEL: ("en",)}  # others would only blur what it knows; every other model learns them all
FOLDER = Path(reader.__file__).parent / "fitted"


class OneByOne:
    """An embedding model that is given one text at a time, as messages come: what an 8-bit model makes of a text
    depends a little on the others of its batch, and so would every weight on the order of the examples."""

    def __init__(self, model: Embedder) -> None:
        self._model = model

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        return np.concatenate([self._model.embed_queries([text]) for text in texts])


def main() -> None:
    parser = argparse.ArgumentParser(
        "python -m benchmarks.fit_intent", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--anew", action="store_true", help="fit those too whose examples are the same")
    anew = parser.parse_args().anew
    FOLDER.mkdir(exist_ok=True)
    for model in embedding_models_for(load_settings()).models:
        name = name_model(model.fingerprint)
        path = FOLDER / f"{reader.name_head(name)}.json"
        languages = LANGUAGES.get(name, ())
        if not anew and has_learned(path, languages):
            print(f"{path.name}: its examples are the same, so it is left as it is")
            continue
        print(f"{path.name}: is fitted to the examples of {', '.join(languages) or 'every language'} …", flush=True)
        heads = reader.fit_heads(cast(Embedder, OneByOne(model)), languages)
        path.write_text(reader.write_heads(heads), encoding="utf-8")
        print_accuracy(path.name, heads)


def has_learned(path: Path, languages: tuple[str, ...]) -> bool:
    """Whether the file holds what the examples of these languages, as they are now, have taught."""
    with suppress(OSError, ValueError, KeyError):
        heads = reader.parse_heads(path.read_text(encoding="utf-8"))
        return heads is not None and heads.languages == languages
    return False


def print_accuracy(name: str, heads: reader.Heads) -> None:
    """How much of what was left out it tells."""
    right = ", ".join(f"{tag} {share:.2f}" for tag, share in heads.accuracy.items())
    limits = ", ".join(f"{said} {limit:.2f}" for said, limit in heads.messages.limits.items())
    referring = ", ".join(f"{tag} {share:.2f}" for tag, share in heads.referring.items())
    print(f"{name}: of what refers to what stands above, told of examples left out: {referring}")
    print(f"{name}: {len(heads.messages.words)} words; right on examples left out: {right}; limits: {limits}")


if __name__ == "__main__":
    main()
