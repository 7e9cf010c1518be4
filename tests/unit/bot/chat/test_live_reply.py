"""One reply on a platform: placed by number, edited in place, noted at once, in plainer forms where one is refused."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat import live_reply
from bot.chat.live_reply import LiveReply
from bot.chat.message import Disposition, Job
from bot.errors import DeliveryError, Refusal
from tests.fakes import said


@dataclass
class Wall:
    """A platform: what stands on it, by id, and contents that it refuses. `reached`: something stands; before it tells
    of that, it waits for `go`."""

    refused: Mapping[str, Refusal] = field(default_factory=dict)
    standing: dict[str, str] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    posted: int = 0
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    go: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.go.set()

    async def post(self, content: str, number: int) -> Mapping[str, str]:
        self.calls.append(f"post {number}")
        self._check(content)
        self.posted += 1
        self.standing[f"new{self.posted}"] = content
        self.reached.set()
        await self.go.wait()
        return {"id": f"new{self.posted}"}

    async def edit(self, reply: Mapping[str, str], content: str) -> bool:
        self.calls.append(f"edit {reply['id']}")
        self._check(content)
        if reply["id"] not in self.standing:
            return False
        self.standing[reply["id"]] = content
        return True

    async def remove(self, reply: Mapping[str, str]) -> None:
        self.calls.append(f"remove {reply['id']}")
        self.standing.pop(reply["id"], None)

    def _check(self, content: str) -> None:
        if kind := self.refused.get(content):
            raise DeliveryError(content, kind)


@dataclass
class Notes:
    """What was noted, each time."""

    noted: list[list[Mapping[str, str]]] = field(default_factory=list)

    async def __call__(self, replies: Sequence[Mapping[str, str]]) -> None:
        self.noted.append([dict(reply) for reply in replies])

    @property
    def last(self) -> list[str]:
        return [reply["id"] for reply in self.noted[-1]] if self.noted else []


def job(*ids: str) -> Job:
    replies = tuple({"id": each} for each in ids)
    return Job("ab" * 16, said(), Disposition.ANSWER, "", datetime.now(UTC), replies=replies)


forms = st.lists(st.lists(st.text("abcdef", min_size=1, max_size=2), min_size=1, max_size=4), min_size=1, max_size=3)


@given(
    known=st.lists(st.sampled_from("uvwxyz"), unique=True, max_size=5),
    gone=st.sets(st.sampled_from("uvwxyz")),
    tried=forms,
    refused=st.sets(st.text("abcdef", min_size=1, max_size=2), max_size=6),
)
async def test_the_first_form_that_is_taken_stands_and_nothing_else(
    known: list[str], gone: set[str], tried: list[list[str]], refused: set[str]
) -> None:
    wall = Wall(dict.fromkeys(refused, Refusal.FORM), {each: "before" for each in known if each not in gone})
    notes = Notes()
    live = LiveReply[str](wall, job(*known), notes)
    taken = [form for form in tried if not refused & set(form)]
    if taken:
        await live.show_messages(*tried)
        assert [wall.standing[reply["id"]] for reply in live.standing] == taken[0]
        assert set(wall.standing) == {reply["id"] for reply in live.standing}
    else:
        with pytest.raises(DeliveryError):
            await live.show_messages(*tried)
        assert set(wall.standing) <= {*notes.last, *known}, "whatever stands was noted, or is known"
    expected = [reply["id"] for reply in live.standing]
    assert expected == (notes.last or known), "the last note says what stands"
    noted = [[{"id": each} for each in known], *notes.noted]
    assert all(before != after for before, after in itertools.pairwise(noted)), "nothing is noted twice"


@pytest.mark.parametrize("kind", [Refusal.MOMENT, Refusal.PLACE, Refusal.BOT])
async def test_no_other_refusal_leads_to_a_plainer_form(kind: Refusal) -> None:
    wall = Wall({"rich": kind})
    with pytest.raises(DeliveryError, match="rich"):
        await LiveReply[str](wall, job(), Notes()).show_messages(["rich"], ["plain"])
    assert wall.standing == {}


@pytest.mark.parametrize("cancellations", [1, 3])
async def test_what_was_posted_is_noted_however_often_it_is_cancelled(cancellations: int) -> None:
    wall, notes = Wall(), Notes()
    wall.go.clear()
    task = asyncio.create_task(LiveReply[str](wall, job(), notes).place_message(0, "a"))
    await wall.reached.wait()
    for _ in range(cancellations):
        task.cancel()
        await asyncio.sleep(0)
    wall.go.set()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert notes.last == list(wall.standing) == ["new1"]


async def test_a_note_is_not_changed_by_what_comes_after_it() -> None:
    kept: list[Sequence[Mapping[str, str]]] = []

    async def keep(replies: Sequence[Mapping[str, str]]) -> None:
        kept.append(replies)

    live = LiveReply[str](Wall(), job(), keep)
    await live.show_messages(["a", "b"])
    live.standing[0]["state"] = "over"
    await live.note_standing()
    assert [len(each) for each in kept] == [1, 2, 2]
    assert "state" not in kept[1][0] and kept[2][0]["state"] == "over"


class Clock:
    """Stands for `time`."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(live_reply, "time", clock)
    return clock


@pytest.mark.parametrize("pause", [0.0, 1.0, 1.5])
async def test_progress_is_shown_at_once_and_then_no_oftener_than_it_may_be(clock: Clock, pause: float) -> None:
    wall = Wall()
    live = LiveReply[str](wall, job(), Notes())
    shown: list[float] = []
    for step in range(40):
        clock.now = step / 4

        async def show() -> None:
            shown.append(clock.now)

        await live.show_progress("" if step < 4 else " " if step < 8 else "text", show, pause=pause)
    assert shown[0] == 2.0, "blank texts are not shown"
    assert {late - early for early, late in itertools.pairwise(shown)} == {max(pause, 0.25)}


async def test_a_form_that_is_refused_on_the_way_ends_the_progress_and_not_the_reply(clock: Clock) -> None:
    wall, notes = Wall({"half": Refusal.FORM}), Notes()
    live = LiveReply[str](wall, job(), notes)
    for clock.now in (0.0, 9.0, 18.0):
        await live.show_progress("half", lambda: live.place_message(0, "half"), pause=1)
    assert wall.calls == ["post 0"]
    await live.show_messages(["whole"])
    assert wall.standing == {"new1": "whole"}


@pytest.mark.parametrize("kind", [Refusal.MOMENT, Refusal.PLACE, Refusal.BOT])
async def test_any_other_refusal_on_the_way_is_raised(clock: Clock, kind: Refusal) -> None:
    live = LiveReply[str](Wall({"half": kind}), job(), Notes())
    with pytest.raises(DeliveryError):
        await live.show_progress("half", lambda: live.place_message(0, "half"), pause=1)
