"""What the commands of the one registry look like in a browser: their forms, their buttons, and what came of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import PlainTextResponse, Response

from bot.chat.card import Card
from bot.chat.people import Role
from bot.commands.parser import Call
from bot.commands.registry import Command, Kind, Parameter
from bot.console.requests import PLACE, Page, PageRequest
from bot.console.screens import Screen, Screens
from bot.errors import BotError, InputError

if TYPE_CHECKING:
    from bot.commands.console import Console
    from bot.commands.context import Answer

_ELSEWHERE = {"channel help", "channel quiet"}
"""Commands about the channel that they are called in, which a browser stands in none of."""


LocateUser = Callable[[str, str, str], Awaitable[tuple[str, str, str]]]
"""(user, platform or "", workspace or "") -> (platform, workspace, bare id). Raises InputError, SettingsError,
PlatformError."""


class ActionPages:
    """Runs commands on `console`, which asks who may and records it. `locate_user` tells what a chat knows by itself of
    a user who is named."""

    def __init__(self, console: Console, screens: Screens, locate_user: LocateUser) -> None:
        self._console = console
        self._screens = screens
        self._locate_user = locate_user

    @property
    def pages(self) -> Sequence[Page]:
        """All of them."""
        return (
            Page("/commands", Role.TEAMMATE, self._list_commands, title="Commands"),
            Page("/commands/{name}", Role.TEAMMATE, self._show_command),
            Page("/commands/{name}", Role.TEAMMATE, self._run_command, ("POST",)),
            Page("/buttons/{action}", Role.TEAMMATE, self._press_button, ("POST",)),
            Page("/forms/{action}", Role.TEAMMATE, self._submit_form, ("POST",)),
            Page("/screens/{screen}", Role.TEAMMATE, self._show_screen),
            Page("/files/{name}", Role.TEAMMATE, self._download_file, ("POST",)),
        )

    async def _list_commands(self, page: PageRequest) -> Response:
        commands = [
            each
            for each in self._console.commands.values()
            if page.role >= each.role and each.name not in _ELSEWHERE and each.name != "help"
        ]
        return page.render("commands.html", commands=commands)

    async def _show_command(self, page: PageRequest) -> Response:
        command = self._find_command(page)
        parameters = _list_parameters(command)
        offers = {
            each.name: await self._console.complete(page.actor, each.kind)
            for each in parameters
            if each.kind is Kind.SOURCE
        }
        given = {each.name: page.query(each.name) for each in parameters}
        return page.render("command.html", command=command, parameters=parameters, offers=offers, given=given)

    async def _run_command(self, page: PageRequest) -> Response:
        command, fields = self._find_command(page), await page.read_fields()
        try:
            options = await self._read_options(command, fields)
        except BotError as error:
            return self._show_answer(page, Card(text=str(error), fault=True))
        screen = self._screens.open_screen(page.actor.id)
        answer = await self._console.run(page.actor, PLACE, Call(command.name, options), screen)
        return self._show_answer(page, answer, screen, (command, options))

    async def _read_options(self, command: Command, fields: Mapping[str, str]) -> Mapping[str, str | bool]:
        """What was filled in, and nothing else that a form sends. Raises BotError."""
        typed = {each: fields.get(each.name, "").strip() for each in _list_parameters(command)}
        for each, text in typed.items():
            if each.required and not text and each.kind is not Kind.FLAG:
                raise InputError(f"{each.name} is missing.")
        options: dict[str, str | bool] = {
            each.name: True if each.kind is Kind.FLAG else text for each, text in typed.items() if text
        }
        if any(each.name == "workspace" for each in typed):
            whom = [str(options.get(name, "")) for name in ("user", "platform", "workspace")]
            platform, workspace, user = await self._locate_user(*whom)
            options |= {"platform": platform, "workspace": workspace, "user": user}
        return options

    async def _press_button(self, page: PageRequest) -> Response:
        action, fields = page.http.path_params["action"], await page.read_fields()
        screen = self._screens.open_screen(page.actor.id)
        answer = await self._console.click(page.actor, PLACE, action, fields.get("value", ""), screen)
        return self._show_answer(page, answer, screen)

    async def _submit_form(self, page: PageRequest) -> Response:
        action, fields = page.http.path_params["action"], await page.read_fields()
        screen = self._screens.open_screen(page.actor.id)
        typed = {name.removeprefix("field."): text for name, text in fields.items() if name.startswith("field.")}
        answer = await self._console.submit(page.actor, PLACE, action, fields.get("value", ""), typed, screen)
        return self._show_answer(page, answer, screen)

    async def _show_screen(self, page: PageRequest) -> Response:
        screen = self._screens.find(page.http.path_params["screen"], page.actor.id)
        if screen is None:
            return self._show_answer(page, Card(text="This is over. Load the page again to see how things stand."))
        return self._show_answer(page, None, screen)

    async def _download_file(self, page: PageRequest) -> Response:
        """The file of a command's card."""
        command, fields = self._find_command(page), await page.read_fields()
        options, screen = await self._read_options(command, fields), self._screens.open_screen(page.actor.id)
        answer = await self._console.run(page.actor, PLACE, Call(command.name, options), screen)
        if not isinstance(answer, Card) or answer.file is None:
            return self._show_answer(page, answer)
        name = "".join(each for each in answer.file.name if each.isalnum() or each in "-_.")
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return PlainTextResponse(answer.file.content, headers=headers)

    def _find_command(self, page: PageRequest) -> Command:
        command = self._console.commands.get(page.http.path_params["name"])
        if command is None or command.name in _ELSEWHERE:
            raise HTTPException(404)
        return command

    def _show_answer(
        self,
        page: PageRequest,
        answer: Answer,
        screen: Screen | None = None,
        called: tuple[Command, Mapping[str, str | bool]] | None = None,
    ) -> Response:
        """A card, a form, or a screen, as a part of a page where a part is wanted. A file is had by calling again what
        was `called`."""
        shown = answer if answer is not None else screen.card if screen else None
        following = screen if screen and screen.is_going_on else None
        template = "_answer.html" if page.is_partial else "answer.html"
        has_file = isinstance(shown, Card) and shown.file is not None
        return page.render(template, answer=shown, screen=following, download=called if has_file else None)


def _list_parameters(command: Command) -> Sequence[Parameter]:
    """As in chats; where a chat knows by itself whose id is meant, it has to be said here, as at a terminal."""
    told_apart = {Kind.USER, Kind.CHANNEL} & {each.kind for each in command.parameters}
    return command.terminal_parameters if told_apart else command.parameters
