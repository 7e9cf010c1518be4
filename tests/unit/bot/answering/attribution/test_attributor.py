# ruff: noqa: E501 - passages stand on one line each
"""Which passage carries a sentence, by words alone, with an embedding model, and by what an entailment model says."""

from collections.abc import Sequence

import pytest

from bot.answering.attribution.attributor import Attribution, Attributor
from retrieval.documents import Document
from retrieval.models.embedding_models import EmbeddingModels
from tests.fakes import passage
from tests.support.embedding import default_embedder
from tests.support.word_embedder import WordEmbedder

RETURNS = Document(
    "https://shop.example/returns",
    "How do I return something?",
    "You have 30 days from the day it arrived, as long as it is unused. Medicine cannot be returned. Vouchers are sent after the parcel has arrived.",
    language="en",
)
PLANS = Document(
    "https://shop.example/plans",
    "How many projects can I have?",
    "The Free plan includes 3 projects. The Team plan includes 50 projects. All members can export a project, but only admins can delete one. You must verify your address.",
    language="en",
)
BAOXIAN = Document(
    "https://shop.example/zh",
    "旅行保险赔什么？",
    "行李丢失最多赔2000元，行李延误最多赔500元。被盗须在24小时内报警。出发前可以取消。",
    language="zh",
)
PASSAGES = [passage(document) for document in (RETURNS, PLANS, BAOXIAN)]


@pytest.fixture(params=["words", "models"])
def attributor(request: pytest.FixtureRequest) -> Attributor:
    return Attributor(default_embedder() if request.param == "models" else None)


def read(attributor: Attributor, language: str = "en", question: str = "What are the rules?") -> Attribution:
    return attributor.read_passages(PASSAGES, question, language)


CARRIED = [
    ("You have 30 days from the day it arrived, as long as it is unused.", 1, "en"),
    ("You can send it back within 30 days of its arrival if it is unused.", 1, "en"),
    ("Medicine can't be returned.", 1, "en"),
    ("The Team plan includes fifty projects.", 2, "en"),
    ("A project can be deleted by admins only.", 2, "en"),
    ("被盗的话，要在24小时内报警。", 3, "zh"),
    ("行李丢失最多赔2000元。", 3, "zh"),
]
TURNED = [
    ("Medicine can be returned.", "en"),
    ("You do not have 30 days from the day it arrived.", "en"),
    ("Vouchers are sent before the parcel has arrived.", "en"),
    ("The Team plan includes 3 projects.", "en"),
    ("All members can delete a project.", "en"),
    ("The Team plan includes at most 3 projects.", "en"),
    ("行李丢失最多赔500元。", "zh"),
    ("行李丢失至少赔2000元。", "zh"),
    ("出发后可以取消。", "zh"),
]


@pytest.mark.parametrize(("sentence", "number", "language"), CARRIED)
def test_a_sentence_is_attributed_to_the_passage_that_carries_it(
    attributor: Attributor, sentence: str, number: int, language: str
) -> None:
    attribution = read(attributor, language)
    assert attribution.can_judge(sentence)
    assert attribution.find_carriers(sentence) == [number]
    assert attribution.carries(f"{sentence} [{number}]", {number})


@pytest.mark.parametrize(("sentence", "language"), TURNED)
def test_what_turns_a_passage_around_is_attributed_to_none(
    attributor: Attributor, sentence: str, language: str
) -> None:
    attribution = read(attributor, language)
    assert attribution.find_carriers(sentence) == []


def test_a_sentence_of_two_passages_is_carried_by_both_together() -> None:
    attribution = read(Attributor())
    merged = "Medicine cannot be returned, and the Team plan includes 50 projects."
    assert attribution.carries(merged, {1, 2})


@pytest.mark.parametrize(
    "text",
    [
        "Yes.",
        "Yes, it does.",
        "To return something:",
        "| Plan | Projects |\n|---|---|\n| Free | 3 |\n",
        "```\nx = 1\n```\n",
    ],
)
def test_a_few_words_a_table_and_code_cannot_be_judged(text: str) -> None:
    assert not read(Attributor()).can_judge(text)


def test_only_passages_in_the_language_of_the_answer_are_compared() -> None:
    attribution = read(Attributor(), "zh")
    assert attribution.carries("保修期是十年。", {1}), "a marker is believed where words cannot be compared"
    assert not read(Attributor(), "de").can_judge("Sie haben 30 Tage Zeit, die Ware zurückzugeben.")
    assert not read(Attributor()).can_judge("行李丢失最多赔2000元。")


def test_all_sentences_of_the_passages_are_embedded_in_one_call_and_a_written_one_once() -> None:
    calls: list[list[str]] = []

    class Noting(WordEmbedder):
        def embed_documents(self, texts: Sequence[str], on_progress: object = None) -> object:  # type: ignore[override]
            calls.append([*texts])
            return super().embed_documents(texts)

    attributor = Attributor(EmbeddingModels((Noting("all-MiniLM-L6-v2"),)))
    read(attributor)
    attribution = read(attributor)
    assert len(calls) == 1, "nothing is embedded twice"
    attribution.find_carriers("Medicine cannot be returned.")  # as the passage has it
    attribution.find_carriers("No medicine can be returned.")
    attribution.carries("No medicine can be returned.", {2})
    assert calls[1:] == [["No medicine can be returned."]]


def test_an_unknown_model_embeds_nothing_for_its_cosines_were_not_fitted() -> None:
    embedder = WordEmbedder("unheard-of")
    assert read(Attributor(EmbeddingModels((embedder,)))).find_carriers("Medicine cannot be returned.") == [1]
    assert embedder.texts == []


class _Entailment:
    """Says that what it is told follows, and nothing else."""

    fingerprint = "fake"

    def __init__(self, *following: str) -> None:
        self.following = following
        self.read: list[tuple[str, str]] = []

    def entails(self, premise: str, hypotheses: Sequence[str]) -> list[bool]:
        self.read += [(premise, hypothesis) for hypothesis in hypotheses]
        return [hypothesis in self.following for hypothesis in hypotheses]


def test_an_entailment_model_judges_meaning_in_place_of_the_measure() -> None:
    turned = "Medicine can be returned."
    assert read(Attributor(entailment=_Entailment(turned))).find_carriers(turned) == [1]
    strict = _Entailment()
    assert read(Attributor(entailment=strict)).find_carriers("Medicine cannot be returned.") == []
    assert not read(Attributor(entailment=strict)).carries("Medicine cannot be returned. [1]", {1})
    premise, hypothesis = strict.read[0]
    assert RETURNS.answer in premise and RETURNS.question in premise and hypothesis == "Medicine cannot be returned."


def test_an_entailment_model_is_not_asked_about_what_no_passage_speaks_of() -> None:
    asked = _Entailment()
    assert read(Attributor(entailment=asked)).find_carriers("Our kitchen opens at noon and serves noodles.") == []
    assert asked.read == []
