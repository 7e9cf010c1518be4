"""Zendesk's Help Center API, as anybody may ask it: https://developer.zendesk.com/api-reference/help_center/. Pure.

The list comes the last changed first. Zendesk's incremental export is not used: it wants an agent's credentials, and
does not tell of articles that were deleted.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from retrieval.crawling.help_centres.articles import Article, Ask, ListPage, take_field, take_text

_A_PAGE = 100  # the most that Zendesk gives


class Zendesk:
    """The centre at `location`: https://HOST/hc for all of its languages, https://HOST/hc/LOCALE for one."""

    def __init__(self, location: str) -> None:
        parts = urlsplit(location)
        self._base = f"{parts.scheme}://{parts.netloc}/api/v2/help_center"
        self._locale = parts.path.removeprefix("/hc").strip("/")

    @property
    def languages(self) -> Sequence[str]:
        return [self._locale] if self._locale else []

    def build_languages_request(self) -> Ask | None:
        return None if self._locale else Ask(f"{self._base}/locales.json")

    def read_languages(self, answer: Any) -> list[str]:
        return [locale for locale in take_field(answer, "locales", list) if isinstance(locale, str)]

    def build_list_request(self, language: str, page: int) -> Ask:
        order = "sort_by=updated_at&sort_order=desc"
        return Ask(f"{self._base}/{language}/articles.json?{order}&per_page={_A_PAGE}&page={page}")

    def read_list(self, answer: Any, language: str) -> ListPage:
        found = take_field(answer, "articles", list)
        total = take_field(answer, "count", int)
        articles = [_read_article(each, language) for each in found]
        return ListPage(articles, total, bool(answer.get("next_page")))

    def explain_refusal(self, status: int) -> tuple[str, str]:
        if status == 404:
            return "there is no Zendesk help centre of that language at this address", "Check the host and the language"
        return (
            f"its help centre is not open to everybody (it answers {status})",
            "Open it in Zendesk's settings, or have its pages crawled: add the URL with --prefix /hc/",
        )


def _read_article(raw: Any, language: str) -> Article:
    is_for_some = bool(raw.get("user_segment_id") or raw.get("user_segment_ids")) if isinstance(raw, dict) else False
    return Article(
        item=str(take_field(raw, "id", int)),
        url=take_field(raw, "html_url", str),
        title=take_field(raw, "title", str),
        body=take_text(raw, "body"),
        updated=take_field(raw, "updated_at", str),
        language=take_text(raw, "locale") or language,
        is_public=not (raw.get("draft") or is_for_some),
    )
