import pytest

from bot.answering.evidence import Evidence
from bot.answering.facts import extract_facts

PASSAGE = Evidence(
    "Goods can be returned within thirty days. Refunds take 5 business days. A label costs €4.90, from 1,000.00 EUR it "
    "is free. Banks take two or three days. "
    "We are open 9:00-17:30, Mon-Fri, closed on 24 December. Write to help@shop.example or see "
    "[the portal](https://shop.example/portal?x=1). Press **Start return** in MyShop Pro. Up to 15% off. "
    "商品可在三十天内退货，周一至周五 9:00 到 18:00，3月5日休息，运费12元，百分之五的手续费。"
)


@pytest.mark.parametrize(
    "sentence",
    [
        "Within 30 days.",
        "Within thirty days.",
        "2-3 days",
        "30天内可退。",
        "三十天內可退。",
        "5 working days",
        "5个工作日",
        "It costs 4.90 €.",
        "It costs 4.9 EUR.",
        "free from €1000",
        "from 9 am to 5:30 pm",
        "Monday to Friday",
        "星期五",
        "closed on December 24",
        "三月五日",
        "March 5",
        "¥12",
        "十二元",
        "5% fee",
        "Write to help@shop.example.",
        "See https://shop.example/portal?x=1.",
        "Press “Start return” in MyShop Pro.",
        "按「start return」",
        "1. Press it [3].",
        "Up to fifteen percent.",
        "You may do so, one by one.",
        "一样方便，十分简单。",
    ],
)
def test_what_stands_in_the_passage_is_found_in_any_notation(sentence: str) -> None:
    assert PASSAGE.find_missing_facts(sentence) == []


@pytest.mark.parametrize(
    ("sentence", "missing"),
    [
        ("Within 31 days.", "31"),
        ("Banks take 2 hours.", "2"),
        ("Within 30 hours.", "30"),
        ("Within 30 weeks.", "30"),
        ("It costs $4.90.", "4.9"),
        ("It costs €49.", "49"),
        ("five hours", "5"),
        ("三十小时", "30"),
        ("四十天", "40"),
        ("from 8 am", "8:00"),
        ("on Saturday", "5"),
        ("周日", "6"),
        ("in April", "4"),
        ("6月", "6"),
        ("20% off", "20"),
        ("Write to other@shop.example", "other@shop.example"),
        ("See https://shop.example/portal?x=12", "shop.example/portal?x=12"),
        ("See shop.example/por", "shop.example/por"),
        ("See evil.example", "evil.example"),
        ("Press “Cancel return”", "cancel return"),
        ("点击“取消订单”", "取消订单"),
        ("Use PayPal for it.", "paypal"),
        ("Ask Anna about it.", "anna"),
        ("Since 1999 it is so.", "1999"),
    ],
)
def test_what_stands_in_no_passage_is_told(sentence: str, missing: str) -> None:
    assert [fact.value for fact in PASSAGE.find_missing_facts(sentence)] == [missing]


def test_markers_and_list_numbers_are_no_facts() -> None:
    assert extract_facts("7. Wait [12].\n8) Again [1, 2].") == frozenset()


@pytest.mark.parametrize(
    "sentence",
    [
        "Sie können die Ware innerhalb von 30 Tagen zurücksenden, die Rückzahlung dauert 5 Tage.",
        "Das Etikett kostet 4,90 €, ab 1000 € ist der Versand frei.",
        "Wir haben Montag bis Freitag von 9:00 bis 17:30 geöffnet, am 24. Dezember ist der Laden zu.",
        "Drücken Sie “Start return” in MyShop Pro, oder schreiben Sie eine E-Mail an help@shop.example.",
    ],
)
def test_a_noun_is_no_name_in_a_language_that_writes_every_noun_with_a_capital(sentence: str) -> None:
    assert PASSAGE.find_missing_facts(sentence, "de") == []


@pytest.mark.parametrize(
    ("sentence", "missing"),
    [
        ("Zahlen Sie mit PayPal.", "paypal"),
        ("Die Ware kann 45 Tage lang zurückgehen.", "45"),
        ("Der Laden hat am Samstag geöffnet.", "5"),
        ("Im August ist der Laden zu.", "8"),
    ],
)
def test_what_german_invents_is_missing_all_the_same(sentence: str, missing: str) -> None:
    assert [fact.value for fact in PASSAGE.find_missing_facts(sentence, "de")] == [missing]


def test_days_and_months_of_german_pages_are_known_to_german_answers() -> None:
    assert not Evidence("Wir haben von Montag bis Freitag geöffnet.").find_missing_facts("Am Dienstag ist offen.", "de")
