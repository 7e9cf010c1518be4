"""Frontdesk's own replies: where it asks back, where it has no answer, and where something broke."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answers.markup import plain
from bot.answers.related import related
from bot.language import reply_language
from bot.words import Words, words_for
from retrieval.documents import Document, RetrievalResult
from retrieval.text import collapse

NEAREST = 3


def clarification(words: Words, result: RetrievalResult, ranks: Sequence[int]) -> str:
    """The question which of the passages at `ranks` (1-based) is meant, numbered as their citations will be."""
    documents = [result.passages[rank - 1].passage.document for rank in ranks]
    lines = [
        f"{number}. {plain(document.question)}{f' ({plain(under)})' if under else ''} [{rank}]"
        for number, (rank, document, under) in enumerate(
            zip(ranks, documents, told_apart(documents), strict=True), start=1
        )
    ]
    asks, how = ("clarify", "clarify_how") if len(lines) > 1 else ("clarify_one", "clarify_one_how")
    return "\n".join([words.say(asks), "", *lines, "", words.say(how)])


def told_apart(documents: Sequence[Document]) -> list[str]:
    """What tells each from the others of the same title: the nearest heading that none of them stands under, else the
    page or the author; "" where no other has its title."""
    told = []
    for document in documents:
        twins = [other for other in documents if other is not document and _title(other) == _title(document)]
        theirs = {collapse(heading) for twin in twins for heading in twin.heading_path}
        own = [heading for heading in reversed(document.heading_path) if collapse(heading) not in theirs]
        told.append(collapse(next(iter([*own, document.author or document.url]))) if twins else "")
    return told


def abstention(words: Words, question: str, result: RetrievalResult) -> str:
    """That the pages hold no answer, with the nearest questions where any is near."""
    near = related(question, result, limit=NEAREST)
    lines = [f"- {plain(result.passages[rank - 1].passage.document.question)} [{rank}]" for rank in near]
    closest = [words.say("closest"), "", *lines, ""] if lines else []
    return "\n".join([words.say("abstain"), "", *closest, words.say("rephrase")])


def apology(text: str, fault: str) -> str:
    """What a customer who asked `text` is told when answering failed; `fault` is the id the fault was logged under."""
    return words_for(reply_language(text)).say("fault", fault=fault)


def _title(document: Document) -> str:
    return collapse(document.question).casefold()
