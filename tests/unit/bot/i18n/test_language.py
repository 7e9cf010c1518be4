import re
from itertools import product

import pytest

from bot.answering.intent.examples import load_messages, load_replies
from bot.i18n.language import primary_subtag, reply_language, words_for_text


@pytest.mark.parametrize(
    ("text", "conversation", "expected"),
    [
        ("How do I return goods?", "", "en"),
        ("How do I return goods?", "zh", "en"),
        ("如何退货？", "", "zh"),
        ("如何退货？", "en", "zh"),
        ("請問如何退貨？", "", "zh-Hant"),
        ("台灣可以寄嗎？", "", "zh-Hant"),
        ("你好", "", "zh"),
        ("你好", "zh-Hant", "zh-Hant"),
        ("ok", "", "en"),
        ("ok", "zh", "zh"),
        ("1", "zh", "zh"),
        ("iPhone 15", "zh", "zh"),
        ("返品したいです", "", "ja"),
        ("反品", "ja", "ja"),
        ("営業時間", "", "ja"),
        ("Wie kann ich bezahlen?", "", "de"),
        ("comment payer par carte", "", "fr"),
        ("¿cómo puedo devolver mi pedido?", "", "es"),
        ("como faço para cancelar meu pedido", "", "pt"),
        ("반품하고 싶어요", "", "ko"),
        ("reset password", "", "en"),
        ("iPhone 15 Pro", "", "en"),
        ("Hoe kan ik mijn bestelling betalen?", "", "nl"),
        ("refund status please", "de", "en"),
        ("iPhone 15", "de", "de"),
        ("¿cómo puedo devolver mi pedido?", "en", "es"),
        ("", "", "en"),
        ("🙂", "zh", "zh"),
    ],
)
def test_the_reply_comes_in_the_language_of_the_message(text: str, conversation: str, expected: str) -> None:
    assert reply_language(text, conversation) == expected


def test_a_first_message_that_does_not_tell_takes_the_language_of_the_site() -> None:
    assert reply_language("1", site_languages=("de", "en")) == "de"
    assert reply_language("返品方法", site_languages=("ja", "en")) == "ja"
    assert reply_language("How do I return goods?", site_languages=("de", "en")) == "en"


_HAN_ALONE = re.compile(r"[\u4e00-\u9fff]+")


def phrases_of(*languages: str) -> list[str]:
    """What stands in Han characters alone in the examples of these languages, two to eight of them together."""
    texts = [each.text for each in (*load_messages(languages), *load_replies(languages))]
    return sorted({run for text in texts for run in _HAN_ALONE.findall(text) if 2 <= len(run) <= 8})


def test_chinese_phrases_are_chinese_whatever_was_said_before_and_on_every_site_with_no_japanese_pages() -> None:
    phrases = phrases_of("zh", "zh-Hant")
    assert len(phrases) > 500 and {"找人工", "人工客服"} <= {*phrases}
    sites = [(), ("en",), ("en", "zh"), ("zh",), ("en", "ja", "zh")]
    told = {
        (text, before, pages): reply_language(text, before, page_languages=pages)
        for text, before, pages in product(phrases, ("", "en", "zh", "de"), sites)
    }
    assert [case for case, language in told.items() if language not in {"zh", "zh-Hant"}] == []


def test_japanese_phrases_without_kana_are_japanese_after_japanese_and_on_a_site_with_no_chinese_pages() -> None:
    phrases = phrases_of("ja")
    assert len(phrases) > 150
    told = {text: reply_language(text, "ja", page_languages=("en", "zh")) for text in phrases}
    told |= {f"{text} ": reply_language(text, "en", page_languages=("en", "ja")) for text in phrases}
    assert [text for text, language in told.items() if language != "ja"] == []


def test_the_primary_subtag_is_what_retrieval_speaks_in() -> None:
    assert [primary_subtag(tag) for tag in ("zh-Hant", "en", "")] == ["zh", "en", ""]


def test_a_fault_is_told_in_the_language_of_the_question() -> None:
    assert "ab12" in words_for_text("How do I return goods?").say("fault", fault="ab12")
    assert words_for_text("如何退货？").say("fault", fault="ab12").startswith("抱歉")
