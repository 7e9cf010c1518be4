"""A chat in the terminal: a platform like the others, on which lines are typed. Piped, it reads lines."""

from __future__ import annotations

import asyncio
import signal
import sys
import uuid
from collections.abc import AsyncIterator, Coroutine
from typing import Any, TypeVar

from rich.text import Text

from bot.chat.conversation import Vote
from bot.chat.message import Audience, ChatMessage, ThreadRef
from bot.errors import StorageError
from bot.platforms.services import PlatformServices
from bot.platforms.terminal.answers import AnswerPrinter
from bot.platforms.terminal.replies import TerminalReplies
from retrieval.text.cleaning import collapse_whitespace

T = TypeVar("T")

NAME = "terminal"
USER = "terminal"
HISTORY = "chat_history"
"""The file in the data folder that keeps what was typed, for the arrow keys."""

HELP = """\
Ask a question in your own words. These are commands:

  /new             start a new conversation
  /why             why the last question was answered as it was
  /good, /bad      vote on the last answer; a reason may follow
  /help            this list
  /quit            leave (also Ctrl-D); Ctrl-C stops an answer
"""
_PROMPT = "› "


class TerminalChat:
    """Implements `bot.platforms.registry.Adapter`, but that `run` ends by itself: with /quit, or the input. It goes on
    with the conversation of that id, by default a new one. The inbox has to run beside it."""

    platform = NAME
    routes = ()

    def __init__(
        self, services: PlatformServices, conversation_id: str = "", *, printer: AnswerPrinter | None = None
    ) -> None:
        self._services = services
        self._conversation_id = conversation_id or uuid.uuid4().hex
        self._printer = printer or AnswerPrinter()
        self._replies = TerminalReplies(self._printer)
        self.connected = False

    async def run(self) -> None:
        """Converse until /quit or the end of the input."""
        interactive = self._printer.console.is_terminal and sys.stdin.isatty()
        self._services.add_platform(NAME, self._replies)
        self.connected = True
        await self._show_welcome(interactive)
        async for line in self._read_lines(interactive):
            command, _, rest = line.partition(" ")
            if command in {"/quit", "/exit", "/q"}:
                return
            if line.startswith("/"):
                await self._run_command(command, rest.strip())
            else:
                await self._answer_line(line)

    async def close(self) -> None:
        """Show nothing more."""
        self.connected = False
        self._services.remove_platform(NAME)

    async def _show_welcome(self, interactive: bool) -> None:
        turns = (await self._services.conversations.load_conversation(self._conversation_id)).turns
        if interactive:
            self._show_notice("Ask a question, or type /help for the commands.")
        if turns:
            self._replies.last = turns[-1]
            self._show_notice(f"Going on after: {collapse_whitespace(turns[-1].question)}")

    async def _answer_line(self, text: str) -> None:
        """Have one line answered, and wait until it is. A fault is shown and the chat goes on."""
        line_id = uuid.uuid4().hex
        place = ThreadRef(NAME, "", self._conversation_id, line_id)
        message = ChatMessage(place, line_id, USER, text, Audience.COMMAND, conversation_id=self._conversation_id)
        try:
            if not await _run_interruptible(self._await_reply(message)):
                await self._services.inbox.stop_thread(place)
                self._show_notice("Stopped.")
        except StorageError as error:
            self._show_fault(str(error))
        self._printer.console.print()

    async def _await_reply(self, message: ChatMessage) -> bool:
        """Whether it was waited for to the end: until something was said to the message, or nothing will be."""
        reply = self._replies.await_reply(message.id)
        waits: set[asyncio.Task[object]] = {asyncio.create_task(reply.wait())}
        try:
            await self._services.inbox.receive_message(message)
            waits.add(asyncio.create_task(self._services.inbox.until_idle()))
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            if not reply.is_set():
                self._show_fault("that is not answered: see the log.")
        finally:
            for wait in waits:
                wait.cancel()
        return True

    async def _run_command(self, command: str, rest: str) -> None:
        last = self._replies.last
        if command == "/new":
            self._conversation_id, self._replies.last = uuid.uuid4().hex, None
            self._show_notice("A new conversation.")
        elif command == "/help":
            self._show_notice(HELP)
        elif command in {"/why", "/good", "/bad"} and last is None:
            self._show_notice("Nothing was asked in this conversation yet.")
        elif command == "/why" and last:
            self._printer.explain_turn(last)
        elif command in {"/good", "/bad"} and last:
            await self._services.voting.vote(last, USER, Vote.UP if command == "/good" else Vote.DOWN, rest)
            self._show_notice("Noted, thank you.")
        else:
            self._show_notice(f"There is no command {collapse_whitespace(command)}: type /help for the list.")

    async def _read_lines(self, interactive: bool) -> AsyncIterator[str]:
        read = self._read_typed() if interactive else _read_piped()
        async for line in read:
            if not interactive:
                self._printer.console.print(Text(f"{_PROMPT}{collapse_whitespace(line)}", style="bold"), soft_wrap=True)
            if line.strip():
                yield line.strip()

    async def _read_typed(self) -> AsyncIterator[str]:
        from prompt_toolkit import PromptSession
        from prompt_toolkit.history import FileHistory

        file = self._services.data_dir / HISTORY
        file.touch(mode=0o600)  # it holds what people asked
        history = FileHistory(str(file))
        store, mask = history.store_string, self._services.mask

        def store_masked(string: str) -> None:
            store(mask(string))

        history.store_string = store_masked  # type: ignore[method-assign]
        session: PromptSession[str] = PromptSession(history=history)
        while True:
            try:
                yield await session.prompt_async(_PROMPT)
            except KeyboardInterrupt:  # as in a shell: the line is thrown away
                continue
            except EOFError:
                return

    def _show_notice(self, text: str) -> None:
        self._printer.console.print(Text(text, style="dim"))

    def _show_fault(self, text: str) -> None:
        self._printer.console.print(Text(f"frontdesk: {text}", style="red"), soft_wrap=True)


async def _read_piped() -> AsyncIterator[str]:
    while line := await asyncio.to_thread(sys.stdin.readline):
        yield line


async def _run_interruptible(work: Coroutine[Any, Any, T]) -> T | None:
    """Await `work`; Ctrl-C stops it alone, and then there is no result."""
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    before = signal.getsignal(signal.SIGINT)
    try:
        loop.add_signal_handler(signal.SIGINT, task.cancel)
    except (NotImplementedError, RuntimeError, ValueError):  # Windows, or not the main thread
        return await task
    try:
        await asyncio.wait({task})
        return None if task.cancelled() else task.result()
    finally:
        task.cancel()
        loop.remove_signal_handler(signal.SIGINT)
        signal.signal(signal.SIGINT, before)
