"""Passages for a question, and whether they answer it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.answering import decide as decision
from bot.answering import followups
from bot.answering.clarify import Choice, shown_in_full
from bot.answering.draft import Draft
from bot.answering.draft_replies import reply_to_finding
from bot.answering.interpretation import list_earlier_turns
from bot.answering.parts import Found, find_parts
from bot.answering.ports import QuestionReader
from bot.answering.stopwatch import Stopwatch
from bot.chat.conversation import Citation, Conversation, Decision, Turn
from bot.i18n import words_for
from bot.i18n.language import primary_subtag, reply_language
from retrieval.documents import Document, RetrievalResult
from retrieval.errors import NoActiveVersion
from retrieval.interfaces import Retriever
from retrieval.text.cleaning import collapse_whitespace


class PassageFinder:
    """Retrieves and decides (see `AnswerPipeline` for what it is made of)."""

    def __init__(
        self,
        retriever: Retriever,
        reader: QuestionReader | None,
        thresholds: tuple[float | None, float | None],
        limit: int,
    ) -> None:
        self._retriever = retriever
        self._reader = reader
        self._thresholds = thresholds
        self._limit = limit

    async def search_pages(
        self,
        draft: Draft,
        choice: Choice | None,
        asked: Turn | None,
        context: tuple[str, ...],
        given: frozenset[str],
        watch: Stopwatch,
    ) -> None:
        """Retrieve and decide. A chosen option needs no deciding if it is still there; else its title is a question."""
        try:
            result = await self._retriever.retrieve(
                draft.standalone, context=context, limit=self._limit, viewer=draft.viewer
            )
        except NoActiveVersion:  # the last source was removed: then nothing is known
            result = RetrievalResult(draft.standalone, primary_subtag(draft.language), (), 0.0, "", "")
        if draft.first:
            draft.language = reply_language(draft.question, site_languages=(result.language,))
        decided = decision.make_decision(result, *self._thresholds, given=given)
        draft.decision, draft.threshold, draft.confidence = decided.decision, decided.threshold, result.confidence
        watch.record_stage("retrieve")
        chosen = put_chosen_first(result, choice.option, asked) if choice and choice.option and asked else None
        if choice and choice.option and not chosen:
            draft.preface += words_for(draft.language).say("choice_gone") + "\n\n"
        found = Found(None, result) if choice or context else await self._find_parts(draft, result)
        parts, result = found.parts, found.whole
        watch.record_stage("parts")
        if chosen:
            draft.decision, result = Decision.ANSWER, chosen
        elif parts:
            draft.decision = Decision.ANSWER if parts.sure else Decision.SUGGEST
            result, draft.asked, draft.confidence = parts.result, parts.questions, parts.result.confidence
        elif self._reader and self._worth_reading(decided, result):
            ranks = await self._reader.find_answering_passages(draft.standalone, result)
            if ranks:
                draft.decision, result = Decision.ANSWER, _put_first(result, ranks)
            elif ranks is not None:
                draft.decision = Decision.ABSTAIN
            watch.record_stage("judge")
        draft.result = result
        reply_to_finding(draft, decision.select_nearest(result) if parts else decided.options)

    async def _find_parts(self, draft: Draft, whole: RetrievalResult) -> Found:
        """The answers to a message that asks two things; the second is searched as if the first had been answered."""

        async def search_question(question: str, context: tuple[str, ...] = ()) -> RetrievalResult:
            return await self._retriever.retrieve(question, context=context, limit=self._limit, viewer=draft.viewer)

        async def search_after(question: str, before: str, found: RetrievalResult) -> RetrievalResult:
            told = [(before, found.passages[0].passage.document.answer)]
            return await search_question(*followups.contextualise_question(question, whole.language, told))

        return await find_parts(draft.standalone, whole, self._thresholds, search_question, search_after)

    def _worth_reading(self, decided: decision.Decided, result: RetrievalResult) -> bool:
        """Whether a reader may find an answer in the pages; which of two is meant only the customer knows."""
        if decided.decision in {Decision.ANSWER, Decision.CLARIFY}:
            return False
        return decision.is_doubtful(result, decided.threshold)


def list_shown_passages(conversation: Conversation) -> frozenset[str]:
    """The passages that were shown last: what an answer cited, or the one that was suggested."""
    for turn in list_earlier_turns(conversation)[-1:]:
        if turn.decision in {Decision.ANSWER, Decision.SUGGEST}:
            shown = turn.citations if turn.decision is Decision.ANSWER else shown_in_full(turn)
            return frozenset(citation.passage_id for citation in shown)
    return frozenset()


def _put_first(result: RetrievalResult, ranks: Sequence[int]) -> RetrievalResult:
    """`result` with the passages of these 1-based ranks first."""
    chosen = [result.passages[rank - 1] for rank in ranks]
    return replace(result, passages=(*chosen, *(other for other in result.passages if other not in chosen)))


def put_chosen_first(result: RetrievalResult, option: Citation, asked: Turn) -> RetrievalResult | None:
    """`result` with the chosen passage first, or what its page says by now; None when a refresh has taken it away."""
    by_id = [scored for scored in result.passages if scored.passage.id == option.passage_id]
    offered = {other.passage_id for other in asked.citations}
    by_page = [
        scored
        for scored in result.passages
        if scored.passage.id not in offered and _has_new_answer(scored.passage.document, option)
    ]
    for chosen in (*by_id, *by_page):
        others = (other for other in result.passages if other is not chosen)
        return replace(result, passages=(chosen, *others))
    return None


def _has_new_answer(document: Document, option: Citation) -> bool:
    """Whether this is the chosen question with another answer than when it was offered."""
    same = bool(option.url) and (document.url, document.question) == (option.url, option.title)
    if option.author and option.under:  # told apart as an answer of the team
        return same and bool(document.author)
    return same and option.under in {"", *map(collapse_whitespace, document.heading_path)}
