"""Bold and italics beside full-width marks: what is bold is what was meant, and no mark is left for the reader."""

from __future__ import annotations

import io
import random
import re
from datetime import UTC, datetime

import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from bot.chat.conversation import Decision, Turn
from bot.platforms.discord.markdown import to_discord
from bot.platforms.slack.markdown import SlackMarkdown, to_slack
from bot.platforms.terminal.answers import AnswerPrinter

OPENING, CLOSING = "“‘「『（《【([", "”’」』）》】)]"
ENDS = "。，：；！？、…％℃·.:!?"
LETTERS = ("请在", "です", "カード", "한국어", "é", "日", "x", "")
INNER = ("三十天", "重要", "30 天", "中文 English", "です", "강조")
SHAPES = {
    "**{0}**": "strong", "*{0}*": "em", "***{0}***": "em+strong", "**{0}*{1}*{0}**": "strong", "*{0}**{1}**{0}*": "em",
    "_{0}_": "em", "__{0}__": "strong",
}  # fmt: skip


def _cases() -> list[tuple[str, str]]:
    """Markdown, and the words that are emphasised in it."""
    chance, cases = random.Random(36), []
    for shape in SHAPES:
        for number in range(60):
            opening = chance.choice(("", chance.choice(OPENING)))
            closing = CLOSING[OPENING.index(opening)] if opening else chance.choice(("", chance.choice(ENDS)))
            words = [f"{opening}{chance.choice(INNER)}{closing}" for _ in range(2)]
            before, after = chance.choice(LETTERS), chance.choice(LETTERS)
            if shape[0] == "_" and (before == "x" or after == "x"):
                before = after = "请"  # snake_case is no emphasis
            line = f"{before}{shape.format(*words)}{after}"
            bare = before.isascii() and after.isascii() and line.isascii()
            if (not bare and "{1}" not in shape) or number % 2:
                cases.append((line, re.sub("[*_]+", "", shape.format(*words))))
    return cases


CASES = _cases()


def plain(html: str) -> str:
    return re.sub(r"<[^>]+>|[\u200b\u2060\n]", "", html)


def emphasised_by_commonmark(markdown: str) -> str:
    html = MarkdownIt("commonmark").render(markdown)
    found = re.search(r"<(em|strong)>.*</\1>", html)
    return plain(found[0]) if found else ""


def emphasised_by_discord(markdown: str) -> str:
    """By the patterns of its client."""
    found = re.search(r"(\*{1,3}|_{1,2})(?=\S)(.+)(?<=\S)\1", markdown)
    return re.sub(r"[*_\u200b\u2060]", "", found[2]) if found else ""


@pytest.mark.parametrize(("markdown", "words"), CASES)
def test_what_is_meant_is_emphasised(markdown: str, words: str) -> None:
    assert emphasised_by_commonmark(to_slack(markdown)) == words
    assert not re.search(r"[*_]", plain(MarkdownIt("commonmark").render(to_slack(markdown))))
    assert emphasised_by_discord(to_discord(markdown)) == words


@pytest.mark.parametrize(("markdown", "words"), CASES[::7])
def test_a_stream_shows_it_as_the_whole_does(markdown: str, words: str) -> None:
    stream = SlackMarkdown()
    shown = "".join(stream.feed(letter) for letter in markdown) + stream.finish()
    assert shown == to_slack(markdown) and emphasised_by_commonmark(shown) == words


def test_a_terminal_draws_it() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=200, highlight=False, legacy_windows=False)
    answer = "请在**三十天（30 天）**内退货。运费由**“我们”**承担。"
    turn = Turn("ab" * 16, "c", datetime(2026, 1, 2, tzinfo=UTC), "q", "q", "zh", Decision.ANSWER, answer, 0.9, 0.5)
    AnswerPrinter(console).print_answer(turn)
    bold = [part.replace("\u200b", "") for part in re.findall(r"\x1b\[1m(.*?)\x1b\[0m", out.getvalue())]
    assert bold == ["三十天（30 天）", "“我们”"] and "*" not in out.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        "2*(3+4)*5 = 70",
        "snake_case_words",
        "5 * 3 * 2 个",
        "`**（a）**b`",
        "a **b** c",
        r"价格\*（含税）\*起",
        "订单_编号",
        "* 一\n* 二",
    ],
)
def test_what_is_no_emphasis_stays_as_it_is(text: str) -> None:
    assert to_slack(text) == text
