# ruff: noqa: E501 (tables read best row by row)
"""What a PDF says, and on which of its pages."""

from __future__ import annotations

import pytest

from retrieval.documents import Document, DocumentKind
from retrieval.errors import ExtractionError
from retrieval.extraction import extract_documents, extract_page
from retrieval.extraction.files.pdf import MAX_PAGES
from tests.support.documents import PDF, make_columns, make_pdf, make_scan

URL = "https://shop.example/files/kiln.pdf"
LONG = "The kiln is fired twice a week, on Tuesday and on Friday, and pots are taken until noon of the day before. " * 3


def read(body: bytes, url: str = URL) -> list[Document]:
    return extract_documents(body, url, PDF)


def pairs(body: bytes) -> dict[str, str]:
    return {each.question: each.answer for each in read(body) if each.kind is DocumentKind.FAQ}


def test_headings_that_ask_are_questions_and_each_is_cited_with_its_page() -> None:
    body = make_pdf(
        ("title", "Kiln questions"),
        ("heading", "When is the kiln fired?"),
        ("text", LONG),
        ("page", ""),
        ("heading", "How much does a firing cost?"),
        ("text", "Nine euros a shelf."),
        ("heading", "Who may use it?"),
        ("text", "Every member of the studio."),
    )
    found = read(body)
    assert [(each.question, each.url) for each in found] == [
        ("When is the kiln fired?", f"{URL}#page=1"),
        ("How much does a firing cost?", f"{URL}#page=2"),
        ("Who may use it?", f"{URL}#page=2"),
    ]
    assert found[0].answer == LONG.strip(), "lines that only the page's width parted are one paragraph"
    assert found[1].heading_path == ("Kiln questions",)


def test_bold_lines_as_large_as_the_text_and_labelled_ones_ask_as_well() -> None:
    bold = make_pdf(
        ("title", "Glaze FAQ"),
        ("question", "Is the white glaze safe for food?"),
        ("text", "Yes. It holds no lead."),
        ("question", "Can I mix glazes?"),
        ("text", "Ask us first."),
        ("question", "Do you sell them?"),
        ("text", "By the litre."),
    )
    assert pairs(bold)["Can I mix glazes?"] == "Ask us first."
    lines = ("Q: Is clay sold?", "A: By the bag.", "Q: Is it grey?", "A: White.")
    labelled = make_pdf(*(("text", line) for line in lines))
    assert pairs(labelled) == {"Is clay sold?": "By the bag.", "Is it grey?": "White."}


def test_chinese_lines_are_joined_without_spaces() -> None:
    answer = "窑每周烧两次，星期二和星期五，作品须在前一天中午之前送到工作室，" * 3 + "并写上自己的名字。"
    asked = (("heading", "窑什么时候烧？"), ("text", answer), ("heading", "谁可以用窑？"), ("text", "所有会员。"))
    body = make_pdf(("title", "常见问题"), *asked, language="zh")
    assert pairs(body) == {"窑什么时候烧？": answer, "谁可以用窑？": "所有会员。"}


@pytest.mark.parametrize("ruled", [True, False], ids=["ruled", "bare"])
def test_a_table_keeps_its_rows_whatever_lines_it_has(ruled: bool) -> None:
    bowls = "Cups and bowls up to ten centimetres high, no more than that"
    rows = (("Shelf", "Price", "What for"), ("Half", "5 euros", bowls), ("Full", "9 euros", "Jugs"))
    body = make_pdf(("title", "Fees"), ("text", LONG), ("table", rows), ("text", LONG), ruled=ruled)
    [section] = read(body)
    assert "| Shelf | Price | What for |\n| --- | --- | --- |\n| Half | 5 euros | Cups and bowls up" in section.answer
    assert "| Full | 9 euros | Jugs |" in section.answer
    assert section.answer.count(LONG.strip()) == 2


@pytest.mark.parametrize("ruled", [True, False], ids=["ruled", "bare"])
@pytest.mark.parametrize(
    "rows",
    [
        (("Zone", "Days"), ("Norway", "2"), ("EU", "5"), ("World", "12")),
        (("Plan", "Price", "Users"), ("Basic", "5 euros", "1"), ("Team", "20 euros", "10"), ("Max", "90 euros", "100")),
        (("Zone", "Days", "Price", "By"), ("Norway", "2", "5 €", "Post"), ("EU", "5", "", "DHL"), ("Asia", "12", "30 €", "UPS")),
    ],
)  # fmt: skip
def test_a_table_as_narrow_as_its_words_keeps_every_row(rows: tuple[tuple[str, ...], ...], ruled: bool) -> None:
    [section] = read(make_pdf(("title", "Fees"), ("text", LONG), ("cells", rows), ("text", LONG), ruled=ruled))
    for row in rows:
        assert f"| {' | '.join(row)} |".replace("|  |", "| |") in section.answer
    assert section.answer.count(LONG.strip()) == 2


@pytest.mark.parametrize("kind", ["title", "heading", "question"])
@pytest.mark.parametrize("title", ["Kiln questions", "Questions about the kilns of our studio"])
def test_a_title_in_the_style_of_the_questions_is_none_of_them(kind: str, title: str) -> None:
    asked = {"When is it fired?": LONG.strip(), "How much does it cost?": "Nine euros a shelf.", "Who pays?": "You do."}
    story = [part for question, answer in asked.items() for part in ((kind, question), ("text", answer))]
    found = read(make_pdf((kind, title), *story))
    assert {each.question: each.answer for each in found} == asked
    assert {each.heading_path for each in found} == {(title,)}


def test_a_question_over_two_lines_is_one() -> None:
    asked = "How do I book a shelf in the large kiln for the pots that I have thrown in the course of the last summer?"
    found = pairs(
        make_pdf(("title", "Kiln"), ("heading", asked), ("text", LONG), ("heading", "Who may?"), ("text", LONG))
    )
    assert list(found) == [asked, "Who may?"]


def test_questions_in_a_table_are_cited_with_their_page() -> None:
    asked = (("Wer darf brennen?", "Alle."), ("Wie lange dauert es?", "Zwei Tage."), ("Was kostet es?", "Neun Euro."))
    found = read(make_pdf(("text", LONG), ("page", ""), ("table", (("Frage", "Antwort"), *asked))))
    pairs_found = [(each.question, each.answer) for each in found if each.url == f"{URL}#page=2"]
    assert pairs_found == list(asked)


def test_columns_of_prose_are_read_one_after_the_other_and_are_no_table() -> None:
    left = [f"The left column says in its line {number} something" for number in range(30)]
    right = [f"The right column says in its line {number} more" for number in range(30)]
    [section] = read(make_columns(left, right))
    assert "|" not in section.answer
    assert section.answer.index("line 29 something") < section.answer.index("line 0 more")


def test_lists_stay_lists() -> None:
    body = make_pdf(("title", "What to bring"), ("text", LONG), ("list", ["An apron", "A towel", "Old shoes"]))
    assert "- An apron\n- A towel\n- Old shoes" in read(body)[0].answer


def test_running_titles_and_page_numbers_are_left_out() -> None:
    story = [part for number in range(4) for part in (("heading", f"Part {number}"), ("text", LONG), ("page", ""))]
    found = read(make_pdf(*story, footer="Kiln handbook, page"))
    assert len(found) == 4
    assert not any("handbook" in each.answer for each in found)


def test_text_without_headings_is_cited_by_its_pages() -> None:
    words = [("text", f"{LONG} This is told on page {number}.") for number in (1, 2, 3)]
    found = read(make_pdf(words[0], ("page", ""), words[1], ("page", ""), words[2], title="House rules"))
    assert [(each.question, each.url.rpartition("#")[2]) for each in found] == [
        ("House rules", f"page={number}") for number in (1, 2, 3)
    ]
    assert "told on page 2" in found[1].answer


def test_a_paragraph_goes_on_over_the_page_break() -> None:
    body = make_pdf(("title", "Rules"), ("text", "Wash the wheel and"), ("page", ""), ("text", "sweep the floor."))
    assert "Wash the wheel and sweep the floor." in " ".join(each.answer for each in read(body))


def test_a_scanned_file_is_told_to_be_one() -> None:
    with pytest.raises(ExtractionError, match=r"kiln\.pdf is scanned, without text: run OCR first"):
        read(make_scan("When is the kiln fired?", "On Friday."))


def test_pages_that_are_pictures_are_told_beside_what_is_read() -> None:
    plans = (("page", ""), ("picture", "a plan"), ("page", ""), ("picture", "a map"))
    body = make_pdf(("heading", "Opening hours"), ("text", LONG), *plans)
    page = extract_page(body, URL, PDF)
    assert [each.question for each in page.documents] == ["Opening hours"]
    assert page.coverage.share < 0.5
    assert "pages 2-3 are scanned, without text: run OCR first" in page.coverage.explain_loss()


def test_an_encrypted_file_one_with_too_many_pages_and_an_empty_one_are_named() -> None:
    with pytest.raises(ExtractionError, match="is encrypted: save it without a password"):
        read(make_pdf(("text", "secret"), password="x"))
    with pytest.raises(ExtractionError, match=r"pages \(limit 1,000\): leave it out, or split it"):
        read(make_pdf(*[("page", ""), ("text", "x")] * (MAX_PAGES + 1)))
    with pytest.raises(ExtractionError, match="holds no text"):
        read(make_pdf(("page", "")))


def test_a_broken_file_is_one_clear_line() -> None:
    body = make_pdf(("text", LONG))
    for broken in (b"%PDF-1.7\n", b"%PDF-1.7" + bytes(range(256)) * 50, body[: len(body) // 3]):
        try:
            read(broken)
        except ExtractionError as error:
            assert str(error).startswith(URL)
            assert "\n" not in str(error)


@pytest.mark.parametrize("told", ["(anonymous)", "(unspecified)", "kiln-v2.docx"])
def test_what_a_program_writes_for_a_title_that_it_was_not_told_is_none(told: str) -> None:
    found = read(make_pdf(("text", LONG), title=told))
    assert not any(told in text for document in found for text in (document.question, *document.heading_path))
