"""The retriever on a FAQ in two languages, and on a very small one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest

from retrieval.documents import Document
from retrieval.index.build import build_index
from retrieval.interfaces import Embedder, Vectors
from retrieval.models.embedding_models import EmbeddingModels, name_model
from retrieval.search.fitted import load_fitted
from retrieval.search.retriever import (
    FixedIndex,
    LiveRetriever,
    choose_profiles,
    detect_query_language,
    retriever_over,
)
from tests.support.embedding import default_embedder, multilingual_embedder, plain_embedder

BOTH = [
    Document("https://shop.example/en#return", "How do I return goods?", "Send them back within thirty days."),
    Document("https://shop.example/zh#return", "如何退货？", "请在三十天内寄回。", language="zh"),
    Document("https://shop.example/en#cost", "What does shipping cost?", "Four euros."),
    Document("https://shop.example/zh#cost", "运费是多少？", "四欧元。", language="zh"),
]


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("How can I send goods back?", "en#return"),
        ("怎么退货", "zh#return"),
        ("怎麼退貨", "zh#return"),
        ("how much is shipping", "en#cost"),
        ("邮费多少钱", "zh#cost"),
    ],
)
async def test_a_question_finds_the_answer_in_its_own_language(question: str, first: str) -> None:
    found = await retriever_over(BOTH, default_embedder()).retrieve(question)
    assert found.passages[0].passage.document.url == f"https://shop.example/{first}"


async def test_a_chinese_question_finds_an_english_answer_where_there_is_no_other() -> None:
    english = [document for document in BOTH if not document.language]
    found = await retriever_over(english, default_embedder()).retrieve("怎么退货")
    assert found.passages[0].passage.document.url == "https://shop.example/en#return"


async def test_and_among_chinese_pages_too() -> None:
    dogs = Document("https://shop.example/en#dogs", "Are dogs welcome in the shop?", "Yes, on a lead.")
    found = await retriever_over([*BOTH, dogs], default_embedder()).retrieve("能带狗去店里吗")
    assert found.passages[0].passage.document is dogs


async def test_an_english_question_finds_no_chinese_page_among_english_ones() -> None:
    found = await retriever_over(BOTH, default_embedder()).retrieve("How can I send goods back?", limit=2)
    assert [each.passage.document.language for each in found.passages] == ["", ""]


@pytest.mark.parametrize("question", ["Do you sell live penguins?", "你们卖企鹅吗？", "Is there a cinema nearby?"])
@pytest.mark.parametrize("count", [1, 2])
async def test_a_tiny_faq_is_not_sure_of_whatever_is_asked(question: str, count: int) -> None:
    """The only entry leads by as much as can be."""
    found = await retriever_over(BOTH[:count], default_embedder()).retrieve(question)
    assert found.confidence < 0.75 * found.answer_from


async def test_and_is_sure_of_what_it_holds() -> None:
    found = await retriever_over(BOTH[:1], default_embedder()).retrieve("How can I return my goods?")
    assert found.confidence >= found.answer_from


async def test_a_question_without_an_answer_is_never_sure() -> None:
    asked = "退货运费由谁承担？"
    others = [Document(f"https://shop.test/{n}", f"第{n}种茶多少钱？", "见价目表。", language="zh") for n in range(6)]
    for answer, sure in (("", False), ("由我们承担。", True)):
        one = Document("https://shop.test/return", asked, answer, language="zh")
        found = await retriever_over([one, *others], default_embedder()).retrieve(asked)
        assert found.passages[0].passage.document is one
        assert (found.confidence >= found.answer_from) is sure


@dataclass
class Asked:
    """A real model, and the questions that it was asked to embed."""

    real: Embedder
    questions: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)

    def embed_queries(self, texts: Sequence[str]) -> Vectors:
        self.questions += texts
        return self.real.embed_queries(texts)


ENGLISH = [replace(document, language="en") for document in BOTH if not document.language]


async def asked_of(question: str, pages: Sequence[Document] = ENGLISH) -> list[str]:
    """The names of the models that a question was embedded by."""
    models = [Asked(plain_embedder()), Asked(multilingual_embedder())]
    retriever = LiveRetriever(
        FixedIndex(build_index(pages, default_embedder())),
        EmbeddingModels(tuple(models)),  # type: ignore[arg-type]
    )
    await retriever.retrieve(question)
    return [name_model(model.real.fingerprint) for model in models if question in model.questions]


async def test_the_multilingual_model_reads_an_english_question_only_where_the_english_one_is_not_sure() -> None:
    assert await asked_of("How do I return goods?") == ["all-MiniLM-L6-v2"]
    assert await asked_of("Is there a cinema nearby?") == ["all-MiniLM-L6-v2", "multilingual-e5-small"]


@pytest.mark.parametrize("question", ["怎么退货", "Wie kann ich etwas zurückgeben?"])
async def test_a_question_in_another_language_is_read_by_the_multilingual_model_alone(question: str) -> None:
    assert await asked_of(question) == ["multilingual-e5-small"]


async def test_how_sure_is_sure_comes_with_the_result() -> None:
    retriever = retriever_over(BOTH, default_embedder())
    by_name = {profile.name: profile for profile in retriever.fitted.profiles}
    for question, name in (("How do I return goods?", "english"), ("怎么退货", "same-language")):
        found = await retriever.retrieve(question)
        assert (found.answer_from, found.suggest_from) == (by_name[name].answer, by_name[name].suggest)
    alone = await retriever_over(ENGLISH, default_embedder()).retrieve("怎么退货")
    assert alone.answer_from == by_name["across"].answer


def test_the_language_of_a_question_is_told_and_of_one_too_short_is_the_pages() -> None:
    chinese = build_index([document for document in BOTH if document.language], plain_embedder())
    english = build_index(ENGLISH, plain_embedder())
    assert detect_query_language("Wie kann ich etwas zurückgeben?", english) == "de"
    assert detect_query_language("42", chinese) == detect_query_language("?", chinese) == "zh"
    assert detect_query_language("?", english) == "en"


@pytest.mark.parametrize(
    ("language", "pages", "names"),
    [
        ("en", ENGLISH, ["english", "english-both"]),
        ("zh", BOTH, ["same-language"]),
        ("zh", ENGLISH, ["across"]),
        ("de", BOTH, ["across"]),
        ("en", [replace(ENGLISH[0], alternatives=("send it back", "return it"))], ["wordings", "wordings-both"]),
    ],
)
def test_profiles_are_chosen_by_the_questions_language_and_the_pages(
    language: str, pages: Sequence[Document], names: list[str]
) -> None:
    index = build_index(pages, default_embedder())
    assert [each.name for each in choose_profiles(load_fitted(default_embedder()), language, index)] == names


def test_a_language_that_hardly_any_page_is_in_is_none_of_the_pages() -> None:
    pages = [replace(ENGLISH[0], url=f"https://shop.example/{number}") for number in range(60)]
    index = build_index([*pages, BOTH[1]], default_embedder())
    assert [each.name for each in choose_profiles(load_fitted(default_embedder()), "zh", index)] == ["across"]


async def test_models_that_nobody_has_fitted_answer_by_the_generic_fit() -> None:
    retriever = retriever_over(BOTH, multilingual_embedder())
    assert retriever.fitted.origin == "generic"
    for question, first in (("How can I send goods back?", "en#return"), ("怎么退货", "zh#return")):
        found = await retriever.retrieve(question)
        assert found.passages[0].passage.document.url == f"https://shop.example/{first}"


async def test_an_empty_index_finds_nothing() -> None:
    found = await retriever_over([], default_embedder()).retrieve("How do I return goods?")
    assert (found.passages, found.confidence, found.family) == ((), 0.0, ())
