"""Answers drawn on a terminal, and piped."""

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from bot.answering.pipeline import AnswerPipeline
from bot.answering.quote import ExtractiveWriter
from bot.chat.conversation import Citation, Decision, IncomingMessage, Turn, UsedPassage
from bot.platforms.terminal.answers import AnswerPrinter
from bot.platforms.terminal.explanation import draw_explanation
from retrieval.documents import LEARNED, Document, RetrievalResult
from tests.fakes import MemoryConversations, found
from tests.support.embedding import intent_reader

RETURNS = Document("https://shop.example/r_(eu)", "How do I [return] goods?", "1. Open the **portal**.\n2. Wait.")


class Shelf:
    """Always finds the page on returns."""

    async def retrieve(self, query: str, *, context: object = (), limit: int = 10, **_: Any) -> RetrievalResult:
        return found(RETURNS, query=query)


def printer(*, tty: bool) -> tuple[AnswerPrinter, io.StringIO]:
    out = io.StringIO()
    return AnswerPrinter(Console(file=out, force_terminal=tty, width=80, highlight=False, legacy_windows=False)), out


async def answer(shown: AnswerPrinter) -> Turn:
    pipeline = AnswerPipeline(Shelf(), MemoryConversations(), ExtractiveWriter(), intents=intent_reader())
    return await shown.show_answer(pipeline.answer_message(IncomingMessage("c", "How do I return goods?")))


def answered(**changes: object) -> Turn:
    values = {
        "id": "ab" * 16,
        "conversation_id": "c",
        "created_at": datetime(2026, 1, 2, tzinfo=UTC),
        "question": "q",
        "standalone_question": "q",
        "language": "zh",
        "decision": Decision.ANSWER,
        "answer": "好。 [1]",
        "confidence": 0.9,
        "threshold": 0.5,
        "citations": (Citation(1, "标题", "https://shop.example/zh", "p"),),
    }
    return Turn(**(values | changes))  # type: ignore[arg-type]


async def test_piped_an_answer_is_plain_markdown_with_its_sources() -> None:
    shown, out = printer(tty=False)
    turn = await answer(shown)
    assert turn.answer == "1. Open the **portal**.\n2. Wait.\n\n[1]"
    assert out.getvalue() == (
        "1. Open the **portal**.\n2. Wait.\n\n[1]\n\nSources\n[1] How do I [return] goods?  https://shop.example/r_(eu)\n"
    )


def test_piped_an_answer_has_its_escaped_characters_as_themselves() -> None:
    shown, out = printer(tty=False)
    markdown = (
        r"Write to &lt;orders@shop.example> \[day or night\], 1 &lt; 2, R&amp;D&#27;[2J. [1]"
        "\n\n"
        r"[Ask \[us\]](https://shop.example/?a&equals;1) `&lt; \[` https://shop.example/?b&amp;c"
        "\n\n```\n"
        r"&lt; \*"
        "\n```"
    )
    held = ("https://shop.example/?a=1", "https://shop.example/?b&c", "orders@shop.example")
    shown.print_answer(answered(answer=markdown, citations=(Citation(1, "t", "", "p", links=held),)))
    assert out.getvalue().partition("\n来源")[0] == (
        "Write to orders@shop.example [day or night], 1 < 2, R&D[2J. [1]\n\n"
        r"[Ask [us]](https://shop.example/?a=1) `&lt; \[` https://shop.example/?b&c"
        "\n\n```\n"
        r"&lt; \*"
        "\n```\n"
    )


async def test_on_a_terminal_the_markers_and_titles_are_links() -> None:
    shown, out = printer(tty=True)
    await answer(shown)
    text = out.getvalue()
    assert "\x1b]8;" in text
    assert "https://shop.example/r_%28eu%29" in text
    assert "portal" in text
    assert "**" not in text


def test_the_sources_are_named_in_the_language_of_the_answer() -> None:
    shown, out = printer(tty=False)
    shown.print_answer(answered())
    assert out.getvalue() == "好。 [1]\n\n来源\n[1] 标题  https://shop.example/zh\n"


def test_a_pages_text_cannot_steer_the_terminal() -> None:
    shown, out = printer(tty=True)
    shown.print_answer(answered(citations=(Citation(1, "a\x1b[2Jb\nc", "https://x.example/\x1b]0;t\x07", "p"),)))
    assert "\x1b[2J" not in out.getvalue()
    assert "\x1b]0;" not in out.getvalue()
    assert "\x07" not in out.getvalue()


def test_an_explanation_shows_the_decision_and_each_passage() -> None:
    out = io.StringIO()
    used = UsedPassage("p", "Title", "https://x.example", "text", 1, 0.75, {"dense": 0.5}, "2026-01-02T03:04:05")
    Console(file=out, width=120).print(
        draw_explanation(answered(passages=(used,), model="extractive", index_version="v7"))
    )
    for part in ("answer: confidence 0.90 reaches the threshold 0.50", "v7", "Title", "dense 0.50", "2026-01-02"):
        assert part in out.getvalue()


def test_an_explanation_shows_what_the_glossary_made_of_the_question() -> None:
    out = io.StringIO()
    Console(file=out, width=120).print(draw_explanation(answered(rewritten=("My umbrella?", "My\x1b[2J parasol?"))))
    for part in ("My umbrella? (by the glossary)", "My parasol? (by the glossary)"):
        assert part in out.getvalue()


@pytest.mark.parametrize(("people", "counted"), [(1.0, "1 person showed"), (3.0, "3 people showed")])
def test_an_explanation_tells_that_people_showed_what_the_words_mean(people: float, counted: str) -> None:
    out = io.StringIO()
    Console(file=out, width=120).print(draw_explanation(answered(features={LEARNED: people})))
    assert f"{counted} that these words mean the first entry" in out.getvalue()


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_an_explanation_is_a_block_a_passage_that_fits_the_width(width: int) -> None:
    signals = {f"signal_{number}": 0.5 for number in range(8)}
    used = [UsedPassage(f"p{n}", f"Title {n}", f"https://x.example/{n}", "text", n, 0.75, signals) for n in range(1, 8)]
    turn = answered(passages=tuple(used), citations=(Citation(1, "Title 2", "https://x.example/2", "p2"),))
    out = io.StringIO()
    Console(file=out, width=width).print(draw_explanation(turn, passages=5))
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    assert max(map(len, lines)) <= width
    assert " 1 Title 1" in lines or "1 Title 1" in lines
    assert any(line.endswith("2 [1] Title 2") for line in lines)
    assert not any(line.endswith("signal_3") for line in lines)  # a name is never parted from its value
    assert "… and 2 more: frontdesk explain abababab" in lines
    if width == 80:
        assert len(lines) < 45


def test_small_talk_is_not_held_against_a_threshold() -> None:
    out = io.StringIO()
    Console(file=out, width=80).print(draw_explanation(answered(decision=Decision.CHITCHAT, confidence=0.0)))
    assert "chitchat" in out.getvalue()
    assert "threshold" not in out.getvalue()
