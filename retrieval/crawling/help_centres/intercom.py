"""Intercom's Articles API: https://developers.intercom.com/docs/references/rest-api/api.intercom.io/articles. Pure.

One list has all languages, the last changed first: an article carries its translations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from retrieval.crawling.help_centres.articles import Article, Ask, ListPage, take_field, take_text

_VERSION = "2.14"
_A_PAGE = 100
_DIGITS = 20  # a moment comes as a number, and is compared as text


class Intercom:
    """The articles of one workspace, at the interface of its region; `token` may read articles."""

    def __init__(self, location: str, token: str) -> None:
        self._base = location.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}", "Intercom-Version": _VERSION}

    @property
    def languages(self) -> Sequence[str]:
        return [""]

    def build_languages_request(self) -> Ask | None:
        return None

    def read_languages(self, answer: Any) -> list[str]:
        return [""]

    def build_list_request(self, language: str, page: int) -> Ask:
        return Ask(f"{self._base}/articles?page={page}&per_page={_A_PAGE}", self._headers)

    def read_list(self, answer: Any, language: str) -> ListPage:
        found = take_field(answer, "data", list)
        pages = answer.get("pages") or {}
        has_more = int(pages.get("page") or 1) < int(pages.get("total_pages") or 1)
        articles = [article for each in found for article in _read_articles(each)]
        return ListPage(articles, take_field(answer, "total_count", int), has_more)

    def explain_refusal(self, status: int) -> tuple[str, str]:
        return (
            f"Intercom refuses the token (it answers {status})",
            "Give FRONTDESK_INTERCOM_TOKEN one that may read articles, of the region that the source names",
        )


def _read_articles(raw: Any) -> Iterator[Article]:
    """An article and its translations, each at its own address; all change with the article."""
    item = take_text(raw, "id") or str(take_field(raw, "id", int))  # it has been both
    updated = str(take_field(raw, "updated_at", int)).zfill(_DIGITS)
    translations = raw.get("translated_content") or {}
    contents = [(take_text(raw, "default_locale"), raw)]
    contents += [(locale, each) for locale, each in translations.items() if isinstance(each, dict)]
    seen = set()
    for language, content in contents:
        url = take_text(content, "url")
        if url in seen:
            continue
        seen.add(url)
        is_public = content.get("state") == "published" and bool(url)
        yield Article(item, url, take_text(content, "title"), take_text(content, "body"), updated, language, is_public)
