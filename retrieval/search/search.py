"""One question searched by a profile, and by a second one where the first is not sure."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import compress

import numpy as np

from retrieval.documents import ScoredPassage
from retrieval.index.index import Index, list_wordings
from retrieval.index.lexical_field import Places, Scores
from retrieval.search import calibration, conversation, families, query_variants, signals
from retrieval.search.families import Family
from retrieval.search.near_duplicates import RIVAL
from retrieval.search.profiles import Profile
from retrieval.search.query_variants import SearchedVariant
from retrieval.search.query_vectors import QuestionVectors
from retrieval.search.ranking import fuse_signals, prefer_taught, rank_candidates
from retrieval.search.rerank import Reranking
from retrieval.search.signals import Candidates, Lookup, Query
from retrieval.search.site_names import find_names
from retrieval.search.synonyms import QueryVariant
from retrieval.text.content_words import word_sequence


@dataclass(frozen=True)
class SearchOutcome:
    """What a search by one profile came to: the candidates, their places best first, and how sure the first is."""

    profile: Profile
    candidates: Candidates
    ranking: Places
    scores: Scores
    features: Mapping[str, float]
    confidence: float
    family: Family

    def score_passages(self, index: Index, limit: int) -> tuple[ScoredPassage, ...]:
        """The first passages, with their scores and signals."""
        ranking = self.ranking[:limit]
        places = self.candidates.passages[ranking].tolist()
        scores = np.round(self.scores[ranking], 4).tolist()
        values = self.candidates.values[ranking].tolist()
        return tuple(
            ScoredPassage(index.passages[place], score, dict(zip(self.profile.weights, row, strict=True)))
            for place, score, row in zip(places, scores, values, strict=True)
        )

    def list_family(self, passages: Sequence[ScoredPassage]) -> tuple[ScoredPassage, ...]:
        """Those of the first `passages` that ask the same about several things and answer it differently."""
        if not self.family.differ:
            return ()
        meant = np.isin(self.candidates.documents[self.ranking[: len(passages)]], self.family.meant)
        return tuple(compress(passages, meant.tolist()))


class Search:
    """A question on one index, with its `variants` (what it says in other words) and what was said before it."""

    def __init__(
        self,
        index: Index,
        text: str,
        language: str,
        variants: Sequence[QueryVariant],
        context: Sequence[str],
        vectors: QuestionVectors,
        reranking: Reranking | None = None,
    ) -> None:
        self._index = index
        self._text = text
        self._language = language
        self.variants = variants
        self._context = context
        self._vectors = vectors
        self._reranking = reranking
        self._meant = variants[0].text if variants else text
        self._names = find_names(index, text)
        self._lookups: dict[str, Lookup] = {}  # by text: what the second profile need not look up again
        self.embedding_ms = 0.0

    def search_by(self, profile: Profile) -> SearchOutcome:
        """What one profile comes to; what another has looked up is not looked up again."""
        index, context = self._index, self._context
        vector, *others = self._embed_texts([self._text, *(each.text for each in self.variants)], profile)
        query = self._prepare_query(self._text, vector, profile)
        in_context = (
            None if not context or conversation.has_topic(self._text, self._language) else self._after_context(profile)
        )
        rewritten = query_variants.search_variants(index, self.variants, others, profile, self._language)
        also = [each.candidates.passages for each in rewritten]
        gains = conversation.topic_bonus(index, self._text, context) if context else None
        if gains is not None:
            also.append(conversation.on_topic(index, gains))
        own = signals.gather_candidates(index, query, also)
        candidates = query_variants.best_of(index, own, rewritten)
        scores = self._score_candidates(candidates, profile, in_context, gains)
        scores = self._prefer_language(candidates, scores)
        preferred = prefer_taught(candidates, scores, index.same_question_pairs)
        preferred = self._names.prefer_named(candidates, preferred)
        ranking = rank_candidates(candidates, preferred)
        family = self._find_family(candidates, ranking, preferred, in_context)
        preferred = families.promote_meant(family, candidates.documents, preferred)
        ranking = rank_candidates(candidates, preferred)
        judged = self._judged_by(query, own, rewritten, candidates.passages[ranking], in_context)
        features = min(
            (
                calibration.describe_ranking(index, each, candidates, ranking, scores, family, anew=each is not query)
                for each in judged
            ),
            key=lambda each: calibration.estimate_confidence(each, profile),
        )
        sure = calibration.estimate_confidence(features, profile)
        if features and not features["bare"] and self._is_asked_verbatim(candidates.documents[ranking[0]]):
            sure = max(sure, profile.answer)
        elif self._names.are_all_of_it and not in_context:
            sure = min(sure, calibration.UNANSWERED * profile.answer)
        return SearchOutcome(profile, candidates, ranking, preferred, features, sure, family)

    def _prefer_language(self, candidates: Candidates, scores: Scores) -> Scores:
        """The scores. Where no page is in the reader's language, what is in another than most pages are stands behind
        its translation."""
        index = self._index
        if len(index.languages) < 2 or index.languages[self._language]:
            return scores
        spoken = index.document_languages
        others = np.array([spoken[number] != index.main_language for number in candidates.documents.tolist()], bool)
        return np.asarray(scores - np.float32(RIVAL) * others, np.float32)

    def _is_asked_verbatim(self, document: int) -> bool:
        """Whether the text is word for word a question of this document, so that nothing else can be meant."""
        asked = word_sequence(self._text, self._language)
        return bool(asked) and any(
            word_sequence(each, self._language) == asked for each in list_wordings(self._index.documents[document])
        )

    def _find_family(self, candidates: Candidates, ranking: Places, scores: Scores, in_context: Query | None) -> Family:
        """The things that the first document's question is asked of, by what the question names or, where that is
        none of them, the conversation."""
        ranked, ranked_scores = candidates.documents[ranking], scores[ranking]
        named = "\n".join([self._text, *(each.text for each in self.variants)])
        family = families.find_family(self._index, named, ranked, ranked_scores)
        if family.differ and in_context:
            return families.find_family(self._index, in_context.text, ranked, ranked_scores)
        return family

    def _embed_texts(self, texts: Sequence[str], profile: Profile) -> list[Mapping[str, Scores]]:
        started = time.perf_counter()
        vectors = self._vectors.embed_texts(texts, profile.models)
        self.embedding_ms += (time.perf_counter() - started) * 1000
        return vectors

    def _prepare_query(self, text: str, vectors: Mapping[str, Scores], profile: Profile) -> Query:
        if text not in self._lookups:
            self._lookups[text] = signals.look_up(self._index, text, self._language)
        return Query(text, vectors, profile, self._lookups[text])

    def _after_context(self, profile: Profile) -> Query:
        """The question after what was asked last."""
        text = conversation.with_previous_question(self._meant, self._context, self._language)
        return self._prepare_query(text, self._embed_texts([text], profile)[0], profile)

    def _score_candidates(
        self, candidates: Candidates, profile: Profile, in_context: Query | None, gains: Scores | None
    ) -> Scores:
        index = self._index
        scores = fuse_signals(candidates, profile)
        if in_context and conversation.is_elliptical(self._text, self._language):
            after = signals.measure_signals(index, in_context, candidates.passages)
            scores = conversation.mix_scores(scores, fuse_signals(after, profile))
        if gains is not None:
            scores = scores + conversation.context_bonus(index, candidates, gains, self._context)
        if self._reranking:
            read = in_context.text if in_context else self._meant
            scores = self._reranking.rescore_candidates(read, index.passages, candidates, scores)
        return scores

    def _judged_by(
        self,
        query: Query,
        own: Candidates,
        rewritten: Sequence[SearchedVariant],
        ranked: Places,
        in_context: Query | None,
    ) -> list[Query]:
        """What the first of the `ranked` passages is judged by: the wording of the question that fits it best and, if
        that needs the conversation, the question after what was asked last; if it names what it is asked of, what is
        asked. An answer has to fit both; one that names all that a bare question says the latter alone."""
        best, profile = query, query.profile
        if rewritten and len(ranked):
            by = query_variants.judged_by(
                self._index, int(ranked[0]), own, rewritten, lambda each: fuse_signals(each, profile)
            )
            best = by.query if by else query
        if not in_context:
            rest = self._names.rest
            return [best, self._prepare_query(rest, self._embed_texts([rest], profile)[0], profile)] if rest else [best]
        elliptical = conversation.is_elliptical(query.text, self._language)
        named = elliptical and len(ranked) and conversation.covers_all_terms(self._index, int(ranked[0]), query.text)
        return [in_context] if named else [best, in_context]
