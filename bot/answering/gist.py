"""What an answer says, in a line or a few: enough to choose between entries."""

from __future__ import annotations

from bot.answering.excerpt import split_sentences
from bot.chat.markup import in_one_line
from bot.chat.text import shorten_text
from retrieval.text.cleaning import collapse_whitespace

LONGEST_GIST = 160  # characters, below an entry that is shown in full
TO_CHOOSE_BY = 300  # characters, where nothing else is shown
_READ = 2_000  # characters of an answer that are looked at


def summarise_answer(markdown: str, limit: int = LONGEST_GIST) -> str:
    """The first sentences of an answer that `limit` characters hold, as plain text; of a longer first one its
    beginning."""
    line = collapse_whitespace(in_one_line(markdown[:_READ]))
    said = ""
    for sentence in split_sentences(line):
        if said and len(said) + len(sentence.rstrip()) > limit:
            break
        said += sentence
    return shorten_text(said.strip(), limit)
