"""A cross-encoder and a multilingual embedding model of one's own, as an operator sets them: by the environment."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.bots import FRONTDESK
from tests.support.embedding import give_model
from tests.support.tiny_model import write_tiny_multilingual_model
from tests.support.tiny_reranker import MEANINGS, tiny_reranker, write_tiny_reranker

_PLAIN = ("table", "kettle", "bottle", "jacket", "桌子", "水壶", "瓶子", "外套")


@dataclass(frozen=True)
class Operator:
    """Runs `frontdesk` on a data folder of their own."""

    data: Path

    def __call__(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        clean = {key: value for key, value in os.environ.items() if not key.startswith("FRONTDESK_")}
        settings = {"FRONTDESK_DATA_DIR": str(self.data), "HF_HUB_OFFLINE": "1", "COLUMNS": "200"}
        return subprocess.run(
            [*FRONTDESK, *arguments],
            env=clean | settings | environment,
            cwd=self.data.parent,
            capture_output=True,
            text=True,
            timeout=600,
        )

    def ask(self, question: str, **environment: str) -> dict[str, Any]:
        """What is answered."""
        done = self("ask", question, "--json", **environment)
        assert done.returncode == 0, done.stderr
        return dict(json.loads(done.stdout))

    def findings(self, part: str, **environment: str) -> list[tuple[bool | None, str]]:
        """What the doctor says of a part."""
        done = self("doctor", "--json", **environment)
        return [(check["ok"], check["finding"]) for check in json.loads(done.stdout) if check["part"] == part]


@pytest.fixture(scope="module")
def operator(tmp_path_factory: pytest.TempPathFactory) -> Operator:
    """Their pages tell of things whose other names only the cross-encoder knows."""
    home = tmp_path_factory.mktemp("operator")
    (home / "pages").mkdir()
    for language, title, question, answer in (
        ("en", "Care", "How do I clean my {}?", "Wash the {} in water and let it dry for a day."),
        ("zh", "保养", "怎么清洗{}？", "请用清水清洗{}，晾干一天后再使用。"),
    ):
        words = [word for word in (*_PLAIN, *MEANINGS.values()) if word.isascii() == (language == "en")]
        pairs = [f"## {question.format(word)}\n\n{answer.format(word)}\n" for word in words]
        (home / "pages" / f"{language}.md").write_text(f"# {title}\n\n" + "\n".join(pairs), encoding="utf-8")
    give_model(home / "data")
    operator = Operator(home / "data")
    assert operator("sources", "add", str(home / "pages")).returncode == 0
    done = operator("refresh")
    assert done.returncode == 0, done.stderr
    return operator


@pytest.mark.slow
@pytest.mark.parametrize(("question", "meaning"), [("How do I clean my brask?", "tivel"), ("怎么清洗咪嗒？", "嗡哧")])
def test_a_cross_encoder_finds_the_answer_that_was_missed(operator: Operator, question: str, meaning: str) -> None:
    plain = operator.ask(question)
    assert plain["decision"] != "answer" or meaning not in plain["answer"]
    read = operator.ask(question, FRONTDESK_RERANKER=str(tiny_reranker()))
    assert read["decision"] in ("answer", "suggest")  # how sure, depends on what was learned in some ten seconds
    assert meaning in read["citations"][0]["title"]
    assert read["confidence"] > plain["confidence"] + 0.1


@pytest.mark.slow
def test_the_cross_encoder_is_measured_by_eval_and_told_by_doctor(operator: Operator, tmp_path: Path) -> None:
    english = {word: meaning for word, meaning in MEANINGS.items() if word.isascii()}
    faqs, queries = tmp_path / "faqs.jsonl", tmp_path / "queries.jsonl"
    entries = [{"id": w, "question": f"How do I clean my {w}?", "answer": "In water."} for w in english.values()]
    asked = [{"id": w, "text": f"How do I clean my {w}?", "relevant": [m]} for w, m in english.items()]
    faqs.write_text("\n".join(map(json.dumps, entries)))
    queries.write_text("\n".join(map(json.dumps, asked)))
    reranker = {"FRONTDESK_RERANKER": str(tiny_reranker())}
    out = str(tmp_path / "out.jsonl")
    done = operator("eval", "--faqs", str(faqs), "--queries", str(queries), "--out", out, **reranker)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in Path(out).read_text().splitlines()]
    assert {row["id"]: row["ranked"][0] for row in rows} == english
    ((sound, finding),) = operator.findings("reranker", **reranker)
    assert sound
    assert "tiny-reranker" in finding
    assert "ms for 20 passages" in finding


@pytest.mark.slow
def test_a_reranker_that_is_none_stops_ask_with_one_clear_line(operator: Operator, tmp_path: Path) -> None:
    for model in ("/no/such/model", str(write_tiny_reranker(tmp_path / "nli", labels=3))):
        done = operator("ask", "How do I clean my florb?", FRONTDESK_RERANKER=model)
        assert done.returncode == 1
        assert len(done.stderr.strip().splitlines()) == 1, done.stderr
        assert "FRONTDESK_RERANKER" in done.stderr


@pytest.mark.slow
def test_another_embedding_model_and_its_prefixes_ask_for_a_refresh_and_answer_until_then(
    operator: Operator, tmp_path: Path
) -> None:
    model = {"FRONTDESK_EMBEDDING_MODEL": str(write_tiny_multilingual_model(tmp_path / "multilingual-e5-small"))}
    prefixes = {"FRONTDESK_EMBEDDING_QUERY_PREFIX": "query:", "FRONTDESK_EMBEDDING_DOCUMENT_PREFIX": "passage:"}
    data = tmp_path / "data"
    shutil.copytree(operator.data, data)
    mine = Operator(data)
    for settings in (model, model | prefixes):
        done = mine("ask", "怎么清洗水壶？", **settings)
        assert done.returncode == 0, done.stderr
        assert "水壶" in done.stdout
        assert "frontdesk refresh" in done.stderr
        done = mine("refresh", **settings)
        assert done.returncode == 0, done.stderr
        assert "水壶" in mine.ask("怎么清洗水壶？", **settings)["answer"]
