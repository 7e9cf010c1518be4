"""What a reranker's opinion does to scores, and what a real one does to answers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest

from retrieval.documents import Document, Passage, RetrievalResult
from retrieval.interfaces import Vectors
from retrieval.models.reranker import load_reranker
from retrieval.search.rerank import LEAST_SPREAD, MAX_CHARACTERS, WEIGHT, Reranking, standardise_gains, text_of
from retrieval.search.retriever import retriever_over
from retrieval.search.signals import Candidates
from tests.support.embedding import MODELS, default_embedder
from tests.support.tiny_reranker import MEANINGS, tiny_reranker

pytestmark = pytest.mark.slow


@dataclass
class Opinion:
    """A Reranker that says what it is told to, by the passage's text."""

    said: dict[str, float]
    asked: list[tuple[str, list[str]]] = field(default_factory=list)
    fingerprint = "opinion"

    def score(self, query: str, texts: Sequence[str]) -> Vectors:
        self.asked.append((query, list(texts)))
        return np.array([self.said[text] for text in texts], np.float32)


def passage(number: int, question: str = "", text: str = "") -> Passage:
    return Passage(str(number), Document(f"u{number}", question or f"q{number}", "a"), text)


def candidates(documents: Sequence[int]) -> Candidates:
    places = np.arange(len(documents))
    return Candidates(places, np.array(documents), np.zeros((len(documents), 1), np.float32))


def rescored(said: Sequence[float], scores: Sequence[float], top: int = 20) -> list[float]:
    passages = [passage(number) for number in range(len(scores))]
    opinion = Opinion({f"q{number}": value for number, value in enumerate(said)})
    found = Reranking(opinion, top).rescore_candidates(
        "?", passages, candidates(range(len(scores))), np.array(scores, np.float32)
    )
    return [float(value) for value in found]


def test_gains_are_centred_and_blind_to_the_scale_and_the_level_of_the_log_odds() -> None:
    said = np.array([-4, 1, 9, 2], np.float32)
    assert standardise_gains(said).mean() == pytest.approx(0, abs=1e-6)
    assert standardise_gains(said) == pytest.approx(standardise_gains(said * 3 - 20), abs=1e-5)
    assert standardise_gains(said).std() == pytest.approx(WEIGHT, abs=1e-5)


def test_differences_that_are_no_more_than_noise_are_not_blown_up() -> None:
    noise = np.array([0.01, 0.02, 0.0, 0.05], np.float32)
    assert np.abs(standardise_gains(noise)).max() < 0.05 * WEIGHT / LEAST_SPREAD
    assert np.all(standardise_gains(np.zeros(3, np.float32)) == 0)


def test_numbers_that_are_none_harm_nothing() -> None:
    gained = standardise_gains(np.array([np.nan, np.inf, -np.inf, 1.0], np.float32))
    assert np.isfinite(gained).all()
    assert np.argmax(gained) == 1


def test_the_passage_that_stands_out_overtakes_and_one_that_does_not_stays() -> None:
    scores = [12.0, 11.5, 11.0, 10.5, 10.0]
    assert np.argmax(rescored([-6, -6, -6, -6, 5], scores)) == 4
    assert np.argmax(rescored([0.1, 0.1, 0.1, 0.1, 0.2], scores)) == 0


def test_what_was_not_read_never_gains_by_it() -> None:
    scores = rescored([3, -8, -7, -6, 99], [12, 11, 10, 9, 8.9], top=4)
    assert scores[4] < min(scores[:4])
    assert scores[4] - 8.9 == pytest.approx(scores[1] - 11, abs=1e-5)


def test_a_document_s_passages_gain_alike_and_its_best_alone_is_read() -> None:
    passages = [passage(0, text="one"), passage(0, text="two"), passage(1)]
    opinion = Opinion({"q0\none": -3.0, "q0\ntwo": 9.0, "q1": 4.0})
    scores = Reranking(opinion, 20).rescore_candidates(
        "what?", passages, candidates([0, 0, 1]), np.array([5, 4, 4.5], np.float32)
    )
    assert opinion.asked == [("what?", ["q0\none", "q1"])]
    assert scores[0] - scores[1] == pytest.approx(1)
    assert scores[2] > scores[0]


def test_a_single_document_is_not_read() -> None:
    opinion = Opinion({})
    assert list(
        Reranking(opinion).rescore_candidates("?", [passage(0)], candidates([0]), np.array([1.0], np.float32))
    ) == [1.0]
    assert opinion.asked == []


def test_what_is_read_is_headings_question_and_text_within_bounds() -> None:
    document = Document("u", "Where?", "a", heading_path=("Shop", "Visit"))
    assert text_of(Passage("p", document, " Here. ")) == "Shop › Visit\nWhere?\nHere."
    assert len(text_of(Passage("p", document, "x" * 9000))) == MAX_CHARACTERS


EN = ["table", "kettle", "bottle", "jacket", *filter(str.isascii, MEANINGS.values())]
ZH = ["桌子", "水壶", "瓶子", "外套", *(word for word in MEANINGS.values() if not word.isascii())]
PAGES = [
    *(Document(f"en/{word}", f"How do I clean my {word}?", f"Wash the {word} in water.", language="en") for word in EN),
    *(Document(f"zh/{word}", f"怎么清洗{word}？", f"请用清水清洗{word}。", language="zh") for word in ZH),
]


@pytest.fixture(scope="module")
def reranking() -> Reranking:
    return Reranking(load_reranker(str(tiny_reranker()), MODELS))


def asked(query: str, reranking: Reranking | None, context: Sequence[str] = ()) -> RetrievalResult:
    retriever = retriever_over(PAGES, default_embedder(), reranking)
    return asyncio.run(retriever.retrieve(query, context=context))


def order(result: RetrievalResult) -> list[str]:
    return [scored.passage.document.url for scored in result.passages]


@pytest.mark.parametrize(("language", "question"), [("en", "How do I clean my {}?"), ("zh", "怎么清洗{}？")])
def test_a_cross_encoder_moves_the_right_passage_first(language: str, question: str, reranking: Reranking) -> None:
    by_chance = 0
    for word, meaning in MEANINGS.items():
        if word.isascii() == (language == "en"):
            plain, read = (asked(question.format(word), each) for each in (None, reranking))
            by_chance += order(plain)[0] == f"{language}/{meaning}"
            assert order(read)[0] == f"{language}/{meaning}"
            # With a family the confidence is that of the question; which of its members is meant is asked.
            assert plain.family or read.confidence > plain.confidence
            values = [scored.score for scored in read.passages]
            assert values == sorted(values, reverse=True)
    assert by_chance <= 2  # of four


def test_a_follow_up_is_read_with_the_question_before_it(reranking: Reranking) -> None:
    context = ["How do I clean my florb?", "Wash it in water."]
    assert order(asked("how do i wash it?", reranking, context))[0] == "en/grint"
