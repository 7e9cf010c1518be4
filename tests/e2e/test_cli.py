"""The command line as an operator uses it: real processes, the real example site over loopback HTTP."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from examples.serve import serving
from tests.support.embedding import give_model

pytestmark = pytest.mark.slow  # minutes of processes

FRONTDESK = Path(sys.executable).parent / "frontdesk"


@dataclass(frozen=True)
class Desk:
    """A `frontdesk` on a data folder of its own."""

    data: Path
    site: str = ""

    def __call__(self, *arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        clean = {key: value for key, value in os.environ.items() if not key.startswith("FRONTDESK_")}
        return subprocess.run(
            [str(FRONTDESK), *arguments],
            env=clean
            | {
                "FRONTDESK_DATA_DIR": str(self.data),
                "FRONTDESK_CRAWL_ALLOW": "127.0.0.0/8",
                "FRONTDESK_CRAWL_DELAY": "0",
                "COLUMNS": "200",
            }
            | environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=120,
            cwd=self.data.parent,
        )

    def json(self, *arguments: str, **environment: str) -> object:
        done = self(*arguments, "--json", **environment)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk that has crawled the example shop."""
    with serving() as site:
        desk = Desk(tmp_path_factory.mktemp("desk") / "data", site.url)
        give_model(desk.data)
        done = desk("crawl", f"{site.url}/")
        assert done.returncode == 0, done.stderr
        yield desk


@pytest.fixture
def empty(tmp_path: Path) -> Desk:
    """A desk that knows nothing yet, but has its model."""
    give_model(tmp_path / "data")
    return Desk(tmp_path / "data")


def one_clear_line(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """The fault is told in one line that holds `words`, without a traceback, with exit code 1 or 2."""
    assert done.returncode in (1, 2), (done.returncode, done.stdout, done.stderr)
    assert "Traceback" not in done.stderr + done.stdout
    lines = [line for line in done.stderr.splitlines() if line.startswith("frontdesk: ")]
    assert len(lines) == 1, done.stderr
    for word in words:
        assert word in lines[0]


def test_ask_prints_the_json_that_scripts_rely_on(desk: Desk) -> None:
    answer = desk.json("ask", "How do I return goods?")
    assert isinstance(answer, dict)
    assert {"turn_id", "decision", "answer", "confidence", "citations", "index_version", "model", "timings_ms"} <= set(
        answer
    )
    assert answer["decision"] == "answer"
    assert 0 <= answer["confidence"] <= 1
    first = answer["citations"][0]
    assert set(first) == {"number", "title", "url", "passage_id"}
    assert first["number"] == 1
    assert first["url"].startswith(desk.site)
    assert "[1]" in answer["answer"]


def test_a_chinese_question_is_answered_in_chinese_with_its_page(desk: Desk) -> None:
    answer = desk.json("ask", "如何退货？")
    assert isinstance(answer, dict)
    assert answer["decision"] == "answer"
    assert "/zh/" in answer["citations"][0]["url"]
    assert "退" in answer["answer"]


def test_what_the_site_does_not_hold_is_refused(desk: Desk) -> None:
    answer = desk.json("ask", "What is the capital of Mongolia?")
    assert isinstance(answer, dict)
    assert answer["decision"] == "abstain"


def test_a_conversation_goes_on_across_processes(desk: Desk) -> None:
    desk.json("ask", "How do I return goods?", "--conversation", "c1")
    desk.json("ask", "thanks", "--conversation", "c1")
    turns = desk.json("log", "list", "--conversation", "c1")
    assert isinstance(turns, list)
    assert [turn["question"] for turn in turns] == ["thanks", "How do I return goods?"]
    assert turns[0]["decision"] == "chitchat"


def test_explain_tells_the_passages_with_their_signals_threshold_version_and_crawl_date(desk: Desk) -> None:
    answer = desk.json("ask", "How do I return goods?")
    assert isinstance(answer, dict)
    why = desk.json("explain", answer["turn_id"][:12])
    assert isinstance(why, dict)
    assert why["turn_id"] == answer["turn_id"]
    assert why["index_version"] == answer["index_version"]
    assert why["threshold"] > 0
    assert why["passages"][0]["signals"]
    assert why["passages"][0]["crawled_at"]
    shown = desk("explain", answer["turn_id"], COLUMNS="80")
    assert shown.returncode == 0
    assert "threshold" in shown.stdout
    assert len(shown.stdout.splitlines()) < 100
    assert max(map(len, shown.stdout.splitlines())) <= 80


def test_explain_without_a_turn_explains_the_last_and_small_talk_knows_no_threshold(desk: Desk) -> None:
    desk("ask", "How do I return goods?")
    assert "How do I return goods?" in desk("explain").stdout
    desk("ask", "hello")
    shown = desk("explain")
    assert "chitchat" in shown.stdout
    assert "threshold" not in shown.stdout


def test_ask_ends_in_what_the_next_step_needs(desk: Desk) -> None:
    last = desk("ask", "How do I return goods?").stdout.splitlines()[-1]
    found = re.fullmatch(r"turn (\w{8}) · conversation (\w+) · frontdesk explain \1", last)
    assert found
    assert len(last) <= 80
    assert desk("explain", found[1]).returncode == 0
    desk("ask", "thanks", "--conversation", found[2])
    for which in found.groups():
        turns = desk.json("log", "show", which)
        assert isinstance(turns, list)
        assert [turn["question"] for turn in turns] == ["How do I return goods?", "thanks"]


def test_the_log_takes_two_lines_a_turn_without_markup(desk: Desk) -> None:
    desk("ask", "How do I return goods?")
    lines = desk("log", "list", "-n", "1", COLUMNS="80").stdout.splitlines()
    assert len(lines) == 2
    assert "How do I return goods?" in lines[0]
    assert "30 days" in lines[1]
    assert "**" not in lines[1]
    assert max(map(len, lines)) <= 80


def test_the_log_is_exported_as_json_lines_and_as_csv(desk: Desk, tmp_path: Path) -> None:
    desk.json("ask", "How do I return goods?")
    lines = desk("log", "export").stdout.splitlines()
    assert all("question" in json.loads(line) for line in lines)
    assert desk("log", "export", "--format", "csv", "--out", str(tmp_path / "log.csv")).returncode == 0
    with (tmp_path / "log.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= len(lines)
    assert {row["votes"] for row in rows} == {""}
    desk("chat", stdin="How do I return goods?\n/good clear\n")
    voted = [json.loads(line) for line in desk("log", "export", "--json").stdout.splitlines()][-1]
    assert voted["feedback"] == [{"user": "terminal", "vote": "up", "reason": "clear"}]
    assert ",up (clear)," in desk("log", "export", "--format", "csv").stdout
    one_clear_line(desk("log", "export", "--json", "--format", "csv"), "contradict")


def test_an_unchanged_site_makes_no_new_version(desk: Desk) -> None:
    before = desk.json("versions")
    report = desk.json("refresh")
    assert isinstance(report, dict)
    assert report["outcome"] == "unchanged"
    assert desk.json("versions") == before


def test_a_version_s_id_is_never_wrapped(desk: Desk) -> None:
    [version, *_] = cast("list[dict[str, str]]", desk.json("versions"))
    assert version["version"] in desk("versions", COLUMNS="80").stdout


def folder(path: Path, **files: str) -> str:
    """A folder with these texts as Markdown files; gives its path."""
    path.mkdir()
    for name, text in files.items():
        (path / f"{name}.md").write_text(text, encoding="utf-8")
    return str(path)


def test_a_crawl_that_reads_nothing_leaves_no_source_behind(empty: Desk, tmp_path: Path) -> None:
    one_clear_line(empty("crawl", "https://no-such-host.invalid/faq"), "does not resolve", "not added")
    assert empty.json("sources", "list") == []
    handbook = folder(tmp_path / "handbook", returns="# Returns\n\nSend it back within thirty days.")
    done = empty("crawl", handbook, "https://no-such-host.invalid/faq")
    one_clear_line(done, "1 of 2 sources", "Not added to the sources: no-such-host.invalid")
    sources = cast("list[dict[str, str]]", empty.json("sources", "list"))
    assert [source["name"] for source in sources] == ["handbook"]


def test_a_refresh_with_a_lost_source_goes_on_exits_1_and_doctor_tells(empty: Desk, tmp_path: Path) -> None:
    for name in ("a", "b"):
        empty("crawl", folder(tmp_path / name, page=f"# Opening {name}\n\nThe shop {name} opens at nine."))
    (tmp_path / "a" / "page.md").write_text("# Opening a\n\nThe shop a opens at ten.", encoding="utf-8")
    assert empty("doctor").returncode == 0
    (tmp_path / "b").rename(tmp_path / "c")
    done = empty("refresh")
    one_clear_line(done, "1 of 2 sources", "b")
    assert done.stdout.count("does not exist") == 1
    assert "answers now" in done.stdout
    told = empty("doctor")
    assert told.returncode == 1
    assert "b: the folder" in told.stdout
    (tmp_path / "b").mkdir()  # there again, but its last refresh failed
    assert "b: the last refresh, 0 min ago, failed" in empty("doctor").stdout
    listed = empty("sources", "list").stdout
    assert "failing" in listed and re.search(r"^b, 0 min ago: .*does not exist", listed, re.MULTILINE)
    (tmp_path / "b").rmdir()
    (tmp_path / "c").rename(tmp_path / "b")
    assert empty("refresh").returncode == 0
    assert empty("doctor").returncode == 0


def test_what_is_of_no_use_is_listed(empty: Desk, tmp_path: Path) -> None:
    handbook = Path(folder(tmp_path / "handbook", hours="We open at nine in the morning.", nothing=""))
    (handbook / "prices.pptx").write_bytes(b"PK")
    (handbook / "noise.txt").write_bytes(bytes(range(256)) * 8)
    done = empty("crawl", str(handbook))
    assert done.returncode == 0, done.stderr
    assert re.search(r"nothing handbook: \S+/nothing.md  0% known: it shows no text", done.stdout)
    assert "100% of the text of 2 pages; of 1 page nothing" in done.stdout
    assert "1 page was left out: " in done.stdout
    assert "cannot be decoded" in done.stdout
    assert "added hours.md" in done.stdout


def test_a_source_of_which_nothing_can_be_used_is_no_success_anywhere(empty: Desk, tmp_path: Path) -> None:
    good = folder(tmp_path / "handbook", hours="# Opening hours\n\nWe open at nine in the morning.")
    bad = Path(folder(tmp_path / "app", **{f"page{n}": "" for n in range(2)}))
    (bad / "page2.html").write_text("<body><svg><text>Where to put the batteries</text></svg></body>", encoding="utf-8")
    done = empty("crawl", good, str(bad))
    one_clear_line(done, "nothing of app can be used", "none of its 3 pages", "--question-css")
    told = empty("doctor")
    assert told.returncode == 1
    assert "app: the last refresh, 0 min ago, found nothing" in told.stdout
    assert "nothing is known of" in told.stdout
    sources = cast("list[dict[str, Any]]", empty.json("sources", "list"))
    assert {source["name"]: (source["state"], source["coverage"]["share"]) for source in sources} == {
        "handbook": ("ok", 1.0),
        "app": ("empty", 0.0),
    }
    status = cast("dict[str, Any]", empty.json("status"))
    assert [Path(page["url"]).name for page in status["coverage"]["below"]] == ["page2.html", "page0.md", "page1.md"]
    pages = cast("dict[str, Any]", empty.json("sources", "pages", "app"))["pages"]
    assert pages[0]["texts"] == [{"kind": "unreadable", "letters": 22, "start": "Where to put the batteries"}]
    assert "formulas and drawings" in empty("sources", "pages").stdout


def test_a_dry_run_without_a_version_says_so(empty: Desk, tmp_path: Path) -> None:
    empty("sources", "add", folder(tmp_path / "handbook", returns="# Returns\n\nSend it back within thirty days."))
    done = empty("refresh", "--dry-run")
    assert "no version answers yet" in done.stdout
    assert "none" not in done.stdout


def test_crawl_takes_a_name_and_selectors_and_the_list_shows_the_scope(desk: Desk, empty: Desk) -> None:
    url = f"{desk.site}/help/returns.html"
    chosen = ("--name", "help", "--question-css", "summary", "--answer-css", "details p", "--max-pages", "2")
    assert empty("crawl", url, *chosen).returncode == 0
    [source] = cast("list[dict[str, Any]]", empty.json("sources", "list"))
    assert (source["name"], source["selectors"]["question"]) == ("help", "summary")
    assert source["scope"] == "/help/…, at most 2 pages, own CSS"
    assert "/help/…" in empty("sources", "list").stdout
    one_clear_line(empty("crawl", url, "--max-pages", "3"), "help", "other options")
    one_clear_line(empty("crawl", url, f"{url}x", "--name", "two"), "--name")


def test_the_version_is_told(empty: Desk) -> None:
    assert re.fullmatch(r"frontdesk \d+\.\d+\.\d+\S*\n", empty("--version").stdout)


def test_extract_writes_one_file_a_page(empty: Desk, tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.html").write_text(
            f"<h1>FAQ</h1><dl><dt>What is {name}?</dt><dd>A letter called {name}.</dd>"
            f"<dt>Who wrote {name}?</dt><dd>A scribe, long ago.</dd></dl>",
            encoding="utf-8",
        )
    done = empty("extract", str(tmp_path / "a.html"), str(tmp_path / "b.html"), "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in (tmp_path / "out" / "a.html.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["question"] for row in rows] == ["What is a?", "Who wrote a?"]
    assert set(rows[0]) == {"question", "answer", "url"}
    assert (tmp_path / "out" / "b.html.jsonl").exists()
    assert done.stderr == ""
    (tmp_path / "c.html").write_text(
        "<title>FAQ</title><h1>FAQ</h1><svg><text>How a letter is drawn, stroke by stroke</text></svg>"
        "<dl><dt>What is c?</dt><dd>A letter called c.</dd><dt>Who wrote c?</dt><dd>A scribe, long ago.</dd></dl>",
        encoding="utf-8",
    )
    [row] = cast(
        "list[dict[str, Any]]", empty.json("extract", str(tmp_path / "c.html"), "--out", str(tmp_path / "out"))
    )
    assert 0.4 < row["coverage"]["share"] < 0.8
    assert row["coverage"]["texts"][0]["start"] == "How a letter is drawn, stroke by stroke"


def test_extract_reads_a_url(desk: Desk, tmp_path: Path) -> None:
    done = desk("extract", f"{desk.site}/help/returns.html", "--out", str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "returns.html.jsonl").read_text(encoding="utf-8")


def test_eval_writes_the_rows_and_prints_the_figures(empty: Desk, tmp_path: Path) -> None:
    faqs = [
        {"id": "ship", "question": "How long does delivery take?", "answer": "Three days."},
        {"id": "back", "question": "How do I return goods?", "answer": "Send them back within 30 days."},
    ]
    queries = [
        {"id": 1, "text": "how many days until it is delivered", "relevant": ["ship"], "answerable": True},
        {"id": 2, "text": "can I send it back", "relevant": ["back"], "answerable": True},
        {"id": 3, "text": "who won the world cup", "relevant": [], "answerable": False},
    ]
    for name, rows in (("faqs", faqs), ("queries", queries)):
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (tmp_path / f"{name}.jsonl").write_text(text, encoding="utf-8")
    figures = empty.json(
        "eval",
        "--faqs",
        str(tmp_path / "faqs.jsonl"),
        "--queries",
        str(tmp_path / "queries.jsonl"),
        "--out",
        str(tmp_path / "results.jsonl"),
    )
    assert isinstance(figures, dict)
    assert figures["P@1"] == 1.0
    results = [json.loads(line) for line in (tmp_path / "results.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["id"] for row in results] == ["1", "2", "3"]
    assert all({"id", "ranked", "confidence", "decision"} <= set(row) for row in results)

    inputs = [tmp_path / "faqs.jsonl", tmp_path / "queries.jsonl"]
    before = [path.read_bytes() for path in inputs]
    files = ("eval", "--faqs", str(inputs[0]), "--queries", str(inputs[1]), "--out")
    for path in inputs:
        one_clear_line(empty(*files, str(path)), "named twice")
    assert [path.read_bytes() for path in inputs] == before
    full = empty(*files, "/dev/full")
    one_clear_line(full, "Cannot write /dev/full")
    assert "P@1" in full.stdout


def test_doctor_finds_nothing_wrong_with_a_crawled_desk(desk: Desk) -> None:
    done = desk("doctor")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("sources", "add", "not a url"), ("URL",)),
        (("sources", "add", "ftp://example.com/faq"), ("https://",)),
        (("sources", "add", "http://[::1"), ("URL",)),
        (("sources", "remove", "nobody"), ("nobody", "sources list")),
        (("refresh",), ("sources add",)),
        (("refresh", "nobody"), ("nobody",)),
        (("ask", "How do I return goods?"), ("refresh",)),
        (("ask", "   "), ("empty",)),
        (("rollback", "19990101-000000-abcd"), ("19990101-000000-abcd", "versions")),
        (("rollback",), ("refresh",)),
        (("explain", "deadbeef"), ("deadbeef",)),
        (("extract", "missing.html", "--out", "out"), ("missing.html",)),
        (("eval", "--faqs", "no.jsonl", "--queries", "no.jsonl", "--out", "r.jsonl"), ("no.jsonl",)),
        (("crawl", "https://no-such-host.invalid/faq"), ("no-such-host.invalid",)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_bad_input_gets_one_clear_line(empty: Desk, arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    done = empty(*arguments)
    one_clear_line(done, *words)
    assert not done.stderr.startswith("\n")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("FRONTDESK_DATABASE_URL", "nonsense"),
        ("FRONTDESK_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/none"),
        ("FRONTDESK_DATABASE_URL", "mysql://localhost/x"),
        ("FRONTDESK_CRAWL_ALLOW", "everywhere"),
        ("FRONTDESK_KEEP_VERSIONS", "many"),
    ],
)
def test_a_broken_setting_is_named_and_no_secret_shown(empty: Desk, setting: str, value: str) -> None:
    done = empty("sources", "list", **{setting: value})
    one_clear_line(done, setting)
    assert "secret" not in done.stderr


def test_a_missing_model_is_named(desk: Desk) -> None:
    one_clear_line(
        desk("ask", "How do I return goods?", FRONTDESK_EMBEDDING_MODEL="/no/such/model"),
        "/no/such/model",
        "FRONTDESK_EMBEDDING_MODEL",
    )


def test_without_leave_the_guard_refuses_loopback(empty: Desk) -> None:
    with serving() as site:
        one_clear_line(empty("crawl", f"{site.url}/", FRONTDESK_CRAWL_ALLOW=""), "127.0.0.1", "FRONTDESK_CRAWL_ALLOW")


@pytest.mark.parametrize("command", ["--help", "ask"])
def test_no_command_line_path_imports_what_is_heavy(desk: Desk, command: str) -> None:
    arguments = ["--help"] if command == "--help" else ["ask", "How do I return goods?"]
    done = subprocess.run(
        [sys.executable, "-X", "importtime", str(FRONTDESK), *arguments],
        env=os.environ | {"FRONTDESK_DATA_DIR": str(desk.data)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    forbidden = {"torch", "scrapy", "sentence_transformers", "transformers", "alembic"}
    if command == "--help":
        forbidden |= {"faiss", "numpy", "sqlalchemy", "onnxruntime", "pydantic", "bs4"}
    assert not imported & forbidden


def test_a_damaged_index_costs_no_answer_and_is_told_in_one_line(tmp_path: Path) -> None:
    with serving() as site:
        desk = Desk(tmp_path / "data", site.url)
        give_model(desk.data)
        assert desk("crawl", f"{site.url}/").returncode == 0
    versions = desk.data / "index" / "versions"
    (only,) = versions.iterdir()
    passages = only / "passages.jsonl"
    passages.write_bytes(passages.read_bytes().replace(b"30 days", b"90 days"))
    alone = desk("ask", "How do I return goods?")
    assert "90 days" not in alone.stdout
    one_clear_line(alone, only.name, "altered", "frontdesk refresh")
    passages.write_bytes(passages.read_bytes().replace(b"90 days", b"30 days"))
    (desk.data / "index" / "active").write_text("")
    answered = desk("ask", "How do I return goods?")
    assert answered.returncode == 0 and "30 days" in answered.stdout
    (told,) = [line for line in answered.stderr.splitlines() if "damaged" in line]
    assert only.name in told and "frontdesk refresh" in told
    assert "Traceback" not in answered.stderr
