"""Fits the reading of messages to its examples, for the packaged embedding models.

    python -m benchmarks.fit_intent

Writes bot/answering/intent/fitted/<model>.json, to be run whenever an example changes. Other models are fitted by
themselves when they are first used.
"""

from __future__ import annotations

from pathlib import Path

from bot.answering.intent import reader
from bot.app.factories import embedding_models_for
from bot.settings import load_settings
from retrieval.models.embedding_models import name_model
from retrieval.models.packages import DEFAULT_MODEL

LANGUAGES = {DEFAULT_MODEL: ("en",)}  # others would only blur what it knows; every other model learns them all
FOLDER = Path(reader.__file__).parent / "fitted"


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for model in embedding_models_for(load_settings()).models:
        name = name_model(model.fingerprint)
        heads = reader.fit_heads(model, LANGUAGES.get(name, ()))
        path = FOLDER / f"{reader.name_head(name)}.json"
        path.write_text(reader.write_heads(heads), encoding="utf-8")
        right = ", ".join(f"{tag} {share:.2f}" for tag, share in heads.accuracy.items())
        limits = ", ".join(f"{said} {limit:.2f}" for said, limit in heads.messages.limits.items())
        referring = ", ".join(f"{tag} {share:.2f}" for tag, share in heads.referring.items())
        print(f"{path.name}: of what refers to what stands above, told of examples left out: {referring}")
        print(f"{path.name}: {len(heads.messages.words)} words; right on examples left out: {right}; limits: {limits}")


if __name__ == "__main__":
    main()
