"""Which sentences of real replies are judged, and what of them is kept."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from benchmarks.faithfulness import DRAWN, KINDS, VERDICTS, Reply, draw_sentences, name_sentence, report_replies

REPLY = Reply(
    id="shop-1",
    site="shop",
    language="en",
    question="Can I send it back?",
    answerable=True,
    firm=True,
    outcome="rewritten",
    faults=("facts", "uncarried"),
    drafts=("You have 99 days [1].", "You have 30 days [1]. We pay [1]."),
    sentences=("You have 30 days [1].",),
    passages=("Returns\nYou have 30 days.",),
    seconds=1.0,
)


def test_the_same_sentences_are_drawn_whatever_the_order_in_which_replies_were_written() -> None:
    replies = [replace(REPLY, id=f"shop-{number}", sentences=(f"It is {number} [1].",) * 2) for number in range(80)]
    drawn = draw_sentences(replies)
    assert len(drawn) == DRAWN and draw_sentences(replies[::-1]) == drawn


def test_replies_and_reasons_are_counted() -> None:
    refused = replace(REPLY, id="shop-2", outcome="refused", faults=("refusal", "GeneratorSlow"), sentences=())
    lines = list(report_replies([REPLY, refused]))
    assert lines[0] == "all: 2 questions, 1 (50%) written; rewritten 1, refused 1"
    assert lines[1].strip() == "4 sentences judged, 3 (75%) withheld; facts 1, uncarried 1, refusal 1"
    assert lines[2].strip() == "the server's faults: GeneratorSlow 1"
    assert lines[-1].startswith("of 1 sentences drawn 0 were judged")


def test_the_verdicts_that_are_kept_hold_no_text() -> None:
    kept = json.loads(VERDICTS.read_text(encoding="utf-8"))
    assert set(kept) == {"about", "verdicts"}
    for name, verdict in kept["verdicts"].items():
        assert re.fullmatch(r"[a-z0-9-]+:[0-9a-f]{16}", name) and verdict in KINDS
    assert name_sentence(REPLY, REPLY.sentences[0]).startswith("shop-1:")
