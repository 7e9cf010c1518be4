"""The one loop over an answer's events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.chat.conversation import AnswerEvent, Delta, Final, Stage, Status
from bot.chat.reply_stream import AnswerView, drain_events, follow_answer, follow_to_final, look_at_first
from bot.errors import TurnNotStored
from tests.support.turns import make_turn

TURN = make_turn()
LINKS = frozenset({"https://shop.example"})


class Seen(AnswerView):
    """Notes all that is shown."""

    def __init__(self) -> None:
        self.stages: list[Stage] = []
        self.texts: list[tuple[str, frozenset[str]]] = []

    async def show_stage(self, stage: Stage) -> None:
        self.stages.append(stage)

    async def show_text(self, text: str, links: frozenset[str]) -> None:
        self.texts.append((text, links))


class Told:
    """An answer's events, and whether they were read to their end; a `fault` comes after the last."""

    def __init__(self, *events: AnswerEvent, fault: Exception | None = None) -> None:
        self.events = events
        self.fault = fault
        self.ended = False

    async def tell(self) -> AsyncIterator[AnswerEvent]:
        for event in self.events:
            yield event
        self.ended = True
        if self.fault:
            raise self.fault


stages = st.sampled_from(list(Stage)).map(Status)
deltas = st.builds(Delta, st.text(max_size=5), st.sampled_from([frozenset(), LINKS]))


def shown_of(events: Sequence[Status | Delta]) -> list[tuple[str, frozenset[str]]]:
    """What is to be seen: after each piece that is none of an offer, all pieces so far."""
    texts = []
    for end, event in enumerate(events, 1):
        stage = next((each.stage for each in reversed(events[:end]) if isinstance(each, Status)), None)
        if isinstance(event, Delta) and stage is not Stage.ASKING:
            texts.append(("".join(each.text for each in events[:end] if isinstance(each, Delta)), event.links))
    return texts


@given(st.lists(stages | deltas, max_size=12))
async def test_whatever_comes_the_view_is_shown_all_so_far_but_nothing_of_an_offer(
    events: list[Status | Delta],
) -> None:
    seen, told = Seen(), Told(*events, Final(TURN))
    assert await follow_answer(told.tell(), seen) is TURN
    assert told.ended
    assert seen.stages == [event.stage for event in events if isinstance(event, Status)]
    assert seen.texts == shown_of(events)


async def test_an_interim_answer_is_shown_as_one_and_what_replaces_it_comes_with_the_end() -> None:
    class Interim(Seen):
        async def show_interim(self, text: str, links: frozenset[str]) -> None:
            self.texts.append((f"interim: {text}", links))

    seen = Interim()
    told = Told(
        Delta("Note. "), Delta("Quote.", interim=True), Delta("Draft, ", anew=True), Delta("long."), Final(TURN)
    )
    assert await follow_answer(told.tell(), seen) is TURN
    assert [text for text, _ in seen.texts] == ["Note. ", "interim: Note. Quote."]


async def test_a_view_that_knows_of_no_interim_answers_shows_them_like_any_text() -> None:
    seen = Seen()
    await follow_answer(Told(Delta("Quote.", interim=True), Final(TURN)).tell(), seen)
    assert [text for text, _ in seen.texts] == ["Quote."]


async def test_without_a_view_there_is_the_turn_alone() -> None:
    told = Told(Status(Stage.SEARCHING), Delta("a"), Final(TURN))
    assert await follow_answer(told.tell()) is TURN
    assert told.ended


@pytest.mark.parametrize("follow", [follow_answer, follow_to_final])
async def test_an_answer_that_does_not_end_is_a_fault_of_ours(follow: object) -> None:
    with pytest.raises(AssertionError, match="Final"):
        await follow(Told(Delta("a")).tell())  # type: ignore[operator]


async def test_what_is_raised_after_the_answer_can_be_waited_for_once_it_is_shown() -> None:
    fault = TurnNotStored(TURN, RuntimeError("gone"))
    events = Told(Delta("a"), Final(TURN), fault=fault).tell()
    assert await follow_to_final(events) is TURN
    with pytest.raises(TurnNotStored):
        await drain_events(events)
    with pytest.raises(TurnNotStored):
        await follow_answer(Told(Final(TURN), fault=fault).tell())


async def test_a_look_at_the_first_event_takes_none_away() -> None:
    told = [Status(Stage.SEARCHING, "How do I pay?"), Delta("By card."), Final(TURN)]
    first, events = await look_at_first(Told(*told).tell())
    assert first == told[0] and [event async for event in events] == told
