"""JSON lines as people's programs write them, and as they break them."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.errors import InputError
from bot.evaluation.json_lines import read_objects

PATH = Path("rows.jsonl")


def test_only_a_line_feed_ends_a_line() -> None:
    text = '{"a": "one\u2028two\u0085three"}\r\n\n{"a": "four"}'
    assert list(read_objects(PATH, text)) == [(1, {"a": "one\u2028two\u0085three"}), (3, {"a": "four"})]


def test_half_an_emoji_becomes_a_character_that_can_be_written() -> None:
    text = r'{"a": "how \ud83d do", "b\uDE00": ["\ude00x", "\ud83d\ude00"], "c": "\\ud83d"}'
    [(_, row)] = read_objects(PATH, text)
    assert row == {"a": "how \ufffd do", "b\ufffd": ["\ufffdx", "😀"], "c": "\\ud83d"}


@pytest.mark.parametrize(
    ("second", "words"),
    [
        ("[" * 100_000, "nested too deep"),
        ('{"a": ' * 100_000, "nested too deep"),
        ('{"a": ' + "7" * 5_000 + "}", "too long a number"),
        ('{"a": ', "is no JSON"),
        ("[1]", "is no JSON object"),
    ],
    ids=["list", "object", "number", "cut", "no-object"],
)
def test_what_is_no_object_is_told_with_its_line(second: str, words: str) -> None:
    rows = read_objects(PATH, f'{{"a": 1}}\n{second}\n')
    assert next(rows) == (1, {"a": 1})
    with pytest.raises(InputError, match=r"^rows\.jsonl:2 ") as caught:
        next(rows)
    assert words in str(caught.value)
