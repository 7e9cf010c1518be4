"""Whatever a page or a model writes, a client links to nothing that no cited page holds."""

from __future__ import annotations

import html
import io
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from bot.answering.citations import CitationChecker
from bot.api import answers
from bot.chat.conversation import Citation, Decision, Turn
from bot.chat.markdown import find_held_addresses
from bot.chat.split import split_markdown
from bot.platforms.discord import markdown as discord
from bot.platforms.slack import markdown as slack
from bot.platforms.terminal.answers import AnswerPrinter
from tests.support.clients import (
    commonmark_links,
    discord_links,
    mrkdwn_links,
    not_held,
    plain_links,
    slack_links,
    terminal_links,
)
from tests.support.hostile_links import GLUE, GOOD, PAGE, cut_fences, hostile

HELD = find_held_addresses(PAGE)


def by_slack(text: str) -> list[str]:
    return [slack.to_slack(text, HELD)]


def by_slack_s_stream(text: str) -> list[str]:
    """All that is seen on the way."""
    chance = random.Random(text)
    stream, seen, shown = slack.SlackMarkdown(), [], ""
    while text:
        size = chance.randint(1, 9)
        shown += stream.feed(text[:size], HELD)
        text = text[size:]
        seen.append(shown)
    return [*seen, shown + stream.finish(HELD)]


def by_slack_in_pieces(text: str) -> list[str]:
    return split_markdown(slack.to_slack(text * 8, HELD), 40)


def by_slack_s_plain_texts(text: str) -> list[str]:
    return [
        slack.to_literal(text),
        slack.to_fallback(slack.to_slack(text, HELD)),
        slack.format_link(slack.to_literal(text), GOOD[0]),
    ]


def by_slack_s_plain_objects(text: str) -> list[str]:
    return [slack.to_plain_text(text), slack.to_plain_text(text, HELD)]


def by_discord(text: str) -> list[str]:
    return [discord.to_discord(text, HELD)]


def by_discord_on_the_way(text: str) -> list[str]:
    return [discord.to_discord(text[:end], HELD) for end in range(0, len(text), 7)]


def by_discord_in_pieces(text: str) -> list[str]:
    return split_markdown(discord.to_discord(text * 8, HELD), 40)


def by_discord_s_plain_texts(text: str) -> list[str]:
    return [
        discord.to_literal(text),
        discord.to_literal_lines(text, HELD),
        discord.to_literal_lines(text),
        discord.format_link(text, "https://shop.example"),
    ]


def _turn(answer: str) -> Turn:
    cited = (Citation(1, "Returns", "", "p", links=tuple(HELD)),)
    return Turn(
        "ab" * 16, "c", datetime(2026, 1, 2, tzinfo=UTC), "q", "q", "en", Decision.ANSWER, answer, 0.9, 0.5, cited
    )


def _printed(text: str, *, tty: bool) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, force_terminal=tty, width=10_000, highlight=False, legacy_windows=False)
    AnswerPrinter(console).print_answer(_turn(text))
    return [out.getvalue()]


def by_a_terminal(text: str) -> list[str]:
    return _printed(text, tty=True)


def by_a_pipe(text: str) -> list[str]:
    return _printed(text, tty=False)


def by_the_api(text: str) -> list[str]:
    answer = answers.build_answer(_turn(text), "c")
    return [answer.text, *(sentence.text for sentence in answer.sentences)]


def by_the_api_on_the_way(text: str) -> list[str]:
    return [answers.render_markdown(text[:end], HELD) for end in range(0, len(text), 7)]


WAYS = [
    (by_slack, slack_links),
    (by_slack_s_stream, slack_links),
    (by_slack_in_pieces, slack_links),
    (by_slack_s_plain_texts, mrkdwn_links),
    (by_slack_s_plain_objects, plain_links),
    (by_discord, discord_links),
    (by_discord_on_the_way, discord_links),
    (by_discord_in_pieces, discord_links),
    (by_discord_s_plain_texts, discord_links),
    (by_the_api, commonmark_links),
    (by_the_api_on_the_way, commonmark_links),
    (by_a_terminal, terminal_links),
    (by_a_pipe, terminal_links),
]
Ways = pytest.mark.parametrize(("way", "read"), WAYS, ids=[way.__name__ for way, _ in WAYS])


def escaped_links(way: Callable[[str], list[str]], read: Callable[[str], set[str]], text: str) -> set[str]:
    return {target for shown in way(text) for target in not_held(read(shown), HELD)}


@Ways
@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_no_text_leads_where_no_cited_page_does(
    way: Callable[[str], list[str]], read: Callable[[str], set[str]], seed: int
) -> None:
    text = hostile(random.Random(seed))
    assert not escaped_links(way, read, text), text


def test_the_readers_see_what_the_texts_try() -> None:
    texts = [hostile(random.Random(seed)) for seed in range(200)]
    for read in (slack_links, commonmark_links, mrkdwn_links, discord_links, plain_links, terminal_links):
        assert sum(bool(not_held(read(text), HELD)) for text in texts) > 100


@pytest.mark.parametrize("glue", GLUE)
@pytest.mark.parametrize("good", GOOD)
def test_what_is_glued_to_an_address_is_no_part_of_it(good: str, glue: str) -> None:
    for way, read in WAYS:
        assert not escaped_links(way, read, f"See {good}{glue}.evil.lol or ({good}{glue}evil.lol).")


@pytest.mark.parametrize(
    ("text", "leads_to"),
    [
        ("Use the [portal](https://shop.example/portal?step=1&lang=en).", "https://shop.example/portal?step=1&lang=en"),
        (
            "Use the [portal](https://shop.example/portal?step=1&amp;lang=en).",
            "https://shop.example/portal?step=1&lang=en",
        ),
        ("请访问https://shop.example提交申请。", "https://shop.example"),
        ("**https://shop.example**, please", "https://shop.example"),
        ("(see https://shop.example/portal?step=1&lang=en)", "https://shop.example/portal?step=1&lang=en"),
        ("| a | b |\n|---|---|\n| https://shop.example | x |", "https://shop.example"),
    ],
)
def test_an_address_that_a_cited_page_holds_is_a_link(text: str, leads_to: str) -> None:
    assert {html.unescape(unquote(url)) for url in slack_links(slack.to_slack(text, HELD))} == {leads_to}
    assert {unquote(url) for url in discord_links(discord.to_discord(text, HELD))} == {leads_to}
    assert {html.unescape(unquote(url)) for url in commonmark_links(by_the_api(text)[0])} == {leads_to}
    assert f";{leads_to}\x1b" in by_a_terminal(text)[0]


@pytest.mark.parametrize("text", ["Write to help@shop.example.", "Run `curl https://api.shop.example/v1`, then wait."])
def test_what_a_cited_page_shows_stays_as_it_is(text: str) -> None:
    assert slack.to_slack(text, HELD) == discord.to_discord(text, HELD) == text
    assert "\u2060" in slack.to_slack(text)


MAILBOXES = ("orders@shop.example", "first_last@shop.example", "a.b+c@mail.shop.example", "x-y@shop-24.example")


@pytest.mark.parametrize("mailbox", MAILBOXES)
@pytest.mark.parametrize(
    "around", ["Write to {} now.", "{}", "({})", "- {}, or call", "请写信到{}咨询。", "**{}**", "> {}!"]
)
def test_an_address_to_write_to_stands_without_the_angles_of_its_markup(mailbox: str, around: str) -> None:
    page = around.format(f"<{mailbox}>")
    said = _checked(page)
    held, plain = find_held_addresses(page), around.format(mailbox)
    stream = slack.SlackMarkdown()
    streamed = "".join(stream.feed(letter, held) for letter in said) + stream.finish(held)
    for shown in (slack.to_slack(said, held), streamed, discord.to_discord(said, held)):
        assert shown.replace("\u2060", "").replace("&gt;", ">") == plain
        assert mailbox in shown
    printed = by_a_pipe(said)[0].replace("\u2060", "").replace("\u200b", "")
    assert mailbox in printed and f"<{mailbox}" not in printed


@pytest.mark.parametrize(
    "said", ["`<a@shop.example>`", "x<a@shop.example>y", "a <b> and c@d", "<a@shop>", "1 < 2@3.de >"]
)
def test_other_angles_stay(said: str) -> None:
    for shown in (slack.to_slack(_checked(said)), discord.to_discord(_checked(said))):
        read = html.unescape(shown).replace("\\<", "<").replace("\u2060", "").replace("\u200b", "")
        assert read == said


def _checked(page: str) -> str:
    """A page's words as an answer has them."""
    checker = CitationChecker(())
    return checker.feed(page) + checker.finish()


@Ways
@pytest.mark.parametrize(
    "evil", ["//evil||.lol/x", "//evil.lol/x", "//evil", "https://evil.lol", "javascript:alert(1)"]
)
def test_a_link_over_lines_in_a_fence_that_is_cut_leads_nowhere(
    way: Callable[[str], list[str]], read: Callable[[str], set[str]], evil: str
) -> None:
    for text in cut_fences(evil):
        for shown in way(text):
            assert not not_held(read(shown), HELD), (text, shown)


@pytest.mark.parametrize(
    "line", ["for each in rows[0]:", "handlers[key](", "    event, a//b)", "x[0](a, b)", "xs: list[int] = f[1](y)"]
)
def test_code_that_looks_like_a_link_over_lines_can_be_copied(line: str) -> None:
    code = f"```\n{line}\n    event_of(x)\n```"
    assert discord.to_discord(code) == slack.to_slack(code) == code


def test_what_is_cut_in_two_is_no_other_link() -> None:
    text = "Go on. " * 3 + "See [the portal and all](https://shop.example/portal?step=1&lang=en) now. " * 40
    for limit in range(90, 200, 7):
        for piece in split_markdown(slack.to_slack(text, HELD), limit):
            assert not not_held(slack_links(piece), HELD)


GROWING = ("[", "[a](", "<!--", "`", "``a`", "*", "_a", "**（", "https://a", "a.b。", ":/", "&colon;", "mailto:", "<br",
           "](", "@here", "x@y.zz ", "| a ", "。", "请", "  ", "![", "\\", "[[x]")  # fmt: skip


@pytest.mark.parametrize("base", GROWING)
def test_the_time_it_takes_grows_with_the_text_and_no_faster(base: str) -> None:
    def seconds(size: int) -> float:
        text = (base * size)[:size]
        begun = time.perf_counter()
        slack.to_slack(text, HELD)
        discord.to_discord(text, HELD)
        find_held_addresses(text)
        return time.perf_counter() - begun

    small, large = (min(seconds(size) for _ in range(3)) for size in (4_000, 32_000))
    assert large < max(small, 0.004) * 8 * 4


def test_an_answer_of_8000_characters_takes_little() -> None:
    paragraph = f"{PAGE} **三十天（30 天）**内退货。 Then wait for 3.5 days, e.g. at home [1].\n\n"
    text = (paragraph * 50)[:8_000]
    took = min(_timed(lambda: slack.to_slack(text, HELD)) for _ in range(5))
    assert took < 0.1, "some 10 ms on a quiet machine"


def _timed(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
