"""A turn that leans on the conversation is searched together with it, without a language model.

Whether it leans shows in its words: "it", "there", "what about …", "那…呢", or in there being hardly any. A question
that stands alone is searched alone, so that a change of topic does not drag the old topic along.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from retrieval.text import collapse

MOST_TURNS = 6
FEW_WORDS = 4
FEW_CHARACTERS = 8

_LEANS = re.compile(
    r"\b(it|its|that|there|they|them|their|this|those|these|ones?|he|she|him|her|his|same|instead|else|too|either|then"
    r"|also|another|others?)\b"
    r"|^(and|or|but|so|ok|okay|what about|how about|why|how come|where|when|which)\b",
    re.IGNORECASE,
)
_LEANS_CHINESE = re.compile(
    r"^(那|然后|然後|还有|還有|另外|以及|可是|但|换|換|要是|如果)|[它牠她他这這那其]|[也还還]|呢\W*$|一样|一樣"
)
_UNSPACED = frozenset({"zh", "ja", "ko"})


def contextualise(question: str, language: str, earlier: Sequence[tuple[str, str]]) -> tuple[str, tuple[str, ...]]:
    """-> the question to search, and the earlier texts to search it with (oldest first; none if it stands alone).

    `earlier` holds the conversation's (customer, bot) turns, oldest first.
    """
    question = collapse(question)
    if not earlier or not leans(question, language):
        return question, ()
    return question, tuple(text for turn in earlier[-MOST_TURNS:] for text in turn if text)


def leans(question: str, language: str) -> bool:
    """Whether `question` can hardly be understood without what was said before."""
    if language in _UNSPACED:
        return len(question) <= FEW_CHARACTERS or bool(_LEANS_CHINESE.search(question))
    return len(question.split()) <= FEW_WORDS or bool(_LEANS.search(question))
