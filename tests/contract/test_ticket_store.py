"""What every TicketStore does, and what signing in to the console makes of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from bot.chat.people import Actor, Role
from bot.console.models import Ticket, TicketKind
from bot.console.ports import TicketStore
from bot.console.sessions import Sessions
from bot.console.store import SqlTicketStore
from bot.database.database import Database
from tests.support.turns import NOON

ANN = Actor("slack", "T1", "U1", "Ann", Role.TEAMMATE, "zh")
HOUR = timedelta(hours=1)


@pytest.fixture
def store(database: Database) -> TicketStore:
    return SqlTicketStore(database)


def make_ticket(digest: str = "d" * 64, kind: TicketKind = TicketKind.SESSION) -> Ticket:
    return Ticket(digest, kind, ANN, NOON, NOON + HOUR)


async def test_a_ticket_is_found_as_it_was_added_until_it_expires(store: TicketStore) -> None:
    await store.add(make_ticket())
    assert await store.find("d" * 64, TicketKind.SESSION, NOON) == make_ticket()
    assert await store.find("d" * 64, TicketKind.LINK, NOON) is None
    assert await store.find("e" * 64, TicketKind.SESSION, NOON) is None
    assert await store.find("d" * 64, TicketKind.SESSION, NOON + HOUR) is None


async def test_of_many_who_take_a_ticket_one_gets_it(store: TicketStore) -> None:
    await store.add(make_ticket(kind=TicketKind.LINK))
    taken = await asyncio.gather(*(store.take("d" * 64, TicketKind.LINK, NOON) for _ in range(8)))
    assert [each for each in taken if each] == [make_ticket(kind=TicketKind.LINK)]


async def test_expired_tickets_are_removed_and_no_others(store: TicketStore) -> None:
    await store.add(make_ticket())
    await store.remove_expired(NOON + HOUR / 2)
    assert await store.find("d" * 64, TicketKind.SESSION, NOON)
    await store.remove_expired(NOON + HOUR)
    assert await store.find("d" * 64, TicketKind.SESSION, NOON) is None


async def test_a_link_signs_in_once_and_within_ten_minutes(store: TicketStore) -> None:
    now = [NOON]
    sessions = Sessions(store, hours=1, now=lambda: now[0])
    link, late = await sessions.make_link_secret(ANN), await sessions.make_link_secret(ANN)
    secret = await sessions.redeem_link(link)
    assert secret is not None
    assert await sessions.redeem_link(link) is None
    session = await sessions.find_session(secret)
    assert session is not None and session.actor == ANN
    assert await sessions.find_session(link) is None and await sessions.redeem_link(secret) is None
    now[0] = NOON + timedelta(minutes=10)
    assert await sessions.redeem_link(late) is None
    now[0] = NOON + HOUR
    assert await sessions.find_session(secret) is None


async def test_whoever_has_signed_out_is_out(store: TicketStore) -> None:
    sessions = Sessions(store)
    one, other = await sessions.sign_in(ANN), await sessions.sign_in(ANN)
    await sessions.sign_out(one)
    assert await sessions.find_session(one) is None
    kept = await sessions.find_session(other)
    assert kept is not None and kept.form_token not in other
