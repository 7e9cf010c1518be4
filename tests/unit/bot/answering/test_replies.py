from dataclasses import replace

import pytest

from bot.answering.replies import (
    disambiguation_labels,
    write_clarification,
    write_nothing_found,
    write_suggestion,
)
from bot.chat.conversation import Citation
from bot.i18n import words_for
from retrieval.documents import Document, DocumentKind
from tests.fakes import found

GIFT = Document("https://shop.example/g", "How do I return a *gift*?", "Ask the *giver* for the code. It is on …")
ORDER = Document("https://shop.example/o", "2.1 How do I return an order?", "Open the portal. Then ship it.")
FEE = Document("https://shop.example/f", "Fees", "1 %", DocumentKind.SECTION, heading_path=("4. Cards",))


def offered(*documents: Document, gist: str = "") -> tuple[Citation, ...]:
    return tuple(
        replace(Citation.of(scored.passage, rank), gist=gist)
        for rank, scored in enumerate(found(*documents).passages, 1)
    )


def test_asking_back_lists_the_options_with_their_markers_and_what_each_says() -> None:
    gift, order = offered(GIFT, ORDER, gist="Ask the *giver*.")
    text = write_clarification(words_for("en"), [order, gift])
    assert "1. How do I return an order? [2]  \n   Ask the \\*giver\\*.\n2. How do I return a \\*gift\\*? [1]" in text


def test_a_suggestion_is_the_entry_in_full_below_its_question_and_the_titles_of_others() -> None:
    text = write_suggestion(words_for("en"), ["send it back"], found(GIFT, ORDER), offered(GIFT, ORDER))
    assert text == (
        "This is the nearest thing I found in our help pages; I'm not sure it answers your question:\n\n"
        "**How do I return a \\*gift\\*?**\n\nAsk the *giver* for the code. It is on … [1]\n\n"
        "Or did you mean one of these?\n\n2. How do I return an order? [2]\n\n"
        "Answer with its number, or ask in other words."
    )


def test_a_suggestion_alone_asks_for_nothing_else() -> None:
    text = write_suggestion(words_for("zh"), ["费用"], found(FEE), offered(FEE))
    assert text == "这是我在帮助页面中找到的最接近的内容，不确定是否回答了您的问题：\n\n**Cards › Fees**\n\n1 % [1]"


def test_of_a_question_without_an_answer_its_link_is_suggested() -> None:
    bare = Document("https://shop.example/b", "Is it safe?", " ")
    text = write_suggestion(words_for("en"), ["safe"], found(bare), offered(bare))
    assert text.endswith(":\n\n[Is it safe?](https://shop.example/b) [1]")


@pytest.mark.parametrize(
    ("headings", "author", "expected"),
    [((("Cards",), ()), "", ["Cards", ""]), (((), ()), "", ["", ""]), (((), ()), "root", ["", "answer by our team"])],
)
def test_options_of_the_same_title_are_told_apart_but_never_by_an_address(
    headings: tuple[tuple[str, ...], ...], author: str, expected: list[str]
) -> None:
    one = Document("https://shop.example/1", "Fees", "1 %", heading_path=headings[0])
    other = Document("https://shop.example/2", "fees", "2 %", heading_path=headings[1], author=author)
    assert disambiguation_labels(words_for("en"), [one, other, GIFT]) == [*expected, ""]


def test_nothing_found_offers_people_where_there_are_any() -> None:
    assert "a person" in write_nothing_found(words_for("en"), people=True)
    alone = write_nothing_found(words_for("en"), people=False)
    assert "a person" not in alone and "other words" in alone
