"""Texts of pages and people as data that a language model is given."""

from __future__ import annotations

import json
import re
from typing import Any

from retrieval.documents import Document

_BRACKET = re.compile(r"\[(?=/?[A-Z_]+\])")  # "[INST]"; JSON's own brackets have no letter behind them


def to_prompt_data(value: Any) -> str:
    """`value` as JSON in which nothing can be taken for structure by a chat template."""
    text = json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
    return _BRACKET.sub(r"\\u005b", text)


def describe_entry(document: Document, longest: int) -> dict[str, object]:
    """What a model is told of an entry; of its answer so many characters."""
    return {
        "headings": document.heading_path,
        "question": document.question,
        "answer": document.answer[:longest],
        "address": document.url,
    }
