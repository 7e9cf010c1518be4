"""What two people chose answers the third, in the terminal: real processes on a page of a few entries."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bot.app import open_application
from bot.chat.conversation import IncomingMessage, Turn
from bot.chat.reply_stream import follow_answer
from bot.settings import load_settings
from tests.support.bots import FRONTDESK, Knowledge
from tests.support.embedding import give_model

pytestmark = pytest.mark.slow

PAGE = """# How do I send something back?

Print the label from your account and hand the parcel in at any post office.

# Which payment methods do you accept?

Card, invoice and bank transfer.

# Do you have a shop?

Yes, behind the station, open from nine to six.
"""
WORDS, QUICKLY = "Where can I look at your goods?", "where can i look at your  GOODS"
UNSURE = {"FRONTDESK_ANSWER_THRESHOLD": "0.99", "FRONTDESK_SUGGEST_THRESHOLD": "0.01"}  # whatever the models' fit


@dataclass(frozen=True)
class Desk:
    """`frontdesk` on a data folder of its own, which suggests rather than answers."""

    data: Path

    def done(self, *arguments: str, stdin: str = "", **settings: str) -> str:
        clean = {key: value for key, value in os.environ.items() if not key.startswith("FRONTDESK_")}
        done = subprocess.run(
            [*FRONTDESK, *arguments],
            env=clean | {"FRONTDESK_DATA_DIR": str(self.data), "COLUMNS": "160"} | UNSURE | settings,
            cwd=self.data.parent,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *arguments: str, **settings: str) -> Any:
        return json.loads(self.done(*arguments, "--json", **settings))


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder that knows the page."""
    folder = tmp_path_factory.mktemp("learned")
    (folder / "pages").mkdir()
    (folder / "pages" / "faq.md").write_text(PAGE, encoding="utf-8")
    give_model(folder / "data")
    Desk(folder / "data").done("crawl", str(folder / "pages"))
    return folder / "data"


@pytest.fixture
def desk(crawled: Path, tmp_path: Path) -> Desk:
    return Desk(shutil.copytree(crawled, tmp_path / "data", symlinks=True))


async def say(data: Path, user: str, *texts: str) -> list[Turn]:
    """Somebody in Slack says these, one after the other."""
    turns = []
    settings = load_settings(data_dir=data, answer_threshold=0.99, suggest_threshold=0.01)
    async with open_application(settings) as application:
        await application.load_beside()
        for text in texts:
            message = IncomingMessage(f"slack:T1:C1:{user}", text, "slack", user)
            turns.append(await follow_answer(application.answer_pipeline.answer_message(message)))
    return turns


async def test_what_two_people_chose_answers_the_third_until_an_admin_takes_it_out(desk: Desk) -> None:
    before = desk.json("ask", WORDS)
    assert before["decision"] != "answer"
    desk.done("chat", stdin=f"{WORDS}\n2\n")
    assert desk.json("ask", QUICKLY)["decision"] != "answer"
    asked, chosen = await say(desk.data, "U2", QUICKLY, "2")
    assert (chosen.decision, chosen.citations[0].title) == ("answer", asked.citations[1].title)

    answer = desk.json("ask", QUICKLY)
    assert (answer["decision"], answer["citations"][0]["title"]) == ("answer", asked.citations[1].title)
    assert "2 people showed that these words mean the first entry" in desk.done("explain")
    desk.done("ask", "How do I reset my appliance to sell it?")
    assert "showed" not in desk.done("explain")
    assert desk.json("ask", QUICKLY, FRONTDESK_LEARN_FROM="3")["decision"] != "answer"
    assert desk.json("ask", QUICKLY, FRONTDESK_LEARN_FROM="0")["decision"] != "answer"

    [wording] = desk.json("learned", "list")
    assert (wording["title"], wording["supporters"], wording["used"]) == (asked.citations[1].title, 2, True)
    shown = desk.json("learned", "show", wording["id"][:8])
    assert [each["gesture"] for each in shown["evidence"]] == ["chosen", "chosen"]
    assert "2 for it, 0 against" in desk.done("learned", "show", wording["id"])
    assert wording["id"][:8] in desk.done("learned", "list")
    assert "not learned again" in desk.done("learned", "remove", wording["id"][:8])
    assert desk.json("ask", QUICKLY)["decision"] == before["decision"]
    await say(desk.data, "U3", QUICKLY, "2")
    assert desk.json("learned", "list") == []
    done = [(each["action"], each["target"], each["outcome"]) for each in desk.json("audit", "-n", "2")]
    assert done == [("learned", "", "done"), ("learned remove", wording["id"][:8], "done")]


async def test_who_is_forgotten_teaches_no_more(desk: Desk) -> None:
    desk.done("chat", stdin=f"{WORDS}\n2\n")
    await say(desk.data, "U2", WORDS, "2")
    assert desk.json("ask", WORDS)["decision"] == "answer"
    desk.done("forget", "terminal", "--platform", "terminal", "--yes")
    assert desk.json("ask", WORDS)["decision"] != "answer"
    assert [each["supporters"] for each in desk.json("learned", "list")] == [1]


async def test_a_vote_undoes_what_was_learned(desk: Desk) -> None:
    desk.done("chat", stdin=f"{WORDS}\n2\n")
    await say(desk.data, "U2", WORDS, "2")
    desk.done("chat", stdin=f"{QUICKLY}\n/bad\n")  # by one of the two who had shown it
    assert desk.json("ask", QUICKLY)["decision"] != "answer"


async def test_what_was_offered_and_left_is_a_gap(desk: Desk) -> None:
    desk.done("ask", WORDS)
    [gap] = desk.json("gaps")["gaps"]
    assert (gap["reasons"], gap["answered"]) == ({"abandoned": 1}, False)
    assert "1 abandoned" in desk.done("gaps")
    assert '"abandoned"' in desk.done("gaps", "--csv", "-")
    desk.done("chat", stdin="How do I turn it up?\n")
    assert any("turn it up" in each["title"] for each in desk.json("gaps")["gaps"])


async def test_which_of_two_products_is_meant_nobody_learns_from_others(pairs: Knowledge, tmp_path: Path) -> None:
    shutil.copytree(pairs.data, tmp_path / "data")
    desk, words = Desk(tmp_path / "data"), "How do I reset my appliance?"
    desk.done("chat", stdin=f"{words}\n1\n")
    await say(desk.data, "U2", words, "1")
    assert desk.json("ask", words)["decision"] == "clarify"
