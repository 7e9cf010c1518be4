"""Steering from the command line as an admin does it: real processes, real sites, both databases where it is cheap."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.answering.store import SqlConversationStore
from bot.chat.conversation import Decision, Turn
from bot.database.database import Database
from tests.support.bots import Knowledge
from tests.support.embedding import give_model
from tests.support.site import Site
from tests.support.turns import make_turn

pytestmark = pytest.mark.slow
FRONTDESK = str(Path(sys.executable).parent / "frontdesk")
GIFTS = ("--question", "Do you sell gift cards?", "--answer", "Yes, from **10 to 500** euros.")


@dataclass(frozen=True)
class Office:
    """A `frontdesk` on a data folder of its own; `database` is a URL, or SQLite's file in that folder."""

    data: Path
    database: str = ""

    def environment(self, **settings: str) -> dict[str, str]:
        clean = {key: value for key, value in os.environ.items() if not key.startswith("FRONTDESK_")}
        own = {
            "FRONTDESK_DATA_DIR": str(self.data),
            "FRONTDESK_DATABASE_URL": self.database,
            "FRONTDESK_CRAWL_ALLOW": "127.0.0.0/8",
            "FRONTDESK_CRAWL_DELAY": "0",
            "FRONTDESK_CRAWL_CONCURRENCY": "1",
            "NO_PROXY": "127.0.0.1",
            "COLUMNS": "160",
        }
        return clean | own | settings

    def __call__(self, *arguments: str, stdin: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [FRONTDESK, *arguments],
            env=self.environment(**settings),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            cwd=self.data.parent,
        )

    def done(self, *arguments: str, **settings: str) -> str:
        """What a command prints that ends well."""
        done = self(*arguments, **settings)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def json(self, *arguments: str) -> Any:
        return json.loads(self.done(*arguments, "--json"))

    def start(self, *arguments: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [FRONTDESK, *arguments],
            env=self.environment(),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=self.data.parent,
            # A shell's background job ignores SIGINT, and so would what it starts.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )

    def at_a_terminal(self, *arguments: str, answer: str) -> tuple[int, str]:
        """Run a command that is answered; -> exit code and stdout."""
        master, slave = pty.openpty()
        try:
            process = self.start(*arguments, stdin=slave)
            os.write(master, f"{answer}\n".encode())
            out, _ = process.communicate(timeout=120)
        finally:
            os.close(master)
            os.close(slave)
        return process.returncode, out

    def remember(self, *turns: Turn) -> None:
        """Log turns as if they had been asked."""

        async def work() -> None:
            database = await Database.open(self.database or f"sqlite:///{self.data / 'frontdesk.db'}")
            store = SqlConversationStore(database)
            for turn in turns:
                await store.add_turn(turn)
            await database.close()

        asyncio.run(work())

    def holds(self, text: str) -> list[str]:
        """The files that have this text anywhere in them."""
        files = [path for path in self.data.rglob("*") if path.is_file() and "models" not in path.parts]
        return [path.name for path in files if text.encode() in path.read_bytes()]


@pytest.fixture
def office(tmp_path: Path) -> Office:
    """An office that knows nothing yet but has its model: making that takes longer than any test."""
    give_model(tmp_path / "data")
    return Office(tmp_path / "data")


@pytest.fixture
def shopkeeper(shop: Knowledge, tmp_path: Path) -> Office:
    """An office that has crawled the example shop."""
    shutil.copytree(shop.data, tmp_path / "data")
    return Office(tmp_path / "data")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def either(request: pytest.FixtureRequest, shopkeeper: Office) -> Office:
    """The shopkeeper on either database; on PostgreSQL without its sources."""
    if request.param == "sqlite":
        return shopkeeper
    return Office(shopkeeper.data, request.getfixturevalue("postgres_url"))


@pytest.fixture
def site() -> Iterator[Site]:
    """A help centre of a dozen pages that takes some seconds to read."""
    with Site() as site:
        links = "".join(f'<p><a href="/help/{n}">{n}</a></p>' for n in range(12))
        site.html("/help/", f"{links}<h1>FAQ</h1><dl><dt>Who are you?</dt><dd>A small shop for tea.</dd></dl>")
        for n in range(12):
            pair = f"<dt>What is number {n}?</dt><dd>It is the tea called {n}.</dd>"
            site.html(
                f"/help/{n}", f"<h1>FAQ</h1><dl>{pair}<dt>Who grows {n}?</dt><dd>Farmer {n}.</dd></dl>", delay=0.5
            )
        yield site


def folder(path: Path, text: str) -> str:
    path.mkdir(exist_ok=True)
    (path / "page.md").write_text(f"# Opening {path.name}\n\n{text}", encoding="utf-8")
    return str(path)


def until(holds: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.05)


def one_clear_line(done: subprocess.CompletedProcess[str], *words: str, code: int = 2) -> None:
    assert done.returncode == code, (done.returncode, done.stdout, done.stderr)
    [line] = [line for line in done.stderr.splitlines() if line.startswith("frontdesk: ")]
    assert "Traceback" not in done.stderr + done.stdout
    for word in words:
        assert word in line


# -- sources and re-crawls ---------------------------------------------------------------------------------------------


def test_a_site_is_looked_at_before_it_is_added(office: Office, site: Site) -> None:
    look = ("sources", "add", site.url("/help/"), "--name", "help", "--preview")
    piped = office(*look)
    assert piped.returncode == 0, piped.stderr
    assert "Who are you?" in piped.stdout
    assert "without --preview" in piped.stderr
    assert office.json("sources", "list") == []
    code, _ = office.at_a_terminal(*look, answer="n")
    assert code == 0
    assert office.json("sources", "list") == []
    code, out = office.at_a_terminal(*look, answer="y")
    assert code == 0
    assert "answers now" in out
    assert [source["name"] for source in office.json("sources", "list")] == ["help"]
    assert office.json("ask", "What is number 3?")["decision"] == "answer"
    one_clear_line(office(*look), "known already", "help")


def test_a_paused_source_is_left_out_and_what_it_held_stays(office: Office, tmp_path: Path) -> None:
    for name in ("a", "b"):
        office.done("crawl", folder(tmp_path / name, f"The shop {name} opens at nine."))
    assert "left out" in office.done("sources", "pause", "b")
    for name in ("a", "b"):
        folder(tmp_path / name, f"The shop {name} opens at ten.")
    report = office.json("recrawl")
    assert report["sources"] == ["a"]
    assert report["documents"] == {"added": 0, "changed": 1, "removed": 0, "unchanged": 1}
    a, b = office.json("sources", "list")
    assert (a["state"], a["paused"], b["state"], b["paused"]) == ("ok", False, "paused", True)
    assert re.search(r"b .*│ paused", office.done("sources", "list"))
    assert "b is paused" in office.done("doctor")
    assert office.json("recrawl", "b")["documents"]["changed"] == 1  # by name it is read all the same
    office.done("sources", "resume", "b")
    assert office.json("recrawl")["sources"] == ["a", "b"]


def test_a_source_is_read_every_so_many_hours_or_never(office: Office, tmp_path: Path) -> None:
    office.done("sources", "add", folder(tmp_path / "a", "We open at nine."))
    assert "every 24 hours" in office.done("sources", "every", "a", "24")
    [source] = office.json("sources", "list")
    assert source["every_hours"] == 24
    wait = datetime.fromisoformat(source["next_at"]) - datetime.now(UTC)
    assert timedelta(hours=21) < wait < timedelta(hours=27)
    assert "every 24 h, next in" in office.done("sources", "list")
    office.done("sources", "every", "a", "never")
    [source] = office.json("sources", "list")
    assert (source["every_hours"], source["next_at"]) == (None, None)
    assert "by hand" in office.done("sources", "list")


def test_a_failing_source_is_told_by_list_and_status(office: Office, tmp_path: Path) -> None:
    office.done("crawl", folder(tmp_path / "a", "We open at nine."))
    office.done("crawl", folder(tmp_path / "b", "We open at ten."))
    (tmp_path / "b").rename(tmp_path / "c")
    assert office("recrawl").returncode == 1
    states = {source["name"]: (source["state"], source["trouble"]) for source in office.json("sources", "list")}
    assert states["a"] == ("ok", "")
    assert states["b"][0] == "failing"
    assert "does not exist" in states["b"][1]
    status = office.json("status")
    assert {source["name"]: source["state"] for source in status["sources"]} == {"a": "ok", "b": "failing"}
    assert status["passages"] == 2
    assert [(source["documents"], source["passages"]) for source in status["sources"]] == [(1, 1), (1, 1)]
    assert "failing" in office.done("status")


def test_a_second_recrawl_shows_the_one_that_runs_and_leaving_it_stops_nothing(office: Office, site: Site) -> None:
    office.done("sources", "add", site.url("/help/"), "--name", "help")
    first = office.start("recrawl", "--json")
    until(lambda: len(site.visits) > 2)
    watching = office.start("refresh")
    assert watching.stderr is not None
    assert "runs already" in watching.stderr.readline()
    assert "Re-crawl of help" in watching.stderr.readline()
    watching.send_signal(signal.SIGINT)
    _, left = watching.communicate(timeout=60)
    assert watching.returncode == 0
    assert "It goes on" in left
    second = office("recrawl")
    assert second.returncode == 0, second.stderr
    assert "started by" in second.stderr
    assert "Re-crawl done" in second.stdout
    assert "25 added" in second.stdout
    out, error = first.communicate(timeout=60)
    assert first.returncode == 0, error
    assert json.loads(out)["outcome"] == "activated"
    assert len(office.json("versions")) == 1


def test_a_recrawl_that_was_called_for_beside_a_killed_one_is_done(office: Office, site: Site) -> None:
    office.done("sources", "add", site.url("/help/"), "--name", "help")
    first = office.start("recrawl")
    until(lambda: len(site.visits) > 2)
    first.kill()
    first.communicate(timeout=60)
    second = office("recrawl", "--json")
    assert second.returncode == 0, second.stderr
    assert "has died: yours is started now" in second.stderr
    assert json.loads(second.stdout)["outcome"] == "activated"


def test_a_recrawl_is_cancelled_from_another_process(office: Office, site: Site) -> None:
    office.done("sources", "add", site.url("/help/"), "--name", "help")
    first = office.start("recrawl")
    until(lambda: len(site.visits) > 2)
    assert "stops at the next page" in office.done("recrawl", "--cancel")
    _, error = first.communicate(timeout=60)
    assert first.returncode == 1
    assert "cancelled" in error
    assert office.json("versions") == []
    assert office.json("status")["last_refresh"]["error"] == "cancelled"
    assert "No re-crawl runs" in office.done("recrawl", "--cancel")


# -- taught answers ----------------------------------------------------------------------------------------------------


def test_a_taught_answer_from_its_first_word_to_its_last(either: Office) -> None:
    before = either.json("ask", "Do you sell gift cards?")
    shown = either.done("teach", *GIFTS, "--expires", "30d")
    assert "Taught answer, in use" in shown
    [taught] = either.json("taught", "list")
    assert (taught["state"], taught["language"]) == ("approved", "en")
    short = taught["id"][:8]
    assert short in shown

    answer = either.json("ask", "Do you sell gift cards?")
    assert answer["decision"] == "answer"
    assert "10 to 500" in answer["answer"]
    assert answer["citations"][0]["author"] == taught["author"]
    assert answer["citations"][0]["date"] == taught["updated_at"][:10]
    assert f"· {taught['author']}, " in either.done("ask", "Do you sell gift cards?")

    either.done("taught", "edit", short, "--answer", "Only at the till.")
    assert "at the till" in either.json("ask", "Do you sell gift cards?")["answer"]
    assert either.json("taught", "list")[0]["expires_at"] == taught["expires_at"]
    assert "until 2999-12-31" in either.done("taught", "edit", short, "--expires", "2999-12-31")
    assert "until" not in either.done("taught", "edit", short, "--expires", "never").splitlines()[3]

    assert "Only at the till." in either.done("taught", "show", short)
    assert "approved already" in either.done("taught", "approve", short)
    either.done("taught", "dismiss", short)
    assert [each["id"] for each in either.json("taught", "list", "--state", "dismissed")] == [taught["id"]]
    assert either.json("taught", "list", "--state", "approved") == []
    after = either.json("ask", "Do you sell gift cards?")
    assert (after["decision"], after["citations"]) == (before["decision"], before["citations"])


def test_a_table_of_answers_is_taught_once_however_often_it_is_brought_in(office: Office, tmp_path: Path) -> None:
    table = tmp_path / "answers.csv"
    table.write_text('question;answer;wordings\n"May I moor here?";"=For a night.";"May I stay overnight?"\n', "utf-8")
    assert "1 added, 0 changed, 0 as they were" in office.done("taught", "import", str(table))
    assert "0 added, 0 changed, 1 as they were" in office.done("taught", "import", str(table))
    [taught] = office.json("taught", "list")
    assert (taught["answer"], taught["wordings"]) == ("=For a night.", ["May I stay overnight?"])
    assert "For a night" in office.json("ask", "May I stay overnight?")["answer"]
    assert "taught import" in office.done("audit")


def test_a_taught_answer_is_used_without_any_page_and_no_more_once_it_has_expired(office: Office) -> None:
    office.done("teach", "--question", "如何退货？", "--answer", "请在 30 天内寄回。")
    office.done("teach", *GIFTS)
    assert "30 天" in office.json("ask", "如何退货？")["answer"]
    assert office.done("taught", "export", "--format", "json-ld").count("acceptedAnswer") == 2

    async def expire() -> None:
        from sqlalchemy import update

        from bot.database.tables import taught

        database = await Database.open(f"sqlite:///{office.data / 'frontdesk.db'}")
        past = update(taught).where(taught.c.language == "en").values(expires_at=datetime.now(UTC) - timedelta(days=1))
        await database.write(lambda connection: connection.execute(past))
        await database.close()

    asyncio.run(expire())
    assert office.json("ask", "Do you sell gift cards?")["decision"] != "answer"
    assert office.done("taught", "export", "--format", "json-ld").count("acceptedAnswer") == 1


def test_an_answer_is_read_from_standard_input(office: Office) -> None:
    done = office(
        "teach", "--question", "Where are you?", "--answer", "-", stdin="In Lisbon.\n\n- by tram\n- on foot\n"
    )
    assert done.returncode == 0, done.stderr
    assert office.json("taught", "list")[0]["answer"] == "In Lisbon.\n\n- by tram\n- on foot"


def test_what_is_exported_cannot_break_out_of_a_page(office: Office, tmp_path: Path) -> None:
    evil = "</script><script>alert(1)</script>"
    office.done(
        "teach", "--question", f"Is {evil} safe?", "--answer", f"Yes & no: {evil} [here](javascript:x) \x1b[31mred"
    )
    page = office.done("taught", "export")
    assert page.count("<script") == 1
    assert "&lt;script&gt;" in page
    assert 'href="javascript' not in page
    data = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert data
    out = tmp_path / "faq.jsonld"
    done = office("taught", "export", "--format", "json-ld", "--out", str(out))
    assert (done.returncode, done.stdout) == (0, "")
    whole = json.loads(out.read_text(encoding="utf-8"))
    assert whole == json.loads(data[1])
    assert whole["@type"] == "FAQPage"
    assert whole["mainEntity"][0]["name"] == f"Is {evil} safe?"
    assert "\x1b" not in office.done("taught", "show", office.json("taught", "list")[0]["id"])


# -- the glossary ------------------------------------------------------------------------------------------------------

ROBOT = """\
# How loud is the vacuum robot X200?

58 decibels, as loud as a talk at table. The Value Added Tax (VAT) is included.

# How do I empty the kettle?

Pour it out.

# Where can I park?

Behind the house.

# 园区一卡通丢了怎么办？

请到服务台补办，一卡通（又称校园卡）当天可取。

# 几点开门？

早上九点开门。
"""


@pytest.fixture
def robots(office: Office, tmp_path: Path) -> Office:
    """An office that has read a page in which a product's nickname does not stand."""
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "faq.md").write_text(ROBOT, encoding="utf-8")
    office.done("crawl", str(tmp_path / "pages"), "--name", "house")
    return office


@pytest.mark.parametrize(
    ("question", "terms", "answer"),
    [
        ("Does Zorbi roar?", ("Zorbi = vacuum robot X200 = loud vacuum robot",), "58 decibels"),
        ("小绿哪里补？", ("小绿", "一卡通"), "服务台补办"),
    ],
)
def test_a_company_s_own_word_is_understood_from_the_next_question_on(
    robots: Office, question: str, terms: Sequence[str], answer: str
) -> None:
    before = robots.json("ask", question)
    assert before["decision"] != "answer", before
    shown = robots.done("glossary", "add", *terms, "--source", "house")
    assert "(house)" in shown and "next question" in shown
    after = robots.json("ask", question)
    assert (after["decision"], answer in after["answer"]) == ("answer", True), after
    assert after["index_version"] == before["index_version"]
    explained = robots.done("explain")
    assert "by the glossary" in explained
    [turn] = robots.json("log", "list", "-n", "1")
    assert turn["rewritten"]
    robots.done("glossary", "remove", terms[0].partition(" =")[0])
    assert robots.json("ask", question)["decision"] == before["decision"]


def test_the_pages_suggest_terms_that_are_used_once_approved(robots: Office) -> None:
    vat, card = robots.json("glossary", "suggest")
    assert (vat["terms"], card["terms"]) == (["VAT", "Value Added Tax"], ["一卡通", "校园卡"])
    assert vat["source"] == "house" and "is included" in vat["excerpt"] and vat["url"].startswith("file:")
    shown = robots.done("glossary", "suggest", "--source", "house")
    assert vat["id"][:8] in shown and "frontdesk glossary approve" in shown
    assert robots.json("glossary", "list") == []
    assert "一卡通 = 校园卡 (house)" in robots.done("glossary", "approve", card["id"][:8])
    assert "Suggested no more: VAT" in robots.done("glossary", "dismiss", vat["id"])
    assert robots.json("glossary", "suggest") == []
    [entry] = robots.json("glossary", "list")
    assert (entry["terms"], entry["suggested"]) == (["一卡通", "校园卡"], True)
    assert "the pages" in robots.done("glossary", "list")
    assert [
        (each["action"], each["target"])
        for each in robots.json("audit", "-n", "9")
        if each["action"] in {"glossary approve", "glossary dismiss"}
    ] == [("glossary dismiss", vat["id"]), ("glossary approve", card["id"][:8])]


def test_a_glossary_is_carried_from_one_office_to_another(either: Office, tmp_path: Path) -> None:
    either.done("glossary", "add", "AP", "access point", "无线接入点")
    either.done("glossary", "add", "AP = WAP")
    out = tmp_path / "glossary.csv"
    assert either("glossary", "export", "--out", str(out)).stdout == ""
    assert out.read_bytes().decode() == '\ufeff"source","terms"\r\n"","AP; access point; 无线接入点; WAP"\r\n'
    either.done("glossary", "remove", "wap")
    assert "Nothing yet" in either.done("glossary", "list")
    assert "1 group." in either.done("glossary", "import", str(out))
    assert [each["terms"] for each in either.json("glossary", "list")] == [["AP", "access point", "无线接入点", "WAP"]]
    piped = either("glossary", "import", "-", stdin=",AP;hotspot\n,till;checkout\n")
    assert "2 groups, 1 of them joined" in piped.stdout
    one_clear_line(either("glossary", "import", "-", stdin=",AP\n"), "Line 1", "two different")
    one_clear_line(either("glossary", "import", str(tmp_path / "nosuch.csv")), "nosuch.csv")
    assert len(either.json("glossary", "list")) == 2


def test_a_source_that_is_removed_takes_its_terms_along(robots: Office) -> None:
    robots.done("glossary", "add", "Zorbi = X200", "--source", "house")
    robots.done("glossary", "add", "brolly = umbrella")
    robots.done("sources", "remove", "house")
    assert [each["terms"] for each in robots.json("glossary", "list")] == [["brolly", "umbrella"]]


# -- gaps --------------------------------------------------------------------------------------------------------------


def missed(question: str, user: str, **changes: Any) -> Turn:
    values = {
        "question": question,
        "standalone_question": question,
        "language": "en",
        "decision": Decision.ABSTAIN,
        "created_at": datetime.now(UTC) - timedelta(hours=1),
        "platform": "slack",
        "user": user,
        "conversation_id": f"c-{user}",
    }
    return make_turn(**values | changes)


def test_gaps_are_grouped_and_written_as_csv_that_no_spreadsheet_runs(either: Office, tmp_path: Path) -> None:
    either.done("status")  # makes the database
    either.remember(
        missed("How do I pair the kettle with my phone?", "u1"),
        missed("how can I pair my kettle with the phone", "u2"),
        missed("=HYPERLINK(1) what does this invoice mean?", "u3"),
        missed("thanks!", "u4"),
        missed("How do I return goods?", "u5", decision=Decision.ANSWER),
        missed("Was there tea in 1800?", "u6", created_at=datetime.now(UTC) - timedelta(days=20)),
    )
    report = either.json("gaps")
    assert report["questions"] == 3
    first = report["gaps"][0]
    assert "kettle" in first["title"]
    assert (first["askers"], len(first["questions"]), first["reasons"]) == (2, 2, {"abstained": 2})
    assert "2 people" in either.done("gaps")
    assert either.json("gaps", "--days", "30")["questions"] == 4
    assert either("gaps", "--csv", str(tmp_path / "gaps.csv")).returncode == 0
    text = (tmp_path / "gaps.csv").read_text(encoding="utf-8")
    assert text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text.lstrip("\ufeff"), newline="")))
    assert len(rows) == 3
    assert [row["question"] for row in rows if "HYPERLINK" in row["question"]] == [
        "'=HYPERLINK(1) what does this invoice mean?"
    ]
    assert either.done("gaps", "--csv", "-").splitlines()[0].lstrip("\ufeff").startswith('"gap"')


# -- privacy -----------------------------------------------------------------------------------------------------------


def test_who_is_forgotten_stands_in_no_file_any_more(shopkeeper: Office) -> None:
    shopkeeper.done("ask", "My zanzibarium kettle broke, what now?")
    shopkeeper("chat", stdin="Where is my zanzibarium parcel?\n/bad zanzibarium again\n")
    history = shopkeeper.data / "chat_history"
    history.write_text("+zanzibarium\n", encoding="utf-8")
    assert "chat_history" in shopkeeper.holds("zanzibarium")
    assert any(name.startswith("frontdesk.db") for name in shopkeeper.holds("zanzibarium"))
    one_clear_line(shopkeeper("forget", "terminal", "--platform", "terminal"), "--yes")
    code, _ = shopkeeper.at_a_terminal("forget", "terminal", "--platform", "terminal", answer="n")
    assert code == 1
    assert history.exists()
    told = shopkeeper.done("forget", "terminal", "--platform", "terminal", "--yes")
    assert re.search(r"turns +│ +2", told)
    assert re.search(r"feedback +│ +1", told)
    assert "history" in told
    assert shopkeeper.holds("zanzibarium") == []
    assert shopkeeper.json("log", "list") == []
    assert "Nothing of them" in shopkeeper.done("forget", "terminal", "--platform", "terminal", "--yes")
    assert shopkeeper.json("ask", "How do I return goods?")["decision"] == "answer"


def test_forgetting_one_leaves_the_others_and_names_nobody_in_the_record(either: Office) -> None:
    either.done("status")
    either.remember(missed("Where is the harbour?", "U1"), missed("Where is the station?", "U2"))
    either.done("admins", "add", "U1", "--workspace", "T1")
    assert re.search(r"turns +│ +1", either.done("forget", "<@U1>", "--platform", "slack", "--yes"))
    assert [turn["user"] for turn in either.json("log", "list")] == ["U2"]
    assert either.json("admins", "list") == []
    assert "U1" not in json.dumps(either.json("audit"))


def test_what_is_older_than_is_kept_is_deleted_now(either: Office) -> None:
    either.done("status")
    old, new = missed("Is it old?", "U1", created_at=datetime.now(UTC) - timedelta(days=40)), missed("Is it new?", "U1")
    either.remember(old, new)
    one_clear_line(either("retention"), "FRONTDESK_RETENTION_DAYS")
    one_clear_line(either("retention", "--days", "30"), "--yes")
    assert "Nothing is older than 50 days" in either.done("retention", "--days", "50", "--yes")
    assert re.search(r"turns +│ +1", either.done("retention", "--yes", FRONTDESK_RETENTION_DAYS="30"))
    assert [turn["question"] for turn in either.json("log", "list")] == ["Is it new?"]


# -- who may, and who did ----------------------------------------------------------------------------------------------


def test_admins_are_named_by_their_id_on_their_platform(either: Office) -> None:
    assert "may steer me now" in either.done("admins", "add", "U0123", "--workspace", "T1")
    assert "already" in either.done("admins", "add", "<@U0123>", "--workspace", "T1")
    assert "may steer me now" in either.done("admins", "add", "Ann@Shop.example", "--platform", "openid")
    assert "no more" in either.done("admins", "remove", "ann@shop.example", "--platform", "openid")
    either.done("admins", "add", "1234", "--workspace", "99")
    assert either.json("admins", "list") == [
        {"platform": "slack", "workspace": "T1", "user": "U0123"},
        {"platform": "discord", "workspace": "99", "user": "1234"},
    ]
    assert "slack: U0123" in either.done("admins", "list")
    assert "no more" in either.done("admins", "remove", "1234", "--platform", "discord", "--workspace", "99")
    assert "was not named" in either.done("admins", "remove", "1234", "--workspace", "99")
    one_clear_line(either("admins", "add", "1234"), "--workspace")
    one_clear_line(either("admins", "add", "U9"), "SLACK_BOT_TOKEN", "--workspace")


def test_the_record_has_all_that_was_done_and_no_text(office: Office, tmp_path: Path) -> None:
    office.done("crawl", folder(tmp_path / "a", "We open at nine."))
    folder(tmp_path / "a", "We open at ten.")
    office.done("recrawl", "a")
    office.done("sources", "pause", "a")
    office.done("sources", "every", "a", "12")
    office.done("teach", "--question", "What is a secretum?", "--answer", "A secretum is a seal.")
    office.done("channels", "quiet", "C1", "--workspace", "T1")
    office.done("channels", "unhelp", "C1", "--workspace", "T1")
    office.done("rollback")
    assert office("rollback", "19990101-000000-abcd").returncode != 0
    office.done("status")
    entries = office.json("audit", "-n", "50")
    assert {(entry["platform"], entry["workspace"]) for entry in entries} == {("cli", "")}
    assert [(entry["action"], entry["target"], entry["outcome"]) for entry in reversed(entries)] == [
        ("crawl", "a", "done"),
        ("recrawl", "a", "done"),
        ("sources pause", "a", "done"),
        ("sources every", "a 12", "done"),
        ("teach", "", "done"),
        ("channel quiet", "slack:T1:C1", "done"),
        ("channel unhelp", "slack:T1:C1", "done"),
        ("rollback", "", "done"),
        ("rollback", "19990101-000000-abcd", "failed"),
        ("status", "", "done"),
    ]
    assert "secretum" not in json.dumps(entries)
    assert "sources pause a" in office.done("audit")
    assert office.json("audit", "-n", "1")[0]["action"] == "audit"


def test_handoffs_are_listed(office: Office) -> None:
    assert "Nobody is waiting" in office.done("handoffs")
    assert office.json("handoffs") == []


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("recrawl", "nobody"), ("nobody",)),
        (("recrawl", "--cancel", "--force"), ("--cancel",)),
        (("sources", "pause", "nobody"), ("nobody", "sources list")),
        (("sources", "resume", "nobody"), ("nobody",)),
        (("sources", "every", "nobody", "12"), ("nobody",)),
        (("sources", "every", "nobody", "often"), ("often", "never")),
        (("sources", "every", "nobody", "nan"), ("nan",)),
        (("sources", "every", "nobody", "0.1"), ("0.25",)),
        (("gaps", "--csv", "-", "--json"), ("contradict",)),
        (("gaps", "--csv", "/no/such/folder/gaps.csv"), ("/no/such/folder",)),
        (("taught", "list", "--state", "happy"), ("happy", "proposed")),
        (("taught", "list", "--state", "happy", "--json"), ("happy", "proposed")),
        (("taught", "show", "deadbeef"), ("deadbeef", "taught list")),
        (("taught", "approve", "deadbeef"), ("deadbeef",)),
        (("taught", "dismiss", "no id"), ("no id",)),
        (("taught", "edit", "deadbeef"), ("--question",)),
        (("taught", "edit", "deadbeef", "--answer", "x"), ("deadbeef",)),
        (("teach", "--question", "Q?", "--answer", "  "), ("question and an answer",)),
        (("teach", "--question", "Q?", "--answer", "A", "--expires", "soon"), ("soon", "never")),
        (("teach", "--question", "Q?", "--answer", "A", "--expires", "2001-01-01"), ("past",)),
        (("glossary", "add", "AP"), ("two different", "AP = access point")),
        (("glossary", "add", "AP = access point", "--source", "nobody"), ("nobody", "sources list")),
        (("glossary", "add", "x = y"), ("too short",)),
        (("glossary", "remove", "nothing"), ("nothing", "glossary list")),
        (("glossary", "list", "--source", "nobody"), ("nobody",)),
        (("glossary", "suggest", "--source", "nobody"), ("nobody",)),
        (("forget", "<@>", "--platform", "slack", "--yes"), ("id",)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_wrong_input_gets_one_clear_line(bare: Office, arguments: Sequence[str], words: Sequence[str]) -> None:
    one_clear_line(bare(*arguments), *words)


def test_without_a_taught_answer_there_is_nothing_to_export(bare: Office, tmp_path: Path) -> None:
    out = tmp_path / "faq.html"
    one_clear_line(bare("taught", "export", "--out", str(out)), "taught list", code=1)
    assert not out.exists()


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """An office without a model: nothing here needs one."""
    return Office(tmp_path_factory.mktemp("bare") / "data")
