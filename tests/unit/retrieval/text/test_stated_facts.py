from datetime import date

import pytest

from retrieval.text.dates import find_dates
from retrieval.text.stated_facts import FactKind, find_facts


def values(text: str, kind: FactKind, language: str = "en") -> set[str]:
    return {fact.value for fact in find_facts(text, language) if fact.kind is kind}


@pytest.mark.parametrize(
    ("language", "text", "day"),
    [
        ("en", "Registration closes on 31 March 2027.", "2027-03-31"),
        ("en", "from March 31st, 2027 on", "2027-03-31"),
        ("en", "until 2027-03-31", "2027-03-31"),
        ("en", "at the end of March 2027", "2027-03"),
        ("en", "on May 1", "--05-01"),
        ("zh", "报名于2027年3月31日截止", "2027-03-31"),
        ("zh", "审计在9月进行", "--09"),
        ("de", "bis zum 31. März 2027", "2027-03-31"),
        ("de", "bis 31.03.2027", "2027-03-31"),
        ("fr", "jusqu'au 1er mars 2027", "2027-03-01"),
        ("es", "hasta el 31 de marzo de 2027", "2027-03-31"),
        ("pt", "até 31 de março de 2027", "2027-03-31"),
        ("ja", "2027年3月31日まで", "2027-03-31"),
        ("ko", "2027년 3월 31일까지", "2027-03-31"),
    ],
)
def test_a_date_is_read_as_each_language_writes_it(language: str, text: str, day: str) -> None:
    assert [each.value for each in find_dates(text, language)] == [day]


@pytest.mark.parametrize("text", ["31.02.2027 is no day", "version 3.12", "You may order", "2027-13-01", ""])
def test_what_is_no_date_is_none(text: str) -> None:
    assert find_dates(text) == []


def test_a_month_lasts_to_its_last_day_and_a_day_without_a_year_is_never_past() -> None:
    assert [each.last_day for each in find_dates("in February 2028, in December 2027, on May 1")] == [
        date(2028, 2, 29),
        date(2027, 12, 31),
        None,
    ]


@pytest.mark.parametrize(
    ("language", "text", "days"),
    [
        ("en", "within 3 days", {3}),
        ("en", "in 3-5 business days", {3, 5}),
        ("en", "3 to 5 days", {3, 5}),
        ("zh", "付款后3天内", {3}),
        ("zh", "3至5天", {3, 5}),
        ("de", "14 Tage", {14}),
        ("fr", "14 jours", {14}),
        ("ja", "30日以内", {30}),
        ("ko", "30일 이내", {30}),
        ("en", "2 weeks", {14}),
        ("en", "two weeks", {14}),
        ("en", "two or three weeks", {14, 21}),
        ("en", "two to 3 weeks", {14, 21}),
        ("en", "a twenty-one day trial, forty-eight hours", {21, 2}),
        ("en", "365 days", {360}),
        ("en", "one year", {360}),
        ("en", "twelve months", {360}),
        ("en", "52 weeks", {360}),
        ("en", "£5 a month, 24 hours a day", {1}),  # what is paid for it is no duration
        ("zh", "两周", {14}),
        ("zh", "兩週", {14}),
        ("zh", "两三天", {2, 3}),
        ("zh", "三十天，十分满意", {30}),
        ("ja", "二週間", {14}),
        ("ko", "두 주", {14}),
        ("de", "zwei Wochen", {14}),
        ("fr", "deux semaines ; soixante-douze heures", {14, 3}),
        ("es", "dos semanas", {14}),
        ("pt", "duas semanas", {14}),
    ],
)
def test_a_duration_is_one_whatever_its_unit_and_language(language: str, text: str, days: set[int]) -> None:
    assert values(text, FactKind.DURATION, language) == {str(86400 * each) for each in days}


@pytest.mark.parametrize(
    ("one", "other"),
    [("2 kg", "2000 grams"), ("1.5 m", "150 cm"), ("1024 MB", "1 GB"), ("5 l", "5,000 ml"), ("twenty percent", "20%")],
)
def test_a_quantity_is_one_whatever_its_unit(one: str, other: str) -> None:
    assert find_facts(one) == find_facts(other) != frozenset()


@pytest.mark.parametrize(("one", "other"), [("2 kg", "20 g"), ("5 miles", "8 km"), ("7 days", "7 hours")])
def test_quantities_that_are_not_the_same_are_not(one: str, other: str) -> None:
    assert not find_facts(one) & find_facts(other)


@pytest.mark.parametrize("text", ["No one knows", "ten friends", "une fois", "第三天起", "二〇二七", "ten out of ten"])
def test_a_word_that_may_mean_a_number_is_one_only_before_a_unit(text: str) -> None:
    assert values(text, FactKind.NUMBER) == values(text, FactKind.NUMBER, "fr") == values(text, FactKind.NUMBER, "zh")
    assert not values(text, FactKind.NUMBER) and not values(text, FactKind.DURATION, "zh")


@pytest.mark.parametrize(
    ("language", "text", "price"),
    [
        ("en", "It costs $1,000.50.", "1000.5"),
        ("de", "Das kostet 1.000,50 €.", "1000.5"),
        ("en", "9.90 EUR", "9.9"),
        ("zh", "每月¥19", "19"),
    ],
)
def test_a_price_is_read_with_its_sign_or_code(language: str, text: str, price: str) -> None:
    assert values(text, FactKind.PRICE, language) == {price}


def test_times_of_day_contacts_places_and_quoted_names_are_told_apart() -> None:
    text = "Call +44 20 7946 0011 by 2 pm or write to Help@shop.example; servers stand in Germany, see “Reports”."
    assert values(text, FactKind.TIME) == {"14:00"}
    assert values(text, FactKind.CONTACT) == {"079460011", "help@shop.example"}
    assert values(text, FactKind.PLACE) == {"DE"}
    assert "reports" in values(text, FactKind.NAME)
    assert values(text, FactKind.NUMBER) == set()


def test_numbers_of_steps_and_in_links_state_nothing() -> None:
    assert values("1. Open it.\n2. Close it.\n[more](https://shop.example/7/8)", FactKind.NUMBER) == set()


def test_a_number_without_a_unit_counts_what_stands_behind_it() -> None:
    facts = find_facts("One licence covers 3 devices and the room seats 1,000 people.", "en")
    numbers = {(each.dimension, each.value) for each in facts if each.kind is FactKind.NUMBER}
    assert numbers == {("devic", "3"), ("peopl", "1000")}
