"""Slack's payloads -> the desk's words. Pure."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.messages import Audience, ChatMessage, MessageKey, Place

PLATFORM = "slack"
_FROM_PEOPLE = frozenset({None, "", "file_share", "thread_broadcast", "me_message"})
_USER = re.compile(r"<@(?P<id>[UW][A-Z0-9]+)(?:\|[^>]*)?>")
_SPECIAL = re.compile(r"<!(?:subteam\^[A-Z0-9]+)?(?P<name>[a-z]*)(?:\|(?P<label>[^>]*))?>")
_CHANNEL = re.compile(r"<#[CG][A-Z0-9]+(?:\|(?P<name>[^>]*))?>")
_LINK = re.compile(r"<(?P<url>(?:https?|mailto|tel):[^|>]+)(?:\|(?P<label>[^>]*))?>")


@dataclass(frozen=True, slots=True)
class Deleted:
    """A message was deleted."""

    key: MessageKey


@dataclass(frozen=True, slots=True)
class Edited:
    """A message was edited; `message` is how it reads now."""

    message: ChatMessage


def read_event(body: Mapping[str, Any], bot_user: str) -> ChatMessage | Edited | Deleted | None:
    """What a `message` or `app_mention` event tells; None for what is not a person's (bots, joins, topics …)."""
    event, team = body["event"], str(body.get("team_id") or "")
    subtype = event.get("subtype")
    if subtype == "message_deleted":
        return Deleted(MessageKey(PLATFORM, team, event["channel"], event["deleted_ts"]))
    if subtype == "message_changed":
        kept = event["message"] | {"channel": event["channel"], "channel_type": event.get("channel_type")}
        if kept.get("subtype") == "tombstone":  # deleted, but replies hang on it
            return Deleted(MessageKey(PLATFORM, team, event["channel"], kept["ts"]))
        if kept.get("text") == (event.get("previous_message") or {}).get("text"):
            return None  # a link's preview was added
        changed = _message(kept, team, bot_user)
        return Edited(replace(changed, edited_at=float(event.get("event_ts") or event["ts"]))) if changed else None
    return _message(event, team, bot_user)


def _message(event: Mapping[str, Any], team: str, bot_user: str) -> ChatMessage | None:
    user = str(event.get("user") or "")
    if event.get("subtype") not in _FROM_PEOPLE or event.get("bot_id") or not user or user in {bot_user, "USLACKBOT"}:
        return None
    text, channel = str(event.get("text") or ""), str(event["channel"])
    named = {match["id"] for match in _USER.finditer(text)}
    mentioned = event.get("type") == "app_mention" or bot_user in named
    direct = event.get("channel_type") == "im" or channel.startswith("D")
    if direct and mentioned and event.get("thread_ts"):
        audience = Audience.MENTION  # by name: answered in a thread that was muted, too
    elif direct:
        audience = Audience.ASSISTANT if event.get("assistant_thread") else Audience.DIRECT
    else:
        audience = Audience.MENTION if mentioned else Audience.CHANNEL
    return ChatMessage(
        place=Place(PLATFORM, team, channel, str(event.get("thread_ts") or event["ts"])),
        id=str(event["ts"]),
        user=user,
        text=readable(text, bot_user),
        audience=audience,
        names_others=bool(named - {bot_user}),
        context={"recipient_team": str(event.get("user_team") or event.get("team") or team)}
        | ({"files": "1"} if event.get("files") else {}),
        edited_at=float((event.get("edited") or {}).get("ts") or 0),
    )


def read_command(body: Mapping[str, Any], bot_user: str) -> ChatMessage:
    """A slash command. Its trigger names it: Slack gives each call another."""
    team, channel, trigger = str(body["team_id"]), str(body["channel_id"]), str(body["trigger_id"])
    return ChatMessage(
        place=Place(PLATFORM, team, channel, f"command:{trigger}"),
        id=f"command:{trigger}",
        user=str(body["user_id"]),
        text=readable(str(body.get("text") or ""), bot_user),
        audience=Audience.COMMAND,
        context={"response_url": str(body.get("response_url") or "")},
    )


def readable(text: str, bot_user: str) -> str:
    """Slack's encoding of a message as the words that its author saw, without the bot's own name."""
    text = _USER.sub(lambda match: "" if match["id"] == bot_user else "@…", text)
    text = _SPECIAL.sub(lambda match: f"@{match['name'] or (match['label'] or '').lstrip('@')}", text)
    text = _CHANNEL.sub(lambda match: f"#{match['name'] or ''}", text)
    text = _LINK.sub(lambda match: match["label"] or match["url"], text)
    return html.unescape(text).strip()
