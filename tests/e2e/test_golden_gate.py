"""The gate: a refresh whose new version answers the golden questions worse is not activated."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.app import Application, open_application, version_store
from bot.chat.conversation import Decision, IncomingMessage
from bot.chat.people import Actor, Role
from bot.chat.reply_stream import follow_answer
from bot.errors import InputError
from bot.settings import load_settings
from bot.sources.cards import run_card
from bot.sources.refresh import RefreshRequest
from retrieval.documents import Source, SourceKind
from retrieval.errors import AnswersWorse
from retrieval.refresh import Progress, RefreshReport
from tests.support.embedding import MODELS, default_embedder
from tests.support.site import Site

pytestmark = pytest.mark.slow  # a minute of processes

PAIRS = {
    "returns": ("How do I return goods?", "Send them back within thirty days."),
    "delivery": ("How long does delivery take?", "Three to five working days."),
    "gift": ("如何使用礼品卡？", "结账时输入卡号即可。"),
}
GOLDEN = """question,expected
can I send goods back,How do I return goods?
how many days does delivery take,{site}/help/delivery
礼品卡如何使用,如何使用礼品卡
who won the world cup,
"""


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        site.html("/help/", "".join(f'<p><a href="/help/{name}">{name}</a></p>' for name in PAIRS))
        for name in PAIRS:
            publish(site, name, *PAIRS[name])
        yield site


def publish(site: Site, name: str, question: str, answer: str) -> None:
    site.html(f"/help/{name}", f"<h1>FAQ</h1><dl><dt>{question}</dt><dd>{answer}</dd></dl>")


@pytest.fixture
def golden(site: Site, tmp_path: Path) -> Path:
    path = tmp_path / "golden.csv"
    path.write_text(GOLDEN.format(site=site.url("").rstrip("/")), encoding="utf-8")
    return path


def rewrite(path: Path, text: str | None) -> None:
    path.unlink()
    if text is not None:
        path.write_text(text, encoding="utf-8")


@asynccontextmanager
async def opened(tmp_path: Path, golden: Path | None, **settings: object) -> AsyncIterator[Application]:
    """The product on a data folder whose embedding model is exported already."""
    default_embedder()
    data = tmp_path / "data"
    data.mkdir(exist_ok=True)
    if not (data / "models").exists():
        (data / "models").symlink_to(MODELS)
    given = load_settings(
        data_dir=data,
        crawl_allow=("127.0.0.0/8",),
        crawl_delay=0,
        max_vanish=1,
        golden_questions=golden,
        **settings,
    )
    async with open_application(given) as application:
        yield application


async def refreshed(application: Application, site: Site, **options: bool) -> RefreshReport:
    if not await application.source_store.list():
        await application.source_store.add(Source("help", SourceKind.WEBSITE, site.url("/help/")))
    return await application.refresh_service.refresh(RefreshRequest(**options))  # type: ignore[arg-type]


async def answer(application: Application, question: str) -> tuple[Decision, str]:
    turn = await follow_answer(application.answer_pipeline.answer_message(IncomingMessage("c", question)))
    return turn.decision, turn.answer


async def test_without_a_version_before_the_gate_only_reports(site: Site, golden: Path, tmp_path: Path) -> None:
    async with opened(tmp_path, golden) as application:
        report = await refreshed(application, site)
    assert report.outcome == "activated"
    assert report.trial
    assert (report.trial.asked, report.trial.right, report.trial.right_before) == (4, 4, None)
    assert report.as_dict()["golden"]["asked"] == 4  # type: ignore[index]


async def test_a_version_that_answers_worse_is_not_activated_unless_forced(
    site: Site, golden: Path, tmp_path: Path
) -> None:
    async with opened(tmp_path, golden) as application:
        first = await refreshed(application, site)
        publish(site, "returns", "Which teas are in season?", "Oolong, from May on.")
        with pytest.raises(AnswersWorse, match=r"1 of 4 golden questions worse.*--force") as stopped:
            await refreshed(application, site)
        [worse] = stopped.value.trial.worse
        assert (worse.question, worse.before) == ("can I send goods back", "How do I return goods?")
        assert worse.after.partition(":")[0] in {"abstain", "clarify", "suggest"}
        assert "send goods" not in str(stopped.value)  # the message is logged, and questions are somebody's
        assert stopped.value.trial.missing == ("can I send goods back: How do I return goods?",)
        store = version_store(application.settings)
        assert store.active_id() == first.version
        assert [version.id for version in store.list_versions()] == [
            first.version
        ]  # dropped, so that it displaces no older one
        assert await answer(application, "How do I return goods?") == (
            Decision.ANSWER,
            "Send them back within thirty days. [1]",
        )

        [run, *_] = await application.refresh_log.list()
        card = run_card(run)
        assert card.title == "Re-crawl stopped"
        assert "FRONTDESK_GOLDEN_MAY_LOSE allows 0" in card.text
        assert [line.text for line in card.lines] == ["worse: can I send goods back"]
        [button] = card.buttons
        assert "worse" in button.confirm
        assert button.action == "force"
        pressed = await application.refresh_service.get(button.value)
        assert pressed and pressed.report["sources"] == ["help"]
        assert [source.trouble for source in await application.status.sources()] == [None]  # the site is well

        forced = await refreshed(application, site, force=True)
        assert (forced.outcome, len(forced.trial.worse if forced.trial else ())) == ("activated", 1)
        assert store.active_id() == forced.version
        assert (await answer(application, "can I send goods back"))[0] is not Decision.ANSWER
        done = run_card((await application.refresh_log.list())[0])
        assert "3 of 4 answered as expected (before: 4), 0 better, 1 worse" in done.facts["Golden questions"]


async def test_a_version_that_answers_better_is_activated(site: Site, golden: Path, tmp_path: Path) -> None:
    site.html("/help/returns", "<h1>Nothing yet</h1>")
    async with opened(tmp_path, golden) as application:
        first = await refreshed(application, site)
        publish(site, "returns", *PAIRS["returns"])
        second = await refreshed(application, site)
    assert first.trial and second.trial
    assert (first.trial.right, second.trial.right, second.trial.right_before) == (2, 4, 2)
    assert (second.outcome, second.trial.better, second.trial.worse) == ("activated", 2, ())


async def test_as_many_may_be_lost_as_the_setting_allows(site: Site, golden: Path, tmp_path: Path) -> None:
    async with opened(tmp_path, golden, golden_may_lose=1) as application:
        await refreshed(application, site)
        publish(site, "returns", "Which teas are in season?", "Oolong, from May on.")
        report = await refreshed(application, site)
        assert (report.outcome, len(report.trial.worse if report.trial else ())) == ("activated", 1)
        publish(site, "delivery", "Are the teas blended?", "No, they come from one garden.")
        publish(site, "gift", "茶叶如何保存？", "请密封保存。")
        with pytest.raises(AnswersWorse, match="2 of 4"):
            await refreshed(application, site)


async def test_a_taught_answer_counts_on_both_sides(site: Site, golden: Path, tmp_path: Path) -> None:
    """What a teammate taught answers whatever the pages hold: taking the page away makes nothing worse."""
    rewrite(golden, "question,expected\nhow do I return goods,How do I return goods?\n")
    async with opened(tmp_path, golden) as application:
        await refreshed(application, site)
        ann = Actor("cli", "", "ann", role=Role.ADMIN)
        await application.taught_answers.teach(ann, "How do I return goods?", "Bring them to the counter.")
    async with opened(tmp_path, golden) as application:  # another process, which has not read the taught answers yet
        publish(site, "returns", "Which teas are in season?", "Oolong, from May on.")
        report = await refreshed(application, site)
    assert report.trial
    assert (report.outcome, report.trial.right, report.trial.worse) == ("activated", 1, ())


async def test_a_broken_file_fails_before_anything_is_crawled(site: Site, golden: Path, tmp_path: Path) -> None:
    rewrite(golden, "answer\nnothing asked\n")
    async with opened(tmp_path, golden) as application:
        with pytest.raises(InputError, match="no column 'question'"):
            await refreshed(application, site)
        assert not site.visits
        [run] = await application.refresh_log.list()
        assert run.outcome == "failed" and "no column 'question'" in run.error
        rewrite(golden, None)
        with pytest.raises(InputError, match="does not exist"):
            await refreshed(application, site)
        assert not site.visits


async def test_a_cancelled_trial_leaves_the_active_version(site: Site, golden: Path, tmp_path: Path) -> None:
    class Stop(Exception):
        pass

    def stop(progress: Progress) -> None:
        if progress.stage == "golden":
            raise Stop

    async with opened(tmp_path, golden) as application:
        first = await refreshed(application, site)
        publish(site, "returns", PAIRS["returns"][0], "Within sixty days.")
        with pytest.raises(Stop):
            await application.refresh_service.refresh(RefreshRequest(), stop)
        assert version_store(application.settings).active_id() == first.version
