"""What assistants may read: pages as they were indexed, in parts, and nothing that is not for everybody."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bot.mcp_server.models import PAGE_CHARACTERS
from bot.mcp_server.pages import KnownPages
from retrieval.audiences import Audiences
from retrieval.documents import Document
from retrieval.index.build import build_index
from retrieval.index.index import Index
from retrieval.search.retriever import LiveRetriever
from tests.support.word_embedder import WordEmbedder

URL = "https://shop.test/help"
PAY = Document(
    f"{URL}#pay", "How can I pay?", "By card.", heading_path=("Help",), language="en", source="help",
    crawled_at="2026-03-01T08:00:00+00:00",
)  # fmt: skip
SHIP = replace(PAY, url=f"{URL}#ship", question="How long is the\nway?", answer="Three days.")
SECRET = replace(PAY, url="https://shop.test/partners", answer="By invoice.", source="partners")
TAUGHT = replace(PAY, url=URL, question="May I pay later?", answer="Ask Mei.", author="Mei Lin")
LONG = replace(PAY, url="https://shop.test/terms", question="Terms", answer="word " * 10_000)


class Live:
    def __init__(self, index: Index) -> None:
        self.index = index

    def current_index(self) -> tuple[str, Index]:
        return "20260301-080000-aaaa", self.index


def known(*documents: Document, hidden: tuple[int, ...] = (), audiences: Audiences | None = None) -> KnownPages:
    embedder = WordEmbedder()
    live = Live(build_index(documents, embedder).hide_documents(np.array(hidden, np.int64)))
    current = audiences or Audiences({"partners": frozenset({"slack:workspace:T1"})})
    return KnownPages(LiveRetriever(live, embedder, audiences=lambda: current), live, lambda: current)


async def test_a_page_is_read_whole_by_its_address_whatever_stands_behind_the_mark() -> None:
    page = await known(PAY, SHIP, TAUGHT).read_page(f"{URL}#anything", 0)
    assert page is not None
    assert page.text == "## How can I pay?\n\nBy card.\n\n## How long is the way?\n\nThree days."
    assert (page.url, page.title, page.read_at, page.next_start) == (URL, "Help", PAY.crawled_at, None)


async def test_a_long_page_comes_in_parts_that_make_it_up() -> None:
    pages, text, start = known(LONG), "", 0
    while True:
        page = await pages.read_page(LONG.url, start)
        assert page is not None and len(page.text) <= PAGE_CHARACTERS
        text += page.text
        if page.next_start is None:
            break
        start = page.next_start
    assert len(text) == page.characters and text.endswith(LONG.answer)
    beyond = await pages.read_page(LONG.url, page.characters + 1)
    assert beyond is not None and (beyond.text, beyond.next_start) == ("", None)


@pytest.mark.parametrize("url", [SECRET.url, "https://shop.test/", "https://shop.test/help/", "https://evil.test/help"])
async def test_what_is_not_for_everybody_or_not_there_is_not_read(url: str) -> None:
    assert await known(PAY, SECRET).read_page(url, 0) is None


async def test_until_it_is_known_whom_sources_are_for_nothing_is_read_or_found() -> None:
    pages = known(PAY, audiences=Audiences(known=False))
    assert await pages.read_page(URL, 0) is None
    assert (await pages.search_passages("How can I pay?", 5)).passages == ()


async def test_an_entry_that_is_set_aside_is_not_read() -> None:
    page = await known(PAY, SHIP, hidden=(0,)).read_page(URL, 0)
    assert page is not None and "By card" not in page.text and "Three days" in page.text


async def test_nobody_finds_what_is_limited_to_some() -> None:
    found = await known(PAY, SECRET).search_passages("How can I pay?", 5)
    assert [each.passage.document.url for each in found.passages] == [PAY.url]
