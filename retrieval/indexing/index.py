"""The searchable form of one version's passages: vectors, BM25 fields, and the passages themselves; in memory or in a
folder."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from retrieval.documents import Document, DocumentKind, Passage
from retrieval.errors import CorruptVersion
from retrieval.indexing.alignment import Alignment
from retrieval.indexing.dense import DenseIndex
from retrieval.indexing.lexical import Ids, LexicalIndex, Places, Scores, ranges
from retrieval.indexing.means import WordingMeans, mostly_worded
from retrieval.interfaces import Vectors
from retrieval.languages import detect_language, script_language
from retrieval.scripts import LATIN

EXACT_BELOW = 50_000
LATIN_WORD = re.compile(rf"(?<![{LATIN}0-9])[A-Za-z]{{4,24}}(?![{LATIN}0-9])")
FIELDS = ("texts", "questions", "wordings", "topics")


class Index:
    """Passages with everything that is searched. Immutable, so any number of threads may read it.

    `rows[i]` is the vector of a text of passage `row_passage[i]`. A passage's rows lie together, in the order of
    `texts_to_embed`: question and text first, then (in part 0) the question and its other wordings alone.
    Four lexical fields: `texts` (a passage with its headings, question and wordings), `questions` (a document's
    question and wordings as one text), `wordings` (each of them alone), `topics` (a document's nearest heading).
    `twins` holds pairs of documents that ask the same question: one with an author, and one that was crawled.
    """

    def __init__(
        self,
        passages: Sequence[Passage],
        rows: Vectors,
        row_passage: Ids,
        dense: DenseIndex,
        fields: dict[str, LexicalIndex],
        mapping: tuple[list[Document], Places] | None = None,
        twins: Places | None = None,
    ) -> None:
        self.passages = passages
        self.rows = rows
        self.row_passage = row_passage
        self.dense = dense
        self.texts, self.questions = fields["texts"], fields["questions"]
        self.wordings, self.topics = fields["wordings"], fields["topics"]
        self._fields = fields
        self.documents, self.passage_document = mapping or _documents(passages)
        self.twins: Places = np.zeros((0, 2), np.int64) if twins is None else twins
        self._map_rows()

    @classmethod
    def build(
        cls, passages: Sequence[Passage], rows: Vectors, row_passage: Ids, *, exact_below: int = EXACT_BELOW
    ) -> Index:
        """Index `passages` by their vectors: `rows` (n, dimension) float32, `row_passage` (n,) ascending.

        `exact_below` is the number of passages from which HNSW takes over. Raises ValueError on rows that do not fit.
        """
        row_passage = np.asarray(row_passage, np.int32)
        if len(rows) != len(row_passage) or np.any(np.diff(row_passage) < 0):
            raise ValueError("Each row needs its passage, and a passage's rows lie together.")
        if not np.array_equal(np.unique(row_passage), np.arange(len(passages))):
            raise ValueError("Each passage needs a row of its own.")
        mapping = _documents(passages)
        fields = {name: LexicalIndex.build(texts) for name, texts in _texts(passages, mapping[0]).items()}
        dense = DenseIndex.build(rows, exact=len(passages) < exact_below)
        return cls(passages, rows, row_passage, dense, fields, mapping)

    def extended(self, added: Index, twins: Places) -> Index:
        """This index with the documents of `added` after its own, made in a fraction of the time that building takes.

        `twins` are pairs of a document of `added` and one here; as it only repeats a question, it makes no word of it
        less rare. Both indexes stay as they are; the new one is for searching only, not to be saved.
        """
        texts = _texts(added.passages, added.documents)
        new = ~np.isin(np.arange(len(added.documents)), twins[:, 0])
        counted = {
            "texts": new[added.passage_document],
            "questions": new,
            "wordings": np.repeat(new, added.wording_counts),
            "topics": new,
        }
        return Index(
            [*self.passages, *added.passages],
            np.concatenate([self.rows, added.rows]),
            np.concatenate([self.row_passage, added.row_passage + np.int32(len(self.passages))]),
            self.dense.extended(added.rows),
            {name: field.extended(texts[name], counted[name]) for name, field in self._fields.items()},
            (
                [*self.documents, *added.documents],
                np.concatenate([self.passage_document, added.passage_document + len(self.documents)]),
            ),
            twins + np.array([len(self.documents), 0], np.int64),
        )

    def save(self, folder: Path) -> None:
        """Write the index into `folder`, which exists."""
        np.save(folder / "rows.npy", np.ascontiguousarray(self.rows, np.float32))
        np.save(folder / "row_passage.npy", self.row_passage)
        for name, field in self._fields.items():
            field.save(folder / name)
        if not self.dense.exact:
            self.dense.save(folder / "hnsw.faiss")
        with (folder / "passages.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(_to_lines(self.documents, self.passages, self.passage_document))

    @classmethod
    def load(cls, folder: Path) -> Index:
        """Read what `save` wrote. Raises CorruptVersion."""
        try:
            rows: Vectors = np.load(folder / "rows.npy", allow_pickle=False)
            row_passage: Ids = np.load(folder / "row_passage.npy", allow_pickle=False)
            fields = {name: LexicalIndex.load(folder / name) for name in FIELDS}
            with (folder / "passages.jsonl").open(encoding="utf-8") as file:
                passages = list(_from_lines(file))
            hnsw = folder / "hnsw.faiss"
            dense = DenseIndex.load(hnsw) if hnsw.exists() else DenseIndex.build(rows, exact=True)
            return cls(passages, rows, row_passage, dense, fields)
        except (OSError, ValueError, KeyError, TypeError, IndexError, RuntimeError) as error:
            raise CorruptVersion(
                f"The index in {folder} cannot be read ({error}). Run `frontdesk refresh --force`, or roll back."
            ) from error

    def _map_rows(self) -> None:
        """Where each passage's and each document's rows lie."""
        count = len(self.passages)
        starts = np.searchsorted(self.row_passage, np.arange(count + 1)).astype(np.int64)
        self.first_row = starts[:-1]
        opening = np.full(len(self.documents), count, np.int64)
        np.minimum.at(opening, self.passage_document, np.arange(count))
        # Without a text, or with one that adds nothing, the first row already is the question's.
        textless = np.array([not self.passages[number].text.strip() for number in opening.tolist()], bool)
        single = starts[opening + 1] - starts[opening] == 1
        self.opening = opening
        self.question_rows = starts[opening] + np.where(textless | single, 0, 1)
        self.question_row_counts = starts[opening + 1] - self.question_rows
        self.wording_counts = np.array([len(wordings(document)) for document in self.documents], np.int64)
        self.wording_starts = np.cumsum(self.wording_counts) - self.wording_counts

    def warm(self) -> None:
        """Make now what a first question would wait for: at 50,000 documents of 50 words in a second and a half,
        and two more where they are in Chinese or have several wordings each."""
        _ = self.scripts, self.topic_information, self.vocabulary
        if self.worded:
            _ = self.means
        if self.languages["zh"]:
            _ = self.alignment

    @cached_property
    def languages(self) -> Counter[str]:
        """How many documents there are in each language; one that states none is judged by its question's script.

        Taught ones count where there are no others: a few of them shall not change how everything is searched.
        """
        counted = [document for document in self.documents if not document.author] or self.documents
        return Counter(document.language or detect_language(document.question) for document in counted)

    @cached_property
    def scripts(self) -> npt.NDArray[np.str_]:
        """-> (documents,) the language of each as far as its question's script tells."""
        return np.array([script_language(document.question) for document in self.documents])

    @cached_property
    def alignment(self) -> Alignment:
        """The words of the wordings; made when first wanted, in some 20 µs a wording."""
        texts = [text for document in self.documents for text in wordings(document)]
        repeats = np.isin(np.arange(len(self.documents)), self.twins[:, 0])
        return Alignment(texts, np.repeat(~repeats, self.wording_counts))

    @cached_property
    def means(self) -> WordingMeans:
        """The documents' mean wordings; made when first wanted."""
        return WordingMeans(self.rows[ranges(self.question_rows, self.question_row_counts)], self.question_row_counts)

    @cached_property
    def worded(self) -> bool:
        """Whether most documents have several wordings."""
        return mostly_worded(self.question_row_counts)

    @cached_property
    def vocabulary(self) -> Counter[str]:
        """How often each Latin word of four letters or more stands in the texts, in lower case."""
        counted: Counter[str] = Counter()
        for document in self.documents:
            for text in (*wordings(document), *document.heading_path, document.answer):
                counted.update(match.lower() for match in LATIN_WORD.findall(text))
        return counted

    @cached_property
    def topic_information(self) -> Scores:
        """-> (documents,) ln(documents / those under the same nearest heading); 0 for one under none."""
        topics = [_topic(document) for document in self.documents]
        counts = Counter(topics)
        return np.array([math.log(len(topics) / counts[topic]) if topic else 0.0 for topic in topics], np.float32)


def _texts(passages: Sequence[Passage], documents: Sequence[Document]) -> dict[str, list[str]]:
    """What each of the FIELDS holds."""
    return {
        "texts": [_whole_text(passage) for passage in passages],
        "questions": [" \n".join(wordings(document)) for document in documents],
        "wordings": [text for document in documents for text in wordings(document)],
        "topics": [_topic(document) for document in documents],
    }


def _topic(document: Document) -> str:
    return document.heading_path[-1] if document.heading_path else ""


def wordings(document: Document) -> list[str]:
    """The question and its other wordings."""
    return [document.question, *document.alternatives]


def _whole_text(passage: Passage) -> str:
    document = passage.document
    return "\n".join([*document.heading_path, *wordings(document), passage.text])


def _documents(passages: Sequence[Passage]) -> tuple[list[Document], Places]:
    """The distinct documents in order of appearance, and each passage's place among them."""
    places: dict[str, int] = {}
    documents: list[Document] = []
    of: dict[int, int] = {}
    numbers = []
    for passage in passages:
        document = passage.document
        number = of.get(id(document))
        if number is None:
            number = of[id(document)] = places.setdefault(document.id, len(documents))
            if number == len(documents):
                documents.append(document)
        numbers.append(number)
    return documents, np.array(numbers, np.int64)


def _to_lines(documents: Sequence[Document], passages: Sequence[Passage], passage_document: Places) -> Iterator[str]:
    yield json.dumps({"documents": len(documents), "passages": len(passages)}) + "\n"
    for document in documents:
        yield json.dumps(asdict(document), ensure_ascii=False) + "\n"
    for passage, number in zip(passages, passage_document.tolist(), strict=True):
        yield json.dumps([passage.id, number, passage.text, passage.part, passage.parts], ensure_ascii=False) + "\n"


def _from_lines(lines: Iterable[str]) -> Iterator[Passage]:
    iterator = iter(lines)
    counts = json.loads(next(iterator, "{}"))
    documents = [_document(json.loads(next(iterator, "{}"))) for _ in range(counts["documents"])]
    for _ in range(counts["passages"]):
        passage_id, number, text, part, parts = json.loads(next(iterator, "[]"))
        yield Passage(passage_id, documents[number], text, part, parts)


def _document(values: dict[str, Any]) -> Document:
    values["kind"] = DocumentKind(values["kind"])
    values["heading_path"] = tuple(values["heading_path"])
    values["alternatives"] = tuple(values["alternatives"])
    return Document(**values)
