"""What the crawl says in the headers of its requests, and reads from those of the answers. Pure."""

from __future__ import annotations

from scrapy.http import Response

from retrieval.crawling.frontier import Ask
from retrieval.interfaces import KnownPage


def build_conditional_headers(known: KnownPage | None) -> dict[str, str]:
    """The headers that ask for a body only if it changed."""
    if known is None:
        return {}
    conditions = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in conditions.items() if value}


def build_cookie_header(ask: Ask) -> dict[str, str]:
    """What the redirects that led here asked to be sent back."""
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in ask.cookies)} if ask.cookies else {}


def read_cookies(response: Response) -> tuple[tuple[str, str], ...]:
    """Names and values of the cookies that an answer sets, without their attributes."""
    pairs = (
        value.decode("latin-1").partition(";")[0].partition("=") for value in response.headers.getlist("Set-Cookie")
    )
    return tuple((name.strip(), value.strip()) for name, equals, value in pairs if equals and name.strip())


def read_header(response: Response, name: str) -> str:
    """The header's value, "" without one."""
    value = response.headers.get(name)
    return value.decode("latin-1").strip() if value else ""
