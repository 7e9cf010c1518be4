"""Frontdesk's own replies: where it asks back, where it has no answer, and where something broke."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bot.answers.markup import plain
from bot.answers.related import related
from bot.language import reply_language
from bot.words import Words, words_for
from retrieval.documents import Document, RetrievalResult

NEAREST = 3


def clarification(words: Words, result: RetrievalResult, ranks: Sequence[int]) -> str:
    """The question which of the passages at `ranks` (1-based) is meant, numbered as their citations will be."""
    documents = [result.passages[rank - 1].passage.document for rank in ranks]
    twice = {title for title, count in Counter(document.question for document in documents).items() if count > 1}
    lines = [
        f"{number}. {_told_apart(document, document.question in twice)} [{rank}]"
        for number, (rank, document) in enumerate(zip(ranks, documents, strict=True), start=1)
    ]
    return "\n".join([words.say("clarify"), "", *lines, "", words.say("clarify_how")])


def abstention(words: Words, question: str, result: RetrievalResult) -> str:
    """That the pages hold no answer, with the nearest questions where any is near."""
    near = related(question, result, limit=NEAREST)
    lines = [f"- {plain(result.passages[rank - 1].passage.document.question)} [{rank}]" for rank in near]
    closest = [words.say("closest"), "", *lines, ""] if lines else []
    return "\n".join([words.say("abstain"), "", *closest, words.say("rephrase")])


def apology(text: str, fault: str) -> str:
    """What a customer who asked `text` is told when answering failed; `fault` is the id the fault was logged under."""
    return words_for(reply_language(text)).say("fault", fault=fault)


def _told_apart(document: Document, shared: bool) -> str:
    """A title; one that several options share is told apart by the heading or the page it stands under."""
    under = document.heading_path[-1] if document.heading_path else document.url or document.author
    return plain(document.question) + (f" ({plain(under)})" if shared else "")
