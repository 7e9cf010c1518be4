"""The weights, coefficients and thresholds that were fitted for a set of embedding models: data, read at load.

`fitted/<models>.json` is written by `python -m benchmarks.fit`; a team's own fit, by `frontdesk eval --fit`, lies in
the data folder and comes before it. Models that nobody has fitted get `generic.json`, scaled to each one's cosines.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retrieval.errors import ModelError
from retrieval.indexing.models import name_model
from retrieval.searching.profiles import Profile

if TYPE_CHECKING:
    from retrieval.indexing.models import EmbeddingModels

GENERIC = "generic"
_SETS = ("query", "documents")
_COEFFICIENTS = ("weights", "confidence")


@dataclass(frozen=True)
class Fitted:
    """What a set of models is searched by. `origin` says whose fit it is: the models' own, a team's, or the generic
    one."""

    models: tuple[str, ...]
    profiles: tuple[Profile, ...]
    origin: str

    def choose_profiles(self, query: str, documents: str, *, worded: bool, available: Sequence[str]) -> list[Profile]:
        """The profiles for a question in the language `query` about `documents` in another or the same, the one to try
        first before the one to try when it is not sure. Those that look at a model that is not `available` are passed
        over; never empty."""
        usable = [each for each in self.profiles if set(each.models) <= set(available)]
        fitting = [each for each in usable if each.fits(query, documents, worded)]
        first = next((each for each in fitting if not each.after), None) or self._by_words_alone(usable)
        then = next((each for each in fitting if each.after == first.name), None)
        return [first, then] if then else [first]

    @property
    def best_languages(self) -> frozenset[str]:
        """The languages for which the first model alone is tried first; empty where there are none such."""
        alone = (each for each in self.profiles if each.models == self.models[:1] and each.query and not each.after)
        return frozenset().union(*(each.query or () for each in alone))

    def _by_words_alone(self, usable: Sequence[Profile]) -> Profile:
        return next(each for each in usable if not each.models)


def load_fitted(models: EmbeddingModels, own: Path | None = None) -> Fitted:
    """The fit for `models`: a team's `own`, if the file is there, else the models' in this package, else the generic
    one. Raises ModelError where a file cannot be read."""
    names = tuple(name_model(model.fingerprint) for model in models.models)
    if own is not None and own.is_file():
        return read_fitted(own.read_text(encoding="utf-8"), str(own), "this team's questions")
    shipped = files(__package__).joinpath("fitted", f"{name_fit(names)}.json")
    if shipped.is_file():
        return read_fitted(shipped.read_text(encoding="utf-8"), str(shipped), "these models")
    from retrieval.searching.generic import fit_generically

    generic = files(__package__).joinpath("fitted", f"{GENERIC}.json")
    return fit_generically(json.loads(generic.read_text(encoding="utf-8")), models)


def name_fit(models: Sequence[str]) -> str:
    """The name of the fit for models of these names, without what a file's name cannot hold."""
    return "+".join(
        "".join(letter if letter.isalnum() or letter in "-." else "_" for letter in name) for name in models
    )


def read_fitted(text: str, path: str, origin: str) -> Fitted:
    """A fit as `benchmarks.fit` writes it. Raises ModelError."""
    try:
        data = json.loads(text)
        profiles = tuple(read_profile(each) for each in data["profiles"])
        if all(profile.models for profile in profiles):
            raise ValueError("no profile is for words alone")
        return Fitted(tuple(data["models"]), profiles, origin)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path} is no fit of a search ({error}): delete it, or make it anew.") from error


def read_profile(data: Mapping[str, Any]) -> Profile:
    """One profile of a fit. Raises ValueError, KeyError, TypeError or AttributeError on what is none."""
    values: dict[str, Any] = dict(data)
    for key in _COEFFICIENTS:
        values[key] = {name: float(value) for name, value in data[key].items()}
    _ = values["confidence"]["intercept"]
    for key in _SETS:
        if values.get(key) is not None:
            values[key] = frozenset(values[key])
    return Profile(**values)
