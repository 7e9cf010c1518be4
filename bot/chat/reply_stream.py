"""The one loop over an answer's events: what a platform shows of an answer while it comes, and the turn it comes to."""

from __future__ import annotations

from collections.abc import AsyncIterator

from bot.chat.conversation import AnswerEvent, Delta, Final, Stage, Status, Turn


class AnswerView:
    """What is shown of an answer while it comes: nothing, but for what a class derived from this shows."""

    async def show_stage(self, stage: Stage) -> None:
        """The work moved on."""

    async def show_text(self, text: str, links: frozenset[str]) -> None:
        """All of the answer's Markdown so far; `links` are the addresses that may be linked to in it."""

    async def show_interim(self, text: str, links: frozenset[str]) -> None:
        """The same, of an answer that is whole and stands until something better comes, if it does: nothing of it may
        be held back."""
        await self.show_text(text, links)


async def follow_answer(events: AsyncIterator[AnswerEvent], view: AnswerView | None = None) -> Turn:
    """Show an answer as it comes, without a `view` nothing of it, and read its events to their end; -> its turn. Raises
    what the answering raises, after its last event too, and what the view raises."""
    turn = await follow_to_final(events, view)
    await drain_events(events)
    return turn


async def follow_to_final(events: AsyncIterator[AnswerEvent], view: AnswerView | None = None) -> Turn:
    """The same, to the event that completes the answer: what is raised after that is left to `drain_events`.

    An offer comes whole, with what there is to choose or to confirm: of its text nothing is shown before the end. Nor
    is of a text that comes in place of another, which stands until then.
    """
    view = view or AnswerView()
    text, asking, replaced = "", False, False
    async for event in events:
        if isinstance(event, Status):
            asking = event.stage is Stage.ASKING
            await view.show_stage(event.stage)
        elif isinstance(event, Delta):
            text = event.text if event.anew else text + event.text
            replaced = replaced or event.anew
            if not (asking or replaced):
                await (view.show_interim if event.interim else view.show_text)(text, event.links)
        elif isinstance(event, Final):
            return event.turn
    raise AssertionError("an answer always ends in Final")


async def look_at_first(events: AsyncIterator[AnswerEvent]) -> tuple[AnswerEvent, AsyncIterator[AnswerEvent]]:
    """-> the first event, once it comes, and all of them. Raises what the answering raises."""
    first = await anext(events)

    async def tell_all() -> AsyncIterator[AnswerEvent]:
        yield first
        async for event in events:
            yield event

    return first, tell_all()


async def drain_events(events: AsyncIterator[AnswerEvent]) -> None:
    """Read what comes after an answer is complete: nothing, or the report that its turn could not be stored."""
    async for _ in events:
        pass
