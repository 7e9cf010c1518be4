"""What a conversation adds to a query that leans on it: documents on what was being talked about gain a little.

Two things are carried on. The topic: a document whose nearest heading was named before (a product, a hotel, a section)
gains as much as it would tell to know that the topic is still the same. The words: a passage gains by its BM25 for what
was said last. Both were measured on conversations; pasting the conversation in front of the query did far worse, and
pulling the query's vector towards it did nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from retrieval.indexing.analysis import analyse
from retrieval.indexing.lexical import Places, Scores
from retrieval.searching.signals import Candidates, top

if TYPE_CHECKING:
    from retrieval.indexing.index import Index

CONTINUITY = 2.0  # times ln(documents / documents on the topic)
FADING = 0.93  # of a topic, with every text said since
EARLIER_WORDS = 6.0  # times BM25 in 0..1
LAST_TURN = 2  # texts: what the customer said and what the bot said to it
TOPIC_POOL = 96  # documents


def topics(index: Index, query: str, context: Sequence[str]) -> Scores:
    """-> (documents,) what each document gains by its heading's having been named, lately or in the query itself.

    `context` is oldest first.
    """
    gains = np.zeros(len(index.documents), np.float32)
    everything = np.arange(len(index.documents))
    for age, text in enumerate([query, *reversed(context)]):
        tokens = index.topics.query(analyse(text, concepts=False))
        if len(tokens.known):
            _, named = index.topics.overlap(tokens, everything)
            np.maximum(gains, named**2 * FADING**age, out=gains)
    return CONTINUITY * gains * index.topic_information


def on_topic(index: Index, gains: Scores) -> Places:
    """The passages that open the documents which gain most."""
    return index.opening[top(gains, TOPIC_POOL)]


def lean(index: Index, candidates: Candidates, gains: Scores, context: Sequence[str], *, concepts: bool) -> Scores:
    """-> (n,) what each candidate's score gains by the conversation."""
    words = np.zeros(len(candidates.passages), np.float32)
    for text in context[-LAST_TURN:]:
        said = index.texts.bm25(index.texts.query(analyse(text, concepts)))
        np.maximum(words, said[candidates.passages], out=words)
    return gains[candidates.documents] + EARLIER_WORDS * words


def joined(query: str, context: Sequence[str]) -> str:
    """What was asked last and the query as one text: too blunt to rank by."""
    return "\n".join([*context[-LAST_TURN:-1], query])
