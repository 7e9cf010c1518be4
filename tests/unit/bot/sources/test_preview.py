"""A site is looked at before it becomes a source."""

import asyncio
from dataclasses import replace

import pytest

from bot.sources.preview import PAGES, SourcePreview
from retrieval.documents import Document, Selectors, Source
from retrieval.errors import SourceError
from tests.support.steering import SHOP, Office

FOUND = [Document("https://shop.example/#a", "Why?", "Because.")]


@pytest.mark.parametrize("pages", [None, 1, 100])
async def test_few_pages_are_read_and_the_source_is_kept_whole(office: Office, pages: int | None) -> None:
    read: list[Source] = []

    def first_pages(source: Source) -> list[Document]:
        read.append(source)
        return FOUND

    selectors = Selectors(question=".q", answer=".a")
    source = replace(SHOP, max_pages=pages, selectors=selectors, path_prefix="/FAQ")
    previewing = SourcePreview(first_pages, office.markers)
    preview = await previewing.preview(source)
    assert read[0].max_pages == min(pages or PAGES, PAGES)
    assert preview.documents == tuple(FOUND)
    assert await SourcePreview(first_pages, office.markers).confirm(preview.id) == (source, None)  # another process


async def test_a_preview_is_confirmed_once(office: Office) -> None:
    previewing = SourcePreview(lambda _: FOUND, office.markers)
    preview = await previewing.preview(SHOP)
    await previewing.confirm(preview.id)
    for unknown in (preview.id, "", "f" * 12):
        with pytest.raises(SourceError):
            await previewing.confirm(unknown)


async def test_where_nothing_is_found_the_mend_is_told(office: Office) -> None:
    with pytest.raises(SourceError, match="--question-css"):
        await SourcePreview(lambda _: [], office.markers).preview(SHOP)


async def test_previews_of_two_admins_do_not_mix(office: Office) -> None:
    previewing = SourcePreview(lambda _: FOUND, office.markers)
    other = replace(SHOP, name="other")
    first, second = await asyncio.gather(previewing.preview(SHOP), previewing.preview(other))
    assert (await previewing.confirm(second.id), await previewing.confirm(first.id)) == ((other, None), (SHOP, None))
