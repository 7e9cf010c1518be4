"""Stand-ins for the interfaces of help centres, written from their documentation, over real HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from tests.support.site import NOT_FOUND, Page, Site


@dataclass(frozen=True)
class Item:
    """An article as its editors know it; `updated` is in seconds."""

    id: int
    title: str
    body: str = "<p>Text."
    updated: int = 0
    draft: bool = False
    segment: int | None = None
    locales: tuple[str, ...] = ("en-us",)


@dataclass
class Centre:
    """A help centre that can be edited. `shows_all`: it answers as it answers an agent, who sees drafts, too."""

    items: dict[int, Item] = field(default_factory=dict)
    clock: int = 1_700_000_000
    shows_all: bool = False
    site: Site = field(default_factory=Site)

    def __post_init__(self) -> None:
        self.site.pages = _Answers(self)

    def answer(self, path: str, query: Mapping[str, list[str]], headers: Mapping[str, str]) -> Page:
        raise NotImplementedError

    def publish(self, id: int, title: str, **values: Any) -> None:
        self.clock += 10
        self.items[id] = Item(id, title, **{"updated": self.clock, **values})

    def edit(self, id: int, **values: Any) -> None:
        self.clock += 10
        self.items[id] = replace(self.items[id], updated=self.clock, **values)

    def delete(self, id: int) -> None:
        del self.items[id]

    def listed(self) -> list[Item]:
        """Those that the interface shows, the last changed first."""
        seen = (item for item in self.items.values() if self.shows_all or not (item.draft or item.segment))
        return sorted(seen, key=lambda item: item.updated, reverse=True)

    @property
    def asked(self) -> list[str]:
        """The paths that were asked for, with their queries."""
        return [visit.path for visit in self.site.visits]


class _Answers(dict[str, Any]):
    """What a stand-in answers, made at the moment when it is asked."""

    def __init__(self, centre: Centre) -> None:
        super().__init__()
        self._centre = centre

    def get(self, path: str, default: Any = None) -> Any:
        parts = urlsplit(path)
        return lambda headers: self._centre.answer(parts.path, parse_qs(parts.query), headers)


def as_json(body: Any) -> Page:
    return Page(json.dumps(body).encode(), content_type="application/json; charset=utf-8")


class ZendeskCentre(Centre):
    """GET /api/v2/help_center/locales.json and /api/v2/help_center/{locale}/articles.json, in pages of `a_page`."""

    a_page = 100
    locales: tuple[str, ...] = ("en-us",)

    def answer(self, path: str, query: Mapping[str, list[str]], headers: Mapping[str, str]) -> Page:
        parts = path.strip("/").split("/")
        if parts == ["api", "v2", "help_center", "locales.json"]:
            return as_json({"locales": list(self.locales), "default_locale": self.locales[0]})
        if parts[:3] != ["api", "v2", "help_center"] or parts[4:] != ["articles.json"] or parts[3] not in self.locales:
            return NOT_FOUND
        assert query["sort_by"] == ["updated_at"]
        assert query["sort_order"] == ["desc"]
        found = [item for item in self.listed() if parts[3] in item.locales]
        page, size = int(query["page"][0]), min(int(query["per_page"][0]), self.a_page)
        shown = found[(page - 1) * size : page * size]
        more = self.site.url(f"{path}?page={page + 1}") if page * size < len(found) else None
        articles = [self.describe(item, parts[3]) for item in shown]
        return as_json({"articles": articles, "count": len(found), "page": page, "next_page": more})

    def describe(self, item: Item, locale: str) -> dict[str, Any]:
        slug = item.title.replace(" ", "-").strip("?")
        return {
            "id": item.id,
            "html_url": self.site.url(f"/hc/{locale}/articles/{item.id}-{slug}"),
            "title": item.title,
            "body": item.body,
            "locale": locale,
            "draft": item.draft,
            "user_segment_id": item.segment,
            "updated_at": f"2024-01-01T{item.updated - 1_700_000_000:08d}Z",
        }


@dataclass
class IntercomCentre(Centre):
    """GET /articles, with a token."""

    shows_all: bool = True
    a_page: int = 250
    token: ClassVar[str] = "dG9rOmludGVyY29t"

    def answer(self, path: str, query: Mapping[str, list[str]], headers: Mapping[str, str]) -> Page:
        if headers.get("authorization") != f"Bearer {self.token}":
            return replace(as_json({"type": "error.list", "errors": [{"code": "unauthorized"}]}), status=401)
        assert headers["intercom-version"]
        found = self.listed()
        page, size = int(query["page"][0]), min(int(query["per_page"][0]), self.a_page)
        pages = {"type": "pages", "page": page, "per_page": size, "total_pages": -(-len(found) // size)}
        data = [self.describe(item) for item in found[(page - 1) * size : page * size]]
        return as_json({"type": "list", "pages": pages, "total_count": len(found), "data": data})

    def describe(self, item: Item) -> dict[str, Any]:
        contents = {locale: self.describe_content(item, locale) for locale in item.locales}
        first = contents[item.locales[0]]
        translated = {"type": "article_translated_content", **contents}
        return {**first, "id": str(item.id), "default_locale": item.locales[0], "translated_content": translated}

    def describe_content(self, item: Item, locale: str) -> dict[str, Any]:
        return {
            "type": "article_content",
            "title": item.title,
            "body": item.body,
            "state": "draft" if item.draft else "published",
            "updated_at": item.updated,
            "url": None if item.draft else f"https://help.shop.example/{locale}/articles/{item.id}",
        }
