"""What is known of the places that messages stand in, in the database: their threads, the channels that are no ordinary
ones, and the handoffs that they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from operator import attrgetter

from sqlalchemy import RowMapping, and_, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.chat.message import Audience, Channel, ChannelKind, ChatMessage, Party, Thread, ThreadRef
from bot.database.database import upsert
from bot.database.tables import handoffs, help_channels, threads
from bot.handoff.models import HandoffState

PLACE = ("platform", "workspace", "channel", "thread")
_name_place = attrgetter(*PLACE)  # every claim does this several times: `astuple` copies deeply


@dataclass(frozen=True, slots=True)
class KnownHandoff:
    """A handoff as a claim needs it; `side` is whose message it is."""

    id: str = ""
    claimed: bool = False
    customer: ThreadRef | None = None
    asked_in: ThreadRef | None = None
    support: ThreadRef | None = None
    side: Party | None = None


@dataclass(frozen=True, slots=True)
class PlaceContext:
    """What is known of the places that some messages stand in."""

    threads: dict[ThreadRef, Thread]
    marked: Mapping[Channel, ChannelKind]
    handoffs: Sequence[KnownHandoff]

    def find_kind(self, message: ChatMessage) -> ChannelKind | None:
        place = message.place
        return self.marked.get(Channel(place.platform, place.workspace, place.channel))

    def find_thread(self, message: ChatMessage) -> tuple[Thread, KnownHandoff]:
        """A message's thread, and the handoff that it belongs to."""
        handoff, quiet = _find_handoff(message, self.handoffs), self.find_kind(message) is ChannelKind.QUIET
        known = self.threads.get(message.place, Thread())
        return replace(known, side=handoff.side, claimed=handoff.claimed, quiet=quiet), handoff


async def load_context(connection: AsyncConnection, places: set[ThreadRef], *, lock: bool) -> PlaceContext:
    """`lock`: for a write that rests on it."""
    states = await load_threads(connection, places, lock=lock)
    marked = await load_marked_channels(connection)
    return PlaceContext(states, marked, await load_handoffs(connection, places))


async def load_threads(
    connection: AsyncConnection, places: set[ThreadRef], *, lock: bool = True
) -> dict[ThreadRef, Thread]:
    """Those of the places that anything is known of."""
    columns = [threads.c[name] for name in PLACE]
    keys = [_name_place(place) for place in places]
    known = select(threads).where(tuple_(*columns).in_(keys)).order_by(*columns)
    # Locked by whoever writes, or a change of another process would be lost.
    rows = await connection.execute(known.with_for_update() if lock else known)
    return {ThreadRef(*(row[name] for name in PLACE)): _parse_thread(row) for row in rows.mappings()}


async def load_handoffs(connection: AsyncConnection, places: set[ThreadRef]) -> Sequence[KnownHandoff]:
    """The handoffs that messages of these places may belong to, the newest first."""
    customer = tuple_(*(handoffs.c[f"customer_{name}"] for name in PLACE[:3]))
    support, asked_in = (tuple_(*(handoffs.c[f"{side}_{name}"] for name in PLACE)) for side in ("support", "asked_in"))
    whole = sorted(map(_name_place, places))
    live = handoffs.c.state.in_([HandoffState.OPEN.value, HandoffState.CLAIMED.value])
    channels = sorted({place[:3] for place in whole})
    here = or_(
        and_(live, or_(customer.in_(channels), asked_in.in_(whole))),
        and_(handoffs.c.state != HandoffState.FAILED.value, support.in_(whole)),
    )
    rows = await connection.execute(select(handoffs).where(here).order_by(handoffs.c.created_at.desc()))
    return [
        KnownHandoff(
            row["id"],
            row["state"] == HandoffState.CLAIMED.value,
            customer=_parse_place(row, "customer"),
            asked_in=_parse_place(row, "asked_in"),
            support=_parse_place(row, "support"),
        )
        for row in rows.mappings()
    ]


async def load_marked_channels(connection: AsyncConnection) -> Mapping[Channel, ChannelKind]:
    """The channels that are no ordinary ones, oldest first."""
    rows = (await connection.execute(select(help_channels).order_by(help_channels.c.created_at))).mappings()
    return {Channel(row["platform"], row["workspace"], row["channel"]): ChannelKind(row["kind"]) for row in rows}


async def save_threads(connection: AsyncConnection, changed: Mapping[ThreadRef, Thread]) -> None:
    """Write down what threads have become."""
    if not changed:
        return
    now = datetime.now(UTC)
    rows = [
        {
            **dict(zip(PLACE, _name_place(place), strict=True)),
            "conversation_id": changed[place].conversation_id,
            "answering": changed[place].answering,
            "muted": changed[place].muted,
            "human": changed[place].human,
            "askers": sorted(changed[place].askers),
            "updated_at": now,
        }
        for place in sorted(changed, key=_name_place)
    ]
    insert = upsert(connection, threads)
    new = {name: insert.excluded[name] for name in rows[0] if name not in PLACE}
    await connection.execute(insert.on_conflict_do_update(index_elements=list(PLACE), set_=new), rows)


def _find_handoff(message: ChatMessage, handed: Sequence[KnownHandoff]) -> KnownHandoff:
    """The handoff that a message belongs to: by its thread; in a private conversation by its channel."""
    place = message.place
    private = message.audience in {Audience.DIRECT, Audience.ASSISTANT}
    for each in handed:
        if each.support == place:
            return replace(each, side=Party.SUPPORT)
    for exactly in (True, False):
        for each in handed:
            there = each.customer
            if there == place or (not exactly and private and there and there.channel == place.channel):
                return replace(each, side=Party.CUSTOMER)
    for each in handed:
        if each.asked_in == place:
            return replace(each, side=Party.CUSTOMER)
    return KnownHandoff()


def _parse_place(row: RowMapping, side: str) -> ThreadRef:
    return ThreadRef(*(row[f"{side}_{name}"] for name in PLACE))


def _parse_thread(row: RowMapping) -> Thread:
    return Thread(row["answering"], row["muted"], row["human"], frozenset(row["askers"]), row["conversation_id"])
