"""What a text denies, permits, orders and bounds, by the grammar of its language."""

import pytest

from retrieval.text.grammar import CLASSES, find_classes, has_grammar


@pytest.mark.parametrize(
    ("text", "language", "classes"),
    [
        ("You can’t return it.", "en", ("you", "may", "denial")),
        ("They won't be sent before you pay", "en", ("denial", "before", "you")),
        ("at least 30, no more than 40", "en", ("least", "most")),
        ("free from €60 on", "en", ("least",)),
        ("free from the link", "en", ()),
        ("within five working days", "en", ("most",)),
        ("within Germany", "en", ()),
        ("Notable items in canvas", "en", ()),
        ("最多不超过5天，必须提前预约", "zh", ("most", "most", "must", "before")),
        ("德國境內不可以", "zh", ("denial",)),
        ("You can", "xx", ()),
    ],
)
def test_the_longest_form_counts_and_a_number_may_have_to_follow(
    text: str, language: str, classes: tuple[str, ...]
) -> None:
    assert not has_grammar("xx")
    if has_grammar(language):
        assert find_classes(text, language)[0] == classes


def test_what_is_left_are_the_other_words() -> None:
    assert find_classes("You must pay within 3 days", "en")[1].split() == ["pay", "3", "days"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_class_is_known_in_every_language_that_has_a_grammar(language: str) -> None:
    words = {"en": "no can must before after all some only except if minimum maximum we you"}.get(language)
    words = words or "不 可以 必须 之前 之后 所有 部分 仅限 除了 如果 至少 最多 我们 您"
    assert {name for word in words.split() for name in find_classes(word, language)[0]} == {*CLASSES}
