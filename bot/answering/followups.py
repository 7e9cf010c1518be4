"""A turn that leans on the conversation is searched together with it, without a language model.

Whether it leans shows in its words: "it", "there", "what about …", "那…呢", or in there being hardly any. A question
that stands alone is searched alone, so that a change of topic does not drag the old topic along.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from retrieval.search.conversation import refers_back
from retrieval.text.cleaning import collapse_whitespace
from retrieval.text.languages import UNSPACED_LANGUAGES

MOST_TURNS = 6
FEW_WORDS = 4
FEW_CHARACTERS = 8

_LEANS = re.compile(r"^(why|how come|where|when|which)\b", re.IGNORECASE)


def contextualise_question(
    question: str, language: str, earlier: Sequence[tuple[str, str]]
) -> tuple[str, tuple[str, ...]]:
    """-> the question to search, and the earlier texts to search it with (oldest first; none if it stands alone).

    `earlier` holds the conversation's (customer, bot) turns, oldest first.
    """
    question = collapse_whitespace(question)
    # What is asked once more goes on with nothing: its own answer would make it surer.
    again = any(collapse_whitespace(asked).casefold() == question.casefold() for asked, _ in earlier)
    if again or not earlier or not leans_on_context(question, language):
        return question, ()
    return question, tuple(text for turn in earlier[-MOST_TURNS:] for text in turn if text)


def leans_on_context(question: str, language: str) -> bool:
    """Whether `question` can hardly be understood without what was said before."""
    if refers_back(question):
        return True
    if language in UNSPACED_LANGUAGES:
        return len(question) <= FEW_CHARACTERS
    return len(question.split()) <= FEW_WORDS or bool(_LEANS.search(question))
