"""Answers of mostly the same words that state the same, and those that do not."""

from __future__ import annotations

import pytest

from retrieval.search.same_statement import state_the_same


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("The warranty is 2 years.", "The warranty is 5 years."),
        ("Yes, guests can be invited.", "No, guests can be invited."),
        ("Guests are invited.", "Guests are not invited."),
        ("It comes in black.", "It comes in white."),
        ("We ship with DHL.", "We ship with UPS."),
        ("We ship it by post.", "We ship it by post with Colissimo."),
        ("可以邀请访客。", "不可以邀请访客。"),
        ("自购买之日起保修2年。", "自购买之日起保修5年。"),
        ("Die Rücksendung ist kostenlos.", "Die Rücksendung ist nicht kostenlos."),
        ("9.5 inches.", "3.5 inches."),
        ("Two sizes:\n- 9 inches", "Two sizes:\n- 8 inches"),
        ("9 inches.", "8 inches."),
    ],
)
def test_these_differ(one: str, other: str) -> None:
    assert not state_the_same(one, other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Wipe it with a damp cloth.", "Please wipe it with a damp cloth."),
        ("Wipe it. Let it dry.", "Let it dry. Wipe it."),
        ("You can do that in 3 days.", "You could do this in 3 days!"),
        ("1. Open it.\n\n   Figure 9. The lid", "1. Open it.\n\n   Figure 31. The lid"),
        ("打开盖子。\n\n图 3：盖子", "打开盖子。\n\n图 12：盖子"),
    ],
)
def test_these_say_the_same(one: str, other: str) -> None:
    assert state_the_same(one, other)


def test_the_names_of_what_each_is_about_make_no_difference() -> None:
    one, other = "Our Zorvia is waterproof.", "Our Belmora is waterproof."
    assert not state_the_same(one, other)
    assert state_the_same(one, other, {"zorvia", "belmora"})


def test_so_do_those_of_what_is_written_without_spaces() -> None:
    one, other = "请用清水清洗水壶。", "请用清水清洗外套。"
    assert not state_the_same(one, other)
    assert state_the_same(one, other, {"水壶", "外套", "洗水", "洗外"})
