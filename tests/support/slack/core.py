"""What the Web API's methods and the people share: identity, permissions, the workspace, and events to the app."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from tests.support.slack.delivery import EVENTS, Delivery, Outbox
from tests.support.slack.faults import Faults
from tests.support.slack.rendered import Outgoing
from tests.support.slack.socketmode import Sockets
from tests.support.slack.workspace import SCOPE_OF_KIND, TYPE_OF_KIND, Channel, Message, Workspace, new_id

SCOPES = """
app_mentions:read assistant:write channels:history channels:read chat:write commands files:read files:write
groups:history groups:read im:history im:read im:write mpim:history mpim:read reactions:read reactions:write team:read
users:read
"""
# The scope without which Slack lets nobody subscribe to an event.
SUBSCRIPTIONS = {
    "agent_session_stopped": "",
    "app_mention": "app_mentions:read",
    "app_home_opened": "",
    "assistant_thread_started": "assistant:write",
    "assistant_thread_context_changed": "assistant:write",
    "member_joined_channel": "channels:read",
    "message.channels": "channels:history",
    "message.groups": "groups:history",
    "message.im": "im:history",
    "message.mpim": "mpim:history",
    "reaction_added": "reactions:read",
    "reaction_removed": "reactions:read",
}
ORGANISATION = "E0ORG"


class Call(NamedTuple):
    """A call of the Web API. `error` is empty where `ok`; `http:500`, `ratelimited`, `dropped` are ordered faults."""

    method: str
    args: dict[str, Any]
    at: float
    ok: bool
    error: str
    response: dict[str, Any]


class Core:
    """Slack without its front door. Scopes, subscriptions and times may be set by a test at any time."""

    def __init__(self, bot_token: str, app_token: str, signing_secret: str) -> None:
        self.bot_token, self.app_token, self.signing_secret = bot_token, app_token, signing_secret
        self.team, self.domain = "T0TEAM", "standin"
        self.bot_user, self.bot_id, self.app_id = "U0BOT", "B0BOT", "A0APP"
        self.scopes: set[str] = set(SCOPES.split())
        self.app_scopes: set[str] = {"connections:write"}
        self.subscriptions: set[str] = set(SUBSCRIPTIONS)
        self.is_agent = True  # whether the manifest declares an agent view, and the plan has agents
        self.channel_streams = False  # whether a stream may stand in a channel outside of threads
        self.status_seconds = 120.0
        self.trigger_seconds = 3.0
        self.calls: list[Call] = []
        self.workspace = Workspace(self.team, self.domain, self.bot_user)
        self.outbox = Outbox()
        self.sockets = Sockets(self.outbox, self.app_id)
        self.outbox.transport = self.sockets
        self.faults = Faults()
        self.base_url = ""
        self.org_wide = False  # whether a whole organisation has installed the app: clicks then name no workspace
        self._told = 0  # events of shared channels

    def emit(self, event: dict[str, Any], channel: Channel | None = None) -> str:
        """Send the app an event that it is subscribed to, may see and is a member for; its event_id, or ''."""
        name = str(event["type"])
        if name == "message" and channel:
            name = f"message.{SCOPE_OF_KIND[channel.kind]}"
        scope = SUBSCRIPTIONS.get(name, "")
        if name not in self.subscriptions or (scope and scope not in self.scopes):
            return ""
        if channel and self.bot_user not in channel.members:
            return ""
        payload = self.event_payload(event)
        self.outbox.send(Delivery(EVENTS, payload))
        return str(payload["event_id"])

    def event_payload(self, event: dict[str, Any]) -> dict[str, Any]:
        """An event in its wrapping. In a shared channel that names now the one, now the other workspace: which one,
        Slack does not promise."""
        outer, named = self.team, event.get("channel") or (event.get("item") or {}).get("channel")
        channel = self.workspace.channels.get(str(named))
        if channel and channel.partner:
            self._told += 1
            outer = channel.partner if self._told % 2 else self.team
        return {
            "token": "verification-token",
            "team_id": outer,
            "context_team_id": self.team,
            "context_enterprise_id": ORGANISATION if self.org_wide else None,
            "api_app_id": self.app_id,
            "event": event,
            "type": "event_callback",
            "event_id": new_id("Ev"),
            "event_time": int(time.time()),
            "authorizations": [
                {
                    "enterprise_id": ORGANISATION if self.org_wide else None,
                    "team_id": self.team,
                    "user_id": self.bot_user,
                    "is_bot": True,
                    "is_enterprise_install": self.org_wide,
                }
            ],
            "is_ext_shared_channel": bool(channel and channel.partner),
            "event_context": new_id("4-"),
        }

    def announce(self, message: Message) -> str:
        """The `message` event of a new message. The app gets its own ones too, as in Slack."""
        channel = self.workspace.channel(message.channel)
        event = self.body(message) | self._place(channel) | {"event_ts": message.ts}
        root = channel.messages.get(message.thread_ts)
        if message.is_reply and root:
            event["parent_user_id"] = root.user
        return self.emit(event, channel)

    def announce_change(self, message: Message, before: dict[str, Any], subtype: str = "message_changed") -> str:
        """`message_changed`, or `message_deleted` with what was there."""
        channel = self.workspace.channel(message.channel)
        ts = self.workspace.next_ts()
        event = {"type": "message", "subtype": subtype, "previous_message": before, "hidden": True, "ts": ts}
        event |= {"event_ts": ts} | self._place(channel)
        if subtype == "message_deleted":
            event["deleted_ts"] = message.ts
        else:
            event["message"] = self.body(message)
        return self.emit(event, channel)

    def workspace_of(self, user: str) -> str:
        """The workspace that a person belongs to."""
        member = self.workspace.users.get(user)
        return (member.team if member else "") or self.team

    def body(self, message: Message) -> dict[str, Any]:
        """A message as Slack hands it out: it names the workspace of its author."""
        team = self.workspace_of(message.user)
        partners = {"user_team": team, "source_team": team} if self.workspace.channel(message.channel).partner else {}
        return message.as_slack(team) | partners

    def delete_message(self, message: Message) -> None:
        """Take a message away. One with replies leaves a tombstone, and that arrives as a change."""
        channel = self.workspace.channel(message.channel)
        before = self.body(message)
        if message.ephemeral_to or not channel.replies(message.ts):
            del channel.messages[message.ts]
            self.workspace.statuses.pop((channel.id, message.ts), None)
            if not message.ephemeral_to:
                self.announce_change(message, before, "message_deleted")
            return
        tombstone = Message(
            message.ts,
            channel.id,
            "USLACKBOT",
            "This message was deleted.",
            message.ts,
            subtype="tombstone",
            extra={"hidden": True},
        )
        channel.messages[message.ts] = tombstone
        self.announce_change(tombstone, before)

    def record(self, message: Message, *, names_linked: bool = False) -> None:
        """Remember what the app has just made of a message, for mentions() and links()."""
        self.workspace.outgoing.append(
            Outgoing(
                message.channel,
                message.ts,
                message.text,
                message.markdown,
                message.blocks,
                message.attachments,
                names_linked,
            )
        )

    def new_trigger(self, user: str) -> str:
        """A trigger_id for views.open."""
        trigger = new_id("13.37.")
        self.workspace.triggers[trigger] = (user, time.monotonic())
        return trigger

    def _place(self, channel: Channel) -> dict[str, str]:
        return {"channel": channel.id, "channel_type": TYPE_OF_KIND[channel.kind]}
