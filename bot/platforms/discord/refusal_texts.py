"""What Discord's refusals mean to an admin: the cause, and what to grant where. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

_DEVELOPER_PORTAL = "Check DISCORD_TOKEN, and the application on Discord's developer portal"
_CAUSES = {  # by https://docs.discord.com/developers/topics/opcodes-and-status-codes: why, and the mend if there is one
    10003: (
        "the channel is gone, or not one of a server that the bot is in",
        "Invite the bot, or name another channel",
    ),
    10004: ("the bot is not in that server", "Invite it by the address that 'frontdesk discord invite' prints"),
    10008: ("the message is gone", ""),
    10013: ("there is no such user", ""),
    10015: ("the time to respond to the command is over", ""),
    10062: ("the time to respond to the command is over", ""),
    40001: ("it does not know the bot", _DEVELOPER_PORTAL),
    40002: ("the bot's account has to be verified", _DEVELOPER_PORTAL),
    40005: ("the message or file is too large", ""),
    50007: ("the user takes no private messages from the bot", "They have to allow those of the server's members"),
    50008: ("nothing can be written in a channel of that kind", "Name a text channel"),
    50009: ("the channel's verification level keeps the bot out", "Lower it, or give the bot a role"),
    50014: ("it does not take the token", _DEVELOPER_PORTAL),
    50024: ("that is not done in a channel of that kind", "Name a text channel"),
    50035: ("the message's form is not taken", ""),
    50083: ("the thread is archived", 'Open it again, or give the bot "Manage Threads"'),
    50278: ("the user shares no server with the bot", ""),
    160002: ("the bot may not read what it replies to", 'Give it "Read Message History"'),
    160005: ("the thread is locked", 'Unlock it, or give the bot "Manage Threads"'),
    160006: ("the server has as many open threads as it may", "Close some"),
    200000: ("the server's AutoMod stops it", "Exempt the bot's role in the server's settings (AutoMod)"),
    200001: (
        "the server's AutoMod stops the thread's name",
        "Exempt the bot's role in the server's settings (AutoMod)",
    ),
    240000: ("it holds an address that Discord blocks", ""),
}
_UNSEEN, _FORBIDDEN = 50001, 50013


@dataclass(frozen=True, slots=True)
class _Call:
    """A kind of call: by its method and path, what it does, and the permissions that it takes."""

    method: str
    path: re.Pattern[str]
    what: str
    permissions: tuple[str, ...] = ()


_CALLS = (
    _Call("POST", re.compile(r"/channels/\d+/messages/?$"), "a message", ("Send Messages", "Send Messages in Threads")),
    _Call(
        "POST",
        re.compile(r"/channels/\d+/.*threads/?$"),
        "a thread",
        ("Create Public Threads", "Send Messages in Threads"),
    ),
    _Call("GET", re.compile(r"/channels/\d+/messages"), "a look at messages", ("Read Message History",)),
    _Call("PATCH", re.compile(r"/channels/\d+/messages/\d+$"), "the edit of a message", ("Send Messages",)),
    _Call("DELETE", re.compile(r"/channels/\d+/messages/\d+$"), "the removal of a message"),
    _Call("POST", re.compile(r"/users/@me/channels$"), "a private conversation"),
    _Call("GET", re.compile(r"/channels/\d+$"), "a look at a channel"),
    _Call("", re.compile(r"/(?:webhooks|interactions)/"), "the response to a command"),
)
_OTHER = _Call("", re.compile(""), "a call")


def explain_refusal(status: int, code: int, method: str = "", path: str = "") -> str:
    """What was refused, why, and what an admin does about it, in one or two sentences without a full stop at the end.

    Nothing of the path is shown: it may hold a token, and which channel it was is said by who tells of it."""
    call = next((each for each in _CALLS if each.method in {"", method} and each.path.search(path)), _OTHER)
    cause, mend = _find_cause(status, code, call)
    told = f"Discord refuses {call.what}: {cause} ({f'code {code}' if code else f'status {status}'})"
    return f"{told}. {mend}" if mend else told


def _find_cause(status: int, code: int, call: _Call) -> tuple[str, str]:
    if code == _UNSEEN:
        return (
            "the bot does not see the channel",
            f"Give it {_name_permissions(('View Channel', *call.permissions))} there",
        )
    if code == _FORBIDDEN:
        wanted = ("View Channel", *call.permissions)
        return "the bot lacks a permission there", f"Give it {_name_permissions(wanted)} in the channel"
    if code in _CAUSES:
        return _CAUSES[code]
    if status == 401:
        return _CAUSES[50014]
    if status == 404:
        return "it is not there any more", ""
    unknown = "for a reason that Discord's documentation tells by its code"
    return unknown, "See https://docs.discord.com/developers/topics/opcodes-and-status-codes"


def _name_permissions(names: tuple[str, ...]) -> str:
    quoted = [f'"{name}"' for name in names]
    return " and ".join([", ".join(quoted[:-1]), quoted[-1]] if len(quoted) > 1 else quoted)
