"""What pages say to mean the same."""

from __future__ import annotations

import time

import pytest

from retrieval.documents import Document
from retrieval.search.synonym_suggestions import find_pairs, suggest_entries


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("You pay Value Added Tax (VAT) on it.", ("VAT", "Value Added Tax")),
        ("VAT (Value Added Tax) is shown.", ("VAT", "Value Added Tax")),
        ("Turn on two-factor authentication (2FA).", ("2FA", "two-factor authentication")),
        ("Our Terms and Conditions (T&C) apply.", ("T&C", "Terms and Conditions")),
        ("the point of sale (POS, for short)", ("POS", "point of sale")),
        ("HyperText Markup Language (HTML)", ("HTML", "HyperText Markup Language")),
        ("Ask your internet service providers (ISPs).", ("ISPs", "internet service providers")),
        ("The Gold Pass, formerly known as the Member Card, costs 9 euros.", ("Gold Pass", "Member Card")),
        ("Gold Pass (formerly Member Card)", ("Gold Pass", "Member Card")),
        ("Zorbi (aka “vacuum robot X200”) is loud.", ("Zorbi", "vacuum robot X200")),
        ("无线接入点（简称AP）可以这样设置。", ("无线接入点", "AP")),
        ("请先连接无线接入点（Access Point，简称AP）。", ("AP", "Access Point")),
        ("请联系中国移动通信集团（简称中国移动）办理。", ("中国移动通信集团", "中国移动")),
        ("一卡通，又称园区卡，可以在食堂使用。", ("一卡通", "园区卡")),
        ("會員卡（又稱積分卡）怎麼用？", ("會員卡", "積分卡")),
        ("自助取货柜（即“丰巢柜”）", ("自助取货柜", "丰巢柜")),
    ],
)
def test_a_definition_is_found(text: str, terms: tuple[str, str]) -> None:
    assert [found for found, _, _ in find_pairs(text)] == [terms]


@pytest.mark.parametrize(
    "text",
    [
        "We open at nine (CET).",
        "Send the form (PDF) back.",
        "See the list of shops (FAQ).",
        "Delivery takes 3 days (see below).",
        "the disease, also known as a cold, spreads",
        "Network translation (also known as IP masquerading)",
        "Please wait. Formerly known as slow.",
        "点击确认后即可，立即购买（即刻发货）。",
        "我们的服务也叫做支持",
        "您可以在这里，也叫他来，一起办理",
        "",
    ],
)
def test_what_defines_nothing_is_left_alone(text: str) -> None:
    assert list(find_pairs(text)) == []


def test_a_suggestion_tells_its_source_its_page_and_the_words_around() -> None:
    page = Document(
        "https://x.example/faq#tax",
        "Which taxes do I pay?",
        "You pay **[Value Added Tax](https://x.example/vat_(law)) (VAT)** on it.",
        source="shop",
    )
    again = Document("https://x.example/other", "Value Added Tax (VAT)", "", source="shop")
    elsewhere = Document("https://y.example/", "What is VAT?", "VAT (Value Added Tax)", source="wiki")
    taught = Document("", "What is CET?", "Central European Time (CET)", source="taught", author="Mei")
    plain = Document("https://x.example/faq#vat", "Tax", "It is Value Added Tax (VAT).", source="shop")
    found = suggest_entries([plain, page, again, elsewhere, taught])
    assert [(each.entry.terms, each.entry.source, each.url) for each in found] == [
        (("VAT", "Value Added Tax"), "shop", "https://x.example/faq#vat"),
        (("VAT", "Value Added Tax"), "wiki", "https://y.example/"),
    ]
    assert all(each.entry.suggested for each in found)
    assert found[0].excerpt == "It is Value Added Tax (VAT)."
    assert found[0].id != found[1].id
    assert [each.id for each in suggest_entries([again])] == [found[0].id]
    assert len(found[0].id) == 32


@pytest.mark.parametrize(
    "text",
    [
        *("A " * 50_000, "[" * 100_000, "[a](" * 30_000, "(ab c" * 20_000, "简称" * 50_000, "中（" * 50_000),
        *('"' * 100_000, "Ab, formerly " * 10_000, "中（" + "a " * 50_000, "_" * 100_000, " " * 100_000),
    ],
    ids=range(11),
)
def test_a_hostile_page_costs_no_time(text: str) -> None:
    started = time.perf_counter()
    suggest_entries([Document("https://x.example/", text, text)])
    assert time.perf_counter() - started < 5
