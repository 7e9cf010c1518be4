"""The writer that needs no language model: it quotes the best passage's answer and cites it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator

from bot.answering.excerpt import Excerpt, excerpt
from bot.answering.related import related
from bot.chat.conversation import AnswerChunk, WritingRequest
from bot.chat.markup import plain, quoted, titled_link
from bot.chat.text import shorten_title
from bot.i18n import Words, words_for
from retrieval.documents import DocumentKind, Passage, RetrievalResult
from retrieval.indexing.analysis import analyse_text

MODEL = "extractive"  # the turn's model
SEE_ALSO = 2  # a longer list would compete with the answer

_BLOCK_LINE = re.compile(r"\s*(?:[-*+]\s|\d+[.)]\s|[|>#]|`{3,}|~{3,}|\s{4})|.*\|\s*$")


class ExtractiveWriter:
    """An AnswerWriter. The quote is whole when short, else its most relevant part with a link to the rest."""

    async def write(self, brief: WritingRequest) -> AsyncIterator[AnswerChunk]:
        """The quote, then a hint that there is more, then related questions; nothing for no passages."""
        words = words_for(brief.language)
        pieces = _each(brief, words) if brief.parts else _pieces(brief.question, words, brief.result)
        for piece in pieces:
            yield AnswerChunk(piece, MODEL)


def _pieces(question: str, words: Words, result: RetrievalResult) -> Iterator[str]:
    if not result.passages:
        return
    best = result.passages[0].passage
    yield from quote(question, words, best)
    others = related(question, result, limit=SEE_ALSO, after=1)
    if others:
        yield f"\n\n{words.say('see_also')}\n"
    for rank in others:
        yield f"\n- {plain(result.passages[rank - 1].passage.document.question)} [{rank}]"


def _each(brief: WritingRequest, words: Words) -> Iterator[str]:
    """An entry for each part of a message, below its own question."""
    for rank, (question, scored) in enumerate(zip(brief.parts, brief.result.passages, strict=False), start=1):
        yield "\n\n" if rank > 1 else ""
        yield from quote(question, words, scored.passage, rank, titled=True)


def quote(question: str, words: Words, passage: Passage, rank: int = 1, *, titled: bool = False) -> Iterator[str]:
    """An entry in its own words, cited as the passage of this rank; `titled`: below its own question in any case."""
    document = passage.document
    whole = Excerpt(document.answer.strip("\n").rstrip(), complete=True)  # where there is no page to read the rest on
    part = excerpt(document.answer, question, passage.text) if document.url else whole
    link = f"{titled_link(shorten_title(document.question), document.url)} [{rank}]"
    if not document.answer.strip():
        yield link
        return
    if not part.text:
        yield words.say("too_long_to_quote", link=link)
        return
    title = _title(question, words, passage, titled=titled)
    if title:
        yield f"**{title}**\n\n"
    yield quoted(part.text)
    yield f"\n\n[{rank}]" if _ends_in_block(part.text) else f" [{rank}]"
    if not part.complete:
        yield f"\n\n{words.say('more', link=link)}"


def _title(question: str, words: Words, passage: Passage, *, titled: bool) -> str:
    """What a quote needs above it to be understood: a section its headings, a bare "Yes, …" the question it answers."""
    document = passage.document
    if document.kind is DocumentKind.SECTION:
        path = [*document.heading_path, document.question]
        return " › ".join(plain(shorten_title(heading)) for heading in dict.fromkeys(path) if heading)
    leans = _leaning(words).match(document.answer) or _leaning(words_for(document.language)).match(document.answer)
    if titled or (leans and _reads_as(question) != _reads_as(document.question)):
        return plain(shorten_title(document.question))
    return ""


def _reads_as(question: str) -> list[str]:
    return analyse_text(question)


def _leaning(words: Words) -> re.Pattern[str]:
    beginnings = sorted(words.quoting["leaning"], key=len, reverse=True)
    return re.compile(rf"\W*(?:{'|'.join(map(re.escape, beginnings))})(?!\w)", re.IGNORECASE)


def _ends_in_block(markdown: str) -> bool:
    """Whether the last line belongs to a list, table, quotation or code block, where a marker would be misread."""
    return _BLOCK_LINE.match(markdown.rsplit("\n", 1)[-1]) is not None
