"""Codes are found however they are written."""

from __future__ import annotations

import pytest

from retrieval.text.analysis import analyse_text


@pytest.mark.parametrize(("one", "other"), [("E1043", "E-1043"), ("kx220", "KX-220"), ("KX 220", "kx220")])
def test_spellings_of_a_code_share_their_tokens(one: str, other: str) -> None:
    shared = set(analyse_text(one)) & set(analyse_text(other))
    assert any(token.isdecimal() for token in shared) and len(shared) >= 2


def test_words_and_numbers_are_no_codes() -> None:
    assert analyse_text("within 30 days, 12.5 percent") == ["within", "30", "day", "12", "5", "percent"]
