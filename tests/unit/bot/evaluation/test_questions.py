"""Golden questions as teams keep them: in whatever spreadsheet, encoding and wording of the header."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bot.errors import InputError
from bot.evaluation.questions import Expected, GoldenQuestion, read_golden, write_golden

RETURNS = GoldenQuestion("can I send it back", (Expected("", "How do I return goods?"),), line=2)


def read(tmp_path: Path, content: str | bytes, name: str = "golden.csv") -> list[GoldenQuestion]:
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(read_golden(path).questions)


@pytest.mark.parametrize(
    "header",
    [
        "question,expected",
        "Question, Expected Answer",
        "QUERY,faq",
        "text,expected_entry",
        "问题,标准问题",
        "問題,答案",
    ],
)
def test_a_header_may_be_worded_in_any_obvious_way(tmp_path: Path, header: str) -> None:
    assert read(tmp_path, f"{header}\ncan I send it back,How do I return goods?\n") == [RETURNS]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_is_the_header_s(tmp_path: Path, separator: str) -> None:
    lines = ("question", "expected"), ("can I send it back", "How do I return goods?")
    assert read(tmp_path, "\r\n".join(separator.join(line) for line in lines)) == [RETURNS]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_separator_may_be_said_in_a_first_line(tmp_path: Path, separator: str) -> None:
    text = f"sep={separator}\r\nquestion{separator}expected\r\ncan I send it back{separator}How do I return goods?\r\n"
    assert read(tmp_path, text) == [replace(RETURNS, line=3)]


@pytest.mark.parametrize(
    ("encoding", "said"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("gb18030", "gb18030"),
        ("utf-16", "utf-16"),
        ("big5", "big5hkscs"),
    ],
)
def test_chinese_is_read_in_every_encoding_that_spreadsheets_write(tmp_path: Path, encoding: str, said: str) -> None:
    question, expected = (
        ("买了以后可以退吗", "如何退货？") if encoding != "big5" else ("請問這個可以退貨嗎", "我要怎麼退貨？")
    )
    path = tmp_path / "golden.csv"
    path.write_bytes(f"question,expected\r\n{question},{expected}\r\n".encode(encoding))
    file = read_golden(path)
    assert (file.questions[0].question, file.questions[0].expected) == (question, (Expected("", expected),))
    assert (file.encoding, file.questions[0].spoken_language) == (said, "zh")


def test_few_characters_of_gb18030_suffice(tmp_path: Path) -> None:
    [golden] = read(tmp_path, "question,url\n苹果手机,https://shop.test/a\n".encode("gb18030"))
    assert golden.question == "苹果手机"


def test_western_european_is_not_taken_for_chinese(tmp_path: Path) -> None:
    path = tmp_path / "golden.csv"
    path.write_bytes("question,expected\nUn café créé à Liège ?,Où êtes-vous ?\n".encode("cp1252"))
    file = read_golden(path)
    assert (file.encoding, file.questions[0].question) == ("cp1252", "Un café créé à Liège ?")


@pytest.mark.parametrize("cell", ["none", "N/A", "-", "—", "无", "沒有", '""'])
def test_nothing_may_be_said_in_words(tmp_path: Path, cell: str) -> None:
    path = tmp_path / "golden.csv"
    path.write_text(f"question,expected\nDo you sell bicycles?,{cell}\n", encoding="utf-8")
    assert read_golden(path).questions[0].unanswerable


def test_json_lines_are_read_too(tmp_path: Path) -> None:
    text = (
        '{"question": "can I send it back", "expected": ["How do I return goods?", "https://shop.test/r#back"]}\n\n'
        '{"question": "who won?", "expected": null, "id": 7}\n'
    )
    first, second = read(tmp_path, text, "golden.jsonl")
    assert first.expected == (Expected("", "How do I return goods?"), Expected("https://shop.test/r#back"))
    assert (second.unanswerable, second.line) == (True, 3)


def test_json_may_hold_whatever_programs_write(tmp_path: Path) -> None:
    rows = [
        {"question": "how \ud83d do", "expected": "How\u2028do?"},
        {"question": "a\u2028b", "expected": ["x\ud83d"], "notes": json.loads("[" * 900 + "]" * 900)},
    ]
    text = json.dumps(rows[0]) + "\n" + json.dumps(rows[1], ensure_ascii=False).replace("\ud83d", "\\ud83d")
    first, second = read(tmp_path, text, "golden.jsonl")
    assert (first.question, first.expected) == ("how \ufffd do", (Expected("", "How do?"),))
    assert (second.question, second.expected) == ("a\u2028b", (Expected("", "x\ufffd"),))


def test_what_is_expected_is_a_url_a_question_both_several_or_nothing(tmp_path: Path) -> None:
    text = (
        "question,expected,url,not,lang\n"
        "a,https://shop.test/r,,,EN\n"
        "b,How?,https://shop.test/r#x,,\n"
        'c,"How?\nWhy? https://shop.test/y",,,\n'
        "d,,,,\n"
        "e,,,Where?,\n"
    )
    golden = {each.question: each for each in read(tmp_path, text)}
    assert golden["a"].expected == (Expected("https://shop.test/r"),)
    assert golden["a"].spoken_language == "en"
    assert golden["b"].expected == (Expected("https://shop.test/r#x", "How?"),)
    assert golden["c"].expected == (Expected("", "How?"), Expected("https://shop.test/y", "Why?"))
    assert [golden[name].unanswerable for name in "abcde"] == [False, False, False, True, False]
    assert (golden["e"].never, golden["e"].answerable) == ((Expected("", "Where?"),), False)
    assert [each.line for each in golden.values()] == [2, 3, 4, 6, 7]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "is empty"),
        ("question,expected\n", "holds no question"),
        ("answer,url\nx,https://a.test\n", "no column 'question' (it has answer, url)"),
        ("question,notes\nx,y\n", "does not say what should answer"),
        ("question,query,expected\nx,y,z\n", "two columns for one thing (question, query)"),
        ("question,expected,expected\nx,y,z\n", "two columns for one thing (expected, expected)"),
        ("question,expected\n\u200b\u2060,b\n", ":2 has no question"),
        (f"question,expected\na,b\nc,{'x' * 140_000}\n", "close its double quote, or shorten its longest cell"),
        ("sep=;\nquestion;expected\na;b\n;c\n", ":4 has no question"),
        ("question,expected\na,b\n,How?\n", ":3 has no question"),
        ("question,expected\nHow, really?,b\n", ":2 has 3 cells, the header 2"),
        ('question,expected\na,b\n"c"d,e\n', ":3 is no CSV"),
        ("question,url\na,returns page\n", ":2: 'returns page' is no URL"),
        ("question,expected\nhow?,a\nx,y\nHOW？,b\n", ":4 asks the question of line 2 again"),
        (b"PK\x03\x04" + bytes(40), "is a workbook"),
        (b"question,expected\na,\x00\n", "is no text"),
    ],
)
def test_a_fault_is_one_line_that_names_the_place(tmp_path: Path, content: str | bytes, words: str) -> None:
    with pytest.raises(InputError) as caught:
        read(tmp_path, content)
    assert words in str(caught.value), caught.value
    assert "golden.csv" in str(caught.value) and "\n" not in str(caught.value)


def test_json_faults_name_the_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"golden.jsonl:2 is no JSON \("):
        read(tmp_path, '{"question": "a", "expected": "b"}\n{"question": \n', "golden.jsonl")
    with pytest.raises(InputError, match=":1 is no JSON object"):
        read(tmp_path, "[1]\n", "golden.jsonl")


def test_a_question_asked_twice_with_one_expectation_counts_once(tmp_path: Path) -> None:
    assert len(read(tmp_path, "question,expected\nHow?,a\nHOW？,a\n")) == 1


def test_what_is_written_is_read_back_and_runs_nothing(tmp_path: Path) -> None:
    path = tmp_path / "golden.csv"
    asked = (
        GoldenQuestion("=1+1 是多少？", (Expected("https://shop.test/a#b", "如何退货？"),), language="zh"),
        GoldenQuestion("and for how much?", (), (Expected("", "Fees, and more"),), "en", (("can I?", "Yes.\n\n[1]"),)),
        GoldenQuestion("who won?", language="en"),
    )
    write_golden(path, asked)
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert "\n=" not in path.read_text(encoding="utf-8-sig")
    read_back = read_golden(path).questions
    assert [each.question for each in read_back] == [each.question for each in asked]
    assert [(each.expected, each.never, each.language) for each in read_back] == [
        (each.expected, each.never, each.language) for each in asked
    ]
    assert read_back[1].history == (("can I?", "Yes. [1]"),)


def test_a_corrected_file_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "golden.csv"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="exists already"):
        write_golden(path, [RETURNS])
    assert path.read_text(encoding="utf-8") == "mine"
