"""From what an admin types to a Source."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlsplit

from bot.errors import InvalidSource
from bot.sources.help_centres import INTERCOM, ZENDESK, recognise_help_centre, suggest_name
from retrieval.documents import Selectors, Source, SourceKind

_CRAWLED = frozenset({SourceKind.WEBSITE, SourceKind.PAGE})
_WHOLE = {
    SourceKind.PAGE: "this page",
    SourceKind.FOLDER: "all files",
    SourceKind.ZENDESK: "public articles",
    SourceKind.INTERCOM: "published articles",
}
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


def describe_source(
    location: str,
    *,
    name: str = "",
    single_page: bool = False,
    path_prefix: str = "",
    selectors: Selectors | None = None,
    max_pages: int | None = None,
    max_depth: int | None = None,
    read_noindex: bool = False,
    render: bool = False,
) -> Source:
    """The source that `location` (a URL or a folder) names; without a `name`, one is made from the location.

    Raises InvalidSource for a location that is neither, or a name that cannot be one.
    """
    as_website = single_page or render or read_noindex or bool(path_prefix)
    kind, location, suggested = _recognise(location.strip(), single_page, as_website)
    name = name or suggested
    if not _NAME.fullmatch(name):
        raise InvalidSource(
            f"{name!r} cannot name a source: use at most 63 of a-z, 0-9, '.', '_' and '-', e.g. --name help."
        )
    if path_prefix and kind is not SourceKind.WEBSITE:
        raise InvalidSource("--prefix narrows a website's scope; other sources have none: leave it out.")
    if read_noindex and kind not in _CRAWLED:
        raise InvalidSource("--read-noindex is for websites and pages; of other sources all is read: leave it out.")
    if render:
        check_can_render(kind)
    if path_prefix and not path_prefix.startswith("/"):
        path_prefix = f"/{path_prefix}"
    return Source(name, kind, location, path_prefix, selectors, max_pages, max_depth, read_noindex, render)


def check_can_render(kind: SourceKind) -> None:
    """Raises InvalidSource for a kind of source that no browser reads."""
    if kind not in _CRAWLED:
        raise InvalidSource(
            "--render is for websites and pages, whose scripts a browser can run. Of other sources a page that a "
            "script makes is to be saved from a browser, with its text."
        )


def scope_of(source: Source) -> str:
    """What of its location a source reads: "/help/…", with the limits that are its own."""
    from retrieval.crawling.urls import Scope, to_canonical_url

    if source.kind is SourceKind.WEBSITE:
        scope = f"{Scope.from_start(to_canonical_url(source.location) or source.location, source.path_prefix).prefix}…"
    else:
        scope = _WHOLE[source.kind]
    limits = ((source.max_pages, "pages"), (source.max_depth, "links deep"))
    rules = [*(["own CSS"] if source.selectors else []), *(["noindex too"] if source.read_noindex else [])]
    rules += ["in a browser"] if source.render else []
    return ", ".join([scope, *(f"at most {limit} {what}" for limit, what in limits if limit is not None), *rules])


def _recognise(location: str, single_page: bool, as_website: bool) -> tuple[SourceKind, str, str]:
    """The kind, the location and a name; a URL of a help centre is one of a website where an option says so."""
    named = location.startswith((ZENDESK, INTERCOM))
    if (named or not as_website) and (centre := recognise_help_centre(location)):
        if single_page:
            raise InvalidSource(f"{location} is a whole help centre: leave --page out.")
        kind, address = centre
        return kind, address, _slug(suggest_name(kind, address))
    if "://" not in location:
        return _folder(location, single_page)
    try:
        parts = urlsplit(location)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise InvalidSource(f"{location!r} is no valid URL ({error}): give one like https://example.com/faq.") from None
    if parts.scheme.lower() not in ("http", "https"):
        raise InvalidSource(
            f"{location!r} is no web address: give a URL that starts with https:// or http://, or a folder."
        )
    if not host or re.search(r"\s", location):
        raise InvalidSource(f"{location!r} is no valid URL: give one like https://example.com/faq.")
    if parts.username or parts.password:
        raise InvalidSource("A URL with a user name or a password is not kept: give the public address of the page.")
    kind = SourceKind.PAGE if single_page else SourceKind.WEBSITE
    return kind, location, _slug(host + (f"-{port}" if port else "") + (parts.path if single_page else ""))


def _folder(location: str, single_page: bool) -> tuple[SourceKind, str, str]:
    path = Path(location).expanduser()
    if location and path.is_dir():
        if single_page:
            raise InvalidSource(f"{location} is a folder, and --page takes a URL: leave --page out.")
        return SourceKind.FOLDER, str(path.resolve()), _slug(path.resolve().name)
    if location and path.is_file():
        raise InvalidSource(
            f"{location} is a file: give the folder it is in, or try 'frontdesk extract {location} --out DIR'."
        )
    hint = (
        f"did you mean https://{location}?"
        if re.fullmatch(r"[\w.-]+\.\w{2,}(/\S*)?", location)
        else ("give a URL like https://example.com/faq, or a folder of HTML, Markdown or PDF files.")
    )
    raise InvalidSource(f"{location!r} is neither a URL nor a folder: {hint}")


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9._-]+", "-", text.lower()).strip("-._")[:63] or "source"
