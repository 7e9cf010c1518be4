"""Puts Frontdesk's own replies into a draft: to small talk, to refusals, and where what was found is no sure answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.answering import replies
from bot.answering.draft import OWN_WORDS, Draft
from bot.answering.gist import LONGEST_GIST, TO_CHOOSE_BY, summarise_answer
from bot.chat.conversation import Citation, Decision, IncomingMessage
from bot.chat.intent import Intent
from bot.chat.markup import escape_markdown
from bot.i18n import Words, words_for
from retrieval.documents import RetrievalResult, ScoredPassage

_NAME = 80  # characters of a person's name, or a file's


def note_around(draft: Draft, message: IncomingMessage, words: Words) -> None:
    """Say whose question is answered, and what came with it and was not read."""
    files = ", ".join(f"“{escape_markdown(name[:_NAME])}”" for name in message.unread if name) or "…"
    if message.unread and draft.reading.intent is Intent.EMPTY:
        draft.reply = words.say("only_files", files=files)
    elif message.unread:
        draft.preface = words.say("files_unread", files=files) + "\n\n"
    for name, shows in message.seen:
        draft.preface += (
            words.say("picture_seen", file=f"“{escape_markdown(name[:_NAME])}”", shows=escape_markdown(shows)) + "\n\n"
        )
    if message.taken_from:
        draft.preface += words.say("taken_from", name=escape_markdown(message.taken_from[:_NAME])) + "\n\n"


def call_person(draft: Draft) -> None:
    """Hand over to a person, or tell where to turn to."""
    draft.decision = Decision.HUMAN
    draft.reply = words_for(draft.language).say("handing_over" if draft.people else "wants_human")


def reply_to_small_talk(draft: Draft) -> None:
    """Reply to what asks nothing that pages could answer."""
    words, intent = words_for(draft.language), draft.reading.intent
    draft.decision, draft.result = Decision.CHITCHAT, None
    if intent is Intent.NOT_HELPED:
        draft.reply = reply_to_refusal(words, people=draft.people)
    else:
        draft.reply = words.say("confirmed" if intent is Intent.HELPED else intent.value)


def reply_to_refusal(words: Words, *, people: bool) -> str:
    """The reply to who says that what was found is not it."""
    return replies.write_nothing_found(words, people=True) if people else words.say("nothing_else_found")


def reply_to_finding(draft: Draft, options: Sequence[ScoredPassage]) -> None:
    """Say in Frontdesk's own words what no writer has a part in: an offer of these, or that nothing was found."""
    if draft.decision is Decision.CLARIFY and draft.result:
        words = words_for(draft.language)
        draft.offered = _cite_options(words, draft.result, options, TO_CHOOSE_BY)
        draft.reply = replies.write_clarification(words, draft.offered)
    elif draft.decision is Decision.SUGGEST:
        suggest_nearest(draft, options)
    elif draft.decision is Decision.ABSTAIN and draft.reading.intent.is_small_talk:
        reply_to_small_talk(draft)
    elif draft.decision is Decision.ABSTAIN:
        draft.reply = replies.write_nothing_found(words_for(draft.language), people=draft.people)


def suggest_nearest(draft: Draft, options: Sequence[ScoredPassage]) -> None:
    """Show the nearest passage as what it is. Frontdesk quotes: no model says more of it."""
    if draft.result:
        draft.decision, draft.model = Decision.SUGGEST, OWN_WORDS
        words = words_for(draft.language)
        draft.offered = _cite_options(words, draft.result, options, LONGEST_GIST)
        questions = draft.asked or (draft.standalone,)
        draft.reply = replies.write_suggestion(words, questions, draft.result, draft.offered)


def _cite_options(
    words: Words, result: RetrievalResult, options: Sequence[ScoredPassage], limit: int
) -> tuple[Citation, ...]:
    """Options as what is cited of them, by rank, each with what it says, in `limit` characters, and what tells it
    apart."""
    documents = [option.passage.document for option in options]
    return tuple(
        replace(
            Citation.of(option.passage, result.passages.index(option) + 1),
            under=under,
            gist=summarise_answer(option.passage.document.answer, limit),
        )
        for option, under in zip(options, replies.disambiguation_labels(words, documents), strict=True)
    )
