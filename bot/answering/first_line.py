"""How long a customer waits for a first useful line while a model writes, and what a draft is worth that comes later.

Pure: seconds go in, decisions come out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.i18n.language import primary_subtag
from retrieval.documents import Passage
from retrieval.text.analysis import analyse_text, is_function

FIRST_LINE_SECONDS = 6.0
ANSWER_TOKENS = 100  # of an answer, by which a server's speed is judged: few that keep to the prompt's rules have more
_LATE = 5  # times the wait for a first line: who has had an answer for longer has read it, and gone
_JUDGED_BY = 0.8  # of the wait for a first line
_DELAYED = 2  # times what the server takes as a rule: then something holds it up


@dataclass(frozen=True, slots=True)
class Patience:
    """`first_line`: seconds from the question, after which the pages' own words go out if nothing else has."""

    first_line: float = FIRST_LINE_SECONDS

    def is_worth_asking(self, expected: float | None) -> bool:
        """Whether a model is asked at all that is `expected` to take so many seconds; None: nobody knows yet."""
        return expected is None or expected <= _LATE * self.first_line

    def limit_reading(self, seconds: float) -> float:
        """Seconds that each of the two readings may take which may come before an answer, `seconds` at the most."""
        return min(seconds, self.first_line / 2)

    def limit_judging(self, waited: float) -> float:
        """Seconds from now in which a draft may be held back and judged, so that it still is the first line."""
        return _JUDGED_BY * self.first_line - waited

    def limit_draft(self, waited: float, expected: float | None) -> float:
        """Seconds from now in which a draft may still come, where something else has gone out after `waited` seconds
        and a whole draft is `expected` to take so many."""
        left = _LATE * self.first_line - waited
        return left if expected is None else min(left, _DELAYED * expected)


def says_more(draft: str, cited: Sequence[Passage], quote: str, quoted: Passage, question: str, language: str) -> bool:
    """Whether a draft holds words of the passages that it cites which neither the quote nor the question has; or is in
    the customer's language, which the quote is not. Another wording of the same is no more."""
    written_in = quoted.document.language
    if written_in and primary_subtag(language) != primary_subtag(written_in):
        return True
    held = _content_words("\n".join(passage.text for passage in cited))
    return bool((_content_words(draft) & held) - _content_words(quote) - _content_words(question))


def _content_words(text: str) -> set[str]:
    return {word for word in analyse_text(text) if not is_function(word)}
