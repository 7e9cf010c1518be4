"""Answers that people give become knowledge: proposed, looked at by a teammate, searched, and looked at again when a
customer finds one wrong."""

from __future__ import annotations

import asyncio
import re
import unicodedata
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import structlog

from bot.chat.conversation import Turn
from bot.chat.message import Party, ThreadRef
from bot.chat.people import Actor
from bot.chat.text import cut_text, short
from bot.errors import BotError, InputError, StorageError
from bot.handoff.models import INTERNAL, Handoff, HandoffMessage
from bot.runtime.snapshots import keep_up
from bot.taught.audience import TaughtAudiences
from bot.taught.models import Taught, TaughtState
from bot.taught.ports import TaughtStore
from bot.taught.table import Row
from retrieval.audiences import EVERYBODY, Audience, Viewer
from retrieval.documents import Document
from retrieval.errors import RetrievalError
from retrieval.interfaces import Retriever
from retrieval.text.languages import detect_language
from retrieval.text.scripts import UNSPACED

log = structlog.get_logger(__name__)

SOURCE = "taught"  # of the documents
_QUESTION, _ANSWER = 1_000, 6_000  # characters
_ALIKE = 3  # entries that may say the same already
_OPEN = (TaughtState.PROPOSED, TaughtState.REVIEW)
_TWICE = timedelta(minutes=1)  # within which the same, taught again, was a form that was sent twice
_VOTED_DOWN = "A customer found it not helpful."  # without their reason, which is theirs and may be forgotten
_GESTURE = "/me "  # begins what somebody is said to do
_WORDS = re.compile(rf"[{UNSPACED}]|[^\W{UNSPACED}]+")


@dataclass(frozen=True, slots=True)
class TableResult:
    """How many rows of a table were new, worded otherwise than before, and known as they are."""

    added: int = 0
    changed: int = 0
    same: int = 0


@dataclass(frozen=True, slots=True)
class Proposal:
    """A taught answer to be looked at, and what the pages (or teammates) say on the same question already."""

    taught: Taught
    alike: tuple[Document, ...] = ()


class PublishedTaughtAnswers:
    """The taught answers that are searched, as the live index takes them: a snapshot, brought up to date by `load`.

    Implements `retrieval.search.live_index.Additions`; `current_documents` may be called from any thread.
    """

    def __init__(self, store: TaughtStore) -> None:
        self._store = store
        self._changed: Callable[[], Awaitable[None]] | None = None
        self._current: tuple[str, tuple[Document, ...]] = ("", ())
        self._indexing: asyncio.Task[None] | None = None

    def on_change(self, work: Callable[[], Awaitable[None]]) -> None:
        """Do this, beside, whenever another snapshot is taken: an index that is open takes it in before a question
        has to wait for that."""
        self._changed = work

    def current_documents(self) -> tuple[str, Sequence[Document]]:
        """What names this state, and its documents."""
        return self._current

    async def load(self) -> bool:
        """Take in what changed; -> whether anything did. Raises StorageError."""
        now = datetime.now(UTC)
        revision = await self._store.revision(now)
        if revision == self._current[0]:
            return False
        self._current = revision, tuple(map(as_document, await self._store.searched(now)))
        if self._changed:  # beside: whoever approved an answer need not wait until it is indexed
            self._indexing = asyncio.create_task(self._index(self._indexing))
        return True

    async def _index(self, before: asyncio.Task[None] | None) -> None:
        if before:
            await asyncio.wait({before})
        try:
            await self._changed()  # type: ignore[misc]
        except RetrievalError as error:
            log.warning("taught answers not indexed", cause=str(error))

    async def run(self, seconds: float = 1.0) -> None:
        """Keep up with what this or any other process approves, until cancelled."""
        await keep_up(self.load, "taught answers not read", seconds=seconds, on=(StorageError, RetrievalError))


class TaughtAnswers:
    """`retriever` finds what is known already; `published` is told at once of what is approved here; `audiences` tells
    whom a new one is for (everybody, without it)."""

    def __init__(
        self,
        store: TaughtStore,
        published: PublishedTaughtAnswers,
        retriever: Callable[[], Retriever],
        audiences: TaughtAudiences | None = None,
    ) -> None:
        self._store = store
        self._published = published
        self._retriever = retriever
        self._audiences = audiences
        self._teaching = asyncio.Lock()  # of two that teach the same at once the second finds the first

    async def _find_audience(self, question: str, place: ThreadRef | None = None) -> Audience:
        return await self._audiences.find_inherited_audience(question, place) if self._audiences else EVERYBODY

    async def learned(self, handoff: Handoff, said: Sequence[HandoffMessage], url: str = "") -> Proposal | None:
        """What a resolved handoff teaches; None where no teammate said anything. Raises StorageError."""
        told = [_without_notes(line.text) for line in said if line.side is Party.SUPPORT]
        answer = "\n\n".join(filter(None, told))
        if not answer:
            return None
        question = handoff.question
        if not handoff.turn_id:  # a wish for a person: what it was about came later
            question = next((line.text for line in said if line.side is Party.CUSTOMER and line.text), question)
        author = next((line.author for line in reversed(said) if line.side is Party.SUPPORT), handoff.claimed_name)
        place = handoff.customer
        now = datetime.now(UTC)
        taught = Taught(
            id=uuid.uuid4().hex,
            state=TaughtState.PROPOSED,
            question=short(question, _QUESTION),
            answer=cut_text(answer, _ANSWER),
            language=_language(question, answer),
            author=author,
            author_id=handoff.claimed_by,
            created_at=now,
            updated_at=now,
            url=url,
            handoff_id=handoff.id,
            customer=f"{place.platform}:{place.workspace}:{handoff.customer_user}",
            audience=await self._audiences.inherit_from_handoff(handoff) if self._audiences else EVERYBODY,
        )
        await self._store.add(taught)
        return await self.proposal(taught)

    async def proposal(self, taught: Taught) -> Proposal:
        """With what is known on its question already."""
        return Proposal(taught, await self._alike(taught))

    async def teach(
        self,
        actor: Actor,
        question: str,
        answer: str,
        *,
        expires: str = "",
        url: str = "",
        approved: bool = True,
        place: ThreadRef | None = None,
    ) -> Taught:
        """An answer from a teammate directly, in a place; taught twice in a row (a form sent twice), it is the one from
        before.

        Raises InputError, StorageError.
        """
        question, answer = _checked(question, answer)
        now = datetime.now(UTC)
        taught = Taught(
            id=uuid.uuid4().hex,
            state=TaughtState.APPROVED if approved else TaughtState.PROPOSED,
            question=question,
            answer=answer,
            language=_language(question, answer),
            author=actor.shown,
            author_id=actor.id,
            created_at=now,
            updated_at=now,
            url=url,
            expires_at=read_expiry(expires, now),
            audience=await self._find_audience(question, place),
        )
        async with self._teaching:
            for known in await self._store.searched(now):
                if known.question.casefold() != question.casefold():
                    continue
                if (known.answer, known.author_id) == (answer, actor.id) and now - known.created_at < _TWICE:
                    return known
                raise _taught_already(known)
            await self._store.add(taught)
        await self._published.load()
        return taught

    async def import_rows(self, actor: Actor, rows: Sequence[Row]) -> TableResult:
        """Teach a table's rows: what is taught in other words becomes as the table says, what is taught so already
        stays as it is. Nothing is done where a row cannot be taught.

        Raises InputError, which names the line, and StorageError.
        """
        for row in rows:
            try:
                _checked(row.question, row.answer)
            except InputError as error:
                raise InputError(f"Line {row.line} cannot be used: {error}") from None
        now = datetime.now(UTC)
        added = changed = 0
        async with self._teaching:
            known = {each.question.casefold(): each for each in await self._store.searched(now)}
            for row in rows:
                before = known.get(row.question.casefold())
                values = {
                    "question": row.question,
                    "answer": row.answer,
                    "language": row.language or _language(row.question, row.answer),
                    "url": row.link or (before.url if before else ""),
                    "wordings": "\n".join(row.wordings),
                }
                if before is None:
                    audience = await self._find_audience(row.question)
                    await self._store.add(_build_approved(actor, now, values, audience))
                    added += 1
                elif any(getattr(before, name) != value for name, value in values.items()):
                    await self._store.change(before.id, **values, author=actor.shown, author_id=actor.id)
                    changed += 1
        await self._published.load()
        return TableResult(added, changed, len(rows) - added - changed)

    async def edit(
        self, actor: Actor, taught_id: str, question: str, answer: str, expires: str | None = None
    ) -> Taught:
        """Word it anew. An approved one stays searched, as it reads now.

        Raises UnknownTaught, InputError, StorageError.
        """
        question, answer = _checked(question, answer)
        before = await self._store.get(taught_id)
        values: dict[str, object] = {
            "question": question,
            "answer": answer,
            "language": _language(question, answer),
            "author": actor.shown,
            "author_id": actor.id,
        }
        now = datetime.now(UTC)
        if not _still_theirs(question, before.question):
            values["customer"] = ""  # the customer's words are gone
        if expires is not None:
            values["expires_at"] = read_expiry(expires, now)
        async with self._teaching:
            for known in await self._store.searched(now):
                if known.id != before.id and known.question.casefold() == question.casefold():
                    raise _taught_already(known)
            changed = await self._store.change(before.id, **values)
        await self._published.load()
        return changed or before

    async def limit(self, taught_id: str, audience: Audience) -> Taught:
        """Say whom it is for. Raises UnknownTaught, StorageError."""
        taught = await self._store.get(taught_id)
        changed = await self._store.change(taught.id, audience=audience)
        await self._published.load()
        return changed or taught

    async def approve(self, actor: Actor, taught_id: str) -> Taught | None:
        """Search it from now on, a dismissed one too; None where it is approved. Raises UnknownTaught, StorageError."""
        taught = await self._store.get(taught_id)
        author = {} if taught.author else {"author": actor.shown, "author_id": actor.id}
        changed = await self._store.change(
            taught.id, *_OPEN, TaughtState.DISMISSED, state=TaughtState.APPROVED, note="", **author
        )
        await self._published.load()
        return changed

    async def dismiss(self, taught_id: str) -> Taught | None:
        """Search it no more, nor show it for review. Raises UnknownTaught, StorageError."""
        taught = await self._store.get(taught_id)
        changed = await self._store.change(taught.id, *_OPEN, TaughtState.APPROVED, state=TaughtState.DISMISSED)
        await self._published.load()
        return changed

    async def voted_down(self, turn: Turn, *, again: bool = False) -> Taught | None:
        """A customer found an answer not helpful: if it quotes a taught one, that one is to be looked at again.

        -> it, unless it is none, or is looked at already and is not to be so `again`: a reason comes after the bare
        vote, which has called for the review, and is worth a second look. Raises StorageError.
        """
        cited = {citation.passage_id for citation in turn.citations}
        used = [passage for passage in turn.passages if passage.author and passage.passage_id in cited]
        voted = (TaughtState.APPROVED, TaughtState.REVIEW) if again else (TaughtState.APPROVED,)
        for passage in used:
            for taught in await self._store.list(*voted):
                if (taught.question, as_document(taught).author) == (passage.title, passage.author):
                    changed = await self._store.change(taught.id, *voted, state=TaughtState.REVIEW, note=_VOTED_DOWN)
                    await self._published.load()
                    return changed
        return None

    async def list(self, *states: TaughtState) -> Sequence[Taught]:
        """Newest first. Raises StorageError."""
        return await self._store.list(*states)

    async def get(self, taught_id: str) -> Taught:
        """By its id or the beginning of it. Raises UnknownTaught, StorageError."""
        return await self._store.get(taught_id)

    async def _alike(self, taught: Taught) -> tuple[Document, ...]:
        try:
            found = await self._retriever().retrieve(taught.question, limit=_ALIKE, viewer=Viewer(taught.audience))
        except (RetrievalError, BotError):
            return ()
        if found.confidence < 0.5:  # likelier than not, the first one answers it
            return ()
        documents = dict.fromkeys(scored.passage.document for scored in found.passages)  # one may have many passages
        return tuple(each for each in documents if each.id != as_document(taught).id)


def as_document(taught: Taught) -> Document:
    """What is searched and cited."""
    return Document(
        url=taught.url,
        question=taught.question,
        answer=taught.answer,
        language=taught.language,
        alternatives=tuple(taught.wordings.splitlines()),
        source=SOURCE,
        crawled_at=taught.updated_at.isoformat(timespec="seconds"),
        author=taught.author or "the team",
        audience=taught.audience,
    )


def read_expiry(text: str, now: datetime) -> datetime | None:
    """ "" or "never" -> None; "30" or "30 days" -> so many days from now; "2026-12-31" -> the end of that day, UTC.

    Raises InputError for anything else, and for what is past.
    """
    text = text.strip().casefold()
    if text in {"", "never", "no", "-"}:
        return None
    try:
        if days := re.fullmatch(r"(\d+)\s*(?:d|days?)?", text):
            expiry = now + timedelta(days=int(days[1]))
        else:
            expiry = datetime.combine(date.fromisoformat(text) + timedelta(days=1), datetime.min.time(), UTC)
    except (ValueError, OverflowError):
        raise InputError(f"{text!r} is no date: write 2026-12-31, a number of days (30), or never.") from None
    if expiry <= now:
        raise InputError(f"{text} is past: an answer can expire from tomorrow on.")
    return expiry


def _build_approved(actor: Actor, now: datetime, values: Mapping[str, str], audience: Audience) -> Taught:
    return Taught(
        id=uuid.uuid4().hex,
        state=TaughtState.APPROVED,
        question=values["question"],
        answer=values["answer"],
        language=values["language"],
        author=actor.shown,
        author_id=actor.id,
        created_at=now,
        updated_at=now,
        url=values["url"],
        wordings=values["wordings"],
        audience=audience,
    )


def _checked(question: str, answer: str) -> tuple[str, str]:
    question, answer = " ".join(question.split()), answer.strip()
    if not question or not answer:
        raise InputError("A taught answer needs a question and an answer.")
    if len(question) > _QUESTION or len(answer) > _ANSWER:
        raise InputError(f"A question has at most {_QUESTION} characters, an answer {_ANSWER}: shorten it.")
    return question, answer


def _without_notes(text: str) -> str:
    """What a teammate said to the customer: without lines that are for colleagues, and without what they are only said
    to do ("/me thinks")."""
    if text.startswith(_GESTURE):
        return ""
    return "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(INTERNAL)).strip()


def _still_theirs(one: str, other: str) -> bool:
    """Whether they share at least half of the words of the shorter one: then a customer's words are theirs still."""
    first, second = (set(_WORDS.findall(unicodedata.normalize("NFKC", text).casefold())) for text in (one, other))
    return 2 * len(first & second) >= min(len(first), len(second))


def _taught_already(known: Taught) -> InputError:
    return InputError(f"That is taught already, as {known.id[:8]}: edit that one, or dismiss it first.")


def _language(question: str, answer: str) -> str:
    return detect_language(f"{question}\n{answer}")
