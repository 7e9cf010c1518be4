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
