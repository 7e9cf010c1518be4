"""Documents that say word for word the same, and which of them stay: whoever may see one that goes sees one that stays.
Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from retrieval.audiences import EVERYBODY, Audience, is_wider
from retrieval.documents import Document, DocumentKind
from retrieval.text.cleaning import collapse_whitespace

TextKey = tuple[str, str, str]


def identify_text(document: Document) -> TextKey:
    """What is the same of documents that say the same: language, question and answer."""
    return (
        document.language,
        collapse_whitespace(document.question).casefold(),
        collapse_whitespace(document.answer).casefold(),
    )


def leave_out_copies(
    documents: Iterable[Document], find_audience: Callable[[Document], Audience] = lambda _: EVERYBODY
) -> list[Document]:
    """The documents in order, each pair of question and answer once a language and audience.

    One goes where another is for at least the same people, and is no section in place of a FAQ entry; of equals the
    first stays.
    """
    documents = list(documents)
    audiences = [find_audience(document) for document in documents]
    groups: dict[TextKey, dict[Audience, int]] = {}  # the best place by audience
    for place, (document, audience) in enumerate(zip(documents, audiences, strict=True)):
        group = groups.setdefault(identify_text(document), {})
        held = group.setdefault(audience, place)
        if (documents[held].kind, document.kind) == (DocumentKind.SECTION, DocumentKind.FAQ):
            group[audience] = place

    def is_repeated(place: int, group: dict[Audience, int]) -> bool:
        return any(
            is_wider(audience, audiences[place])
            and (documents[other].kind, documents[place].kind) != (DocumentKind.SECTION, DocumentKind.FAQ)
            for audience, other in group.items()
        )

    kept = {place for group in groups.values() for place in group.values() if not is_repeated(place, group)}
    return [document for place, document in enumerate(documents) if place in kept]
