"""Frontdesk's own replies: where it suggests, asks which is meant or found nothing, and where something broke."""

from __future__ import annotations

from collections.abc import Sequence

from bot.answering.quote import quote_entry
from bot.chat.conversation import Citation
from bot.chat.markup import escape_markdown
from bot.i18n import Words
from retrieval.documents import Document, RetrievalResult
from retrieval.text.cleaning import collapse_whitespace


def write_clarification(words: Words, offered: Sequence[Citation]) -> str:
    """The question which of these is meant, with a line of each one's answer. A citation's number is its rank."""
    return "\n".join([words.say("clarify"), "", *_format_choices(offered, 1), "", words.say("clarify_how")])


def write_suggestion(
    words: Words, questions: Sequence[str], result: RetrievalResult, offered: Sequence[Citation]
) -> str:
    """The first of these in its own words, as the nearest thing found, and the titles of the others; for two
    `questions` the first two. A citation's number is its rank."""
    shown, others = offered[: len(questions)], offered[len(questions) :]
    lines = [words.say("suggest")]
    for question, each in zip(questions, shown, strict=False):
        passage = result.passages[each.number - 1].passage
        lines += ["", "".join(quote_entry(question, words, passage, each.number, titled=True))]
    if others:
        lines += [
            "",
            words.say("suggest_others"),
            "",
            *_format_choices(others, len(shown) + 1),
            "",
            words.say("clarify_how"),
        ]
    return "\n".join(lines)


def disambiguation_labels(words: Words, documents: Sequence[Document]) -> list[str]:
    """What tells each from the others of the same title: the nearest heading that none of them stands under, else that
    it is an answer of the team; "" where there is no such thing, or no other has its title."""
    labels = []
    for document in documents:
        namesakes = [
            other for other in documents if other is not document and _fold_title(other) == _fold_title(document)
        ]
        theirs = {collapse_whitespace(heading) for each in namesakes for heading in each.heading_path}
        own = [heading for heading in reversed(document.heading_path) if collapse_whitespace(heading) not in theirs]
        taught = [words.label("from_team")] if document.author else []
        labels.append(collapse_whitespace(next(iter([*own, *taught]), "")) if namesakes else "")
    return labels


def write_nothing_found(words: Words, *, people: bool) -> str:
    """That the pages hold no answer, and where to turn to: to `people`, if they can be reached, else to other words."""
    return words.say("nothing_found" if people else "nothing_found_no_people")


def _format_choices(offered: Sequence[Citation], start: int) -> list[str]:
    """A numbered list, with what each says in a line of its own."""
    lines = []
    for number, each in enumerate(offered, start):
        lines.append(f"{number}. {escape_markdown(each.label)} [{each.number}]" + ("  " if each.gist else ""))
        lines += [f"   {escape_markdown(each.gist)}"] if each.gist else []
    return lines


def _fold_title(document: Document) -> str:
    return collapse_whitespace(document.question).casefold()
