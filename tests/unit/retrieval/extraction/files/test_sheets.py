"""Questions and answers in sheets, judged by what stands in their columns."""

from __future__ import annotations

import io
from datetime import datetime, timedelta

import openpyxl
import pytest

from retrieval.documents import Document, DocumentKind
from retrieval.errors import ExtractionError
from retrieval.extraction import extract_documents, extract_page
from tests.support.documents import XLSX, make_xlsx, swap_member

URL = "https://shop.example/files/faq.xlsx"
ASKED = {
    "en": (("Question", "Answer"), ("How do I pay?", "By card or by invoice."), ("Who delivers?", "The post does.")),
    "de": (
        ("Frage", "Antwort"),
        ("Wie bezahle ich?", "Mit der Karte."),
        ("Wer liefert?", "Die Post tut das."),
    ),
    "fr": (("Question", "Réponse"), ("Comment payer ?", "Par carte ou facture."), ("Qui livre ?", "La poste livre.")),
    "es": (("Pregunta", "Respuesta"), ("¿Cómo pago?", "Con tarjeta o factura."), ("¿Quién entrega?", "El correo.")),
    "pt": (("Pergunta", "Resposta"), ("Como pago?", "Com cartão ou fatura."), ("Quem entrega?", "O correio entrega.")),
    "ja": (
        ("質問", "回答"),
        ("支払い方法は何ですか", "カードです。"),
        ("誰が配達しますか", "郵便局が配達します。"),
    ),
    "ko": (
        ("질문", "답변"),
        ("어떻게 결제하나요?", "카드로 합니다."),
        ("누가 배달하나요?", "우체국이 배달합니다."),
    ),
    "zh": (("问题", "答案"), ("如何付款", "银行卡或者发票都可以。"), ("谁负责配送", "由邮政负责配送。")),
    "zh-Hant": (("問題", "答案"), ("如何付款", "信用卡或者發票都可以。"), ("誰負責配送", "由郵政負責配送。")),
}


def read(rows: list[list[object]] | tuple[tuple[object, ...], ...]) -> list[Document]:
    return extract_documents(make_xlsx({"Sheet": rows}), URL, XLSX)


def pairs(documents: list[Document]) -> list[tuple[str, str]]:
    return [(each.question, each.answer) for each in documents if each.kind is DocumentKind.FAQ]


@pytest.mark.parametrize("language", ASKED)
@pytest.mark.parametrize("turned", [False, True], ids=["question first", "answer first"])
@pytest.mark.parametrize("headed", [True, False], ids=["headed", "bare"])
def test_columns_are_known_by_what_stands_in_them_in_every_language(language: str, turned: bool, headed: bool) -> None:
    rows = ASKED[language][not headed :]
    found = read(tuple(row[::-1] for row in rows) if turned else rows)
    assert pairs(found) == list(ASKED[language][1:])
    assert {each.language for each in found} == {language.partition("-")[0]}


def test_the_columns_names_are_no_pair_where_answers_are_as_short() -> None:
    asked = (("Is it waterproof?", "Yes"), ("Does it float?", "No"), ("Who pays?", "You"))
    assert pairs(read((("Question", "Answer"), *asked))) == list(asked)
    assert pairs(read((("Our questions", ""), ("Question", "Answer"), *asked))) == list(asked)


def test_groups_wordings_and_other_columns_are_told_apart() -> None:
    rows = [
        ["No.", "Topic", "Question", "In other words", "Answer", "Changed by"],
        [1, "Payment", "How do I pay?", "What cards do you take?", "By card.\nOr by invoice.", "ann"],
        [2, "Payment", "When do I pay?", "Is it due at once?", "Within a week.", "bob"],
        [3, "Delivery", "Who delivers?", None, "The post does. Do you want a parcel shop?", "cleo"],
    ]
    page = extract_page(make_xlsx({"Sheet": rows}), URL, XLSX)
    first, _, third = page.documents
    assert (first.question, first.alternatives) == ("How do I pay?", ("What cards do you take?",))
    assert first.answer.split("\n") == ["By card.", "Or by invoice."]
    assert (first.heading_path, third.heading_path) == (("faq", "Payment"), ("faq", "Delivery"))
    assert third.answer.endswith("parcel shop?")
    assert "ann bob" in page.coverage.explain_loss()


def test_columns_beside_the_answers_are_named_once_and_are_no_loss() -> None:
    rows = [
        ["Question", "Answer", "Changed by", "Changed on"],
        *(
            [f"How do I pay for parcel {n}?", f"By card, at counter {n}.", f"{name}@shop.example", f"2026-01-{n:02}"]
            for n, name in enumerate(("ann", "bob", "cleo", "dora", "emil"), start=1)
        ),
    ]
    coverage = extract_page(make_xlsx({"Sheet": rows}), URL, XLSX).coverage
    assert coverage.share == 1.0
    assert coverage.list_lost_texts() == []
    told = coverage.explain_loss()
    assert told.startswith("other columns of the sheet (")
    assert "Changed by ann@" in told and "Changed on 2026-01-01" in told and told.count("Changed by") == 1


def test_two_languages_side_by_side_are_two_sets_of_pairs() -> None:
    rows = [[*one, *other] for one, other in zip(ASKED["en"], ASKED["de"], strict=True)]
    assert set(pairs(read(rows))) == {*ASKED["en"][1:], *ASKED["de"][1:]}


def test_a_row_that_only_answers_goes_on_and_one_cell_alone_heads_those_below() -> None:
    rows = [
        ["Payment", None],
        ["How do I pay?", "By card."],
        [None, "Or by invoice."],
        ["Delivery", None],
        ["Who delivers?", "The post."],
    ]
    found = read(rows)
    assert pairs(found) == [("How do I pay?", "By card.\n\nOr by invoice."), ("Who delivers?", "The post.")]
    assert [each.heading_path[-1] for each in found] == ["Payment", "Delivery"]


def test_topics_with_sentences_are_entries_and_figures_are_a_table() -> None:
    topics = [
        ["Tema", "Texto"],
        ["Plazo", "El plazo es de treinta días desde la entrega."],
        ["Gastos", "Los gastos de la devolución corren de nuestra cuenta."],
    ]
    assert [question for question, _ in pairs(read(topics))] == ["Plazo", "Gastos"]
    figures = [["Size", "Chest", "From"], ["M", 98.0, datetime(2026, 3, 1)], ["L", 104.5, datetime(2026, 4, 1)]]
    [table] = read(figures)
    assert table.kind is DocumentKind.SECTION
    assert table.answer.splitlines()[2:] == ["| M | 98 | 2026-03-01 |", "| L | 104.5 | 2026-04-01 |"]


def test_every_sheet_that_is_shown_is_read_for_itself() -> None:
    body = make_xlsx(
        {"Asked": ASKED["en"], "Prices": [["Pot", "Euro"], ["Ember", 40]], "Draft": ASKED["de"]}, frozenset({"Draft"})
    )
    found = extract_documents(body, URL, "application/octet-stream")
    assert [(each.question, each.heading_path) for each in found] == [
        ("How do I pay?", ("faq", "Asked")),
        ("Who delivers?", ("faq", "Asked")),
        ("Prices", ("faq",)),
    ]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_csv_is_read_as_spreadsheet_programs_write_it(separator: str, encoding: str) -> None:
    lines = [f"{question}{separator}{answer}" for question, answer in ASKED["zh"]]
    body = "\r\n".join(lines).encode(encoding)
    for url, content_type in (("https://a.example/x.csv", "text/plain"), ("https://a.example/export", "text/csv")):
        assert pairs(extract_documents(body, url, content_type)) == list(ASKED["zh"][1:])


def test_a_cell_is_text_and_no_markup() -> None:
    found = read([["How do I pay?", "Write *100* <b>to</b> [me](https://evil.example)."], ["Who?", "Us."]])
    assert "](https://evil.example)" not in found[0].answer.replace("\\[", "").replace("\\]", "")


def make_formatted(*cells: tuple[object, str], words: str = "Price", at: str = "A1") -> bytes:
    """A sheet with a row for each value under its number format, its corner at a cell."""
    workbook = openpyxl.Workbook()
    sheet = workbook.worksheets[0]
    corner = sheet[at]
    sheet.cell(corner.row, corner.column, words)
    sheet.cell(corner.row, corner.column + 1, words)
    for number, (value, code) in enumerate(cells, start=1):
        sheet.cell(corner.row + number, corner.column, f"{words} {chr(64 + number)}")
        cell = sheet.cell(corner.row + number, corner.column + 1, value)
        cell.number_format = code
    out = io.BytesIO()
    workbook.save(out)
    return out.getvalue()


def shown(body: bytes) -> list[str]:
    """The second column of a sheet that is a table."""
    [table] = extract_documents(body, URL, XLSX)
    return [line.split("|")[2].strip().replace("\\", "") for line in table.answer.splitlines()[2:]]


def test_a_cell_is_read_as_it_is_shown_wherever_the_sheet_begins() -> None:
    body = make_formatted(
        (0.25, "0%"),
        (1234.5, '"€"#,##0.00'),
        (1234.5, "General"),
        (1234, "00000"),
        (datetime(2026, 3, 1), "mmmm yyyy"),
        (datetime(2026, 3, 1), "mm-dd-yy"),
        (datetime(2026, 3, 1, 17, 5), "h:mm AM/PM"),
        (timedelta(hours=26, minutes=30), "[h]:mm"),
        (3, '0" days"'),
        (True, "0%"),
        at="D7",
    )
    assert shown(body) == [
        "25%", "€1,234.50", "1234.5", "01234", "March 2026", "2026-03-01", "5:05 PM", "26:30", "3 days", "TRUE",
    ]  # fmt: skip


def test_figures_of_a_sheet_are_written_as_its_language_does() -> None:
    body = make_formatted(
        (1234.5, '#,##0.00 "€"'),
        (0.255, "0.0%"),
        (104.5, "General"),
        (datetime(2026, 3, 1), "d. mmmm yyyy"),
        words="Der Preis für die Lieferung nach Hause",
    )
    assert shown(body) == ["1.234,50 €", "25,5%", "104,5", "1. März 2026"]


def test_formats_that_cannot_be_read_leave_the_values() -> None:
    body = make_formatted((0.25, "# ?/?"), (12345, "0.00E+00"), (1.5, "[>=1]0.0;0"), (datetime(2026, 3, 1), "b yyyy"))
    assert shown(body) == ["0.25", "12345", "1.5", "2026-03-01"]
    broken = swap_member(make_formatted((0.25, "0%")), "xl/styles.xml", b"<styleSheet><cellXfs>")
    with pytest.raises(ExtractionError, match="save it anew"):
        extract_documents(broken, URL, XLSX)
    lost = swap_member(make_formatted((0.25, "0%")), "xl/styles.xml", b"<styleSheet/>")
    assert shown(lost) == ["0.25"]


def test_a_format_made_to_harm_costs_itself_alone() -> None:
    codes = ("0" * 60_000, "0." + "0" * 200, '"' + "x" * 60_000, ";" * 200, "[" * 200, "[$-FFFFFFFF]yyyy")
    body = make_formatted(*((0.5, code) for code in codes), (1e300, "0"), (-1e-300, "0.00%"))
    assert len(shown(body)) == 8
