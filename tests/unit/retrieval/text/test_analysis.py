import numpy as np
import pytest

from retrieval.index.lexical_field import LexicalIndex
from retrieval.text.analysis import analyse_text, is_function


def tokens(text: str, language: str = "en") -> list[str]:
    return analyse_text(text, language)


@pytest.mark.parametrize(
    ("language", "one", "other"),
    [
        ("en", "returns", "returned"),
        ("de", "Zahlung", "Zahlungen"),
        ("de", "zurücksetzen", "zuruecksetzen"),
        ("fr", "réservation", "reservations"),
        ("es", "información", "informaciones"),
        ("es", "contraseña", "contrasena"),
        ("pt", "devolução", "devoluções"),
        ("it", "spedizione", "spedizioni"),
    ],
)
def test_forms_of_a_word_are_one_token_in_their_language(language: str, one: str, other: str) -> None:
    assert tokens(one, language) == tokens(other, language)


def test_a_language_without_a_stemmer_is_stemmed_as_english() -> None:
    assert tokens("returns", "xx") == tokens("returns", "zh") == tokens("returns")


@pytest.mark.parametrize("language", ["zh", "en", "ja"])
def test_what_is_written_without_spaces_becomes_characters_and_bigrams(language: str) -> None:
    assert tokens("退货 Paypal", language) == ["退", "货", "退货", "paypal"]
    assert tokens("退貨", language) == ["退", "货", "退货"]


@pytest.mark.parametrize(
    ("language", "asking", "content"),
    [
        ("en", "how can I the", "refund order problem website"),
        ("de", "wie kann ich die", "Zahlung Konto Hilfe"),
        ("fr", "est pour vous les", "commande compte livraison"),
        ("es", "como para los donde", "pedido cuenta envío"),
        ("pt", "como para você os", "pedido conta entrega"),
    ],
)
def test_function_words_say_how_something_is_asked(language: str, asking: str, content: str) -> None:
    assert all(is_function(token, language) for token in tokens(asking, language))
    assert not any(is_function(token, language) for token in tokens(content, language))


def test_function_words_of_scripts_without_spaces_are_known_in_every_language() -> None:
    assert all(is_function(token) for token in ("怎么", "什么", "的", "してください", "は"))
    assert not any(is_function(token) for token in ("退货", "发票", "返品"))


def test_each_text_is_stemmed_in_its_own_language_and_a_query_in_its() -> None:
    index = LexicalIndex.build(["Alle Zahlungen im Überblick", "All payments at a glance"], ["de", "en"])
    german = index.score_bm25(index.look_up(tokens("Zahlung", "de")))
    english = index.score_bm25(index.look_up(tokens("payment", "en")))
    assert np.argmax(german) == 0 and np.argmax(english) == 1 and german[0] > 0 and english[1] > 0
    more = index.with_texts(["Rückzahlungen dauern", "Refunds"], np.ones(2, bool), ["de", "en"])
    assert np.flatnonzero(more.score_bm25(more.look_up(tokens("Rückzahlung", "de")))).tolist() == [2]
