from bot.answers.replies import abstention, apology, clarification
from bot.words import words_for
from retrieval.documents import Document
from tests.fakes import found

GIFT = Document("https://shop.example/g", "How do I return a *gift*?", "…")
ORDER = Document("https://shop.example/o", "How do I return an order?", "…")


def test_asking_back_lists_the_options_with_their_markers() -> None:
    text = clarification(words_for("en"), found(GIFT, ORDER), [2, 1])
    assert "1. How do I return an order? [2]\n2. How do I return a \\*gift\\*? [1]" in text


def test_options_of_the_same_title_are_told_apart() -> None:
    first = Document("https://shop.example/1", "Fees", "1 %", heading_path=("Cards",))
    second = Document("https://shop.example/2", "Fees", "2 %")
    text = clarification(words_for("en"), found(first, second), [1, 2])
    assert "1. Fees (Cards) [1]\n2. Fees (https://shop.example/2) [2]" in text


def test_an_abstention_offers_what_is_near_and_nothing_else() -> None:
    near = abstention(words_for("en"), "return a gift", found(GIFT, Document("https://shop.example/x", "Jobs?", "…")))
    assert "- How do I return a \\*gift\\*? [1]" in near
    assert "Jobs" not in near
    far = abstention(words_for("zh"), "火星上有分店吗", found(GIFT, ORDER))
    assert "[" not in far
    assert far.startswith("我在帮助页面中没有找到")


def test_an_apology_names_the_fault_in_the_language_of_the_question() -> None:
    assert "ab12" in apology("How do I return goods?", "ab12")
    assert apology("如何退货？", "ab12").startswith("抱歉")
