"""Conversations of the example shop, answered by the real pipeline, with what people made of them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from bot.app import Application
from bot.chat.conversation import Decision, Feedback, Final, IncomingMessage, Turn, UsedPassage, Vote
from bot.chat.message import Party, ThreadRef
from bot.gaps.models import GapDraft
from bot.handoff.models import Handoff, HandoffMessage, HandoffReason, HandoffState
from tests.support.turns import make_turn

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7919*7907}}"
LIMITED = frozenset({"slack:channel:C9PARTNERS"})


async def ask_shop(application: Application, conversation: str, user: str, *questions: str) -> Sequence[Turn]:
    """-> the turns that the questions have become, in the channel that the conversation's id names."""
    await application.take_in_known()
    channel = (*conversation.split(":"), "", "")[2]
    turns = []
    for question in questions:
        message = IncomingMessage(conversation, question, platform="slack", user=user, channel=channel)
        events = [event async for event in application.answer_pipeline.answer_message(message)]
        turns += [event.turn for event in events if isinstance(event, Final)]
    return turns


async def fill_log(application: Application) -> Sequence[Turn]:
    """Some of everything; -> the turns of the conversation that has most of it."""
    talk = await ask_shop(
        application,
        "slack:T1:C1:1.0",
        "U07ANN",
        "Hi there!",
        "How do I send something back?",
        "how long does the refund take",
        "Do you sell tickets to the zoo?",
        "can you engrave my kettle",
    )
    votes = application.conversations
    await votes.record_vote(Feedback(talk[1].id, "U07ANN", Vote.UP))
    await votes.record_vote(Feedback(talk[1].id, "U08BOB", Vote.DOWN, "It does not say who pays for the parcel."))
    await open_handoff(application, talk[3])
    await ask_shop(application, "slack:T1:C2:2.0", "U08BOB", "can I buy zoo tickets from you", "如何退货？")
    await ask_shop(application, "slack:T1:C2:3.0", "U09EVE", "Where do I get tickets for the zoo?")
    draft = "You can have it engraved in the workshop, for 12 euros [1]."
    await application.draft_store.add(
        GapDraft(
            talk[4].id,
            "Can you engrave a kettle?",
            draft,
            "How long it takes.",
            "Qwen/Qwen3-4B-Instruct-2507",
            datetime.now(UTC),
        )
    )
    return talk


async def open_handoff(application: Application, turn: Turn, *, name: str = "Ann", said: str = "") -> Handoff:
    """A resolved one, in which both sides said something."""
    place, at = ThreadRef("slack", "T1", "C1", "1.0"), turn.created_at + timedelta(milliseconds=1)
    head = HandoffState.RESOLVED, HandoffReason.BUTTON, turn.conversation_id, turn.id, turn.question, "en"
    support = ThreadRef("slack", "T1", "CSUPPORT", uuid.uuid4().hex)
    handoff = Handoff(uuid.uuid4().hex, *head, place, turn.user, name, support, at, at, claimed_name="Li")
    store = application.handoff_store
    await store.open_handoff(handoff)
    for number, (side, author, text) in enumerate(
        [(Party.CUSTOMER, name, said or "Nobody?"), (Party.SUPPORT, "Li", "Not yet: ask the zoo itself, please.")]
    ):
        spoken = at + timedelta(seconds=number + 1)
        await store.record_message(HandoffMessage(handoff.id, side, str(number), author, text, spoken))
    return handoff


async def add_hostile_turn(application: Application) -> Turn:
    """One of which every text tries to be markup."""
    passage = UsedPassage(
        "0" * 20, HOSTILE, f"javascript:alert(3)//{HOSTILE}", f"{HOSTILE}\n\n![x](https://e.example/p)", 1, 0.5
    )
    turn = make_turn(
        question=HOSTILE,
        standalone_question=f"{HOSTILE}?",
        answer=f"{HOSTILE} [click](javascript:alert(4)) [here](https://evil.example/) [1]",
        decision=Decision.ABSTAIN,
        platform="slack",
        user=HOSTILE,
        conversation_id="slack:T1:C6:6.0",
        channel=HOSTILE,
        passages=(passage, replace(passage, rank=2, author=HOSTILE)),
        citations=(),
        rewritten=(HOSTILE,),
        index_version=HOSTILE,
        model=HOSTILE,
        timings_ms={"total": 900.0},
        created_at=datetime.now(UTC) - timedelta(hours=1),
    )
    await application.conversations.add_turn(turn)
    await application.conversations.record_vote(Feedback(turn.id, HOSTILE, Vote.DOWN, HOSTILE))
    await open_handoff(application, turn, name=HOSTILE, said=HOSTILE)
    return turn
