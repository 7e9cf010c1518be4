"""Groups of people who are told the same: of a channel, a workspace, a role. As admins write them, and as the verified
event of a platform tells of who asks. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.errors import InputError
from retrieval.audiences import EVERYBODY, EVERYTHING, Audience, Viewer

if TYPE_CHECKING:
    from re import Pattern

    from bot.chat.message import ChatMessage, ThreadRef
    from bot.chat.platform import Platform

_SEPARATORS = re.compile(r"[\s,;，、；]+")
_EVERYBODY = frozenset({"everybody", "everyone", "all"})
_HERE = "here"
_KINDS = {"channel": "channel", "workspace": "workspace", "server": "workspace", "guild": "workspace", "role": "role"}
_OPERATED = frozenset({"cli", "terminal"})  # whoever sits there runs Frontdesk
EXAMPLES = "slack:C0123456789, slack:workspace:T0123456789, discord:server:123456789012345678 or discord:role:…"


def name_group(platform: str, kind: str, identifier: str) -> str:
    """A group as it is kept: "discord:role:42"."""
    return f"{platform}:{kind}:{identifier}"


def list_place_groups(place: ThreadRef) -> frozenset[str]:
    """The groups that whoever is in a place belongs to by that: of its channel (a thread's is the one it hangs in), and
    of its workspace."""
    told = {"channel": place.channel, "workspace": place.workspace}
    return frozenset(name_group(place.platform, kind, each) for kind, each in told.items() if each)


def find_viewer(place: ThreadRef, groups: Collection[str] = ()) -> Viewer:
    """Who asks in a place, with the other `groups` that the platform told with the same event."""
    return EVERYTHING if place.platform in _OPERATED else Viewer(list_place_groups(place).union(groups))


def find_author(message: ChatMessage) -> Viewer:
    """Who asks by a message. A button counts where it was pressed; the author's own groups do not for somebody else's
    question, to which they have called."""
    if message.chosen and message.place.platform not in _OPERATED:
        return Viewer(message.groups)
    place = replace(message.place, workspace="") if message.is_guest else message.place
    return find_viewer(place, () if message.asked_by else message.groups)


def keep_narrowest(groups: Collection[str]) -> Audience:
    """Those of some groups that say most of who they are: a channel's before roles before a workspace's."""
    for kind in ("channel", "role", "workspace"):
        if found := frozenset(each for each in groups if each.split(":")[1] == kind):
            return found
    return EVERYBODY


def read_audience(text: str, platforms: Mapping[str, Platform], here: ThreadRef | None = None) -> Audience:
    """The groups that an admin names: PLATFORM:ID where the id tells what it is of, else PLATFORM:KIND:ID; "here" for
    the channel they write in; "everybody" for no limit. Raises InputError."""
    words = [word for word in _SEPARATORS.split(text.strip()) if word]
    if not words:
        raise InputError(f"Whom is it for? Write everybody, or groups: {EXAMPLES}.")
    if any(word.casefold() in _EVERYBODY for word in words):
        if len(words) > 1:
            raise InputError("Everybody is everybody: name no group beside it.")
        return EVERYBODY
    return frozenset(_read_group(word, platforms, here) for word in words)


def describe_audience(audience: Collection[str]) -> str:
    """An audience in words that `read_audience` takes."""
    return " ".join(sorted(audience)) or "everybody"


def _read_group(word: str, platforms: Mapping[str, Platform], here: ThreadRef | None) -> str:
    if word.casefold() == _HERE:
        if here is None or not here.channel:
            raise InputError("Here is no channel: name one.")
        return name_group(here.platform, "channel", here.channel)
    name, _, rest = word.partition(":")
    platform = platforms.get(name.casefold())
    if platform is None:
        raise InputError(f"{word[:60]!r} names no group: write {EXAMPLES}.")
    patterns = _list_patterns(platform)
    kind, colon, identifier = rest.rpartition(":")
    if colon:
        wanted = _KINDS.get(kind.casefold(), "")
        if not wanted or not patterns[wanted].fullmatch(identifier):
            raise InputError(f"{word[:60]!r} names no group of {platform.name.capitalize()}: write {EXAMPLES}.")
        return name_group(platform.name, wanted, identifier)
    fitting = [each for each, pattern in patterns.items() if pattern.fullmatch(identifier)]
    if len(fitting) != 1:
        what = "may be several things" if fitting else "is no id"
        raise InputError(f"{identifier[:40]!r} {what} in {platform.name.capitalize()}: write {EXAMPLES}.")
    return name_group(platform.name, fitting[0], identifier)


def _list_patterns(platform: Platform) -> Mapping[str, Pattern[str]]:
    return {"channel": platform.channel_id, "workspace": platform.workspace_id, "role": platform.role_id}
