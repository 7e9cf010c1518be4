from pathlib import Path

import pytest

from retrieval.crawling import CrawlSettings
from retrieval.crawling.politeness import format_pause, parse_retry_after
from retrieval.crawling.wire import Job, Verdict, fetch_to_json, from_json, verdict_to_json
from retrieval.interfaces import Fetch, FetchOutcome, KnownPage


def test_a_job_survives_the_way_to_the_worker() -> None:
    job = Job(
        start="https://example.com/",
        spool="/tmp/x",
        settings=CrawlSettings(allow=("10.0.0.0/8",), cache=Path("/tmp/cache"), contact="如何"),
        render=True,
        known={"u": KnownPage("u", '"1"', "yesterday", "hash", ("a", "b"))},
    )
    line = job.to_json()
    assert "\n" not in line
    assert Job.from_json(line) == job


def test_a_fetch_survives_the_way_back_and_its_body_leaves_the_spool(tmp_path: Path) -> None:
    (tmp_path / "7").write_bytes(b"\x00body")
    fetch = Fetch("u", FetchOutcome.FETCHED, "r", 200, b"\x00body", "text/html", '"1"', "then", ("a",), "", 5, 9)
    assert from_json(fetch_to_json(fetch, "7"), tmp_path) == fetch
    assert not list(tmp_path.iterdir())


def test_a_verdict_survives_too(tmp_path: Path) -> None:
    verdict = Verdict("it failed", refused=True, note="n")
    assert from_json(verdict_to_json(verdict), tmp_path) == verdict


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (b"120", 120.0),
        (b" 0 ", 0.0),
        (b"Mon, 01 Jan 2024 00:00:00 GMT", 0.0),
        (b"soon", None),
        (b"", None),
        (None, None),
    ],
)
def test_retry_after_is_read_as_a_number_or_a_date(header: bytes | None, seconds: float | None) -> None:
    assert parse_retry_after(header) == seconds


@pytest.mark.parametrize(
    ("header", "told"),
    [(b"86400", "24 h"), (b"345600", "4 days"), (b"9" * 24, "more than a year"), (b"9" * 400, "more than a year")],
)
def test_a_pause_is_told_however_long_it_is(header: bytes, told: str) -> None:
    assert format_pause(parse_retry_after(header) or 0) == told
