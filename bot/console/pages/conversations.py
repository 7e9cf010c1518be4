"""Conversations: a search of the log, and one of them with its explanation in words."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlencode

from markupsafe import Markup, escape
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse, Response

from bot.answering.explanation import Explanation, explain_turn
from bot.answering.turn_search import Position, TurnQuery, find_channel, split_words
from bot.chat.conversation import Decision, Feedback, Turn, Vote
from bot.chat.groups import find_viewer
from bot.chat.markup import in_one_line
from bot.chat.people import Role
from bot.console.requests import PLACE, Page, PageRequest
from bot.errors import UnknownTurn
from bot.handoff.models import Handoff, HandoffMessage
from bot.taught.cards import teach_form
from retrieval.audiences import EVERYTHING, Viewer
from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    from bot.answering.ports import TurnSearch
    from bot.chat.ports import ConversationStore
    from bot.handoff.ports import HandoffStore
    from retrieval.search.profiles import Fitted

T = TypeVar("T")

_PATH = "/conversations"
_LISTED = 50  # turns of a page of results
_AROUND = 20  # turns before and after the one that is looked at
_SNIPPET, _BEFORE = 240, 80  # characters of an answer, and of them before the word that was found
_FIELDS = ("q", "person", "channel", "decision", "vote", "from", "to", "before")
_LONGEST = 500  # characters of a field
_MARKER = re.compile(r"\s*\[\d{1,3}\]")


@dataclass(frozen=True, slots=True)
class ShownTurn:
    """A turn as far as it may be seen. `is_chosen`: it is the one that was asked for."""

    turn: Turn
    explanation: Explanation
    votes: Sequence[Feedback]
    is_chosen: bool

    @property
    def at(self) -> datetime:
        """When it was asked."""
        return self.turn.created_at


@dataclass(frozen=True, slots=True)
class ShownHandoff:
    """A handoff and what was said in it."""

    handoff: Handoff
    messages: Sequence[HandoffMessage]

    @property
    def at(self) -> datetime:
        """When it was opened."""
        return self.handoff.created_at


class ConversationPages:
    """`load_fitted` reads what is searched by (in a thread; RetrievalError where it cannot); `learn_from`: so many
    people teach a wording, 0 for nobody."""

    def __init__(
        self,
        search: TurnSearch,
        conversations: ConversationStore,
        handoffs: HandoffStore,
        load_fitted: Callable[[], Fitted],
        learn_from: int,
    ) -> None:
        self._search = search
        self._conversations = conversations
        self._handoffs = handoffs
        self._load_fitted = load_fitted
        self._learn_from = learn_from

    @property
    def pages(self) -> Sequence[Page]:
        """The search, a conversation by one of its turns, and what can be done about that."""
        return (
            Page(_PATH, Role.TEAMMATE, self._search_turns, title="Conversations"),
            Page(f"{_PATH}/{{turn}}", Role.TEAMMATE, self._show_conversation),
            Page(f"{_PATH}/{{turn}}/teach", Role.TEAMMATE, self._show_teach_form),
            Page(f"{_PATH}/{{turn}}/forget", Role.ADMIN, self._ask_to_forget),
        )

    async def _search_turns(self, page: PageRequest) -> Response:
        given = {name: page.query(name)[:_LONGEST] for name in _FIELDS}
        told = {name: value for name, value in given.items() if value.strip()}
        if len(told) < len(page.http.query_params):  # an address to be shared says what it says and no more
            return RedirectResponse(_build_address(page, told), 303)
        query, found, following, unread = TurnQuery(), None, "", ""
        try:
            query, before = _read_query(given, sees_limited=page.role >= Role.ADMIN)
            found = await self._search.find_turns(query, before, _LISTED)
        except _UnreadField as field:
            unread = str(field)
        if found and found.next:
            place = f"{found.next.at.isoformat()}~{found.next.turn_id}"
            following = _build_address(page, told | {"before": place})
        return page.render(
            "conversations.html",
            given=given,
            unread=unread,
            found=found,
            following=following,
            is_filtered=bool(told.keys() - {"before"}),
            decisions=list(Decision),
            mark=lambda text: mark_words(text, query.words),
            cut=lambda answer: cut_around(in_one_line(answer), query.words),
        )

    async def _show_conversation(self, page: PageRequest) -> Response:
        turns = await self._load_turns(page)
        chosen = page.http.path_params["turn"].strip().lower().replace("-", "")
        place = next(place for place, turn in enumerate(turns) if turn.id.startswith(chosen))
        subject, before, after = turns[place], place, len(turns) - place - 1
        fitted, viewer = await self._read_fitted(), _find_viewer(page)
        shown: list[ShownTurn | ShownHandoff] = []
        for place, turn in enumerate(turns):
            seen = turn.show_to(viewer)
            explanation = explain_turn(turn, seen, turns[:place], fitted)
            votes = await self._conversations.list_feedback(turn.id)
            shown.append(ShownTurn(seen, explanation, votes, turn is subject))
        shown += await self._load_handoffs(subject.conversation_id, *_find_times(turns, before, after))
        shown.sort(key=lambda each: each.at)
        return page.render(
            "conversation.html",
            shown=shown,
            subject=subject,
            channel=find_channel(subject.platform, subject.conversation_id),
            earlier=turns[0].id if before == _AROUND else "",
            later=turns[-1].id if after == _AROUND else "",
            learn_from=self._learn_from,
        )

    async def _load_handoffs(
        self, conversation_id: str, since: datetime | None, until: datetime | None
    ) -> list[ShownHandoff]:
        found = await self._handoffs.find_in_conversation(conversation_id)
        return [
            ShownHandoff(each, await self._handoffs.load_messages(each.id))
            for each in found
            if (since is None or each.created_at >= since) and (until is None or each.created_at <= until)
        ]

    async def _show_teach_form(self, page: PageRequest) -> Response:
        """The form that teaches an answer, with what was asked and, where it was answered, what was said."""
        turn = (await self._find_turn(page)).show_to(_find_viewer(page))
        answer = _MARKER.sub("", turn.answer) if turn.decision is Decision.ANSWER and turn.citations else ""
        form = teach_form("teach", "new", question=turn.standalone_question, answer=answer)
        return page.render("_answer.html" if page.is_partial else "answer.html", answer=form, screen=None)

    async def _ask_to_forget(self, page: PageRequest) -> Response:
        turn = await self._find_turn(page)
        if not turn.user:
            raise HTTPException(404)
        return page.render("forget.html", turn=turn)

    async def _load_turns(self, page: PageRequest) -> Sequence[Turn]:
        try:
            return await self._conversations.load_around(page.http.path_params["turn"], _AROUND)
        except UnknownTurn:
            raise HTTPException(404) from None

    async def _find_turn(self, page: PageRequest) -> Turn:
        try:
            return await self._conversations.find_turn(page.http.path_params["turn"])
        except UnknownTurn:
            raise HTTPException(404) from None

    async def _read_fitted(self) -> Fitted | None:
        try:
            return await asyncio.to_thread(self._load_fitted)
        except RetrievalError:  # what was weighed is not told, then
            return None


def _find_times(turns: Sequence[Turn], before: int, after: int) -> tuple[datetime | None, datetime | None]:
    """From when until when what belongs to these turns happened, which have so many of their conversation `before` and
    `after` one of them; None where it begins, or ends, with them."""
    since = turns[0].created_at if before == _AROUND else None
    return since, turns[-1].created_at if after == _AROUND else None


def _find_viewer(page: PageRequest) -> Viewer:
    return EVERYTHING if page.role >= Role.ADMIN else find_viewer(PLACE)


def _build_address(page: PageRequest, given: Mapping[str, str]) -> str:
    query = urlencode(given)
    return f"{page.views.base}{_PATH}{f'?{query}' if query else ''}"


class _UnreadField(Exception):
    """A field of the address says nothing that can be understood; its name."""


def _read_query(given: Mapping[str, str], *, sees_limited: bool) -> tuple[TurnQuery, Position | None]:
    """What is searched, and from where on. Raises _UnreadField."""
    last = _read_field(given, "to", _read_day)
    query = TurnQuery(
        words=split_words(given["q"]),
        person=given["person"].strip(),
        channel=given["channel"].strip().lstrip("#"),
        decision=_read_field(given, "decision", Decision),
        vote=_read_field(given, "vote", Vote),
        since=_read_field(given, "from", _read_day),
        until=last + timedelta(days=1) if last else None,
        sees_limited=sees_limited,
    )
    return query, _read_field(given, "before", _read_position)


def _read_field(given: Mapping[str, str], name: str, read: Callable[[str], T]) -> T | None:
    try:
        return read(given[name]) if given[name] else None
    except (ValueError, OverflowError):
        raise _UnreadField(name) from None


def _read_day(text: str) -> datetime:
    """Its first moment, in UTC. Raises ValueError."""
    day = datetime.strptime(text.strip(), "%Y-%m-%d")
    if not 1970 <= day.year < 9999:
        raise ValueError(text)
    return datetime.combine(day, time(), UTC)


def _read_position(text: str) -> Position:
    """Raises ValueError."""
    at, tilde, turn_id = text.partition("~")
    moment = datetime.fromisoformat(at)
    if not tilde or moment.tzinfo is None or not re.fullmatch("[0-9a-f]{0,32}", turn_id):
        raise ValueError(text)
    return Position(moment.astimezone(UTC), turn_id)


def mark_words(text: str, words: Sequence[str]) -> Markup:
    """A plain text, with the words that were searched for marked in it."""
    if not words:
        return escape(text)
    wanted = "|".join(re.escape(each) for each in sorted(words, key=len, reverse=True))
    pieces = re.split(f"({wanted})", text, flags=re.IGNORECASE)
    mark = Markup("<mark>{}</mark>")
    return Markup("").join(mark.format(piece) if place % 2 else piece for place, piece in enumerate(pieces))


def cut_around(text: str, words: Sequence[str]) -> Markup:
    """As much of a text as a list shows, from where the first of the words stands in it, marked."""
    found = [match.start() for each in words if (match := re.search(re.escape(each), text, re.IGNORECASE))]
    start = max(0, min(found) - _BEFORE) if found else 0
    start = text.rfind(" ", 0, start) + 1 if start else 0
    cut = text[start : start + _SNIPPET]
    ends = "…" if start + _SNIPPET < len(text) else ""
    return mark_words(f"{'…' if start else ''}{cut}{ends}", words)
