"""A team's own table of questions and answers, from its bytes to what is searched."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from bot.errors import InputError
from bot.taught.service import TableResult
from bot.taught.table import Row, read_table
from tests.support.steering import MATE, Office

HEADING = "question,answer,language,link,wordings\n"
TABLE = (
    HEADING + 'Can I moor here?,"Yes, for a night.",en,https://quay.example/moor,"May I stay?\nIs mooring free?"\n'
    "Où payer ?,Au bureau.,fr,,\n"
)


def test_a_table_is_read_by_the_names_of_its_columns() -> None:
    assert read_table(TABLE.encode()) == [
        Row(
            3,
            "Can I moor here?",
            "Yes, for a night.",
            "en",
            "https://quay.example/moor",
            ("May I stay?", "Is mooring free?"),
        ),
        Row(4, "Où payer ?", "Au bureau.", "fr"),
    ]


@pytest.mark.parametrize(
    "content",
    [
        "\ufeffAnswer;Question\r\n\r\nBy card, or cash.;How do I pay?\r\n".encode(),
        "question\tanswer\nHow do I pay?\tBy card, or cash.\n".encode("utf-16"),
        b'ANSWER , Question,\n"By card, or cash."," How do\nI pay? ",\n',
    ],
)
def test_columns_stand_in_any_order_as_spreadsheet_programs_write_them(content: bytes) -> None:
    [row] = read_table(content)
    assert (row.question, row.answer) == ("How do I pay?", "By card, or cash.")


def test_a_formula_is_a_text() -> None:
    [row] = read_table(b"question,answer\nHow much?,'=1+1\n")
    assert row.answer == "=1+1"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        ("question,answer\n", "no row"),
        ("Where?,Here.\n", "Line 1 .*'where\\?'.*question and answer"),
        ("question,reply\nWhere?,Here.\n", "Line 1 .*'reply'"),
        ("question,language\nWhere?,en\n", "Line 1 .*no column is called answer"),
        ("question,answer,answer\n", "Line 1 .*two columns"),
        (f"{HEADING}Where?,,,,\n", "Line 2 .*answer is empty"),
        (f"{HEADING}Where?,Here.,English please,,\n", "Line 2 .*no language"),
        (f"{HEADING}Where?,Here.,en,javascript:x,\n", "Line 2 .*no link"),
        (f"{HEADING}Where?,Here.,en,https://[x,\n", "Line 2 .*no link"),
        (f"{HEADING}Where?,Here.,en,,,more\n", "Line 2 .*without a name"),
        (f"{HEADING}Where?,Here.\nWHERE?,There.\n", "Line 3 .*line 2 asks"),
        (f'{HEADING}"Where?,Here.\n', "Line 2 "),
        (f"{HEADING}Where?,Here.,,,{'x' * 1_001}\n", "Line 2 .*wordings"),
        ("question,answer\n" + "".join(f"q{n},a\n" for n in range(5_001)), "Line 5002 .*at most 5000"),
    ],
)
def test_what_cannot_be_used_is_named_by_its_line(text: str, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_table(text.encode())


@pytest.mark.parametrize(("content", "told"), [(b"PK\x03\x04..", "as CSV"), (b"question,answer\n\xff\xfe", "UTF-8"), (b"x" * (10 * 2**20 + 1), "MiB")])  # fmt: skip  # noqa: E501
def test_a_file_of_another_kind_is_told(content: bytes, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_table(content)


async def test_a_table_brought_in_twice_changes_nothing(office: Office) -> None:
    rows = read_table(TABLE.encode())
    assert await office.taught_answers.import_rows(MATE, rows) == TableResult(added=2)
    before = await office.taught_store.list()
    assert await office.taught_answers.import_rows(MATE, rows) == TableResult(same=2)
    assert await office.taught_store.list() == before
    moor = next(each for each in office.published_answers.current_documents()[1] if each.language == "en")
    assert (moor.alternatives, moor.url) == (("May I stay?", "Is mooring free?"), "https://quay.example/moor")


async def test_what_a_table_says_otherwise_is_changed_and_what_it_lacks_stays(office: Office) -> None:
    await office.taught_answers.import_rows(MATE, read_table(TABLE.encode()))
    rows = read_table(b"question,answer\nCAN I MOOR HERE?,Not in May.\nWho are you?,The harbour.\n")
    assert await office.taught_answers.import_rows(MATE, rows) == TableResult(added=1, changed=1)
    answers = {each.question: each.answer for each in await office.taught_store.searched(datetime.now(UTC))}
    assert answers == {
        "CAN I MOOR HERE?": "Not in May.",
        "Où payer ?": "Au bureau.",
        "Who are you?": "The harbour.",
    }


async def test_of_a_table_with_a_row_too_long_nothing_is_taught(office: Office) -> None:
    rows = read_table(f"question,answer\nWhere?,Here.\nWhen?,{'x' * 6_001}\n".encode())
    with pytest.raises(InputError, match=r"Line 3 .*6000"):
        await office.taught_answers.import_rows(MATE, rows)
    assert await office.taught_store.list() == []
