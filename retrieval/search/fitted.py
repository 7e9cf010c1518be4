"""The weights, coefficients and thresholds that were fitted for a set of embedding models: data, read at load.

`fitted/<models>.json` is written by `python -m benchmarks.fit` and, how questions are grouped and told to be the same,
by `benchmarks.gaps` and `benchmarks.taught`; a team's own fit, by `frontdesk eval --fit`, lies in the data folder and
comes before it. Models that nobody has fitted get `generic.json`, scaled to each one's cosines.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retrieval.errors import ModelError
from retrieval.models.embedding_models import name_model
from retrieval.search.generic_profile import fit_generically
from retrieval.search.profiles import GENERIC, VECTOR_SIGNALS, WORD_SIGNALS, Fitted, Profile, read_profile

if TYPE_CHECKING:
    from retrieval.models.embedding_models import EmbeddingModels

OWN = "this team's questions"
_MEND = "delete it, or make it anew"


def load_fitted(models: EmbeddingModels, own: Path | None = None) -> Fitted:
    """The fit for `models`: a team's `own`, if the file is there, else the models' in this package, else the generic
    one. Raises ModelError where a file cannot be read."""
    names = name_models(models)
    if own is not None and own.exists():
        return read_fitted(_read_own(own), str(own), OWN)
    if shipped := read_shipped(name_fit(names)):
        return read_fitted(shipped, f"{name_fit(names)}.json", "these models")
    return fit_generically(json.loads(read_shipped(GENERIC)), models)


def read_shipped(name: str) -> str:
    """The text of a file of this package by its `name_fit`; "" where there is none."""
    path = files(__package__).joinpath("fitted", f"{name}.json")
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _read_own(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise ModelError(f"{path} cannot be read ({error.strerror}): mend its rights, or delete it.") from error
    except ValueError as error:
        raise ModelError(f"{path} is no UTF-8: {_MEND}.") from error


def name_models(models: EmbeddingModels) -> tuple[str, ...]:
    """Their names, as a fit names them."""
    return tuple(name_model(model.fingerprint) for model in models.models)


def place_own(models: EmbeddingModels, data_dir: Path) -> Path:
    """Where a team's own fit for `models` lies in its data folder."""
    return data_dir / "fitted" / f"{name_fit(name_models(models))}.json"


def name_fit(models: Sequence[str]) -> str:
    """The name of the fit for models of these names, without what a file's name cannot hold."""
    return "+".join(
        "".join(letter if letter.isalnum() or letter in "-." else "_" for letter in name) for name in models
    )


def read_fitted(text: str, path: str, origin: str) -> Fitted:
    """A fit as `benchmarks.fit` and `write_fitted` write it. Raises ModelError."""
    try:
        data = json.loads(text)
        profiles = tuple(read_profile(each) for each in data["profiles"])
        for each in profiles:
            _check_profile(each)
        if all(each.models for each in profiles):
            raise ValueError("no profile for words alone")
        return Fitted(tuple(data["models"]), profiles, origin, data.get("clustering", {}))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} is no fit of a search ({error}): {_MEND}.") from error


def _check_profile(profile: Profile) -> None:
    """Raises ValueError, KeyError, TypeError where a search could not go by it, as by one of another release."""
    for name in profile.weights:
        signal, _, model = name.partition(":")
        if signal not in (VECTOR_SIGNALS if model else WORD_SIGNALS):
            raise ValueError(f"unknown signal {name}")
    thresholds = profile.answer, profile.suggest, profile.tried_from
    numbers = (*profile.weights.values(), *profile.confidence.values(), *thresholds)
    if not all(math.isfinite(number) for number in (*numbers, profile.confidence["intercept"])):
        raise ValueError("a number that is none")


def write_fitted(fitted: Fitted, path: Path, made_with: str) -> None:
    """Write a team's own fit, as a whole or not at all. Raises OSError."""
    profiles = [
        {key: sorted(value) if isinstance(value, frozenset) else value for key, value in _to_fields(each).items()}
        for each in fitted.profiles
    ]
    data = {
        "models": fitted.models,
        "made_with": made_with,
        "profiles": profiles,
        "clustering": fitted.clustering,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        unfinished.write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _to_fields(profile: Profile) -> dict[str, Any]:
    return {field.name: getattr(profile, field.name) for field in fields(profile)}
