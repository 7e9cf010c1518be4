"""Wordings by which entries are searched beside those of their pages. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from retrieval.documents import Document, content_id

Wordings = Mapping[str, Sequence[str]]
"""By `Document.entry_id`."""


def add_wordings(documents: Iterable[Document], wordings: Wordings) -> list[Document]:
    """The documents, each with its wordings beside the page's own."""
    return [
        replace(document, written=tuple(each for each in dict.fromkeys(added) if each not in document.alternatives))
        if (added := wordings.get(document.entry_id))
        else document
        for document in documents
    ]


def name_documents(documents: Iterable[Document], wordings: Wordings) -> str:
    """Another one for other documents, and for other wordings of them."""
    return content_id(
        *(
            part
            for document in documents
            for part in (document.source, document.id, *wordings.get(document.entry_id, ()))
        )
    )
