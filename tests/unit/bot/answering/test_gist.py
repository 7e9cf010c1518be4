"""What an answer says, in a line."""

import pytest

from bot.answering.gist import LONGEST_GIST, summarise_answer


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("Two years.", "Two years."),
        (
            "**Yes**, within [30 days](https://x.example).\n\n- keep the box\n- print the label",
            "Yes, within 30 days. keep the box print the label",
        ),
        ("是的，三十天内可以退。" * 20, "是的，三十天内可以退。" * 14),
        ("", ""),
        ("```\nrun it\n```", "run it"),
    ],
)
def test_a_gist_is_the_first_sentences_as_plain_text(answer: str, said: str) -> None:
    assert summarise_answer(answer) == said


def test_a_long_first_sentence_is_cut_at_a_word() -> None:
    said = summarise_answer("very " * 100 + "long.")
    assert len(said) <= LONGEST_GIST and said.endswith("very…")


def test_a_second_sentence_that_does_not_fit_is_left_out() -> None:
    assert summarise_answer("Never. " + "It" + " really" * 30 + " cannot.") == "Never."
