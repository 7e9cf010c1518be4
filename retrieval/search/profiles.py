"""What counts in a search: the signals, how much each weighs for one kind of query on one kind of index, and the set of
such profiles that goes with a set of models.

Weights and coefficients are fitted: they are read from `fitted/` (see `fitted.py`), none stands here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

GENERIC = "generic"
_SETS = ("query", "documents")
_COEFFICIENTS = ("weights", "confidence")

VECTOR_SIGNALS = ("cos_question", "cos_alike", "cos_passage", "cos_best", "cos_wordings")
"""Of each embedding model; a profile names them with the model's name: "cos_question:all-MiniLM-L6-v2".

cos_question   cosine with the nearest of the question's wordings, embedded as a text
cos_alike      the same with the wordings embedded as a customer's question is
cos_passage    cosine with question and text together
cos_best       the higher of cos_question and cos_passage
cos_wordings   cosine with the mean of the wordings, in directions where wordings of one question differ little
"""

WORD_SIGNALS = ("bm25_question", "bm25_passage", "overlap")
"""All grow with likeness and lie in 0..1.

bm25_question  BM25 of the question and its wordings as one text, as a part of the best possible
bm25_passage   BM25 of headings, question, wordings and text, likewise
overlap        idf-weighted Dice coefficient with the nearest wording
"""


def name_signal(signal: str, model: str) -> str:
    """A vector signal as profiles name it."""
    return f"{signal}:{model}"


@dataclass(frozen=True)
class Profile:
    """How to search one kind of query: `weights` by signal, and `confidence`, the coefficients by feature.
    `answer` and `suggest` are the confidences from which on a page is answered with, and shown as the nearest.

    `query` and `documents` are the languages that it is for (None: any), `worded` whether most documents have several
    wordings (None: either); `after` names the profile that is tried first and was not sure enough, if there is one, and
    `tried_from` how sure it has to be at least: below, a second look shows nothing either.
    """

    name: str
    weights: Mapping[str, float]
    confidence: Mapping[str, float]
    answer: float = 1.0
    suggest: float = 1.0
    query: frozenset[str] | None = None
    documents: frozenset[str] | None = None
    same_language: bool | None = None
    worded: bool | None = None
    after: str = ""
    tried_from: float = 0.0

    @cached_property
    def models(self) -> tuple[str, ...]:
        """The names of the models whose vectors it looks at."""
        names = (signal.partition(":")[2] for signal in self.weights)
        return tuple(dict.fromkeys(filter(None, names)))

    @cached_property
    def total(self) -> float:
        """The weights' sum: a score of it is as good as certain not to be passed."""
        return sum(self.weights.values())

    def fits_languages(self, query: str, documents: str, worded: bool) -> bool:
        """Whether it is for questions in one language about documents in another or the same."""
        return (
            (self.query is None or query in self.query)
            and (self.documents is None or documents in self.documents)
            and self.same_language in {None, query == documents}
            and self.worded in {None, worded}
        )


@dataclass(frozen=True)
class Fitted:
    """What a set of models is searched by. `origin` says whose fit it is: the models' own, a team's, or the generic
    one. `clustering` holds by model what makes two questions alike (`clustering.py`): the weights of their vectors' and
    of their tokens' likeness, and a bias."""

    models: tuple[str, ...]
    profiles: tuple[Profile, ...]
    origin: str
    clustering: Mapping[str, Sequence[float]] = field(default_factory=dict)

    def choose_profiles(self, query: str, documents: str, *, worded: bool, available: Sequence[str]) -> list[Profile]:
        """The profiles for a question in the language `query` about `documents` in another or the same, the one to try
        first before the one to try when it is not sure. Those that look at a model that is not `available` are passed
        over; never empty."""
        usable = [each for each in self.profiles if set(each.models) <= set(available)]
        fitting = [each for each in usable if each.fits_languages(query, documents, worded)]
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
