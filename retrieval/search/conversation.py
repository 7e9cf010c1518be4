"""What a conversation adds to a query that leans on it: documents on what was being talked about gain a little.

Two things are carried on. The topic: a document whose nearest heading was named before (a product, a hotel, a section)
gains as much as it would tell to know that the topic is still the same. The words: a passage gains by its BM25 for what
was said last. Both were measured on conversations; pasting the conversation in front of every query did far worse, and
pulling the query's vector towards it did nothing.

A bare query ("how long?", "and to Canada?") says too little to be ranked by: what was asked before it counts, too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from retrieval.index.lexical_field import Places, Scores
from retrieval.search.signals import Candidates, find_highest
from retrieval.text.analysis import analyse_text, is_function, is_unspaced

if TYPE_CHECKING:
    from retrieval.index.index import Index

CONTINUITY = 2.0  # times ln(documents / documents on the topic)
FADING = 0.93  # of a topic, with every text said since
EARLIER_WORDS = 6.0  # times BM25 in 0..1
LAST_TURN = 2  # texts: what the customer said and what the bot said to it
TOPIC_POOL = 96  # documents
BARE_WORDS, BARE_CHARACTERS = 2, 3  # telling ones; characters of what is written without spaces
BEFORE = 0.6  # what the score after the question before counts for a bare query; its own counts 1

_MEASURES = frozenset({"long", "one", "久", "钱"})  # "how long?", "another one", "多少钱": no more telling than "how?"
_THERE_IS = re.compile(
    r"\b(?:is|are|was|were|isn['’]?t|aren['’]?t|will)\s+there\b|\bthere(?:['’]s|\s+(?:is|are|was|were|will)\b)",
    re.IGNORECASE,
)
_LINK = re.compile(  # before a whole question: "and how long does delivery take?"
    r"^\W*(?:(?:and|or|but|so|ok|okay|then)\W+)+(?=(?:how|what|when|where|which|who|why)\b(?!\s+about\b)"
    r"|(?:can|could|do|does|did|is|are|was|were|will|would|should|may|must)\b)",
    re.IGNORECASE,
)
_ASKS_CHINESE = re.compile("怎|如何|多少|多久|什么|什麼|甚麼|哪|[几幾谁誰吗嗎]|能不能|可不可以|是不是|有没有|有沒有")
_LINK_CHINESE = re.compile(
    r"^(?:那么|那麼|那(?![个個些里裡边邊儿兒样樣种種家款件])|然后|然後|还有|還有|另外|以及|可是|但是?)|呢(?=\W*$)"
)
_REFERS = re.compile(
    r"\b(it|its|that|there|they|them|their|this|those|these|ones|one(?=\W*+(?:please\W*+)?$)|he|she|him|her|his|same"
    r"|instead|else|too|either|then|also|another|others?)\b"
    r"|^(and|or|but|so|ok|okay|what about|how about)\b",
    re.IGNORECASE,
)
_REFERS_CHINESE = re.compile(
    r"^(那|然后|然後|还有|還有|另外|以及|可是|但|换|換|要是|如果)|[它牠她他这這那其]|[也还還]|呢\W*$|一样|一樣"
)


def topic_bonus(index: Index, query: str, context: Sequence[str]) -> Scores:
    """-> (documents,) what each document gains by its heading's having been named, lately or in the query itself.

    `context` is oldest first.
    """
    gains = np.zeros(len(index.documents), np.float32)
    everything = np.arange(len(index.documents))
    for age, text in enumerate([query, *reversed(context)]):
        tokens = index.topics.look_up(analyse_text(text, index.main_language))
        if len(tokens.known):
            _, named = index.topics.measure_overlap(tokens, everything)
            np.maximum(gains, named**2 * FADING**age, out=gains)
    return CONTINUITY * gains * index.topic_information


def on_topic(index: Index, gains: Scores) -> Places:
    """The passages that open the documents which gain most."""
    return index.opening[find_highest(gains, TOPIC_POOL)]


def context_bonus(index: Index, candidates: Candidates, gains: Scores, context: Sequence[str]) -> Scores:
    """-> (n,) what each candidate's score gains by the conversation."""
    words = np.zeros(len(candidates.passages), np.float32)
    for text in context[-LAST_TURN:]:
        said = index.texts.score_bm25(index.texts.look_up(analyse_text(text, index.main_language)))
        np.maximum(words, said[candidates.passages], out=words)
    return gains[candidates.documents] + EARLIER_WORDS * words


def with_previous_question(query: str, context: Sequence[str], language: str = "en") -> str:
    """What was asked last that says something itself, and the query, as one text: too blunt to rank by, where the query
    says something, too."""
    asked = list(context[-LAST_TURN::-LAST_TURN])
    telling = next((text for text in asked if not is_elliptical(text, language)), None)
    return "\n".join([*(asked[:1] if telling is None else [telling]), query])


def refers_back(query: str) -> bool:
    """Whether a query goes on with what was said: "it", "and …", "what about …", "那…呢"."""
    return bool(_REFERS.search(_THERE_IS.sub("", query)) or _REFERS_CHINESE.search(query))


def has_topic(query: str, language: str = "en") -> bool:
    """Whether a query, however short, says what it is about: "opening hours?", "and how long does delivery take?"."""
    whole = _LINK_CHINESE.sub("", query) if _ASKS_CHINESE.search(query) else _LINK.sub("", query)
    return bool(_find_terms(query, language)) and not refers_back(whole)


def is_elliptical(query: str, language: str = "en") -> bool:
    """Whether a query says next to nothing by itself: "how long?", "and to Canada?"."""
    tokens = _find_terms(query, language)
    characters = sum(map(is_unspaced, tokens))
    few = len(tokens) - characters <= BARE_WORDS and characters <= BARE_CHARACTERS
    return few and not has_topic(query, language)


def mix_scores(own: Scores, after: Scores) -> Scores:
    """The scores of a bare query's candidates, from those of its own words and those after the question before."""
    scores: Scores = ((own + BEFORE * after) / (1 + BEFORE)).astype(np.float32)
    return scores


def covers_all_terms(index: Index, passage: int, query: str) -> bool:
    """Whether a passage (its place in `Index.passages`) has every word that a query is about: "and the gaiwan?" is
    answered by what speaks of gaiwans. True where there are none ("why not?")."""
    return index.texts.has_all(_find_terms(query, index.main_language), passage)


def _find_terms(query: str, language: str) -> list[str]:
    """A query's words that say what it is about; single characters of what is written without spaces."""
    tokens = analyse_text(query, language)
    single = [token for token in tokens if len(token) == 1 or not is_unspaced(token)]
    return [token for token in single if not is_function(token, language) and token not in _MEASURES]
