"""Asks golden questions as customers would, up to the product's decision."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from bot.answering import decide as decision
from bot.answering import followups
from bot.answering.interpretation import MAX_CHARACTERS
from bot.chat.conversation import Decision
from bot.chat.ports import IntentReader
from bot.evaluation.judge import Entries, Judged, judge_answer
from bot.evaluation.question_files import AT_ONCE, RANKED
from bot.evaluation.questions import GoldenQuestion
from bot.i18n.language import primary_subtag, reply_language
from retrieval.documents import Document
from retrieval.interfaces import Retriever
from retrieval.text.cleaning import clean_text

OnDone = Callable[[int, int], None]


async def ask_questions(
    questions: Sequence[GoldenQuestion],
    retriever: Retriever,
    entries: Entries,
    intents: IntentReader,
    *,
    threshold: float | None = None,
    suggest_threshold: float | None = None,
    mask: Callable[[str], str] = lambda text: text,
    on_done: OnDone = lambda _done, _of: None,
) -> list[Judged]:
    """What comes of each question, in their order: masked, without courtesies, with the turns before it, searched and
    decided on. Without a language model, which may judge a doubtful one otherwise.

    Raises what `retriever` and `on_done(asked, of)` raise.
    """
    free = asyncio.Semaphore(AT_ONCE)
    thresholds = threshold, suggest_threshold
    done = 0

    async def ask_one(golden: GoldenQuestion) -> Judged:
        nonlocal done
        async with free:
            decided, confidence, documents, profile = await _decide_answer(golden, retriever, intents, thresholds, mask)
            judged = judge_answer(golden, decided, confidence, documents, entries, profile)
        done += 1
        on_done(done, len(questions))
        return judged

    tasks = [asyncio.create_task(ask_one(golden)) for golden in questions]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:  # where one failed, nobody waits for the rest
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _decide_answer(
    golden: GoldenQuestion,
    retriever: Retriever,
    intents: IntentReader,
    thresholds: tuple[float | None, float | None],
    mask: Callable[[str], str],
) -> tuple[Decision, float, tuple[Document, ...], str]:
    question = clean_text(mask(golden.question[: 2 * MAX_CHARACTERS])).strip()[:MAX_CHARACTERS]
    spoken = reply_language(question)
    [reading] = await asyncio.to_thread(intents.read_messages, [question], spoken)
    if reading.sure and reading.intent.is_small_talk:
        return Decision.CHITCHAT, 0.0, (), ""
    if reading.wants_person:
        return Decision.HUMAN, 0.0, (), ""
    asked = await asyncio.to_thread(intents.find_question, question, spoken)
    standalone, context = followups.contextualise_question(asked, primary_subtag(spoken), golden.history)
    result = await retriever.retrieve(standalone, context=context, limit=RANKED)
    decided = decision.make_decision(result, *thresholds)
    documents = {scored.passage.document.id: scored.passage.document for scored in result.passages}
    return decided.decision, result.confidence, tuple(documents.values()), result.profile
