"""What is cleaned on its way into the database."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from bot.database.tables import clean_json
from retrieval.text.cleaning import make_storable

ANY_TEXT = st.text(st.characters(codec=None))


@given(ANY_TEXT)
def test_cleaned_text_is_valid_and_stays_clean(text: str) -> None:
    cleaned = make_storable(text)
    assert "\0" not in cleaned
    assert cleaned.encode().decode() == cleaned == make_storable(cleaned)


@given(st.text())
def test_text_that_both_engines_take_is_kept_as_it_is(text: str) -> None:
    assert make_storable(text) == text.replace("\0", "\ufffd")


def test_json_is_cleaned_all_the_way_down() -> None:
    value = {"a\0": ["\ud800", ("x\0", float("nan"))], "b": {"c": float("inf")}, "d": None, "e": True}
    assert clean_json(value) == {"a\ufffd": ["\ufffd", ["x\ufffd", "nan"]], "b": {"c": "inf"}, "d": None, "e": True}
