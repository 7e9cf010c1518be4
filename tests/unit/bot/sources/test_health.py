from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from bot.sources.health import missing_folders, troubles
from bot.sources.models import RefreshRun
from retrieval.documents import Source, SourceKind

SHOP = Source("shop", SourceKind.WEBSITE, "https://shop.test/")
BLOG = Source("blog", SourceKind.WEBSITE, "https://blog.test/")
NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def run(*sources: str, outcome: str = "unchanged", error: str = "", failed: dict[str, str] | None = None) -> RefreshRun:
    lines = [{"source": name, "reason": reason} for name, reason in (failed or {}).items()]
    return RefreshRun("r", NOON, NOON, outcome, report={"sources": list(sources), "sources_failed": lines}, error=error)


def told(*runs: RefreshRun) -> list[tuple[tuple[str, ...], str]]:
    return [(trouble.sources, trouble.reason) for trouble in troubles([SHOP, BLOG], runs)]


def test_the_last_refresh_of_each_source_counts() -> None:
    failed = run("shop", "blog", failed={"blog": "it is away"})
    assert told(failed) == [(("blog",), "it is away")]
    assert told(run("shop"), failed) == [(("blog",), "it is away")]
    assert told(run("blog"), failed) == []


def test_a_run_that_failed_as_a_whole_is_told_once() -> None:
    assert told(run("shop", "blog", outcome="failed", error="too much")) == [(("blog", "shop"), "too much")]


def test_runs_that_say_nothing_of_a_source_are_passed_over() -> None:
    failed = run("shop", failed={"shop": "it is away"})
    cancelled, running = run(outcome="failed", error="cancelled"), run("shop", outcome="running")
    assert told(running, cancelled, RefreshRun("old", NOON), failed) == [(("shop",), "it is away")]
    assert told(run("removed", outcome="failed", error="gone")) == []


def test_a_run_that_failed_by_no_fault_of_the_sources_is_passed_over() -> None:
    stopped = run("shop", "blog", outcome="failed", error="answers worse")
    stopped = replace(stopped, report={**stopped.report, "blamed": []})
    assert told(stopped) == []
    assert told(stopped, run("shop", failed={"shop": "it is away"})) == [(("shop",), "it is away")]


def test_a_run_blames_those_that_it_failed_by() -> None:
    stopped = run("shop", "blog", outcome="failed", error="6 would vanish")
    stopped = replace(stopped, report={**stopped.report, "blamed": ["blog"]})
    assert told(stopped) == [(("blog",), "6 would vanish")]
    away = run("shop", "blog", failed={"shop": "it is away"})
    assert told(stopped, away) == [(("blog",), "6 would vanish"), (("shop",), "it is away")]


def test_a_folder_that_is_not_there_is_missing(tmp_path: Path) -> None:
    here, lost = (Source(n, SourceKind.FOLDER, str(tmp_path / n)) for n in ("here", "lost"))
    (tmp_path / "here").mkdir()
    assert missing_folders([here, lost, SHOP]) == [lost]


def test_a_source_that_shows_no_text_without_its_scripts_is_told_until_it_is_read_in_a_browser() -> None:
    line = {"source": "shop", "url": "https://shop.test/", "reason": "it shows no text"}
    shells = replace(run("shop", "blog"), report={**run("shop", "blog").report, "scripted": [line]})
    (trouble,) = troubles([SHOP, BLOG], [shells])
    assert (trouble.sources, trouble.needs_browser) == (("shop",), True)
    assert trouble.reason == "https://shop.test/: it shows no text"
    assert troubles([replace(SHOP, render=True), BLOG], [shells]) == []
    assert troubles([SHOP, BLOG], [run("shop"), shells]) == []


def test_what_was_met_in_a_browser_says_nothing_of_a_source_that_is_read_in_none_any_more() -> None:
    failed = run("shop", "blog", failed={"shop": "it is read in a browser, but there is none", "blog": "it is away"})
    failed = replace(failed, report={**failed.report, "rendered": ["shop"]})
    assert told(failed) == [(("blog",), "it is away")]
    assert [trouble.sources for trouble in troubles([replace(SHOP, render=True), BLOG], [failed])] == [
        ("shop",),
        ("blog",),
    ]
    stopped = replace(
        run("shop", outcome="failed", error="no browser"), report={"sources": ["shop"], "rendered": ["shop"]}
    )
    assert told(stopped) == []
