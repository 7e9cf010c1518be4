"""Whether a text says that something is not so or does not work: "I can't join" is another question than "How do I
join?", though an embedding model places the two alike."""

from __future__ import annotations

import re

_AUXILIARY = r"(?:ca|could|do|does|did|is|are|was|were|wo|would|should|have|has|had)n['’]?t"
_NEGATED = re.compile(
    rf"\b(?:not|cannot|never|unable|fail(?:s|ed|ing|ure)?|no\s+longer|{_AUXILIARY})\b",
    re.IGNORECASE,
)
_RHETORICAL = re.compile(rf"\W*(?:why\s+)?{_AUXILIARY}\s+(?:i|you|we|there|it)\b", re.IGNORECASE)


def negates(text: str) -> bool:
    """In English. "Can't I pay by card?" and "why don't you …" deny nothing."""
    return bool(_NEGATED.search(_RHETORICAL.sub("", text, count=1) if _RHETORICAL.match(text) else text))
