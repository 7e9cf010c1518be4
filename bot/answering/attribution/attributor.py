"""Finds the passage that carries what a model writes, whether it says so or not."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from bot.answering.attribution.comparison import compare_sentence
from bot.answering.attribution.measure import Odds, Scale, Weights, load_weights
from bot.answering.attribution.sentence_vectors import SentenceVectors
from bot.answering.attribution.statements import (
    LEAST_WORDS,
    Sentence,
    Statement,
    list_clauses,
    read_sentence,
    read_statement,
    says_enough,
    split_sentences,
    strip_markup,
)
from bot.i18n.language import primary_subtag
from retrieval.documents import Passage
from retrieval.interfaces import Embedder, Entailment, Vectors
from retrieval.models.embedding_models import EmbeddingModels, name_model
from retrieval.text.grammar import has_grammar
from retrieval.text.languages import language_of, script_language

_ITEM = re.compile(r"\s*(?:[-*+•]|\d{1,3}[.)、])\s")  # may be a single word
# In log-odds, from the passage that speaks of it most: where that one says the contrary, no other carries a sentence.
_AS_NEAR = 0.5
_JUDGED = 2  # passages at most that are read for one sentence


@dataclass(frozen=True)
class PassageReading:
    """A passage's sentences and question, and a vector for each of the former; a last one is of the question with the
    first sentence, which may answer it in half a sentence."""

    sentences: tuple[Sentence, ...]
    question: Statement
    language: str
    vectors: Vectors | None = None

    @classmethod
    def of(cls, text: str, question: str, language: str) -> PassageReading:
        """A passage without vectors."""
        return cls(split_sentences(text, language), read_statement(question, language), language)

    @property
    def texts(self) -> list[str]:
        """What is embedded of it."""
        texts = [sentence.text for sentence in self.sentences]
        return [*texts, f"{self.question.text} {texts[0]}"] if texts else []

    def measure_cosines(self, vector: Vectors) -> list[float]:
        """The cosine of each sentence with what was written."""
        if self.vectors is None:
            return []
        *cosines, opening = (self.vectors @ vector).tolist()
        return [max(cosines[0], opening), *cosines[1:]]

    def compare(self, written: Sentence, nearness: Sequence[float] = ()) -> dict[str, float]:
        """How a sentence differs from it (see `comparison`)."""
        return compare_sentence(written, self.sentences, self.question, self.language, nearness)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two passages that carry a part of a sentence each; `surely`: no passage speaks of both parts as much."""

    numbers: tuple[int, int]
    surely: bool


class Attributor:
    """Reads passages for one answer after another. Without `models` it goes by words; an `entailment` model, where
    there is one, judges in the place of the fitted measure of meaning."""

    def __init__(self, models: EmbeddingModels | None = None, entailment: Entailment | None = None) -> None:
        self._models = models
        self._entailment = entailment
        self._vectors = SentenceVectors()

    def read_passages(self, passages: Sequence[Passage], question: str, language: str) -> Attribution:
        """Read the passages that an answer in `language` is written from; embeds their sentences in one call."""
        language = primary_subtag(language)
        readings: dict[int, PassageReading] = {}
        if has_grammar(language):
            for number, passage in enumerate(passages, start=1):
                if language_of(passage.document) == language:
                    asked = f"{question} {passage.document.question}"
                    readings[number] = PassageReading.of(passage.text, asked, language)
        readings = {number: reading for number, reading in readings.items() if reading.sentences}
        model = select_model(self._models, language)
        weights, scale = load_weights(name_model(model.fingerprint) if model else "")
        if model and scale and readings:
            readings = self._embed_sentences(readings, model)
        texts = {number: passage.text for number, passage in enumerate(passages, start=1)}
        nearness = (model, scale) if model and scale else None
        return Attribution(readings, texts, language, weights, nearness, self._entailment, self._vectors)

    def _embed_sentences(self, readings: dict[int, PassageReading], model: Embedder) -> dict[int, PassageReading]:
        """The readings with vectors."""
        import numpy as np

        known = self._vectors.embed_sentences([text for reading in readings.values() for text in reading.texts], model)
        return {
            number: replace(reading, vectors=np.stack([known[text] for text in reading.texts]))
            for number, reading in readings.items()
        }


class Attribution:
    """What one answer may be attributed to: passages by their number in the prompt."""

    def __init__(
        self,
        readings: dict[int, PassageReading],
        texts: dict[int, str],
        language: str,
        weights: Weights,
        nearness: tuple[Embedder, Scale] | None,
        entailment: Entailment | None,
        vectors: SentenceVectors,
    ) -> None:
        self._readings = readings
        self._texts = texts
        self._language = language
        self._weights = weights
        self._nearness = nearness
        self._entailment = entailment
        self._vectors = vectors
        self._known: dict[str, Vectors] = {}  # of what was written

    def can_judge(self, unit: str) -> bool:
        """Whether this is a sentence in the language of some passage that says enough to be judged."""
        text = strip_markup(unit)
        if not self._readings or "|" in text or "```" in unit or text.endswith((":", "：")):
            return False
        if script_language(text, "en" if self._language == "en" else "") != self._language:
            return False
        written = read_sentence(text, self._language).whole
        return says_enough(written, self._language, 1 if _ITEM.match(unit) else LEAST_WORDS)

    def can_compare(self, numbers: Collection[int]) -> bool:
        """Whether all of these passages are in the language of the answer."""
        return all(number in self._readings for number in numbers)

    def carries(self, unit: str, numbers: Collection[int]) -> bool:
        """Whether these passages together carry a sentence that its writer marked with them. True where one of them is
        in another language, whose words cannot be compared."""
        if not self.can_compare(numbers):
            return True
        cited = _join([self._readings[number] for number in numbers])
        others = (self._weigh(unit, reading).support for reading in self._readings.values())
        if self._weigh(unit, cited).support < max(others) - _AS_NEAR:
            return False
        return self._is_carried(unit, cited, sorted(numbers))

    def find_carriers(self, unit: str) -> list[int]:
        """The numbers of the passages that carry a sentence, of those that speak of it most, the likeliest first."""
        judged = {number: self._weigh(unit, reading) for number, reading in self._readings.items()}
        nearest = max((each.support for each in judged.values()), default=0.0) - _AS_NEAR
        speak_of_it = [number for number, each in judged.items() if each.support >= nearest]
        speak_of_it.sort(key=lambda number: -min(judged[number].support, judged[number].meaning))
        return [number for number in speak_of_it[:_JUDGED] if self._is_carried(unit, self._readings[number], [number])]

    def find_pair(self, parts: tuple[str, str]) -> Pair | None:
        """The two passages that speak of a sentence's parts most, one of each, if they carry them: "the box costs €48,
        the workshop €24" is carried by none where it is the other way round."""
        first, second = (
            {number: self._weigh(part, each).support for number, each in self._readings.items()} for part in parts
        )
        pairs = {(one, other): first[one] + second[other] for one in first for other in second if one != other}
        if not pairs:
            return None
        best = max(pairs, key=lambda pair: pairs[pair])
        for part, number in zip(parts, best, strict=True):
            if not self._is_carried(part, self._readings[number], [number]):
                return None
        alone = max(first[number] + second[number] for number in first)
        return Pair(best, surely=pairs[best] - alone >= 2 * _AS_NEAR)

    def _is_carried(self, unit: str, reading: PassageReading, numbers: Sequence[int]) -> bool:
        judged, least = self._weigh(unit, reading), self._weights.limits
        if judged.support < least.support:
            return False
        clauses = list_clauses(read_sentence(strip_markup(unit), self._language), self._language)
        if any(self._weigh(clause, reading).support < least.clause for clause in clauses):
            return False
        if self._entailment:
            premise = "\n".join((reading.question.text, *(self._texts[number] for number in numbers)))
            return self._entailment.entails(premise, [strip_markup(unit)])[0]
        return judged.meaning >= least.meaning

    def _weigh(self, unit: str, reading: PassageReading) -> Odds:
        text = strip_markup(unit)
        written = read_sentence(text, self._language)
        nearness: Sequence[float] = ()
        if self._nearness:
            model, scale = self._nearness
            if text not in self._known:
                texts = (text, *list_clauses(written, self._language))
                self._known |= self._vectors.embed_sentences(texts, model)
            nearness = scale.standardise_cosines(reading.measure_cosines(self._known[text]))
        return self._weights.weigh_differences(reading.compare(written, nearness))


def select_model(models: EmbeddingModels | None, language: str) -> Embedder | None:
    """The model that a language is compared by: the first of several knows English only."""
    if models is None:
        return None
    return models.models[0] if language == "en" else models.models[-1]


def _join(readings: Sequence[PassageReading]) -> PassageReading:
    """Several passages as one, for a sentence that merges what they say."""
    if len(readings) == 1:
        return readings[0]
    import numpy as np

    sentences = tuple(sentence for reading in readings for sentence in reading.sentences)
    known = [reading.vectors for reading in readings if reading.vectors is not None]
    if len(known) < len(readings):
        return PassageReading(sentences, readings[0].question, readings[0].language)
    rows = [vectors[:-1] for vectors in known]
    return PassageReading(sentences, readings[0].question, readings[0].language, np.concatenate([*rows, known[0][-1:]]))
