import pytest

from bot.language import primary, reply_language


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
        ("", "", "en"),
        ("🙂", "zh", "zh"),
    ],
)
def test_the_reply_comes_in_the_language_of_the_message(text: str, conversation: str, expected: str) -> None:
    assert reply_language(text, conversation) == expected


def test_the_primary_subtag_is_what_retrieval_speaks_in() -> None:
    assert [primary(tag) for tag in ("zh-Hant", "en", "")] == ["zh", "en", ""]
