"""What each operation does."""

from __future__ import annotations

import re
import uuid
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from bot.api import models
from bot.api.answers import build_answer, build_search_result
from bot.api.asking import Asking, Excused, OverBudget, is_of_key, name_user
from bot.api.problems import ApiProblem, ProblemKind, ask_to_wait, say_unavailable
from bot.api.steering import Steering
from bot.api.streaming import MEDIA_TYPE, ReplyStream, await_for_caller, stream_reply
from bot.api_keys.models import ApiKey
from bot.chat.conversation import Turn
from bot.chat.groups import find_viewer
from bot.chat.message import ThreadRef
from bot.chat.ports import ConversationStore
from bot.errors import UnknownTurn
from bot.inbox.notices import Voting
from bot.platforms.api.platform import NAME
from retrieval.documents import RetrievalResult
from retrieval.errors import NoActiveVersion
from retrieval.interfaces import Retriever

_Input = TypeVar("_Input", bound=models.Input | None)
_REFRESH = re.compile(r"[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Call(Generic[_Input]):
    """A request whose `key` may do what it asks; `given` is its body or query, checked."""

    key: ApiKey
    given: _Input
    request: Request


Handler = Callable[[Call[Any]], Awaitable[BaseModel | Response]]


@dataclass(frozen=True, slots=True)
class Services:
    """What the operations call. `mask` hides what is nobody's business."""

    asking: Asking
    steering: Steering
    conversations: ConversationStore
    voting: Voting
    retriever: Retriever
    mask: Callable[[str], str]


def list_handlers(services: Services) -> Mapping[str, Handler]:
    """By the names of their operations. Each raises ApiProblem, and what its services raise."""
    handlers = _Handlers(services)
    return {
        "ask": handlers.ask_question,
        "search": handlers.search_passages,
        "feedback": handlers.record_vote,
        "sources": handlers.list_sources,
        "refresh": handlers.start_refresh,
        "refresh_state": handlers.show_refresh,
        "insights": handlers.report_insights,
        "forget": handlers.forget_user,
    }


class _Handlers:
    def __init__(self, services: Services) -> None:
        self._services = services

    async def ask_question(self, call: Call[models.AskRequest]) -> BaseModel | Response:
        asked, conversation = call.given, call.given.conversation or uuid.uuid4().hex
        live = MEDIA_TYPE in call.request.headers.get("Accept", "")
        async with AsyncExitStack() as waiting:
            try:
                pending = await waiting.enter_async_context(
                    self._services.asking.ask_question(
                        call.key.name,
                        asked.question,
                        conversation,
                        user=asked.user or "",
                        language=asked.language or "",
                        live=live,
                    )
                )
            except OverBudget as error:
                raise ask_to_wait(error.seconds, "Who asks has had enough answered for now.") from None
            work = pending.next_event() if live else pending.wait_for_end()
            event = await await_for_caller(call.request, work)
            if isinstance(event, Excused):
                raise say_unavailable(event.line)
            if live:  # it is waited for until the stream has ended
                return ReplyStream(stream_reply(pending, event, conversation), waiting.pop_all().aclose)
            return build_answer(event.turn, conversation)  # type: ignore[union-attr]

    async def search_passages(self, call: Call[models.SearchRequest]) -> models.SearchResult:
        viewer = find_viewer(ThreadRef(NAME, call.key.name, call.key.name, ""))
        query = self._services.mask(call.given.query)
        try:
            found = await self._services.retriever.retrieve(query, limit=call.given.limit, viewer=viewer)
        except NoActiveVersion:  # the last source was removed: then nothing is known
            found = RetrievalResult(query, "", (), 0.0, "", "")
        return build_search_result(found)

    async def record_vote(self, call: Call[models.FeedbackRequest]) -> models.Noted:
        given = call.given
        turn = await self._find_turn(given.turn, call.key)
        user = name_user(call.key.name, given.user) if given.user else turn.user
        await self._services.voting.vote(turn, user, given.vote, given.reason)
        return models.Noted(turn=turn.id, vote=given.vote)

    async def _find_turn(self, turn_id: str, key: ApiKey) -> Turn:
        turn = await self._services.conversations.find_turn(turn_id)
        if not is_of_key(turn, key.name):
            raise UnknownTurn(f"Turn {turn_id} is another's.")
        return turn

    async def list_sources(self, call: Call[None]) -> models.SourceList:
        return await self._services.steering.list_sources(call.key)

    async def start_refresh(self, call: Call[models.RefreshRequest]) -> models.RefreshState:
        return await self._services.steering.start_refresh(call.key, call.given)

    async def show_refresh(self, call: Call[None]) -> models.RefreshState:
        refresh_id = str(call.request.path_params["refresh"])
        found = await self._services.steering.find_refresh(refresh_id) if _REFRESH.fullmatch(refresh_id) else None
        if found is None:
            raise ApiProblem(ProblemKind.NOT_FOUND, "No refresh has that id.")
        return found

    async def report_insights(self, call: Call[models.InsightQuery]) -> models.InsightReport:
        return await self._services.steering.report_insights(call.key, call.given)

    async def forget_user(self, call: Call[models.ForgetRequest]) -> models.Forgotten:
        return await self._services.steering.forget_user(call.key, call.given.user)
