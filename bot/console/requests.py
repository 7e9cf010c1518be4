"""A request to a page of the console, by somebody who is signed in, and what a page is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from bot.chat.message import ThreadRef
from bot.chat.people import Actor, Role
from bot.console.models import Session
from bot.console.views import Views

PLATFORM = "console"
PLACE = ThreadRef(PLATFORM, "", "", "")
"""Where commands are called from here: no channel of anybody's."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """`role` is what the caller may do now; `language` the one that the page is shown in."""

    http: Request
    session: Session
    role: Role
    language: str
    views: Views

    @property
    def actor(self) -> Actor:
        """Who calls."""
        return self.session.actor

    @property
    def is_partial(self) -> bool:
        """Whether a part of a page is wanted, to stand in place of another."""
        return self.http.headers.get("HX-Request") == "true" and "HX-Boosted" not in self.http.headers

    def query(self, name: str) -> str:
        """A parameter of the address, or ""."""
        return self.http.query_params.get(name, "")

    async def read_fields(self) -> Mapping[str, str]:
        """What a form sends; files are left out."""
        form: FormData = await self.http.form(max_files=0)
        return {name: value for name, value in form.items() if isinstance(value, str)}

    def render(self, template: str, status: int = 200, **values: Any) -> Response:
        """A page, or, by a template whose name begins with "_", a part of one."""
        return self.views.render(template, self, status, **values)


Handle = Callable[[PageRequest], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Page:
    """What answers at `path` under the console's own, for whoever may do as much as `role`. `title`, where there is
    one, names it in the navigation."""

    path: str
    role: Role
    handle: Handle
    methods: tuple[str, ...] = ("GET",)
    title: str = ""


class PageGroup(Protocol):
    """What has pages."""

    @property
    def pages(self) -> Sequence[Page]:
        """In the order of the navigation."""
