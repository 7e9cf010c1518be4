"""Which begun answer of a thread is whose, where none bears a mark."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as some

from bot.chat.message import Disposition, Job, Move
from bot.inbox.jobs import choose_unmarked
from tests.fakes import said


@given(some.lists(some.sampled_from(["waiting", "noted", "lost", "not sent", "left"]), min_size=1, max_size=6))
def test_no_two_jobs_of_a_thread_take_the_same_answer_and_none_that_is_lost_stays(kinds: list[str]) -> None:
    jobs = [build_job(number, kind) for number, kind in enumerate(kinds)]
    standing = [dict(reply(number)) for number, kind in enumerate(kinds) if kind in {"noted", "lost", "left"}]
    unsure = [job for job, kind in zip(jobs, kinds, strict=True) if kind in {"lost", "not sent"}]
    taken = [
        dict(chosen)
        for job in unsure
        for chosen in choose_unmarked(job, standing, [other for other in jobs if other is not job])
    ]
    lost = [reply(number) for number, kind in enumerate(kinds) if kind == "lost"]
    assert taken == lost  # each once, whichever job has it


def reply(number: int) -> dict[str, str]:
    return {"ts": f"{number}", "state": "streaming"}


def build_job(number: int, kind: str) -> Job:
    message, attempts = said(), 0 if kind == "waiting" else 1
    came = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(seconds=number // 2)  # two are claimed together
    job = Job(f"{number}", message, Disposition.ANSWER, "", came, attempts=attempts)
    if kind == "left":
        there = ({"ts": "there"},)
        return replace(job, replies=there, moved=Move(message.place, message.audience, {}, (reply(number),)))
    return replace(job, replies=({"ts": f"{number}", "state": "shown"},) if kind == "noted" else ())
