"""Golden questions from the log: what customers said of answers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.answering import followups
from bot.chat.conversation import Citation, Decision, Feedback, Turn, Vote
from bot.chat.ports import ConversationStore
from bot.evaluation.questions import Expected, GoldenQuestion
from bot.i18n.language import primary_subtag

_ALL = 1_000  # turns of a conversation


@dataclass(frozen=True, slots=True)
class Voted:
    """The questions of voted turns. Of the others: `unclear` are questions whose votes cancel out, `unusable` turns
    that were voted on though they cite nothing, such as "I don't know"."""

    questions: tuple[GoldenQuestion, ...]
    unclear: int = 0
    unusable: int = 0


@dataclass(slots=True)
class _Ballot:
    """The votes on one question, by the entry that answered it."""

    golden: GoldenQuestion
    balance: defaultdict[Expected, int] = field(default_factory=lambda: defaultdict(int))


async def voted_questions(store: ConversationStore, since: datetime | None = None) -> Voted:
    """The questions that were answered, or an entry suggested for, and voted on, oldest first.

    A turn stands for the question as the customer wrote it, before they chose from what it offered if they did, and
    for the first entry that it cites. Each user's vote counts
    once a turn, over all turns with the same question: entries with more thumbs up than down are expected; those with
    more down than up must not answer. Raises StorageError.
    """
    ballots: dict[tuple[object, ...], _Ballot] = {}
    unusable = 0
    async for turn, votes in store.export_turns(since=since):
        if not votes:
            continue
        if turn.decision not in {Decision.ANSWER, Decision.SUGGEST} or not turn.citations:
            unusable += 1
            continue
        earlier = await _load_earlier_turns(store, turn)
        if earlier and _chose_from(earlier[-1], turn):  # the customer's words are those that were asked back
            turn, earlier = replace(earlier[-1], citations=turn.citations), earlier[:-1]
        golden = GoldenQuestion(
            turn.question, language=primary_subtag(turn.language), history=_collect_history(turn, earlier)
        )
        ballot = ballots.setdefault(golden.key, _Ballot(golden))
        ballot.balance[_to_expected(turn.citations[0])] += _sum_votes(votes)
    found = [
        replace(each.golden, expected=_select_entries(each, 1), never=_select_entries(each, -1))
        for each in ballots.values()
    ]
    questions = tuple(each for each in found if not each.unanswerable)
    return Voted(questions, len(found) - len(questions), unusable)


async def _load_earlier_turns(store: ConversationStore, turn: Turn) -> list[Turn]:
    """The turns before that say something of the pages, oldest first."""
    conversation = await store.load_conversation(turn.conversation_id, limit=_ALL)
    return [each for each in conversation.turns if each.created_at < turn.created_at and each.decision.searched]


def _chose_from(offer: Turn, turn: Turn) -> bool:
    """Whether a turn is what a customer took of what the turn before had offered."""
    titles = {title for each in offer.citations for title in (each.title, f"{each.title} ({each.under})")}
    return offer.decision.offers and turn.standalone_question in titles


def _collect_history(turn: Turn, earlier: Sequence[Turn]) -> tuple[tuple[str, str], ...]:
    """The turns before, as the product takes them in; none for a question that stands alone."""
    if not followups.leans_on_context(turn.question, primary_subtag(turn.language)):
        return ()
    return tuple((each.standalone_question, each.answer) for each in earlier[-followups.MOST_TURNS :])


def _to_expected(citation: Citation) -> Expected:
    return Expected(citation.url, " ".join(citation.title.split()))


def _sum_votes(votes: Iterable[Feedback]) -> int:
    return sum(1 if each.vote is Vote.UP else -1 for each in votes)


def _select_entries(ballot: _Ballot, sign: int) -> tuple[Expected, ...]:
    entries: Sequence[Expected] = [entry for entry, balance in ballot.balance.items() if balance * sign > 0]
    return tuple(entries)
