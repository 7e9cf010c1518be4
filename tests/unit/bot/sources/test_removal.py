"""Taking a source out."""

from __future__ import annotations

from bot.sources.removal import SourceRemoval
from retrieval.documents import Source, SourceKind
from tests.support.steering import Office


async def add(office: Office, name: str) -> None:
    await office.source_store.add(Source(name, SourceKind.PAGE, f"https://{name}.example/faq"))


async def test_a_source_among_others_leaves_with_the_next_refresh(office: Office) -> None:
    await add(office, "a")
    await add(office, "b")
    told = await SourceRemoval(office.source_store, office.versions).remove("a")
    assert "next 'frontdesk refresh'" in told
    assert [source.name for source in await office.source_store.list()] == ["b"]


async def test_with_the_last_source_nothing_is_active(office: Office) -> None:
    await add(office, "a")
    office.versions.version_folder("20260101-000000-abcd").mkdir(parents=True)
    (office.versions.root / "active").write_text("20260101-000000-abcd\n")
    told = await SourceRemoval(office.source_store, office.versions).remove("a")
    assert "rollback 20260101-000000-abcd" in told
    assert office.versions.active_id() is None
    await add(office, "b")
    assert await SourceRemoval(office.source_store, office.versions).remove("b") == "Removed b."
