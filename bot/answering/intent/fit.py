"""Fits a reading to the examples: logistic regression, its limits by cross-validation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import logsumexp

from bot.answering.intent.examples import OTHER, REFERS, Example
from bot.answering.intent.head import Head, Matrix, measure_lengths
from bot.answering.intent.words import list_words
from bot.chat.intent import Intent, OfferReply

ASKS_WRONGLY = 0.05  # of talk among people, taken for a question in a channel
REFERS_WRONGLY = 1 / 100  # of other messages, taken for one that refers: it still has to stand below a question
WRONGLY = 1 / 500  # of what is something else, taken for a wish for a person or for quiet, small talk, or a choice
Floats = npt.NDArray[np.float64]
_FOLDS = 5
_STEPS = 200  # of the optimiser
_STRENGTH = 8.0  # 1 / regularisation: examples left out are told about equally well from 5 to 15
_SEEN = 2  # examples that a word is in, or it is nobody else's
_SCORES: dict[str, tuple[Callable[[str], bool], Callable[[str], bool], float]] = {
    # what is said of a message: the kinds that speak for it, those it must not be said of, and how often it may be
    "asks": (lambda kind: _is_request(kind), lambda kind: not _is_request(kind), ASKS_WRONGLY),
    "person": (lambda kind: kind == Intent.PERSON, lambda kind: kind == Intent.QUESTION, WRONGLY),
    "small_talk": (lambda kind: Intent(kind).is_small_talk, lambda kind: _is_request(kind), WRONGLY),
    "quiet": (lambda kind: kind == Intent.QUIET, lambda kind: kind != Intent.QUIET, WRONGLY),
}
_REPLY_SCORES: dict[str, tuple[Callable[[str], bool], Callable[[str], bool], float]] = {
    "reply": (lambda kind: kind != OfferReply.OTHER, lambda kind: kind == OfferReply.OTHER, WRONGLY),
}

_SUMMONS_SCORES: dict[str, tuple[Callable[[str], bool], Callable[[str], bool], float]] = {
    "refers": (lambda kind: kind == REFERS, lambda kind: kind == OTHER, REFERS_WRONGLY),
}


def fit_messages(examples: Sequence[Example], vectors: Matrix) -> tuple[Head, dict[str, float]]:
    """A head that reads messages, and how well it does on examples left out: the share told right by language."""
    return _fit_head(examples, vectors, _SCORES)


def set_on_talk(head: Head, texts: Sequence[str], vectors: Matrix) -> Head:
    """The head with the limit of what asks set on talk among people, which is easier to tell than its examples."""
    asks = sum_probabilities(head, head.predict_probabilities(texts, vectors), "asks")
    return replace(head, limits={**head.limits, "asks": float(np.quantile(asks, 1 - ASKS_WRONGLY))})


def fit_replies(examples: Sequence[Example], vectors: Matrix) -> tuple[Head, dict[str, float]]:
    """The same for what is said to an offer."""
    return _fit_head(examples, vectors, _REPLY_SCORES)


def fit_summons(examples: Sequence[Example], vectors: Matrix) -> tuple[Head, dict[str, float]]:
    """The same for what is said below somebody's question; told right are the shares of those that refer."""
    return _fit_head(examples, vectors, _SUMMONS_SCORES, of=REFERS)


def sum_probabilities(head: Head, probabilities: Matrix, said: str) -> Matrix:
    """How much speaks for saying this of each message."""
    speaks = ({**_SCORES, **_REPLY_SCORES, **_SUMMONS_SCORES})[said][0]
    return np.asarray(probabilities[:, [speaks(kind) for kind in head.kinds]].sum(axis=1), np.float32)


def _fit_head(
    examples: Sequence[Example],
    vectors: Matrix,
    scores: dict[str, tuple[Callable[[str], bool], Callable[[str], bool], float]],
    of: str = "",
) -> tuple[Head, dict[str, float]]:
    """A head with its limits, and the share told right by language: of all, or of one kind beyond its limit."""
    texts, kinds = [each.text for each in examples], np.array([each.kind for each in examples])
    folds = np.random.default_rng(0).permutation(len(texts)) % _FOLDS
    left_out = _cross_validate(texts, kinds, vectors, folds)
    head = _fit_once(texts, kinds, vectors)
    limits = {
        said: float(np.quantile(sum_probabilities(head, left_out, said)[[must_not(kind) for kind in kinds]], 1 - share))
        for said, (_, must_not, share) in scores.items()
    }
    right = np.array(head.kinds)[left_out.argmax(axis=1)] == kinds
    spoken = np.array([each.language for each in examples])
    if of:
        right = sum_probabilities(head, left_out, of) > limits[of]
        spoken[kinds != of] = ""
    told = {str(tag): float(right[spoken == tag].mean()) for tag in np.unique(spoken) if tag}
    return replace(head, limits=limits), told


def _cross_validate(
    texts: Sequence[str], kinds: npt.NDArray[np.str_], vectors: Matrix, folds: npt.NDArray[np.int64]
) -> Matrix:
    """The probabilities of each example by what was fitted without its fold."""
    left_out = np.zeros((len(texts), len(np.unique(kinds))), np.float32)
    for fold in range(_FOLDS):
        mine = folds == fold
        rest = [text for text, other in zip(texts, ~mine, strict=True) if other]
        head = _fit_once(rest, kinds[~mine], vectors[~mine])
        left_out[mine] = head.predict_probabilities(
            [text for text, own in zip(texts, mine, strict=True) if own], vectors[mine]
        )
    return left_out


def _fit_once(texts: Sequence[str], kinds: npt.NDArray[np.str_], vectors: Matrix) -> Head:
    """Embeddings are centred and brought to one scale while they are fitted, whatever the model's own."""
    counts = Counter(word for text in texts for word in set(list_words(text)))
    words = {word: place for place, word in enumerate(sorted(word for word, seen in counts.items() if seen > _SEEN))}
    mean = vectors.mean(axis=0)
    scale = float(1 / np.sqrt(((vectors - mean) ** 2).sum(axis=1).mean()))
    names, targets = np.unique(kinds, return_inverse=True)
    dense = np.hstack([measure_lengths(texts), (vectors - mean) * scale])
    bias, weights = _minimise_loss(dense, _count_words(texts, words), np.eye(len(names))[targets])
    weights[1 : dense.shape[1]] *= scale
    bias = bias - mean @ weights[1 : dense.shape[1]]
    return Head(tuple(map(str, names)), words, np.asarray(weights, np.float32), np.asarray(bias, np.float32), {})


def _minimise_loss(dense: Matrix, words: sparse.csr_array, targets: npt.NDArray[np.float64]) -> tuple[Floats, Floats]:
    """Bias and weights of the logistic regression. Words are few in each message and many in all: kept apart, they
    cost next to nothing."""
    width, kinds = dense.shape[1], targets.shape[1]

    def compute_loss(flat: Floats) -> tuple[float, Floats]:
        bias, weights = flat[:kinds], flat[kinds:].reshape(-1, kinds)
        logits = bias + dense @ weights[:width] + words @ weights[width:]
        logits -= logsumexp(logits, axis=1, keepdims=True)
        errors = np.exp(logits) - targets
        slope = np.vstack([dense.T @ errors, words.T @ errors]) + weights / _STRENGTH
        value = -(logits * targets).sum() + (weights**2).sum() / (2 * _STRENGTH)
        return float(value), np.concatenate([errors.sum(axis=0), slope.ravel()])

    start = np.zeros(kinds * (1 + width + words.shape[1]))
    found = minimize(compute_loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS})
    return found.x[:kinds], found.x[kinds:].reshape(-1, kinds)


def _count_words(texts: Sequence[str], words: dict[str, int]) -> sparse.csr_array:
    """Which words each text has, in rows of length 1."""
    rows = [sorted({words[word] for word in list_words(text) if word in words}) for text in texts]
    values = [1 / np.sqrt(len(row)) for row in rows for _ in row]
    ends = np.cumsum([0, *map(len, rows)])
    return sparse.csr_array((values, [place for row in rows for place in row], ends), shape=(len(texts), len(words)))


def _is_request(kind: str) -> bool:
    return kind in {Intent.QUESTION, Intent.PERSON}
