"""Methods for what is not a message: modals, the Home tab, and the agent's status, prompts and titles."""

from __future__ import annotations

import secrets
import time
from typing import Any

from tests.support.slack.checks import check_view
from tests.support.slack.core import Core
from tests.support.slack.errors import Refused
from tests.support.slack.webapi import Args, method, reach, require
from tests.support.slack.workspace import Channel, new_id, with_ids


@method("views.open")
def views_open(core: Core, args: Args) -> dict[str, Any]:
    """Open a modal in answer to what a person has just done."""
    args.need("trigger_id")
    view = check_view(args.data("view"), {"modal"})
    user = take_trigger(core, args.text("trigger_id"))
    stored = store_view(core, user, view)
    core.workspace.modals[user] = [stored["id"]]
    return {"view": stored}


@method("views.push")
def views_push(core: Core, args: Args) -> dict[str, Any]:
    """Put a modal over the one that is open; there are three at most."""
    args.need("trigger_id")
    view = check_view(args.data("view"), {"modal"})
    user = take_trigger(core, args.text("trigger_id"))
    stack = core.workspace.modals.get(user, [])
    if not 1 <= len(stack) <= 2:
        raise Refused("push_limit_reached")
    stored = store_view(core, user, view)
    stack.append(stored["id"])
    return {"view": stored}


@method("views.update")
def views_update(core: Core, args: Args) -> dict[str, Any]:
    """Change a modal that may still be open."""
    view = check_view(args.data("view"), {"modal", "home"})
    views = core.workspace.views
    external = args.text("external_id")
    found = [
        stored
        for stored in views.values()
        if stored["id"] == args.text("view_id") or (external and stored["external_id"] == external)
    ]
    if not found:
        raise Refused("not_found")
    return {"view": _replace(found[0], view, args)}


@method("views.publish")
def views_publish(core: Core, args: Args) -> dict[str, Any]:
    """Set a person's Home tab."""
    (user,) = args.need("user_id")
    if user not in core.workspace.users:
        raise Refused("user_not_found")
    view = check_view(args.data("view"), {"home"})
    if user in core.workspace.homes:
        return {"view": _replace(core.workspace.homes[user], view, args)}
    core.workspace.homes[user] = store_view(core, user, view)
    return {"view": core.workspace.homes[user]}


@method("assistant.threads.setStatus", "assistant:write", "chat:write")
def set_status(core: Core, args: Args) -> dict[str, Any]:
    """Show what the app is at; an empty status takes it away."""
    channel, thread_ts = _thread(core, args)
    if not isinstance(args.values.get("status"), str):
        raise Refused("invalid_arguments", "[ERROR] missing required field: status")
    messages = args.data("loading_messages") or []
    if not isinstance(messages, list) or len(messages) > 10 or any(not 1 <= len(str(text)) <= 50 for text in messages):
        raise Refused("invalid_arguments", "[ERROR] loading_messages: up to 10 of up to 50 characters")
    until = time.monotonic() + core.status_seconds
    core.workspace.statuses[channel.id, thread_ts] = (args.text("status"), until)
    return {}


@method("assistant.threads.setSuggestedPrompts", "assistant:write")
def set_suggested_prompts(core: Core, args: Args) -> dict[str, Any]:
    """Offer what one might ask; without a thread they stand in the agent's Messages tab."""
    prompts = args.data("prompts")
    if not isinstance(prompts, list) or not 1 <= len(prompts) <= 4:
        raise Refused("invalid_arguments", "[ERROR] prompts: 1 to 4")
    if not all(isinstance(prompt, dict) and prompt.get("title") and prompt.get("message") for prompt in prompts):
        raise Refused("invalid_arguments", "[ERROR] prompts: title and message are required")
    channel, thread_ts = _thread(core, args, required=False, kinds={"im"})
    core.workspace.prompts[channel.id, thread_ts] = prompts
    return {}


@method("assistant.threads.setTitle", "assistant:write")
def set_title(core: Core, args: Args) -> dict[str, Any]:
    """Name a thread of the agent's."""
    args.need("title")
    channel, thread_ts = _thread(core, args, kinds={"im"})
    core.workspace.titles[channel.id, thread_ts] = args.text("title")
    return {}


@method("agents.sessions.setStatus", "chat:write")
def set_session_status(core: Core, args: Args) -> dict[str, Any]:
    """What an agent's session is at. While it is processing, people see a button that stops it, if the app listens."""
    if not core.is_agent:
        raise Refused("not_allowed")  # which code Slack has for this, its documents do not tell
    channel, thread_ts = _thread(core, args)
    status = args.text("status")
    if status not in {"active", "processing", "suspended", "closed"}:
        raise Refused("invalid_arguments", "[ERROR] status")
    core.workspace.sessions[channel.id, thread_ts] = status
    deaf = status == "processing" and "agent_session_stopped" not in core.subscriptions
    warning = {"warning": "missing_agent_session_stopped_event_subscription"} if deaf else {}
    return {"agent_status": status} | warning


@method("apps.connections.open")
def connections_open(core: Core, args: Args) -> dict[str, Any]:
    """Where to connect for Socket Mode. Scope and token are checked at the door."""
    ticket = core.sockets.ticket()
    return {"url": f"{core.base_url.replace('http', 'ws', 1)}/link/?ticket={ticket}&app_id={core.app_id}"}


def take_trigger(core: Core, trigger_id: str) -> str:
    """Spend a trigger_id: it is good once, for 3 seconds. Whose it was."""
    entry = core.workspace.triggers.get(trigger_id)
    if entry is None:
        raise Refused("invalid_trigger_id")
    user, made = entry
    if time.monotonic() - made > core.trigger_seconds:
        raise Refused("expired_trigger_id")
    if not user:
        raise Refused("exchanged_trigger_id")
    core.workspace.triggers[trigger_id] = ("", made)
    return user


def store_view(core: Core, user: str, view: dict[str, Any]) -> dict[str, Any]:
    """Keep a view, with what Slack adds to it."""
    view_id = new_id("V")
    stored: dict[str, Any] = {
        "id": view_id,
        "team_id": core.team,
        "app_id": core.app_id,
        "bot_id": core.bot_id,
        "app_installed_team_id": core.team,
        "root_view_id": view_id,
        "previous_view_id": None,
        "state": {"values": {}},
        "private_metadata": "",
        "callback_id": "",
        "external_id": "",
        "clear_on_close": False,
        "notify_on_close": False,
    }
    stored |= {**view, "blocks": with_ids(view["blocks"]), "hash": _hash()}
    core.workspace.views[view_id] = stored
    return stored


def _replace(stored: dict[str, Any], view: dict[str, Any], args: Args) -> dict[str, Any]:
    if "hash" in args and args.text("hash") != stored["hash"]:
        raise Refused("hash_conflict")
    if view["type"] != stored["type"]:
        raise Refused("invalid_arguments", "[ERROR] a view keeps its type")
    stored |= {**view, "blocks": with_ids(view["blocks"]), "hash": _hash()}
    return stored


def _hash() -> str:
    return f"{int(time.time())}.{secrets.token_hex(4)}"


def _thread(
    core: Core, args: Args, *, required: bool = True, kinds: frozenset[str] | set[str] = frozenset()
) -> tuple[Channel, str]:
    args.need("channel_id", *(["thread_ts"] if required else []))
    channel = reach(core, args.text("channel_id"))
    if kinds and channel.kind not in kinds:
        raise Refused("channel_not_found")  # such threads are in the app's private conversations only
    if channel.kind != "im":
        require(core, "chat:write")
    thread_ts = args.text("thread_ts")
    root = channel.messages.get(thread_ts)
    if thread_ts and (root is None or root.is_reply):
        raise Refused("invalid_thread_ts")
    return channel, thread_ts
