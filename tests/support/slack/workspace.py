"""The workspace behind the stand-in: its people, channels, messages and views."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass, field
from typing import Any

from tests.support.slack.checks import texts_of
from tests.support.slack.errors import CannotDo
from tests.support.slack.rendered import Outgoing

SCOPE_OF_KIND = {"public": "channels", "private": "groups", "im": "im", "mpim": "mpim"}
TYPE_OF_KIND = {"public": "channel", "private": "group", "im": "im", "mpim": "mpim"}


def new_id(prefix: str) -> str:
    """An id of Slack's look."""
    return prefix + secrets.token_hex(5).upper()


@dataclass
class User:
    """A member of the workspace."""

    id: str
    name: str
    is_bot: bool = False
    locale: str = "en-US"
    tz: str = "Europe/London"
    is_admin: bool = False
    team: str = ""  # another workspace's, in a shared channel
    is_restricted: bool = False  # a guest

    def as_slack(self, team: str) -> dict[str, Any]:
        """The `user` of users.info."""
        return {
            "id": self.id,
            "team_id": self.team or team,
            "name": self.name,
            "real_name": self.name.title(),
            "deleted": False,
            "is_bot": self.is_bot,
            "is_admin": self.is_admin,
            "is_restricted": self.is_restricted,
            "is_owner": False,
            "is_app_user": False,
            "locale": self.locale,
            "tz": self.tz,
            "profile": {"real_name": self.name.title(), "display_name": self.name, "team": self.team or team},
        } | ({"is_stranger": True} if self.team and self.team != team else {})


@dataclass
class StreamLimits:
    """How long streams last; shared by all of them, so that a test may cut them short at any time."""

    seconds: float = 300.0
    appends: int | None = None


@dataclass
class Stream:
    """A message that is being written. `mode` is what its first content came as: `chunks` or `markdown_text`."""

    limits: StreamLimits
    started: float
    appends: int = 0
    mode: str = ""
    stopped: bool = False

    @property
    def open(self) -> bool:
        """Whether it takes more text."""
        spent = self.limits.appends is not None and self.appends >= self.limits.appends
        return not self.stopped and not spent and time.monotonic() - self.started < self.limits.seconds


@dataclass
class Message:
    """A message as it stands now. `blocks` excludes the body that `markdown` makes."""

    ts: str
    channel: str
    user: str
    text: str = ""
    thread_ts: str = ""
    blocks: list[dict[str, Any]] = field(default_factory=list)
    attachments: list[dict[str, Any]] = field(default_factory=list)
    markdown: str = ""
    ephemeral_to: str = ""
    subtype: str = ""
    bot_id: str = ""
    app_id: str = ""
    edited: dict[str, str] | None = None
    metadata: dict[str, Any] | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    chunks: list[dict[str, Any]] = field(default_factory=list)
    stream: Stream | None = None

    @property
    def streaming(self) -> bool:
        """Whether the message is a stream that still takes text."""
        return self.stream is not None and self.stream.open

    @property
    def is_reply(self) -> bool:
        """Whether it stands in another message's thread."""
        return bool(self.thread_ts) and self.thread_ts != self.ts

    @property
    def all_blocks(self) -> list[dict[str, Any]]:
        """Blocks as Slack hands them out: a Markdown body comes back as rich text before the others."""
        if not self.markdown:
            return self.blocks
        section = {"type": "rich_text_section", "elements": [{"type": "text", "text": self.markdown}]}
        return [{"type": "rich_text", "block_id": "body", "elements": [section]}, *self.blocks]

    @property
    def shown(self) -> str:
        """What a reader sees: the blocks' texts, or the text where there are none."""
        return "\n".join(texts_of(self.all_blocks)) or self.text

    def as_slack(self, team: str) -> dict[str, Any]:
        """The message as events, histories and clicks carry it."""
        body: dict[str, Any] = {"type": "message", "user": self.user, "ts": self.ts, "text": self.text, "team": team}
        body |= self.extra
        optional: dict[str, Any] = {
            "thread_ts": self.thread_ts,
            "blocks": self.all_blocks,
            "attachments": self.attachments,
            "subtype": self.subtype,
            "bot_id": self.bot_id,
            "app_id": self.app_id,
            "edited": self.edited,
            "metadata": self.metadata,
            "is_ephemeral": bool(self.ephemeral_to),
            "reactions": [
                {"name": name, "users": users, "count": len(users)} for name, users in self.reactions.items()
            ],
        }
        if self.bot_id:
            optional["bot_profile"] = {"id": self.bot_id, "app_id": self.app_id, "name": "app", "team_id": team}
        return body | {name: value for name, value in optional.items() if value}


@dataclass
class Channel:
    """A conversation: `public`, `private`, `im` or `mpim`. `messages` is in the order of time. `partner` is the other
    workspace that a Slack Connect channel is shared with."""

    id: str
    name: str
    kind: str = "public"
    members: list[str] = field(default_factory=list)
    messages: dict[str, Message] = field(default_factory=dict)
    partner: str = ""
    archived: bool = False

    def replies(self, thread_ts: str) -> list[Message]:
        """What stands in a thread below its first message, for everybody to see."""
        found = (message for message in self.messages.values() if message.is_reply and not message.ephemeral_to)
        return [message for message in found if message.thread_ts == thread_ts]

    def as_slack(self, bot: str) -> dict[str, Any]:
        """The `channel` of conversations.info."""
        body: dict[str, Any] = {
            "id": self.id,
            "is_channel": self.kind == "public",
            "is_group": self.kind == "private",
            "is_im": self.kind == "im",
            "is_mpim": self.kind == "mpim",
            "is_private": self.kind != "public",
            "is_archived": self.archived,
            "is_member": bot in self.members,
            "is_ext_shared": bool(self.partner),
        }
        if self.kind == "im":
            body["user"] = next(member for member in self.members if member != bot)
        else:
            body |= {"name": self.name, "name_normalized": self.name, "num_members": len(self.members)}
        return body


class Workspace:
    """Everything that Slack would remember."""

    def __init__(self, team: str, domain: str, bot_user: str) -> None:
        self.team, self.domain, self.bot_user = team, domain, bot_user
        self.users: dict[str, User] = {bot_user: User(bot_user, "frontdesk", is_bot=True)}
        self.channels: dict[str, Channel] = {}
        self.views: dict[str, dict[str, Any]] = {}
        self.homes: dict[str, dict[str, Any]] = {}
        self.modals: dict[str, list[str]] = {}  # a person's open modals by view id, the topmost last
        self.statuses: dict[tuple[str, str], tuple[str, float]] = {}
        self.prompts: dict[tuple[str, str], list[dict[str, str]]] = {}
        self.sessions: dict[tuple[str, str], str] = {}  # an agent's, by channel and thread
        self.titles: dict[tuple[str, str], str] = {}
        self.triggers: dict[str, tuple[str, float]] = {}  # trigger_id: who it is for, when it was made
        self.files: dict[str, Any] = {}
        self.outgoing: list[Outgoing] = []
        self.stream_limits = StreamLimits()
        self._last_ts = 0

    def next_ts(self) -> str:
        """A timestamp that no other message has."""
        self._last_ts = max(self._last_ts + 1, time.time_ns() // 1000)
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06}"

    def channel(self, channel: str) -> Channel:
        """A channel that must exist."""
        if channel not in self.channels:
            raise CannotDo(f"there is no channel {channel}: slack.add_channel() it")
        return self.channels[channel]

    def message(self, channel: str, ts: str) -> Message:
        """A message that must exist."""
        messages = self.channel(channel).messages
        if ts not in messages:
            raise CannotDo(f"there is no message {ts} in {channel}")
        return messages[ts]

    def direct(self, user: str) -> Channel:
        """The private conversation of a person and the app."""
        for channel in self.channels.values():
            if channel.kind == "im" and user in channel.members:
                return channel
        if user not in self.users:
            raise CannotDo(f"there is no user {user}: slack.add_user() it")
        channel = Channel(f"D{user[1:]}", "directmessage", "im", [user, self.bot_user])
        self.channels[channel.id] = channel
        return channel

    def put(self, message: Message) -> Message:
        """Store a message. A thread's first message takes its own ts as thread_ts, as in Slack."""
        channel = self.channel(message.channel)
        message.blocks = with_ids(message.blocks)
        channel.messages[message.ts] = message
        root = channel.messages.get(message.thread_ts)
        if root and root is not message and not message.ephemeral_to:
            root.thread_ts = root.ts
        return message

    def status(self, channel: str, thread_ts: str) -> str:
        """The status that is showing; Slack takes it away after 2 minutes."""
        text, until = self.statuses.get((channel, thread_ts), ("", 0.0))
        return text if time.monotonic() < until else ""


def with_ids(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Blocks with the ids that Slack makes up where the app gave none."""
    made = []
    for block in blocks:
        copy = {**block, "block_id": block.get("block_id") or secrets.token_urlsafe(4)}
        for name in ("accessory", "element"):
            if isinstance(copy.get(name), dict):
                copy[name] = _with_action_id(copy[name])
        if block.get("type") in {"actions", "context_actions"}:
            copy["elements"] = [_with_action_id(element) for element in block["elements"]]
        made.append(copy)
    return made


def _with_action_id(element: dict[str, Any]) -> dict[str, Any]:
    if element.get("type") == "image" or element.get("action_id"):
        return element
    return {**element, "action_id": secrets.token_urlsafe(4)}
