"""What is missing from the FAQ: who asked, what one would call it, and a table that is safe to open."""

from __future__ import annotations

import csv
import io
import random
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.gaps.service import GapReport, Gaps, Missed, Reason, title_of, to_csv
from retrieval.audiences import Viewer
from tests.support.embedding import default_embedder, intent_reader

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)
ABSTAINED = frozenset({Reason.ABSTAINED})


class Store:
    def __init__(self, missed: Sequence[Missed]) -> None:
        self.missed_questions = missed
        self.since: datetime | None = None

    async def missed(self, since: datetime, limit: int = 5000) -> Sequence[Missed]:
        self.since = since
        return [each for each in self.missed_questions if each.at >= since][:limit]


def missed(question: str, asker: str = "ann", hours: float = 1, number: int = 0, **other: Any) -> Missed:
    values = {"language": "en", "reasons": ABSTAINED, "comment": ""} | other
    return Missed(f"{number:032x}", question, asker=asker, at=NOON - timedelta(hours=hours), **values)


async def report(*some: Missed, days: int = 7) -> GapReport:
    return await Gaps(Store(some), default_embedder, intent_reader).report(days=days, now=NOON)


@pytest.mark.parametrize(
    ("question", "title"),
    [
        ("the lamp is broken.", "The lamp is broken"),
        ("iPhone 15 won't charge", "iPhone 15 won't charge"),
        ("great product, how to clean it", "Great product, how to clean it"),
        ("how do i say thanks in the app?", "How do i say thanks in the app?"),
        ("where is\n\n my   parcel", "Where is my parcel?"),
        ("été ou hiver ?", "Été ou hiver?"),
        ("如何退货?", "如何退货？"),
        ("行李怎么寄", "行李怎么寄？"),
        ("早退怎么办", "早退怎么办？"),
        ("怎么在软件里说谢谢", "怎么在软件里说谢谢？"),
        ("台灯坏了。", "台灯坏了"),
        ("thanks", "Thanks"),
        ("", ""),
    ],
)
def test_a_title_is_the_question_as_a_sentence(question: str, title: str) -> None:
    assert title_of(question) == title


def test_a_long_question_gives_its_question_or_its_first_words() -> None:
    story = "I ordered a lamp on Monday and it has not come yet, although I paid for the fast delivery. "
    assert title_of(f"{story}When will it come? {story}") == "When will it come?"
    cut = title_of("how do I combine " + "very " * 60 + "many lamps")
    assert cut.startswith("How do I combine very")
    assert cut.endswith("very…?")
    assert 90 < len(cut) <= 100
    assert title_of("怎么" + "退" * 300) == "怎么" + "退" * 96 + "…" + "？"


HOSTILE = (
    *("", " ", "😀", "🙏🙏", "\ud800", "\x00\x07", "?!", "\u202e\u200b", "\u200b" * 12_000, " " * 12_000),
    *(
        "a" * 12_000,
        "退" * 12_000,
        "hi there " * 1_300 + "x",
        "谢谢" * 6_000,
        "no thanks " * 1_200,
        "hi," * 4_000 + "how",
    ),
    *("?" * 12_000, "Q: " * 4_000, "=cmd|' /C calc'!A0", "\x1b[31mred", "e\u0301" * 6_000),
)


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_no_text_takes_long_or_makes_a_title_too_long(text: str) -> None:
    started = time.monotonic()
    title = title_of(text)
    assert time.monotonic() - started < 2
    assert len(title) <= 100
    assert "\n" not in title
    title.encode()


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("", 0),
        ("?!", 0),
        ("Thanks!!", 0),
        ("hello there, good morning", 0),
        ("你好", 0),
        ("refund", 1),
        ("thanks for the quick reply but how do I cancel", 1),
    ],
)
async def test_small_talk_asks_nothing(text: str, asked: int) -> None:
    assert (await report(missed(text))).questions == asked


async def test_what_only_the_conversation_explains_is_no_gap() -> None:
    replies = ["how long?", "and to Canada?", "why not?", "how much is it?", "多久？", "那这个呢？"]
    asked = ["parking?", "opening hours", "运费多少"]
    found = await report(*(missed(text, number=number) for number, text in enumerate([*replies, *asked])))
    assert {each.question for gap in found.gaps for each in gap.questions} == set(asked)


async def test_a_first_question_with_it_is_what_somebody_asks_of_this_faq() -> None:
    found = await report(missed("How do I turn it on?", first=True), missed("thanks", first=True, number=1))
    assert [gap.title for gap in found.gaps] == ["How do I turn it on?"]


@pytest.mark.parametrize(("now", "answered"), [("", False), ("p1", False), ("p2", True)])
async def test_a_voted_down_answer_counts_as_answered_only_by_another_passage(now: str, answered: bool) -> None:
    async def known(_question: str, _viewer: Viewer) -> str:
        return now

    down = missed("Do you ship to Norway?", reasons=frozenset({Reason.VOTED_DOWN}), refused="p1")
    plain = missed("What does the sofa weigh?", number=1)
    found = await Gaps(Store([down, plain]), default_embedder, intent_reader, known).report(now=NOON)
    assert {gap.title: gap.answered for gap in found.gaps} == {
        "Do you ship to Norway?": answered,
        "What does the sofa weigh?": bool(now),
    }
    rows = {row[1]: row[3] for row in rows_of(to_csv(found))[1:]}
    assert rows["Do you ship to Norway?"] == ("yes" if answered else "no")


async def test_a_reply_to_a_choice_is_no_gap() -> None:
    replies = [
        "5",
        "2.",
        "12",
        "７",
        "the second one",
        "the last one please",
        "第二个",
        "第六个",
        "二",
        "都不是",
        "none of these",
    ]
    asked = ["refund 2 orders", "5 items or 6?", "second-hand goods", "第二个订单怎么退款", "one refund please"]
    tags = ("en" if text[0].isascii() else "zh" for text in [*replies, *asked])
    texts = zip([*replies, *asked], tags, strict=True)
    found = await report(*(missed(text, number=number, language=tag) for number, (text, tag) in enumerate(texts)))
    assert found.questions == len(asked)
    assert {each.question for gap in found.gaps for each in gap.questions} == set(asked)


async def test_gaps_are_ordered_by_askers_then_questions_then_recency() -> None:
    found = await report(
        missed("Do you ship to Norway?", "ann", 9, 1),
        missed("hi, do you ship to norway", "ben", 8, 2, reasons=frozenset(Reason)),
        missed("Can you ship to Norway? Thanks!", "ann", 7, 3),
        missed("如何申请退货？", "ann", 6, 4, language="zh"),
        missed("你好，怎么申请退货", "ann", 5, 5, language="zh", reasons=frozenset({Reason.HANDED_OFF})),
        missed("Can I pay by invoice?", "ben", 3, 6),
        missed("What does the sofa weigh?", "ben", 2, 7),
        missed("thanks", "eve", 1, 8),
        missed("", "eve", 1, 9),
    )
    assert found.gaps[0].title == "Do you ship to Norway?"
    assert found.gaps[1].title in {"如何申请退货？", "怎么申请退货？"}
    assert [gap.title for gap in found.gaps][2:] == ["What does the sofa weigh?", "Can I pay by invoice?"]
    assert found.questions == 7
    first, second = found.gaps[:2]
    assert (first.askers, len(first.questions), first.language) == (2, 3, "en")
    assert first.reasons == dict.fromkeys(Reason, 1) | {Reason.ABSTAINED: 3}
    assert (first.first_at, first.last_at) == (NOON - timedelta(hours=9), NOON - timedelta(hours=7))
    assert [each.turn_id[-1] for each in first.questions] == ["1", "2", "3"]
    assert (second.askers, second.language, second.reasons) == (1, "zh", {Reason.ABSTAINED: 1, Reason.HANDED_OFF: 1})


async def test_at_most_three_examples_and_none_twice() -> None:
    forms = (
        "Do you ship to Norway?",
        "do you ship to NORWAY",
        "shipping to Norway possible?",
        "Can you ship to Norway?",
    )
    gap = (await report(*(missed(form, number=number) for number, form in enumerate(forms * 3)))).gaps[0]
    assert len(gap.questions) == 12
    assert len(gap.examples) == len({example.casefold().strip("?") for example in gap.examples}) == 3
    (gap,) = (await report(missed("Do you ship lamps? " + "very " * 900))).gaps
    assert len(gap.examples[0]) <= 300


async def test_the_order_of_the_questions_does_not_matter() -> None:
    some = [
        missed(question, f"user {number % 3}", number % 5, number)
        for number, question in enumerate(
            [
                "Do you ship to Norway?",
                "do you ship to norway!",
                "shipping to Norway?",
                "如何退货",
                "怎么退货",
                "refund?",
            ]
        )
    ]
    expected = await report(*some)
    for seed in range(4):
        assert await report(*random.Random(seed).sample(some, len(some))) == expected


async def test_only_the_days_asked_for_count() -> None:
    store = Store([missed("Do you ship to Norway?", hours=30), missed("Can I pay by card?", hours=-1)])
    found = await Gaps(store, default_embedder, intent_reader).report(days=1, now=NOON)
    assert found == GapReport(NOON - timedelta(days=1), NOON, 0, ())
    assert store.since == NOON - timedelta(days=1)
    found = await Gaps(store, default_embedder, intent_reader).report(days=2, now=NOON)
    assert (found.questions, found.gaps[0].title) == (1, "Do you ship to Norway?")


async def test_without_questions_no_model_is_loaded() -> None:
    def load() -> Any:
        raise AssertionError

    assert (await Gaps(Store([missed("hi")]), load, intent_reader).report(now=NOON)).gaps == ()


async def test_hostile_questions_are_reported() -> None:
    found = await report(*(missed(text, number=number) for number, text in enumerate(HOSTILE)))
    assert found.questions == sum(len(gap.questions) for gap in found.gaps)
    to_csv(found).encode()


def rows_of(text: str) -> list[list[str]]:
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


async def test_the_table_has_a_row_a_question() -> None:
    found = await report(
        missed('Is "red"\nor blue, the lamp?', "ann", 2, 1, reasons=frozenset(Reason), comment="wrong\r\nlamp"),
        missed("如何退货？", "ben", 1, 2, language="zh"),
    )
    heads, *rows = rows_of(to_csv(found))
    told = ["question", "reasons", "comment", "time", "language", "turn"]
    assert heads == ["gap", "title", "askers", "answered", *told]
    assert [row[0] for row in rows] == ["1", "2"]
    assert rows[0][1:5] == ["如何退货？", "1", "no", "如何退货？"]
    assert rows[1][4] == 'Is "red"\nor blue, the lamp?'
    assert rows[1][5] == "abstained abandoned voted_down handed_off"
    assert rows[1][7:] == ["2026-03-09T10:00:00+00:00", "en", f"{1:032x}"]
    assert to_csv(GapReport(NOON, NOON, 0, ())).count("\r\n") == 1


@pytest.mark.parametrize(
    "formula",
    [
        "=1+1",
        "+1 day?",
        "-1 day",
        "@SUM(A1)",
        "\t=1+1",
        "\r=1+1",
        "\n=1+1",
        "  =1+1",
        "＝1+1",
        "＋1",
        "－1",
        "＠a",
        "\u200b=1",
    ],
)
async def test_no_cell_is_a_formula(formula: str) -> None:
    one = Missed(formula, f"{formula} lamp", formula, "ann", NOON, ABSTAINED, comment=formula)
    found = await report(one)
    for row in rows_of(to_csv(found))[1:]:
        assert not any(cell[:1] in tuple("=+-@\t\r\n＝＋－＠") or cell.strip()[:1] == "=" for cell in row)
        assert row[4].startswith("'")
