"""Which documents are the same, which changed, which came and went. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from retrieval.documents import Document
from retrieval.exact_copies import identify_text
from retrieval.refresh.report import DocumentLine
from retrieval.text.cleaning import collapse_whitespace


@dataclass(frozen=True, slots=True)
class Changes:
    """The documents of two versions side by side; `same` counts those in both."""

    added: tuple[Document, ...]
    changed: tuple[Document, ...]
    removed: tuple[Document, ...]
    same: int

    @property
    def summary(self) -> str:
        """How many came, changed and went, in one line."""
        return f"{len(self.added)} added, {len(self.changed)} changed, {len(self.removed)} removed"


def compare_documents(before: Sequence[Document], after: Sequence[Document]) -> Changes:
    """A document is changed when its page had another under the same question, or the same answer under another."""
    old_ids = {document.id for document in before}
    new_ids = {document.id for document in after}
    gone = [document for document in before if document.id not in new_ids]
    came = [document for document in after if document.id not in old_ids]
    changed: list[Document] = []
    for place in (_build_question_key, _build_answer_key):
        waiting: dict[tuple[str, str], list[Document]] = {}
        for document in gone:
            waiting.setdefault(place(document), []).append(document)
        still_new = []
        for document in came:
            if candidates := waiting.get(place(document)):
                candidates.pop()
                changed.append(document)
            else:
                still_new.append(document)
        came, gone = still_new, [document for documents in waiting.values() for document in documents]
    return Changes(tuple(came), tuple(changed), tuple(gone), len(new_ids & old_ids))


def find_lost_documents(removed: Iterable[Document], after: Iterable[Document]) -> list[Document]:
    """The removed documents whose question and answer stand on no page any more: a page that moved loses nothing."""
    held = {identify_text(document) for document in after}
    return [document for document in removed if identify_text(document) not in held]


def drop_fetch_times(documents: Iterable[Document]) -> tuple[Document, ...]:
    """The documents without the time of their fetch, which alone makes no new version."""
    return tuple(replace(document, crawled_at="") for document in documents)


def to_document_lines(documents: Iterable[Document]) -> tuple[DocumentLine, ...]:
    """As a report lists them."""
    return tuple(DocumentLine(document.question, document.url) for document in documents)


def _build_question_key(document: Document) -> tuple[str, str]:
    return _find_page_url(document), collapse_whitespace(document.question).casefold()


def _build_answer_key(document: Document) -> tuple[str, str]:
    return _find_page_url(document), collapse_whitespace(document.answer).casefold()


def _find_page_url(document: Document) -> str:
    return document.url.partition("#")[0]
