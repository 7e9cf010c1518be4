"""What a Word document says."""

from __future__ import annotations

from retrieval.documents import Document, DocumentKind
from retrieval.extraction import extract_documents
from tests.support.documents import DOCX, make_docx

URL = "https://shop.example/files/pot%20care.docx"


def read(body: bytes) -> list[Document]:
    return extract_documents(body, URL, DOCX)


def test_headings_lists_and_tables_are_read_as_on_a_page() -> None:
    body = make_docx(
        ("title", "Pot care"),
        ("heading", "How do I clean the pot?"),
        ("text", "Rinse it with warm water."),
        ("list", ["no soap", "no sponge"]),
        ("heading", "How large are the pots?"),
        ("table", [["Pot", "Litres"], ["Ember", "1.2"]]),
        ("heading", "May it stand in the sun?"),
        ("text", "It may."),
    )
    found = read(body)
    assert {each.question: each.answer for each in found} == {
        "How do I clean the pot?": "Rinse it with warm water.\n\n- no soap\n- no sponge",
        "How large are the pots?": "| Pot | Litres |\n| --- | --- |\n| Ember | 1.2 |",
        "May it stand in the sun?": "It may.",
    }
    assert all(each.kind is DocumentKind.FAQ and each.url == URL for each in found)
    assert found[0].heading_path == ("Pot care",)


def test_bold_lines_that_ask_are_questions() -> None:
    parts = [
        ("bold", "Can I order by phone?"), ("text", "Only from Monday to Friday."),
        ("bold", "Is there a discount?"), ("text", "From ten pots on."),
        ("bold", "Do you ship?"), ("text", "To all of Europe."),
    ]  # fmt: skip
    assert [each.question for each in read(make_docx(*parts))] == [
        "Can I order by phone?",
        "Is there a discount?",
        "Do you ship?",
    ]


def test_a_document_without_headings_is_called_by_its_properties_or_its_file() -> None:
    [named] = read(make_docx(("text", "Rinse it with warm water."), title="Care"))
    [unnamed] = read(make_docx(("text", "Rinse it with warm water.")))
    assert (named.question, unnamed.question) == ("Care", "pot care")


def test_pictures_are_left_out_and_a_document_of_pictures_is_told_to_be_one() -> None:
    [document] = read(make_docx(("heading", "Sizes"), ("picture", "x"), ("text", "See above, or ask us.")))
    assert document.answer == "See above, or ask us."
