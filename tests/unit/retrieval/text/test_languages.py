import pytest

from retrieval.text.languages import COMMON_LANGUAGES, detect_language, script_language

CODES = ("", *(f"{one}{other}" for one in "bcdfghjklmnpqrstvwxz" for other in "bcdfghjklmnpqrstvwxz"))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("How do I return goods?", "en"),
        ("where is my order", "en"),
        ("怎么退货？", "zh"),
        ("請問如何退貨？", "zh"),
        ("返品したいのですが", "ja"),
        ("반품은 어떻게 하나요?", "ko"),
        ("Wie kann ich meine Bestellung zurückgeben?", "de"),
        ("Comment puis-je retourner ma commande ?", "fr"),
        ("¿Cómo puedo devolver mi pedido?", "es"),
        ("Como posso devolver o meu pedido?", "pt"),
        ("Come posso restituire il mio ordine?", "it"),
        ("Как вернуть товар?", "ru"),
    ],
)
def test_a_question_is_told_by_its_script_or_its_words(text: str, language: str) -> None:
    assert detect_language(text) == language


@pytest.mark.parametrize("text", ["", "42", "🙂", "?!", "\ud800"])
def test_what_has_no_letters_is_in_the_default_language(text: str) -> None:
    assert detect_language(text, "de") == "de"


@pytest.mark.parametrize("text", ["refund policy", "reset password", "iPhone 15 Pro", "shiping cost", "oauth twitch"])
def test_a_few_words_do_not_turn_english_into_another_language(text: str) -> None:
    assert detect_language(text) == "en"


def test_what_comes_into_question_makes_a_short_text_tell() -> None:
    assert detect_language("laufen meine skripte hier", among=("en", "de")) == "de"
    assert detect_language("Wie kann ich bezahlen?", among=("en", "fr")) != "de"
    assert detect_language("How do I pay?", "de", among=("de",)) == "de"


def test_another_script_is_told_whatever_comes_into_question() -> None:
    assert detect_language("Как вернуть товар?", among=("en", "de")) == "ru"
    assert detect_language("怎么退货？", among=("en", "de")) == "zh"


@pytest.mark.parametrize("text", ["検索方法", "営業時間", "領収書発行"])
def test_japanese_in_han_characters_alone_is_told_by_forms_that_only_japan_writes(text: str) -> None:
    assert detect_language(text) == "ja"


@pytest.mark.parametrize("text", ["怎么合并邮件", "捐出去的東西會給誰用", "什麼時間可以修改保單地址"])
def test_chinese_is_told_by_forms_that_japan_does_not_write(text: str) -> None:
    assert detect_language(text, "ja", among=COMMON_LANGUAGES) == "zh"


def test_characters_that_both_write_follow_what_comes_into_question_or_the_default() -> None:
    assert detect_language("返品方法") == "zh"
    assert detect_language("返品方法", among=("ja", "en")) == "ja"
    assert detect_language("返品方法", "ja", among=COMMON_LANGUAGES) == "ja"


def test_the_script_alone_tells_three_languages_and_no_more() -> None:
    texts = ("退货 return", "返品する", "반품", "Rückgabe")
    assert [script_language(text, "") for text in texts] == ["zh", "ja", "ko", ""]


@pytest.mark.parametrize("code", ["qbbbbb", "qtqgbb", "000036", "xk-4471", "zh"])
def test_what_holds_no_letter_of_theirs_is_none_of_the_languages_that_their_script_tells(code: str) -> None:
    questions = ("Do gift cards expire?", "Who pays for the return postage?", "Do gift cards ship free?")
    told = {detect_language(f"{each} ({code}{tail})", among=("en", "zh")) for each in questions for tail in CODES}
    assert told == {"en"}
