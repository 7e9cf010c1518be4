"""Which pages of a crawl are one: told by what they say, never by what they call themselves alone. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from retrieval.crawling.frontier import Ask
from retrieval.crawling.page_texts import says_the_same, text_part
from retrieval.interfaces import Fetch, KnownPage


@dataclass(frozen=True, slots=True)
class TakenPage:
    """A page whose body came; `declared` is what it calls itself, "" for nothing that could be another name of it."""

    ask: Ask
    fetch: Fetch
    declared: str = ""

    def without_declaration(self) -> TakenPage:
        """The page as it stands, its own idea of its URL left aside."""
        return replace(self, declared="")


class Copies:
    """What every URL turned out to say, and the pages that wait until it is known of another one.

    Texts of `known` pages count until they have answered, and then what they say now.
    """

    def __init__(self, known: Mapping[str, KnownPage]) -> None:
        self._known = known
        self._said: dict[str, str] = {}  # by URL that has answered; "" for what is no page
        self._joined: dict[str, str] = {}
        self._holders: dict[str, list[str]] = {}  # by text: URLs that say it
        self._waiting: dict[str, list[TakenPage]] = {}
        for url, page in known.items():
            self.record_holder(url, page.text)

    def record_answer(self, url: str, text: str = "") -> None:
        """A URL has answered: with a page that says `text`, or with none. The first answer counts."""
        self._said.setdefault(url, text)

    def record_holder(self, url: str, text: str) -> None:
        """Note that `url` is kept as a page that says `text`: what says the same after it is a copy."""
        if text and url not in (holders := self._holders.setdefault(text_part(text), [])):
            holders.append(url)

    def has_answered(self, url: str) -> bool:
        """Whether it is known what the URL says."""
        return url in self._said

    def is_same(self, page: TakenPage, other: str) -> bool:
        """Whether `other` says the same as the page, and is not itself taken for a copy of it."""
        url = page.fetch.url
        return self._find_original(other) != url and says_the_same(page.fetch.text, self._said[other], titles=False)

    def find_twin(self, page: TakenPage) -> str:
        """Another URL that says the same, or did when last read and has not answered yet; "" for none.

        Under another path the title has to be the same, too: that is where a product's name may stand alone.
        """
        url, path = page.fetch.url, urlsplit(page.fetch.url).path
        for other in self._holders.get(text_part(page.fetch.text), ()):
            text = self._said.get(other, self._known[other].text if other in self._known else "")
            titles = urlsplit(other).path != path
            if (
                other != url
                and self._find_original(other) != url
                and says_the_same(page.fetch.text, text, titles=titles)
            ):
                return other
        return ""

    def join_copy(self, url: str, original: str) -> None:
        """Note that `url` is a copy of `original`."""
        self._joined[url] = original

    def hold_page(self, page: TakenPage, other: str) -> None:
        """Keep the page until `other` has answered."""
        self._waiting.setdefault(other, []).append(page)

    def release_waiting(self, url: str) -> list[TakenPage]:
        """The pages that waited for `url`."""
        return self._waiting.pop(url, [])

    def release_all(self) -> list[TakenPage]:
        """The pages whose wait was in vain."""
        held = [page for pages in self._waiting.values() for page in pages]
        self._waiting.clear()
        return held

    def _find_original(self, url: str) -> str:
        seen = set()
        while url in self._joined and url not in seen:
            seen.add(url)
            url = self._joined[url]
        return url
