"""Whether a passage holds what a question about a help site wants."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from retrieval.documents import Passage

Gold = Sequence[Mapping[str, Any]]


def answers_question(gold: Gold, passage: Passage) -> bool:
    """Whether any item of `gold` is met: its text in the passage, its title and address in the document's."""
    return any(_is_met(item, passage) for item in gold)


def _is_met(item: Mapping[str, Any], passage: Passage) -> bool:
    if "all" in item:
        return any(_is_met(part, passage) for part in item["all"])
    texts = item.get("text_contains", [])
    said = _flatten(passage.text)
    if any(_flatten(text) not in said for text in ([texts] if isinstance(texts, str) else texts)):
        return False
    url, wanted = unquote(passage.document.url), item.get("url_contains", "")
    at = url.endswith(wanted) if "#" in wanted else wanted in url
    return at and _flatten(item.get("title_contains", "")) in _flatten(passage.document.question)


def _flatten(text: str) -> str:
    """Without markup, case, line breaks and typographic quotes."""
    text = unicodedata.normalize("NFKC", re.sub(r"!?\[([^\[\]]*)\]\([^()\s]*\)", r"\1", text)).casefold()
    text = text.translate(str.maketrans("’‘“”„«»–—", '\'\'"""""--'))
    return re.sub(r"\s+", " ", re.sub(r"[\\`*_#|>]", "", text)).strip()
