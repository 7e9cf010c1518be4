"""What messages are, and what is said to an offer, by the examples."""

from __future__ import annotations

import json
import re
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import structlog

from bot.answering.intent.examples import REFERS, examples_digest, load_messages, load_replies, load_summons, load_talk
from bot.answering.intent.head import Head, Matrix
from bot.chat.intent import UNREAD, Intent, MessageReading, OfferReply
from retrieval.documents import content_id
from retrieval.files import write_atomically
from retrieval.interfaces import Embedder, Vectors
from retrieval.models.embedding_models import EmbeddingModels, name_model
from retrieval.search.query_vectors import QuestionVectors
from retrieval.text.cleaning import clean_text

log = structlog.get_logger(__name__)

_REMEMBERED = 2048  # messages
READ = 1000  # characters of a message that are looked at
_CLAUSE = re.compile(r"[^.!?,;:\n。！？，；：…]*[.!?,;:\n。！？，；：…]*")
_LEANING = " ,，;；:："  # what a clause ends with that leans on the next
_FITTED = files(__package__) / "fitted"


@dataclass(frozen=True)
class Heads:
    """What was learned on one embedding model: to read messages, replies to an offer, and whether a message refers to
    what stands above. `accuracy` is the share of examples left out that was told right, by language: of those that were
    learned; `referring` the same of those that refer. `languages`: the only ones that were to be learned; none: all."""

    messages: Head
    replies: Head
    summons: Head
    accuracy: Mapping[str, float]
    referring: Mapping[str, float]
    languages: tuple[str, ...] = ()

    def knows_language(self, language: str) -> bool:
        """Whether messages of this language were learned."""
        return any(tag.partition("-")[0] == language.partition("-")[0] for tag in self.accuracy)


class LearnedReader:
    """Implements `bot.chat.ports.IntentReader` over embedding models: a message is read by the first that knows its
    language, else by the last. Heads are fitted here where Frontdesk brings none for a model, and kept in `folder`.
    `vectors` are those that searches go by."""

    def __init__(self, models: EmbeddingModels, folder: Path, vectors: QuestionVectors | None = None) -> None:
        vectors = vectors or QuestionVectors(models)
        self._readings = [_Reading(model, folder, vectors) for model in models.models]

    def read_messages(self, texts: Sequence[str], language: str = "") -> list[MessageReading]:
        texts = [clean_text(text[:READ]).strip() for text in texts]
        reading = self._select_reading(language)
        rows = [row for row, text in enumerate(texts) if any(map(str.isalpha, text)) or reading.knows_sign_in(text)]
        empty = MessageReading(Intent.EMPTY, sure=True)
        readings = [UNREAD if any(map(str.isalnum, text)) else empty for text in texts]  # a number may be a question
        for row, one in zip(rows, reading.read_messages([texts[row] for row in rows]) if rows else (), strict=True):
            readings[row] = one
        return readings

    def read_replies(self, texts: Sequence[str], language: str = "") -> list[OfferReply]:
        texts = [clean_text(text[:READ]).strip() for text in texts]
        reading = self._select_reading(language)
        rows = [row for row, text in enumerate(texts) if any(map(str.isalnum, text)) or reading.answers_by_sign(text)]
        replies = [OfferReply.OTHER] * len(texts)  # as what an embedding makes of no words at all says nothing
        for row, one in zip(rows, reading.read_replies([texts[row] for row in rows]) if rows else (), strict=True):
            replies[row] = one
        return replies

    def find_question(self, text: str, language: str = "") -> str:
        clauses = [clause for clause in _CLAUSE.findall(text) if clause.strip()]
        first, last = 0, len(clauses)
        if last == 1 or len(text) > READ:
            return text.strip()
        courtesies = [
            reading.sure and reading.intent.is_small_talk for reading in self.read_messages(clauses, language)
        ]
        while first < last and courtesies[first]:
            first += 1
        while last > first and courtesies[last - 1]:
            last -= 1
        return "".join(clauses[first:last]).strip().rstrip(_LEANING) if first < last else text.strip()

    def _select_reading(self, language: str) -> _Reading:
        last = self._readings[-1]
        return next((each for each in self._readings[:-1] if each.heads.knows_language(language or "en")), last)


class _Reading:
    """Reads by one model. What the last messages were is remembered, but none of their texts."""

    def __init__(self, model: Embedder, folder: Path, vectors: QuestionVectors) -> None:
        self._model = model
        self._vectors = vectors
        self._folder = folder
        self._lock = threading.Lock()
        self._heads: Heads | None = None
        self._reading = threading.Lock()
        self._known: OrderedDict[str, MessageReading] = OrderedDict()

    @property
    def heads(self) -> Heads:
        """The heads, loaded or fitted by the first who asks. Raises ModelError."""
        if self._heads is None:
            with self._lock:
                self._heads = self._heads or load_heads(self._model, self._folder)
        return self._heads

    def knows_sign_in(self, text: str) -> bool:
        """Whether a text without words has a picture that means something."""
        pictures = _keep_pictures(text)
        return bool(pictures) and bool(self.heads.messages.find_words(pictures))

    def answers_by_sign(self, text: str) -> bool:
        """Whether a text without words has a picture that was learned as a reply to an offer."""
        pictures = _keep_pictures(text)
        return bool(pictures) and self.heads.replies.judge_words(pictures) not in {"", OfferReply.OTHER}

    def read_messages(self, texts: Sequence[str]) -> list[MessageReading]:
        """Each text once: what was read to judge a message is not read again to answer it."""
        keys = [content_id(text) for text in texts]
        with self._reading:
            known = {key: self._known[key] for key in keys if key in self._known}
        if missing := {key: text for key, text in zip(keys, texts, strict=True) if key not in known}:
            known |= zip(missing, self._read_messages([*missing.values()]), strict=True)
        with self._reading:
            for key in keys:
                self._known[key] = known[key]
                self._known.move_to_end(key)
            while len(self._known) > _REMEMBERED:
                self._known.popitem(last=False)
        return [known[key] for key in keys]

    def _read_messages(self, texts: Sequence[str]) -> list[MessageReading]:
        heads, vectors = self.heads, self._embed_texts(texts)
        read = heads.messages.predict_probabilities(texts, vectors)
        refers = heads.summons.predict_probabilities(texts, vectors)
        return [_judge_message(heads, *rows) for rows in zip(read, refers, strict=True)]

    def read_replies(self, texts: Sequence[str]) -> list[OfferReply]:
        head = self.heads.replies
        return [_judge_reply(head, row) for row in head.predict_probabilities(texts, self._embed_texts(texts))]

    def _embed_texts(self, texts: Sequence[str]) -> Vectors:
        """One text as a search does, which then need not: it is most of what a question costs. Several together: that
        is cheaper, and company changes a vector a little."""
        if len(texts) > 1:
            return self._model.embed_queries(texts)
        name = name_model(self._model.fingerprint)
        return np.stack([vectors[name] for vectors in self._vectors.embed_texts(texts, [name])])


def load_heads(model: Embedder, folder: Path) -> Heads:
    """Those that Frontdesk brings for the model, else those fitted here before, else such as are fitted now, which
    takes some minutes. Raises ModelError."""
    shipped = _FITTED.joinpath(f"{name_head(name_model(model.fingerprint))}.json")
    kept = folder / f"intent-{name_head(model.fingerprint)}.json"
    for file in (shipped, kept):
        with suppress(OSError, ValueError, KeyError):  # one that is damaged is made anew
            heads = parse_heads(file.read_text(encoding="utf-8"))
            if heads and heads.messages.dimension == model.dimension:  # else another model has that name
                return heads
    log.warning("reading of messages is fitted to the embedding model, which takes some minutes", file=kept.name)
    heads = fit_heads(model)
    folder.mkdir(parents=True, exist_ok=True)
    write_atomically(kept, write_heads(heads))
    return heads


def fit_heads(model: Embedder, languages: Collection[str] = ()) -> Heads:
    """Heads fitted to the examples of these languages (none: all)."""
    from bot.answering.intent.fit import fit_messages, fit_replies, fit_summons, set_on_talk

    messages, replies, talk = load_messages(languages), load_replies(languages), load_talk(languages)
    summons = load_summons(languages)
    texts = list(dict.fromkeys([*(each.text for each in (*messages, *replies, *summons)), *talk]))
    place = {text: row for row, text in enumerate(texts)}
    vectors = np.asarray(model.embed_queries(texts), np.float32)
    read, accuracy = fit_messages(messages, vectors[[place[each.text] for each in messages]])
    read = set_on_talk(read, talk, vectors[[place[text] for text in talk]])
    reply, _ = fit_replies(replies, vectors[[place[each.text] for each in replies]])
    refer, referring = fit_summons(summons, vectors[[place[each.text] for each in summons]])
    return Heads(read, reply, refer, accuracy, referring, tuple(languages))


def name_head(model: str) -> str:
    """A model's name, or fingerprint, as a file's."""
    return "".join(letter if letter.isalnum() or letter in "-." else "_" for letter in model)


def write_heads(heads: Heads) -> str:
    """Heads as they are kept."""
    data = {
        "languages": list(heads.languages),
        "examples": examples_digest(heads.languages),
        "accuracy": {tag: round(share, 3) for tag, share in heads.accuracy.items()},
        "referring": {tag: round(share, 3) for tag, share in heads.referring.items()},
        "messages": heads.messages.to_json(),
        "replies": heads.replies.to_json(),
        "summons": heads.summons.to_json(),
    }
    return json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("],[", "],\n[") + "\n"


def parse_heads(text: str) -> Heads | None:
    """The heads of a file; None where other examples were learned. Raises ValueError, KeyError."""
    data: dict[str, Any] = json.loads(text)
    languages = tuple(data["languages"])
    if data["examples"] != examples_digest(languages):
        return None
    messages, replies, summons = (Head.from_json(data[name]) for name in ("messages", "replies", "summons"))
    return Heads(messages, replies, summons, data["accuracy"], data["referring"], languages)


def _keep_pictures(text: str) -> str:
    return "".join(each for each in text if unicodedata.category(each) == "So")


def _judge_message(heads: Heads, row: Matrix, about: Matrix) -> MessageReading:
    head = heads.messages
    refers = (
        dict(zip(heads.summons.kinds, map(float, about), strict=True)).get(REFERS, 0) > heads.summons.limits[REFERS]
    )
    shares = dict(zip(map(Intent, head.kinds), map(float, row), strict=True))
    asks = shares[Intent.QUESTION] + shares[Intent.PERSON] > head.limits["asks"]
    small_talk = {intent: share for intent, share in shares.items() if intent.is_small_talk}
    others = {intent: share for intent, share in shares.items() if not intent.is_small_talk}
    likeliest = max(others, key=others.__getitem__)
    if sum(small_talk.values()) >= others[likeliest]:
        sure = sum(small_talk.values()) > head.limits["small_talk"]
        return MessageReading(max(small_talk, key=small_talk.__getitem__), sure, asks, refers)
    return MessageReading(likeliest, others[likeliest] > head.limits.get(likeliest.value, 0.0), asks, refers)


def _judge_reply(head: Head, row: Matrix) -> OfferReply:
    shares = dict(zip(map(OfferReply, head.kinds), map(float, row), strict=True))
    if 1 - shares.pop(OfferReply.OTHER) <= head.limits["reply"]:
        return OfferReply.OTHER
    return max(shares, key=shares.__getitem__)
