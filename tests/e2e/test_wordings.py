"""A refresh has a model write wordings, the next version answers by them, and what is removed it answers by no more:
real processes, on a page of a few entries, with a scripted server."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.bots import FRONTDESK
from tests.support.embedding import give_model
from tests.support.openai_server import HANG, OpenAiServer, Script

pytestmark = pytest.mark.slow

PAGE = """# How do I send something back?

Print the label from your account and hand the parcel in at any post office.

# Which payment methods do you accept?

Card, invoice and bank transfer.

# Do you have a shop?

Yes, behind the station, open from nine to six.
"""
WORDS = {
    "How do I send something back?": "I want to get rid of what I ordered",
    "Which payment methods do you accept?": "Do you take PayPal?",
    "Do you have a shop?": "Where can I look at your goods?",
}
GOODS = WORDS["Do you have a shop?"]


@dataclass(frozen=True)
class Desk:
    """`frontdesk` on a data folder of its own, with a model."""

    data: Path
    server: OpenAiServer

    async def launch(self, *arguments: str) -> asyncio.subprocess.Process:
        clean = {key: value for key, value in os.environ.items() if not key.startswith("FRONTDESK_")}
        own = {
            "FRONTDESK_DATA_DIR": str(self.data),
            "FRONTDESK_VLLM_URL": self.server.url,
            "FRONTDESK_WORDINGS_PER_REFRESH": "10",
            "COLUMNS": "160",
        }
        return await asyncio.create_subprocess_exec(
            *FRONTDESK,
            *arguments,
            env=clean | own,
            cwd=self.data.parent,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )

    async def json(self, *arguments: str) -> Any:
        process = await self.launch(*arguments, "--json")
        out, err = await asyncio.wait_for(process.communicate(), 120)
        assert process.returncode == 0, err.decode()
        return json.loads(out)

    async def decides(self, question: str) -> tuple[str, str]:
        """How a question is answered, and by which entry."""
        turn = await self.json("ask", question)
        return turn["decision"], turn["citations"][0]["title"]


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that knows the page, read without a model."""
    folder = tmp_path_factory.mktemp("wordings")
    (folder / "pages").mkdir()
    (folder / "pages" / "faq.md").write_text(PAGE, encoding="utf-8")
    give_model(folder / "data")
    asyncio.run(crawl(folder))
    return folder / "data"


async def crawl(folder: Path) -> None:
    async with OpenAiServer(Script(status=503)) as away:
        process = await Desk(folder / "data", away).launch("crawl", str(folder / "pages"))
        _, err = await asyncio.wait_for(process.communicate(), 120)
        assert process.returncode == 0, err.decode()


@pytest.fixture
def data(crawled: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(crawled, tmp_path / "data", symlinks=True))


def is_writing(body: Mapping[str, Any]) -> bool:
    """Whether it is asked for wordings, not for an answer."""
    return "questions" in str(body.get("response_format", ""))


def entry_of(body: Mapping[str, Any]) -> str:
    return next(title for title in WORDS if f"Question: {title}" in body["messages"][-1]["content"])


def write_words(body: Mapping[str, Any]) -> Script:
    """The words of the entry, and some of another."""
    if not is_writing(body):
        return Script(status=503)  # answers are quoted
    title = entry_of(body)
    other = next(words for name, words in WORDS.items() if name != title)
    return Script([json.dumps({"questions": [other, WORDS[title]]})])


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110 (what it waits for is another process)
            await asyncio.sleep(0.02)


async def test_what_the_model_wrote_answers_from_the_next_version_on_and_not_once_it_is_removed(data: Path) -> None:
    async with OpenAiServer() as server:
        server.answer = write_words
        desk = Desk(data, server)
        assert (await desk.decides(GOODS))[0] == "suggest"
        first = await desk.json("refresh")
        assert (first["outcome"], first["wordings"]) == ("unchanged", {"entries": 3, "kept": 3, "left": 0})
        assert (await desk.decides(GOODS))[0] == "suggest"  # from the next version on
        second = await desk.json("refresh")
        assert (second["outcome"], second["changed"]) == ("activated", [])
        assert await desk.decides(GOODS) == ("answer", "Do you have a shop?")
        kept = await desk.json("wordings", "list")
        assert {(each["title"], each["text"], each["model"]) for each in kept} == {
            (title, words, "tiny") for title, words in WORDS.items()
        }
        asked = len([body for body in server.requests if is_writing(body)])
        wording = next(each["id"] for each in kept if each["text"] == GOODS)
        removing = await desk.launch("wordings", "remove", wording[:8])
        out, _ = await removing.communicate()
        assert removing.returncode == 0 and b"not written again" in out
        assert (await desk.json("refresh"))["outcome"] == "activated"
        assert (await desk.decides(GOODS))[0] == "suggest"
        assert (await desk.decides(WORDS["Which payment methods do you accept?"]))[0] == "answer"
        assert (await desk.json("refresh"))["outcome"] == "unchanged"
        assert len([body for body in server.requests if is_writing(body)]) == asked == 3


async def test_killed_while_the_model_writes_the_next_refresh_goes_on_with_what_is_missing(data: Path) -> None:
    async with OpenAiServer() as server:

        def hang_at_the_second(body: Mapping[str, Any]) -> Script:
            return Script(first=HANG) if len(server.requests) == 2 else write_words(body)

        server.answer = hang_at_the_second
        desk = Desk(data, server)
        refreshing = await desk.launch("refresh")
        await until(lambda: len(server.requests) == 2)
        refreshing.kill()
        await refreshing.communicate()
        await until(lambda: server.running == 0)  # the server works for nobody any more
        with closing(sqlite3.connect(data / "frontdesk.db")) as database:
            assert database.execute("SELECT count(*) FROM worded_entries").fetchone() == (1,)
        done, broken = (entry_of(body) for body in server.requests)
        server.requests.clear()
        server.answer = write_words
        resuming = await desk.launch("refresh")  # waits till the killed one is known to be dead, then does its work
        assert b"runs already" in (await resuming.communicate())[1] and resuming.returncode == 0
        left = [entry_of(body) for body in server.requests]
        assert sorted(left) == sorted({*WORDS} - {done}) and broken in left
        assert {each["text"] for each in await desk.json("wordings", "list")} == set(WORDS.values())
