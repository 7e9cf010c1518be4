"""What counts in a search: the signals, and how much each weighs for one kind of query on one kind of corpus.

`benchmarks/fit_fusion.py` fits weights (most likely choice of the right document under a softmax over the candidates,
so a score is a log-likelihood; every question set counts alike) and tries them, and those here, on the set left out.
Those of SEMANTIC and LEXICAL are of an earlier fit with fewer signals, which ranked the sets no worse.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

SIGNALS = (
    "cos_question",
    "cos_passage",
    "cos_best",
    "cos_wordings",
    "bm25_question",
    "bm25_passage",
    "overlap",
    "alignment",
)
"""In the order of the columns of `Candidates.values`; all grow with likeness. Cosines are 1 at most, the others lie in
0..1.

cos_question   cosine with the nearest of the question's wordings
cos_passage    cosine with question and text together
cos_best       the higher of these two
cos_wordings   cosine with the mean of the wordings, in directions where wordings of one question differ little
bm25_question  BM25 of the question and its wordings as one text, as a part of the best possible
bm25_passage   BM25 of headings, question, wordings and text, likewise
overlap        idf-weighted Dice coefficient with the nearest wording
alignment      word against word with the nearest wording, forgiving of typing errors and like words
"""


@dataclass(frozen=True, slots=True)
class Profile:
    """How to search one kind of query: whether by concepts too, and the signals' weights by name."""

    name: str
    concepts: bool
    weights: Mapping[str, float]

    def __post_init__(self) -> None:
        if unknown := self.weights.keys() - set(SIGNALS):
            raise ValueError(f"{self.name} weighs {sorted(unknown)}, which are no signals.")

    @property
    def total(self) -> float:
        """The weights' sum: a score of it is as good as certain not to be passed."""
        return sum(self.weights.values())


# The embedder knows the languages of the query and of the corpus: words only correct its vectors.
SEMANTIC = Profile(
    "semantic",
    concepts=False,
    weights={
        "cos_question": 1.0,
        "cos_passage": 6.0,
        "cos_best": 9.0,
        "bm25_question": 8.0,
        "bm25_passage": 5.0,
    },
)

# Likewise, and most documents have several wordings: these tell what their question is about.
WORDED = Profile(
    "worded",
    concepts=False,
    weights={"cos_question": 6.9, "cos_wordings": 12.0, "bm25_question": 3.7, "overlap": 3.2},
)

# Chinese is glossed for the embedder, and the documents are Chinese: its vectors are one opinion beside the words.
GLOSSED = Profile(
    "glossed",
    concepts=True,
    weights={"cos_question": 5.5, "cos_passage": 4.0, "bm25_passage": 9.0, "overlap": 2.5, "alignment": 7.5},
)

# Chinese is glossed, and question and documents are in two languages: glosses, concepts, names and numbers meet.
BRIDGED = Profile(
    "bridged",
    concepts=True,
    weights={"cos_question": 7.8, "cos_passage": 8.9, "bm25_question": 2.3, "bm25_passage": 2.7, "overlap": 7.6},
)

# The embedder does not know the language, and nothing glosses it.
LEXICAL = Profile(
    "lexical",
    concepts=True,
    weights={"cos_passage": 2.5, "cos_best": 0.5, "bm25_question": 2.5, "bm25_passage": 10.5, "overlap": 11.0},
)

PROFILES = {profile.name: profile for profile in (SEMANTIC, WORDED, GLOSSED, BRIDGED, LEXICAL)}
