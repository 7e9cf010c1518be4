"""The question of a message that a log or a piece of code was pasted into: the lines that somebody wrote, and the codes
of the pasted ones that the pages know.

Whether a line was written by a person is told by how its characters are made up, with weights fitted by
`python -m benchmarks.pasted_logs --fit`.
"""

from __future__ import annotations

import json
import re
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from retrieval.text.analysis import analyse_text, fold_text, is_function, is_unspaced
from retrieval.text.codes import find_codes
from retrieval.text.content_words import word_sequence

if TYPE_CHECKING:
    from retrieval.index.index import Index

LINES = 8  # what has fewer is a message, whatever stands in it; unless code is fenced in it
FEATURES = ("function", "letters", "digits", "symbols", "ended", "indented")
MOST_CODES = 5
_FENCED = re.compile(r"^[ \t]*(?:```|~~~).*?(?:^[ \t]*(?:```|~~~)[ \t]*$|\Z)", re.MULTILINE | re.DOTALL)
_ENDED = re.compile(r"[?.!…？。！][\s\"'”’)]*$")
_SENTENCE_MARKS = frozenset(" ,.?!;:'’\"“”-…，。？！；：、（）()")


def question_of(text: str, index: Index) -> str:
    """`text` without what was pasted into it; all of it where nothing was, or nothing else is left."""
    unfenced = _FENCED.sub("\n", text)
    lines = [line for line in unfenced.splitlines() if line.strip()]
    if not lines or (unfenced == text and len(lines) < LINES):
        return text
    likely = [log_odds_written(line) for line in lines]
    least = min(0.0, max(likely))  # of none that reads as written the likeliest: "export pdf"
    written = [line.strip() for line, odds in zip(lines, likely, strict=True) if odds >= least]
    question = "\n".join(written)
    if len(written) == len(lines) and unfenced == text:
        return text
    return " ".join([question, *_known_codes(text, question, index)])


def log_odds_written(line: str) -> float:
    """How likely a person wrote a line, rather than a machine."""
    weights, values = _load_weights(), describe_line(line)
    return weights["intercept"] + sum(weights[name] * value for name, value in zip(FEATURES, values, strict=True))


def describe_line(line: str) -> tuple[float, ...]:
    """The FEATURES of a line: shares of its words that are function words or written without spaces, of letters, digits
    and symbols in its characters; whether it ends like a sentence, and whether it is indented."""
    tokens, text = word_sequence(line), line.strip()
    length = max(1, len(text))
    return (
        sum(is_function(token) or is_unspaced(token) for token in tokens) / max(1, len(tokens)),
        sum(character.isalpha() for character in text) / length,
        sum(character.isdecimal() for character in text) / length,
        sum(not character.isalnum() and character not in _SENTENCE_MARKS for character in text) / length,
        float(bool(_ENDED.search(text))),
        float(line[:1].isspace()),
    )


def _known_codes(text: str, question: str, index: Index) -> list[str]:
    """The codes of the pasted lines that stand in the pages, and not in the question."""
    held = set(analyse_text(question))
    found = dict.fromkeys(whole for whole, _ in find_codes(fold_text(text)) if whole not in held)
    return [whole for whole in found if len(index.texts.look_up([whole]).known)][:MOST_CODES]


@cache
def _load_weights() -> dict[str, float]:
    weights: dict[str, float] = json.loads((files("retrieval.search") / "written_lines.json").read_text("utf-8"))
    return weights
