"""The live index: a version on disk, taught answers over it, and what happens when either changes."""

from __future__ import annotations

import asyncio
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import structlog

from retrieval.documents import Document
from retrieval.errors import CorruptVersion, NoActiveVersion
from retrieval.index.build import build_index
from retrieval.index.versions import Manifest, Version, VersionStore
from retrieval.interfaces import Vectors
from retrieval.search.live_index import LiveIndex
from retrieval.search.retriever import LiveRetriever
from tests.support.embedding import default_embedder, plain_embedder

PAGES = [
    Document(
        "https://shop.test/returns", "How do I return an item?", "Send it back within thirty days.", language="en"
    ),
    Document("https://shop.test/delivery", "How long does delivery take?", "Three to five days.", language="en"),
    Document("https://shop.test/zh", "如何退货？", "收到商品后七天内可以申请退货。", language="zh"),
]
TAUGHT = Document(
    "", "Do you repair old kettles?", "Yes, bring it to the shop.", author="Mei Lin", crawled_at="2026-11-26"
)
ZH = Document("", "可以修旧水壶吗？", "可以，请带到门店。", language="zh", author="美琳", crawled_at="2026-11-26")


@dataclass
class Shelf:
    """Additions."""

    documents: tuple[Document, ...] = ()
    revision: int = 0

    def put(self, *documents: Document) -> None:
        self.documents, self.revision = documents, self.revision + 1

    def current_documents(self) -> tuple[int, Sequence[Document]]:
        return self.revision, self.documents


@dataclass
class Embedding:
    """A real model; `before` runs before documents are embedded."""

    before: Callable[[Sequence[str]], None] = lambda _texts: None
    texts: list[str] = field(default_factory=list)
    suffix: str = ""

    def __post_init__(self) -> None:
        real = plain_embedder()
        self.fingerprint = real.fingerprint + self.suffix
        self.dimension, self.max_tokens = real.dimension, real.max_tokens
        self.embed_queries, self.embed_questions = real.embed_queries, real.embed_questions
        self.count_tokens, self.tells_questions_apart = real.count_tokens, real.tells_questions_apart

    def embed_documents(self, texts: Sequence[str], on_progress: Callable[[int], None] | None = None) -> Vectors:
        self.before(texts)
        self.texts += texts
        return plain_embedder().embed_documents(texts, on_progress)


def activate(store: VersionStore, documents: Sequence[Document]) -> Version:
    index = build_index(documents, default_embedder())
    with store.stage_version() as folder:
        index.save(folder)
        manifest = Manifest(store.new_id(), "2026-01-01T00:00:00+00:00", store.active_id() or "",
                            default_embedder().fingerprint, 384, {"passages": len(index.passages)})  # fmt: skip
        version = store.commit_version(folder, manifest)
    store.activate_version(version)
    return version


@pytest.fixture
def store(tmp_path: Path) -> VersionStore:
    return VersionStore(tmp_path / "index")


def first(live: LiveIndex, query: str) -> Document:
    result = asyncio.run(LiveRetriever(live, default_embedder()).retrieve(query))
    return result.passages[0].passage.document


def questions(live: LiveIndex) -> list[str]:
    return [document.question for document in live.current_index()[1].documents]


def test_without_additions_it_is_the_version_as_it_was_loaded(store: VersionStore) -> None:
    version = activate(store, PAGES)
    embedding, shelf = Embedding(), Shelf()
    for live in (LiveIndex(store, embedding), LiveIndex(store, embedding, shelf)):
        assert live.current_index()[0] == version.id
        index = live.current_index()[1]
        assert index.documents == PAGES
        assert live.current_index()[1] is index
    shelf.put()
    assert live.current_index()[1] is index
    assert embedding.texts == []


def test_what_is_taught_is_found_changed_and_gone_again(store: VersionStore) -> None:
    version = activate(store, PAGES)
    embedding, shelf = Embedding(), Shelf()
    live = LiveIndex(store, embedding, shelf)
    alone = live.current_index()[1]
    shelf.put(TAUGHT, ZH)
    assert first(live, "can you mend an old kettle") == TAUGHT
    assert first(live, "旧水壶能修吗") == ZH
    assert live.current_index()[0] == version.id
    embedded = list(embedding.texts)
    changed = Document("", TAUGHT.question, "No longer.", author="Ann", crawled_at="2026-11-27")
    shelf.put(changed, ZH)
    assert first(live, "can you mend an old kettle") == changed
    assert [text for text in embedding.texts[len(embedded) :] if ZH.question in text] == []
    shelf.put()
    assert live.current_index()[1] is alone


def test_what_is_taught_leaves_nothing_in_the_index_folder(store: VersionStore) -> None:
    activate(store, PAGES)
    shelf = Shelf()
    live = LiveIndex(store, Embedding(), shelf)
    shelf.put(TAUGHT)
    assert TAUGHT.question in questions(live)
    assert not [p for p in store.root.rglob("*") if p.is_file() and b"kettle" in p.read_bytes()]


def test_what_is_taught_stays_through_a_new_version_and_a_rollback(store: VersionStore) -> None:
    old = activate(store, PAGES)
    embedding, shelf = Embedding(), Shelf()
    live = LiveIndex(store, embedding, shelf)
    shelf.put(TAUGHT)
    assert questions(live)[-1] == TAUGHT.question
    embedded = len(embedding.texts)
    new = activate(store, PAGES[:1])
    assert live.current_index()[0] == new.id
    assert questions(live) == [PAGES[0].question, TAUGHT.question]
    store.roll_back()
    assert live.current_index()[0] == old.id
    assert questions(live) == [*(page.question for page in PAGES), TAUGHT.question]
    assert len(embedding.texts) == embedded


def test_what_is_taught_is_found_where_nothing_is_indexed(store: VersionStore) -> None:
    shelf = Shelf()
    live = LiveIndex(store, Embedding(), shelf)
    with pytest.raises(NoActiveVersion):
        live.current_index()
    shelf.put(TAUGHT)
    assert live.current_index()[0] == ""
    assert first(live, "can you mend an old kettle") == TAUGHT
    version = activate(store, PAGES)
    assert live.current_index()[0] == version.id
    assert first(live, "can you mend an old kettle") == TAUGHT
    (store.root / "active").unlink()
    assert questions(live) == [TAUGHT.question]
    shelf.put()
    with pytest.raises(NoActiveVersion):
        live.current_index()


def test_a_fault_leaves_the_version_and_is_told_once_a_revision(store: VersionStore) -> None:
    activate(store, PAGES)
    faults = [MemoryError("full"), ValueError("bad")]

    def fail(_texts: Sequence[str]) -> None:
        if faults:
            raise faults.pop()

    shelf = Shelf()
    live = LiveIndex(store, Embedding(fail), shelf)
    told = []
    for _ in range(2):
        shelf.put(TAUGHT)
        with structlog.testing.capture_logs() as logs:
            assert [questions(live) for _ in range(3)] == [[page.question for page in PAGES]] * 3
        told.append([(e["revision"], e["cause"]) for e in logs if e["log_level"] == "error"])
    assert told == [[(1, "ValueError")], [(2, "MemoryError")]]
    shelf.put(TAUGHT)
    assert TAUGHT.question in questions(live)


def test_a_fault_with_nothing_else_indexed_says_that_nothing_is(store: VersionStore) -> None:
    def fail(_texts: Sequence[str]) -> None:
        raise ValueError("bad")

    shelf = Shelf()
    shelf.put(TAUGHT)
    live = LiveIndex(store, Embedding(fail), shelf)
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            with pytest.raises(NoActiveVersion):
                live.current_index()
    assert [e["event"] for e in logs if e["log_level"] == "error"] == ["taught answers cannot be searched"]


@pytest.mark.parametrize("added", [(), (TAUGHT,)])
def test_a_version_of_other_models_answers_by_its_words_and_says_so_once(
    store: VersionStore, added: tuple[Document, ...]
) -> None:
    activate(store, PAGES)
    shelf = Shelf()
    shelf.put(*added)
    other = Embedding(suffix="x")
    live = LiveIndex(store, other, shelf)
    with structlog.testing.capture_logs() as logs:
        result = asyncio.run(LiveRetriever(live, other).retrieve("How long does delivery take?"))
        live.refresh()
    assert live.current_index()[1].fields == ()
    assert result.passages[0].passage.document == PAGES[1]
    assert result.confidence >= result.suggest_from
    told = [each for each in logs if each["log_level"] == "warning"]
    assert len(told) == 1 and "frontdesk refresh" in told[0]["event"]
    assert told[0]["made_with"] == default_embedder().fingerprint


def test_of_a_version_made_with_more_models_only_those_of_the_settings_are_read(store: VersionStore) -> None:
    activate(store, PAGES)
    with structlog.testing.capture_logs() as logs:
        fields = LiveIndex(store, plain_embedder()).current_index()[1].fields
    assert [field.model for field in fields] == [plain_embedder().fingerprint]
    assert not [each for each in logs if each["log_level"] == "warning"]


def test_a_refresh_spares_the_next_question_the_work(store: VersionStore) -> None:
    activate(store, PAGES)
    embedding, shelf = Embedding(), Shelf()
    live = LiveIndex(store, embedding, shelf)
    live.refresh()
    shelf.put(TAUGHT)
    live.refresh()
    embedded = len(embedding.texts)
    assert first(live, "can you mend an old kettle") == TAUGHT
    assert len(embedding.texts) == embedded


def test_what_a_question_would_wait_for_is_made_with_the_index(store: VersionStore) -> None:
    activate(store, PAGES)
    shelf = Shelf()
    live = LiveIndex(store, default_embedder(), shelf)
    wanted = {"languages", "topic_information", "vocabulary"}
    assert wanted <= vars(live.current_index()[1]).keys()
    shelf.put(TAUGHT)
    live.refresh()
    assert wanted <= vars(live.current_index()[1]).keys()


def test_a_refresh_during_another_returns_with_its_own_revision_in_place(store: VersionStore) -> None:
    activate(store, PAGES)
    going, go = threading.Event(), threading.Event()

    def wait(texts: Sequence[str]) -> None:
        if any(TAUGHT.question in text for text in texts):
            going.set()
            assert go.wait(20)

    shelf = Shelf()
    live = LiveIndex(store, Embedding(wait), shelf)
    live.refresh()
    with ThreadPoolExecutor(2) as threads:
        shelf.put(TAUGHT)
        one = threads.submit(live.refresh)
        assert going.wait(20)
        shelf.put(TAUGHT, ZH)
        two = threads.submit(live.refresh)
        assert questions(live) == [page.question for page in PAGES]  # meanwhile, from the old one
        time.sleep(0.05)
        assert not two.done()
        go.set()
        two.result(20)
        assert one.result(20) is None
    assert questions(live)[-2:] == [TAUGHT.question, ZH.question]


def test_no_question_fails_or_loses_the_pages_while_the_index_is_made_anew(store: VersionStore) -> None:
    activate(store, PAGES)
    shelf = Shelf()
    live = LiveIndex(store, Embedding(), shelf)
    retriever = LiveRetriever(live, default_embedder())
    stop = threading.Event()

    def change() -> None:
        for number in range(12):
            more = [Document("", f"Is {number} a lot, {n}?", "It is.", author="Ann") for n in range(number)]
            shelf.put(TAUGHT, *more)
            if number % 4 == 2:
                activate(store, PAGES)
            if number % 2:
                live.refresh()
        stop.set()

    async def ask() -> int:
        asked = 0
        while not stop.is_set():
            for page in PAGES:
                result = await retriever.retrieve(page.question)
                assert result.passages[0].passage.document == page
                asked += 1
        return asked

    async def work() -> list[int]:
        return await asyncio.gather(*(ask() for _ in range(4)))

    thread = threading.Thread(target=change)
    thread.start()
    try:
        assert min(asyncio.run(work())) > 0
    finally:
        thread.join()
    assert len(questions(live)) == len(PAGES) + 12


def test_a_version_that_is_gone_from_disk_still_answers_until_it_changes(store: VersionStore) -> None:
    version = activate(store, PAGES)
    shelf = Shelf()
    live = LiveIndex(store, Embedding(), shelf)
    held = live.current_index()
    shutil.rmtree(version.folder)
    assert live.current_index() == held


# what is damaged

NEWER = [*PAGES, Document("https://shop.test/gifts", "Do gift cards expire?", "After three years.", language="en")]
FILES = ("passages.jsonl", "rows-0.npy", "texts.npz", "texts.txt", "row_passage.npy", "models.json", "manifest.json")


def flip(path: Path) -> None:
    """A byte in the middle: a digit of an answer, say."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def remove(path: Path) -> None:
    path.unlink()


def rights(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize("damage", [flip, cut, empty, remove, rights])
@pytest.mark.parametrize("name", FILES)
def test_of_a_damaged_version_the_one_before_answers_and_it_is_told_once(
    store: VersionStore, name: str, damage: Callable[[Path], None]
) -> None:
    older = activate(store, PAGES)
    newer = activate(store, NEWER)
    damage(newer.folder / name)
    live = LiveIndex(store, default_embedder())
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            version, index = live.current_index()
            assert (version, len(index.documents)) == (older.id, len(PAGES))
    told = [log for log in logs if log["log_level"] == "error"]
    assert [log["answers"] for log in told] == [older.id]
    assert newer.id in told[0]["cause"] and "frontdesk refresh" in told[0]["cause"]
    mended = activate(store, NEWER)
    assert live.current_index()[0] == mended.id


def test_where_nothing_is_whole_it_is_told_and_no_more(store: VersionStore) -> None:
    for _ in range(3):
        flip(activate(store, PAGES).folder / "passages.jsonl")
    with pytest.raises(CorruptVersion, match=rf"{store.active_id()}.*frontdesk refresh"):
        LiveIndex(store, default_embedder()).current_index()


def test_what_is_in_memory_answers_while_what_came_after_is_damaged(store: VersionStore) -> None:
    activate(store, NEWER)
    second = activate(store, PAGES)
    live = LiveIndex(store, default_embedder())
    assert live.current_index()[0] == second.id
    flip(activate(store, NEWER).folder / "rows-0.npy")
    assert live.current_index()[0] == second.id
    (store.root / "active").write_text("")
    assert live.current_index()[0] == second.id


def test_taught_answers_are_laid_over_the_version_that_answers_instead(store: VersionStore) -> None:
    older = activate(store, PAGES)
    flip(activate(store, NEWER).folder / "texts.npz")
    shelf = Shelf()
    shelf.put(TAUGHT)
    live = LiveIndex(store, Embedding(), shelf)
    assert live.current_index()[0] == older.id
    assert questions(live) == [*(page.question for page in PAGES), TAUGHT.question]
    assert live.current_index()[1] is live.current_index()[1]


@pytest.mark.parametrize("pointer", [b"", b"20200101-000000-0000\n", b"\xff"])
def test_a_damaged_pointer_costs_no_answer(store: VersionStore, pointer: bytes) -> None:
    activate(store, PAGES)
    newest = activate(store, NEWER)
    (store.root / "active").write_bytes(pointer)
    live = LiveIndex(store, default_embedder())
    with structlog.testing.capture_logs() as logs:
        assert live.current_index()[0] == newest.id
        assert live.current_index()[0] == newest.id
    told = [log["cause"] for log in logs if log["log_level"] == "error"]
    assert told == [store.pointer_fault()]


def test_damaged_pages_of_the_crawl_are_no_reason_to_answer_otherwise(store: VersionStore) -> None:
    activate(store, PAGES)
    index = build_index(NEWER, default_embedder())
    with store.stage_version() as folder:
        index.save(folder)
        (folder / "pages.jsonl").write_text("{}")
        version = store.commit_version(folder, Manifest(store.new_id(), "2026-01-01T00:00:00+00:00", "", "", 384, {}))
    store.activate_version(version)
    flip(version.folder / "pages.jsonl")
    assert LiveIndex(store, default_embedder()).current_index()[0] == version.id


class Aside:
    """What is set aside."""

    def __init__(self) -> None:
        self.revision, self.entries = 0, frozenset[str]()

    def put(self, *entries: str) -> None:
        self.revision, self.entries = self.revision + 1, frozenset(entries)

    def current_entries(self) -> tuple[int, frozenset[str]]:
        return self.revision, self.entries


async def test_what_is_set_aside_is_not_found_until_it_is_taken_back(store: VersionStore) -> None:
    twin = Document("https://shop.test/old", "How do I return an item?", "Send it within a week.", language="en")
    aside, shelf = Aside(), Shelf()
    shelf.put(TAUGHT)
    activate(store, [*PAGES, twin])
    live = LiveIndex(store, default_embedder(), shelf, aside)
    retriever = LiveRetriever(live, default_embedder())

    async def answers(question: str) -> set[str]:
        return {each.passage.document.answer for each in (await retriever.retrieve(question)).passages}

    both = {PAGES[0].answer, twin.answer}
    assert both <= await answers("How do I return an item?")
    aside.put(twin.entry_id, TAUGHT.entry_id)
    assert await answers("How do I return an item?") & both == {PAGES[0].answer}
    assert TAUGHT.answer not in await answers("Do you repair old kettles?")
    shown = [document.entry_id for document in live.current_index()[1].shown_documents]
    assert shown == [document.entry_id for document in PAGES]
    aside.put()
    assert both <= await answers("How do I return an item?")
    assert TAUGHT.answer in await answers("Do you repair old kettles?")


async def test_with_all_set_aside_nothing_is_found(store: VersionStore) -> None:
    aside, shelf = Aside(), Shelf()
    shelf.put(TAUGHT)
    aside.put(TAUGHT.entry_id)
    retriever = LiveRetriever(LiveIndex(store, default_embedder(), shelf, aside), default_embedder())
    assert (await retriever.retrieve("Do you repair old kettles?")).passages == ()
