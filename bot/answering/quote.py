"""The writer that needs no language model: it quotes the best passage's answer and cites it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator

from bot.answering.excerpt import Excerpt, select_excerpt
from bot.answering.related import find_related
from bot.chat.conversation import AnswerChunk, WritingRequest
from bot.chat.markup import escape_markdown, escape_markers, titled_link
from bot.chat.text import shorten_title
from bot.i18n import Words, words_for
from retrieval.documents import DocumentKind, Passage, RetrievalResult
from retrieval.text.analysis import analyse_text

MODEL = "extractive"  # the turn's model
SEE_ALSO = 2  # a longer list would compete with the answer

_BLOCK_LINE = re.compile(r"\s*(?:[-*+]\s|\d+[.)]\s|[|>#]|`{3,}|~{3,}|\s{4})|.*\|\s*$")


class ExtractiveWriter:
    """An AnswerWriter. The quote is whole when short, else its most relevant part with a link to the rest."""

    async def write_answer(self, brief: WritingRequest) -> AsyncIterator[AnswerChunk]:
        """The quote, then a hint that there is more, then related questions; nothing for no passages."""
        words = words_for(brief.language)
        pieces = _quote_parts(brief, words) if brief.parts else _quote_best(brief.question, words, brief.result)
        for piece in pieces:
            yield AnswerChunk(piece, MODEL)


def _quote_best(question: str, words: Words, result: RetrievalResult) -> Iterator[str]:
    if not result.passages:
        return
    best = result.passages[0].passage
    yield from quote_entry(question, words, best)
    others = find_related(question, result, limit=SEE_ALSO, after=1)
    if others:
        yield f"\n\n{words.say('see_also')}\n"
    for rank in others:
        yield f"\n- {escape_markdown(result.passages[rank - 1].passage.document.question)} [{rank}]"


def _quote_parts(brief: WritingRequest, words: Words) -> Iterator[str]:
    """An entry for each part of a message, below its own question."""
    for rank, (question, scored) in enumerate(zip(brief.parts, brief.result.passages, strict=False), start=1):
        yield "\n\n" if rank > 1 else ""
        yield from quote_entry(question, words, scored.passage, rank, titled=True)


def quote_entry(question: str, words: Words, passage: Passage, rank: int = 1, *, titled: bool = False) -> Iterator[str]:
    """An entry in its own words, cited as the passage of this rank; `titled`: below its own question in any case."""
    document = passage.document
    whole = Excerpt(document.answer.strip("\n").rstrip(), complete=True)  # where there is no page to read the rest on
    part = select_excerpt(document.answer, question, passage.text) if document.url else whole
    link = f"{titled_link(shorten_title(document.question), document.url)} [{rank}]"
    if not document.answer.strip():
        yield link
        return
    if not part.text:
        yield words.say("too_long_to_quote", link=link)
        return
    title = _choose_title(question, words, passage, titled=titled)
    if title:
        yield f"**{title}**\n\n"
    yield escape_markers(part.text)
    yield f"\n\n[{rank}]" if _ends_in_block(part.text) else f" [{rank}]"
    if not part.complete:
        yield f"\n\n{words.say('more', link=link)}"


def _choose_title(question: str, words: Words, passage: Passage, *, titled: bool) -> str:
    """What a quote needs above it to be understood: a section its headings, a bare "Yes, …" the question it answers."""
    document = passage.document
    if document.kind is DocumentKind.SECTION:
        path = [*document.heading_path, document.question]
        return " › ".join(escape_markdown(shorten_title(heading)) for heading in dict.fromkeys(path) if heading)
    leans = _compile_leaning_pattern(words).match(document.answer) or _compile_leaning_pattern(
        words_for(document.language)
    ).match(document.answer)
    if titled or (leans and _reads_as(question) != _reads_as(document.question)):
        return escape_markdown(shorten_title(document.question))
    return ""


def _reads_as(question: str) -> list[str]:
    return analyse_text(question)


def _compile_leaning_pattern(words: Words) -> re.Pattern[str]:
    beginnings = sorted(words.quoting["leaning"], key=len, reverse=True)
    return re.compile(rf"\W*(?:{'|'.join(map(re.escape, beginnings))})(?!\w)", re.IGNORECASE)


def _ends_in_block(markdown: str) -> bool:
    """Whether the last line belongs to a list, table, quotation or code block, where a marker would be misread."""
    return _BLOCK_LINE.match(markdown.rsplit("\n", 1)[-1]) is not None
