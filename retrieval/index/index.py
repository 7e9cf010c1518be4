"""The searchable form of one version's passages: vector fields, BM25 fields, and the passages themselves; in memory or
in a folder."""

from __future__ import annotations

import json
import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from retrieval.documents import Document, DocumentKind, Passage, to_json_values
from retrieval.errors import CorruptVersion
from retrieval.exact_copies import TextKey, identify_text
from retrieval.index.lexical_field import Ids, LexicalIndex, Places, Scores, join_ranges
from retrieval.index.nearest_vectors import DenseIndex
from retrieval.index.vector_field import EmbeddedTexts, VectorField, load_vectors
from retrieval.index.wording_means import mostly_worded
from retrieval.text.languages import language_of
from retrieval.text.scripts import LATIN

EXACT_BELOW = 50_000
LATIN_WORD = re.compile(rf"(?<![{LATIN}0-9])[A-Za-z]{{4,24}}(?![{LATIN}0-9])")
LEXICAL = ("texts", "questions", "wordings", "topics")
MODELS = "models.json"

Part = tuple[str, frozenset[str]]
"""Names documents that the same people see, whatever the audiences of sources are: a source's; or, with "" for it, what
people wrote for an audience."""


class Index:
    """Passages with everything that is searched. Immutable, so any number of threads may read it.

    A passage has one or more texts (`texts_to_embed`): question and text first, then (in part 0) the question and its
    other wordings alone. Text i is of passage `row_passage[i]`; a passage's texts lie together. Each embedding model
    has a field of vectors, `fields`, whose row i is of text i.
    Four lexical fields: `texts` (a passage with its headings, question and wordings), `questions` (a document's
    question and wordings as one text), `wordings` (each of them alone), `topics` (a document's nearest heading).
    `same_question_pairs` holds pairs of documents that ask the same question: one with an author, one that was crawled.
    `hidden` are the places of documents that no search finds, though they are counted.
    """

    def __init__(
        self,
        passages: Sequence[Passage],
        row_passage: Ids,
        embedded: Sequence[tuple[EmbeddedTexts, DenseIndex]],
        lexical: dict[str, LexicalIndex],
        mapping: tuple[list[Document], Places] | None = None,
        pairs: Places | None = None,
    ) -> None:
        self.passages = passages
        self.row_passage = row_passage
        self.texts, self.questions = lexical["texts"], lexical["questions"]
        self.wordings, self.topics = lexical["wordings"], lexical["topics"]
        self._lexical = lexical
        self.documents, self.passage_document = mapping or _collect_documents(passages)
        self.same_question_pairs: Places = np.zeros((0, 2), np.int64) if pairs is None else pairs
        self.hidden: Places = np.zeros(0, np.int64)
        self._map_rows()
        counts = self.question_row_counts
        places = join_ranges(self.question_rows, counts)
        self.fields = tuple(VectorField(texts, dense, places, counts) for texts, dense in embedded)

    @classmethod
    def build(
        cls,
        passages: Sequence[Passage],
        row_passage: Ids,
        embedded: Sequence[EmbeddedTexts],
        *,
        exact_below: int = EXACT_BELOW,
    ) -> Index:
        """Index `passages` by their vectors, a field for each of `embedded`; `row_passage` (rows,) is ascending.

        `exact_below` is the number of passages from which HNSW takes over. Raises ValueError on rows that do not fit.
        """
        row_passage = np.asarray(row_passage, np.int32)
        if any(len(texts.rows) != len(row_passage) for texts in embedded) or np.any(np.diff(row_passage) < 0):
            raise ValueError("Each row needs its passage, and a passage's rows lie together.")
        if not np.array_equal(np.unique(row_passage), np.arange(len(passages))):
            raise ValueError("Each passage needs a row of its own.")
        mapping = _collect_documents(passages)
        spoken = _collect_languages(passages, mapping[0])
        lexical = {
            name: LexicalIndex.build(texts, spoken[name])
            for name, texts in _collect_texts(passages, mapping[0]).items()
        }
        exact = len(passages) < exact_below
        searchable = [(texts, DenseIndex.build(texts.rows, exact=exact)) for texts in embedded]
        return cls(passages, row_passage, searchable, lexical, mapping)

    def with_additions(self, added: Index, pairs: Places) -> Index:
        """This index with the documents of `added` after its own, made in a fraction of the time that building takes.

        `pairs` are of a document of `added` and one here; as it only repeats a question, it makes no word of it
        less rare. Fields of models that only one of them has are left out. Both indexes stay as they are; the new one
        is for searching only, not to be saved.
        """
        texts = _collect_texts(added.passages, added.documents)
        spoken = _collect_languages(added.passages, added.documents)
        new = ~np.isin(np.arange(len(added.documents)), pairs[:, 0])
        counted = {
            "texts": new[added.passage_document],
            "questions": new,
            "wordings": np.repeat(new, added.wording_counts),
            "topics": new,
        }
        theirs = {field.model: field for field in added.fields}
        return Index(
            [*self.passages, *added.passages],
            np.concatenate([self.row_passage, added.row_passage + np.int32(len(self.passages))]),
            [_join_fields(field, theirs[field.model]) for field in self.fields if field.model in theirs],
            {name: field.with_texts(texts[name], counted[name], spoken[name]) for name, field in self._lexical.items()},
            (
                [*self.documents, *added.documents],
                np.concatenate([self.passage_document, added.passage_document + len(self.documents)]),
            ),
            pairs + np.array([len(self.documents), 0], np.int64),
        )

    def hide_documents(self, documents: Places) -> Index:
        """This index, which stays as it is, with these `documents` found by no search."""
        made = copy(self)
        made.hidden = documents
        return made

    @property
    def shown_documents(self) -> list[Document]:
        """The documents that are found."""
        hidden = set(self.hidden.tolist())
        return [document for number, document in enumerate(self.documents) if number not in hidden]

    def save(self, folder: Path) -> None:
        """Write the index into `folder`, which exists."""
        np.save(folder / "row_passage.npy", self.row_passage)
        for name, lexical in self._lexical.items():
            lexical.save(folder / name)
        for number, field in enumerate(self.fields):
            field.save(folder, number)
        models = [field.model for field in self.fields]
        (folder / MODELS).write_text(json.dumps(models, indent=1), encoding="utf-8")
        with (folder / "passages.jsonl").open("w", encoding="utf-8") as file:
            file.writelines(_to_lines(self.documents, self.passages, self.passage_document))

    @classmethod
    def load(cls, folder: Path, models: Collection[str] | None = None) -> Index:
        """Read what `save` wrote; of the vector fields only those of these `models` (None: all), by their fingerprints.

        Raises CorruptVersion.
        """
        try:
            row_passage: Ids = np.load(folder / "row_passage.npy", allow_pickle=False)
            lexical = {name: LexicalIndex.load(folder / name) for name in LEXICAL}
            with (folder / "passages.jsonl").open(encoding="utf-8") as file:
                passages = list(_from_lines(file))
            embedded = [
                load_vectors(folder, number, model)
                for number, model in enumerate(models_of(folder))
                if models is None or model in models
            ]
            return cls(passages, row_passage, embedded, lexical)
        except Exception as error:  # NumPy, zip files, FAISS and JSON have a dozen kinds for what is damaged
            raise CorruptVersion(
                f"The index in {folder} cannot be read ({error}). Run `frontdesk refresh --force`, or roll back."
            ) from error

    def find_field(self, model: str) -> VectorField | None:
        """The field of the model of that fingerprint, if there is one."""
        return next((field for field in self.fields if field.model == model), None)

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
        self.question_starts = np.cumsum(self.question_row_counts) - self.question_row_counts
        self.wording_counts = np.array([len(list_wordings(document)) for document in self.documents], np.int64)
        self.wording_starts = np.cumsum(self.wording_counts) - self.wording_counts

    def warm_up(self) -> None:
        """Make now what a first question would wait for: at 50,000 documents of 50 words in a second and a half."""
        _ = self.languages, self.topic_information, self.vocabulary, self.parts, self.copies

    @cached_property
    def parts(self) -> Mapping[Part, Places]:
        """The places of the documents of each part."""
        places: dict[Part, list[int]] = {}
        for place, document in enumerate(self.documents):
            part = ("", document.audience) if document.author else (document.source, frozenset[str]())
            places.setdefault(part, []).append(place)
        return {part: np.array(each, np.int64) for part, each in places.items()}

    @cached_property
    def copies(self) -> Sequence[Places]:
        """The places of crawled documents that say word for word the same, text by text: each is for other people."""
        places: dict[TextKey, list[int]] = {}
        for place, document in enumerate(self.documents):
            if not document.author:
                places.setdefault(identify_text(document), []).append(place)
        return [np.array(each, np.int64) for each in places.values() if len(each) > 1]

    @cached_property
    def document_languages(self) -> Sequence[str]:
        """(documents,) the language of each."""
        return [language_of(document) for document in self.documents]

    @cached_property
    def languages(self) -> Counter[str]:
        """How many documents there are in each language.

        Taught ones count where there are no others: a few of them shall not change how everything is searched.
        """
        crawled = [
            language
            for document, language in zip(self.documents, self.document_languages, strict=True)
            if not document.author
        ]
        return Counter(crawled or self.document_languages)

    @cached_property
    def main_language(self) -> str:
        """The language of most documents; English without any."""
        return max(self.languages, key=self.languages.__getitem__, default="en")

    @cached_property
    def has_several_wordings(self) -> bool:
        """Whether most documents come with several wordings: what a model wrote of them tells nothing of customers."""
        written = np.array([len(document.written) for document in self.documents], np.int64)
        return mostly_worded(self.question_row_counts - written)

    @cached_property
    def vocabulary(self) -> Counter[str]:
        """How often each Latin word of four letters or more stands in the texts, in lower case."""
        return count_latin_words(self.documents)

    @cached_property
    def topic_information(self) -> Scores:
        """-> (documents,) ln(documents / those under the same nearest heading); 0 for one under none."""
        topics = [_find_topic(document) for document in self.documents]
        counts = Counter(topics)
        return np.array([math.log(len(topics) / counts[topic]) if topic else 0.0 for topic in topics], np.float32)


def models_of(folder: Path) -> list[str]:
    """The fingerprints of the models whose vectors the index in `folder` holds. Raises OSError, ValueError."""
    try:
        models: list[str] = json.loads((folder / MODELS).read_text(encoding="utf-8"))
    except FileNotFoundError:  # written before there were several: without them it is searched by its words
        return []
    return models


def _join_fields(field: VectorField, added: VectorField) -> tuple[EmbeddedTexts, DenseIndex]:
    texts = EmbeddedTexts(
        field.model,
        np.concatenate([field.rows, added.rows]),
        np.concatenate([field.texts.questions, added.texts.questions]),
    )
    return texts, field.dense.with_rows(added.rows)


def _collect_texts(passages: Sequence[Passage], documents: Sequence[Document]) -> dict[str, list[str]]:
    """What each of the FIELDS holds."""
    return {
        "texts": [_whole_text(passage) for passage in passages],
        "questions": [" \n".join(list_wordings(document)) for document in documents],
        "wordings": [text for document in documents for text in list_wordings(document)],
        "topics": [_find_topic(document) for document in documents],
    }


def _collect_languages(passages: Sequence[Passage], documents: Sequence[Document]) -> dict[str, list[str]]:
    """The language of each of `_collect_texts`."""
    known = {document.id: language_of(document) for document in documents}
    return {
        "texts": [known[passage.document.id] for passage in passages],
        "questions": [known[document.id] for document in documents],
        "wordings": [known[document.id] for document in documents for _ in list_wordings(document)],
        "topics": [known[document.id] for document in documents],
    }


def _find_topic(document: Document) -> str:
    return document.heading_path[-1] if document.heading_path else ""


def count_latin_words(documents: Iterable[Document]) -> Counter[str]:
    """How often each Latin word of four letters or more stands in these documents, in lower case."""
    counted: Counter[str] = Counter()
    for document in documents:
        for text in (*list_wordings(document), *document.heading_path, document.answer):
            counted.update(match.lower() for match in LATIN_WORD.findall(text))
    return counted


def list_wordings(document: Document) -> list[str]:
    """The question and its other wordings."""
    return [document.question, *document.alternatives, *document.written]


def _whole_text(passage: Passage) -> str:
    document = passage.document
    return "\n".join([*document.heading_path, *list_wordings(document), passage.text])


def _collect_documents(passages: Sequence[Passage]) -> tuple[list[Document], Places]:
    """The distinct documents in order of appearance, and each passage's place among them. Two sources may hold the same
    page, for different people."""
    places: dict[tuple[str, str], int] = {}
    documents: list[Document] = []
    of: dict[int, int] = {}
    numbers = []
    for passage in passages:
        document = passage.document
        number = of.get(id(document))
        if number is None:
            number = of[id(document)] = places.setdefault((document.id, document.source), len(documents))
            if number == len(documents):
                documents.append(document)
        numbers.append(number)
    return documents, np.array(numbers, np.int64)


def _to_lines(documents: Sequence[Document], passages: Sequence[Passage], passage_document: Places) -> Iterator[str]:
    yield json.dumps({"documents": len(documents), "passages": len(passages)}) + "\n"
    for document in documents:
        yield json.dumps(to_json_values(document), ensure_ascii=False) + "\n"
    for passage, number in zip(passages, passage_document.tolist(), strict=True):
        yield json.dumps([passage.id, number, passage.text, passage.part, passage.parts], ensure_ascii=False) + "\n"


def _from_lines(lines: Iterable[str]) -> Iterator[Passage]:
    iterator = iter(lines)
    counts = json.loads(next(iterator, "{}"))
    documents = [_parse_document(json.loads(next(iterator, "{}"))) for _ in range(counts["documents"])]
    for _ in range(counts["passages"]):
        passage_id, number, text, part, parts = json.loads(next(iterator, "[]"))
        yield Passage(passage_id, documents[number], text, part, parts)


def _parse_document(values: dict[str, Any]) -> Document:
    values["kind"] = DocumentKind(values["kind"])
    values["heading_path"] = tuple(values["heading_path"])
    values["alternatives"] = tuple(values["alternatives"])
    values["written"] = tuple(values.get("written", ()))
    return Document(**values)
