"""Discord's gateway: HELLO, IDENTIFY, heartbeats, events in order, RESUME, INVALID_SESSION.

https://docs.discord.com/developers/events/gateway
"""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web
from simcord import intents as simcord_intents
from simcord.backend import Backend, serializers

import discord

HEARTBEAT_MS = 5_000
NOWHERE = "ws://127.0.0.1:9/"  # what the API and sessions name: a bot that is told of another gateway goes to that
DISPATCH, HEARTBEAT, IDENTIFY, PRESENCE, RESUME, RECONNECT, MEMBERS, INVALID, HELLO, ACK = (
    0,
    1,
    2,
    3,
    6,
    7,
    8,
    9,
    10,
    11,
)
PRIVILEGED = ("members", "presences", "message_content")


@dataclass(eq=False)
class Session:
    """A bot's session: it outlives its connection."""

    id: str
    intents: discord.Intents
    sequence: int = 0
    sent: list[dict[str, Any]] = field(default_factory=list)
    socket: web.WebSocketResponse | None = None
    outgoing: asyncio.Queue[str] = field(default_factory=asyncio.Queue)


class Gateway:
    """`approved`: the privileged intents that the application has."""

    def __init__(self, backend: Backend, token: str, approved: set[str]) -> None:
        self._backend = backend
        self._token = token
        self.approved = approved
        self.sessions: dict[str, Session] = {}
        self.identified = 0
        self.session_starts, self.reset_seconds = 1000, 86_400.0  # left of the day's, and until there are 1,000 again
        self.resumed = 0
        self.spoiled: list[str] = []  # events of which the next frame says nothing
        self.heartbeats = 0
        self.url = ""
        backend.subscribers.append(self.emit)

    @property
    def connections(self) -> list[Session]:
        """Sessions with an open socket."""
        return [session for session in self.sessions.values() if session.socket and not session.socket.closed]

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """One connection."""
        socket = web.WebSocketResponse(heartbeat=None)
        await socket.prepare(request)
        await socket.send_json({"op": HELLO, "d": {"heartbeat_interval": HEARTBEAT_MS}, "s": None, "t": None})
        session: Session | None = None
        sending: asyncio.Task[None] | None = None
        try:
            async for message in socket:
                if message.type is not WSMsgType.TEXT:
                    continue
                told = json.loads(message.data)
                if told["op"] == HEARTBEAT:
                    self.heartbeats += 1
                    await socket.send_json({"op": ACK, "d": None, "s": None, "t": None})
                elif told["op"] == IDENTIFY:
                    session = await self._identify(socket, told["d"])
                elif told["op"] == RESUME:
                    session = await self._resume(socket, told["d"])
                if session and sending is None:
                    sending = asyncio.create_task(_send(session, socket))
        finally:
            if sending:
                sending.cancel()
            if session and session.socket is socket:
                session.socket = None
        return socket

    async def _identify(self, socket: web.WebSocketResponse, asked: dict[str, Any]) -> Session | None:
        if asked["token"] != self._token:
            await socket.close(code=4004)
            return None
        wanted = discord.Intents._from_value(int(asked["intents"]))
        if any(getattr(wanted, name) and name not in self.approved for name in PRIVILEGED):
            await socket.close(code=4014)
            return None
        self.identified += 1
        self.session_starts -= 1
        session = Session(f"session-{self.identified}", wanted, socket=socket)
        self.sessions[session.id] = session
        guilds = list(self._backend.guilds.values())
        self._tell(
            session,
            "READY",
            {
                "v": 10,
                "user": dict(serializers.user_payload(self._backend.bot_user)),
                "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
                "session_id": session.id,
                "resume_gateway_url": NOWHERE,
                "shard": asked.get("shard", [0, 1]),
                "application": {"id": str(self._backend.application_id), "flags": 0},
            },
        )
        for guild in guilds:
            self._tell(session, "GUILD_CREATE", serializers.guild_create_payload(self._backend, guild))
        return session

    async def _resume(self, socket: web.WebSocketResponse, asked: dict[str, Any]) -> Session | None:
        session = self.sessions.get(asked["session_id"])
        if session is None or asked["token"] != self._token:
            await socket.send_json({"op": INVALID, "d": False, "s": None, "t": None})
            return None
        self.resumed += 1
        session.socket = socket
        session.outgoing = asyncio.Queue()
        for frame in session.sent:
            if frame["s"] > asked["seq"]:
                session.outgoing.put_nowait(json.dumps(frame))
        self._tell(session, "RESUMED", {})
        return session

    def emit(self, event: str, payload: Mapping[str, Any]) -> None:
        """Something happened: tell every session that asked for it, as far as it may see it."""
        for session in self.sessions.values():
            gate = simcord_intents.required_intent(event, payload)
            if gate is None or getattr(session.intents, gate):
                self._tell(session, event, payload)

    def _tell(self, session: Session, event: str, payload: Mapping[str, Any]) -> None:
        shown: dict[str, Any] = copy.deepcopy(dict(payload))
        me = self._backend.bot_user.id
        if not session.intents.message_content:
            if event in {"MESSAGE_CREATE", "MESSAGE_UPDATE"}:
                simcord_intents.censor_message(shown, me, backend=self._backend)
            elif event == "INTERACTION_CREATE":
                self._censor_interaction(shown)
        if event == "GUILD_CREATE":
            simcord_intents.prune_guild_create(shown, session.intents, me)
        if event in self.spoiled:
            self.spoiled.remove(event)
            shown = {}
        session.sequence += 1
        frame = {"op": DISPATCH, "t": event, "s": session.sequence, "d": shown}
        session.sent.append(frame)
        session.outgoing.put_nowait(json.dumps(frame))

    def _censor_interaction(self, shown: dict[str, Any]) -> None:
        me, data = self._backend.bot_user.id, shown.get("data") or {}
        if isinstance(shown.get("message"), dict):
            simcord_intents.censor_message(shown["message"], me, backend=self._backend, exempt_root=True)
        for message_id, message in ((data.get("resolved") or {}).get("messages") or {}).items():
            chosen = str(data.get("target_id")) == str(message_id)
            simcord_intents.censor_message(message, me, backend=self._backend, exempt_root=chosen)

    # what a test does to connections

    async def drop(self, code: int = 1006) -> None:
        """Every connection ends; the sessions can be resumed."""
        for session in self.connections:
            assert session.socket
            if code == 1006:  # no close frame: the line is cut
                transport = session.socket._req.transport if session.socket._req else None
                if transport:
                    transport.abort()
            else:
                with contextlib.suppress(ConnectionError):
                    await session.socket.close(code=code)

    async def ask_to_reconnect(self) -> None:
        """Discord asks for a new connection now and then."""
        for session in self.connections:
            assert session.socket
            await session.socket.send_json({"op": RECONNECT, "d": None, "s": None, "t": None})

    async def invalidate(self) -> None:
        """Every session is over: what happens until a new one begins is told to nobody."""
        alive = self.connections
        self.sessions.clear()
        for session in alive:
            assert session.socket
            await session.socket.send_json({"op": INVALID, "d": False, "s": None, "t": None})

    async def send_raw(self, frame: str) -> None:
        """Something goes wrong at Discord's: every connection is sent this, as it is."""
        for session in self.connections:
            assert session.socket
            await session.socket.send_str(frame)

    def forget(self) -> None:
        """Sessions without a connection can be resumed no more."""
        self.sessions = {session.id: session for session in self.connections}


async def _send(session: Session, socket: web.WebSocketResponse) -> None:
    outgoing = session.outgoing
    while not socket.closed:
        frame = await outgoing.get()
        await socket.send_str(frame)
