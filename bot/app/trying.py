"""Asking without a record: what a customer would be answered, on this version of the index or another."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.app.application import Application
    from bot.app.measurement import Opened
    from bot.chat.conversation import Turn
    from bot.evaluation.ask import OnDone
    from bot.evaluation.judge import Judged
    from retrieval.audiences import Viewer
    from retrieval.interfaces import Retriever

_HELD = 2  # other versions that stay in memory


class UnrecordedAnswers:
    """Answers questions as customers get them: nothing is logged, learned or counted."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._opened: OrderedDict[str, Opened] = OrderedDict()
        self._opening = asyncio.Lock()

    async def answer_question(
        self,
        question: str,
        viewer: Viewer,
        version: str = "",
        thresholds: tuple[float | None, float | None] = (None, None),
    ) -> Turn:
        """`version` "" is what answers now; a threshold of None is the one in force. Raises RetrievalError,
        StorageError."""
        from bot.answering.unrecorded import UnrecordedConversations
        from bot.chat.conversation import IncomingMessage

        app, kept = self._application, UnrecordedConversations()
        settings = app.settings
        given = (
            settings.answer_threshold if thresholds[0] is None else thresholds[0],
            settings.suggest_threshold if thresholds[1] is None else thresholds[1],
        )
        await app.load_beside()
        pipeline = app.make_answer_pipeline(await self._find_retriever(version), kept, given)
        message = IncomingMessage("unrecorded", question, platform="console", viewer=viewer, editable=False)
        async for _ in pipeline.answer_message(message):
            pass
        if kept.last is None:
            raise AssertionError("an answered message has a turn")
        return kept.last

    async def _find_retriever(self, version: str) -> Retriever:
        from bot.app.measurement import Side, open_side

        app = self._application
        if not version or version == app.live_index.current_index()[0]:
            return app.retriever
        async with self._opening:
            if version not in self._opened:
                beside = await app.known_beside()
                self._opened[version] = await asyncio.to_thread(open_side, Side(version, app.settings), beside)
                while len(self._opened) > _HELD:
                    self._opened.popitem(last=False)
            self._opened.move_to_end(version)
            return self._opened[version].retriever

    async def ask_golden(self, on_done: OnDone = lambda _done, _of: None) -> Sequence[Judged]:
        """What comes of the golden questions of the settings, on the version that answers now; none are there: none.
        Raises InputError, RetrievalError, StorageError."""
        from bot.app.measurement import Side, ask_golden
        from bot.evaluation.questions import read_golden

        app = self._application
        path = app.settings.golden_questions
        if path is None:
            return ()
        questions = await asyncio.to_thread(lambda: read_golden(path).questions)
        beside = await app.known_beside()
        side = Side("", app.settings)
        return await asyncio.to_thread(ask_golden, questions, side, beside, on_done=on_done)
