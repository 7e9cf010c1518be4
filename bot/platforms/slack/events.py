"""Slack's payloads -> the inbox's words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.chat.groups import list_place_groups
from bot.chat.message import Audience, ChatMessage, MessageFile, MessageRef, ThreadRef, quote_lines
from bot.chat.reply_target import ReplyTarget, Retarget, read_reply_target, write_reply_target
from bot.platforms.slack.reply_target import SlackReplyTarget
from bot.platforms.slack.text import (
    encoded_text,
    find_permalinks,
    join_texts,
    named_users,
    names_group,
    shared_texts,
    to_readable,
)

NAME = "slack"
_FROM_PEOPLE = frozenset({None, "", "file_share", "thread_broadcast", "me_message"})
_FILES = 10  # of a message


@dataclass(frozen=True, slots=True)
class Home:
    """Where the bot is installed and who it is there, as `auth.test` says.

    All that happens belongs to this workspace: what payloads name may be that of whoever wrote or clicked, another one
    the next time, or none (Slack Connect, installations of a whole organisation). `url` is the workspace's address.
    """

    team: str = ""
    user: str = ""
    url: str = ""

    def build_place(self, channel: str, thread: str = "") -> ThreadRef:
        """A thread of a channel."""
        return ThreadRef(NAME, self.team, channel, thread)

    def build_key(self, channel: str, ts: str) -> MessageRef:
        """What a message is claimed under."""
        return MessageRef(NAME, self.team, channel, ts)


@dataclass(frozen=True, slots=True)
class Deleted:
    """A message was deleted."""

    key: MessageRef


@dataclass(frozen=True, slots=True)
class Edited:
    """A message was edited; `message` is how it reads now."""

    message: ChatMessage


def read_event(body: Mapping[str, Any], home: Home) -> ChatMessage | Edited | Deleted | None:
    """What a `message` or `app_mention` event tells; None for what is not a person's (bots, joins, topics …)."""
    event = body["event"]
    subtype = event.get("subtype")
    if subtype == "message_deleted":
        return Deleted(home.build_key(event["channel"], event["deleted_ts"]))
    if subtype == "message_changed":
        kept = event["message"] | {"channel": event["channel"], "channel_type": event.get("channel_type")}
        if kept.get("subtype") == "tombstone":  # deleted, but replies hang on it
            return Deleted(home.build_key(event["channel"], kept["ts"]))
        if text_of(kept, home) == text_of(event.get("previous_message") or {}, home):
            return None  # a link's preview was added
        changed = _build_message(kept, home)
        return Edited(replace(changed, edited_at=float(event.get("event_ts") or event["ts"]))) if changed else None
    return _build_message(event, home)


def text_of(message: Mapping[str, Any], home: Home) -> str:
    """All that a message says: its author's words, and what they forward, quoted below those if there are any."""
    own = to_readable(encoded_text(message), home.user)
    shared = join_texts([to_readable(words, home.user) for words in shared_texts(message)])
    return join_texts([own, quote_lines(shared) if own else shared])


def _build_message(event: Mapping[str, Any], home: Home) -> ChatMessage | None:
    user = str(event.get("user") or "")
    if event.get("subtype") not in _FROM_PEOPLE or event.get("bot_id") or not user or user in {home.user, "USLACKBOT"}:
        return None
    encoded, channel = encoded_text(event), str(event["channel"])
    named = named_users(encoded)
    mentioned = event.get("type") == "app_mention" or home.user in named
    direct = event.get("channel_type") == "im" or channel.startswith("D")
    if direct and mentioned and event.get("thread_ts"):
        audience = Audience.MENTION  # by name: answered in a thread that was muted, too
    elif direct:
        audience = Audience.ASSISTANT if event.get("assistant_thread") else Audience.DIRECT
    else:
        audience = Audience.MENTION if mentioned else Audience.CHANNEL
    return ChatMessage(
        place=home.build_place(channel, str(event.get("thread_ts") or event["ts"])),
        id=str(event["ts"]),
        user=user,
        text=text_of(event, home),
        audience=audience,
        names_others=bool(named - {home.user}) or names_group(encoded),
        names_bot=mentioned,
        reply_target=write_reply_target(SlackReplyTarget(recipient_team=team_of_author(event, home))),
        edited_at=float((event.get("edited") or {}).get("ts") or 0),
        gesture=str(event.get("client_msg_id") or ""),
        links=tuple(find_permalinks(encoded, home.url)),
        files=_collect_files(event),
        is_guest=team_of_author(event, home) != home.team,
    )


def list_clicker_groups(body: Mapping[str, Any], home: Home) -> frozenset[str]:
    """The groups of whoever clicked, by where they did: of the workspace only if it is theirs."""
    place = home.build_place(str((body.get("channel") or {}).get("id") or ""), "")
    guest = team_of_clicker(body, home) != home.team
    return list_place_groups(replace(place, workspace="") if guest else place)


def team_of_author(event: Mapping[str, Any], home: Home) -> str:
    """The workspace of whoever wrote a message, to whom a stream is addressed; an organisation is none."""
    told = (str(event.get(name) or "") for name in ("user_team", "team", "source_team"))
    return next((team for team in told if team.startswith("T")), home.team)


def team_of_clicker(body: Mapping[str, Any], home: Home) -> str:
    """The same for whoever clicked."""
    user, team = body.get("user") or {}, body.get("team") or {}
    told = (str(each or "") for each in (user.get("team_id"), team.get("id")))
    return next((each for each in told if each.startswith("T")), home.team)


def _collect_files(message: Mapping[str, Any]) -> tuple[MessageFile, ...]:
    """The files that came with a message; they are read once it is claimed."""
    files = [
        MessageFile(
            name=str(file.get("name") or file.get("title") or ""),
            type=str(file.get("mimetype") or ""),
            size=file["size"] if isinstance(file.get("size"), int) else 0,
            url=str(file.get("url_private_download") or file.get("url_private") or ""),
        )
        for file in message.get("files") or ()
        if isinstance(file, Mapping)
    ]
    return tuple(files[:_FILES])


def read_command(body: Mapping[str, Any], home: Home) -> ChatMessage:
    """A slash command. Its trigger names it: Slack gives each call another."""
    return _build_command(
        body, home, str(body["channel_id"]), str(body["user_id"]), to_readable(str(body.get("text") or ""), home.user)
    )


def read_shortcut(body: Mapping[str, Any], home: Home) -> ChatMessage:
    """The shortcut that answers somebody's message: as a command with its words."""
    message = body["message"]
    told = _build_command(body, home, str(body["channel"]["id"]), str(body["user"]["id"]), text_of(message, home))
    links = tuple(find_permalinks(encoded_text(message), home.url))
    return replace(told, links=links, files=_collect_files(message))


def read_press(body: Mapping[str, Any], home: Home) -> Retarget:
    """What a button below a clarification changes of what the reply to the question needs."""

    def retarget(kept: ReplyTarget) -> ReplyTarget:
        target = replace(
            read_reply_target(SlackReplyTarget, kept),
            below=str((body.get("container") or {}).get("message_ts") or ""),
            recipient_team=team_of_clicker(body, home),
            response_url=str(body.get("response_url") or ""),
        )
        return write_reply_target(target)

    return retarget


def _build_command(body: Mapping[str, Any], home: Home, channel: str, user: str, text: str) -> ChatMessage:
    name = f"command:{body['trigger_id']}"
    return ChatMessage(
        place=home.build_place(channel, name),
        id=name,
        user=user,
        text=text,
        audience=Audience.COMMAND,
        reply_target=write_reply_target(SlackReplyTarget(response_url=str(body.get("response_url") or ""))),
    )
