"""Methods that look things up: auth, apps, team, users, bots, conversations, reactions."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from tests.support.slack.core import ORGANISATION, Core
from tests.support.slack.errors import Refused
from tests.support.slack.webapi import Args, method, reach, require
from tests.support.slack.workspace import Message

PAGE = 100


@method("api.test")
def api_test(core: Core, args: Args) -> dict[str, Any]:
    """Echo."""
    if "error" in args:
        raise Refused(args.text("error"))
    return {"args": args.values}


@method("auth.test")
def auth_test(core: Core, args: Args) -> dict[str, Any]:
    """Who the token is for."""
    return {
        "url": f"https://{core.domain}.slack.com/",
        "team": core.domain.title(),
        "user": core.workspace.users[core.bot_user].name,
        "team_id": ORGANISATION if core.org_wide else core.team,
        "user_id": core.bot_user,
        "bot_id": core.bot_id,
        "app_id": core.app_id,
        "is_enterprise_install": core.org_wide,
    } | ({"enterprise_id": ORGANISATION} if core.org_wide else {})


@method("team.info", "team:read")
def team_info(core: Core, args: Args) -> dict[str, Any]:
    """The workspace."""
    return {"team": {"id": core.team, "name": core.domain.title(), "domain": core.domain, "email_domain": ""}}


@method("users.info", "users:read")
def users_info(core: Core, args: Args) -> dict[str, Any]:
    """A person."""
    (user,) = args.need("user")
    if user not in core.workspace.users:
        raise Refused("user_not_found")
    found = core.workspace.users[user].as_slack(core.team)
    if core.org_wide and not found.get("is_stranger"):
        found["enterprise_user"] = {"id": user, "enterprise_id": ORGANISATION, "teams": [core.team]}
    return {"user": found}


@method("bots.info", "users:read")
def bots_info(core: Core, args: Args) -> dict[str, Any]:
    """A bot: this app's own, or one that has spoken."""
    bot = args.text("bot") or core.bot_id
    spoken = (message for channel in core.workspace.channels.values() for message in channel.messages.values())
    app, user = next(
        ((message.app_id, message.user) for message in spoken if message.bot_id == bot),
        (core.app_id, core.bot_user) if bot == core.bot_id else ("", ""),
    )
    if not user:
        raise Refused("bot_not_found")
    return {"bot": {"id": bot, "deleted": False, "name": bot.lower(), "app_id": app, "user_id": user}}


@method("users.conversations")
def users_conversations(core: Core, args: Args) -> dict[str, Any]:
    """The channels that the app (or `user`) is in; public ones unless `types` says otherwise."""
    kinds = {"public_channel": "public", "private_channel": "private", "im": "im", "mpim": "mpim"}
    types = (args.text("types") or "public_channel").split(",")
    for name in types:
        if name not in kinds:
            raise Refused("invalid_types")
        require(core, {"public": "channels:read", "private": "groups:read"}.get(kinds[name], f"{name}:read"))
    wanted = {kinds[name] for name in types}
    user = args.text("user") or core.bot_user
    found = [
        channel.as_slack(core.bot_user)
        for channel in core.workspace.channels.values()
        if channel.kind in wanted and user in channel.members
    ]
    page, metadata = _page(args, found)
    return {"channels": page, **metadata}


@method("conversations.info")
def conversations_info(core: Core, args: Args) -> dict[str, Any]:
    """A channel; a public one without being in it."""
    args.need("channel")
    return {"channel": reach(core, args.text("channel"), "read", member=False).as_slack(core.bot_user)}


@method("conversations.members")
def conversations_members(core: Core, args: Args) -> dict[str, Any]:
    """Who is in a channel."""
    args.need("channel")
    page, metadata = _page(args, reach(core, args.text("channel"), "read", member=False).members)
    return {"members": page, **metadata}


@method("conversations.open", "im:write")
def conversations_open(core: Core, args: Args) -> dict[str, Any]:
    """The private conversation with one person."""
    if "channel" in args:
        return {"channel": {"id": reach(core, args.text("channel")).id}}
    (users,) = args.need("users")
    if users not in core.workspace.users:
        raise Refused("user_not_found")
    return {"channel": {"id": core.workspace.direct(users).id}}


@method("conversations.history")
def conversations_history(core: Core, args: Args) -> dict[str, Any]:
    """What stands in a channel outside of threads, the newest first."""
    args.need("channel")
    channel = reach(core, args.text("channel"), "history")
    found = [
        message
        for message in channel.messages.values()
        if not message.ephemeral_to and (not message.is_reply or message.subtype == "thread_broadcast")
    ]
    return _history(core, args, list(reversed(found)))


@method("conversations.replies")
def conversations_replies(core: Core, args: Args) -> dict[str, Any]:
    """A thread from its first message on, the oldest first."""
    _, ts = args.need("channel", "ts")
    channel = reach(core, args.text("channel"), "history")
    message = channel.messages.get(ts)
    if message is None or message.ephemeral_to:
        raise Refused("thread_not_found")
    replies = [] if message.is_reply else channel.replies(ts)
    return _history(core, args, [message, *replies])


@method("reactions.add", "reactions:write")
def reactions_add(core: Core, args: Args) -> dict[str, Any]:
    """The app reacts."""
    message, name = _reacted(core, args)
    users = message.reactions.setdefault(name, [])
    if core.bot_user in users:
        raise Refused("already_reacted")
    users.append(core.bot_user)
    return {}


@method("reactions.remove", "reactions:write")
def reactions_remove(core: Core, args: Args) -> dict[str, Any]:
    """The app takes its reaction back."""
    message, name = _reacted(core, args)
    if core.bot_user not in message.reactions.get(name, []):
        raise Refused("no_reaction")
    message.reactions[name].remove(core.bot_user)
    if not message.reactions[name]:
        del message.reactions[name]
    return {}


def _reacted(core: Core, args: Args) -> tuple[Message, str]:
    channel, ts, name = args.need("channel", "timestamp", "name")
    if not name.replace("_", "").replace("-", "").replace("+", "").replace("'", "").isalnum():
        raise Refused("invalid_name")
    message = reach(core, channel).messages.get(ts)
    if message is None or message.ephemeral_to:
        raise Refused("message_not_found")
    return message, name


def _history(core: Core, args: Args, messages: list[Message]) -> dict[str, Any]:
    oldest, latest = float(args.text("oldest") or 0), float(args.text("latest") or 10**12)
    inclusive = args.flag("inclusive")
    within = [
        message
        for message in messages
        if oldest < float(message.ts) < latest or (inclusive and float(message.ts) in {oldest, latest})
    ]
    page, metadata = _page(args, within)
    channel = core.workspace.channel(args.text("channel"))
    return {
        "messages": [core.body(message) | _thread(channel.replies(message.ts)) for message in page],
        "has_more": bool(metadata["response_metadata"]["next_cursor"]),
        **metadata,
    }


def _thread(replies: list[Message]) -> dict[str, Any]:
    if not replies:
        return {}
    users = sorted({reply.user for reply in replies})
    return {"reply_count": len(replies), "reply_users": users, "latest_reply": replies[-1].ts}


def _page(args: Args, found: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
    """A page of what was found, and where the next one begins."""
    limit = args.number("limit", PAGE)
    if not 1 <= limit <= 1000:
        raise Refused("invalid_limit")
    try:
        start = int(base64.b64decode(args.text("cursor")).decode() or 0)
    except ValueError:
        raise Refused("invalid_cursor") from None
    end = start + limit
    cursor = base64.b64encode(str(end).encode()).decode() if end < len(found) else ""
    return list(found[start:end]), {"response_metadata": {"next_cursor": cursor}}
