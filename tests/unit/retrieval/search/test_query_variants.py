"""Rewritten queries searched beside the query itself."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from retrieval.documents import Document, RetrievalResult
from retrieval.index.build import build_index
from retrieval.index.index import Index
from retrieval.search import signals
from retrieval.search.fitted import load_fitted
from retrieval.search.query_variants import Occurrences, SearchedVariant, best_of, judged_by
from retrieval.search.query_vectors import QuestionVectors
from retrieval.search.retriever import FixedIndex, LiveRetriever
from retrieval.search.synonyms import Entry, Glossary, QueryVariant
from tests.support.embedding import default_embedder

SHOP = [
    ("Do you sell umbrellas?", "Yes, black ones, for 20 euros."),
    ("How loud is the vacuum robot X200?", "58 decibels."),
    ("How do I return an item?", "Send it back within thirty days, in its box."),
    ("How long does delivery take?", "Three to five working days."),
    ("How do I reset my password?", "Choose 'forgotten' when you sign in."),
]
CAMPUS = [
    ("一卡通丢了怎么办？", "请到服务台补办。"),
    ("食堂几点开门？", "早上七点。"),
    ("怎么借书？", "在图书馆一楼借。"),
    ("How do I reset my access point?", "Hold its button for ten seconds."),
]


def pages(source: str, pairs: Sequence[tuple[str, str]]) -> list[Document]:
    language = "zh" if source == "campus" else "en"
    return [
        Document(f"https://{source}.test/{n}", q, a, source=source, language=language) for n, (q, a) in enumerate(pairs)
    ]


INDEX = build_index([*pages("shop", SHOP), *pages("campus", CAMPUS)], default_embedder())
VECTORS = QuestionVectors(default_embedder())
PROFILE = load_fitted(default_embedder()).profiles[0]


async def found(query: str, *entries: Entry, context: Sequence[str] = ()) -> RetrievalResult:
    glossary = Glossary(entries)
    retriever = LiveRetriever(FixedIndex(INDEX), default_embedder(), glossary=lambda: glossary)
    return await retriever.retrieve(query, context=context)


def searched(index: Index, text: str, source: str = "") -> SearchedVariant:
    [vectors] = VECTORS.embed_texts([text], PROFILE.models)
    query = signals.prepare_query(index, text, vectors, PROFILE)
    return SearchedVariant(QueryVariant(text, source), query, signals.gather_candidates(index, query))


@pytest.mark.parametrize(
    ("query", "entry", "answer"),
    [
        ("Is a Zorbi noisy?", Entry("1", ("Zorbi", "vacuum robot X200")), "58 decibels."),
        ("Is a Zorbi noisy?", Entry("1", ("Zorbi", "vacuum robot X200"), "shop"), "58 decibels."),
        ("Have you got a gamp?", Entry("1", ("gamp", "umbrella")), "Yes, black ones, for 20 euros."),
        ("园区卡丢了怎么办？", Entry("1", ("园区卡", "一卡通")), "请到服务台补办。"),
        ("園區卡丟了怎麼辦？", Entry("1", ("园区卡", "一卡通"), "campus"), "请到服务台补办。"),
    ],
)
async def test_a_question_in_a_company_s_own_words_finds_its_answer(query: str, entry: Entry, answer: str) -> None:
    before, after = await found(query), await found(query, entry)
    assert after.passages[0].passage.document.answer == answer
    assert after.confidence > before.confidence
    assert after.confidence >= after.answer_from
    assert (before.rewritten, len(after.rewritten)) == ((), 1)
    assert after.query == query


async def test_an_entry_of_one_source_lifts_no_other_s_documents() -> None:
    def robot(result: RetrievalResult) -> float:
        [signals] = [each.signals for each in result.passages if "X200" in each.passage.document.question]
        return signals["cos_best:all-MiniLM-L6-v2"]

    without = await found("Is a Zorbi noisy?")
    others = await found("Is a Zorbi noisy?", Entry("1", ("Zorbi", "vacuum robot X200"), "campus"))
    own = await found("Is a Zorbi noisy?", Entry("1", ("Zorbi", "vacuum robot X200"), "shop"))
    assert robot(others) == robot(without)
    assert robot(own) > robot(without) + 0.1


async def test_a_glossary_that_names_nothing_in_a_question_changes_nothing() -> None:
    query = "How do I return an item?"
    for context in ((), ("Do you sell umbrellas?", "Yes, black ones.")):
        before = await found(query, context=context)
        after = await found(query, Entry("1", ("Zorbi", "vacuum robot X200")), context=context)
        assert (after.passages, after.confidence, after.features) == (
            before.passages,
            before.confidence,
            before.features,
        )


async def test_a_glossary_over_an_empty_index_is_no_fault() -> None:
    glossary = Glossary([Entry("1", ("Zorbi", "vacuum robot X200"))])
    empty = FixedIndex(build_index([], default_embedder()))
    result = await LiveRetriever(empty, default_embedder(), glossary=lambda: glossary).retrieve("Is a Zorbi noisy?")
    assert (result.passages, result.confidence) == ((), 0.0)


async def test_a_rewritten_follow_up_is_judged_with_what_was_said_before() -> None:
    said = ("Do you have robots?", "Yes.")
    after = await found("Is a Zorbi noisy?", Entry("1", ("Zorbi", "vacuum robot X200")), context=said)
    assert after.passages[0].passage.document.answer == "58 decibels."
    assert after.confidence > (await found("Is a Zorbi noisy?", context=said)).confidence


def test_each_signal_is_the_best_of_the_query_and_its_variants() -> None:
    own, other = searched(INDEX, "Is a Zorbi noisy?"), searched(INDEX, "Is a vacuum robot X200 noisy?")
    best = best_of(INDEX, own.candidates, [other])
    assert list(best.passages) == sorted({*own.candidates.passages.tolist(), *other.candidates.passages.tolist()})
    for place, passage in enumerate(best.passages.tolist()):
        rows = [each.candidates.values[each.candidates.passages == passage] for each in (own, other)]
        assert np.array_equal(best.values[place], np.concatenate(rows).max(axis=0))
    assert np.array_equal(best.documents, INDEX.passage_document[best.passages])
    assert best.values.dtype == own.candidates.values.dtype


def test_a_variant_of_a_source_leaves_the_others_documents_as_they_were() -> None:
    own, other = searched(INDEX, "Is a Zorbi noisy?"), searched(INDEX, "Is a vacuum robot X200 noisy?", "campus")
    best = best_of(INDEX, own.candidates, [other])
    of_shop = [INDEX.documents[number].source == "shop" for number in own.candidates.documents.tolist()]
    before = dict(zip(own.candidates.passages[of_shop].tolist(), own.candidates.values[of_shop].tolist(), strict=True))
    after = dict(zip(best.passages.tolist(), best.values.tolist(), strict=True))
    assert before and all(after[passage] == values for passage, values in before.items())


def test_a_query_that_found_nothing_takes_what_its_variant_found() -> None:
    other = searched(INDEX, "Do you sell umbrellas?")
    nothing = signals.Candidates(
        np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros((0, len(PROFILE.weights)), np.float32)
    )
    assert np.array_equal(best_of(INDEX, nothing, [other]).values, other.candidates.values)
    assert best_of(INDEX, nothing, []).values.shape == nothing.values.shape


def test_a_passage_is_judged_by_the_wording_that_fits_it_best() -> None:
    own, other = searched(INDEX, "Is a Zorbi noisy?"), searched(INDEX, "How loud is the vacuum robot X200?")

    def by_words(candidates: signals.Candidates) -> signals.Scores:
        return candidates.values[:, list(PROFILE.weights).index("overlap")]

    robot = next(n for n, passage in enumerate(INDEX.passages) if "X200" in passage.document.question)
    assert judged_by(INDEX, robot, own.candidates, [other], by_words) is other
    assert judged_by(INDEX, robot, other.candidates, [own], by_words) is None
    elsewhere = SearchedVariant(QueryVariant(other.variant.text, "campus"), other.query, other.candidates)
    assert judged_by(INDEX, robot, own.candidates, [elsewhere], by_words) is None


def test_a_term_stands_in_a_corpus_by_its_words_in_one_document_of_its_source() -> None:
    occurs = Occurrences().make_lookup(INDEX)
    assert occurs("vacuum robots", "") and occurs("vacuum robots", "shop")
    assert not occurs("vacuum robots", "campus")
    assert occurs("一卡通", "campus") and occurs("一卡通", "") and not occurs("一卡通", "shop")
    assert not occurs("园区卡", "")
    assert not occurs("umbrella robot", "")
    assert not occurs("", "")


def test_what_stands_in_a_corpus_is_looked_up_anew_in_another() -> None:
    occurrences = Occurrences()
    assert not occurrences.make_lookup(INDEX)("gamp", "")
    other = build_index(pages("shop", [("Do you sell a gamp?", "No.")]), default_embedder())
    assert occurrences.make_lookup(other)("gamp", "shop")
    assert not occurrences.make_lookup(INDEX)("gamp", "shop")
