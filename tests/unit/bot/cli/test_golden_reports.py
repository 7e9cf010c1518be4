"""What came of golden questions, in words."""

from __future__ import annotations

import pytest

from bot.chat.conversation import Decision
from bot.cli.golden_reports import show_one
from bot.evaluation.judge import Judged, Verdict
from bot.evaluation.questions import Expected, GoldenQuestion

GONE = Expected("https://gone.test/")


def gone(name: str) -> Judged:
    golden = GoldenQuestion(name, (GONE,))
    return Judged(golden, Decision.ABSTAIN, 0.1, (), frozenset(), (GONE,), Verdict.UNANSWERED)


@pytest.mark.parametrize(
    ("names", "counted"), [("a", "1 golden question (1 answerable)"), ("ab", "2 golden questions")]
)
def test_questions_are_counted_in_plain_words(names: str, counted: str, capsys: pytest.CaptureFixture[str]) -> None:
    show_one("version x", [gone(name) for name in names], as_json=False)
    assert counted in capsys.readouterr().out


def test_a_missing_entry_is_not_called_wrong_where_nothing_was_answered(capsys: pytest.CaptureFixture[str]) -> None:
    show_one("version x", [gone("a")], as_json=False)
    shown = capsys.readouterr().out
    assert "Expected entry not found" in shown and "unanswered" in shown
    assert "wrong" not in shown
