"""Question sets in files: what they may hold, and the one line that a wrong one gets."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from bot.errors import InputError
from bot.evaluation.question_files import evaluate_queries, read_rooms
from retrieval.search.retriever import retriever_over
from tests.support.embedding import default_embedder

FAQ = {"id": "back", "question": "How do I return goods?", "answer": "Within 30 days."}
QUERY = {"id": "q1", "text": "can I return it?", "relevant": ["back"]}


def files(tmp_path: Path, faq: dict[str, Any], query: dict[str, Any], encoding: str = "utf-8") -> tuple[Path, Path]:
    paths = tmp_path / "faqs.jsonl", tmp_path / "queries.jsonl"
    for path, row in zip(paths, (faq, query), strict=True):
        path.write_text(json.dumps(row) + "\n", encoding=encoding)
    return paths


def test_a_byte_order_mark_is_no_part_of_the_first_row(tmp_path: Path) -> None:
    [(documents, queries)] = read_rooms(*files(tmp_path, FAQ, QUERY, "utf-8-sig"))
    assert (documents[0].question, queries[0]["id"]) == ("How do I return goods?", "q1")


@pytest.mark.parametrize(
    ("faq", "query", "words"),
    [
        ({"site": ["s"]}, {"site": ["s"]}, "faqs.jsonl:1 needs 'site' as text"),
        ({}, {"site": ["s"]}, "queries.jsonl:1 needs 'site' as text"),
        ({"lang": 3}, {}, "faqs.jsonl:1 needs 'lang' as text"),
        ({"domain": 3}, {}, "faqs.jsonl:1 needs 'domain' as text"),
        ({"entity": {}}, {}, "faqs.jsonl:1 needs 'entity' as text"),
        ({}, {"answerable": "false"}, "queries.jsonl:1 needs 'answerable' as true or false"),
        ({}, {"answerable": None}, "queries.jsonl:1 needs 'answerable' as true or false"),
    ],
)
def test_a_value_of_the_wrong_kind_is_named(
    tmp_path: Path, faq: dict[str, Any], query: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError) as caught:
        read_rooms(*files(tmp_path, FAQ | faq, QUERY | query))
    assert words in str(caught.value)


def test_half_an_emoji_is_searched_and_can_be_written(tmp_path: Path) -> None:
    faq = FAQ | {"id": "back\ud83d", "question": "How do \ud83d I return goods?"}
    query = {"id": "q\ud83d", "text": "can I \ud83d return goods?", "relevant": ["back\ud83d"], "answerable": True}
    paths = files(tmp_path, faq, query)
    evaluation = evaluate_queries(*paths, lambda documents: retriever_over(documents, default_embedder(), None))
    assert evaluation.figures["P@1"] == 1
    json.dumps(evaluation.rows, ensure_ascii=False).encode()
