import pytest

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


def test_the_primary_subtag_is_what_retrieval_speaks_in() -> None:
    assert [primary_subtag(tag) for tag in ("zh-Hant", "en", "")] == ["zh", "en", ""]


def test_a_fault_is_told_in_the_language_of_the_question() -> None:
    assert "ab12" in words_for_text("How do I return goods?").say("fault", fault="ab12")
    assert words_for_text("如何退货？").say("fault", fault="ab12").startswith("抱歉")
