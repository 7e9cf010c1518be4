"""`frontdesk eval` on a team's own questions: real processes on the example shop."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from bot.app import open_application
from bot.chat.conversation import Feedback, IncomingMessage, Vote
from bot.chat.reply_stream import follow_answer
from bot.settings import load_settings
from tests.support.bots import FRONTDESK, Knowledge

pytestmark = pytest.mark.slow  # a minute of processes

GOLDEN = """question,expected
How do I send something back?,How do I return something?
How long does a delivery take?,{url}/help/delivery.html
怎么退货,如何退货
can I park my truck in the swimming pool,
what does a unicorn cost,https://gone.example/unicorns
"""


@pytest.fixture(scope="module")
def knowledge(shop: Knowledge, tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    """The example shop on a data folder of this module's own, with a log of two voted turns."""
    data = tmp_path_factory.mktemp("golden") / "data"
    shutil.copytree(shop.data, data)
    return Knowledge(data, shop.site)


def frontdesk(knowledge: Knowledge, *arguments: str) -> subprocess.CompletedProcess[str]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("FRONTDESK_")}
    return subprocess.run(
        [*FRONTDESK, *arguments],
        env=clean | {"FRONTDESK_DATA_DIR": str(knowledge.data), "COLUMNS": "120"},
        cwd=knowledge.data.parent,
        capture_output=True,
        text=True,
        timeout=120,
    )


def told(knowledge: Knowledge, *arguments: str) -> Any:
    done = frontdesk(knowledge, "eval", *arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout, parse_constant=pytest.fail)  # NaN is no JSON


@pytest.fixture(scope="module")
def golden(knowledge: Knowledge) -> str:
    path = knowledge.data.parent / "golden.csv"
    path.write_bytes(GOLDEN.format(url=knowledge.site).encode("gb18030"))
    return str(path)


def test_the_active_version_is_asked_and_drawn(knowledge: Knowledge, golden: str) -> None:
    curve, rows = knowledge.data.parent / "curve.png", knowledge.data.parent / "rows.jsonl"
    done = frontdesk(knowledge, "eval", "--questions", golden, "--curve", str(curve), "--out", str(rows))
    assert done.returncode == 0, done.stderr
    assert "read as GB18030" in done.stderr
    assert "Expected entry not found" in done.stdout and "unicorns" in done.stdout
    assert "as_expected" in done.stdout and "95% interval" in done.stdout
    assert curve.read_bytes().startswith(b"\x89PNG")
    results = [json.loads(line) for line in rows.read_text(encoding="utf-8").splitlines()]
    assert [row["verdict"] for row in results][:3] == ["right", "right", "right"]


def test_two_settings_are_compared_side_by_side(knowledge: Knowledge, golden: str) -> None:
    both = told(knowledge, "--questions", golden, "--against-set", "answer_threshold=1")
    assert both["B"]["version"].endswith("answer_threshold=1")
    rows = {row["figure"]: row for row in both["compared"]}
    assert rows["answered"]["B"] == 0 and rows["answered"]["A"] > 0.5
    assert rows["answered"]["told"] and rows["P@1"]["meaning"] == "no difference that could be told"
    assert rows["P@1"]["interval"] == [0, 0]
    assert {line["question"] for line in both["worse"]} >= {"怎么退货"}
    shown = frontdesk(knowledge, "eval", "--questions", golden, "--against-set", "FRONTDESK_ANSWER_THRESHOLD=1")
    alike = shown.stdout.partition("No difference that could be told in: ")[2].partition("Below")[0]
    assert "P@1" in alike and "answered," not in alike.replace("right_of_answered,", ""), shown.stdout + shown.stderr
    assert "B answers worse" in shown.stdout


def test_two_versions_are_compared(knowledge: Knowledge, golden: str) -> None:
    from bot.app import version_store

    store = version_store(load_settings(data_dir=knowledge.data))
    active = store.find_active()
    older = "20200101-000000-abcd"
    shutil.copytree(active.folder, store.version_folder(older))
    manifest = store.version_folder(older) / "manifest.json"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace(active.id, older), encoding="utf-8")
    both = told(knowledge, "--questions", golden, "--version", older, "--against", "active")
    assert (both["A"]["version"], both["B"]["version"]) == (f"version {older}", f"version {active.id}")
    assert not any(row["told"] for row in both["compared"])
    shutil.rmtree(store.version_folder(older))


async def test_the_log_s_votes_become_golden_questions(knowledge: Knowledge) -> None:
    async with open_application(load_settings(data_dir=knowledge.data)) as application:
        await application.load_beside()
        for number, (question, vote) in enumerate(
            (("How do I send something back to you?", Vote.UP), ("怎么退货", Vote.DOWN), ("bananas?", Vote.DOWN))
        ):
            turn = await follow_answer(
                application.answer_pipeline.answer_message(IncomingMessage(f"c{number}", question))
            )
            await application.conversations.record_vote(Feedback(turn.id, "u1", vote))
    figures = told(knowledge, "--from-log", "--days", "2")["figures"]
    assert (figures["n_golden"], figures["n"], figures["n_refused"]) == (2, 1, 1)
    assert (figures["P@1"], figures["avoided"]) == (1, 0)

    written = knowledge.data.parent / "from-log.csv"
    done = frontdesk(knowledge, "eval", "--from-log", "--write", str(written))
    assert done.returncode == 0 and "2 questions written" in done.stderr, done.stderr
    assert "1 voted turns that cite nothing" in done.stderr
    again = told(knowledge, "--questions", str(written))["figures"]
    assert again == figures
    refused = frontdesk(knowledge, "eval", "--from-log", "--write", str(written))
    assert refused.returncode == 2 and "exists already" in refused.stderr


def test_the_questions_are_never_written_over(knowledge: Knowledge, golden: str) -> None:
    before = Path(golden).read_bytes()
    done = frontdesk(knowledge, "eval", "--questions", golden, "--out", "golden.csv")
    assert (done.returncode, done.stdout) == (2, "") and "named twice" in done.stderr
    assert Path(golden).read_bytes() == before


def test_a_measurement_is_not_lost_where_its_rows_cannot_be_written(knowledge: Knowledge, golden: str) -> None:
    at_once = frontdesk(knowledge, "eval", "--questions", golden, "--out", "/nonexist/x.jsonl")
    assert (at_once.returncode, at_once.stdout) == (2, "") and "Cannot write /nonexist" in at_once.stderr
    full = frontdesk(knowledge, "eval", "--questions", golden, "--out", "/dev/full")
    assert full.returncode == 2 and "Cannot write /dev/full" in full.stderr
    assert "as_expected" in full.stdout


def test_an_interruption_is_told(knowledge: Knowledge) -> None:
    pipe = knowledge.data.parent / "pipe.csv"
    os.mkfifo(pipe)
    running = subprocess.Popen(
        [*FRONTDESK, "eval", "--questions", str(pipe)],
        env=os.environ | {"FRONTDESK_DATA_DIR": str(knowledge.data)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    with pipe.open("wb"):  # once it reads
        running.send_signal(signal.SIGINT)
        out, error = running.communicate(timeout=60)
    assert (running.returncode, out, error.strip()) == (130, "", "frontdesk: interrupted.")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "Say which questions"),
        (("--questions", "a.csv", "--from-log"), "Say which questions"),
        (("--faqs", "a", "--queries", "b"), "name all three"),
        (("--questions", "nowhere.csv"), "nowhere.csv does not exist"),
        (("--questions", "a.csv", "--write", "b.csv"), "--write goes with --from-log"),
        (("--from-log", "--set", "colour=red"), "is no setting"),
        (("--from-log", "--against", "20200101-000000-ffff"), "There is no index version"),
        (("--from-log", "--curve", "curve.bmp"), ".png or .svg"),
        (("--from-log", "--curve", "nowhere/curve.png"), "Cannot write nowhere/curve.png"),
    ],
)
def test_what_cannot_be_asked_gets_one_clear_line(knowledge: Knowledge, arguments: tuple[str, ...], words: str) -> None:
    done = frontdesk(knowledge, "eval", *arguments)
    assert done.returncode in {1, 2} and words in done.stderr, done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("frontdesk: ")]) == 1
    assert "Traceback" not in done.stderr


@pytest.fixture
def many(knowledge: Knowledge) -> str:
    """Thirty questions: twenty as the pages ask them, ten that nothing answers."""
    from bot.app import version_store
    from retrieval.index.index import Index

    index = Index.load(version_store(load_settings(data_dir=knowledge.data)).find_active().folder)
    asked = [each.question for each in index.documents if each.kind == "faq" and each.language == "en"][:20]
    assert len(asked) == 20
    path = knowledge.data.parent / "many.jsonl"
    rows = [{"question": question, "expected": question} for question in asked]
    rows += [{"question": f"who won the {year} cup in unicorn racing"} for year in range(1990, 2000)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


@pytest.mark.slow
def test_a_team_fits_the_search_to_its_questions_and_goes_back(knowledge: Knowledge, many: str) -> None:
    done = frontdesk(knowledge, "eval", "--questions", many, "--fit")
    assert done.returncode == 0, done.stderr
    assert "Fitted to 30 questions" in done.stdout and "Each question by a fit to the others" in done.stdout
    [path] = (knowledge.data / "fitted").iterdir()
    assert path.name in done.stdout.replace("\n", "") and "started again" in done.stdout
    fitted = {each["name"]: each for each in json.loads(path.read_text(encoding="utf-8"))["profiles"]}

    again = told(knowledge, "--questions", many, "--fit")
    assert again["written"] == str(path)
    row = next(each for each in again["profiles"] if each["profile"] == "english")
    assert row["questions"] == 30 and row["fitted"]
    assert row["after"]["answer"] == fitted["english"]["answer"] != row["before"]["answer"]

    assert "fitted on this team's questions" in " ".join(frontdesk(knowledge, "doctor").stdout.split())
    data = json.loads(path.read_text(encoding="utf-8"))
    unweighed = [each | {"weights": dict.fromkeys(each["weights"], 0.0)} for each in data["profiles"]]
    path.write_text(json.dumps(data | {"profiles": unweighed}), "utf-8")
    assert told(knowledge, "--questions", many)["figures"]["P@1"] < 0.5  # the search goes by it

    path.write_text("{", encoding="utf-8")
    broken = frontdesk(knowledge, "doctor")
    assert broken.returncode == 1 and "is no fit of a search" in " ".join(broken.stdout.split())
    asked = frontdesk(knowledge, "eval", "--questions", many)
    assert asked.returncode == 0 and "this team's own fit is not used" in asked.stderr
    path.unlink()
    assert "were fitted for these models" in " ".join(frontdesk(knowledge, "doctor").stdout.split())


def test_what_cannot_be_fitted_is_told_in_one_line(knowledge: Knowledge, golden: str) -> None:
    few = frontdesk(knowledge, "eval", "--questions", golden, "--fit")
    assert few.returncode == 2 and "Too few questions for a fit" in few.stderr
    assert not (knowledge.data / "fitted").exists() or not list((knowledge.data / "fitted").iterdir())
    for arguments in (["--from-log", "--fit"], ["--questions", golden, "--fit", "--against", "active"]):
        refused = frontdesk(knowledge, "eval", *arguments)
        assert refused.returncode == 2 and len(refused.stderr.strip().splitlines()) == 1, refused.stderr
