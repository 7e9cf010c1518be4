"""Bytes in the encodings that pages are written in, whatever they are declared as."""

from __future__ import annotations

import pytest

from retrieval.extraction.decode import decode_page, detect_encoding

PAGE = "<html><head><title>FAQ</title>{}</head><body><h1>FAQ</h1><h2>{}</h2><p>{}</p><p>{}</p></body></html>"
TEXTS = {
    "de": (
        "Können Sie früher liefern?",
        "Ja, gegen Aufpreis; für größere Stücke gibt es keine Gebühr.",
        "Über das Menü.",
    ),
    "fr": ("Où est ma commande ?", "Elle a été expédiée à midi, le délai dépend de la région.", "Écrivez à l’équipe."),
    "es": ("¿Cómo cambio mi contraseña?", "En la página de su perfil, en la sección «Seguridad».", "¿Cuánto? Más."),
    "pt": ("Como faço a devolução?", "Você tem trinta dias após a compra; não há custo.", "A confirmação vem amanhã."),
    "ja": ("返品はできますか？", "到着から三十日以内であれば可能です。", "送料はいくらですか？"),
    "ko": ("반품할 수 있나요?", "받은 날부터 삼십 일 안에 가능합니다.", "배송비는 얼마인가요?"),
    "zh": ("可以退货吗？", "收到后三十天之内可以退货。", "运费是多少？十元。"),
    "zh-Hant": ("可以退貨嗎？", "收到後三十天之內可以退貨。", "運費是多少？十元。"),
    "ru": ("Как вернуть товар?", "В течение тридцати дней после получения.", "Триста рублей."),
    "pl": ("Jak zwrócić zamówienie?", "W ciągu trzydziestu dni, proszę dołączyć fakturę.", "Dziesięć złotych."),
    "el": ("Πώς επιστρέφω ένα προϊόν;", "Μέσα σε τριάντα ημέρες από την παραλαβή.", "Πέντε ευρώ."),
    "he": ("איך מחזירים מוצר?", "בתוך שלושים יום מיום הקבלה.", "עשרים שקלים."),
    "ar": ("كيف أعيد المنتج؟", "خلال ثلاثين يوما من الاستلام.", "عشرة دراهم."),
}
WRITTEN = [
    *(("de", "cp1252"), ("fr", "cp1252"), ("es", "cp1252"), ("pt", "cp1252"), ("ja", "shift_jis"), ("ja", "euc-jp")),
    *(("ko", "euc-kr"), ("zh", "gb18030"), ("zh", "gbk"), ("zh-Hant", "big5"), ("ru", "cp1251"), ("ru", "koi8-r")),
    *(("ru", "iso8859-5"), ("pl", "cp1250"), ("pl", "iso8859-2"), ("el", "cp1253"), ("he", "cp1255"), ("ar", "cp1256")),
]


@pytest.mark.parametrize(("language", "encoding"), WRITTEN)
@pytest.mark.parametrize("declared", ["", "utf-8", "right"])
def test_what_is_undeclared_or_declared_as_utf_8_is_read(language: str, encoding: str, declared: str) -> None:
    page = PAGE.format("", *TEXTS[language])
    name = encoding if declared == "right" else declared
    header = f"text/html; charset={name}" if name else "text/html"
    assert decode_page(page.encode(encoding), "https://lumen.example/", header) == page


@pytest.mark.parametrize(("language", "encoding"), [each for each in WRITTEN if each[1] not in ("cp1252", "iso8859-2")])
@pytest.mark.parametrize("where", ["header", "meta"])
def test_what_is_declared_as_western_and_is_not_is_read(language: str, encoding: str, where: str) -> None:
    meta = '<meta charset="iso-8859-1">' if where == "meta" else ""
    page = PAGE.format(meta, *TEXTS[language])
    header = "text/html; charset=iso-8859-1" if where == "header" else "text/html"
    assert decode_page(page.encode(encoding), "https://lumen.example/", header) == page


@pytest.mark.parametrize("language", TEXTS)
@pytest.mark.parametrize("declared", ["iso-8859-1", "windows-1251", "gbk", "shift_jis"])
def test_utf_8_is_read_whatever_it_is_declared_as(language: str, declared: str) -> None:
    page = PAGE.format("", *TEXTS[language])
    assert decode_page(page.encode(), "https://lumen.example/", f"text/html; charset={declared}") == page


@pytest.mark.parametrize("language", ["de", "fr", "es", "pt"])
def test_western_text_that_is_declared_as_cyrillic_is_read(language: str) -> None:
    page = PAGE.format("", *TEXTS[language])
    assert decode_page(page.encode("cp1252"), "https://lumen.example/", "text/html; charset=windows-1251") == page


def test_two_characters_that_could_be_utf_8_are_what_they_are_declared_as() -> None:
    assert decode_page("联通".encode("gbk"), "https://lumen.example/", "text/html; charset=gbk") == "联通"


def test_scripts_and_attributes_do_not_say_what_the_words_are_in() -> None:
    page = PAGE.format(f"<script>{'var text = 1; ' * 2000}</script>", *TEXTS["ru"]).encode("cp1251")
    assert detect_encoding(page) == "cp1251"
