"""Entries that answer the same question differently, and those that only look as if."""

from __future__ import annotations

from dataclasses import replace

import pytest

from retrieval.documents import Document, DocumentKind
from retrieval.index.build import build_index
from retrieval.search.contradictions import Contradiction, find_contradictions
from retrieval.search.statement_pairs import ask_of_other_numbers
from tests.support.embedding import default_embedder

FAQ, TERMS = ("Help",), ("Good to know",)
FILLER = [
    Document("https://shop.test/faq", "How can I pay?", "By card.", heading_path=FAQ, language="en"),
    Document("https://shop.test/faq", "怎么付款？", "可以刷卡。", heading_path=FAQ, language="zh"),
]


def page(question: str, answer: str, language: str = "en") -> Document:
    return Document("https://shop.test/faq", question, answer, heading_path=FAQ, language=language)


def other(question: str, answer: str, language: str = "en") -> Document:
    return Document("https://shop.test/terms", question, answer, heading_path=TERMS, language=language)


def find(*documents: Document, only: slice = slice(None)) -> list[Contradiction]:
    index = build_index([*documents, *FILLER], default_embedder())
    return find_contradictions(index, range(len(index.documents))[only])


@pytest.mark.parametrize(
    ("language", "kind", "question", "one", "two"),
    [
        ("en", "duration", "How long is the warranty?", "The warranty is 2 years.", "The warranty is 3 years."),
        ("en", "price", "How much is a ticket?", "A ticket costs £18.", "A ticket costs £22."),
        ("en", "number", "How many books may I borrow?", "You may borrow 10 books.", "You may borrow 15 books."),
        ("en", "date", "When does it close?", "It closes on 31 March 2027.", "It closes on 15 April 2027."),
        ("en", "yes_no", "Are pets allowed?", "Yes, pets are allowed.", "No, pets are not allowed."),
        ("en", "place", "Where are the servers?", "The servers are in Germany.", "The servers are in Ireland."),
        ("en", "contact", "How do I reach support?", "Write to a@shop.test.", "Write to b@shop.test."),
        ("zh", "duration", "保修期是多久？", "保修期为1年。", "保修期为2年。"),
        ("zh", "yes_no", "可以带宠物吗？", "可以带宠物。", "不可以带宠物。"),
    ],
)
def test_two_pages_that_answer_one_question_differently_contradict_each_other(
    language: str, kind: str, question: str, one: str, two: str
) -> None:
    found = find(page(question, one, language), other(question, two, language))
    assert [({each.one.answer, each.other.answer}, each.kind) for each in found] == [({one, two}, kind)]


def test_what_agrees_in_other_words_does_not() -> None:
    question = "How long can I return an item?"
    assert not find(
        page(question, "You can return items within 30 days."),
        other(question, "The return period is 30 days from the day you received your order."),
    )


def test_the_same_question_about_two_products_plans_or_countries_does_not() -> None:
    question, years = "How long is the warranty?", ("The warranty is 2 years.", "The warranty is 3 years.")
    for first, second in (("Luma desk lamp", "Sola garden lamp"), ("Basic", "Pro"), ("Germany", "Austria")):
        made = [
            Document(f"https://shop.test/{name}/faq", question, answer, heading_path=("FAQ", name), language="en")
            for name, answer in zip((first, second), years, strict=True)
        ]
        assert not find(*made), (first, second)


@pytest.mark.parametrize(
    ("language", "question", "answer"),
    [
        ("en", "How do I return item {n}?", "Within {x} days."),
        ("en", "How much is plan {n}?", "Plan {n} costs £{x} a month."),
        ("en", "How long is the warranty of lamp A{n}?", "The warranty is {x} years."),
        ("zh", "套餐{n}多少钱？", "套餐{n}每月{x}元。"),
    ],
)
def test_templated_questions_that_differ_by_a_number_ask_different_things(
    language: str, question: str, answer: str
) -> None:
    documents = [
        Document(
            f"https://shop.test/p{n}.html",
            question.format(n=n),
            answer.format(n=n, x=n + 1),
            heading_path=(f"Help {n}",),
            language=language,
        )
        for n in range(1, 13)
    ]
    assert not find(*documents)
    changed = replace(documents[2], url="https://shop.test/terms", answer=answer.format(n=3, x=99), heading_path=TERMS)
    assert [{each.one.url, each.other.url} for each in find(*documents, changed)] == [{documents[2].url, changed.url}]


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ("How much is plan 1?", "How much is plan 2?", True),
        ("How much is plan A1?", "How much is plan A2?", True),
        ("Is it free for two weeks?", "Is it free for 14 days?", False),
        ("How much is plan 1?", "How much does plan 1 cost?", False),
        ("How much is a plan?", "How much is plan 2?", False),
        ("1. How much is it?", "Q7: How much is it?", False),  # the places on their pages
    ],
)
def test_whether_two_questions_have_other_numbers(one: str, other: str, differ: bool) -> None:
    assert ask_of_other_numbers(one, other, "en") is differ


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("two weeks", "14 days"),
        ("14 days", "two weeks"),
        ("1 year", "twelve months"),
        ("a fee of 20%", "twenty percent"),
    ],
)
def test_the_same_quantity_in_other_units_does_not(one: str, two: str) -> None:
    question = "How long can I return an item?"
    assert not find(page(question, f"You can return it for {one}."), other(question, f"You can return it for {two}."))
    assert find(page(question, f"You can return it for {one}."), other(question, "You can return it for 90 days."))


def test_three_pages_that_state_three_values_of_one_thing_contradict_each_other() -> None:
    question = "How long is the warranty?"
    third = replace(other(question, "The warranty is 5 years."), url="https://shop.test/agb", heading_path=("Service",))
    found = find(page(question, "The warranty is 2 years."), other(question, "The warranty is 3 years."), third)
    assert len({frozenset((each.one.url, each.other.url)) for each in found}) == 3


LAMPS = ("Luma", "Sola", "Nova", "Orbit", "Pico", "Vega")


@pytest.mark.parametrize("kind", list(DocumentKind))
def test_a_table_of_attributes_spread_over_the_pages_of_its_things_does_not(kind: DocumentKind) -> None:
    documents = [
        Document(
            f"https://shop.test/lamps/{name.lower()}",
            asked,
            answer,
            kind=kind,
            heading_path=(f"{name} lamp",),
            language="en",
        )
        for number, name in enumerate(LAMPS, 2)
        for asked, answer in (
            ("What does it cost?", f"It costs £{number * 15}."),
            ("How many watts does it use?", f"It uses {number * 4} watts."),
            ("How long is the warranty?", f"The warranty is {number} years."),
        )
    ]
    assert not find(*documents)


def test_the_same_heading_on_sibling_pages_of_a_manual_does_not() -> None:
    documents = [
        Document(
            f"https://shop.test/manual/dlg-{name.lower()}.html",
            "Dialog call",
            f"- main window menu: Manage / {name}\n- main window tool bar.",
            kind=DocumentKind.SECTION,
            heading_path=(f"{name} dialog",),
            language="en",
        )
        for name in ("Accounts", "Payees", "Categories", "Currencies", "Budget", "Tags")
    ]
    assert not find(*documents)


def test_a_copy_of_a_page_of_which_one_answer_was_changed_does() -> None:
    asked = (("How can I return it?", "By post."), ("Where is my order?", "See your account."))
    question = "How long is the warranty?"
    documents = [
        Document(f"https://shop.test/{path}", *entry, heading_path=FAQ, language="en")
        for path, years in (("faq", 2), ("print/faq", 3))
        for entry in (*asked, (question, f"The warranty is {years} years."))
    ]
    assert [each.kind for each in find(*documents)] == ["duration"]


def test_two_questions_that_only_lie_near_do_not() -> None:
    assert not find(
        page("How long does delivery take?", "Delivery takes 3 days."),
        other("How long does it take to pack an order?", "We pack an order within 24 hours."),
    )


def test_a_taught_answer_is_held_against_the_pages() -> None:
    one = page("How long is the warranty?", "The warranty is 2 years.")
    taught = Document("", "How long is the warranty?", "The warranty is 3 years.", language="en", author="Mei Lin")
    found = find(one, taught)
    assert [{each.one.author, each.other.author} for each in found] == [{"", "Mei Lin"}]


def test_only_what_is_asked_for_is_compared_but_with_everything() -> None:
    one = page("How long is the warranty?", "The warranty is 2 years.")
    two = other("How long is the warranty?", "The warranty is 3 years.")
    assert len(find(one, two, only=slice(0, 1))) == 1
    assert find(one, two, only=slice(2, None)) == []


def test_a_copy_is_no_contradiction() -> None:
    one = page("How long is the warranty?", "The warranty is 2 years.")
    assert not find(one, replace(one, url="https://shop.test/print"))
