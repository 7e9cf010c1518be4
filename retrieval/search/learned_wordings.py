"""Questions whose entry people have shown, by their very words: such an entry stands first, and is sure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from retrieval.audiences import EVERYTHING, Viewer
from retrieval.documents import LEARNED, content_id
from retrieval.search.clusters import normalise_text
from retrieval.search.conversation import has_topic

if TYPE_CHECKING:
    from retrieval.documents import RetrievalResult, ScoredPassage
    from retrieval.interfaces import Retriever

LONGEST = 300  # characters; nobody writes a longer question twice


@dataclass(frozen=True, slots=True)
class LearnedEntry:
    """An entry by its address and question, which outlive a change of its answer. `passage_id` is the passage that
    people saw: it decides where several entries of a page ask the same. `people` spoke for the entry."""

    url: str
    question: str
    passage_id: str
    people: int


class LearnedWordings:
    """Which entry a question means, by the words it is asked in. Immutable, so any number of threads may read it."""

    def __init__(self, entries: Iterable[tuple[str, LearnedEntry]] = ()) -> None:
        """`entries` come with a question that means them."""
        self._entries = {question_key(question): entry for question, entry in entries}

    def entry_for(self, question: str) -> LearnedEntry | None:
        """The entry that people showed for these words, in whatever case, width, script and punctuation."""
        return self._entries.get(question_key(question)) if self._entries and len(question) <= LONGEST else None


def question_key(question: str) -> str:
    """The same for questions that differ in case, width, script of Chinese, spaces and punctuation alone."""
    return content_id(normalise_text(question))


def can_be_learned(question: str) -> bool:
    """Whether the words of a question say what it is about: what "it" is differs from one conversation to the next."""
    return len(question) <= LONGEST and has_topic(question)


class LearnedRetriever:
    """Implements the port `Retriever` on another: what was learned stands first. `learned` gives what that is, at every
    question."""

    def __init__(self, inner: Retriever, learned: Callable[[], LearnedWordings]) -> None:
        self._inner = inner
        self._learned = learned

    async def retrieve(
        self, query: str, *, context: Sequence[str] = (), limit: int = 10, viewer: Viewer = EVERYTHING
    ) -> RetrievalResult:
        result = await self._inner.retrieve(query, context=context, limit=limit, viewer=viewer)
        entry = self._learned().entry_for(query)
        if entry is None or (context and not has_topic(query)):
            return result
        meant = find_entry(result.passages, entry)
        if meant is None:  # the words alone do not find it: that is why people had to show it
            asked = await self._inner.retrieve(entry.question, limit=limit, viewer=viewer)
            meant = find_entry(asked.passages, entry)
        return promote_passage(result, meant, entry.people, limit) if meant else result


def find_entry(passages: Sequence[ScoredPassage], entry: LearnedEntry) -> ScoredPassage | None:
    """The passage of a learned entry; None where it is gone, or nothing tells it from another of its page.

    What a teammate has answered to the same question since stands above the page.
    """
    question = normalise_text(entry.question)
    asking = [each for each in passages if normalise_text(each.passage.document.question) == question]
    if taught := next((each for each in asking if each.passage.document.author), None):
        return taught
    there = [each for each in asking if each.passage.document.url == entry.url]
    seen = [each for each in there if each.passage.id == entry.passage_id]
    documents = {each.passage.document.id for each in there}
    return next(iter(seen or (there if len(documents) == 1 else [])), None)


def promote_passage(result: RetrievalResult, meant: ScoredPassage, people: int, limit: int) -> RetrievalResult:
    """`result` with a passage first that so many people showed, and sure of it. Which of several products is meant they
    cannot have shown: with one of a family, the customer is asked all the same."""
    family = result.family if meant.passage.id in {each.passage.id for each in result.family} else ()
    others = [each for each in result.passages if each.passage.document.id != meant.passage.document.id]
    highest = max((each.score for each in (meant, *others)), default=meant.score)
    return replace(
        result,
        passages=(replace(meant, score=highest), *others)[:limit],
        confidence=1.0,
        features={**result.features, LEARNED: float(people)},
        family=family,
    )
