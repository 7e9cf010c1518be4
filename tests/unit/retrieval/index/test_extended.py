"""An index with documents laid over it: as if built of all of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.documents import Document
from retrieval.index.build import build_index
from retrieval.index.index import Index
from retrieval.index.lexical_field import LexicalIndex
from retrieval.index.nearest_vectors import DenseIndex
from retrieval.index.page_records import PageRecord, read_pages, write_pages
from tests.support.embedding import default_embedder

NO_TWINS = np.zeros((0, 2), np.int64)
WORDS = ("return", "refund", "card", "card", "delivery", "退货", "多久", "to", "the", "2026")
TEXTS = st.lists(st.sampled_from(WORDS), max_size=9).map(" ".join)


def everything(index: LexicalIndex, query: Sequence[str]) -> np.ndarray:
    return index.score_bm25(index.look_up(query))


@settings(deadline=None, max_examples=60)
@given(st.lists(TEXTS, min_size=1, max_size=8), st.lists(TEXTS, min_size=1, max_size=5))
def test_added_texts_score_as_if_they_had_been_there_from_the_start(before: list[str], after: list[str]) -> None:
    extended = LexicalIndex.build(before).with_texts(after, np.ones(len(after), bool))
    built = LexicalIndex.build(before + after)
    places = np.arange(len(before) + len(after))
    for word in dict.fromkeys(WORDS):
        query = [word.casefold()]
        found, expected = everything(extended, query), everything(built, query)
        assert ((found > 0) == (expected > 0)).all()  # the weights differ by the mean length alone
        for one, other in zip(
            extended.measure_overlap(extended.look_up(query), places),
            built.measure_overlap(built.look_up(query), places),
            strict=True,
        ):
            np.testing.assert_allclose(one, other, rtol=1e-5)


def test_with_the_same_mean_length_the_scores_are_the_same() -> None:
    before = ["how do i return an item", "where is my refund refund", "card card card or cash today", "退货要多久"]
    extended = LexicalIndex.build(before).with_texts(before, np.ones(4, bool))
    built = LexicalIndex.build(before * 2)
    for query in (["return"], ["refund", "card"], ["退", "退货", "货"]):
        np.testing.assert_allclose(everything(extended, query), everything(built, query), rtol=1e-4)


def test_texts_that_do_not_count_change_no_score_of_the_others() -> None:
    base = LexicalIndex.build(["how do i return an item", "where is my refund"])
    extended = base.with_texts(["return return", "how do i return an item"], np.zeros(2, bool))
    for query in (["return"], ["refund"], ["unheard"]):
        np.testing.assert_allclose(everything(extended, query)[:2], everything(base, query), rtol=1e-6)
    assert everything(extended, ["return"])[3] == pytest.approx(everything(base, ["return"])[0], rel=1e-3)


def test_the_same_words_are_found_whatever_their_case_and_punctuation() -> None:
    index = LexicalIndex.build(["How do I return an item?", "How do I return items to you?", "如何退货？"])
    assert index.find_same_words("how do I RETURN an item") == [0]
    assert index.find_same_words("如何退貨") == [2]
    assert (
        index.find_same_words("how do I return")
        == index.find_same_words("")
        == index.find_same_words("something else")
        == []
    )


@pytest.mark.parametrize("exact", [True, False])
def test_added_rows_are_found_beside_the_others(exact: bool) -> None:
    rows = np.random.default_rng(0).standard_normal((300, 16), dtype=np.float32)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    base = DenseIndex.build(rows[:280], exact=exact)
    extended = base.with_rows(rows[280:])
    best = np.argsort(-(rows @ rows.T), axis=1)[:, :5]
    assert (extended.search(rows, 5)[:, 0] == np.arange(300)).all()
    if exact:
        assert (extended.search(rows, 5) == best).all()
    assert extended.search(rows[:1], 1000).max() == 299
    assert base.search(rows[290:291], 1)[0, 0] < 280


def test_an_extended_index_has_the_documents_passages_and_rows_of_both() -> None:
    embedder = default_embedder()
    pages = [Document(f"https://shop.test/{n}", f"What is number {n}?", f"It is {n}. " * 40 * n) for n in range(1, 5)]
    taught = [
        Document("", "What is number 9?", "Nine. " * 400, author="Mei Lin"),
        Document("", "Who?", "Me.", author="A"),
    ]
    base, added = build_index(pages, embedder), build_index(taught, embedder)
    extended, built = base.with_additions(added, NO_TWINS), build_index(pages + taught, embedder, previous=base)
    assert [p.id for p in extended.passages] == [p.id for p in built.passages]
    assert extended.documents == built.documents
    for name in ("row_passage", "passage_document", "first_row", "opening", "question_rows", "question_row_counts"):
        assert (getattr(extended, name) == getattr(built, name)).all(), name
    assert [each.rows.shape for each in extended.fields] == [each.rows.shape for each in built.fields]
    assert len(extended.fields) == 2
    assert len(base.passages) < len(extended.passages)


def test_an_author_makes_another_document_and_none_leaves_the_id_as_it_was() -> None:
    page = Document("https://shop.test/a", "How?", "So.", heading_path=("FAQ",))
    assert page.id == "9f1ac2c79c79933d6909"
    assert Document("https://shop.test/a", "How?", "So.", heading_path=("FAQ",), author="Mei").id != page.id


def test_what_was_written_before_there_were_authors_is_still_read(tmp_path: Path) -> None:
    document = Document("https://shop.test/a", "How?", "So.", language="en")
    build_index([document], default_embedder()).save(tmp_path)
    write_pages(tmp_path, [PageRecord("shop", "https://shop.test/a", (document,))])
    for name in ("passages.jsonl", "pages.jsonl"):
        path = tmp_path / name
        text = path.read_text(encoding="utf-8")
        assert '"author": ""' in text
        path.write_text(text.replace(', "author": ""', ""), encoding="utf-8")
    assert Index.load(tmp_path).documents == [document]
    assert read_pages(tmp_path)["shop", "https://shop.test/a"].documents == (document,)
