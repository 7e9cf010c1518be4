"""Splitting documents into passages."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.documents import Document
from retrieval.index.passages import split_document, split_markdown, texts_to_embed


def count(text: str) -> int:
    """Words, signs and Chinese characters, between two special tokens."""
    return len(re.findall(r"[\u4e00-\u9fff]|\w+|[^\w\s]", text)) + 2


def parts(answer: str, budget: int, question: str = "Why?") -> list[str]:
    return [passage.text for passage in split_document(Document("https://x.test/", question, answer), count, budget)]


CODE = "```python\ndef f():\n    return 1\n\ndef g():\n    return 2\n```"
LIST = "- first take it out\n- then wash it\n- then dry it well\n- then put it back"
TABLE = "| size | price |\n|---|---|\n| small | 1 |\n| large | 2 |\n| huge | 3 |"


def test_a_short_answer_is_one_passage_with_the_id_of_its_document() -> None:
    document = Document("https://x.test/#a", "Why?", "Because.", heading_path=("FAQ",))
    [passage] = split_document(document, count, 256)
    assert (passage.id, passage.text, passage.part, passage.parts) == (document.id, "Because.", 0, 1)


def test_the_id_of_a_passage_depends_on_page_headings_question_and_text_alone() -> None:
    document = Document("https://x.test/#a", "Why?", "Because.", heading_path=("FAQ",), crawled_at="2026-01-01")
    later = Document("https://x.test/#a", "Why?", "Because.", heading_path=("FAQ",), crawled_at="2026-02-02")
    moved = Document("https://x.test/#b", "Why?", "Because.", heading_path=("FAQ",))
    assert (
        split_document(document, count, 256)[0].id
        == split_document(later, count, 99)[0].id
        != split_document(moved, count, 256)[0].id
    )


def test_the_same_text_twice_in_an_answer_makes_two_ids() -> None:
    passages = split_document(
        Document("https://x.test/", "Why?", "Say it again please.\n\nSay it again please."), count, 12
    )
    assert [p.text for p in passages] == ["Say it again please."] * 2
    assert len({p.id for p in passages}) == 2


def test_paragraphs_are_cut_between_before_they_are_cut_inside() -> None:
    first, second = "One two three four five.", "Six seven eight nine ten."
    assert parts(f"{first}\n\n{second}", 14) == [first, second]


def test_sentences_are_cut_between_in_english_and_in_chinese() -> None:
    assert parts("One two three four. Five six seven eight! Nine ten?", 10) == [
        "One two three four.",
        "Five six seven eight!",
        "Nine ten?",
    ]
    assert parts("七天内可以退货。请先联系客服！然后寄回商品；运费由我们承担。", 16) == [
        "七天内可以退货。",
        "请先联系客服！",
        "然后寄回商品；",
        "运费由我们承担。",
    ]


@pytest.mark.parametrize("block", [CODE, LIST, TABLE])
def test_code_lists_and_tables_that_fit_are_never_cut(block: str) -> None:
    size = count(block)
    for budget in range(size + 8, size + 40):
        found = parts(f"Some words of introduction. And more.\n\n{block}\n\nSome words after it.", budget)
        assert sum(block in text for text in found) == 1, (budget, found)


def test_a_list_that_is_too_long_is_cut_between_its_items() -> None:
    found = parts(LIST, 20)
    assert len(found) > 1
    assert [line for text in found for line in text.splitlines()] == LIST.splitlines()


def test_code_that_is_too_long_is_fenced_in_every_part() -> None:
    found = parts(CODE, 22)
    assert len(found) > 1
    for text in found:
        assert text.startswith("```python\n") and text.endswith("\n```")
    code = "\n".join(line for text in found for line in text.splitlines() if "```" not in line and line)
    assert code == "\n".join(line for line in CODE.splitlines()[1:-1] if line)


def test_a_table_that_is_too_long_has_its_header_in_every_part() -> None:
    found = parts(TABLE, 32)
    assert len(found) > 1
    assert all(text.startswith("| size | price |\n|---|---|\n|") for text in found)
    assert [line for text in found for line in text.splitlines()[2:]] == TABLE.splitlines()[2:]


def test_what_announces_a_list_goes_with_it() -> None:
    found = parts("Some words first. Then some more words here.\n\nDo as follows:\n\n" + LIST, 34)
    assert found[0] == "Some words first. Then some more words here."
    assert found[1].startswith("Do as follows:\n\n- first")


def test_links_and_code_spans_are_not_cut_inside() -> None:
    answer = "See [the page. It is long](https://x.test/a?b=c) now. Call `a. b. c` or go to https://x.test/?q=1 please."
    found = parts(answer, 30)
    assert any("[the page. It is long](https://x.test/a?b=c)" in text for text in found)


def test_a_word_longer_than_the_budget_still_ends() -> None:
    assert "".join(split_markdown("x" * 1000, len, 60)) == "x" * 1000
    assert len(split_markdown("一" * 1000, len, 60)) >= 16


def test_the_question_takes_its_share_of_the_budget_but_never_more_than_half() -> None:
    answer = "One two three. Four five six. Seven eight nine."
    assert len(parts(answer, 20, "Why?")) == 1
    assert len(parts(answer, 20, "Why " * 10)) == 2
    assert len(parts(answer, 20, "Why " * 400)) == 2


def test_the_rows_of_a_passage_are_question_with_text_then_each_wording_alone_once_a_document() -> None:
    document = Document(
        "https://x.test/", "Why?", "One two three.\n\nFour five six.", alternatives=("How come?", "Why?")
    )
    first, second = split_document(document, count, 10)
    assert texts_to_embed(first) == ["Why?\nOne two three.", "Why?", "How come?"]
    assert texts_to_embed(second) == ["Why?\nFour five six."]


blocks = st.one_of(
    st.text("ab .!?。！？\n", max_size=60),
    st.lists(st.text("abc d.", min_size=1, max_size=20), min_size=1, max_size=6).map(
        lambda items: "\n".join(f"- {item}" for item in items)
    ),
    st.lists(st.text("abc ()=", min_size=1, max_size=20), min_size=1, max_size=6).map(
        lambda lines: "```\n" + "\n".join(lines) + "\n```"
    ),
    st.text("你好退货运费。！？，", max_size=60),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(blocks, min_size=1, max_size=6).map("\n\n".join), st.integers(20, 80))
def test_nothing_is_lost_and_every_part_keeps_the_budget(answer: str, budget: int) -> None:
    found = split_markdown(answer, count, budget)
    assert found
    assert all(count(text) <= budget for text in found), found

    def letters(text: str) -> str:
        return re.sub(r"[\s`]", "", text)

    assert letters("".join(found)) == letters(answer)
