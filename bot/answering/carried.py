"""What of a text passages carry: for what a model writes that no customer waits for."""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.answering.attribution.attributor import Attributor
from bot.answering.grounding import Grounding
from bot.answering.sentences import Sentences
from retrieval.documents import Passage

_MARKERS = re.compile(r"[ \t]*\[\d{1,3}(?:\s*[,，、]\s*\d{1,3})*\]")


def keep_carried(
    text: str, passages: Sequence[Passage], question: str, language: str, instructions: str, attributor: Attributor
) -> str:
    """The sentences of `text` that would be let out to a customer, without their markers; "" where none would."""
    attribution = attributor.read_passages(passages, question, language)
    grounding = Grounding(passages, question, language, instructions, attribution)
    sentences = Sentences()
    units = [*sentences.feed(text), *sentences.finish()]
    judged = [each for unit in units for each in grounding.judge_unit(unit)] + grounding.finish()
    kept = "".join(each.text for each in judged if each.fault is None).strip()
    return _MARKERS.sub("", kept) if grounding.cited else ""
