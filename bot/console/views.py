"""Pages drawn from templates. Whatever stands in them is text: nothing of a customer's or a page's is markup."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from babel import dates
from babel.messages.pofile import read_po
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markdown_it import MarkdownIt
from markupsafe import Markup, escape
from starlette.responses import HTMLResponse

from bot.chat.people import Role
from bot.chat.text import ago

if TYPE_CHECKING:
    from bot.console.requests import Page, PageRequest

_HERE = Path(__file__).parent
LANGUAGES = ("en", "zh")


class Views:
    """`base` is the path under which all pages are; `navigation` the pages that have a title."""

    def __init__(self, base: str) -> None:
        self.base = base
        self.navigation: Sequence[Page] = ()
        self._environments = {language: _make_environment(language) for language in LANGUAGES}

    def render(self, template: str, page: PageRequest, status: int = 200, **values: Any) -> HTMLResponse:
        """See `PageRequest.render`."""
        shown = {
            "page": page,
            "base": self.base,
            "navigation": [each for each in self.navigation if page.role >= each.role],
            "path": page.http.url.path.removeprefix(self.base) or "/",
            "is_admin": page.role >= Role.ADMIN,
        }
        return HTMLResponse(self._draw(template, page.language, shown | values), status)

    def render_outside(self, template: str, language: str, status: int = 200, **values: Any) -> HTMLResponse:
        """A page for somebody who is not signed in."""
        return HTMLResponse(self._draw(template, language, {"base": self.base} | values), status)

    def _draw(self, template: str, language: str, values: Mapping[str, Any]) -> str:
        return self._environments[language].get_template(template).render(values)


def choose_language(wanted: str, accepted: str) -> str:
    """The language of a page: the one that was `wanted`, else the first of an Accept-Language that there is."""
    offered = [part.partition(";")[0].strip() for part in accepted.split(",")]
    for tag in (wanted, *offered):
        if (language := tag.replace("_", "-").partition("-")[0].casefold()) in LANGUAGES:
            return language
    return LANGUAGES[0]


def _make_environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    texts = _load_texts(language)
    environment.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: texts.get(text, text),
        lambda one, many, count: texts.get(one, one) if count == 1 else texts.get(many, many),
        newstyle=True,
    )
    environment.globals["language"] = language
    environment.filters.update(
        ago=ago,
        day=lambda moment: _format_day(moment, language),
        moment=lambda moment: _format_moment(moment, language),
        percent=_format_percent,
        unix_day=lambda seconds: _format_day(datetime.fromtimestamp(seconds, UTC), language),
        followable=is_followable,
        markdown=draw_markdown,
        linked=draw_text,
    )
    return environment


@cache
def _load_texts(language: str) -> Mapping[str, str]:
    """The texts of the templates in another language, by the English ones: a file a page, as Babel writes them."""
    texts: dict[str, str] = {}
    for path in sorted((_HERE / "locale" / language).glob("*.po")):
        with path.open("rb") as stream:
            texts |= {str(each.id): str(each.string) for each in read_po(stream, locale=language) if each.id}
    return texts


def _format_day(moment: datetime, language: str) -> str:
    return dates.format_date(moment, "medium", language)


def _format_moment(moment: datetime, language: str) -> str:
    return f"{dates.format_datetime(moment, 'medium', locale=language)} UTC"


def _format_percent(share: float) -> str:
    return "–" if math.isnan(share) else f"{share:.0%}"


def is_followable(address: object) -> bool:
    """Whether an address may be linked to: it is a web page's."""
    return isinstance(address, str) and address.startswith(("https://", "http://"))


_MARKDOWN = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable("table").disable(["image"])


def draw_markdown(text: str, links: frozenset[str] = frozenset()) -> Markup:
    """An answer's Markdown; only the addresses in `links` are linked to."""
    tokens = _MARKDOWN.parse(text)
    for token in tokens:
        for child in token.children or ():
            if child.type == "link_open" and str(child.attrs.get("href", "")) not in links:
                child.attrs = {}
            elif child.type == "link_open":
                child.attrs["rel"] = "noopener noreferrer"
    # The renderer escapes every text, and writes no markup but its own.
    return Markup(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))  # noqa: S704


def draw_text(text: str, links: frozenset[str] = frozenset()) -> Markup:
    """A plain text with the addresses in `links` linked to."""
    addresses = sorted(filter(is_followable, links), key=len, reverse=True)
    if not addresses:
        return escape(text)
    pieces = re.split(f"({'|'.join(map(re.escape, addresses))})", text)
    link = Markup('<a href="{0}" rel="noopener noreferrer">{0}</a>')
    return Markup("").join(link.format(piece) if piece in links else piece for piece in pieces)
