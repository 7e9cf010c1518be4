"""Who may have how much answered: budgets, a bounded queue, and an excuse for what is too much."""

from __future__ import annotations

import asyncio

from bot.chat.message import Audience, Disposition, Job, ThreadRef
from bot.inbox.dispatcher import Dispatcher
from bot.inbox.limits import InboxLimits
from bot.inbox.queue import Budget, FairQueue, Full

_REMEMBERED = 10_000
_FULL_SECONDS = 60.0  # in which a user is told once that there are too many questions
_HOUR = 3600.0


class Admission:
    """Queues what is claimed, as far as the budgets and the queue's room allow."""

    def __init__(self, queue: FairQueue, dispatcher: Dispatcher, limits: InboxLimits) -> None:
        self._queue = queue
        self._dispatcher = dispatcher
        self._users = Budget(limits.user_budget, _HOUR)
        self._workspaces = Budget(limits.workspace_budget, _HOUR)
        self._excused: dict[str, float] = {}  # until when a user needs no further excuse

    async def admit_job(self, job: Job) -> None:
        """Queue a job, or excuse it where its user or workspace has had enough."""
        place = job.message.place
        if job.judgement in {Disposition.QUIET, Disposition.RELAY}:  # costs nothing: no budget is to hear of
            await self._queue.put(job, owed=True)
            return
        user, workspace = _name_payers(place, job.message.user)
        wait = self._users.take_question(user) or self._workspaces.take_question(workspace)
        if wait:
            self._excuse_once(user, wait, job, "over_budget", minutes=max(1, round(wait / 60)))
            return
        try:
            await self._queue.put(job)
        except Full as full:
            self._excuse_once(user, _FULL_SECONDS, job, "too_many_of_yours" if full.user else "too_many")

    def find_wait(self, place: ThreadRef, user: str) -> float:
        """The seconds until a question of that user would be within their and their workspace's budget; 0.0: it is."""
        payer, workspace = _name_payers(place, user)
        return max(self._users.find_wait(payer), self._workspaces.find_wait(workspace))

    def _excuse_once(self, user: str, seconds: float, job: Job, key: str, **values: object) -> None:
        """Excuse a job, in words unless its user was told so within that time: who asks a thousand times is told once,
        and costs the others nothing. A command has to be responded to."""
        now = asyncio.get_running_loop().time()
        if job.message.audience is not Audience.COMMAND and self._excused.get(user, 0) > now:
            self._dispatcher.end_silently(job)
            return
        if len(self._excused) > _REMEMBERED:
            self._excused = {each: until for each, until in self._excused.items() if until > now}
        self._excused[user] = now + seconds
        self._dispatcher.start_excuse(job, key, **values)


def _name_payers(place: ThreadRef, user: str) -> tuple[str, str]:
    """Of whose budgets a question there is taken: the user's, and the workspace's."""
    return ":".join((place.platform, place.workspace, user)), f"{place.platform}:{place.workspace}"
